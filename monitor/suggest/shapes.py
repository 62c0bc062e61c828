"""A suggestion as it leaves the program: on the API, over MQTT, on the live feed."""

from collections.abc import Sequence
from typing import Any

from monitor.suggest.intents import Reading
from monitor.suggest.service import Offer


def told(offer: Offer, epoch: str, rewritten: Sequence[str] = ()) -> dict[str, Any]:
    """Return the object that pages and programs get."""
    return {
        "id": offer.id,
        "shop": offer.shop,
        "conversation": offer.conversation,
        "wait": None if offer.wait is None else f"{epoch}-{offer.wait}",
        "lang": offer.lang,
        **told_reading(offer.reading),
        "abstained": not offer.phrases,
        "rewritten": list(rewritten),
        "suggestions": [
            {
                "phrase": found.phrase.id,
                "position": number,
                "text": found.text,
                "intent": found.phrase.intent,
                "holding": found.phrase.holding,
                "question": found.phrase.question,
                "score": round(found.score, 2),
                "why": list(found.why),
            }
            for number, found in enumerate(offer.phrases, start=1)
        ],
    }


def told_reading(reading: Reading) -> dict[str, Any]:
    """Return what a buyer asks about, as it is told outside."""
    return {
        "intents": [
            {"intent": one.intent, "confidence": one.confidence, "words": list(one.words)}
            for one in reading.intents[:3]
        ],
        "phase": reading.phase,
        "phase_confidence": reading.phase_confidence,
    }
