"""From a wait that has ended, or stands open, to the round that is written down."""

from monitor.core.conversation import Conversation
from monitor.core.decisions import Holding, Outcome, Round
from monitor.core.fold import CLOSED_UNANSWERED, FIRST, Ending, Entry, Wait, Who
from monitor.core.policy import Policy, Stage


def window(policy: Policy, wait: Wait) -> tuple[Stage, ...]:
    """Return the stages a wait is held against: the first reply of a session may have its own."""
    if policy.first_window is not None and wait.flags & FIRST:
        return policy.first_window
    return policy.window


def stages_passed(stages: tuple[Stage, ...], counted_ms: int) -> int:
    """Return how many limits a counted clock has passed; a reply at exactly the limit is in time."""
    passed = 0
    for stage in stages:
        if counted_ms <= stage.after_ms:
            break
        passed += 1
    return passed


def ended(conversation: Conversation, platform: str, policy: Policy, ending: Ending) -> Round:
    """Return the round of a wait that has ended."""
    wait, by = ending.wait, ending.by
    answered_by = by if ending.outcome == "answered" else None
    return _round(
        conversation,
        platform,
        policy,
        wait,
        outcome=ending.outcome,
        at_ms=ending.at_ms,
        answered_by=answered_by,
        holder=ending.holder,
        held=ending.held,
    )


def still_open(conversation: Conversation, platform: str, policy: Policy, now_ms: int) -> Round:
    """Return the round of the open wait as it stands at ``now_ms``."""
    wait = conversation.state.wait
    assert wait is not None
    return _round(
        conversation,
        platform,
        policy,
        wait,
        outcome="open",
        at_ms=now_ms,
        answered_by=None,
        holder=conversation.state.holder,
        held=False,
    )


def _round(
    conversation: Conversation,
    platform: str,
    policy: Policy,
    wait: Wait,
    *,
    outcome: Outcome,
    at_ms: int,
    answered_by: Entry | None,
    holder: Who | None,
    held: bool,
) -> Round:
    stages = window(policy, wait)
    counted_ms = wait.counted_ms(at_ms)
    passed = stages_passed(stages, counted_ms)
    credited = answered_by.who if answered_by is not None and answered_by.who is not None else holder
    opening = wait.opening
    return Round(
        wait=wait.number,
        platform=platform,
        shop=conversation.shop,
        conversation=conversation.id,
        buyer=conversation.buyer or conversation.id,
        team=policy.team,
        opened_by=opening.id,
        opened_at_ms=opening.ts_ms,
        needs_answer_since_ms=wait.since_ms or None,
        ended_by=answered_by.id if answered_by is not None else None,
        ended_at_ms=None if outcome == "open" else at_ms,
        agent=credited.agent if credited is not None else None,
        account=credited.account if credited is not None else None,
        counted_ms=counted_ms,
        outcome=outcome,
        buyer_messages=wait.messages,
        held=held,
        first=bool(wait.flags & FIRST),
        closed_unanswered=bool(wait.flags & CLOSED_UNANSWERED),
        stage=stages[passed - 1].name if passed else "fresh",
        passed=tuple([stage.name for stage in stages[:passed]]) if passed else (),
        holders=_holders(wait, holder, at_ms),
    )


def _holders(wait: Wait, holder: Who | None, end_ms: int) -> tuple[Holding, ...]:
    """Charge each holder the time they held the wait."""
    if wait.holders is None:
        whole = end_ms - wait.opening.ts_ms
        return (Holding(None, None, whole) if holder is None else Holding(holder.agent, holder.account, whole),)
    starts = [start for start, _ in wait.holders]
    return tuple(
        Holding(who.agent if who else None, who.account if who else None, max(0, end - start))
        for (start, who), end in zip(wait.holders, [*starts[1:], end_ms], strict=True)
    )
