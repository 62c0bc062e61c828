"""Finds the words of a list in a text, thousands of words in a few microseconds.

A word of Chinese is found anywhere, one of Latin letters only as a whole word. Of
words that begin at one place the longest is found, and the search goes on behind it.
"""

import re
from collections.abc import Collection, Iterable
from operator import add
from typing import Generic, TypeVar

from msgspec import Struct

V = TypeVar("V")
_ASCII = "\x7f"  # Beyond it no letter is Latin, as texts come here.


class Hit(Struct, Generic[V], frozen=True, gc=False):
    """A word in a text: where, which, and what the list says of it."""

    start: int
    end: int
    word: str
    value: V


class Matcher(Generic[V]):
    """A list of words, each with a value; of a word given twice the first value stands.

    Args:
        words: in the form the texts are in (lower case, simplified).
    """

    def __init__(self, words: Iterable[tuple[str, V]]) -> None:
        by_start: dict[str, dict[str, V]] = {}
        self._single: dict[str, V] = {}
        self.count = 0
        for word, value in words:
            if len(word) == 1:
                self._single.setdefault(word, value)
            elif word:
                by_start.setdefault(word[:2], {}).setdefault(word, value)
            self.count += 1
        self._singles = re.compile(f"[{re.escape(''.join(self._single))}]" if self._single else r"(?!)")
        self._any_single = self._singles.search
        # Longest first; what a word begins with leads to it, so that a text costs one look-up a character.
        self._starts: dict[str, list[tuple[str, int, V]]] = {
            start: sorted(((word, len(word), value) for word, value in found.items()), key=lambda one: -one[1])
            for start, found in by_start.items()
        }
        self._pairs = frozenset(self._starts)

    def find(self, text: str, breaks: Collection[int] = ()) -> list[Hit[V]]:
        """Return all words found, in order.

        Args:
            text: where to look.
            breaks: places before which something was taken out of the text, so that a word may begin or end there.
        """
        starts = self._starts
        places = [at for at, pair in enumerate(map(add, text, text[1:])) if pair in starts]
        if self._any_single(text):
            places = sorted({*places, *(found.start() for found in self._singles.finditer(text))})
        hits: list[Hit[V]] = []
        free = 0
        for at in places:
            if at < free:
                continue
            for word, length, value in starts.get(text[at : at + 2], ()):
                if text.startswith(word, at) and (
                    (word[0] > _ASCII and word[-1] > _ASCII) or _whole(text, at, at + length, breaks)
                ):
                    hits.append(Hit(at, at + length, word, value))
                    free = at + length
                    break
            if free <= at and text[at] in self._single and _whole(text, at, at + 1, breaks):
                hits.append(Hit(at, at + 1, text[at], self._single[text[at]]))
                free = at + 1
        return hits

    def may_find(self, text: str, pairs: set[str]) -> bool:
        """Return whether a word may be in a text of these pairs, whatever stands around it: quicker than to find it."""
        if self._any_single(text):
            return True
        if self._pairs.isdisjoint(pairs):
            return False
        return any(word in text for pair in self._pairs & pairs for word, _, _ in self._starts[pair])


class WordSets:
    """Words of several lists, each with the name of its list: which lists a text has a word of.

    Args:
        named: word and name of its list; a word may be in several.
    """

    def __init__(self, named: Iterable[tuple[str, str]]) -> None:
        names: dict[str, list[str]] = {}
        for word, name in named:
            if word:
                names.setdefault(word, []).append(name)
        self._names = names
        self._single = [word for word in names if len(word) == 1]
        # Of each pair the words that begin with it, in Chinese and with Latin letters.
        self._starts: dict[str, tuple[list[str], list[str]]] = {}
        for word in names:
            if len(word) > 1:
                self._starts.setdefault(word[:2], ([], []))[_has_latin_end(word)].append(word)
        self._pairs = frozenset(self._starts)

    def found(self, text: str, pairs: set[str]) -> dict[str, str]:
        """Return the lists that a word of the text is of, each with the first such word, of one place the longest."""
        places: list[tuple[int, int, str]] = []
        for pair in self._pairs & pairs:
            chinese, latin = self._starts[pair]
            places += [(text.index(word), -len(word), word) for word in chinese if word in text]
            if latin:
                places += [(at, -len(word), word) for word in latin if (at := _place(text, word)) >= 0]
        places += [(at, -1, word) for word in self._single if word in text and (at := _place(text, word)) >= 0]
        places.sort()
        names = self._names
        found: dict[str, str] = {}
        for _, _, word in places:
            for name in names[word]:
                found.setdefault(name, word)
        return found


def pairs_of(text: str) -> set[str]:
    """Return the pairs of characters that stand side by side."""
    return {*map(add, text, text[1:])}


def _has_latin_end(word: str) -> bool:
    return word[0] <= _ASCII or word[-1] <= _ASCII


def _place(text: str, word: str) -> int:
    """Return where a word first stands, whole if it is of Latin letters; -1: nowhere."""
    at = text.find(word)
    while at >= 0 and _has_latin_end(word) and not _whole(text, at, at + len(word), ()):
        at = text.find(word, at + 1)
    return at


NUMBER_DIGITS = 5  # So many digits behind a word of letters are a number of its own: "vx123456", and no "vx200".


def _latin(char: str) -> bool:
    return char.isascii() and char.isalnum()


def _whole(text: str, start: int, end: int, breaks: Collection[int]) -> bool:
    """Whether what stands there is no part of a longer word of Latin letters."""
    if start and _latin(text[start]) and _latin(text[start - 1]) and start not in breaks:
        return False
    if end < len(text) and _latin(text[end - 1]) and _latin(text[end]) and end not in breaks:
        return (
            text[end - 1].isalpha() and text[end : end + NUMBER_DIGITS].isdigit() and len(text) >= end + NUMBER_DIGITS
        )
    return True
