"""What a conversation amounts to: an open wait, an open promise, who holds the chat.

Times are integer milliseconds since the epoch, UTC. Nothing here reads a clock.
"""

from msgspec import Struct

from monitor.core.entry import Entry, Who
from monitor.core.hours import ALWAYS_MS, CountedClock
from monitor.core.quick_structs import quick_to_set


class Standing(Struct, array_like=True, gc=False):
    """How a bot holds the counted clock of one wait."""

    total_ms: int = 0  # Stood so long, of the time that counts, up to the last time it ran on.
    since_ms: int = 0  # Stands since; 0: runs.
    until_ms: int = 0  # Runs on by itself then, the bot having left a buyer message unanswered; 0: no such message.
    over: bool = False  # A person is asked for: no bot holds this wait again.
    before_ms: int = 0  # What of the total fell before the wait needed an answer.
    asked: tuple[int, ...] = ()  # Keys of the questions so far.

    def at(self, now_ms: int, clock: CountedClock | None, opened_at_ms: int) -> int:
        """Return how much of the counted time a bot has held by ``now_ms``."""
        if not self.since_ms:
            return self.total_ms
        end = min(now_ms, self.until_ms) if self.until_ms else now_ms
        if end <= self.since_ms:
            return self.total_ms
        held = end - self.since_ms if clock is None else clock.counted(opened_at_ms, self.since_ms, end)
        return self.total_ms + held

    def run_on(self, at_ms: int, clock: CountedClock | None, opened_at_ms: int) -> None:
        """Let the clock run on from ``at_ms``, or from when it did by itself."""
        if self.since_ms:
            self.total_ms = self.at(at_ms, clock, opened_at_ms)
            self.since_ms = self.until_ms = 0

    def settle(self, now_ms: int, clock: CountedClock | None, opened_at_ms: int) -> None:
        """Note that the clock has run on by itself, if it has."""
        if self.until_ms and now_ms >= self.until_ms:
            self.run_on(now_ms, clock, opened_at_ms)


FIRST = 1  # No human reply before it in its session.
CLOSED_UNANSWERED = 2  # An agent or the system closed the chat on it.
ONLY_GREETED = 4  # The buyer has said hello and nothing else.
HOLDERS_KEPT = 64  # Of one wait: whom it is passed between more often are machines.
ASKED_KEYS = 8  # So many questions are remembered to notice one asked again.


@quick_to_set
class Wait(Struct, array_like=True, gc=False):
    """A buyer has written and no person has answered yet.

    Further buyer messages do not restart it: the buyer's patience began with the
    first one. It keeps the policy it opened with.
    """

    opened_at_ms: int
    opened_by: str  # The id of what opened it.
    number: int  # Known by this outside; negative while a fold has not settled it.
    since_ms: int  # needs_answer_since; 0 while all messages are courtesy.
    messages: int
    flags: int
    policy: int
    passed: int = 0  # Stages told of as passed, by the clock from its opening.
    standing: Standing | None = None
    holders: tuple[tuple[int, Who | None], ...] | None = None  # (from, who); None: the same one all along.

    def counted_ms(self, now_ms: int, clock: CountedClock | None) -> int:
        """Return the counted clock from ``opened_at``; ``clock`` is that of the policy it opened with."""
        opened_at_ms, standing = self.opened_at_ms, self.standing
        counted = now_ms - opened_at_ms if clock is None else clock.counted(opened_at_ms, opened_at_ms, now_ms)
        return counted if standing is None else counted - standing.at(now_ms, clock, opened_at_ms)

    def needed_ms(self, now_ms: int, clock: CountedClock | None) -> int:
        """Return the counted clock from ``needs_answer_since``, which must be known."""
        standing = self.standing
        counted = now_ms - self.since_ms
        if clock is not None:
            counted = clock.counted(self.opened_at_ms, self.since_ms, now_ms)
        return (
            counted
            if standing is None
            else counted - standing.at(now_ms, clock, self.opened_at_ms) + standing.before_ms
        )

    def due_at_ms(self, limit_ms: int, clock: CountedClock | None, *, from_opening: bool) -> int | None:
        """Return the first instant at which the wait is longer than ``limit_ms``; None while the clock stands.

        A reply at exactly the limit is in time, so that is one millisecond past it.
        """
        if clock is None and self.standing is None:  # Most: asked for at each limit of each wait.
            return (self.opened_at_ms if from_opening else self.since_ms) + limit_ms + 1
        return self.reaches_at_ms(limit_ms + 1, clock, from_opening=from_opening)

    def reaches_at_ms(self, counted_ms: int, clock: CountedClock | None, *, from_opening: bool) -> int | None:
        """Return the first instant at which so much has counted; None while a bot holds the clock, or for ever."""
        start = self.opened_at_ms if from_opening else self.since_ms
        standing = self.standing
        if standing is None:
            return self._from(start, counted_ms, clock)
        counted_ms += standing.total_ms - (0 if from_opening else standing.before_ms)
        due = self._from(start, counted_ms, clock)
        if not standing.since_ms or (due is not None and due <= standing.since_ms):
            return due
        if not standing.until_ms:
            return None
        held = standing.at(standing.until_ms, clock, self.opened_at_ms) - standing.total_ms
        return self._from(start, counted_ms + held, clock)

    def _from(self, start_ms: int, counted_ms: int, clock: CountedClock | None) -> int | None:
        """Return when so much of the time since ``start_ms`` has counted, whatever a bot holds."""
        if clock is None:
            return start_ms + counted_ms
        due = clock.due(self.opened_at_ms, start_ms, counted_ms)
        return due if due < ALWAYS_MS else None


class Promise(Struct, array_like=True, gc=False):
    """A holding reply was given: a real answer is still owed."""

    opened_at_ms: int
    who: Who | None
    greeting: bool
    limits: tuple[tuple[str, int], ...]
    policy: int
    passed: int = 0
    told_ms: int = -1  # Steps up to this second are behind it.

    def due_at_ms(self, limit_ms: int, clock: CountedClock | None) -> int | None:
        """Return the first instant at which the promise is older than ``limit_ms``; None: its clock stands for good."""
        if clock is None:
            return self.opened_at_ms + limit_ms + 1
        due = clock.due(self.opened_at_ms, self.opened_at_ms, limit_ms + 1)
        return due if due < ALWAYS_MS else None


HUMAN_SPOKE = 1
HUMAN_ASKED = 2  # The last human message asks something.
IN_SESSION = 4  # A person has replied in this session.
BUYER_LAST = 8  # The buyer's last words have no human reply.
GAVE_UP = 32  # Time, and no entry, ended a wait or promise: an entry from before that, still to come, may undo it.
SPOKE = HUMAN_SPOKE | IN_SESSION
SPOKE_AND_ASKED = SPOKE | HUMAN_ASKED
HAS_RECALLS = 16  # A recall was among the entries: what comes is put in by folding again.
MIXED = HAS_RECALLS | GAVE_UP  # What comes next may not just be stepped on.


class Rare(Struct, frozen=True, array_like=True, gc=False):
    """What few states hold."""

    ghost: Entry | None = None  # A recalled message that would have opened a wait, until its recall comes by.
    asked_ms: int = 0  # When the buyer last wrote; kept where bots are told by how soon they answer.


@quick_to_set
class State(Struct, array_like=True, gc=False):
    """What a conversation amounts to so far."""

    wait: Wait | None = None
    promise: Promise | None = None
    holder: Who | None = None
    last_ms: int = 0  # When somebody last wrote.
    flags: int = 0
    rare: Rare | None = None

    @property
    def ghost(self) -> Entry | None:
        """The recalled message whose wait the next one takes over."""
        return self.rare.ghost if self.rare is not None else None

    @ghost.setter
    def ghost(self, entry: Entry | None) -> None:
        asked_ms = self.rare.asked_ms if self.rare is not None else 0
        self.rare = Rare(entry, asked_ms) if entry is not None or asked_ms else None

    @property
    def asked_ms(self) -> int:
        """When the buyer last wrote, where that is kept; else 0."""
        return self.rare.asked_ms if self.rare is not None else 0

    def pass_to(self, who: Who | None, at_ms: int) -> None:
        """Re-own the chat; the buyer's clock runs on, and what was held so far stays charged to who held it."""
        before = self.holder
        if who is not None and before is not None and who.agent is None and who.account == before.account:
            return  # The same account, its person not named this time.
        self.holder = who
        wait = self.wait
        if wait is not None and who != before:
            held = wait.holders or ((wait.opened_at_ms, before),)
            if len(held) >= HOLDERS_KEPT:
                held = (held[0], *held[2:])  # The first is charged what the second held: it must add up to the wait.
            wait.holders = (*held, (at_ms, who))

    def was_with(self, who: Who) -> None:
        """Learn who has held a chat that seemed to lie with nobody."""
        self.holder = who
        wait = self.wait
        if wait is not None and wait.holders is not None:
            wait.holders = (*wait.holders[:-1], (wait.holders[-1][0], who))

    def copy(self) -> "State":
        """Return a state that can be stepped on without touching this one."""
        wait, promise = self.wait, self.promise
        if wait is not None:
            standing = wait.standing
            if standing is not None:
                standing = Standing(
                    standing.total_ms,
                    standing.since_ms,
                    standing.until_ms,
                    standing.over,
                    standing.before_ms,
                    standing.asked,
                )
            wait = Wait(
                wait.opened_at_ms,
                wait.opened_by,
                wait.number,
                wait.since_ms,
                wait.messages,
                wait.flags,
                wait.policy,
                wait.passed,
                standing,
                wait.holders,
            )
        if promise is not None:
            promise = Promise(
                promise.opened_at_ms,
                promise.who,
                promise.greeting,
                promise.limits,
                promise.policy,
                promise.passed,
                promise.told_ms,
            )
        return State(wait, promise, self.holder, self.last_ms, self.flags, self.rare)
