"""How good the service's words are: each reply judged, with what was said before it in mind.

Every hit names its rule, the message it is about and, where it is about words, which.
The same events in the same order always give the same hits. What counts as a good or
bad word is in the word lists; here are the rules that need the neighbours.
"""

import re
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from msgspec import Struct

from monitor.core.decisions import CloseRound, Decision, PassPromise, RestateRound, Round
from monitor.core.events import Message
from monitor.core.senders import role_of
from monitor.core.words import ASKS, GREETING, HOLDING, POLITE, text_key
from monitor.suggest.matcher import Matcher
from monitor.suggest.wording import Wording, flattened, parted, spaced, squeezed

LONG_WAIT_MS = 180_000  # After more than this an apology is owed,
APOLOGY_REPLIES = 5  # in one of so many replies,
APOLOGY_MS = 600_000  # within so long.
SESSION_MS = 1_800_000  # A chat silent for longer is another one.
FACTS_MS = 86_400_000  # What a buyer has said of themselves is not asked again the same day.
RECENT_REPLIES = 10  # Among which the same text is a copy.
COPIED_CHARS = 8  # A shorter text may be said again: "好的亲".
UNCLEAR_CHARS = 12  # A longer reply says more than that it does not know.
CURT_CHARS = 2  # A reply of so few letters to a question says too little.
CHATS_AT_MOST = 50_000  # Whose neighbours are remembered: far over the chats of a day's last hours on one floor.

SERIOUS, WARN, NOTE = "serious", "warn", "note"

_TALL = r"(?<![0-9.])1[4-9][0-9](?![0-9.])"  # Centimetres of a grown person.
_KILOS = r"(?:斤|公斤|kg|千克)"
_HEIGHT = re.compile(
    rf"{_TALL}\s{{0,2}}(?:cm|厘米|公分)|身高\D{{0,3}}{_TALL}|1米[4-9]|{_TALL}\D{{1,3}}[0-9]{{2,3}}\s{{0,2}}{_KILOS}"
    rf"|{_TALL}[ ,，/、]{{1,2}}[0-9]{{2,3}}(?![0-9.])"
)
_WEIGHT = re.compile(
    rf"(?<![0-9.])[0-9]{{2,3}}\s{{0,2}}{_KILOS}|体重\D{{0,3}}[0-9]{{2,3}}|{_TALL}[ ,，/、]{{1,2}}[0-9]{{2,3}}(?![0-9.])"
)
_SIZE = re.compile(
    r"(?<![a-z0-9])(?:[smlx]|x{1,4}l|[2-6]xl|[0-9]{2}(?:\.5)?)\s?码|码\D{0,2}[0-9]{2}|(?<![a-z])x{1,4}l(?![a-z])"
)
_FACT_PATTERNS = {"height": _HEIGHT, "weight": _WEIGHT, "size": _SIZE}
# "纯棉的呢" asks nothing, and "这个颜色可以吗" asks for a yes, not for a need.
_FOR_A_YES = re.compile(r"(?:可以|行|对|好|是|满意|合适|确定|喜欢)吗?[呢呀哦哈~？?！! ]*$")
_QUESTION = re.compile(
    r"[?？]|吗|多少|什么|哪|几|还是|谁|多[大高重长]|请问|方便说|不[高胖瘦喜]|麻烦(?:您|你)?(?:说|提供|告诉|报)"
    r"|(?:说|告诉|提供|发)(?:我)?(?:下|一下)|告诉我"
)


def _asks(text: str) -> bool:
    """Whether a reply asks for something, and not only for a yes."""
    return _QUESTION.search(_FOR_A_YES.sub("", text)) is not None


class Fact(NamedTuple):
    """Something a buyer tells of what they need."""

    name: str
    said: tuple[str, ...]
    asked: tuple[str, ...]


class ServiceWords(NamedTuple):
    """The lists by which replies are judged beyond single words."""

    polite: tuple[str, ...] = ()
    apology: tuple[str, ...] = ()
    recommend: tuple[str, ...] = ()
    need: tuple[str, ...] = ()
    curt: tuple[str, ...] = ()
    unclear: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()


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


class Judged(NamedTuple):
    """What came of some events and decisions."""

    hits: list[Hit]
    tallies: list[Tally]
    withdrawn: list[tuple[str, str, str]]  # shop, message, rule: was not so after all.


class _Reply(NamedTuple):
    """A reply as it was read."""

    text: str
    flat: str
    tight: str
    names: dict[str, str]  # By the name of a list the first word of it.
    asks_need: bool
    recommends: bool


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

    def __init__(self, wording: Wording, words: ServiceWords) -> None:
        self._chats: OrderedDict[Key, _Chat] = OrderedDict()
        self._owed: dict[Key, int] = {}  # When an apology that is owed is missed.
        self.reload(wording, words)

    def reload(self, wording: Wording, words: ServiceWords) -> None:
        """Take other word lists from now on."""
        self.wording = wording
        named: list[tuple[str, str]] = []
        for name in ("polite", "apology", "recommend", "need", "unclear"):
            named += [(spaced(word), name) for word in getattr(words, name)]
        named += [(spaced(word), f"?{fact.name}") for fact in words.facts for word in fact.asked]
        by_word: dict[str, list[str]] = {}
        for word, name in named:
            by_word.setdefault(word, []).append(name)
        self._service: Matcher[tuple[str, ...]] = Matcher((word, tuple(names)) for word, names in by_word.items())
        self._facts: Matcher[str] = Matcher((spaced(word), fact.name) for fact in words.facts for word in fact.said)
        self._curt = frozenset(map(squeezed, words.curt))

    def remember(self, key: Key, before: Iterable[tuple[Message, int]]) -> None:
        """Begin a conversation's memory anew with what was said before."""
        self._chats.pop(key, None)
        self._owed.pop(key, None)
        out = nothing()
        for event, words in before:
            self.take(event, words, out, judge=False)

    # -- messages -----------------------------------------------------------------------------------------------------

    def take(self, event: Message, words: int, out: Judged, *, judge: bool = True) -> None:
        """Judge one message, and remember it.

        Args:
            event: what was said.
            words: its classes.
            out: where hits and counts go.
            judge: False only remembers it.
        """
        key = (event.shop, event.conversation or event.buyer or "")
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
            reply = self._read(event)
            if judge:
                out.hits.extend(self._faults(chat, event, words, reply, key[1]))
                if event.role != "assist":
                    out.tallies.extend(self._counts(chat, event, reply))
            self._remember(chat, event, words, reply)

    def _hear(self, chat: _Chat, event: Message, words: int) -> None:
        chat.buyer_asked = bool(words & ASKS) or (not words & POLITE and event.kind == "text")
        if event.text:
            for name in self._told(event.text):
                chat.facts[name] = event.ts_ms

    def _told(self, text: str) -> set[str]:
        """Return what a buyer has told of what they need. A question about it is no telling."""
        flat = text.lower()
        names = {name for name, pattern in _FACT_PATTERNS.items() if pattern.search(flat)}
        if not re.search("[?？吗]", text):
            names |= {hit.value for hit in self._facts.find(spaced(text))}
        return names

    def _read(self, event: Message) -> _Reply:
        text = event.text or ""
        flat = flattened(text)
        apart = parted(flat)
        names: dict[str, str] = {}
        for found in self._service.find(apart):
            for name in found.value:
                names.setdefault(name, found.word)
        asks_need = "need" in names and _asks(text)
        return _Reply(
            text,
            flat,
            apart.replace(" ", ""),
            names,
            asks_need,
            not asks_need and ("recommend" in names or event.kind == "card"),
        )

    def _faults(self, chat: _Chat, event: Message, words: int, reply: _Reply, conversation: str) -> Iterator[Hit]:
        """Yield what is wrong with a reply; of one that an assistant wrote only its words count."""
        agent = event.agent or event.account or ""
        text, tight, names = reply.text, reply.tight, reply.names

        def hit(rule: str, level: str, start: int = 0, end: int = 0, word: str = "") -> Hit:
            return Hit(event.ts_ms, event.shop, conversation, event.id, agent, rule, level, start, end, word)

        found_in = self.wording.check_flat(text, reply.flat, tight, event.platform or "", event.shop) if text else ()
        for found in found_in:
            yield hit(found.rule, found.level, found.start, found.end, found.word)
        if event.role == "assist":
            return
        if chat.facts:
            again = (name for name in names if name[0] == "?" and self._was_told(chat, name[1:], event.ts_ms))
            asked = next(again, None)
            if asked is not None and _asks(text):
                yield hit("asks_again", WARN, 0, len(text), names[asked])
        if chat.buyer_asked and tight and not words & (HOLDING | GREETING) and "polite" not in names:
            if tight in self._curt or (len(tight) <= CURT_CHARS and not tight.isdigit()):
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
    def _counts(chat: _Chat, event: Message, reply: _Reply) -> Iterator[Tally]:
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

    def _remember(self, chat: _Chat, event: Message, words: int, reply: _Reply) -> None:
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
            if sorry:
                self._settle((event.shop, event.conversation or event.buyer or ""), chat)

    # -- decisions ----------------------------------------------------------------------------------------------------

    def decide(self, decision: Decision, out: Judged) -> None:
        """Judge what was decided: a long wait that ended, a promise nobody kept."""
        match decision:
            case CloseRound():
                self._ended(decision.round, out)
            case RestateRound():
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
        if done.outcome != "answered" or done.ended_by is None or done.ended_at_ms is None:
            return
        if done.counted_ms <= LONG_WAIT_MS or done.courtesy:
            return
        agent = done.agent or done.account or ""
        out.tallies.append(Tally(done.ended_at_ms, done.shop, agent, "long_waits"))
        key = (done.shop, done.conversation)
        chat = self._chats.get(key)
        if chat is None:
            return
        since = [said[0] for said in chat.replies]
        if done.ended_by not in since:
            return
        after = chat.replies[since.index(done.ended_by) :]
        if not any(sorry for _, _, sorry in after[:APOLOGY_REPLIES]):
            chat.sorry = _Sorry(done.ended_by, agent, done.ended_at_ms, len(after))
            self._owed[key] = done.ended_at_ms + APOLOGY_MS

    def due(self, now_ms: int, out: Judged) -> None:
        """Judge the apologies whose time is over."""
        for key, until_ms in list(self._owed.items()):
            chat = self._chats.get(key)
            sorry = chat.sorry if chat is not None else None
            if chat is None or sorry is None:
                del self._owed[key]
            elif now_ms >= until_ms or sorry.replies >= APOLOGY_REPLIES:
                self._settle(key, chat)
                out.hits.append(Hit(sorry.since_ms, *key, sorry.message, sorry.agent, "no_apology", WARN))

    def _settle(self, key: Key, chat: _Chat) -> None:
        chat.sorry = None
        self._owed.pop(key, None)

    def _forget_oldest(self) -> None:
        key, _ = self._chats.popitem(last=False)
        self._owed.pop(key, None)


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
