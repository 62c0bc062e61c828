"""When something may have to be said of a conversation next."""

from monitor.core.conversation import Conversation
from monitor.core.escalation import Escalation
from monitor.core.hours import CountedClock
from monitor.core.ladders import Ladders
from monitor.core.policy import Stage
from monitor.core.promise_steps import PromiseSteps
from monitor.core.shard import Shard
from monitor.core.telling import keeps_step, told_of, told_stages
from monitor.core.timers import NEVER_MS
from monitor.core.wait import FIRST

IDLE_MS = 3_600_000  # A conversation in which nothing is open leaves the memory so long after its last word.


class Due:
    """Asks for conversations to be woken.

    Args:
        shard: whose they are.
        ladders, escalation, promise_steps: know when people are to be told next.
    """

    def __init__(self, shard: Shard, ladders: Ladders, escalation: Escalation, promise_steps: PromiseSteps) -> None:
        self._shard = shard
        self._policies = shard.policies
        self._folds = shard.folds
        self._timers = shard.timers
        self._table = ladders.table
        self._escalation = escalation
        self._promise_steps = promise_steps
        self._keeps_rows = shard.keeps_rows
        self._tells = shard.tells

    def schedule(self, conversation: Conversation) -> None:
        """Ask to be woken at the next instant at which something may have to be said."""
        state = conversation.state
        wait, promise = state.wait, state.promise
        if wait is None and promise is None:
            if self._keeps_rows:
                last = conversation.log
                self._timers.wake(
                    conversation, max(self._shard.now_ms, last.ts_ms if last is not None else 0) + IDLE_MS
                )
            else:
                conversation.wake_at_ms = NEVER_MS
            return
        at_ms = NEVER_MS
        if wait is not None:
            fold, told = self._folds[wait.policy], conversation.told
            clock, stages = fold.clock, fold.windows[wait.flags & FIRST]
            opened_at_ms, passed = wait.opened_at_ms, wait.passed
            if (
                promise is None
                and wait.standing is None
                and wait.since_ms == opened_at_ms
                and (not passed or (told and keeps_step(told[-1], wait)))
            ):
                # Most waits: one clock, and nothing that was passed is still to be told.
                if clock is None:
                    at_ms = opened_at_ms + 1 + (stages[passed].after_ms if passed < len(stages) else fold.give_up_ms)
                else:
                    at_ms = self._in_hours(clock, opened_at_ms, stages[passed:], fold.give_up_ms)
                if self._tells and (told or self._table[wait.policy].any):
                    at_ms = min(at_ms, self._escalation.next_ms(conversation, wait))
                if at_ms != conversation.wake_at_ms:
                    self._timers.wake(conversation, at_ms)
                return
            at_ms = opened_at_ms + fold.give_up_ms + 1
            if passed < len(stages):
                due = wait.due_at_ms(stages[passed].after_ms, clock, from_opening=True)
                if due is not None and due < at_ms:
                    at_ms = due
            standing = wait.standing
            if standing is not None and self._shard.now_ms < standing.until_ms < at_ms:
                at_ms = standing.until_ms  # From then on it is a person's again, and the board says so.
            if clock is not None and self._keeps_rows:
                at_ms = min(at_ms, self._hours_turn_at(clock, opened_at_ms))
            if wait.since_ms:
                reached = told_stages(told_of(conversation, wait.number))
                if reached < len(stages):
                    due = wait.due_at_ms(stages[reached].after_ms, clock, from_opening=False)
                    if due is not None and due < at_ms:
                        at_ms = due
            if self._tells and (told or self._table[wait.policy].any):
                at_ms = min(at_ms, self._escalation.next_ms(conversation, wait))
        if promise is not None:
            if self._tells:
                at_ms = min(at_ms, self._promise_steps.next_ms(promise))
            due = promise.opened_at_ms + self._policies[promise.policy].give_up_ms + 1
            if promise.passed < len(promise.limits):
                clock = self._policies.clocks[promise.policy]
                limit = promise.due_at_ms(promise.limits[promise.passed][1], clock)
                due = due if limit is None else min(due, limit)
            if due < at_ms:
                at_ms = due
        if at_ms != conversation.wake_at_ms:
            self._timers.wake(conversation, at_ms)

    def from_now(self, conversation: Conversation) -> None:
        """What is due already when a chat is put right, or a list tells of it, is decided after this instant.

        Where time is the newest ``ts``, it would be decided back then.
        """
        if not self._shard.wall and conversation.wake_at_ms <= self._shard.now_ms:
            self._timers.wake(conversation, self._shard.now_ms + 1)

    def _in_hours(self, clock: CountedClock, opened_at_ms: int, stages: tuple[Stage, ...], give_up_ms: int) -> int:
        """Return when something of a wait in hours is due next: the first of these stages, its end, a turn of hours."""
        at_ms = opened_at_ms + give_up_ms + 1
        if stages:
            at_ms = min(at_ms, clock.due(opened_at_ms, opened_at_ms, stages[0].after_ms + 1))
        return min(at_ms, self._hours_turn_at(clock, opened_at_ms)) if self._keeps_rows else at_ms

    def _hours_turn_at(self, clock: CountedClock, opened_at_ms: int) -> int:
        """Return when the clock of a wait begins or ceases to run next: the board says so."""
        now_ms = max(self._shard.now_ms, opened_at_ms)
        return clock.span(opened_at_ms, now_ms)[2]
