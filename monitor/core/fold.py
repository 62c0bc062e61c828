"""A conversation as a fold over what was said, in the order of the platform's time.

`State` is what the words so far amount to: an open wait, an open promise, who
holds the chat. `step` takes the next entry. In order that is one cheap call; when
something comes late, the conversation folds again from a saved state, so the
result depends on what was said and when, never on the order of arrival.

The rules, from "The wait":

    entry              no wait open                         wait open
    buyer              opens one                            belongs to it, never restarts it
    human reply        -                                    ANSWERED
    bot                -                                    ignored, or the counted clock stands
    handed off         opens one if the buyer spoke last    the clock runs on for good
    closed by buyer    -                                    ABANDONED
    closed otherwise   -                                    stands, marked
    recalled           as if never sent; all of a wait's messages recalled: DISMISSED
    older than give_up -                                    EXPIRED
    listed as waiting  opens one, since the list says when  still waits
    not listed any more -                                   ANSWERED, where we did not see it

Times are integer milliseconds since the epoch, UTC. Nothing here reads a clock.
"""

from collections.abc import Callable, Mapping

from msgspec import Struct

from monitor.core.decisions import Outcome
from monitor.core.entry import (
    ASKS,
    B_GREETING,
    BOT,
    BUYER,
    BY_LATENCY,
    CLOSED,
    CLOSED_BY_BUYER,
    CODE,
    GREETS,
    HANDED_OFF,
    HOLDER,
    HOLDS,
    HUMAN,
    LISTED,
    LOST_IT,
    NO_ANSWER,
    OPENED,
    POLICY_SHIFT,
    POLITE,
    RECALL,
    UNLISTED,
    Entry,
    Extra,
    Who,
    order,
)
from monitor.core.policy import Policy
from monitor.core.policy_numbers import NumberedPolicies
from monitor.core.units import MINUTE_MS
from monitor.core.wait import (
    ASKED_KEYS,
    BUYER_LAST,
    CLOSED_UNANSWERED,
    FIRST,
    GAVE_UP,
    HAS_RECALLS,
    HUMAN_ASKED,
    HUMAN_SPOKE,
    IN_SESSION,
    ONLY_GREETED,
    SPOKE,
    SPOKE_AND_ASKED,
    Promise,
    Rare,
    Standing,
    State,
    Wait,
)


class Ending(Struct, frozen=True, gc=False):
    """A wait that has ended, and how."""

    wait: Wait
    outcome: Outcome
    at_ms: int
    by: Entry | None  # What ended it; None for give-up, and for an answer that we did not see.
    holder: Who | None  # In whose hands it was, who need not be who answered.
    held: bool = False
    after_ms: int | None = None  # Answered unseen, after this instant and by ``at_ms``.


Recalls = Mapping[str, Entry]
Close = Callable[[Ending], None]
NO_RECALLS: Recalls = {}


class Fold:
    """One policy, ready to step with: each entry is stepped on with the one that was in force for it.

    Args:
        policies: where waits look up the policy they opened with.
        number: that of the policy in force: for sessions, new waits and promises.

    Attributes:
        number, policy: the policy…
        clock: …its counted clock; None: all time counts…
        give_up_ms: …its bound of a wait…
        windows: …and its stages, by a wait's flag FIRST: the first reply of a session may have its own.
    """

    __slots__ = (
        "_clocks",
        "_gap_ms",
        "_holds",
        "_policies",
        "_within_ms",
        "clock",
        "give_up_ms",
        "number",
        "policy",
        "windows",
    )

    def __init__(self, policies: NumberedPolicies, number: int) -> None:
        self._policies = policies
        self._clocks = policies.clocks
        self.number = number
        self.policy: Policy = policies[number]
        self._gap_ms = self.policy.session_gap_ms
        self.clock = self._clocks[number]
        self.give_up_ms = self.policy.give_up_ms
        self.windows = (self.policy.window, self.policy.first_window or self.policy.window)
        self._holds = self.policy.bot == "holds"
        self._within_ms = self.policy.bot_within_ms

    def step(self, state: State, entry: Entry, close: Close, recalls: Recalls = NO_RECALLS) -> None:
        """Take the next entry.

        Args:
            state: changed in place.
            entry: not before anything stepped already.
            close: called with each wait that ends by this.
            recalls: what recalls are known in the whole log, by the id of the message they take back.
        """
        ts_ms = entry.ts_ms
        code = entry.what & CODE
        wait = state.wait
        if wait is not None:
            old = ts_ms - wait.opened_at_ms > self.give_up_ms or wait.policy != self.number
        elif (promise := state.promise) is not None:
            old = ts_ms - promise.opened_at_ms > self.give_up_ms or promise.policy != self.number
        else:
            old = False
        if old and self.give_up(state, ts_ms, close):
            wait = state.wait
            state.flags &= ~GAVE_UP
        if recalls and entry.id in recalls and code <= BOT:
            if code == BUYER:
                if self._within_ms:
                    state.rare = Rare(state.ghost, ts_ms)  # A bot answers what is taken back later, too.
                if wait is None:
                    _remember(state, entry, recalls)
            return
        if code == BUYER:
            self._buyer(state, entry, wait)
        elif code == HUMAN:
            self._human(state, entry, wait, close)
        elif code == BOT:
            state.last_ms = ts_ms
            if wait is not None and wait.standing is not None:
                self._bot_speaks(wait, wait.standing, ts_ms, lost_it=entry.what & LOST_IT > 0)
        elif code == HOLDER:
            if state.holder is None and entry.extra is not None and entry.extra.giver is not None:
                state.was_with(entry.extra.giver)
            state.pass_to(entry.who, ts_ms)
        elif code == HANDED_OFF:
            if wait is None:
                if state.flags & BUYER_LAST:
                    self._open(state, entry, ts_ms, messages=0)
            else:
                if wait.standing is None:
                    wait.standing = Standing()
                wait.standing.run_on(ts_ms, self._clocks[wait.policy], wait.opened_at_ms)
                wait.standing.over = True
        elif code == CLOSED_BY_BUYER:
            if wait is not None:
                self._end(state, "abandoned", ts_ms, entry, close)
            state.promise = None
            state.holder = None
            state.flags &= ~IN_SESSION
        elif code == CLOSED:
            if wait is not None:
                wait.flags |= CLOSED_UNANSWERED
            else:
                state.holder = None  # Nobody has what is asked next, until somebody takes it.
            state.flags &= ~IN_SESSION
        elif code == RECALL:
            self._recall(state, entry, close)
        elif code == LISTED:
            self._listed(state, entry)
        elif code == UNLISTED:
            self._unlisted(state, entry, close)
        elif wait is not None and entry.extra is not None and abs(wait.number) == entry.extra.wait:
            self._end(state, "dismissed", ts_ms, entry, close)
            state.promise = None
            state.flags &= ~BUYER_LAST

    def told_a_bot(self, entry: Entry, asked_ms: int) -> bool:
        """Whether a sender told by latency answered the buyer's words of ``asked_ms`` too soon for a person."""
        return entry.what & BY_LATENCY > 0 and entry.ts_ms - asked_ms <= self._within_ms

    def give_up(self, state: State, now_ms: int, close: Close) -> bool:
        """Expire the wait or promise that is older than the policy's ``give_up``; return whether one was."""
        wait, promise = state.wait, state.promise
        gave_up = False
        if wait is not None:
            after_ms = self._policies[wait.policy].give_up_ms
            if now_ms - wait.opened_at_ms > after_ms:
                self._end(state, "expired", wait.opened_at_ms + after_ms, None, close)
                state.promise = promise = None
                gave_up = True
        if promise is not None and now_ms - promise.opened_at_ms > self._policies[promise.policy].give_up_ms:
            state.promise = None
            gave_up = True
        if gave_up:
            state.flags |= GAVE_UP
        return gave_up

    def _buyer(self, state: State, entry: Entry, wait: Wait | None) -> None:
        ts_ms, what, flags = entry.ts_ms, entry.what, state.flags
        if flags & IN_SESSION and ts_ms - state.last_ms > self._gap_ms:
            flags &= ~IN_SESSION
        state.last_ms = ts_ms
        if self._within_ms:
            state.rare = Rare(state.ghost, ts_ms)
        state.flags = flags | BUYER_LAST
        more, holder = entry.more, state.holder
        if more is not None and more is not holder:
            who = more.who if type(more) is Extra else more
            if who is not None and (holder is None or who.agent is not None or who.account != holder.account):
                state.pass_to(who, ts_ms)  # Else the same account, its person not named this time.
        courtesy = what & (NO_ANSWER | POLITE) and (
            what & NO_ANSWER or flags & (HUMAN_SPOKE | HUMAN_ASKED) == HUMAN_SPOKE
        )
        if wait is None:
            wait = self._open(state, entry, 0 if courtesy else ts_ms)
            if what & B_GREETING:
                wait.flags |= ONLY_GREETED
            return
        wait.messages += 1
        if what & OPENED and wait.number < 0:
            wait.number = entry.number
        if not courtesy:
            if not wait.since_ms:
                wait.since_ms = ts_ms
                if wait.standing is not None:
                    wait.standing.before_ms = wait.standing.at(ts_ms, self._clocks[wait.policy], wait.opened_at_ms)
            if not what & B_GREETING:
                wait.flags &= ~ONLY_GREETED
        if wait.standing is not None:
            self._asked(wait, wait.standing, entry)

    def _open(self, state: State, entry: Entry, since_ms: int, messages: int = 1) -> Wait:
        """Open a wait.

        Args:
            state: has none.
            entry: what opens it.
            since_ms: since when an answer is needed; 0: not yet.
            messages: how many of the buyer's are in it; none after a hand-off.
        """
        number = entry.number if entry.what & OPENED else -entry.number
        if state.rare is not None and (ghost := state.ghost) is not None:
            # The wait takes over the id under which the recalled message opened it.
            number = ghost.number if ghost.what & OPENED else -entry.number
            state.ghost = None
        first = 0 if state.flags & IN_SESSION else FIRST
        state.wait = wait = Wait(entry.ts_ms, entry.id, number, since_ms, messages, first, self.number)
        if self._holds:
            wait.standing = Standing(over=not messages)
            self._asked(wait, wait.standing, entry)
        return wait

    def _bot_speaks(self, wait: Wait, standing: Standing, ts_ms: int, *, lost_it: bool) -> None:
        if standing.over:
            return
        clock = self._clocks[wait.policy]
        standing.settle(ts_ms, clock, wait.opened_at_ms)
        if lost_it:
            standing.run_on(ts_ms, clock, wait.opened_at_ms)
        else:
            standing.until_ms = 0
            if not standing.since_ms:
                standing.since_ms = ts_ms

    def _asked(self, wait: Wait, standing: Standing, entry: Entry) -> None:
        """A buyer message under a bot: the same again is a call for a person, silence of the bot another."""
        clock = self._clocks[wait.policy]
        standing.settle(entry.ts_ms, clock, wait.opened_at_ms)
        key = entry.extra.text_key if entry.extra is not None else 0
        if key and key in standing.asked:
            standing.run_on(entry.ts_ms, clock, wait.opened_at_ms)
            standing.over = True
        elif standing.since_ms and not standing.until_ms:
            standing.until_ms = entry.ts_ms + self._policies[wait.policy].bot_silence_ms
        if key:
            standing.asked = (*standing.asked[1 - ASKED_KEYS :], key)

    def _human(self, state: State, entry: Entry, wait: Wait | None, close: Close) -> None:
        ts_ms, what, more, holder = entry.ts_ms, entry.what, entry.more, state.holder
        if state.rare is not None:
            if self.told_a_bot(entry, state.asked_ms):
                state.last_ms = ts_ms  # Nobody reads and types so fast.
                if wait is not None and wait.standing is not None:
                    self._bot_speaks(wait, wait.standing, ts_ms, lost_it=False)
                return
            if state.rare.ghost is not None:
                state.ghost = None
        if wait is not None:
            state.wait = None
            if wait.number < 0:
                wait.number = -wait.number
            close(Ending(wait, "answered", ts_ms, entry, holder, what & (HOLDS | GREETS) > 0))
        if more is not holder and more is not None:
            who = more.who if type(more) is Extra else more
            if who is not None and (who.agent is not None or holder is None or holder.account != who.account):
                state.holder = who  # Else the same account, its person not named this time.
        state.last_ms = ts_ms
        state.flags = state.flags & HAS_RECALLS | (SPOKE_AND_ASKED if what & ASKS else SPOKE)
        promise = state.promise
        if promise is not None and ts_ms - promise.opened_at_ms > self._policies[promise.policy].give_up_ms:
            promise = state.promise = None  # Given up while a later wait stood.
        if not what & (HOLDS | GREETS):
            if promise is not None:
                state.promise = None
        elif what & HOLDS:
            if promise is None or promise.greeting:
                limits = self.policy.promise
                if entry.extra is not None and entry.extra.promised_ms:
                    limits = limits.given(entry.extra.promised_ms)
                state.promise = Promise(
                    ts_ms,
                    entry.who,
                    False,
                    (("due", limits.due_ms), ("late", limits.late_ms), ("missed", limits.missed_ms)),
                    self.number,
                )
        elif promise is None and wait is not None and not wait.flags & ONLY_GREETED:
            # Nothing is owed where nothing was asked.
            state.promise = Promise(ts_ms, entry.who, True, (("due", self.policy.greeting_due_ms),), self.number)

    def _listed(self, state: State, entry: Entry) -> None:
        """The buyer waits at this instant, says the platform: since then, if we did not know it."""
        wait = state.wait
        if entry.who is not None:
            state.pass_to(entry.who, entry.ts_ms)
        if wait is not None:
            if entry.what & OPENED and wait.number < 0:
                wait.number = entry.number
            state.last_ms = entry.ts_ms
            return
        since_ms = entry.extra.since_ms if entry.extra is not None else entry.ts_ms
        if since_ms <= state.last_ms:
            if since_ms % MINUTE_MS or since_ms + MINUTE_MS <= state.last_ms:
                return  # It was answered since: the list has not noticed.
            since_ms = state.last_ms  # Lists often tell minutes only, so it may have been just after.
        wait = self._open(state, entry, since_ms)
        wait.opened_at_ms = since_ms
        state.last_ms = entry.ts_ms
        state.flags |= BUYER_LAST

    def _unlisted(self, state: State, entry: Entry, close: Close) -> None:
        """The buyer waits no more, says the platform, and we saw no answer: it was given elsewhere."""
        wait = state.wait
        if wait is None or entry.ts_ms <= state.last_ms or entry.ts_ms <= wait.opened_at_ms:
            return
        if entry.who is not None and (state.holder is None or entry.who.account != state.holder.account):
            return  # The list of one account says nothing of the chats of another.
        self._end(state, "answered", entry.ts_ms, None, close, after_ms=max(wait.opened_at_ms, state.last_ms))
        state.ghost = None
        state.last_ms = entry.ts_ms
        state.flags = state.flags & HAS_RECALLS | SPOKE

    def _recall(self, state: State, entry: Entry, close: Close) -> None:
        """The recall itself: what it takes back was left out of the fold already; dismiss if nothing else is left."""
        state.flags |= HAS_RECALLS
        ghost = state.ghost
        if ghost is not None and entry.extra is not None and _taken_back_last(ghost) == entry.extra.target:
            state.ghost = None
            wait = Wait(ghost.ts_ms, ghost.id, ghost.number, ghost.ts_ms, 1, 0, ghost.what >> POLICY_SHIFT)
            close(Ending(wait, "dismissed", entry.ts_ms, entry, state.holder))

    def _end(
        self,
        state: State,
        outcome: Outcome,
        at_ms: int,
        by: Entry | None,
        close: Close,
        *,
        after_ms: int | None = None,
    ) -> None:
        wait = state.wait
        assert wait is not None
        state.wait = None
        wait.number = abs(wait.number)
        close(Ending(wait, outcome, at_ms, by, state.holder, False, after_ms))


def _remember(state: State, entry: Entry, recalls: Recalls) -> None:
    """Remember a recalled message that would have opened a wait, and which of those with it is taken back last."""
    ghost = state.ghost
    if ghost is None:
        state.ghost = Entry(entry.ts_ms, entry.number, entry.id, entry.what)
        return
    known = recalls.get(_taken_back_last(ghost))
    if known is not None and order(recalls[entry.id]) > order(known):
        state.ghost = Entry(ghost.ts_ms, ghost.number, ghost.id, ghost.what, Extra(target=entry.id))


def _taken_back_last(ghost: Entry) -> str:
    return ghost.extra.target if ghost.extra is not None else ghost.id


class Folds(dict[int, Fold]):
    """A fold for each policy, by its number."""

    def __init__(self, policies: NumberedPolicies) -> None:
        super().__init__()
        self._policies = policies

    def __missing__(self, number: int) -> Fold:
        """Make the fold of a policy when it is first asked for."""
        fold = self[number] = Fold(self._policies, number)
        return fold

    def of(self, entry: Entry) -> Fold:
        """Return the fold of the policy that was in force for an entry."""
        return self[entry.what >> POLICY_SHIFT]
