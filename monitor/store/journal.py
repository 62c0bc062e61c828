"""The journal: what arrived, when, under which rules, and what was made of it.

One commit holds a batch whole: its events, the step of the clock it was judged
at, the rows and rounds it changed, what is to be told. What ``commit`` has
returned from is on the disk; what it has raised for is not stored.

Four connections share the database. The writer commits. The seeker looks up
duplicates and rows beside a commit: it sees every commit that has ended before it
is asked. The reader answers everything else; neither waits behind a commit, nor the
seeker behind a long answer. The keeper copies the log (WAL) back into the
database, so that no commit has to.
"""

import asyncio
import base64
import secrets
import sqlite3
from functools import partial
from pathlib import Path
from typing import Self

from monitor.errors import StoreUnavailable, UsageError
from monitor.store import database, schema, upkeep
from monitor.store.alerts import Alerts
from monitor.store.database import Line
from monitor.store.entries import Commit
from monitor.store.floor_log import FloorLog
from monitor.store.lock import FolderLock
from monitor.store.outbox import Outbox
from monitor.store.quality import Quality
from monitor.store.quarantine import Quarantine
from monitor.store.reading import Reading
from monitor.store.retention import Ages, Forgetter, key_in
from monitor.store.scores import ScoreStore
from monitor.store.suggestions import Suggestions
from monitor.store.tokens import Tokens
from monitor.store.writing import Tip, pages_of, read_tip, store

# How many pages of log to write before it is copied back: 48 MiB. Four times as often, copying took about twice the
# time in all, as pages written again are copied again; how long commits took showed no difference beyond the noise.
_LOG_PAGES = 12_288


class Journal(Reading):
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
        self._tip = Tip(0, 0, 0, {})
        self._writer = Line(self._path, self._open_writer)
        super().__init__(
            seeker=Line(self._path, partial(database.connect, self._path, cache_kib=8 * 1024)),
            reader=Line(self._path, partial(database.connect, self._path, cache_kib=8 * 1024)),
        )
        self._keeper = Line(self._path, partial(database.connect, self._path, cache_kib=1024))
        self._log_pages = 0  # About so many pages of log were written since it was last copied back.
        self._checkpoint: asyncio.Task[None] | None = None
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
            reason = "it is no folder" if isinstance(error, FileExistsError | NotADirectoryError) else error.strerror
            raise UsageError(f"cannot use {folder} for data: {reason}") from error
        journal = cls(folder, lock)
        try:
            await journal._start()
        except (sqlite3.DatabaseError, OSError) as error:
            await journal.close()
            if isinstance(error, sqlite3.Error) and database.unavailable(error) is None:
                raise
            raise UsageError(f"cannot open {journal._path}: {error}{database.advice(error)}") from error
        except BaseException:
            await journal.close()
            raise
        return journal

    async def _start(self) -> None:
        await self._writer.open()
        await self._seeker.open()
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
            elif read_tip(db).number != self._tip.number:
                raise StoreUnavailable(f"{self._path} does not hold what was last written; start again")
        except BaseException:
            db.close()
            raise
        return db

    def _prepare(self, db: sqlite3.Connection) -> None:
        epoch = base64.b32encode(secrets.token_bytes(5)).decode().lower()[:6]
        db.execute("INSERT INTO journal (one, epoch) VALUES (1, ?) ON CONFLICT DO NOTHING", (epoch,))
        self._tip = read_tip(db)
        self.quarantine.recount(db)
        self.epoch = db.execute("SELECT epoch FROM journal").fetchone()[0]

    @property
    def last_position(self) -> int:
        """Position of the newest event ever stored, 0 before the first; it stays when events are pruned."""
        return self._tip.position

    @property
    def last_commit(self) -> int:
        """Number of the newest commit."""
        return self._tip.number

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
        await self._writer.write(lambda db: store(self._tip, c, self.quarantine, db), self._stored)
        self._note_log(pages_of(c))

    def _stored(self, tip: Tip) -> None:
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

    # Upkeep

    async def prune(self, now_ms: int, keep_ms: int, max_rows: int = 2000) -> int:
        """Delete one slice of what is older than ``keep_ms``; return how much was done, 0 when nothing is left.

        What is counted are rows deleted and pages given back to the disk.

        Events that a restart would handle again stay, and so does what waits in
        the outbox. Call it again, with pauses, until it returns 0.

        Raises:
            StoreUnavailable: nothing was done, or the rows are deleted and no page was given back.
        """
        deleted = await self._writer.write(partial(upkeep.prune, now_ms - keep_ms, max_rows))
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
            for line in (self._keeper, self._reader, self._seeker, self._writer):
                await line.close()
            self._lock.release()
