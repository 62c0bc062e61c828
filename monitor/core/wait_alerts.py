"""The alert of a wait: machines are told when it passes a stage, when it is over, when it was never so.

Told once each. What ends or moves a wait is held against what was told of it: an alert whose limit the wait had not
passed, as it stands now, is withdrawn; one whose wait has ended is resolved.
"""

from typing import Literal, cast

from monitor.core.alert_log import AlertLog
from monitor.core.conversation import FIRING, RESOLVED, WITHDRAWN, Conversation, Told
from monitor.core.decisions import AlertOrder, PassStage, RaiseAlert, ResolveAlert, RiseAlert, Round, WithdrawAlert
from monitor.core.escalation import Escalation
from monitor.core.ladders import Ladders
from monitor.core.policy import Stage
from monitor.core.rounds import stages_passed, window
from monitor.core.shard import Shard, Shop
from monitor.core.telling import anew, first_limit_ms, keep_told, order_fields, standing_in, told_of, was_due
from monitor.core.wait import CLOSED_UNANSWERED, FIRST, Wait

Reason = Literal["late", "backfill", "recalled", "dismissed"]
"""Why something in the past is another now."""


class WaitAlerts:
    """The alerts of the waits of one shard.

    Args:
        shard: whose they are.
        ladders: how a wait stands, and what silences say.
        log: where alerts are written down.
        escalation: what people are told of the same waits.
    """

    def __init__(self, shard: Shard, ladders: Ladders, log: AlertLog, escalation: Escalation) -> None:
        self._shard = shard
        self._policies = shard.policies
        self._folds = shard.folds
        self._ladders = ladders
        self._log = log
        self._escalation = escalation

    def judge(self, shop: Shop, conversation: Conversation, wait: Wait, now_ms: int) -> None:
        """Say which limits an open wait has passed: each once as passed, the highest as an alert."""
        fold = self._folds[wait.policy]
        policy, clock, stages = fold.policy, fold.clock, fold.windows[wait.flags & FIRST]
        since_ms = wait.since_ms
        passed = stages_passed(stages, wait.counted_ms(now_ms, clock))
        while wait.passed < passed:
            name = stages[wait.passed].name
            self._shard.decisions.append(PassStage(shop.platform, shop.name, policy.team, name, not since_ms))
            wait.passed += 1
        if not since_ms:
            return
        reached = passed if since_ms == wait.opened_at_ms else stages_passed(stages, wait.needed_ms(now_ms, clock))
        told = told_of(conversation, wait.number) if conversation.told else None
        if not reached or (told is not None and told.state == FIRING and reached <= told.stages):
            return
        ladder = told.ladder if told is not None else None
        if (ladder is not None and ladder.quiet(now_ms)) or (
            self._ladders.silenced(conversation, policy, stages[reached - 1].name, now_ms)
        ):
            if ladder is None or not ladder.stopped:
                told, _ = self._ladders.ladder_of(conversation, wait, now_ms)
                if told.state != FIRING:
                    anew(told)
                told.stages = reached  # Passed over, not made up.
            return
        order: type[RaiseAlert] | type[RiseAlert] = RiseAlert
        if told is None:
            order = RaiseAlert
            told = Told(wait.number, reached, reached, FIRING, now_ms, 0, wait.policy, wait.flags & FIRST > 0)
            keep_told(conversation, told, now_ms - self._shard.lateness_ms)
        elif told.state != FIRING:
            order = RaiseAlert
            anew(told)
            told.first = reached
        elif not told.first:
            order = RaiseAlert
            told.first = reached
        told.stages, told.at_ms = reached, now_ms
        stage = stages[reached - 1]
        due_ms = wait.due_at_ms(stage.after_ms, clock, from_opening=False)
        holder = conversation.state.holder
        self._order(
            order(
                wait.number,
                stage.name,
                now_ms if due_ms is None else due_ms,
                now_ms,
                shop.platform,
                shop.name,
                conversation.id,
                conversation.buyer or conversation.id,
                holder.agent if holder is not None else None,
                holder.account if holder is not None else None,
                policy.team,
                since_ms,
                wait.opened_at_ms,
                wait.opened_by,
                wait.messages,
                told.repetition,
                wait.flags & CLOSED_UNANSWERED > 0,
                wait.due_at_ms(stages[reached].after_ms, clock, from_opening=False) if reached < len(stages) else None,
                wait.policy,
                self._policies.rules[wait.policy],
                policy.rule,
            ),
            told,
        )

    def stands_again(self, conversation: Conversation, before: dict[int, Round]) -> None:
        """A wait that had ended stands open: what was told of it may be forgotten, and is told as a repetition then.

        Else its deliveries would have the ids of the first ones, and never leave.
        """
        wait = conversation.state.wait
        done = before.get(wait.number) if wait is not None else None
        if wait is None or done is None or told_of(conversation, wait.number) is not None:
            return
        if done.counted_ms <= window(self._policies[wait.policy], wait)[0].after_ms:
            return  # Nothing was told of it.
        now_ms = self._shard.now_ms
        told = Told(wait.number, 0, 0, WITHDRAWN, now_ms, 0, wait.policy, wait.flags & FIRST > 0)
        keep_told(conversation, told, now_ms - self._shard.lateness_ms)

    def settle(
        self,
        shop: Shop,
        conversation: Conversation,
        closed: dict[int, Round],
        reason: Reason,
    ) -> None:
        """End the alerts of waits that have ended, or that turn out never to have been late."""
        wait = conversation.state.wait
        for told in conversation.told:
            done = closed.get(told.wait)
            if done is None and wait is not None and wait.number == told.wait:
                if told.state == FIRING and not self._justified(wait, told):
                    self._withdraw(shop, conversation, told, None, reason)
                continue
            if told.ladder is not None:
                self._escalation.leave(conversation, told)
            if done is None and told.state == FIRING:
                self._withdraw(shop, conversation, told, None, reason)
            elif done is not None and told.state != WITHDRAWN:
                if not was_due(self._told_window(told), self._policies.clocks[told.policy], done, told):
                    self._withdraw(shop, conversation, told, done, reason)
                elif told.state == FIRING or (told.ladder is not None and told.ladder.stopped):
                    is_told = told.state == FIRING and told.first > 0
                    told.state = RESOLVED
                    if not is_told:
                        self._log.over(told, done, done.outcome, self._shard.now_ms)
                        continue
                    self._order(
                        ResolveAlert(
                            *order_fields(
                                done,
                                told,
                                self._policies,
                                self._stage(told),
                                done.ended_at_ms or self._shard.now_ms,
                                self._shard.now_ms,
                            ),
                            reason=cast(Literal["answered", "expired", "abandoned", "dismissed"], done.outcome),
                        ),
                        told,
                    )

    def pass_stages(self, shop: Shop, closed: Round, known: int) -> None:
        """Say which stages a round that has ended had passed beyond those ``known``."""
        for stage in closed.passed[known:]:
            self._shard.decisions.append(PassStage(shop.platform, shop.name, closed.team, stage, closed.courtesy))

    def _order(self, order: AlertOrder, told: Told) -> None:
        """Order machines to be told of a wait, and write down how its alert stands."""
        self._shard.decisions.append(order)  # type: ignore[arg-type]
        if self._shard.tells:
            self._log.ordered(order, told, steps=self._ladders.table[told.policy].any)

    def _justified(self, wait: Wait, told: Told) -> bool:
        """Whether an open wait has passed the stage at which it was first told, as it stands now."""
        limit_ms = first_limit_ms(window(self._policies[wait.policy], wait), told)
        if not limit_ms:
            return True
        if not wait.since_ms:
            return False
        due = wait.due_at_ms(limit_ms, self._policies.clocks[wait.policy], from_opening=False)
        return due is not None and due <= self._shard.now_ms

    def _withdraw(
        self,
        shop: Shop,
        conversation: Conversation,
        told: Told,
        done: Round | None,
        reason: Reason,
    ) -> None:
        told.state = WITHDRAWN
        if told.ladder is not None:
            self._escalation.leave(conversation, told)
        if done is None:
            wait = conversation.state.wait
            if wait is None:
                assert conversation.log is not None
                wait = Wait(conversation.log.ts_ms, conversation.log.id, told.wait, 0, 0, 0, told.policy)
            done = standing_in(conversation, shop.platform, self._policies, wait, self._shard.now_ms)
        if not told.first:
            self._log.over(told, done, "late" if reason == "dismissed" else reason, self._shard.now_ms)
            return
        self._order(
            WithdrawAlert(
                *order_fields(done, told, self._policies, self._stage(told), self._shard.now_ms, self._shard.now_ms),
                reason="late" if reason == "dismissed" else reason,
            ),
            told,
        )

    def _told_window(self, told: Told) -> tuple[Stage, ...]:
        """Return the stages of the wait that was told of, under the policy it opened with."""
        policy = self._policies[told.policy]
        return policy.first_window if policy.first_window is not None and told.first_reply else policy.window

    def _stage(self, told: Told) -> str:
        return self._told_window(told)[told.stages - 1].name
