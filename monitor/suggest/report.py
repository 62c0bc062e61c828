"""What to add to the phrases, mend or drop, read from what agents answered and what they took; a person decides."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from msgspec import Struct

from monitor.core.events import Message
from monitor.core.senders import role_of
from monitor.core.words import GREETING, HOLDING, POLITE, text_key
from monitor.store.suggestions import StoredTally
from monitor.suggest.library import ALIKE, Library
from monitor.suggest.phrases import wrong_with
from monitor.suggest.reader import Reader

ADD_TIMES = 5  # An answer given so often,
ADD_CHATS = 3  # to so many buyers, deserves a phrase.
ANSWER_CHARS = (6, 300)
MEND_EDITED = 5  # Edited so often, and more often than taken as it is.
DROP_OFFERS = 30.0  # Read so often and hardly ever taken.
DROP_RATE = 0.02
ANSWERS_AT_MOST = 100_000  # Different answers looked at; beyond it new ones are not counted.
SHOWN = 20  # Of each kind and shop.


class _Answer(Struct, gc=False):
    text: str
    times: int
    chats: set[str]
    asked: Counter[str]


class Answers:
    """What people answered, by shop and what it says."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, int], _Answer] = {}
        self._asked: dict[tuple[str, str], str] = {}

    def take(self, event: Message, words: int) -> None:
        """Count one message."""
        key = (event.shop, event.conversation or event.buyer or "")
        role, text = role_of(event, words), event.text or ""
        if role == "buyer":
            if text and not words & (POLITE | GREETING):
                self._asked[key] = text
            return
        if role not in ("agent", "seller") or words & (HOLDING | GREETING | POLITE):
            return
        if not ANSWER_CHARS[0] <= len(text) <= ANSWER_CHARS[1] or "*" in text or wrong_with(text):
            return  # What was masked in it is of one buyer.
        said = text_key(words)
        answer = self._found.get((event.shop, said))
        if answer is None:
            if len(self._found) >= ANSWERS_AT_MOST:
                return
            answer = self._found[event.shop, said] = _Answer(text, 0, set(), Counter())
        answer.times += 1
        answer.chats.add(key[1])
        asked = self._asked.get(key)
        if asked and (asked in answer.asked or len(answer.asked) < SHOWN):
            answer.asked[asked[:100]] += 1

    def frequent(self) -> Iterator[tuple[str, _Answer]]:
        """Yield the answers given often enough, the most frequent first."""
        found = [(shop, one) for (shop, _), one in self._found.items()]
        for shop, one in sorted(found, key=lambda pair: (pair[0], -pair[1].times)):
            if one.times >= ADD_TIMES and len(one.chats) >= ADD_CHATS:
                yield shop, one


def report(
    answers: Answers, tallies: Iterable[StoredTally], library_of: Callable[[str], Library], reader: Reader
) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """Return by shop what to ``add``, ``mend`` and ``drop``."""
    found: dict[str, dict[str, list[dict[str, Any]]]] = {}

    def of(shop: str) -> dict[str, list[dict[str, Any]]]:
        return found.setdefault(shop, {"add": [], "mend": [], "drop": []})

    for shop, answer in answers.frequent():
        if len(of(shop)["add"]) < SHOWN and not _is_there(answer.text, library_of(shop), reader):
            asked = [text for text, _ in answer.asked.most_common(3)]
            reading = reader.read("\n".join(asked) or answer.text).reading
            intent = reading.intents[0].intent if reading.intents else "other"
            of(shop)["add"].append(
                {
                    "text": answer.text,
                    "intent": intent,
                    "triggers": asked,
                    "times": answer.times,
                    "chats": len(answer.chats),
                }
            )
    for tally in sorted(tallies, key=lambda one: (one.shop, -one.offers)):
        told = {"phrase": tally.phrase, "intent": tally.intent, "offers": round(tally.offers, 1)}
        taken = tally.picked + tally.edited
        if tally.edited >= MEND_EDITED and tally.edited > tally.picked:
            of(tally.shop)["mend"].append(told | {"picked": tally.picked, "edited": tally.edited})
        elif tally.offers >= DROP_OFFERS and taken <= DROP_RATE * tally.offers:
            of(tally.shop)["drop"].append(told | {"taken": taken})
    return {
        shop: {kind: rows[:SHOWN] for kind, rows in kinds.items()}
        for shop, kinds in found.items()
        if any(kinds.values())
    }


def _is_there(text: str, library: Library, reader: Reader) -> bool:
    """Whether a phrase says about the same."""
    bag = set(reader.read(text).tokens)
    for phrase in library.alike(text):
        other = set(reader.read(phrase.text).tokens)
        if len(bag & other) >= ALIKE * len(bag | other):
            return True
    return False
