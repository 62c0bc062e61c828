"""What a wait is held against: windows, promises, who may end a wait, what a bot does.

These are typed values; the rules of a floor (YAML) compile into them (see `book`).
A tracker asks its `PolicyBook` once for a shop and the span of time for which the
answer stands, and a wait keeps the policy it opened with, so a rule edited at 12:00
changes waits that open after 12:00.

A policy can be stored, compared and used as a key: all in it is plain and frozen.
"""

from collections.abc import Collection
from typing import Literal, NamedTuple, Protocol

from msgspec import Struct

from monitor.core.events import Role
from monitor.core.hours import ALWAYS_MS, Hours
from monitor.core.units import DAY_MS, MINUTE_MS

StepTo = Literal["panel", "popup", "team", "lead", "digest", "console"]


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


class Step(NamedTuple):
    """A step of the ladder: whom to tell, at which second of the counted clock.

    A step fires *at* its second (``>=``), where a stage is passed after it.
    """

    at_ms: int
    to: StepTo
    gather_ms: int = 0  # team: the agent's other waits over this are named in the same message.
    if_unclaimed: bool = False
    repeat_ms: int = 0  # Told again so often…
    repeats: int = 0  # …and so many times.


class Policy(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All that the core asks the rules about one shop, one phase and one instant.

    Attributes:
        name: what the rules call it.
        rule: where its most particular rule stands, ``file:line``.
        window: the stages, limits rising, all of the counted clock.
        first_window: those of the first reply of a session; None: as every other.
        steps: the ladder, in order of time, from ``needs_answer_since``. None in the built-in policy, where each stage
            is told as it is passed.
        first_steps: that of the first reply of a session; None: as every other.
        courtesy_steps: of a wait whose messages are all courtesy, from its opening (收尾): never beyond the panel.
        promise: when a holding reply's promise is due, late, missed.
        promise_steps, greeting_steps: of what a holding reply, a greeting still owes, from that reply on.
        hours: when the counted clock runs; None: always. What is the merchant's to answer is left out of it.
        run_on_ms: so long past closing it runs on for a wait that opened in hours.
        responsible: whose shop it is to answer at the opening; the merchant's wait has no hours at all.
        ends_wait: the roles whose reply ends a wait.
        bot: ``ignored``, the wait runs as if it were silent; ``holds``, the counted clock stands while it talks.
        bot_silence_ms: a held clock runs on when the bot leaves a buyer message so long.
        bot_within_ms: an answer that comes so soon after the buyer's words, from a sender told by latency, is a bot's.
            0: nobody is told so.
        greeting_due_ms: a greeting alone owes an answer after so long.
        give_up_ms: on the buyer's clock.
        session_gap_ms: so long without a word, and the next message begins a session.
        team: whose group its alerts go to.
        unattended_waiting_ms: nobody can take a new chat for so long while a buyer waits: unattended.
        unattended_ms: the same while nobody waits.
        absent_ms: rostered and not there so long after the start.
        hand_over_ms: the list of a hand-over opens so long before the shift's end.
        unreceived_ms: what nobody has received so long after it is told.
        claim_ms, claim_before_ms: a claim holds the steps so long, or until so long before the next limit.
    """

    name: str
    rule: str = ""
    window: tuple[Stage, ...]
    first_window: tuple[Stage, ...] | None = None
    steps: tuple[Step, ...] = ()
    first_steps: tuple[Step, ...] | None = None
    courtesy_steps: tuple[Step, ...] = ()
    promise_steps: tuple[Step, ...] = ()
    greeting_steps: tuple[Step, ...] = ()
    hours: Hours | None = None
    run_on_ms: int = 15 * MINUTE_MS
    responsible: Literal["ours", "merchant"] = "ours"
    ends_wait: frozenset[Role]
    bot: Literal["ignored", "holds"]
    bot_silence_ms: int = 30_000
    bot_within_ms: int = 0
    promise: PromiseLimits
    greeting_due_ms: int = MINUTE_MS
    give_up_ms: int = 7 * DAY_MS
    session_gap_ms: int = 30 * MINUTE_MS
    team: str = "default"
    unattended_waiting_ms: int = MINUTE_MS
    unattended_ms: int = 3 * MINUTE_MS
    absent_ms: int = 5 * MINUTE_MS
    hand_over_ms: int = 10 * MINUTE_MS
    unreceived_ms: int = 5 * MINUTE_MS
    claim_ms: int = 90_000
    claim_before_ms: int = 20_000


BUILT_IN = Policy(
    name="built-in",
    window=(Stage("slow", MINUTE_MS), Stage("at_risk", 3 * MINUTE_MS), Stage("lost", 5 * MINUTE_MS)),
    ends_wait=frozenset({"agent", "seller"}),
    bot="ignored",
    promise=PromiseLimits(3 * MINUTE_MS, 10 * MINUTE_MS, 15 * MINUTE_MS),
)


class Resolved(NamedTuple):
    """The policy in force, and the instants from and before which that answer stands."""

    policy: Policy
    from_ms: int = -ALWAYS_MS
    until_ms: int = ALWAYS_MS


class PolicyBook(Protocol):
    """One version of the rules: where a tracker looks policies up.

    A policy has no number of its own: the tracker gives one when it first meets it (see `policy_numbers`), so that a
    row on disk can name it; numbers once given stay for the life of the data.
    """

    @property
    def rules(self) -> str:
        """Name this version of the rules: their hash, or ``built-in``."""

    def phases_of(self, platform: str, shop: str) -> Collection[str]:
        """Return the phases that make a difference for a shop; any other is as if none were named."""

    def resolve(self, platform: str, shop: str, phase: str | None, at_ms: int) -> Resolved:
        """Return the policy in force for a shop, a phase and an instant.

        The same for the same question as long as the book lives.
        """


class BuiltIn:
    """The book with one page: what holds without any rules."""

    rules = "built-in"

    def __init__(self, policy: Policy = BUILT_IN) -> None:
        self._resolved = Resolved(policy)

    def phases_of(self, platform: str, shop: str) -> Collection[str]:  # noqa: ARG002 - one policy for all
        """Return that none does."""
        return ()

    def resolve(self, platform: str, shop: str, phase: str | None, at_ms: int) -> Resolved:  # noqa: ARG002 - one policy for all
        """Return the only policy, for all time."""
        return self._resolved
