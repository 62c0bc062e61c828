"""Which three an agent is offered: what fits, a holding phrase where one is due, one good question where it is unclear.

Past the first limit with nothing said to the buyer, and before a transfer, the holding
phrase leads: "even a quick phrase keeps the buyer". Never is one offered after another:
a second "稍等" keeps nobody.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from zlib import crc32

from monitor.suggest.learning import Learned
from monitor.suggest.library import NEED, Asked, Found, Library
from monitor.suggest.phrases import Phrase, rendered

OFFERED = 3


class Situation(NamedTuple):
    """How it stands with the buyer."""

    slow: bool = False  # The wait has passed its first limit.
    held: bool = False  # The last a person said was a holding reply.
    transferring: bool = False  # The agent is about to pass the chat on.


def offered(library: Library, asked: Asked, learned: Learned, situation: Situation) -> list[Found]:
    """Return up to three phrases in the order of their keys.

    Steps: what fits; where nothing does, one question for what the buyer needs; where due, a holding phrase first.
    """
    fits = library.search(asked, learned, OFFERED)
    values = {**library.values, **asked.values}
    if not fits:
        question = _one_of(library.questions, asked, learned, values, NEED)
        if question is not None:
            fits = [question]
    if (situation.slow or situation.transferring) and not situation.held:
        holding = _one_of(library.holding, asked, learned, values, "transfer" if situation.transferring else "holding")
        if holding is not None:
            return [holding, *fits][:OFFERED]
    return fits


def _one_of(
    phrases: Sequence[Phrase], asked: Asked, learned: Learned, values: Mapping[str, str], intent: str
) -> Found | None:
    """Return one phrase of a kind: of those for this intent the best taken, and among equals by the wait.

    So that one floor does not send the same words to all, yet one wait is offered the same each time.
    """
    of_intent = [phrase for phrase in phrases if phrase.intent == intent] or list(phrases)
    able = [
        (phrase, text)
        for phrase in of_intent
        if phrase.lang == asked.lang
        and phrase.holds(asked.now_ms)
        and phrase.is_for(asked.product)
        and (text := rendered(phrase.text, values)) is not None
    ]
    if not able:
        return None
    nearest = max(phrase.layer for phrase, _ in able)
    able = [one for one in able if one[0].layer == nearest]
    phrase, text = max(
        able, key=lambda one: (learned.factor(one[0].intent, one[0].id), crc32(f"{asked.seed}{one[0].id}".encode()))
    )
    return Found(phrase, text, 0.0, 0.0, ())
