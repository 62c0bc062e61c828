"""The journal: what arrived, when, under which rules, and what was made of it.

One commit holds a batch whole: its events, the step of the clock it was judged
at, the rows and rounds it changed, what is to be told. What ``commit`` has
returned from is on the disk; what it has raised for is not stored.

Three connections share the database. The writer commits, and looks up
duplicates, so that it sees every earlier commit. The reader answers everything
else and never waits behind a commit. The keeper copies the log (WAL) back into
the database, so that no commit has to.
"""

import asyncio
import base64
import json
import secrets
import sqlite3
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Self

import msgspec
from msgspec import Struct, structs

from monitor.errors import StoreUnavailable, UsageError
from monitor.store import database, schema, upkeep
from monitor.store.alerts import Alerts, insert_alerts
from monitor.store.database import Line
from monitor.store.entries import Commit, Step, StoredEvent
from monitor.store.floor_log import FloorLog, insert_records
from monitor.store.lock import FolderLock
from monitor.store.outbox import Outbox, insert_deliveries
from monitor.store.quality import Quality
from monitor.store.quarantine import Quarantine
from monitor.store.retention import Ages, Forgetter, key_in
from monitor.store.scores import ScoreStore
from monitor.store.suggestions import Suggestions
from monitor.store.tokens import Tokens

_CHUNK = 4096  # Rows a hop: some milliseconds of reading.
# How many pages of log to write before it is copied back: 48 MiB. Four times as often, copying took about twice the
# time in all, as pages written again are copied again; how long commits took showed no difference beyond the noise.
_LOG_PAGES = 12_288
_PAGE = 4096

_EVENT = "position, shop, id, conversation, ts_ms, arrived_at_ms, door, words, folded, body, policy"


class _Tip(Struct, frozen=True, gc=False):
    """Where the journal stands after a commit."""

    position: int
    number: int  # Of the commit.
    saved_position: int
    rules: dict[str, int]
    quarantine: tuple[int, int, int] = (0, 0, 0)


class _RoundColumns(Struct, gc=False):
    """What is looked for in a round."""

    shop: str
    opened_at_ms: int
    outcome: str


_round_columns = msgspec.json.Decoder(_RoundColumns).decode


class Journal:
    """The journal of one data folder; ``open`` makes one.

    Attributes:
        epoch: random letters made with the database, in front of every wait's id outside.
        outbox: what is to be told.
        alerts: how each alert stands or ended.
        floor_log: gaps of feeds, shifts and days of people.
        quarantine: what was refused.
        tokens: who may come in.
        suggestions: what became of suggested replies.
        quality: what was judged of the service's words.
        scores: sums of days, and what they are made of.
    """

    def __init__(self, folder: Path, lock: FolderLock) -> None:
        self._folder = folder
        self._path = folder / "journal.db"
        self._lock = lock
        self._tip = _Tip(0, 0, 0, {})
        self._writer = Line(self._path, self._open_writer)
        self._reader = Line(self._path, partial(database.connect, self._path, cache_kib=8 * 1024))
        self._keeper = Line(self._path, partial(database.connect, self._path, cache_kib=1024))
        self._log_pages = 0  # About so many pages of log were written since it was last copied back.
        self._checkpoint: asyncio.Task[None] | None = None
        self._pruner = upkeep.Pruner()
        self._forgetter: Forgetter | None = None
        self.epoch = ""
        self.outbox = Outbox(self._writer, self._reader)
        self.alerts = Alerts(self._reader)
        self.floor_log = FloorLog(self._reader)
        self.quarantine = Quarantine(self._writer, self._reader)
        self.tokens = Tokens(self._writer, self._reader)
        self.suggestions = Suggestions(self._writer, self._reader)
        self.quality = Quality(self._writer, self._reader)
        self.scores = ScoreStore(self._writer, self._reader)

    @classmethod
    async def open(cls, folder: Path) -> Self:
        """Take the folder, made if missing, and open its journal, made or migrated if need be.

        Raises:
            DataInUse: another process holds the folder.
            UsageError: the folder cannot be used, or holds something else or newer.
        """
        try:
            lock = await asyncio.to_thread(FolderLock, folder)
        except OSError as error:
            raise UsageError(f"cannot use {folder} for data: {error.strerror}") from error
        journal = cls(folder, lock)
        try:
            await journal._start()
        except (sqlite3.DatabaseError, OSError) as error:
            await journal.close()
            if isinstance(error, sqlite3.Error) and database.unavailable(error) is None:
                raise
            raise UsageError(f"cannot open {journal._path}: {error}") from error
        except BaseException:
            await journal.close()
            raise
        return journal

    async def _start(self) -> None:
        await self._writer.open()
        await self._reader.open()
        await self._keeper.open()

    def _open_writer(self) -> sqlite3.Connection:
        """Open the writer's connection, on its thread: first to prepare the database, later to find it as it was left.

        A commit that failed in its last sync may turn up again after all. What
        the engine takes for not stored would then be there: only a start anew
        makes them agree.
        """
        first = not self.epoch
        db = database.connect(self._path, create=first, cache_kib=32 * 1024)
        try:
            if first:
                schema.migrate(db)
                self._prepare(db)
            elif self._read_tip(db).number != self._tip.number:
                raise StoreUnavailable(f"{self._path} does not hold what was last written; start again")
        except BaseException:
            db.close()
            raise
        return db

    def _prepare(self, db: sqlite3.Connection) -> None:
        epoch = base64.b32encode(secrets.token_bytes(5)).decode().lower()[:6]
        db.execute("INSERT INTO journal (one, epoch) VALUES (1, ?) ON CONFLICT DO NOTHING", (epoch,))
        self._tip = self._read_tip(db)
        self.quarantine.recount(db)
        self.epoch = db.execute("SELECT epoch FROM journal").fetchone()[0]

    @staticmethod
    def _read_tip(db: sqlite3.Connection) -> _Tip:
        last = db.execute(
            "SELECT position, number, saved_position FROM commits ORDER BY position DESC, number DESC LIMIT 1"
        ).fetchone() or (0, 0, 0)
        rules = dict(db.execute("SELECT hash, number FROM rules").fetchall())
        return _Tip(last[0], last[1], last[2], rules)

    @property
    def last_position(self) -> int:
        """Position of the newest event ever stored, 0 before the first; it stays when events are pruned."""
        return self._tip.position

    @property
    def saved_position(self) -> int:
        """Rows are saved up to this event; a restart handles again what ``since`` gives after it."""
        return self._tip.saved_position

    # Writing

    async def commit(self, c: Commit) -> None:
        """Store a batch, whole and synced.

        Raises:
            StoreUnavailable: nothing of it is stored. Offered again it may succeed, with no need to open anew.
        """
        await self._writer.write(partial(self._store, c), self._stored)
        self._note_log(_pages(c))

    def _store(self, c: Commit, db: sqlite3.Connection) -> _Tip:
        """Write one commit, in a transaction, on the writer's thread."""
        tip = self._tip
        position = c.events[-1].position if c.events else tip.position
        assert not c.events or c.events[0].position > tip.position, "positions only grow"
        saved = tip.saved_position if c.saved_position is None else c.saved_position
        rules = tip.rules
        for new in {c.rules, *(of for _, of, _ in c.policies)} - rules.keys():
            rules = {**rules, new: _rules_number(db, new)}
        if c.policies:
            db.executemany(
                "INSERT INTO policies VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                [(number, rules[of], body) for number, of, body in c.policies],
            )
        db.execute(
            "INSERT INTO commits VALUES (?, ?, ?, ?, ?)", (position, tip.number + 1, c.now_ms, rules[c.rules], saved)
        )
        if c.events:
            db.executemany(
                f"INSERT INTO events ({_EVENT}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [structs.astuple(e) for e in c.events],
            )
        if c.rows:
            db.executemany(
                "INSERT INTO rows (shop, conversation, position, open, body) VALUES (?, ?, ?, ?, ?) "
                "ON CONFLICT (shop, conversation) DO UPDATE SET "
                "position = excluded.position, open = excluded.open, body = excluded.body",
                c.rows,
            )
        if c.rounds:
            _write_rounds(db, c.rounds)
        if c.outbox:
            insert_deliveries(db, c.outbox)
        if c.alerts:
            insert_alerts(db, c.alerts)
        if c.records:
            insert_records(db, c.records)
        if c.shard is not None:
            db.execute("UPDATE journal SET shard = ?", (c.shard,))
        quarantine = self.quarantine.insert(db, c.quarantine) if c.quarantine else self.quarantine.held
        return _Tip(position, tip.number + 1, saved, rules, quarantine)

    def _stored(self, tip: _Tip) -> None:
        self._tip = tip
        self.quarantine.held = tip.quarantine

    async def keep_rules(self, rules: str, text: bytes) -> None:
        """Keep the text of rules under their hash, once.

        Raises:
            StoreUnavailable: it is not kept.
        """

        def keep(db: sqlite3.Connection) -> None:
            db.execute(
                "INSERT INTO rules (hash, text) VALUES (?, ?) ON CONFLICT (hash) DO UPDATE SET text = excluded.text",
                (rules, text),
            )

        await self._writer.write(keep)

    # Reading

    async def look_up(
        self, keys: list[tuple[str, str]], conversations: list[tuple[str, str]]
    ) -> tuple[dict[tuple[str, str], bytes], list[bytes]]:
        """Find events already stored under (shop, id), and the saved rows of conversations (shop, conversation).

        Raises:
            StoreUnavailable: the disk cannot be read now.
        """
        return await self._writer.read(partial(_look_up, keys, conversations))

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
        """Return the newest ``limit`` events of a conversation with ``ts`` from ``from_ms`` on, in order of arrival."""
        found = await self._reader.read(
            lambda db: db.execute(
                f"SELECT {_EVENT} FROM events WHERE shop = ? AND conversation = ? AND ts_ms >= ? "
                "ORDER BY position DESC LIMIT ?",
                (shop, conversation, from_ms, limit),
            ).fetchall()
        )
        return [_event(row) for row in reversed(found)]

    async def beyond(self, position: int, limit: int) -> list[StoredEvent]:
        """Return the next events after a position, in order."""
        found = await self._reader.read(
            lambda db: db.execute(
                f"SELECT {_EVENT} FROM events WHERE position > ? ORDER BY position LIMIT ?", (position, limit)
            ).fetchall()
        )
        return [_event(row) for row in found]

    async def event_at(self, position: int) -> StoredEvent | None:
        """Return the event at a position, or None if there is none (any more)."""
        found = await self._reader.read(
            lambda db: db.execute(f"SELECT {_EVENT} FROM events WHERE position = ?", (position,)).fetchone()
        )
        return None if found is None else _event(found)

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

    # Upkeep

    async def prune(self, now_ms: int, keep_ms: int, max_rows: int = 2000) -> int:
        """Delete one slice of what is older than ``keep_ms``; return how much was done, 0 when nothing is left.

        What is counted are rows deleted and pages given back to the disk.

        Events that a restart would handle again stay, and so does what waits in
        the outbox. Call it again, with pauses, until it returns 0.

        Raises:
            StoreUnavailable: nothing was done, or the rows are deleted and no page was given back.
        """
        deleted = await self._writer.write(partial(self._pruner.prune, now_ms - keep_ms, max_rows))
        pages = await self._writer.read(upkeep.give_room_back)
        self._note_log(3 * deleted + pages)
        return deleted + pages

    async def forget(self, now_ms: int, ages: Ages, max_rows: int = 1000) -> int:
        """Forget a slice of words and names older than they are kept; return how much was done, 0: nothing is left.

        Call it again, with pauses, until it returns 0.

        Raises:
            StoreUnavailable: nothing was forgotten.
            OSError: the key of the hashes cannot be read or made.
        """
        if self._forgetter is None:
            key = await asyncio.to_thread(key_in, self._folder)
            self._forgetter = Forgetter(key)
        forgotten = await self._writer.write(partial(self._forgetter.forget, now_ms, ages, max_rows))
        await self._writer.read(self.quarantine.recount)
        self._note_log(3 * forgotten)
        return forgotten

    async def size(self) -> tuple[int, int]:
        """Return the bytes of the database with its log, and the bytes free on its disk."""
        return await asyncio.to_thread(upkeep.size, self._path)

    def _note_log(self, pages: int) -> None:
        """Count pages written to the log; begin to copy it back when they are many."""
        self._log_pages += pages
        if self._log_pages >= _LOG_PAGES and (self._checkpoint is None or self._checkpoint.done()):
            self._log_pages = 0
            self._checkpoint = asyncio.create_task(self._copy_log_back(), name="journal: copy the log back")

    async def _copy_log_back(self) -> None:
        """Copy the log into the database: the bulk beside the commits, the short rest between two of them.

        Only when nothing is left to copy does SQLite begin the log again at its start.
        """
        try:
            await self._keeper.read(upkeep.copy_log_back)
            await self._writer.read(upkeep.copy_log_back)
        except StoreUnavailable:
            # A disk that fails shows at the next commit; the log is whole and is copied later.
            return

    async def close(self) -> None:
        """Close the journal and let the folder go."""
        try:
            if self._checkpoint is not None:
                await self._checkpoint
        finally:
            # The writer last: the last connection to close copies the log back.
            for line in (self._keeper, self._reader, self._writer):
                await line.close()
            self._lock.release()


def _pages(c: Commit) -> int:
    """Estimate how many pages a commit writes: each row touches its table and its indexes, long bodies more."""
    rows = 3 * (len(c.events) + len(c.outbox)) + 2 * (len(c.rows) + len(c.rounds) + len(c.quarantine)) + 2
    bodies = sum(len(event.body) for event in c.events) + sum(len(refused.body) for refused in c.quarantine)
    return rows + bodies // _PAGE


def _event(row: tuple[int, str, str, str | None, int, int, str, int, int, bytes, int]) -> StoredEvent:
    """Make an event of its columns."""
    return StoredEvent(*row[:8], bool(row[8]), *row[9:])


def _rules_number(db: sqlite3.Connection, rules: str) -> int:
    """Return the number of the rules of a hash, given now if they are new."""
    db.execute("INSERT INTO rules (hash) VALUES (?) ON CONFLICT (hash) DO NOTHING", (rules,))
    number: int = db.execute("SELECT number FROM rules WHERE hash = ?", (rules,)).fetchone()[0]
    return number


def _write_rounds(db: sqlite3.Connection, rounds: list[tuple[int, bytes | None]]) -> None:
    """Write rounds in the order given, so that of one wait the last one stands."""
    last = dict(rounds)
    gone = [(wait,) for wait, body in last.items() if body is None]
    if gone:
        db.executemany("DELETE FROM rounds WHERE wait = ?", gone)
    stand = [(wait, *structs.astuple(_round_columns(body)), body) for wait, body in last.items() if body is not None]
    if stand:
        db.executemany(
            "INSERT INTO rounds (wait, shop, opened_at_ms, outcome, body) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT (wait) DO UPDATE SET shop = excluded.shop, opened_at_ms = excluded.opened_at_ms, "
            "outcome = excluded.outcome, body = excluded.body",
            stand,
        )


def _look_up(
    keys: list[tuple[str, str]], conversations: list[tuple[str, str]], db: sqlite3.Connection
) -> tuple[dict[tuple[str, str], bytes], list[bytes]]:
    """Find events and rows; a whole list is one statement, whose plan walks the list and probes the index."""
    events: dict[tuple[str, str], bytes] = {}
    if keys:
        for shop, id_, body in db.execute(
            "SELECT e.shop, e.id, e.body FROM json_each(?) AS k CROSS JOIN events AS e "
            "ON e.shop = json_extract(k.value, '$[0]') AND e.id = json_extract(k.value, '$[1]')",
            (json.dumps(keys),),
        ):
            events[shop, id_] = body
    rows: list[bytes] = []
    if conversations:
        rows = [
            body
            for (body,) in db.execute(
                "SELECT r.body FROM json_each(?) AS k CROSS JOIN rows AS r "
                "ON r.shop = json_extract(k.value, '$[0]') AND r.conversation = json_extract(k.value, '$[1]')",
                (json.dumps(conversations),),
            )
        ]
    return events, rows


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
        f"SELECT {_EVENT} FROM events WHERE position > ? AND position <= ? ORDER BY position",
        (after, commits[-1][0]),
    )
    return commits, [_event(row) for row in events]
