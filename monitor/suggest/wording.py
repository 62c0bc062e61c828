"""What is wrong or right with the words of one reply: forbidden, boastful, leading off the platform, another shop's.

Each hit names its rule and the stretch of the text it is about. A text is read with
everything taken out that people put in to evade (spaces, signs, emoji), so that
"微 信", "V❤" and "v.x" read like the words they stand for.
"""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from monitor.core.words import to_simplified
from monitor.suggest.matcher import Matcher, pairs_of

CHARS_AT_MOST = 2_000  # Of a reply: what no agent types is not read to its end.

# Same length as what they stand for: a place in the one is the place in the other.
_FLAT = {
    **{0xFF01 + n: chr(0x21 + n) for n in range(94)},  # Full width to half.
    **dict.fromkeys(map(ord, "❤♥💗💕💓💖🧡💛💚💙💜🖤♡"), "心"),
    **dict.fromkeys(map(ord, "➕✚"), "加"),
    ord("Ⅴ"): "v",
    ord("ⅴ"): "v",
    ord("Ｖ"): "v",
    ord("ν"): "v",
    ord("×"): "x",
    ord("χ"): "x",
    ord("ⓥ"): "v",
    ord("ⓧ"): "x",
}
_PLUS_BEFORE_CONTACT = re.compile(r"\+(?=[^\w]*[vwq微薇威扣])")
_WORDS = re.compile(r"[\w%]+")
_ANY_ODD = re.compile(r"[^\x00-\x7f\u3400-\u9fff\u3000-\u303f，。！？：；、（）～…“”‘’·]")


class WordList(NamedTuple):
    """One list of words that are a fault."""

    rule: str
    level: str  # serious, warn, note
    words: tuple[str, ...]
    allow: tuple[str, ...] = ()  # No fault, though such a word is in them.
    allowed_on: frozenset[str] = frozenset()  # Platforms where it is no fault.


class WordHit(NamedTuple):
    """One stretch of a text that a rule is about."""

    rule: str
    level: str
    start: int
    end: int
    word: str  # As the list has it.


class Wording:
    """All lists, compiled into one look at a text.

    Args:
        lists: what is a fault.
        brands: words that tell a brand, and of which shops they are.
    """

    def __init__(self, lists: Iterable[WordList], brands: Mapping[str, frozenset[str]] | None = None) -> None:
        lists = tuple(lists)
        # The lists share one search each: of overlapping words of one list the longest counts, so that what is allowed
        # covers what would be a fault in it.
        self._lists = tuple((one, Matcher(_words(one))) for one in lists if one.words)
        self._all = Matcher((squeezed(word), True) for one in lists for word in one.words)
        self._brands: Matcher[frozenset[str]] = Matcher(
            (squeezed(word), shops) for word, shops in (brands or {}).items()
        )

    def check(self, text: str, *, platform: str = "", shop: str = "") -> list[WordHit]:
        """Return what is wrong with a reply's words, in order."""
        flat = flattened(text)
        tight = tightened(flat)
        return self.check_read(text, flat, tight, pairs_of(tight), platform, shop)

    def check_read(self, text: str, flat: str, tight: str, pairs: set[str], platform: str, shop: str) -> list[WordHit]:
        """Return what `check` does, of a text that has been flattened, tightened and parted into pairs already."""
        if not self._all.may_find(tight, pairs) and not self._brands.may_find(tight, pairs):
            return []
        return self._found(text, flat, tight, platform, shop)

    def _found(self, text: str, flat: str, tight: str, platform: str, shop: str) -> list[WordHit]:
        places = [at for at, char in enumerate(flat) if char.isalnum() or char == "%"]
        if len(places) != len(tight):  # A character that reads as none; it cannot be said where things stand.
            places = []
        breaks = {at for at in range(1, len(places)) if places[at] != places[at - 1] + 1}
        hits: list[tuple[str, str, int, int, str]] = []
        for one, matcher in self._lists:
            if platform not in one.allowed_on:
                found = matcher.find(tight, breaks)
                hits += ((one.rule, one.level, hit.start, hit.end, hit.word) for hit in found if hit.value)
        for other in self._brands.find(tight, breaks):
            if shop not in other.value:
                hits.append(("other_shop", "serious", other.start, other.end, other.word))
        if not places:
            return [WordHit(rule, level, 0, len(text), word) for rule, level, _, _, word in hits]
        return [
            WordHit(rule, level, places[start], places[end - 1] + 1, word) for rule, level, start, end, word in hits
        ]


def flattened(text: str) -> str:
    """Return a text in small, simplified, half-width letters, each in its place."""
    text = text[:CHARS_AT_MOST]
    flat = text
    if not text.isascii():
        if _ANY_ODD.search(text):
            flat = text.translate(_FLAT)
        flat = to_simplified(flat)
    low = flat.lower()
    if len(low) != len(text):
        return flat
    return _PLUS_BEFORE_CONTACT.sub("加", low) if "+" in low else low


def squeezed(text: str) -> str:
    """Return a text as words are looked for in it: without anything that is no letter or digit."""
    return tightened(flattened(text))


def tightened(flat: str) -> str:
    """Return a flattened text without anything that is no letter or digit."""
    return "".join(_WORDS.findall(flat)).replace("_", "")


def spaced(text: str) -> str:
    """Return a text with one space for all that is no letter or digit, so that words of English stay apart."""
    return parted(flattened(text))


def parted(flat: str) -> str:
    """Return a flattened text with one space for all that is no letter or digit."""
    return " ".join(_WORDS.findall(flat.replace("_", " ")))


def _words(one: WordList) -> Iterable[tuple[str, bool]]:
    yield from ((squeezed(word), False) for word in one.allow)
    yield from ((squeezed(word), True) for word in one.words)
