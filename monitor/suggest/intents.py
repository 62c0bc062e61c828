"""What a buyer asks about, and where in a purchase they are, told from words that give it away.

Explainable: each intent comes with the words it was told by. When little speaks for an
intent, or as much for another, the confidence is low and nobody should build on it.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from monitor.suggest.matcher import Matcher
from monitor.suggest.normal import Normaliser, plain

ANY = "any"  # The phase of an intent that is asked before and after a sale.
SURE = 0.55  # From here on a suggestion or a route may build on an intent.
_DOUBT = 0.6  # What speaks against any intent beforehand: one short word alone leaves some doubt.


class Intent(NamedTuple):
    """An intent as the word list has it."""

    name: str
    phase: str
    words: tuple[str, ...]


class Told(NamedTuple):
    """An intent told from words, with what it was told by."""

    intent: str
    confidence: float  # 0 to 1
    words: tuple[str, ...]


class Reading(NamedTuple):
    """What a text asks about, the surest first, and the phase; ``phase`` is None where the words do not say."""

    intents: tuple[Told, ...]
    phase: str | None
    phase_confidence: float

    @property
    def intent(self) -> str | None:
        """The intent one may build on; None: unclear."""
        return self.intents[0].intent if self.intents and self.intents[0].confidence >= SURE else None


NOTHING = Reading((), None, 0.0)


class Intents:
    """All intents of the word list.

    Args:
        intents: by name.
        normal: brings texts into the form of the words.
    """

    def __init__(self, intents: Iterable[Intent], normal: Normaliser) -> None:
        intents = tuple(intents)
        self.phases: Mapping[str, str] = {intent.name: intent.phase for intent in intents}
        self._normal = normal
        self._matcher: Matcher[str] = Matcher(
            (plain(word), intent.name) for intent in intents for word in intent.words if plain(word)
        )

    def found(self, normal_text: str) -> dict[str, list[str]]:
        """Return the words found in a normal text by intent."""
        found: dict[str, list[str]] = {}
        for hit in self._matcher.find(normal_text):
            words = found.setdefault(hit.value, [])
            if hit.word not in words:
                words.append(hit.word)
        return found

    def read(self, text: str) -> Reading:
        """Return what a text asks about."""
        return self.read_normal(self._normal(text))

    def read_normal(self, normal_text: str) -> Reading:
        """Return what a text in normal form asks about."""
        found = self.found(normal_text)
        if not found:
            return NOTHING
        weights = {name: sum(map(_weight, words)) for name, words in found.items()}
        # A greeting before a question, or thanks after it, is not what is asked.
        for aside in ("greeting", "closing"):
            if aside in weights and len(weights) > 1:
                weights[aside] *= 0.2
        total = sum(weights.values())
        told = sorted(
            (Told(name, round(weight / (total + _DOUBT), 2), tuple(found[name])) for name, weight in weights.items()),
            key=lambda one: (-one.confidence, one.intent),
        )
        phases: dict[str, float] = {}
        for name, weight in weights.items():
            if self.phases[name] != ANY:
                phases[self.phases[name]] = phases.get(self.phases[name], 0.0) + weight
        if not phases:
            return Reading(tuple(told), None, 0.0)
        phase = max(phases, key=lambda one: (phases[one], one))
        return Reading(tuple(told), phase, round(phases[phase] / (sum(phases.values()) + _DOUBT), 2))


def _weight(word: str) -> float:
    """What a word is worth: a long one is seldom there by chance."""
    length = len(word) / 2 if word.isascii() else len(word)
    return min(length, 5.0) - 0.5
