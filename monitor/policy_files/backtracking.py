"""Regular expressions that could take for ever: found by how many ways there are to try them.

Python's ``re`` tries one way after the other, and holds the loop while it does. Of
``(?:a+)+b`` there are as many ways to part "aaaa" as there are subsets, of ``.*a.*b``
the square of the text's length. Here the ways are counted, over the parsed pattern: a
choice is none where the next character alone tells which way is right. Too many, and the
pattern is refused before any text meets it.
"""

import re
from collections.abc import Iterable, Sequence
from functools import cache
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any, NamedTuple

TEXT_CHARS = 1025  # Of a text so many are searched, `core.senders` cuts the rest.
# From each character of a text so many ways are tried at worst: some millions of steps in all, tens of milliseconds.
WAYS_AT_MOST = 4_000
_ENDLESS = 10**12
_RANGE_WHOLE = 128  # Of a longer range of characters only some are looked at.

# One of each kind that a class such as \w or \s tells apart; the pattern's own characters are added.
_OF_EACH_KIND = "aZzA09_ \n\t-.,:!?中。，！？：【】é٣\u3000\u200b😀"

_CATEGORIES = {
    sre.CATEGORY_DIGIT: r"\d", sre.CATEGORY_NOT_DIGIT: r"\D", sre.CATEGORY_SPACE: r"\s",
    sre.CATEGORY_NOT_SPACE: r"\S", sre.CATEGORY_WORD: r"\w", sre.CATEGORY_NOT_WORD: r"\W",
}  # fmt: skip
_REPEATS = (sre.MAX_REPEAT, sre.MIN_REPEAT)
_ALONE = (sre.LITERAL, sre.NOT_LITERAL, sre.ANY, sre.IN)

Chars = frozenset[str]
Item = tuple[Any, Any]


def slow(pattern: str) -> str | None:
    """Return why a pattern could take for ever on some text; None: it cannot.

    Args:
        pattern: one that compiles.
    """
    try:
        tree = parser.parse(pattern, re.IGNORECASE)
        counter = _Counter(frozenset(_OF_EACH_KIND) | frozenset(_named(tree)))
        ways = counter.ways(list(tree), After(frozenset(), fails=False))
    except RecursionError:
        return "is nested too deep"
    if ways <= WAYS_AT_MOST:
        return None
    many = f"{ways} ways" if ways < _ENDLESS else "endless ways"
    return (
        f"could take for ever on some texts ({many} to try): repetitions that may take the same characters stand in or "
        "after each other; bound them, such as .{1,20}, or leave one out"
    )


class After(NamedTuple):
    """What comes behind a part of a pattern."""

    first: Chars  # The characters it may begin with.
    fails: bool  # Whether it may fail; else nothing is ever tried a second time.


class _Counter:
    """Counts ways, over the characters that the pattern tells apart."""

    def __init__(self, alphabet: Chars) -> None:
        self._alphabet = alphabet

    def ways(self, items: Sequence[Item], after: After) -> int:
        """Return how many ways there are to try a sequence from one place of a text."""
        found = 1
        for item in reversed(items):
            found = min(_ENDLESS, found * self._ways(item, after))
            after = self._before(item, after)
        return found

    def _before(self, item: Item, after: After) -> After:
        """Return what stands behind that which comes before an item."""
        first = self._first(item)
        if self._empty(item):
            first |= after.first
        # A repetition that may be left out cannot fail; all else can.
        cannot = item[0] in _REPEATS and item[1][0] == 0
        return After(first, fails=after.fails or not cannot)

    def _ways(self, item: Item, after: After) -> int:
        op, of = item
        if op in _REPEATS:
            least, most, body = of
            return self._repeated(least, most, body, after)
        if op is sre.BRANCH:
            return self._branched(of[1], after)
        if op is sre.SUBPATTERN:
            return self.ways(list(of[3]), after)
        if op in (sre.ASSERT, sre.ASSERT_NOT):
            return self.ways(list(of[1]), After(frozenset(), fails=False))
        if op in (sre.ATOMIC_GROUP, sre.POSSESSIVE_REPEAT):
            body = list(of[2] if op is sre.POSSESSIVE_REPEAT else of)
            inside = self.ways(body, After(self._firsts(body), fails=True))
            return 1 if inside <= WAYS_AT_MOST else inside  # It is left as it was found: nothing is tried again.
        if op is sre.GROUPREF:
            return _ENDLESS
        return 1

    def _repeated(self, least: int, most: Any, body: Any, after: After) -> int:
        items = list(body)
        times: int = min(int(most), TEXT_CHARS // max(1, int(body.getwidth()[0])))
        first = self._firsts(items)
        inside = self.ways(items, After(first | after.first, fails=True) if times > 1 else after)
        told = least == times or not after.fails or not first & after.first  # What comes next tells when it is over.
        if times <= 1:
            return inside if told else inside + 1
        if inside > 1 or self._all_empty(items):
            ways: int = max(2, inside) ** min(times, 64)
            return min(_ENDLESS, ways)
        return 1 if told else times - least + 1

    def _branched(self, branches: Iterable[Any], after: After) -> int:
        ways, seen, apart = [], set[str](), True
        for branch in branches:
            items = list(branch)
            first = self._firsts(items) | (after.first if self._all_empty(items) else frozenset())
            apart = apart and not seen & first and bool(first)
            seen |= first
            ways.append(self.ways(items, after))
        return max(ways) if apart else sum(ways)

    # -- what an item may begin with ---------------------------------------------------------------------------------

    def _firsts(self, items: Sequence[Item]) -> Chars:
        found: Chars = frozenset()
        for item in items:
            found |= self._first(item)
            if not self._empty(item):
                break
        return found

    def _first(self, item: Item) -> Chars:
        op, of = item
        if op in _ALONE:
            return frozenset(char for char in self._alphabet if _takes(item, char))
        if op in _REPEATS or op is sre.POSSESSIVE_REPEAT:
            return self._firsts(list(of[2]))
        if op is sre.BRANCH:
            return frozenset[str]().union(*(self._firsts(list(branch)) for branch in of[1]))
        if op is sre.SUBPATTERN:
            return self._firsts(list(of[3]))
        if op is sre.ATOMIC_GROUP:
            return self._firsts(list(of))
        return frozenset() if op in (sre.AT, sre.ASSERT, sre.ASSERT_NOT) else self._alphabet

    def _empty(self, item: Item) -> bool:
        """Whether an item may take no character at all."""
        op, of = item
        if op in _REPEATS or op is sre.POSSESSIVE_REPEAT:
            return of[0] == 0 or self._all_empty(list(of[2]))
        if op is sre.BRANCH:
            return any(self._all_empty(list(branch)) for branch in of[1])
        if op is sre.SUBPATTERN:
            return self._all_empty(list(of[3]))
        if op is sre.ATOMIC_GROUP:
            return self._all_empty(list(of))
        return op in (sre.AT, sre.ASSERT, sre.ASSERT_NOT)

    def _all_empty(self, items: Sequence[Item]) -> bool:
        return all(self._empty(item) for item in items)


def _takes(item: Item, char: str) -> bool:
    """Whether an item that takes one character takes this one, in small letters or capitals."""
    return any(_takes_as_it_is(item, form) for form in {char, char.lower(), char.upper()})


def _takes_as_it_is(item: Item, char: str) -> bool:
    op, of = item
    if op is sre.LITERAL:
        return chr(of) == char
    if op is sre.NOT_LITERAL:
        return chr(of) != char
    if op is sre.ANY:
        return char != "\n"
    negated = bool(of) and of[0][0] is sre.NEGATE
    return negated != any(_in_class(one, char) for one in of)


def _in_class(item: Item, char: str) -> bool:
    op, of = item
    if op is sre.LITERAL:
        return chr(of) == char
    if op is sre.RANGE:
        return bool(len(char) == 1 and of[0] <= ord(char) <= of[1])
    return op is sre.CATEGORY and _category(of).match(char) is not None


@cache
def _category(name: Any) -> re.Pattern[str]:
    return re.compile(_CATEGORIES.get(name, r"[\s\S]"))


def _named(tree: Any) -> Iterable[str]:
    """Yield the characters that a pattern names, and some of each range."""
    for op, of in tree:
        if op in (sre.LITERAL, sre.NOT_LITERAL):
            yield chr(of)
        elif op is sre.RANGE:
            step = 1 + (of[1] - of[0]) // _RANGE_WHOLE
            yield from map(chr, (*range(of[0], of[1] + 1, step), of[1]))
        elif op is sre.IN:
            yield from _named(of)
        elif op in _REPEATS or op is sre.POSSESSIVE_REPEAT:
            yield from _named(of[2])
        elif op is sre.BRANCH:
            for branch in of[1]:
                yield from _named(branch)
        elif op is sre.SUBPATTERN:
            yield from _named(of[3])
        elif op in (sre.ASSERT, sre.ASSERT_NOT):
            yield from _named(of[1])
        elif op is sre.ATOMIC_GROUP:
            yield from _named(of)
