"""What one reply says: which lists its words are of, what it asks for, whether it recommends; and what a buyer tells.

A text is brought into one form once, and its pairs of characters are gathered once: most
lists share none with it, and are done with.
"""

import re
from typing import NamedTuple

from msgspec import Struct

from monitor.core.events import Message
from monitor.core.words import ASKS, GREETING, HOLDING
from monitor.suggest.matcher import Matcher, WordSets, pairs_of
from monitor.suggest.wording import flattened, parted, spaced, squeezed, tightened

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

_LATIN = re.compile("[a-z]")
# "这个颜色可以吗" asks for a yes, not for a need.
_FOR_A_YES = re.compile(r"(?:可以|行|对|好|是|满意|合适|确定|喜欢)吗?[呢呀哦哈~？?！! ]*$")
# Asked so, an answer tells something: what, which, how much, this or that, or how it is with the buyer.
_OPEN = re.compile(
    r"什么|啥|哪|多少|几|谁|多[大高重长宽厚]|还是|怎样|干嘛|\b(?:what|which|who|how|when|where)(?:'?s)?\b| or "
    r"|\b(?:are|do|does|is|will|would) (?:you|u|your|ur|he|she|it for)\b"
)
# Asked without a question: "身高体重报一下".
_REQUEST = re.compile(
    r"[报说讲量述供诉发](?:我|给我)?(?:一?下|一声|看看|我)|[请烦][您你]?先?(?:报|说|告诉|提供|描述)|[您你]报[个下]"
    r"|\b(?:tell (?:me|us)|let (?:me|us) know)\b"
)


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
    not_need: tuple[str, ...] = ()
    curt: tuple[str, ...] = ()
    unclear: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()


class Reply(Struct, frozen=True, gc=False):
    """A reply as it was read."""

    text: str
    flat: str  # Small, simplified, half-width.
    tight: str  # The same without anything but letters and digits.
    pairs: set[str]  # Of the characters of `tight`.
    names: dict[str, str]  # By the name of a list the first word of it; of how a fact is asked, "?" and its name.
    asks_need: bool
    recommends: bool


class ReplyReader:
    """Reads replies by the lists."""

    def __init__(self, words: ServiceWords) -> None:
        named = [
            (spaced(word), name)
            for name in ("polite", "apology", "recommend", "need", "not_need", "unclear")
            for word in getattr(words, name)
        ]
        named += [(spaced(word), f"?{fact.name}") for fact in words.facts for word in fact.asked]
        self._service = WordSets(named)
        self._facts: Matcher[str] = Matcher((spaced(word), fact.name) for fact in words.facts for word in fact.said)
        self.curt = frozenset(map(squeezed, words.curt))

    def read(self, event: Message, words: int) -> Reply:
        """Return a reply as it was read; ``words`` are its classes."""
        text = event.text or ""
        flat = flattened(text)
        tight = tightened(flat)
        pairs = pairs_of(tight)
        if _LATIN.search(flat):  # Words of English end at a space, so it must stay.
            apart = parted(flat)
            names = self._service.found(apart, pairs_of(apart))
        else:
            names = self._service.found(tight, pairs)
        asks_need = (
            (words & ASKS or "need" in names)
            and "not_need" not in names
            and not words & (HOLDING | GREETING)
            and asks(flat, words)
            and ("need" in names or _OPEN.search(flat) is not None)
        )
        recommends = not asks_need and ("recommend" in names or event.kind == "card")
        return Reply(text, flat, tight, pairs, names, bool(asks_need), recommends)

    def told(self, text: str) -> set[str]:
        """Return what a buyer has told of what they need. A question about it is no telling."""
        flat = text.lower()
        names = {name for name, pattern in _FACT_PATTERNS.items() if pattern.search(flat)}
        if not re.search("[?？吗]", text):
            names |= {hit.value for hit in self._facts.find(spaced(text))}
        return names


def asks(flat: str, words: int) -> bool:
    """Return whether a reply asks for something, and not only for a yes."""
    if words & ASKS:
        return _FOR_A_YES.search(flat) is None or _OPEN.search(flat) is not None
    return _REQUEST.search(flat) is not None
