"""What a wait is held against: windows, promises, who may end a wait, what a bot does.

These are typed values; the rules of a floor (YAML) compile into them. A tracker
asks its `PolicyBook` once for a shop, and a wait keeps the policy it opened with,
so a rule edited at 12:00 changes waits that open after 12:00.
"""

from typing import Literal, NamedTuple, Protocol

from msgspec import Struct

from monitor.core.events import Role

MINUTE_MS = 60_000


class Stage(NamedTuple):
    """A stage of a window, entered once the wait is longer than ``after_ms``."""

    name: str  # "slow", "at_risk", "lost": what the rules call it.
    after_ms: int


class PromiseLimits(NamedTuple):
    """When a promise of a holding reply is due, late, missed; from the holding reply on."""

    due_ms: int
    late_ms: int
    missed_ms: int

    def given(self, promised_ms: int) -> "PromiseLimits":
        """Return the limits after "within ten minutes": due then, the others keep their distance."""
        return PromiseLimits(
            promised_ms, promised_ms + self.late_ms - self.due_ms, promised_ms + self.missed_ms - self.due_ms
        )


class Policy(Struct, frozen=True, kw_only=True):
    """All that the fold asks the rules about one shop."""

    name: str
    window: tuple[Stage, ...]
    first_window: tuple[Stage, ...] | None = None  # For the first reply of a session; None: as every other.
    ends_wait: frozenset[Role]
    bot: Literal["ignored", "holds"]
    bot_silence_ms: int = 30_000  # A held clock runs on when the bot leaves a buyer message so long.
    promise: PromiseLimits
    greeting_due_ms: int = MINUTE_MS
    give_up_ms: int = 7 * 24 * 60 * MINUTE_MS
    session_gap_ms: int = 30 * MINUTE_MS  # So long without a word, and the next message begins a session.
    team: str = "default"


BUILT_IN = Policy(
    name="built-in",
    window=(Stage("slow", MINUTE_MS), Stage("at_risk", 3 * MINUTE_MS), Stage("lost", 5 * MINUTE_MS)),
    ends_wait=frozenset({"agent", "seller"}),
    bot="ignored",
    promise=PromiseLimits(3 * MINUTE_MS, 10 * MINUTE_MS, 15 * MINUTE_MS),
)


class PolicyBook(Protocol):
    """Where a tracker looks policies up.

    A wait remembers its policy by number, so that a row on disk can name it;
    numbers once given stay for the life of the data.
    """

    def resolve(self, platform: str, shop: str) -> int:
        """Return the number of the policy in force now for a shop."""

    def __getitem__(self, number: int) -> Policy:
        """Return a policy by its number."""


class BuiltIn:
    """The book with one page: what holds without any rules."""

    def __init__(self, policy: Policy = BUILT_IN) -> None:
        self._policy = policy

    def resolve(self, platform: str, shop: str) -> int:  # noqa: ARG002 - one policy for all
        """Return the only number."""
        return 0

    def __getitem__(self, number: int) -> Policy:
        """Return the only policy."""
        return self._policy
