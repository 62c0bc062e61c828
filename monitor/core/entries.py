"""From an event to what the fold sees of it: an entry in a conversation's log."""

from collections.abc import Callable

from monitor.core import events as ev
from monitor.core import words as w
from monitor.core.fold import (
    ASKS,
    B_GREETING,
    BOT,
    BUYER,
    CLOSED,
    CLOSED_BY_BUYER,
    DISMISS,
    GREETS,
    HANDED_OFF,
    HOLDER,
    HOLDS,
    HUMAN,
    LOST_IT,
    NO_ANSWER,
    POLITE,
    RECALL,
    Entry,
    Extra,
    Who,
)

UNFOLDED = -1  # What is said in this role ends and opens nothing.

# The classes of a message's words (low five bits of `words`) as flags of an entry, by who speaks.
_BUYER_WHAT = tuple(
    BUYER | (POLITE if bits & w.POLITE else 0) | (B_GREETING if bits & w.GREETING else 0) for bits in range(32)
)
_HUMAN_WHAT = tuple(
    HUMAN | (ASKS if bits & w.ASKS else 0) | (HOLDS if bits & w.HOLDING else 0) | (GREETS if bits & w.GREETING else 0)
    for bits in range(32)
)
_BOT_WHAT = tuple(BOT | (LOST_IT if bits & w.NOT_UNDERSTOOD else 0) for bits in range(32))
_PROMISED = 0xFFFFFF00
NOBODY = (None, None)
WHAT: dict[type, int] = {
    ev.ConversationAssigned: HOLDER,
    ev.ConversationTransferred: HOLDER,
    ev.ConversationHandedOff: HANDED_OFF,
    ev.ConversationClosed: CLOSED,
    ev.MessageRecalled: RECALL,
    ev.WaitDismissed: DISMISS,
}
_CLOSED_BY = {"buyer": CLOSED_BY_BUYER, "agent": CLOSED, "system": CLOSED}


def message_entry(
    event: ev.Message, number: int, words: int, who: Who | None, role: int, *, keyed: bool
) -> Entry | None:
    """Return a message as the fold sees it; None when it ends and opens nothing.

    Args:
        event: the message.
        number: its place in the journal.
        words: the classes of its words.
        who: who speaks or is written to.
        role: what its role means under the shop's rules: BUYER, HUMAN, BOT or UNFOLDED.
        keyed: keep the key of its text, by which a bot's rules know the same question again.
    """
    if role < 0 or event.kind == "reaction":
        return None
    if role == BUYER:
        what = _BUYER_WHAT[words & 31]
        if event.entry and not event.needs_reply:
            return None
        if event.needs_reply is not None:
            what = BUYER if event.needs_reply else BUYER | NO_ANSWER
    elif role == HUMAN:
        what = _HUMAN_WHAT[words & 31]
    else:
        what = _BOT_WHAT[words & 31]
    more: Who | Extra | None = who
    if words & _PROMISED or event.seq is not None:
        more = Extra(event.seq, (words >> 8 & 0xFFFFFF) * 1000, w.text_key(words), who=who)
    elif keyed and words >> 32:
        more = Extra(None, 0, words >> 32, who=who)
    return Entry(event.ts_ms, number, event.id, what, more)


def other_entry(event: ev.AnyEvent, number: int, person: Callable[[str | None, str | None], Who]) -> Entry:
    """Return an event of `WHAT` as the fold sees it; ``person`` gives the one object for an agent and account."""
    what = WHAT[type(event)]
    who: Who | None = None
    if what == HOLDER and (event.agent or event.account):
        who = person(event.agent, event.account)
    more: Who | Extra | None = who if event.seq is None else Extra(event.seq, who=who)
    if isinstance(event, ev.ConversationTransferred) and (event.from_agent or event.from_account):
        more = Extra(event.seq, who=who, giver=person(event.from_agent, event.from_account))
    elif isinstance(event, ev.ConversationClosed):
        what = _CLOSED_BY[event.by]
    elif isinstance(event, ev.MessageRecalled):
        more = Extra(event.seq, target=event.message)
    elif isinstance(event, ev.WaitDismissed):
        more = Extra(wait=event.wait)
    return Entry(event.ts_ms, number, event.id, what, more)
