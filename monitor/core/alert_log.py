"""The alerts of waits as they are written down: how each stands whenever something was told, done or over."""

from typing import Literal

from monitor.core.conversation import RESOLVED, WITHDRAWN, Conversation, Told
from monitor.core.decisions import (
    AlertAct,
    AlertOrder,
    AlertState,
    NamedWait,
    RaiseAlert,
    ResolveAlert,
    Round,
    WithdrawAlert,
)
from monitor.core.incidents import Incidents
from monitor.core.ladder import Ladder
from monitor.core.ladders import Host, Ladders
from monitor.core.telling import told_of
from monitor.core.wait import Wait

_NO_LADDER = Ladder()


class AlertLog:
    """Says how alerts stand.

    Args:
        host: the tracker.
        ladders: how each wait stands.
        incidents: count for the digest what is over.
    """

    def __init__(self, host: Host, ladders: Ladders, incidents: Incidents) -> None:
        self._host = host
        self._ladders = ladders
        self._incidents = incidents
        self._policies = ladders.policies

    def stands(self, conversation: Conversation, wait: Wait, act: AlertAct) -> None:
        """Write down how the alert of an open wait stands."""
        told = told_of(conversation, wait.number)
        assert told is not None
        one = self._ladders.named(conversation, wait, act.at_ms)
        self.write(told, one, one.stage, one.since_ms, act, None, None, policy=wait.policy)

    def ordered(self, order: AlertOrder, told: Told, *, steps: bool) -> None:
        """Write down how an alert stands once machines are told of it; ``steps``: people are told by a ladder."""
        if isinstance(order, ResolveAlert | WithdrawAlert):
            what = "resolved" if isinstance(order, ResolveAlert) else "withdrawn"
            act = AlertAct(order.decided_at_ms, "", what, order.reason)
            over = (order.due_at_ms, order.reason)
            self.write(told, order, order.stage, order.waiting_since_ms, act, *over, policy=order.policy)
            if not steps or (told.ladder is not None and told.ladder.raised_at_ms):
                self._incidents.ended(order.reason)
            return
        what = "raised" if isinstance(order, RaiseAlert) else "risen"
        raised_at_ms = None if steps else order.decided_at_ms
        limit = None if order.next_due_at_ms is None else order.next_due_at_ms - 1
        act = AlertAct(order.decided_at_ms, "", what, order.stage)
        self.write(
            told,
            order,
            order.stage,
            order.waiting_since_ms,
            act,
            None,
            None,
            policy=order.policy,
            raised_at_ms=raised_at_ms,
            limit_ms=limit,
        )

    def over(self, told: Told, done: Round, reason: str, now_ms: int) -> None:
        """Write down the end of an alert that machines were not told of."""
        ladder = told.ladder
        if ladder is not None and (ladder.raised_at_ms or ladder.acted):
            what = "withdrawn" if told.state == WITHDRAWN else "resolved"
            act = AlertAct(now_ms, "", what, reason)
            since_ms = done.needs_answer_since_ms or done.opened_at_ms
            ended_at_ms = done.ended_at_ms or now_ms
            self.write(told, done, done.stage, since_ms, act, ended_at_ms, reason, policy=done.policy)
            self._incidents.ended(reason)

    def write(
        self,
        told: Told,
        names: "AlertOrder | NamedWait | Round",
        stage: str,
        since_ms: int,
        act: AlertAct,
        ended_at_ms: int | None,
        outcome: str | None,
        *,
        policy: int,
        raised_at_ms: int | None = None,
        limit_ms: int | None = None,
    ) -> None:
        """Write an alert down whole, with what was done to it now."""
        ladder = told.ladder or _NO_LADDER
        state: Literal["firing", "claimed", "resolved", "withdrawn"] = "claimed" if ladder.claimed_by else "firing"
        if told.state == WITHDRAWN:
            state = "withdrawn"
        elif told.state == RESOLVED or ended_at_ms is not None:
            state = "resolved"
        self._host.decisions.append(
            AlertState(
                alert=str(told.wait),
                kind="wait",
                state=state,
                platform=names.platform,
                shop=names.shop,
                conversation=names.conversation,
                buyer=names.buyer,
                team=names.team,
                agent=names.agent,
                account=names.account,
                stage=stage,
                since_ms=since_ms,
                raised_at_ms=ladder.raised_at_ms or raised_at_ms,
                limit_at_ms=ladder.limit_at_ms or limit_ms,
                claimed_by=ladder.claimed_by or None,
                claimed_at_ms=ladder.claimed_at_ms or None,
                muted_until_ms=ladder.muted_until_ms or None,
                stopped=ladder.stopped,
                ended_at_ms=ended_at_ms,
                outcome=outcome,
                told=ladder.told,
                acts=(act,),
                rules=self._policies.rules[policy],
                rule=self._policies[policy].rule,
            )
        )
