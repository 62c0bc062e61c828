"""What was judged of the service's words: each hit with its message, and what rates are over, by day and agent.

Hits, counts and the position in the journal up to which was judged are written together,
so that after any end what is not yet written is judged again, and nothing twice.
"""

import sqlite3
from collections.abc import Collection, Sequence
from typing import NamedTuple

from msgspec import Struct, structs

from monitor.core.owed import JudgedBy, chat_of, read, reply_of, written
from monitor.store.database import Line
from monitor.store.many import insert_many

HITS_AT_MOST = 1_000


class StoredHit(Struct, frozen=True, gc=False):
    """One rule that one message broke."""

    at_ms: int
    day: str
    shop: str
    team: str
    agent: str
    conversation: str
    message: str
    rule: str
    level: str
    start: int
    end: int
    word: str


class Owed(NamedTuple):
    """A decision of which something hangs."""

    commit: int
    position: int  # Of the newest event when it was made.
    judged: bool  # Only an apology is still owed.
    decision: JudgedBy


Count = tuple[str, str, str, str, str, int]  # day, shop, team, agent, what, how many


class Quality:
    """Hits and counts in the journal's database."""

    def __init__(self, writer: Line, reader: Line) -> None:
        self._writer = writer
        self._reader = reader

    async def position(self) -> int | None:
        """Return up to which event was judged; None: nothing ever was."""
        found = await self._reader.read(lambda db: db.execute("SELECT position FROM quality_state").fetchone())
        return None if found is None else found[0]

    async def owed(self) -> list[Owed]:
        """Return the decisions of which something still hangs, in order."""
        found = await self._reader.read(
            lambda db: db.execute(
                "SELECT commit_number, position, judged, kind, body FROM quality_owed ORDER BY number"
            ).fetchall()
        )
        return [
            Owed(commit, position, bool(judged), read(kind, body)) for commit, position, judged, kind, body in found
        ]

    async def add(
        self,
        position: int,
        hits: Sequence[StoredHit],
        counts: Sequence[Count],
        withdrawn: Sequence[tuple[str, str, str]],
        *,
        commit: int = 0,
        owing: Collection[tuple[str, str]] = (),
    ) -> None:
        """Write what was judged.

        Args:
            position: up to which event.
            hits: what is wrong.
            counts: what rates are over.
            withdrawn: shop, message and rule of hits that are none.
            commit: up to which commit its decisions.
            owing: shop and message of the replies that still owe an apology; their decisions stay.

        Raises:
            StoreUnavailable: nothing of it is written.
        """

        def add(db: sqlite3.Connection) -> None:
            insert_many(
                db,
                "quality_hits (at_ms, day, shop, team, agent, conversation, message, rule, level, "
                "start_at, end_at, word)",
                [structs.astuple(hit) for hit in hits],
                "ON CONFLICT DO NOTHING",
            )
            db.executemany("DELETE FROM quality_hits WHERE shop = ? AND message = ? AND rule = ?", withdrawn)
            insert_many(
                db,
                "quality_counts (day, shop, team, agent, what, count)",
                counts,
                "ON CONFLICT (day, shop, team, agent, what) DO UPDATE SET count = count + excluded.count",
            )
            db.execute(
                "INSERT INTO quality_state (one, position) VALUES (1, ?) "
                "ON CONFLICT (one) DO UPDATE SET position = excluded.position",
                (position,),
            )
            db.execute("UPDATE quality_owed SET judged = 1 WHERE judged = 0 AND commit_number <= ?", (commit,))
            settled = [
                (number,)
                for number, *reply in db.execute("SELECT number, shop, message FROM quality_owed WHERE judged = 1")
                if tuple(reply) not in owing
            ]
            db.executemany("DELETE FROM quality_owed WHERE number = ?", settled)

        await self._writer.write(add)

    async def counts(self, from_day: str, to_day: str, shops: Collection[str] | None) -> list[Count]:
        """Return what rates are over and, with ``hit:`` before the rule, how many hits there were, both days included.

        Args:
            from_day: the first day, 2026-11-23.
            to_day: the last day.
            shops: of these shops only; None: of all.
        """

        def read(db: sqlite3.Connection) -> list[Count]:
            found = db.execute(
                "SELECT day, shop, team, agent, what, count FROM quality_counts WHERE day BETWEEN ? AND ?",
                (from_day, to_day),
            ).fetchall()
            found += db.execute(
                "SELECT day, shop, team, agent, 'hit:' || rule, count(*) FROM quality_hits WHERE day BETWEEN ? AND ? "
                "GROUP BY day, shop, team, agent, rule",
                (from_day, to_day),
            ).fetchall()
            return found if shops is None else [row for row in found if row[1] in shops]

        return await self._reader.read(read)

    async def hits(
        self,
        from_day: str,
        to_day: str,
        *,
        rule: str | None = None,
        level: str | None = None,
        shop: str | None = None,
        agent: str | None = None,
        before: int | None = None,
        limit: int = 100,
    ) -> list[tuple[int, StoredHit]]:
        """Return hits with their numbers, newest first, older than ``before``."""
        wanted = {"rule": rule, "level": level, "shop": shop, "agent": agent}
        chosen = {name: value for name, value in wanted.items() if value is not None}
        where = "".join(f" AND {name} = ?" for name in chosen)

        def read(db: sqlite3.Connection) -> list[tuple[int, StoredHit]]:
            return [
                (row[0], StoredHit(*row[1:]))
                for row in db.execute(
                    "SELECT number, at_ms, day, shop, team, agent, conversation, message, rule, level, start_at, "
                    f"end_at, word FROM quality_hits WHERE day BETWEEN ? AND ? AND number < ?{where} "
                    "ORDER BY number DESC LIMIT ?",
                    (from_day, to_day, before or 2**62, *chosen.values(), min(limit, HITS_AT_MOST)),
                )
            ]

        return await self._reader.read(read)


def insert_owed(db: sqlite3.Connection, commit: int, position: int, decisions: Sequence[JudgedBy]) -> None:
    """Write down, within a commit, the decisions that words are judged by."""
    insert_many(
        db,
        "quality_owed (commit_number, position, shop, conversation, message, kind, body)",
        [(commit, position, *chat_of(one), reply_of(one), *written(one)) for one in decisions],
    )
