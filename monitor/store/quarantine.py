"""The quarantine: refused input, bounded, to be read, mended and sent again.

When it is full the oldest goes first and is counted.
"""

import sqlite3
from collections.abc import Sequence
from typing import Any

from msgspec import structs

from monitor.store.database import Line
from monitor.store.entries import Quarantined, QuarantineEntry

MAX_ENTRIES = 10_000
MAX_BYTES = 256 * 1024 * 1024

_COLUMNS = "at_ms, door, source, place, path, error, reason, body, length, sha256"
_READ = "number, resent_at_ms, at_ms, door, source, place, path, error, reason, {body}, length, sha256"


class Quarantine:
    """What was refused.

    Attributes:
        held: entries, bytes of their bodies, and how many were dropped since the start to make room.
    """

    def __init__(
        self, writer: Line, reader: Line, *, max_entries: int = MAX_ENTRIES, max_bytes: int = MAX_BYTES
    ) -> None:
        self._writer = writer
        self._reader = reader
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self.held = (0, 0, 0)

    @property
    def dropped(self) -> int:
        """How many entries were dropped since the start to make room."""
        return self.held[2]

    def recount(self, db: sqlite3.Connection) -> None:
        """Count anew what is held, at the start."""
        self.held = (*_count(db), self.dropped)

    def insert(self, db: sqlite3.Connection, refused: Sequence[Quarantined]) -> tuple[int, int, int]:
        """Put refused input in, within a transaction; return what ``held`` is once that is committed.

        1. Of more than fits at all, take the newest.
        2. Put it in.
        3. Drop the oldest until the bounds hold.
        """
        entries, size, dropped = self.held
        kept, room = 0, self._max_bytes
        for one in reversed(refused[-self._max_entries :]):
            room -= len(one.body)
            if room < 0:
                break
            kept += 1
        taken = refused[len(refused) - kept :]
        dropped += len(refused) - kept
        db.executemany(
            f"INSERT INTO quarantine ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [structs.astuple(one) for one in taken],
        )
        entries += kept
        size += sum(len(one.body) for one in taken)
        if entries > self._max_entries or size > self._max_bytes:
            last = 0
            for number, length in db.execute("SELECT number, length(body) FROM quarantine ORDER BY number"):
                if entries <= self._max_entries and size <= self._max_bytes:
                    break
                entries, size, dropped, last = entries - 1, size - length, dropped + 1, number
            db.execute("DELETE FROM quarantine WHERE number <= ?", (last,))
        return entries, size, dropped

    async def newest_by_source(self) -> dict[str, tuple[int, str, str]]:
        """Return the newest fault of each source: when, why in one word, and in full."""
        found = await self._reader.read(
            lambda db: db.execute(
                "SELECT source, at_ms, reason, error FROM quarantine "
                "WHERE number IN (SELECT max(number) FROM quarantine GROUP BY source)"
            ).fetchall()
        )
        return {source: (at_ms, reason, error) for source, at_ms, reason, error in found}

    async def list(
        self, *, before: int | None = None, limit: int = 100, body_bytes: int = 1024
    ) -> list[QuarantineEntry]:
        """Return the newest entries, newest first, their bodies cut to ``body_bytes``.

        Args:
            before: only entries with a lower number: the last one of the page before.
            limit: how many at most.
            body_bytes: how much of each body; ``get`` gives all.
        """

        def read(db: sqlite3.Connection) -> list[QuarantineEntry]:
            columns = _READ.format(body="coalesce(substr(body, 1, ?), x'')")  # Of nothing, SQLite's substr makes NULL.
            found = db.execute(
                f"SELECT {columns} FROM quarantine WHERE number < ? ORDER BY number DESC LIMIT ?",
                (body_bytes, _MAX_NUMBER if before is None else before, limit),
            )
            return [_entry(row) for row in found]

        return await self._reader.read(read)

    async def get(self, number: int) -> QuarantineEntry | None:
        """Return an entry with its whole body, or None if it is not there (any more)."""

        def read(db: sqlite3.Connection) -> QuarantineEntry | None:
            columns = _READ.format(body="body")
            found = db.execute(f"SELECT {columns} FROM quarantine WHERE number = ?", (number,)).fetchone()
            return None if found is None else _entry(found)

        return await self._reader.read(read)

    async def delete(self, number: int) -> bool:
        """Delete an entry; return whether it was there.

        Raises:
            StoreUnavailable: it was not deleted.
        """

        def delete(db: sqlite3.Connection) -> tuple[bool, tuple[int, int]]:
            there = db.execute("DELETE FROM quarantine WHERE number = ?", (number,)).rowcount > 0
            return there, _count(db) if there else self.held[:2]

        def done(result: tuple[bool, tuple[int, int]]) -> None:
            self.held = (*result[1], self.dropped)

        there, _ = await self._writer.write(delete, done)
        return there

    async def mark_resent(self, number: int, now_ms: int) -> bool:
        """Note that an entry was sent again; return whether it was there.

        Raises:
            StoreUnavailable: it was not noted.
        """
        return await self._writer.write(
            lambda db: (
                db.execute("UPDATE quarantine SET resent_at_ms = ? WHERE number = ?", (now_ms, number)).rowcount > 0
            )
        )


_MAX_NUMBER = 2**63 - 1
_FIELDS = Quarantined.__struct_fields__


def _count(db: sqlite3.Connection) -> tuple[int, int]:
    """Count entries and bytes of their bodies."""
    entries, size = db.execute("SELECT count(*), coalesce(sum(length(body)), 0) FROM quarantine").fetchone()
    return entries, size


def _entry(row: tuple[Any, ...]) -> QuarantineEntry:
    """Make an entry of its columns."""
    number, resent_at_ms, *refused = row
    return QuarantineEntry(
        number=number, resent_at_ms=resent_at_ms, refused=Quarantined(**dict(zip(_FIELDS, refused, strict=True)))
    )
