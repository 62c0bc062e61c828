"""The policies by number: each gets one when it is first used, and keeps it for the life of the data.

What is stored of a wait names its policy so. A policy that comes again with later
rules has the number it had: the number says since which rules it has held.
"""

from monitor.core.policy import Policy


class Pages(dict[int, Policy]):
    """The policies used so far, by number: a plain dictionary on the hot path.

    Attributes:
        new: those that were given a number since the caller last took them, as (number, rules, policy).
    """

    def __init__(self) -> None:
        super().__init__()
        self._numbers: dict[Policy, int] = {}
        self.new: list[tuple[int, str, Policy]] = []

    def restore(self, number: int, policy: Policy) -> None:
        """Take back what was stored."""
        self[number] = policy
        self._numbers.setdefault(policy, number)

    def number_of(self, policy: Policy, rules: str) -> int:
        """Return the number of a policy, given now if it is new; ``rules`` names the rules it is of."""
        number = self._numbers.get(policy)
        if number is None:
            number = self._numbers[policy] = max(self, default=-1) + 1
            self[number] = policy
            self.new.append((number, rules, policy))
        return number
