"""The phrases of one shop, ready to be searched: which of them fit what was asked, and why.

It abstains when unsure: a wrong phrase under the first key costs an agent more than none.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from monitor.suggest.index import CONCEPT, Index, Match
from monitor.suggest.learning import Learned, explores
from monitor.suggest.phrases import CATEGORY, SHOP, Phrase, rendered
from monitor.suggest.reader import Read, Reader
from monitor.suggest.tokens import VAGUE, stem, tokens

CANDIDATES = 24  # Looked at for the three: some are not valid now, not of this product, or say the same.
COVERED_AT_LEAST = 0.2  # Of what is asked, so much must be spoken of.
COVERED_WITH_INTENT = 0.08  # Less, where the intent is told and the phrase is of it.
TELLING_TOKENS = 2  # Pairs, words or meanings in common,
COVERED_ALONE = 0.65  # or so much of the question in one,
COVERED_BY_TRIGGER = 0.2  # or so much, where the one is what the phrase is for.
WEAKEST = 0.4  # Of the best one's score: what is further behind and of another intent would only fill a place.
ASKED_TOO = 0.3  # How sure it must be that the buyer asks this too.
ALIKE = 0.6  # Phrases that share so many of their tokens say the same.
TRIGGER_WEIGHT = 2.0
NEED = "need"  # Asked where it is unclear what is wanted, and only there.
_LAYER = {SHOP: 1.25, CATEGORY: 1.1}
_OTHER_PHASE = 0.6
_SAME_INTENT = 1.3


class Found(NamedTuple):
    """A phrase that fits, as it can be sent."""

    phrase: Phrase
    text: str  # Its variables filled in.
    score: float
    covered: float
    why: tuple[str, ...]  # The words of the question that it answers.


class Asked(NamedTuple):
    """What is searched for."""

    read: Read
    lang: str
    phase: str | None
    product: str
    values: Mapping[str, str]
    now_ms: int
    seed: str = ""  # What exploration goes by: the wait.


class _Shelf:
    """The phrases of one language, indexed."""

    def __init__(self, phrases: Sequence[Phrase], reader: Reader) -> None:
        self.phrases = phrases
        self.bags = [_bag(phrase, reader) for phrase in phrases]
        self.index = Index(list(bag.items()) for bag in self.bags)


def _bag(phrase: Phrase, reader: Reader) -> dict[str, float]:
    bag: dict[str, float] = dict.fromkeys(reader.read(phrase.text).tokens, 1.0)
    for trigger in phrase.triggers:
        bag |= dict.fromkeys(reader.read(trigger).tokens, TRIGGER_WEIGHT)
    bag[CONCEPT + phrase.intent] = TRIGGER_WEIGHT
    return bag


class Library:
    """One shop's phrases, all layers; made once, then only read.

    Args:
        phrases: of one id only the nearest.
        values: what the shop's files give variables.
        reader: reads phrases as questions are read.

    Attributes:
        by_kind: holding phrases and questions by language, for their rules.
    """

    def __init__(self, phrases: Sequence[Phrase], values: Mapping[str, str], reader: Reader) -> None:
        self.values = values
        self.size = len(phrases)
        self._reader = reader
        answers = [phrase for phrase in phrases if not phrase.holding and phrase.intent != NEED]
        self._shelves = {
            lang: _Shelf([phrase for phrase in answers if phrase.lang == lang], reader)
            for lang in {phrase.lang for phrase in answers}
        }
        self.holding = [phrase for phrase in phrases if phrase.holding]
        self.questions = [phrase for phrase in phrases if phrase.question]
        self._by_id = {phrase.id: phrase for phrase in phrases}

    def get(self, phrase_id: str) -> Phrase | None:
        """Return a phrase."""
        return self._by_id.get(phrase_id)

    def alike(self, text: str, at_most: int = 5) -> list[Phrase]:
        """Return the phrases that share most with a text, whatever fits: to see whether something like it is there."""
        read = self._reader.read(text)
        return [
            shelf.phrases[match.document]
            for shelf in self._shelves.values()
            for match in shelf.index.search(read.tokens, at_most)
        ]

    def search(self, asked: Asked, learned: Learned, at_most: int = 3) -> list[Found]:
        """Return the phrases that fit, best first, none that says the same as another; none when unsure.

        Steps: ask the index; leave out what does not hold, has no value for a variable, or is of another product;
        weigh by layer, intent, phase and what agents take; of two questions answer both; let a seldom offered one have
        the last place now and then.
        """
        shelf = self._shelves.get(asked.lang)
        if shelf is None or not asked.read.tokens:
            return []
        values = {**self.values, **asked.values}
        intent = asked.read.reading.intent
        strength = asked.read.reading.intents[0].confidence if asked.read.reading.intents else 0.0
        intents = {told.intent for told in asked.read.reading.intents[:2] if told.confidence >= ASKED_TOO}
        found: list[tuple[Found, Match]] = []
        for match in shelf.index.search(asked.read.tokens, CANDIDATES):
            phrase = shelf.phrases[match.document]
            if not phrase.holds(asked.now_ms) or not phrase.is_for(asked.product):
                continue
            if not _sure(match, shelf.bags[match.document], of_intent=phrase.intent in intents):
                continue
            text = rendered(phrase.text, values)
            if text is None:
                continue
            score = match.score * _LAYER.get(phrase.layer, 1.0) * learned.factor(intent or phrase.intent, phrase.id)
            if intent is not None and phrase.intent == intent:
                score *= 1 + (_SAME_INTENT - 1) * strength
            if asked.phase and phrase.phase not in ("any", asked.phase):
                score *= _OTHER_PHASE
            if phrase.products:
                score *= _LAYER[SHOP]
            found.append((Found(phrase, text, score, match.covered, ()), match))
        found.sort(key=lambda one: (-one[0].score, one[0].phrase.id))
        strong = [
            one for one in found if one[0].score >= WEAKEST * found[0][0].score or one[0].phrase.intent in intents
        ]
        if strong and (others := intents - {strong[0][0].phrase.intent}):
            # Two questions in one wait: the other is answered under the second key.
            other = next((one for one in found if one[0].phrase.intent in others), None)
            if other is not None:
                strong = [strong[0], other, *(one for one in strong[1:] if one is not other)]
        return self._distinct(strong, shelf, learned, asked, at_most)

    def _distinct(
        self, found: Sequence[tuple[Found, Match]], shelf: _Shelf, learned: Learned, asked: Asked, at_most: int
    ) -> list[Found]:
        chosen: list[tuple[Found, Match]] = []
        bags: list[dict[str, float]] = []
        rest: list[tuple[Found, Match]] = []
        for one, match in found:
            bag = shelf.bags[match.document]
            if any(_alike(bag, other) for other in bags):
                continue
            if len(chosen) < at_most:
                chosen.append((one, match))
                bags.append(bag)
            else:
                rest.append((one, match))
        if rest and len(chosen) == at_most > 1 and asked.seed and explores(asked.seed):
            seldom = next(
                (
                    one
                    for one in rest
                    if learned.is_seldom(asked.read.reading.intent or one[0].phrase.intent, one[0].phrase.id)
                ),
                None,
            )
            if seldom is not None:
                chosen[-1] = seldom
        return [one._replace(why=self._why(match, asked.read)) for one, match in chosen]

    def _why(self, match: Match, read: Read) -> tuple[str, ...]:
        """Return the words of the question that a phrase answers: those that tell its intent, and what both say."""
        words: list[str] = []
        for told in read.reading.intents:
            if CONCEPT + told.intent in match.tokens:
                words += told.words
        shared = set(match.tokens)
        for piece in _pieces(read.normal, shared):
            if not any(piece in word or word in piece for word in words):
                words.append(piece)
        return tuple(dict.fromkeys(words))[:5]


def _sure(match: Match, bag: Mapping[str, float], *, of_intent: bool) -> bool:
    if of_intent:
        return match.covered >= COVERED_WITH_INTENT
    if match.covered < COVERED_AT_LEAST:
        return False
    # One word in common ("今天") says nothing, unless it is most of what was asked, or what the phrase is for.
    telling = [token for token in match.tokens if len(token) > 1 and token not in VAGUE]
    if len(telling) >= TELLING_TOKENS or match.covered >= COVERED_ALONE:
        return True
    return match.covered >= COVERED_BY_TRIGGER and any(bag[token] >= TRIGGER_WEIGHT for token in telling)


def _alike(one: Mapping[str, float], other: Mapping[str, float]) -> bool:
    few, many = (one, other) if len(one) <= len(other) else (other, one)
    both = sum(token in many for token in few)
    return both >= ALIKE * (len(few) + len(many) - both)


def _pieces(normal: str, shared: set[str]) -> list[str]:
    """Return the stretches of a question that its pairs in common cover, and its words whose stem is shared."""
    pieces: list[str] = []
    start = end = -1
    for at in range(len(normal) - 1):
        if normal[at : at + 2] in shared and normal[at] >= "\u3400":
            if at > end - 1:
                if start >= 0:
                    pieces.append(normal[start:end])
                start = at
            end = at + 2
    if start >= 0:
        pieces.append(normal[start:end])
    pieces += [word for word in normal.split() if word.isascii() and tokens(word) and stem(word) in shared]
    return pieces
