"""What is asked of the journal: events, rows and rounds as they lie there."""

import json
import sqlite3
from collections.abc import AsyncIterator, Collection, Iterable
from functools import partial

import msgspec

from monitor.core.shard import CHATS_OF_A_BUYER
from monitor.store.database import Line
from monitor.store.entries import Step, StoredEvent

EVENT_COLUMNS = "position, shop, id, conversation, ts_ms, arrived_at_ms, door, words, folded, body, policy"

# The ids under which a conversation was spoken, where buyers turned out to be one: up to the chat that stands for it,
# and down to all that are part of that.
_SPOKEN_AS = """
WITH RECURSIVE up (name) AS (
    VALUES (:conversation)
    UNION SELECT r.merged_into FROM up JOIN rows AS r
        ON r.shop = :shop AND r.conversation = up.name AND r.merged_into IS NOT NULL
), spoken_as (name) AS (
    SELECT name FROM up
    UNION SELECT r.conversation FROM spoken_as JOIN rows AS r ON r.shop = :shop AND r.merged_into = spoken_as.name
)
"""
SPOKEN_AS_AT_MOST = 256  # Ids whose histories are read as one.

_CHUNK = 4096  # Rows a hop: some milliseconds of reading.


class Reading:
    """The questions of a journal: the reader answers and never waits behind a commit.

    What each batch needs before it is taken is asked on a connection of its own, the seeker.
    """

    def __init__(self, seeker: Line, reader: Line) -> None:
        self._seeker = seeker
        self._reader = reader

    async def look_up(
        self, keys: list[tuple[str, str]], conversations: list[tuple[str, str]]
    ) -> tuple[dict[tuple[str, str], bytes], list[bytes]]:
        """Find events already stored under (shop, id), and the saved rows of conversations (shop, conversation).

        What a commit holds that has not ended yet may be seen or not.

        Raises:
            StoreUnavailable: the disk cannot be read now.
        """
        return await self._seeker.read(partial(_look_up, keys, conversations))

    async def rows_of_buyers(self, buyers: list[tuple[str, str]], keyed: Collection[str]) -> list[bytes]:
        """Return the saved rows of the chats of some buyers that go by another id than theirs.

        Of each the newest: no more than are made one at once.

        Args:
            buyers: shop and name.
            keyed: the shops whose rows are looked for by buyer; of others all rows are looked at.

        Raises:
            StoreUnavailable: the disk cannot be read now.
        """
        return await self._seeker.read(partial(_rows_of_buyers, buyers, keyed))

    async def policies(self) -> list[tuple[int, str, bytes]]:
        """Return every policy ever used: its number, the rules it came with, and itself, encoded."""
        return await self._reader.read(
            lambda db: db.execute(
                "SELECT p.number, r.hash, p.body FROM policies AS p JOIN rules AS r ON r.number = p.rules "
                "ORDER BY p.number"
            ).fetchall()
        )

    async def open_rows(self) -> AsyncIterator[list[bytes]]:
        """Give the saved rows of which something is open, in chunks."""
        last = 0
        while True:
            found = await self._reader.read(
                lambda db, after=last: db.execute(  # type: ignore[misc]
                    "SELECT number, body FROM rows WHERE open = 1 AND number > ? ORDER BY number LIMIT ?",
                    (after, _CHUNK),
                ).fetchall()
            )
            if not found:
                return
            last = found[-1][0]
            yield [body for _, body in found]

    async def shard(self) -> bytes | None:
        """Return the tracker's own state as last saved, or None before the first."""

        def read(db: sqlite3.Connection) -> bytes | None:
            state: bytes | None = db.execute("SELECT shard FROM journal").fetchone()[0]
            return state

        return await self._reader.read(read)

    async def since(self, position: int) -> AsyncIterator[tuple[Step, list[StoredEvent]]]:
        """Give what was handled after an event, commit by commit: its step and its events, in order.

        The first steps given may have been handled before ``position`` was
        saved: the one of the commit that holds it and those without events
        after it. To go to an instant already passed must do nothing.
        """
        key = (position, 0)
        after = position
        while True:
            commits, events = await self._reader.read(partial(_read_commits, key, after))
            if not commits:
                return
            given = 0
            for at, number, now_ms, rules in commits:
                first = given
                while given < len(events) and events[given].position <= at:
                    given += 1
                key, after = (at, number + 1), max(at, after)
                yield Step(at, now_ms, rules), events[first:given]

    async def history(
        self, shop: str, conversation: str, *, from_ms: int = 0, limit: int = 10_000
    ) -> list[StoredEvent]:
        """Return the newest ``limit`` events of a conversation with ``ts`` from ``from_ms`` on, in order of arrival.

        Chats that were made one, as their buyers are, are one conversation, by whichever of its ids it is asked for.
        """
        found = await self._reader.read(
            lambda db: db.execute(
                f"{_SPOKEN_AS} SELECT {EVENT_COLUMNS} FROM events WHERE shop = :shop "
                f"AND conversation IN (SELECT name FROM spoken_as LIMIT {SPOKEN_AS_AT_MOST}) AND ts_ms >= :from_ms "
                "ORDER BY position DESC LIMIT :limit",
                {"shop": shop, "conversation": conversation, "from_ms": from_ms, "limit": limit},
            ).fetchall()
        )
        return [_event(row) for row in reversed(found)]

    async def stands_for(self, shop: str, conversation: str) -> str:
        """Return the conversation that a chat is part of, where its buyer turned out to be another; else itself."""
        found = await self._reader.read(
            lambda db: db.execute(
                f"{_SPOKEN_AS} SELECT name FROM up WHERE NOT EXISTS (SELECT 1 FROM rows AS r "
                "WHERE r.shop = :shop AND r.conversation = up.name AND r.merged_into IS NOT NULL)",
                {"shop": shop, "conversation": conversation},
            ).fetchone()
        )
        name: str = found[0]
        return name

    async def by_hand(self, *, before: int | None = None, limit: int = 100) -> list[StoredEvent]:
        """Return what came by the API and no door, the newest first: acts of people, and what they sent again."""
        found = await self._reader.read(
            lambda db: db.execute(
                f"SELECT {EVENT_COLUMNS} FROM events WHERE door = 'api' AND position < ? "
                "ORDER BY position DESC LIMIT ?",
                (before if before is not None else 1 << 62, limit),
            ).fetchall()
        )
        return [_event(row) for row in found]

    async def beyond(self, position: int, limit: int) -> list[StoredEvent]:
        """Return the next events after a position, in order."""
        found = await self._reader.read(
            lambda db: db.execute(
                f"SELECT {EVENT_COLUMNS} FROM events WHERE position > ? ORDER BY position LIMIT ?", (position, limit)
            ).fetchall()
        )
        return [_event(row) for row in found]

    async def rounds(self, from_ms: int, to_ms: int) -> AsyncIterator[list[bytes]]:
        """Give the rounds opened from ``from_ms`` up to before ``to_ms``, by opening, in chunks."""
        key = (from_ms, 0)
        while True:
            found = await self._reader.read(
                lambda db, after=key: db.execute(  # type: ignore[misc]
                    "SELECT opened_at_ms, wait, body FROM rounds "
                    "WHERE (opened_at_ms, wait) > (?, ?) AND opened_at_ms < ? ORDER BY opened_at_ms, wait LIMIT ?",
                    (*after, to_ms, _CHUNK),
                ).fetchall()
            )
            if not found:
                return
            key = (found[-1][0], found[-1][1])
            yield [body for _, _, body in found]

    async def waits_among(self, positions: list[int]) -> frozenset[int]:
        """Return which of these events opened a wait that has a round."""

        def read(db: sqlite3.Connection) -> frozenset[int]:
            found = db.execute(
                "SELECT wait FROM rounds WHERE wait IN (SELECT value FROM json_each(?))", (json.dumps(positions),)
            )
            return frozenset(wait for (wait,) in found)

        return await self._reader.read(read)

    async def rules_text(self, rules: str) -> bytes | None:
        """Return the text of the rules of a hash, or None if it was never kept."""
        found = await self._reader.read(
            lambda db: db.execute("SELECT text FROM rules WHERE hash = ?", (rules,)).fetchone()
        )
        return None if found is None else found[0]


def _event(row: tuple[int, str, str, str | None, int, int, str, int, int, bytes, int]) -> StoredEvent:
    """Make an event of its columns."""
    return StoredEvent(*row[:8], bool(row[8]), *row[9:])


def _look_up(
    keys: list[tuple[str, str]], conversations: list[tuple[str, str]], db: sqlite3.Connection
) -> tuple[dict[tuple[str, str], bytes], list[bytes]]:
    """Find events and rows; a whole list is one statement, whose plan walks the list and probes the index."""
    events: dict[tuple[str, str], bytes] = {}
    if keys:
        for shop, id_, body in db.execute(
            "SELECT e.shop, e.id, e.body FROM json_each(?) AS s CROSS JOIN json_each(s.value) AS k "
            "CROSS JOIN events AS e ON e.shop = s.key AND e.id = k.value",
            (_by_shop(keys),),
        ):
            events[shop, id_] = body
    rows: list[bytes] = []
    if conversations:
        rows = [
            body
            for (body,) in db.execute(
                "SELECT r.body FROM json_each(?) AS s CROSS JOIN json_each(s.value) AS k "
                "CROSS JOIN rows AS r ON r.shop = s.key AND r.conversation = k.value",
                (_by_shop(conversations),),
            )
        ]
    return events, rows


def _rows_of_buyers(buyers: list[tuple[str, str]], keyed: Collection[str], db: sqlite3.Connection) -> list[bytes]:
    of_shop: dict[str, list[str]] = {}
    for shop, buyer in buyers:
        of_shop.setdefault(shop, []).append(buyer)
    rows: list[tuple[bytes]] = []
    for shop, names in of_shop.items():
        if shop in keyed:
            for name in names:
                rows += db.execute(
                    "SELECT body FROM rows WHERE shop = ? AND buyer = ? AND keyed = 1 ORDER BY number DESC LIMIT ?",
                    (shop, name, CHATS_OF_A_BUYER),
                )
        else:  # All its rows are read, so once for all the names.
            rows += db.execute(
                "SELECT r.body FROM (SELECT number, row_number() OVER (PARTITION BY buyer ORDER BY number DESC) AS nth "
                "FROM rows WHERE shop = ? AND buyer IN (SELECT value FROM json_each(?))) AS n "
                "JOIN rows AS r ON r.number = n.number WHERE n.nth <= ? ORDER BY r.number DESC",
                (shop, json.dumps(names), CHATS_OF_A_BUYER),
            )
    return [body for (body,) in rows]


def _by_shop(keys: Iterable[tuple[str, str]]) -> str:
    """Return names by their shop as JSON: SQLite walks that in half the time that a list of pairs takes."""
    names: dict[str, list[str]] = {}
    for shop, name in keys:
        names.setdefault(shop, []).append(name)
    return msgspec.json.encode(names).decode()


def _read_commits(
    key: tuple[int, int], after: int, db: sqlite3.Connection
) -> tuple[list[tuple[int, int, int, str]], list[StoredEvent]]:
    """Read some whole commits from ``key`` on and their events after position ``after``."""
    commits: list[tuple[int, int, int, str]] = []
    for commit in db.execute(
        "SELECT c.position, c.number, c.now_ms, r.hash FROM commits AS c JOIN rules AS r ON r.number = c.rules "
        "WHERE (c.position, c.number) >= (?, ?) ORDER BY c.position, c.number LIMIT ?",
        (*key, _CHUNK),
    ):
        commits.append(commit)
        if commit[0] - after >= _CHUNK:
            break
    if not commits:
        return [], []
    events = db.execute(
        f"SELECT {EVENT_COLUMNS} FROM events WHERE position > ? AND position <= ? ORDER BY position",
        (after, commits[-1][0]),
    )
    return commits, [_event(row) for row in events]
