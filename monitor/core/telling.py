"""What people have been told about a wait, held against how the wait stands now."""

from typing import Any

from monitor.core.conversation import FIRING, Conversation, Told
from monitor.core.decisions import Round
from monitor.core.fold import State, Wait
from monitor.core.policy import Policy, Stage
from monitor.core.rounds import still_open


def keeps_step(told: Told, wait: Wait) -> bool:
    """Whether all that a wait has passed was told, so that its next limit is the next to be told."""
    return told.wait == wait.number and told.state == FIRING and told.stages == wait.passed


def told_of(conversation: Conversation, wait: int) -> Told | None:
    """Return what was told about a wait; None: nothing."""
    for told in reversed(conversation.told):
        if told.wait == wait:
            return told
    return None


def was_due(stages: tuple[Stage, ...], done: Round, told: Told) -> bool:
    """Whether a wait that has ended had passed, by then, the stage at which it was told of."""
    if done.needs_answer_since_ms is None or done.ended_at_ms is None:
        return False
    courtesy_ms = done.needs_answer_since_ms - done.opened_at_ms
    return done.counted_ms - courtesy_ms > stages[told.first - 1].after_ms


def standing_in(conversation: Conversation, platform: str, policy: Policy, wait: Wait, now_ms: int) -> Round:
    """Return a round that carries the names of a wait of which nothing is left."""
    standing = Conversation(
        conversation.shop, conversation.id, conversation.buyer, conversation.number, 0, State(wait=wait)
    )
    standing.state.holder = conversation.state.holder
    return still_open(standing, platform, policy, now_ms)


def order_fields(done: Round, told: Told, stage: str, due_at_ms: int, now_ms: int) -> tuple[Any, ...]:
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
    )
