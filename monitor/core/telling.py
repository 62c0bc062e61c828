"""What people have been told about a wait, held against how the wait stands now."""

from typing import Any

from monitor.core.conversation import FIRING, Conversation, Told
from monitor.core.decisions import Round
from monitor.core.hours import CountedClock
from monitor.core.policy import Stage
from monitor.core.policy_numbers import NumberedPolicies
from monitor.core.rounds import still_open
from monitor.core.wait import State, Wait


def keeps_step(told: Told, wait: Wait) -> bool:
    """Whether all that a wait has passed was told, so that its next limit is the next to be told."""
    return told.wait == wait.number and told.state == FIRING and told.stages == wait.passed


def told_of(conversation: Conversation, wait: int) -> Told | None:
    """Return what was told about a wait; None: nothing."""
    for told in reversed(conversation.told):
        if told.wait == wait:
            return told
    return None


def keep_told(conversation: Conversation, told: Told, recent_ms: int) -> None:
    """Add what is told of a wait; what was told of others before ``recent_ms`` nothing late can disprove any more."""
    if conversation.told:
        conversation.told = (*(t for t in conversation.told if t.state == FIRING or t.at_ms > recent_ms), told)
    else:
        conversation.told = (told,)


def anew(told: Told) -> None:
    """It turned out not to have been late, and now it is: told again, as a repetition."""
    told.state, told.repetition, told.first, told.stages = FIRING, told.repetition + 1, 0, 0
    ladder = told.ladder
    if ladder is not None:
        ladder.at_ms, ladder.told, ladder.first_ms = -1, (), 0
        ladder.raised_at_ms, ladder.limit_at_ms = 0, 0


def told_stages(told: Told | None) -> int:
    """Return how many stages need not be told of any more."""
    if told is None:
        return 0
    if told.ladder is not None and told.ladder.stopped:
        return 1 << 30
    return told.stages if told.state == FIRING else 0


def first_limit_ms(stages: tuple[Stage, ...], told: Told) -> int:
    """Return the limit at which a wait was first told of; 0: nobody was told."""
    if told.first:
        return stages[min(told.first, len(stages)) - 1].after_ms  # It may have become a first reply since.
    return told.ladder.first_ms if told.ladder is not None else 0


def was_due(stages: tuple[Stage, ...], clock: CountedClock | None, done: Round, told: Told) -> bool:
    """Whether a wait that has ended had passed, by then, the limit at which it was told of."""
    if done.needs_answer_since_ms is None or done.ended_at_ms is None:
        return False
    courtesy_ms = done.needs_answer_since_ms - done.opened_at_ms
    if clock is not None:
        courtesy_ms = clock.counted(done.opened_at_ms, done.opened_at_ms, done.needs_answer_since_ms)
    return done.counted_ms - courtesy_ms > first_limit_ms(stages, told)


def standing_in(
    conversation: Conversation, platform: str, policies: NumberedPolicies, wait: Wait, now_ms: int
) -> Round:
    """Return a round that carries the names of a wait of which nothing is left."""
    standing = Conversation(
        conversation.shop, conversation.id, conversation.buyer, conversation.number, 0, State(wait=wait)
    )
    standing.state.holder = conversation.state.holder
    return still_open(standing, platform, policies, now_ms)


def order_fields(
    done: Round, told: Told, policies: NumberedPolicies, stage: str, due_at_ms: int, now_ms: int
) -> tuple[Any, ...]:
    """Return the fields all alert orders share, in their order."""
    return (
        told.wait,
        stage,
        due_at_ms,
        now_ms,
        done.platform,
        done.shop,
        done.conversation,
        done.buyer,
        done.agent,
        done.account,
        done.team,
        done.needs_answer_since_ms or done.opened_at_ms,
        done.opened_at_ms,
        done.opened_by,
        done.buyer_messages,
        told.repetition,
        done.closed_unanswered,
        None,
        done.policy,
        policies.rules[done.policy],
        policies[done.policy].rule,
    )
