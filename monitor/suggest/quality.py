"""How good the service's words are: each reply judged, with what was said before it in mind.

Every hit names its rule, the message it is about and, where it is about words, which.
The same events in the same order always give the same hits. What counts as a good or
bad word is in the word lists; here are the rules that need the neighbours.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from msgspec import Struct

from monitor.core.decisions import CloseRound, Decision, PassPromise, RestateRound, Round
from monitor.core.events import Message
from monitor.core.owed import is_long
from monitor.core.senders import role_of
from monitor.core.units import DAY_MS
from monitor.core.words import ASKS, GREETING, HOLDING, POLITE, text_key
from monitor.suggest.reply import Reply, ReplyReader, ServiceWords, asks
from monitor.suggest.wording import Wording

APOLOGY_REPLIES = 5  # An apology after a long wait is owed in one of so many replies,
APOLOGY_MS = 600_000  # within so long.
SESSION_MS = 1_800_000  # A chat silent for longer is another one.
FACTS_MS = DAY_MS  # What a buyer has said of themselves is not asked again the same day.
RECENT_REPLIES = 10  # Among which the same text is a copy.
COPIED_CHARS = 8  # A shorter text may be said again: "好的亲".
UNCLEAR_CHARS = 12  # A longer reply says more than that it does not know.
CURT_CHARS = 2  # A reply of so few letters to a question says too little.
CHATS_KEPT_MS = 3 * DAY_MS  # Since the last word: a promise given before a weekend is missed after it.
CHATS_AT_MOST = 50_000  # Whose neighbours are remembered: far over the chats of a day's last hours on one floor.

SERIOUS, WARN, NOTE = "serious", "warn", "note"


class Hit(Struct, frozen=True, gc=False):
    """One rule that one message broke."""

    at_ms: int
    shop: str
    conversation: str
    message: str
    agent: str
    rule: str
    level: str
    start: int = 0  # The stretch of the text it is about; 0, 0: all of it.
    end: int = 0
    word: str = ""


class Tally(NamedTuple):
    """Something counted, good or bad, as what rates are over."""

    at_ms: int
    shop: str
    agent: str
    what: str
    times: int = 1  # -1: what was counted was not so.


class Judged(NamedTuple):
    """What came of some events and decisions."""

    hits: list[Hit]
    tallies: list[Tally]
    withdrawn: list[tuple[str, str, str]]  # shop, message, rule: was not so after all.


class _Sorry(Struct, gc=False):
    """An apology that is owed."""

    message: str
    agent: str
    since_ms: int
    replies: int


class _Chat(Struct, gc=False):
    """What is remembered of a conversation."""

    last_ms: int = 0
    facts: dict[str, int] = {}
    asked_need: bool = False
    recommended: bool = False
    buyer_asked: bool = False  # The buyer's last words ask something.
    replies: tuple[tuple[str, int, bool], ...] = ()  # id, key of its text, whether it apologised; newest last.
    held: str = ""  # The last holding reply.
    sorry: _Sorry | None = None


Key = tuple[str, str]


class Judge:
    """Judges what is said; one for all shops.

    Args:
        wording: lists of words that are a fault.
        words: lists for the rules that need the neighbours.

    Attributes:
        wording: the lists in force.
    """

    def __init__(
        self, wording: Wording, words: ServiceWords, stands_for: Callable[[str, str], str] = lambda _, chat: chat
    ) -> None:
        self._stands_for = stands_for
        self._chats: OrderedDict[Key, _Chat] = OrderedDict()
        self._owed: dict[Key, int] = {}  # When an apology that is owed is missed.
        self.reload(wording, words)

    @property
    def remembered(self) -> int:
        """How many chats are."""
        return len(self._chats)

    def reload(self, wording: Wording, words: ServiceWords) -> None:
        """Take other word lists from now on."""
        self.wording = wording
        self._reader = ReplyReader(words)

    def remember(self, key: Key, before: Iterable[tuple[Message, int]]) -> None:
        """Begin a conversation's memory anew with what was said before."""
        self._chats.pop(key, None)
        self._owed.pop(key, None)
        out = nothing()
        for event, words in before:
            self._take(key, event, words, out, judge=False)

    def chat_of(self, event: Message) -> Key:
        """Return the conversation that a message is part of, whichever of its buyer's chats it came in."""
        return event.shop, self._stands_for(event.shop, event.conversation or event.buyer or "")

    # -- messages -----------------------------------------------------------------------------------------------------

    def take(self, event: Message, words: int, out: Judged) -> None:
        """Judge one message, and remember it.

        Args:
            event: what was said.
            words: its classes.
            out: where hits and counts go.
        """
        self._take(self.chat_of(event), event, words, out, judge=True)

    def _take(self, key: Key, event: Message, words: int, out: Judged, *, judge: bool) -> None:
        chat = self._chats.get(key)
        if chat is None:
            chat = self._chats[key] = _Chat(facts={})
            if len(self._chats) > CHATS_AT_MOST:
                self._forget_oldest()
        else:
            self._chats.move_to_end(key)
        if event.ts_ms - chat.last_ms > SESSION_MS:
            chat.asked_need = chat.recommended = False
        chat.last_ms = max(chat.last_ms, event.ts_ms)
        role = role_of(event, words)
        if role == "buyer":
            self._hear(chat, event, words)
        elif role in ("agent", "assist", "seller"):
            reply = self._reader.read(event, words)
            if judge:
                out.hits.extend(self._faults(chat, event, words, reply))
                if event.role != "assist":
                    out.tallies.extend(self._counts(chat, event, reply))
            self._remember(key, chat, event, words, reply)

    def _hear(self, chat: _Chat, event: Message, words: int) -> None:
        chat.buyer_asked = bool(words & ASKS) or (not words & POLITE and event.kind == "text")
        if event.text:
            for name in self._reader.told(event.text):
                chat.facts[name] = event.ts_ms

    def _faults(self, chat: _Chat, event: Message, words: int, reply: Reply) -> Iterator[Hit]:
        """Yield what is wrong with a reply; of one that an assistant wrote only its words count."""
        conversation = event.conversation or event.buyer or ""
        agent = event.agent or event.account or ""
        text, tight, names = reply.text, reply.tight, reply.names

        def hit(rule: str, level: str, start: int = 0, end: int = 0, word: str = "") -> Hit:
            return Hit(event.ts_ms, event.shop, conversation, event.id, agent, rule, level, start, end, word)

        found_in = (
            self.wording.check_read(text, reply.flat, tight, reply.pairs, event.platform or "", event.shop)
            if text
            else ()
        )
        for found in found_in:
            yield hit(found.rule, found.level, found.start, found.end, found.word)
        if event.role == "assist":
            return
        if chat.facts:
            again = (name for name in names if name[0] == "?" and self._was_told(chat, name[1:], event.ts_ms))
            asked = next(again, None)
            if asked is not None and asks(reply.flat, words):
                yield hit("asks_again", WARN, 0, len(text), names[asked])
        if chat.buyer_asked and tight and not words & (HOLDING | GREETING) and "polite" not in names:
            if tight in self._reader.curt or (len(tight) <= CURT_CHARS and not tight.isdigit()):
                yield hit("curt", NOTE, 0, len(text), tight[:20])
            elif "unclear" in names and len(tight) <= UNCLEAR_CHARS:
                yield hit("unclear", NOTE, 0, len(text), names["unclear"])
        key = text_key(words)
        if key and len(tight) >= COPIED_CHARS and any(key == said for _, said, _ in chat.replies):
            yield hit("copied", NOTE, 0, len(text))
        if reply.recommends and not (chat.recommended or chat.asked_need or chat.facts):
            yield hit("recommends_unasked", NOTE, 0, len(text), names.get("recommend", ""))

    @staticmethod
    def _was_told(chat: _Chat, fact: str, now_ms: int) -> bool:
        told_at_ms = chat.facts.get(fact)
        return told_at_ms is not None and now_ms - told_at_ms <= FACTS_MS

    @staticmethod
    def _counts(chat: _Chat, event: Message, reply: Reply) -> Iterator[Tally]:
        """Yield what rates are over."""
        agent = event.agent or event.account or ""
        yield Tally(event.ts_ms, event.shop, agent, "replies")
        if "polite" in reply.names:
            yield Tally(event.ts_ms, event.shop, agent, "polite")
        if reply.asks_need and not chat.asked_need:
            yield Tally(event.ts_ms, event.shop, agent, "need_asked")
        if reply.recommends and not chat.recommended:
            yield Tally(event.ts_ms, event.shop, agent, "recommended")
            if chat.asked_need or chat.facts:
                yield Tally(event.ts_ms, event.shop, agent, "recommended_after_asking")

    def _remember(self, key: Key, chat: _Chat, event: Message, words: int, reply: Reply) -> None:
        if event.role != "assist":
            chat.asked_need = chat.asked_need or reply.asks_need
            chat.recommended = chat.recommended or reply.recommends
        if words & HOLDING:
            chat.held = event.id
        elif reply.text:
            chat.buyer_asked = False
        sorry = "apology" in reply.names
        chat.replies = (*chat.replies[1 - RECENT_REPLIES :], (event.id, text_key(words), sorry))
        if chat.sorry is not None:
            chat.sorry.replies += 1
            in_time = chat.sorry.replies <= APOLOGY_REPLIES and event.ts_ms < chat.sorry.since_ms + APOLOGY_MS
            if sorry and in_time:
                self._settle(key, chat)

    # -- decisions ----------------------------------------------------------------------------------------------------

    def decide(self, decision: Decision, out: Judged) -> None:
        """Judge what was decided: a long wait that ended, a promise nobody kept."""
        match decision:
            case CloseRound():
                self._ended(decision.round, out)
            case RestateRound():
                if is_long(decision.was):
                    out.tallies.append(_long_wait(decision.was, -1))
                if decision.was is not None and decision.was.ended_by is not None:
                    out.withdrawn.append((decision.was.shop, decision.was.ended_by, "no_apology"))
                    chat = self._chats.get((decision.was.shop, decision.was.conversation))
                    if chat is not None and chat.sorry is not None and chat.sorry.message == decision.was.ended_by:
                        self._settle((decision.was.shop, decision.was.conversation), chat)
                if decision.now is not None:
                    self._ended(decision.now, out)
            case PassPromise() if decision.stage == "missed" and not decision.greeting:
                key = (decision.shop, decision.conversation)
                chat = self._chats.get(key)
                held = chat.held if chat is not None else ""
                agent = decision.agent or decision.account or ""
                out.hits.append(Hit(decision.decided_at_ms, *key, held, agent, "promise_missed", SERIOUS))

    def _ended(self, done: Round, out: Judged) -> None:
        """Note a long wait that a reply ended: an apology is owed, unless one was given."""
        if is_long(done):
            out.tallies.append(_long_wait(done))
            self.owe(done)

    def owe(self, done: Round) -> None:
        """Note that a reply after a long wait owes an apology, unless one was given, whose wait is counted already."""
        key = (done.shop, done.conversation)
        chat = self._chats.get(key)
        if chat is None:
            return
        since = [said[0] for said in chat.replies]
        if done.ended_by is None or done.ended_at_ms is None or done.ended_by not in since:
            return
        after = chat.replies[since.index(done.ended_by) :]
        if not any(sorry for _, _, sorry in after[:APOLOGY_REPLIES]):
            agent = done.agent or done.account or ""
            chat.sorry = _Sorry(done.ended_by, agent, done.ended_at_ms, len(after))
            self._owed[key] = done.ended_at_ms + APOLOGY_MS

    @property
    def owing(self) -> set[tuple[str, str]]:
        """Shop and message of the replies that owe an apology."""
        return {(key[0], sorry.message) for key in self._owed if (sorry := self._chats[key].sorry) is not None}

    def due(self, now_ms: int, out: Judged) -> None:
        """Judge the apologies whose time is over; forget the chats that have been silent for days."""
        for key, until_ms in list(self._owed.items()):
            chat = self._chats.get(key)
            sorry = chat.sorry if chat is not None else None
            if chat is None or sorry is None:
                del self._owed[key]
            elif now_ms >= until_ms or sorry.replies >= APOLOGY_REPLIES:
                self._settle(key, chat)
                out.hits.append(Hit(sorry.since_ms, *key, sorry.message, sorry.agent, "no_apology", WARN))
        # After that: of one that was owed before days in which we were away the time is over only now.
        while self._chats and next(iter(self._chats.values())).last_ms < now_ms - CHATS_KEPT_MS:
            self._forget_oldest()

    def _settle(self, key: Key, chat: _Chat) -> None:
        chat.sorry = None
        self._owed.pop(key, None)

    def _forget_oldest(self) -> None:
        key, _ = self._chats.popitem(last=False)
        self._owed.pop(key, None)


def _long_wait(done: Round, times: int = 1) -> Tally:
    return Tally(done.ended_at_ms or 0, done.shop, done.agent or done.account or "", "long_waits", times)


def nothing() -> Judged:
    """Return where hits and counts go."""
    return Judged([], [], [])


def brands(shops: Iterable[tuple[str, str | None, Iterable[str]]]) -> Mapping[str, frozenset[str]]:
    """Return the words that tell a brand, each with the shops that may say it.

    Args:
        shops: of each its name in the events, its brand, and its words; shops of one brand may say each other's.
    """
    shops = [(shop, brand, tuple(words)) for shop, brand, words in shops]
    of_brand: dict[str, set[str]] = {}
    for shop, brand, _ in shops:
        of_brand.setdefault(brand or f"\0{shop}", set()).add(shop)
    found: dict[str, set[str]] = {}
    for shop, brand, words in shops:
        for word in words:
            found.setdefault(word, set()).update(of_brand[brand or f"\0{shop}"])
    return {word: frozenset(who) for word, who in found.items()}
