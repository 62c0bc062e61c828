"""What became of suggestions: each outcome as it was told, and the tallies that ranking learns from."""

import sqlite3
from collections.abc import Sequence

from msgspec import Struct, structs

from monitor.store.database import Line

TALLIES_AT_MOST = 20_000  # Of one shop: far over what its phrases and intents can be.


class Feedback(Struct, frozen=True, gc=False):
    """One outcome of one suggestion."""

    at_ms: int
    shop: str
    offer: str | None  # Which suggestion; None where the agent's program does not say.
    intent: str
    phrase: str
    outcome: str  # shown, picked, edited, ignored
    position: int  # 1 is the first.
    weight: float  # Of an offer: how likely it was read in its place.
    agent: str = ""
    distance: float = 0.0  # Of an edited one: how much of it was changed, 0 to 1.
    send_ms: int = 0  # From the offer to the reply.


class StoredTally(Struct, frozen=True, gc=False):
    """All outcomes of one phrase for one intent in one shop."""

    shop: str
    intent: str
    phrase: str
    offers: float
    picked: int
    edited: int
    ignored: int
    send_ms: int


class Suggestions:
    """Outcomes of suggestions in the journal's database."""

    def __init__(self, writer: Line, reader: Line) -> None:
        self._writer = writer
        self._reader = reader

    async def add(self, outcomes: Sequence[Feedback]) -> list[Feedback]:
        """Store outcomes and count them; return those not told before.

        Raises:
            StoreUnavailable: nothing was written.
        """

        def add(db: sqlite3.Connection) -> list[Feedback]:
            return [one for one in outcomes if _add(db, one)]

        return await self._writer.write(add)

    async def tallies(self, shop: str) -> list[StoredTally]:
        """Return what is known of a shop's phrases."""
        return await self._reader.read(
            lambda db: [
                StoredTally(*row)
                for row in db.execute(
                    "SELECT shop, intent, phrase, offers, picked, edited, ignored, send_ms FROM suggestion_tallies "
                    "WHERE shop = ? LIMIT ?",
                    (shop, TALLIES_AT_MOST),
                )
            ]
        )


def all_tallies(db: sqlite3.Connection) -> list[StoredTally]:
    """Return what is known of all shops' phrases."""
    return [
        StoredTally(*row)
        for row in db.execute(
            "SELECT shop, intent, phrase, offers, picked, edited, ignored, send_ms FROM suggestion_tallies"
        )
    ]


def _add(db: sqlite3.Connection, one: Feedback) -> bool:
    """Store one outcome; return whether it is new."""
    new = db.execute(
        "INSERT INTO suggestion_feedback (at_ms, shop, offer, intent, phrase, outcome, position, weight, agent, "
        "distance, send_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        structs.astuple(one),
    ).rowcount
    if not new:
        return False
    taken = one.outcome in ("picked", "edited")
    db.execute(
        "INSERT INTO suggestion_tallies (shop, intent, phrase, offers, picked, edited, ignored, send_ms) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (shop, intent, phrase) DO UPDATE SET "
        "offers = offers + excluded.offers, picked = picked + excluded.picked, edited = edited + excluded.edited, "
        "ignored = ignored + excluded.ignored, send_ms = send_ms + excluded.send_ms",
        (
            one.shop,
            one.intent,
            one.phrase,
            one.weight if one.outcome == "shown" else 0.0,
            one.outcome == "picked",
            one.outcome == "edited",
            one.outcome == "ignored",
            one.send_ms if taken else 0,
        ),
    )
    return True
