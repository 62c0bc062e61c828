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

    def may_find(self, text: str) -> bool:
        """Return whether a word may be in a text, whatever stands around it: quicker than to find it."""
        if self._any_single(text):
            return True
        if self._starts.keys().isdisjoint(map(add, text, text[1:])):
            return False
        for at, pair in enumerate(map(add, text, text[1:])):
            if pair in self._starts and any(text.startswith(word, at) for word, _, _ in self._starts[pair]):
                return True
        return False


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
