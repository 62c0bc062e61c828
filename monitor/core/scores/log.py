"""What a score sees of a conversation: small entries in order of time.

A score is a pure function of these. The order of arrival never matters, since the
log is sorted; what a correction changes is found by scoring the log again.
"""

from collections.abc import Iterable
from operator import attrgetter

from msgspec import Struct
from msgspec.structs import replace

from monitor.core import events as ev
from monitor.core import words as w
from monitor.core.lists import since_ms
from monitor.core.roster import Register
from monitor.core.senders import role_of

BUYER, REPLY, BOT, AUTO, HANDED_OFF, ASSIGNED, TRANSFERRED, CLOSED_BY_BUYER, CLOSED, RECALL, DISMISS = range(11)
LISTED, UNLISTED, NOISE = 11, 12, 13

# Flags.
HOLDS = 1  # reply: only holds the buyer off
GREETS = 2  # reply: greets and nothing else
SHORT = 4  # reply: at most two characters
NEEDLESS = 8  # buyer: the platform says that no reply is needed
ASSIST = 16  # reply: bot text that a person sent under the account
CARD = 32  # no words: a card
POLITE = 128  # buyer: polite words only
BY_LATENCY = 64  # reply: a bot's, if it came too soon for a person

SHORT_CHARS = 2
RECALL_WITHIN_MS = 600_000  # As in the conversation: what was said long ago cannot be taken back.

_CODES: dict[str, int] = {"buyer": BUYER, "agent": REPLY, "seller": REPLY, "assist": REPLY, "bot": BOT, "auto": AUTO}
_OTHERS: dict[type, int] = {
    ev.ConversationAssigned: ASSIGNED,
    ev.ConversationTransferred: TRANSFERRED,
    ev.ConversationHandedOff: HANDED_OFF,
    ev.ConversationClosed: CLOSED,
    ev.MessageRecalled: RECALL,
    ev.WaitDismissed: DISMISS,
}


class Said(Struct, frozen=True, array_like=True, gc=False):
    """One entry of the log."""

    ts_ms: int
    seq: int  # The platform's own order among equal instants; -1: none.
    number: int  # The order of arrival.
    code: int
    flags: int
    agent: str | None
    account: str | None  # The agent's name, where the feed names no account.
    id: str = ""
    other: str | None = None  # recall: the message taken back; transfer: the account that passes the chat on.
    since_ms: int = 0  # listed: since when the buyer waits; a reply that holds: within how long it promises an answer.


def said(event: ev.AnyEvent, number: int, words: int = 0) -> Said | None:
    """Return an event as scores see it; None where no score has a use for it.

    Args:
        event: of one conversation; lists of who waits go through `listed`.
        number: its place in the order of arrival.
        words: the classes of its words, and who speaks, as decided at acceptance.
    """
    seq = -1 if event.seq is None else event.seq
    account = event.account or event.agent
    if isinstance(event, ev.Message):
        spoken = role_of(event, words)
        code = _CODES.get(spoken)
        kind = event.kind
        if code is None and event.role == "buyer" and spoken == "system":
            code = NOISE
        if code is None or kind == "reaction":
            return None
        flags = CARD if kind == "card" else 0
        promised_ms = 0
        if code == BUYER:
            needs_reply = event.needs_reply
            if event.entry and not needs_reply:
                return None
            if needs_reply is False:
                flags |= NEEDLESS
            elif words & w.POLITE and not needs_reply:
                flags |= POLITE
        elif code == REPLY:
            if words:
                promised_ms = w.promised_ms(words) if words & w.HOLDING else 0
                flags |= (HOLDS if words & w.HOLDING else 0) | (GREETS if words & w.GREETING else 0)
                if words & w.SPEAKER == w.BY_LATENCY:
                    flags |= BY_LATENCY
            if spoken == "assist":
                flags |= ASSIST
            if kind == "text" and len((event.text or "").strip()) <= SHORT_CHARS:
                flags |= SHORT
        return Said(event.ts_ms, seq, number, code, flags, event.agent, account, event.id, None, promised_ms)
    code = _OTHERS.get(type(event))
    if code is None:
        return None
    other = None
    if isinstance(event, ev.MessageRecalled):
        other = event.message
    elif isinstance(event, ev.ConversationTransferred):
        other = event.from_account or event.from_agent
    elif isinstance(event, ev.ConversationClosed) and event.by == "buyer":
        code = CLOSED_BY_BUYER
    return Said(event.ts_ms, seq, number, code, 0, event.agent, account, event.id, other)


def of_person(entry: Said, shop: str, register: Register) -> Said:
    """Return an entry with the person whose it is, by their id: one person answers under many accounts and names.

    Whose an account is that nobody has written down, or at which several may be sitting, is not known: the entry names
    nobody. What a bot says is no person's.
    """
    who = entry.agent
    if who is not None:
        who = register.id_of(who)
    elif entry.account is not None and entry.code not in (BOT, AUTO):
        account = register.account(entry.account, shop)
        if account is not None and account.persons:
            who = register.who(None, entry.account, shop, entry.ts_ms)
    return entry if who == entry.agent else replace(entry, agent=who)


def listed(event: ev.WaitingSnapshot, number: int) -> Iterable[tuple[str, str | None, Said]]:
    """Yield each chat a list of who waits names: its id, its buyer, and the entry of its log."""
    account = event.account or event.agent
    for row in event.rows:
        chat = row.conversation or row.buyer
        if chat:
            since = since_ms(event, row)
            entry = Said(event.ts_ms, -1, number, LISTED, 0, event.agent, account, event.id, None, since)
            yield chat, row.buyer, entry


def unlisted(event: ev.WaitingSnapshot, number: int) -> Said:
    """Return what a complete list is in the log of a chat that it does not name."""
    return Said(event.ts_ms, -1, number, UNLISTED, 0, event.agent, event.account or event.agent, event.id)


_in_time = attrgetter("ts_ms", "seq", "number")
_code = attrgetter("code")


def in_order(log: Iterable[Said]) -> list[Said]:
    """Return a log in order of time, without what was taken back, as if it had never been said.

    A person's message counts as never sent when it was taken back in time; a buyer's
    when it had no answer by then.
    """
    entries = sorted(log, key=_in_time)
    if RECALL not in map(_code, entries):
        return entries
    recalls: dict[str, int] = {}
    for entry in entries:
        if entry.code == RECALL and entry.other:
            recalls.setdefault(entry.other, entry.ts_ms)
    gone: set[str] = set()
    pending: set[str] = set()
    for entry in entries:
        at_ms = recalls.get(entry.id)
        if entry.code == BUYER:
            if at_ms is not None:
                gone.add(entry.id)
                pending.add(entry.id)
        elif entry.code in (REPLY, BOT, AUTO) and at_ms is not None and at_ms - entry.ts_ms <= RECALL_WITHIN_MS:
            gone.add(entry.id)
        elif entry.code in (REPLY, CLOSED_BY_BUYER):
            gone -= pending
            pending.clear()
        elif entry.code == RECALL and entry.other:
            pending.discard(entry.other)
    return [entry for entry in entries if entry.id not in gone or entry.code == RECALL]


def without_bots(log: list[Said], within_ms: int) -> list[Said]:
    """Return a log in which an answer that came too soon for a person is a bot's, where senders are told by latency."""
    found, asked_ms = [], -1
    for entry in log:
        if entry.code == BUYER:
            asked_ms = entry.ts_ms
        elif entry.flags & BY_LATENCY and asked_ms >= 0 and entry.ts_ms - asked_ms <= within_ms:
            entry = replace(entry, code=BOT, flags=0)
        found.append(entry)
    return found
