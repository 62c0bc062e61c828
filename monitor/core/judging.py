"""A limit has come, or a wait has ended: what is decided of a conversation then."""

from monitor.core.conversation import Conversation
from monitor.core.decisions import CloseRound, PassPromise
from monitor.core.due import IDLE_MS, Due
from monitor.core.escalation import Escalation
from monitor.core.fold import Ending
from monitor.core.hearing import Hearing
from monitor.core.ladders import Ladders
from monitor.core.promise_steps import PromiseSteps
from monitor.core.rounds import ended
from monitor.core.shard import Shard, Shop
from monitor.core.shard_rows import ShardRows
from monitor.core.timers import NEVER_MS
from monitor.core.wait import Promise, State
from monitor.core.wait_alerts import WaitAlerts


class Judging:
    """Judges the conversations of one shard.

    Args:
        shard: whose they are.
        alerts, ladders, escalation, promise_steps: tell of their waits and promises.
        due: wakes them again.
        hearing: holds back what came by a feed that lags.
        rows: let go of what is idle.
    """

    def __init__(
        self,
        shard: Shard,
        alerts: WaitAlerts,
        ladders: Ladders,
        escalation: Escalation,
        promise_steps: PromiseSteps,
        due: Due,
        hearing: Hearing,
        rows: ShardRows,
    ) -> None:
        self._shard = shard
        self._policies = shard.policies
        self._keeps_rows = shard.keeps_rows
        self._tells = shard.tells
        self._alerts = alerts
        self._ladders = ladders
        self._escalation = escalation
        self._promise_steps = promise_steps
        self._due = due
        self._hearing = hearing
        self._rows = rows

    def judge(self, conversation: Conversation, now_ms: int, due_ms: int) -> None:
        """A limit of this conversation has come."""
        shop = self._shard.by_name[conversation.shop]
        state = conversation.state
        if self._keeps_rows:
            if state.wait is None and state.promise is None:
                idle_at_ms = now_ms if conversation.log is None else conversation.log.ts_ms + IDLE_MS
                if idle_at_ms <= now_ms:
                    self._rows.idle(conversation)
                else:
                    self._shard.timers.wake(conversation, idle_at_ms)
                return
            if self._shard.held_back(conversation) and now_ms < (over_ms := self._over_at(state)):
                self._hearing.park(conversation, due_ms, over_ms)
                return
            self._shard.touch(conversation)
        wait = state.wait
        if wait is not None:
            if now_ms - wait.opened_at_ms > self._policies[wait.policy].give_up_ms:
                self._give_up(shop, conversation, now_ms)
            else:
                self._alerts.judge(shop, conversation, wait, now_ms)
                if self._tells and (self._ladders.table[wait.policy].any or conversation.told):
                    self._escalation.judge(conversation, wait, now_ms)
        if state.promise is not None:
            self._promise(shop, conversation, state.promise, now_ms)
        self._due.schedule(conversation)

    def _over_at(self, state: State) -> int:
        """Return when what is open in a chat is given up, whatever its feed shows."""
        policies = self._policies
        opened = [one for one in (state.wait, state.promise) if one is not None]
        return min(one.opened_at_ms + policies[one.policy].give_up_ms for one in opened) + 1

    def judge_until(self, conversation: Conversation, now_ms: int) -> None:
        """Judge each limit of a conversation at its own instant, up to ``now_ms``: time is the newest ``ts``."""
        while conversation.wake_at_ms <= now_ms:
            due_ms, conversation.wake_at_ms = conversation.wake_at_ms, NEVER_MS
            state = conversation.state
            if state.promise is None and state.wait is not None and not state.wait.since_ms:
                due_ms = now_ms  # Courtesy alerts nobody, so when it passed its limits is of no consequence.
            self.judge(conversation, due_ms, due_ms)

    def close(self, shop: Shop, conversation: Conversation, ending: Ending) -> None:
        """Write down a round that has ended in order, and end its alert."""
        closed = ended(conversation, shop.platform, self._policies, ending)
        if self._shard.people is not None:
            closed = self._shard.people.charged(closed)
        if len(closed.passed) > ending.wait.passed:
            self._alerts.pass_stages(shop, closed, ending.wait.passed)
        self._shard.decisions.append(CloseRound(closed))
        if conversation.told:
            self._alerts.settle(shop, conversation, {closed.wait: closed}, "late")

    def _give_up(self, shop: Shop, conversation: Conversation, now_ms: int) -> None:
        endings: list[Ending] = []
        state = conversation.state
        promise = state.promise
        over = state.wait or promise
        assert over is not None
        self._shard.folds[over.policy].give_up(state, now_ms, endings.append)
        for ending in endings:
            self.close(shop, conversation, ending)
        if promise is not None and state.promise is None:
            self._promise_steps.over(conversation, now_ms, "expired")

    def _promise(self, shop: Shop, conversation: Conversation, promise: Promise, now_ms: int) -> None:
        while promise.passed < len(promise.limits):
            name, after_ms = promise.limits[promise.passed]
            passed_at_ms = promise.due_at_ms(after_ms, self._policies.clocks[promise.policy])
            if passed_at_ms is None or passed_at_ms > now_ms:
                break
            promise.passed += 1
            who = conversation.state.holder or promise.who  # Who can act on it, who need not be who gave it.
            self._shard.decisions.append(
                PassPromise(
                    platform=shop.platform,
                    shop=shop.name,
                    conversation=conversation.id,
                    team=self._policies[promise.policy].team,
                    agent=who.agent if who else None,
                    account=who.account if who else None,
                    stage=name,
                    greeting=promise.greeting,
                    opened_at_ms=promise.opened_at_ms,
                    due_at_ms=passed_at_ms,
                    decided_at_ms=now_ms,
                )
            )
        if now_ms - promise.opened_at_ms > self._policies[promise.policy].give_up_ms:
            self._give_up(shop, conversation, now_ms)
        if self._tells and promise is conversation.state.promise:
            self._promise_steps.judge(conversation, promise, now_ms)
