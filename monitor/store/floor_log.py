"""What happened on the floor beside the chat: gaps of feeds, shifts as they were kept, people's days.

A gap is one line by shop and account, written anew when it ends and when it is
filled. So the day's sheet says what was not seen, and scores can leave it out.
"""

import sqlite3
from collections.abc import Sequence

import msgspec

from monitor.core.decisions import FeedGap, PersonDay, ShiftWorked
from monitor.store.database import Line

FloorRecord = FeedGap | ShiftWorked | PersonDay

_encode = msgspec.json.Encoder().encode
_shift = msgspec.json.Decoder(ShiftWorked).decode
_day = msgspec.json.Decoder(PersonDay).decode
_GAP = "source, account, shop, from_ms, to_ms, reason, filled, decided_at_ms"


class FloorLog:
    """What is read back of it."""

    def __init__(self, reader: Line) -> None:
        self._reader = reader

    async def gaps(self, from_ms: int, to_ms: int, limit: int = 10_000) -> list[FeedGap]:
        """Return the gaps that touch the time between two instants, the newest first."""
        found = await self._reader.read(
            lambda db: db.execute(
                f"SELECT {_GAP} FROM gaps WHERE from_ms < ? AND (to_ms IS NULL OR to_ms > ?) "
                "ORDER BY from_ms DESC, shop, account LIMIT ?",
                (to_ms, from_ms, limit),
            ).fetchall()
        )
        return [
            FeedGap(
                source=row[0],
                account=row[1] or None,
                shop=row[2],
                from_ms=row[3],
                to_ms=row[4],
                reason=row[5],
                filled=bool(row[6]),
                decided_at_ms=row[7],
            )
            for row in found
        ]

    async def shifts(self, from_ms: int, to_ms: int, limit: int = 10_000) -> list[ShiftWorked]:
        """Return the shifts that ended between two instants, the newest first."""
        found = await self._reader.read(
            lambda db: db.execute(
                "SELECT body FROM shifts WHERE ends_at_ms > ? AND ends_at_ms <= ? ORDER BY ends_at_ms DESC LIMIT ?",
                (from_ms, to_ms, limit),
            ).fetchall()
        )
        return [_shift(body) for (body,) in found]

    async def days(self, first: str, last: str, limit: int = 100_000) -> list[PersonDay]:
        """Return people's days from one date to another."""
        found = await self._reader.read(
            lambda db: db.execute(
                "SELECT body FROM person_days WHERE day >= ? AND day <= ? ORDER BY day, person LIMIT ?",
                (first, last, limit),
            ).fetchall()
        )
        return [_day(body) for (body,) in found]


def insert_records(db: sqlite3.Connection, records: Sequence[FloorRecord]) -> None:
    """Write records down, within a transaction; one that comes again says how it stands now."""
    for record in records:
        if isinstance(record, FeedGap):
            row = (
                record.source,
                record.account or "",
                record.shop,
                record.from_ms,
                record.to_ms,
                record.reason,
                record.filled,
                record.decided_at_ms,
            )
            db.execute(f"INSERT OR REPLACE INTO gaps ({_GAP}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
        elif isinstance(record, ShiftWorked):
            shift = (record.person, record.starts_at_ms, record.ends_at_ms, _encode(record))
            db.execute("INSERT OR REPLACE INTO shifts VALUES (?, ?, ?, ?)", shift)
        else:
            db.execute(
                "INSERT OR REPLACE INTO person_days VALUES (?, ?, ?)", (record.day, record.person, _encode(record))
            )


def prune_records(db: sqlite3.Connection, before_ms: int, max_rows: int) -> int:
    """Delete what is older than an instant; return how much went."""
    day = "date(? / 1000, 'unixepoch')"
    return sum(
        db.execute(statement, (before_ms, max_rows)).rowcount
        for statement in (
            "DELETE FROM gaps WHERE (shop, account, source, from_ms) IN "
            "(SELECT shop, account, source, from_ms FROM gaps WHERE to_ms < ? LIMIT ?)",
            "DELETE FROM shifts WHERE (person, starts_at_ms) IN "
            "(SELECT person, starts_at_ms FROM shifts WHERE ends_at_ms < ? LIMIT ?)",
            "DELETE FROM person_days WHERE (day, person) IN "
            f"(SELECT day, person FROM person_days WHERE day < {day} LIMIT ?)",
        )
    )
