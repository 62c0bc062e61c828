"""From a wait that has ended, or stands open, to the round that is written down."""

from msgspec.structs import replace

from monitor.core.conversation import Conversation
from monitor.core.decisions import Holding, Round
from monitor.core.entry import Who
from monitor.core.fold import Ending
from monitor.core.hours import CountedClock
from monitor.core.policy import Policy, Stage
from monitor.core.policy_numbers import NumberedPolicies
from monitor.core.wait import CLOSED_UNANSWERED, FIRST, Wait


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


def ended(conversation: Conversation, platform: str, policies: NumberedPolicies, ending: Ending) -> Round:
    """Return the round of a wait that has ended, or would end so."""
    wait, outcome, at_ms, holder = ending.wait, ending.outcome, ending.at_ms, ending.holder
    answered_by = ending.by if outcome == "answered" else None
    policy, clock = policies[wait.policy], policies.clocks[wait.policy]
    stages = window(policy, wait)
    counted_ms = at_ms - wait.opened_at_ms
    if wait.standing is not None or clock is not None:
        counted_ms = wait.counted_ms(at_ms, clock)
    passed = stages_passed(stages, counted_ms) if counted_ms > stages[0].after_ms else 0
    credited = holder
    if answered_by is not None and answered_by.more is not holder and (sender := answered_by.who) is not None:
        credited = sender
        if credited.agent is None and holder is not None and holder.account == credited.account:
            credited = holder  # The account answered, and it is known who sits at it.
    if wait.holders is not None:
        holders = _holders(wait.holders, at_ms)
    elif holder is None:
        holders = (Holding(None, None, at_ms - wait.opened_at_ms),)
    else:
        holders = (Holding(holder.agent, holder.account, at_ms - wait.opened_at_ms),)
    flags = wait.flags
    # By position: this is made for every round, and naming 25 fields costs as much again. The order is the class's.
    done = Round(
        wait.number,
        platform,
        conversation.shop,
        conversation.id,
        conversation.buyer or conversation.id,
        policy.team,
        wait.opened_by,
        wait.opened_at_ms,
        wait.since_ms or None,
        answered_by.id if answered_by is not None else None,
        None if outcome == "open" else at_ms,
        credited.agent if credited is not None else None,
        credited.account if credited is not None else None,
        counted_ms,
        outcome,
        wait.messages,
        ending.held,
        flags & FIRST > 0,
        flags & CLOSED_UNANSWERED > 0,
        stages[passed - 1].name if passed else "fresh",
        tuple([stage.name for stage in stages[:passed]]) if passed else (),
        holders,
        policy=wait.policy,
    )
    return done if ending.after_ms is None else _unseen(done, policy, clock, wait, ending.after_ms)


def _unseen(done: Round, policy: Policy, clock: CountedClock | None, wait: Wait, after_ms: int) -> Round:
    """Return the round of an answer that we did not see: it passed only what it had by the lower bound."""
    stages = window(policy, wait)
    names = tuple(stage.name for stage in stages[: stages_passed(stages, wait.counted_ms(after_ms, clock))])
    return replace(done, ended_after_ms=after_ms, passed=names, stage=names[-1] if names else "fresh")


def still_open(conversation: Conversation, platform: str, policies: NumberedPolicies, now_ms: int) -> Round:
    """Return the round of the open wait as it stands at ``now_ms``."""
    wait = conversation.state.wait
    assert wait is not None
    return ended(conversation, platform, policies, Ending(wait, "open", now_ms, None, conversation.state.holder))


def _holders(held: tuple[tuple[int, Who | None], ...], end_ms: int) -> tuple[Holding, ...]:
    """Charge each holder the time they held the wait."""
    starts = [start for start, _ in held]
    return tuple(
        Holding(who.agent if who else None, who.account if who else None, max(0, end - start))
        for (start, who), end in zip(held, [*starts[1:], end_ms], strict=True)
    )
