"""The ladder of one alert: which steps there are, how far it is, and what people did about it.

A step of the policy and each of its repetitions is a rung. A rung is due once the
counted clock has come to its second; a reply of that very instant goes first, so
rungs are looked at a millisecond later. What people were told and did lies in a
`Ladder`, which hangs on what was told of the wait and is saved with its row.
"""

from typing import NamedTuple

from msgspec import Struct

from monitor.core.decisions import ToldStep
from monitor.core.policy import Policy, Step

ON_PAGES = frozenset(("panel", "popup", "console", "claimer"))  # What is told there leaves the program by no channel.
TO_TEAM = frozenset(("team", "lead"))
BEYOND_PANEL = frozenset(("team", "lead", "digest", "console"))  # From here on somebody else knows.


OPENING = "opening"  # The step at which a team is told what was left while it was closed.
OPENING_MS = 60_000  # Within it after an opening that one message stands for all others.


class Rung(NamedTuple):
    """One time at which a step tells."""

    at_ms: int
    to: str
    label: str  # "120s", its second repetition "120s+2".
    step: int  # Which of the steps to the same receiver it is of, from 0…
    repetition: int  # …and which time, from 0.
    gather_ms: int
    if_unclaimed: bool


def rungs_of(steps: tuple[Step, ...]) -> tuple[Rung, ...]:
    """Return the rungs of steps, in the order in which they are due."""
    rungs: list[Rung] = []
    counts: dict[str, int] = {}
    for step in steps:
        if not step.at_ms and step.to == "panel":
            continue  # The row is there as soon as the wait is.
        number = counts[step.to] = counts.get(step.to, -1) + 1
        for repetition in range(1 + (step.repeats if step.repeat_ms else 0)):
            label = f"{step.at_ms / 1000:g}s" + (f"+{repetition}" if repetition else "")
            at_ms = step.at_ms + repetition * step.repeat_ms
            rungs.append(Rung(at_ms, step.to, label, number, repetition, step.gather_ms, step.if_unclaimed))
    return tuple(sorted(rungs, key=lambda rung: rung.at_ms))


class Rungs(NamedTuple):
    """The rungs of a policy, each kind of wait with its own."""

    usual: tuple[Rung, ...]
    first: tuple[Rung, ...]  # Of the first reply of a session.
    courtesy: tuple[Rung, ...]
    promise: tuple[Rung, ...]
    greeting: tuple[Rung, ...]
    gather_ms: int  # From here on a wait may be named in the message of another; 0: no step gathers.
    any: bool  # Whether there are steps of waits at all.
    to_team: bool  # Whether any of them tells a team.

    @classmethod
    def of(cls, policy: Policy) -> "Rungs":
        """Make them of a policy."""
        first = policy.steps if policy.first_steps is None else policy.first_steps
        steps = (*policy.steps, *first)
        gathers = [step.gather_ms for step in steps if step.gather_ms]
        return cls(
            rungs_of(policy.steps),
            rungs_of(first),
            rungs_of(policy.courtesy_steps),
            rungs_of(policy.promise_steps),
            rungs_of(policy.greeting_steps),
            min(gathers, default=0),
            bool(steps or policy.courtesy_steps),
            any(step.to in TO_TEAM for step in steps),
        )


class Ladder(Struct, array_like=True, gc=False):
    """How far people have been told of one wait, and what they did about it."""

    at_ms: int = -1  # Rungs up to this second are behind it, told or passed over.
    courtesy: bool = False  # Its seconds are those of a courtesy wait.
    told: tuple[ToldStep, ...] = ()
    first_ms: int = 0  # The second at which people were told first; 0: nobody was, or of polite words only.
    raised_at_ms: int = 0  # When somebody beyond the panel was told first; 0: nobody was.
    limit_at_ms: int = 0  # The next limit at that time; 0: there was none.
    claimed_by: str = ""
    claimed_at_ms: int = 0
    hold_until_ms: int = 0  # Steps wait for the claim until then; 0: no claim holds.
    held: bool = False  # A claim has held: a later one holds nothing.
    stopped: bool = False  # Nothing is told of it any more.
    muted_until_ms: int = 0
    gathered: tuple[str, str] | None = None  # Team and agent in whose message it may be named.
    acted: bool = False  # A person has done something to it, and the log knows of it.

    @property
    def opening_ms(self) -> int:
        """At which opening people were told that it was left; 0: at none."""
        return max((told.due_at_ms for told in self.told if told.step == OPENING), default=0)

    def has_told(self, rung: Rung) -> bool:
        """Whether people were told at a rung, be it before its second."""
        return any(told.to == rung.to and told.step == rung.label for told in self.told)

    def quiet(self, at_ms: int) -> bool:
        """Whether a person wants nothing told of it at an instant."""
        return self.stopped or at_ms < self.muted_until_ms

    def holds(self, at_ms: int) -> bool:
        """Whether a claim keeps a step of this instant from being told."""
        return at_ms < self.hold_until_ms
