"""From an event to what the fold sees of it: an entry in a conversation's log."""

from collections.abc import Callable

from monitor.core import events as ev
from monitor.core import words as w
from monitor.core.entry import (
    ASKS,
    B_GREETING,
    BOT,
    BUYER,
    BY_LATENCY,
    CLOSED,
    CLOSED_BY_BUYER,
    CODE,
    DISMISS,
    GREETS,
    HANDED_OFF,
    HOLDER,
    HOLDS,
    HUMAN,
    LOST_IT,
    NO_ANSWER,
    POLICY_SHIFT,
    POLITE,
    RECALL,
    Entry,
    Extra,
    Who,
)
from monitor.core.policy import Policy
from monitor.core.policy_numbers import NumberedPolicies

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
_LATENCY_WHAT = tuple(what | BY_LATENCY for what in _HUMAN_WHAT)
_IN_FEW = 0xFFFFFFE0  # Of a message's words: who speaks, where the rules know better, and the time promised.
WHAT: dict[type, int] = {
    ev.ConversationAssigned: HOLDER,
    ev.ConversationTransferred: HOLDER,
    ev.ConversationHandedOff: HANDED_OFF,
    ev.ConversationClosed: CLOSED,
    ev.MessageRecalled: RECALL,
    ev.WaitDismissed: DISMISS,
}
_CLOSED_BY = {"buyer": CLOSED_BY_BUYER, "agent": CLOSED, "system": CLOSED}


_Table = tuple[int, ...] | None
"""What messages of a speaker are, by the classes of their words; None: they end and open nothing."""


class Marks:
    """What messages are in the log, under one policy: tables, so that equal ones share their integer.

    Args:
        number: the policy's.
        policy: says whose reply ends a wait, and whether a bot holds the clock.

    Attributes:
        of_role: the tables by the role that a message came with.
        of_speaker: those by who speaks, where the rules know better.
        bits: those of the policy, in every entry.
        keyed: whether the key of a text is kept: by it a bot's rules know the same question again.
    """

    __slots__ = ("_no_answer", "bits", "keyed", "of_role", "of_speaker")

    def __init__(self, number: int, policy: Policy) -> None:
        self.bits = bits = number << POLICY_SHIFT
        self.keyed = policy.bot == "holds"

        def table(of: tuple[int, ...]) -> tuple[int, ...]:
            return tuple([bits | what for what in of])

        human, bot = table(_HUMAN_WHAT), table(_BOT_WHAT)
        person, assist, seller = (human if role in policy.ends_wait else None for role in ("agent", "assist", "seller"))
        self.of_role: dict[str, _Table] = {
            "buyer": table(_BUYER_WHAT),
            "agent": person,
            "assist": assist,
            "seller": seller,
            "bot": bot,
            **dict.fromkeys(("auto", "note", "system")),
        }
        by_latency = None if person is None else table(_LATENCY_WHAT)
        self.of_speaker: tuple[_Table, ...] = (None, None, bot, None, person, assist, by_latency, None)
        self._no_answer = (bits | BUYER | NO_ANSWER, bits | BUYER)

    def of_buyer(self, event: ev.Message, what: int) -> int:
        """Return what a message is whose words alone make it ``what``; UNFOLDED: it ends and opens nothing.

        Only a buyer's can be put there by entering the chat, and only of a buyer's the platform says whether it needs
        a reply, which wins over our reading.
        """
        if what & CODE != BUYER:
            return what
        if event.needs_reply is None:
            return UNFOLDED if event.entry else what
        return UNFOLDED if event.entry and not event.needs_reply else self._no_answer[event.needs_reply]


class MarksBook(dict[int, Marks]):
    """The marks of each policy, by its number."""

    def __init__(self, policies: NumberedPolicies) -> None:
        super().__init__()
        self._policies = policies
        self._shared: dict[int, int] = {}

    def shared(self, what: int) -> int:
        """Return the one integer for an entry's ``what``: a million open waits hold a million of them."""
        return self._shared.setdefault(what, what)

    def __missing__(self, number: int) -> Marks:
        """Make those of a policy when they are first asked for."""
        marks = self[number] = Marks(number, self._policies[number])
        return marks


def message_entry(event: ev.Message, number: int, words: int, who: Who | None, marks: Marks) -> Entry | None:
    """Return a message as the fold sees it; None when it ends and opens nothing.

    Args:
        event: the message.
        number: its place in the journal.
        words: the classes of its words.
        who: who speaks or is written to.
        marks: those of the policy in force for it.
    """
    table = marks.of_role[event.role]
    promised_ms = 0
    if words & _IN_FEW:
        promised_ms = w.promised_ms(words)
        speaker = words & w.SPEAKER
        if speaker:
            table = marks.of_speaker[speaker >> w.SPEAKER_SHIFT]
    if table is None or event.kind == "reaction":
        return None
    what = table[words & 31]
    if event.needs_reply is not None or event.entry:
        what = marks.of_buyer(event, what)
        if what < 0:
            return None
    more: Who | Extra | None = who
    if promised_ms or event.seq is not None:
        more = Extra(event.seq, promised_ms, w.text_key(words), who=who)
    elif marks.keyed and words >> 32:
        more = Extra(None, 0, words >> 32, who=who)
    return Entry(event.ts_ms, number, event.id, what, more)


def other_entry(event: ev.AnyEvent, number: int, person: Callable[[str | None, str | None], Who], bits: int) -> Entry:
    """Return an event of `WHAT` as the fold sees it.

    Args:
        event: what happened.
        number: its place in the journal.
        person: gives the one object for an agent and account.
        bits: those of the policy in force for it.
    """
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
    return Entry(event.ts_ms, number, event.id, what | bits, more)
