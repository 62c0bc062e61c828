"""The policies by number: each gets one when it is first used, and keeps it for the life of the data.

What is stored of a wait names its policy so. A policy that comes again with later
rules has the number it had: the number says since which rules it has held.
"""

from msgspec import msgpack

from monitor.core.hours import CountedClock
from monitor.core.policy import Policy

POLICIES_MET = 10_000  # Of a book or two.

_encode = msgpack.Encoder().encode
_decode = msgpack.Decoder(Policy).decode


class NumberedPolicies(dict[int, Policy]):
    """The policies used so far, by number: a plain dictionary on the hot path.

    Attributes:
        clocks: the counted clock of what opened under each; None: all time counts.
        rules: the rules each came with first, by their hash.
    """

    def __init__(self) -> None:
        super().__init__()
        self._numbers: dict[Policy, int] = {}
        self._met: dict[int, tuple[Policy, int]] = {}  # By identity: to hash a policy takes some microseconds.
        self.clocks: dict[int, CountedClock | None] = {}
        self.rules: dict[int, str] = {}
        self._new: list[tuple[int, str]] = []
        self._next = 0

    def restore(self, number: int, rules: str, encoded: bytes) -> None:
        """Take back what was stored."""
        policy = _decode(encoded)
        self._numbers.setdefault(policy, number)
        self._next = max(self._next, number + 1)
        self._keep(number, rules, policy)

    def number_of(self, policy: Policy, rules: str) -> int:
        """Return the number of a policy, given now if it is new; ``rules`` names the rules it is of."""
        met = self._met.get(id(policy))
        if met is not None and met[0] is policy:
            return met[1]
        number = self._numbers.setdefault(policy, self._next)  # To hash it once.
        if number == self._next:
            self._next += 1
            self._keep(number, rules, policy)
            self._new.append((number, rules))
        if len(self._met) >= POLICIES_MET:
            self._met.clear()
        self._met[id(policy)] = (policy, number)
        return number

    def meet_anew(self) -> None:
        """Others may be asked for from now on: those of other rules are known by what they say."""
        self._met.clear()

    def take_new(self) -> list[tuple[int, str, bytes]]:
        """Return those that were given a number since this was last asked, for storing: (number, rules, encoded)."""
        new = [(number, rules, _encode(self[number])) for number, rules in self._new]
        self._new.clear()
        return new

    def _keep(self, number: int, rules: str, policy: Policy) -> None:
        self[number] = policy
        self.rules[number] = rules
        self.clocks[number] = None if policy.hours is None else CountedClock(policy.hours, policy.run_on_ms)
