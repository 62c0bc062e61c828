"""Finds the words of a list in a text, thousands of words in a few microseconds.

A word of Chinese is found anywhere, one of Latin letters only as a whole word. Of
words that begin at one place the longest is found, and the search goes on behind it.
"""

from collections.abc import Iterable
from typing import Generic, NamedTuple, TypeVar

V = TypeVar("V")


class Hit(NamedTuple, Generic[V]):
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
        # Longest first; what a word begins with leads to it, so that a text costs one look-up a character.
        self._starts: dict[str, list[tuple[str, int, V]]] = {
            start: sorted(((word, len(word), value) for word, value in found.items()), key=lambda one: -one[1])
            for start, found in by_start.items()
        }

    def find(self, text: str) -> list[Hit[V]]:
        """Return all words found, in order."""
        starts, single = self._starts, self._single
        hits: list[Hit[V]] = []
        free = 0
        for at, char in enumerate(text):
            if at < free:
                continue
            candidates = starts.get(text[at : at + 2])
            if candidates is not None:
                for word, length, value in candidates:
                    if text.startswith(word, at) and _whole(text, at, at + length):
                        hits.append(Hit(at, at + length, word, value))
                        free = at + length
                        break
                if free > at:
                    continue
            if char in single and _whole(text, at, at + 1):
                hits.append(Hit(at, at + 1, char, single[char]))
                free = at + 1
        return hits

    def any(self, text: str) -> bool:
        """Return whether any word is in a text."""
        return bool(self.find(text))


def _latin(char: str) -> bool:
    return char.isascii() and char.isalnum()


def _whole(text: str, start: int, end: int) -> bool:
    """Whether what stands there is no part of a longer word of Latin letters."""
    if _latin(text[start]) and start and _latin(text[start - 1]):
        return False
    return not (_latin(text[end - 1]) and end < len(text) and _latin(text[end]))
