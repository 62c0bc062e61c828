"""Makes of a text what an index looks up: its tokens, its intents and its synonyms."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from monitor.suggest.index import CONCEPT
from monitor.suggest.intents import Intents, Reading
from monitor.suggest.matcher import Matcher
from monitor.suggest.normal import Normaliser, plain
from monitor.suggest.tokens import tokens


class Read(NamedTuple):
    """A text as it was read."""

    normal: str
    tokens: tuple[str, ...]
    reading: Reading


class Reader:
    """Reads texts with the word lists of the rules folder.

    Args:
        normal: brings texts into one form.
        intents: what buyers ask about.
        synonyms: groups of words that mean the same.
    """

    def __init__(self, normal: Normaliser, intents: Intents, synonyms: Iterable[Sequence[str]]) -> None:
        self.normal = normal
        self.intents = intents
        self._synonyms: Matcher[str] = Matcher(
            (plain(word), f"{CONCEPT}={number}") for number, group in enumerate(synonyms) for word in group
        )

    def read(self, text: str) -> Read:
        """Return all that can be looked up of a text."""
        normal = self.normal(text)
        reading = self.intents.read_normal(normal)
        found = tokens(normal)
        found += [hit.value for hit in self._synonyms.find(normal)]
        found += [CONCEPT + told.intent for told in reading.intents]
        return Read(normal, tuple(found), reading)
