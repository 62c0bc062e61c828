"""What scores read from the journal, and the sums of finished days that they keep in it.

The sums can be made again from the events as long as these are kept; after that they are
all there is. Official figures of the platforms lie beside them.
"""

import json
import sqlite3
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import NamedTuple, TypeVar

from monitor.store.database import Line
from monitor.store.many import insert_many

CHUNK = 4096
EVENTS_OF_A_CHAT = 2000  # The newest: a chat of ten days has some dozens.
ROWS_A_WRITE = 500  # A commit waits behind a write for some milliseconds.

T = TypeVar("T")


class LoggedEvent(NamedTuple):
    """An event as a score reads it back."""

    shop: str
    conversation: str
    position: int
    words: int
    folded: bool
    body: bytes


class Late(NamedTuple):
    """A conversation of which something came long after it was said: the first and the last of that."""

    shop: str
    conversation: str
    first_ms: int
    last_ms: int


class Seen(NamedTuple):
    """When and under which names something was seen of a buyer."""

    id: str
    ts_ms: int
    conversation: str | None
    buyer: str | None


class DayRow(NamedTuple):
    """The sums of one shop, or of one agent or account in it, on one day."""

    day: int
    dim: str
    shop: str
    name: str
    body: bytes


class Official(NamedTuple):
    """A figure as the platform gives it, for one day of a shop, or of an account in it."""

    day: int
    shop: str
    account: str  # "": the whole shop.
    profile: str
    value: float | None  # A share from 0 to 1, or seconds of a mean.
    hits: int | None
    total: int | None


class ScoreStore:
    """The part of the journal that scores stand on."""

    def __init__(self, writer: Line, reader: Line) -> None:
        self._writer = writer
        self._reader = reader

    async def position_at(self, at_ms: int) -> int:
        """Return the position before the first event that arrived at or after an instant."""

        def read(db: sqlite3.Connection) -> int:
            low, high = db.execute("SELECT ifnull(min(position), 1), ifnull(max(position), 0) FROM events").fetchone()
            while low <= high:
                middle = (low + high) // 2
                row = db.execute(
                    "SELECT position, arrived_at_ms FROM events WHERE position >= ? ORDER BY position LIMIT 1",
                    (middle,),
                ).fetchone()
                if row is None or row[1] >= at_ms:
                    high = middle - 1
                else:
                    low = row[0] + 1
            return int(low) - 1

        return await self._reader.read(read)

    async def active(self, after: int) -> tuple[int, set[tuple[str, str]], list[LoggedEvent]]:
        """Read a stretch of the journal.

        Args:
            after: the position it comes after.

        Returns:
            The last position of it (``after``: there is no more), the conversations that events of it are of, and the
            events that are of a shop as a whole.
        """

        def read(db: sqlite3.Connection) -> tuple[int, set[tuple[str, str]], list[LoggedEvent]]:
            (last,) = db.execute(
                "SELECT max(position) FROM (SELECT position FROM events WHERE position > ? ORDER BY position LIMIT ?)",
                (after, CHUNK),
            ).fetchone()
            if last is None:
                return after, set(), []
            chats = set(
                db.execute(
                    "SELECT DISTINCT shop, conversation FROM events WHERE position > ? AND position <= ? "
                    "AND conversation IS NOT NULL",
                    (after, last),
                )
            )
            of_shops = [
                LoggedEvent(shop, conversation or "", position, words, bool(folded), body)
                for shop, conversation, position, words, folded, body in db.execute(
                    "SELECT shop, conversation, position, words, folded, body FROM events "
                    "WHERE position > ? AND position <= ? "
                    "AND (conversation IS NULL OR instr(body, CAST('\"buyer_merged\"' AS BLOB)))",
                    (after, last),
                )
            ]
            return last, chats, of_shops

        return await self._reader.read(read)

    async def logs(self, chats: Sequence[tuple[str, str]], from_ms: int) -> dict[tuple[str, str], list[LoggedEvent]]:
        """Return what was said in some conversations from an instant on, each in order of arrival."""

        def read(db: sqlite3.Connection) -> dict[tuple[str, str], list[LoggedEvent]]:
            found: dict[tuple[str, str], list[LoggedEvent]] = {}
            for shop, conversation, position, words, folded, body in db.execute(
                "SELECT e.shop, e.conversation, e.position, e.words, e.folded, e.body FROM json_each(?) AS k "
                "CROSS JOIN events AS e ON e.shop = json_extract(k.value, '$[0]') "
                "AND e.conversation = json_extract(k.value, '$[1]') WHERE e.ts_ms >= ?",
                (json.dumps(chats), from_ms),
            ):
                log = found.setdefault((shop, conversation), [])
                log.append(LoggedEvent(shop, conversation, position, words, bool(folded), body))
            for log in found.values():
                log.sort(key=lambda event: event.position)
                del log[:-EVENTS_OF_A_CHAT]
            return found

        return await self._reader.read(read)

    async def merged(self, shops: Collection[str] | None = None) -> list[tuple[str, str, str]]:
        """Return the chats that are part of another, as their buyers are one: shop, conversation, of which.

        Args:
            shops: of these; None: of all.
        """
        of_shops = "" if shops is None else "AND shop IN (SELECT value FROM json_each(?))"
        return await self._reader.read(
            lambda db: db.execute(
                f"SELECT shop, conversation, merged_into FROM rows WHERE merged_into IS NOT NULL {of_shops}",
                () if shops is None else (json.dumps(list(shops)),),
            ).fetchall()
        )

    async def buyers(self, shop: str, after: str) -> list[Seen]:
        """Return of some events of a shop who they are of, in order of their ids; none: there are no more.

        Args:
            shop: whose.
            after: the id they come after.
        """

        def read(db: sqlite3.Connection) -> list[Seen]:
            found = db.execute(
                "SELECT id, ts_ms, conversation, CASE WHEN json_valid(CAST(body AS TEXT)) "
                "THEN json_extract(CAST(body AS TEXT), '$.buyer') END FROM events "
                "WHERE shop = ? AND id > ? ORDER BY id LIMIT ?",
                (shop, after, CHUNK),
            )
            return [Seen(*row) for row in found]

        return await self._reader.read(read)

    async def come_late(
        self, after: int, last: int, before_ms: int, late_ms: int
    ) -> tuple[list[Late], list[tuple[str, str]]]:
        """Return what a stretch of the journal may have to do with days that were over when it came.

        Args:
            after: the position it comes after.
            last: its last position.
            before_ms: what was said before then,
            late_ms: and came so much later.

        Returns:
            The conversations of that, and the buyers that turned out to be others, with their shops.
        """

        def read(db: sqlite3.Connection) -> tuple[list[Late], list[tuple[str, str]]]:
            late = db.execute(
                "SELECT shop, conversation, min(ts_ms), max(ts_ms) FROM events WHERE position > ? AND position <= ? "
                "AND ts_ms < ? AND arrived_at_ms - ts_ms > ? AND folded AND conversation IS NOT NULL "
                "GROUP BY shop, conversation",
                (after, last, before_ms, late_ms),
            )
            found = [Late(*row) for row in late]
            merged = db.execute(
                "SELECT shop, json_extract(CAST(body AS TEXT), '$.buyer') FROM events "
                "WHERE position > ? AND position <= ? AND instr(body, CAST('\"buyer_merged\"' AS BLOB)) "
                "AND json_valid(CAST(body AS TEXT))",
                (after, last),
            )
            return found, [(shop, buyer) for shop, buyer in merged if buyer]

        return await self._reader.read(read)

    async def said_in(
        self, spans: Sequence[tuple[str, str, int, int]], before_ms: int, apart_ms: int
    ) -> set[tuple[str, int]]:
        """Return when, and in which shops, anything was said in some conversations.

        Args:
            spans: shop, conversation, from and up to when.
            before_ms: before then.
            apart_ms: instants are told as multiples of this.
        """

        def read(db: sqlite3.Connection) -> set[tuple[str, int]]:
            return set(
                db.execute(
                    "SELECT DISTINCT e.shop, e.ts_ms / ? * ? FROM json_each(?) AS k "
                    "CROSS JOIN events AS e ON e.shop = json_extract(k.value, '$[0]') "
                    "AND e.conversation = json_extract(k.value, '$[1]') "
                    "WHERE e.ts_ms BETWEEN json_extract(k.value, '$[2]') AND json_extract(k.value, '$[3]') "
                    "AND e.ts_ms < ?",
                    (apart_ms, apart_ms, json.dumps(spans), before_ms),
                )
            )

        return await self._reader.read(read)

    async def looked_through(self) -> int:
        """Return up to which position all that came late is in the sums of the days it is of; 0: none."""
        return await self._reader.read(
            lambda db: int(db.execute("SELECT ifnull(max(position), 0) FROM score_looked").fetchone()[0])
        )

    async def note_looked_through(self, position: int) -> None:
        """Note up to which position all that came late is in the sums of the days it is of."""

        def write(db: sqlite3.Connection) -> None:
            db.execute(
                "INSERT INTO score_looked (one, position) VALUES (1, ?) "
                "ON CONFLICT (one) DO UPDATE SET position = excluded.position",
                (position,),
            )

        await self._writer.write(write)

    # -- sums of days ------------------------------------------------------------------------------------------------

    async def keep_day(self, day: int, rows: Sequence[DayRow], shop: str | None = None) -> None:
        """Write the sums of a day down, in place of all that was known of it: what is new first, then what is gone.

        Args:
            day: which.
            rows: its sums.
            shop: of this one alone; None: of all.

        Raises:
            StoreUnavailable: some are not kept; do it again.
        """
        for at in range(0, len(rows), ROWS_A_WRITE):
            part = rows[at : at + ROWS_A_WRITE]

            def write(db: sqlite3.Connection, part: Sequence[DayRow] = part) -> None:
                insert_many(
                    db,
                    "score_days (day, dim, shop, name, body)",
                    part,
                    "ON CONFLICT (day, dim, shop, name) DO UPDATE SET body = excluded.body",
                )

            await self._writer.write(write)
        kept = {(row.dim, row.shop, row.name) for row in rows}

        def clear(db: sqlite3.Connection) -> None:
            known = db.execute(
                "SELECT dim, shop, name FROM score_days WHERE day = ? AND ifnull(shop = ?, 1)", (day, shop)
            )
            gone = [(day, *one) for one in known if one not in kept]
            db.executemany("DELETE FROM score_days WHERE day = ? AND dim = ? AND shop = ? AND name = ?", gone)

        await self._writer.write(clear)

    async def through(self) -> int:
        """Return the day up to which all sums are written down; 0: none."""
        return await self._reader.read(
            lambda db: int(db.execute("SELECT ifnull(max(day), 0) FROM score_through").fetchone()[0])
        )

    async def note_through(self, day: int) -> None:
        """Note that the sums of all days up to one are written down."""

        def write(db: sqlite3.Connection) -> None:
            db.execute(
                "INSERT INTO score_through (one, day) VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET day = excluded.day",
                (day,),
            )

        await self._writer.write(write)

    async def days(self, first: int, last: int, dim: str, fold: Callable[[Iterable[DayRow]], T]) -> T:
        """Fold the sums of some days, both among them, on the reader's thread."""

        def read(db: sqlite3.Connection) -> T:
            found = db.execute(
                "SELECT day, dim, shop, name, body FROM score_days WHERE day BETWEEN ? AND ? AND dim = ?",
                (first, last, dim),
            )
            return fold(DayRow(*row) for row in found)

        return await self._reader.read(read)

    async def agents(self, day: int) -> list[tuple[str, str]]:
        """Return the names of agents that have sums of a day, with their shops."""
        return await self._reader.read(
            lambda db: list(db.execute("SELECT shop, name FROM score_days WHERE day = ? AND dim = 'agent'", (day,)))
        )

    # -- official figures --------------------------------------------------------------------------------------------

    async def keep_official(self, rows: Sequence[Official], now_ms: int) -> None:
        """Write down figures of a platform, in place of earlier ones of the same day.

        Raises:
            StoreUnavailable: none is kept.
        """

        def write(db: sqlite3.Connection) -> None:
            db.executemany(
                "INSERT INTO official (day, shop, account, profile, value, hits, total, loaded_at_ms) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (day, shop, account, profile) DO UPDATE SET "
                "value = excluded.value, hits = excluded.hits, total = excluded.total, "
                "loaded_at_ms = excluded.loaded_at_ms",
                [(*row, now_ms) for row in rows],
            )

        await self._writer.write(write)

    async def official(self, first: int, last: int) -> list[Official]:
        """Return the platforms' figures of some days, both among them."""
        return await self._reader.read(
            lambda db: [
                Official(*row)
                for row in db.execute(
                    "SELECT day, shop, account, profile, value, hits, total FROM official WHERE day BETWEEN ? AND ? "
                    "ORDER BY day, shop, account, profile",
                    (first, last),
                )
            ]
        )
