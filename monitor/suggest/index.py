"""BM25 over characters, pairs of characters and stems: which phrases a question speaks of.

Pure Python, and quick by leaving out what cannot matter: the rarest tokens of a
question choose the candidates, the common ones are looked up for the best of these
alone.
"""

import heapq
import math
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

_K1 = 1.2
_B = 0.4  # How much a long phrase must say more: little, as its triggers stand beside its text.
QUERY_TOKENS_AT_MOST = 48  # The rarest of a longer question: they say what it is about.
POSTINGS_AT_MOST = 6_000  # Looked at to choose candidates: half a millisecond.
CANDIDATES = 60  # Of which the common tokens are looked up.
SINGLE_WEIGHT = 0.5  # Of a lone character beside a pair.
CONCEPT_WEIGHT = 1.6  # Of an intent or a synonym that both sides speak of.
# Of a token that no document has, for what a document covers. A word of English that is nowhere says that something
# else is asked; of the pairs of Chinese characters half lie across two words and say nothing.
UNKNOWN_PAIR = 0.15
UNKNOWN_WORD = 0.8
CONCEPT = "@"  # What such a token begins with.


def _unknown(token: str) -> float:
    return UNKNOWN_WORD if token[0].isascii() and token[0] != CONCEPT else UNKNOWN_PAIR


class Match(NamedTuple):
    """A document that fits."""

    document: int
    score: float
    covered: float  # How much of what the question says it speaks of, 0 to 1.
    tokens: tuple[str, ...]  # Which tokens of the question are in it.


class Index:
    """An index of documents, each a bag of weighted tokens; made once, then only read.

    Args:
        documents: of each its tokens with how often they count.
    """

    def __init__(self, documents: Iterable[Sequence[tuple[str, float]]]) -> None:
        bags: list[Counter[str]] = []
        for weighted in documents:
            bag: Counter[str] = Counter()
            for token, weight in weighted:
                bag[token] += weight  # type: ignore[assignment]
            bags.append(bag)
        self.size = len(bags)
        mean = sum(map(len, bags)) / self.size if bags else 1.0
        postings: dict[str, tuple[array[int], array[float]]] = {}
        for number, bag in enumerate(bags):
            length = _K1 * (1 - _B + _B * len(bag) / mean)
            for token, count in bag.items():
                where = postings.get(token)
                if where is None:
                    where = postings[token] = (array("i"), array("f"))
                where[0].append(number)
                where[1].append(count * (_K1 + 1) / (count + length))
        self._postings = postings

    def weight(self, token: str) -> float:
        """Return what a token is worth: how rare it is, by its kind; one that is nowhere counts as the rarest."""
        where = self._postings.get(token)
        count = len(where[0]) if where is not None else 0
        rare = math.log(1 + (self.size - count + 0.5) / (count + 0.5))
        if token[0] == CONCEPT:
            return rare * CONCEPT_WEIGHT
        return rare * SINGLE_WEIGHT if len(token) == 1 else rare

    def search(self, question: Sequence[str], at_most: int) -> list[Match]:
        """Return the documents that fit best, best first.

        Steps: weigh the question's tokens; add up the rarest until enough was looked at; look the rest up for the
        best of what was found.
        """
        if not self.size:
            return []
        asked = sorted(((self.weight(token), token) for token in dict.fromkeys(question)), reverse=True)
        asked = asked[:QUERY_TOKENS_AT_MOST]
        whole = sum(weight if token in self._postings else weight * _unknown(token) for weight, token in asked) or 1.0
        scores: dict[int, float] = {}
        known = [(weight, token) for weight, token in asked if token in self._postings]
        looked_at = used = 0
        for weight, token in known:
            numbers, worths = self._postings[token]
            if used and looked_at + len(numbers) > POSTINGS_AT_MOST:
                break
            used += 1
            looked_at += len(numbers)
            for number, worth in zip(numbers, worths, strict=True):
                scores[number] = scores.get(number, 0.0) + weight * worth
        best = heapq.nlargest(max(CANDIDATES, at_most), scores, key=scores.__getitem__)
        for weight, token in known[used:]:
            numbers, worths = self._postings[token]
            for number in best:
                at = bisect_left(numbers, number)
                if at < len(numbers) and numbers[at] == number:
                    scores[number] += weight * worths[at]
        best.sort(key=lambda number: (-scores[number], number))
        return [self._match(number, scores[number], known, whole) for number in best[:at_most]]

    def _match(self, number: int, score: float, known: Sequence[tuple[float, str]], whole: float) -> Match:
        found: list[str] = []
        covered = 0.0
        for weight, token in known:
            numbers = self._postings[token][0]
            at = bisect_left(numbers, number)
            if at < len(numbers) and numbers[at] == number:
                found.append(token)
                covered += weight
        return Match(number, score, covered / whole, tuple(found))
