"""One SQLite connection on a thread of its own, mended when the disk fails.

Whole functions are sent to the thread, one hop each, however many statements
they hold: a hop costs as much as a hundred rows.

A failing disk raises ``StoreUnavailable`` with nothing half written. The
connection is then opened anew before its next use, as SQLite may keep a
file read-only, or a log it no longer trusts, until it is closed. What is found
then must be the database that was written before: a folder swapped under the
running program is refused rather than mixed.
"""

import asyncio
import contextlib
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import aiosqlite

from monitor.errors import StoreUnavailable
from monitor.store.transaction import transaction

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]

# What the world does to a database; any other error of SQLite is a fault of ours and passes as it is.
_OF_THE_WORLD = frozenset(
    {
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_AUTH,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
    }
)

# What the person who runs it is to do; for what is not named here, trying again is enough.
_TO_DO = {
    sqlite3.SQLITE_FULL: "make room on its disk",
    sqlite3.SQLITE_IOERR: "is its disk full, or failing?",
    sqlite3.SQLITE_READONLY: "its folder must be writable",
    sqlite3.SQLITE_CANTOPEN: "its folder must be there and writable",
    sqlite3.SQLITE_PERM: "its folder must be writable",
    sqlite3.SQLITE_CORRUPT: "it is damaged: stop, move it away and put a copy back with restore",
    sqlite3.SQLITE_NOTADB: "it is damaged: stop, move it away and put a copy back with restore",
}

_KEPT_LOG_BYTES = 64 * 1024 * 1024  # A log that a burst made longer is cut to this when it begins anew.
_WAL_FRAMES = 32_768  # SQLite's own checkpoint, within a commit, should ours not keep up: 128 MiB of log.


def connect(path: Path, *, create: bool = False, cache_kib: int) -> sqlite3.Connection:
    """Open the database so that what is committed is on the disk.

    Transactions are begun and ended by hand, and the connection may be used on
    another thread than this one.

    Raises:
        sqlite3.Error, OSError: it cannot be opened.
    """
    if create and not path.exists():
        path.touch(0o600)  # SQLite would let all read it, and makes the files beside it like it.
    mode = "rwc" if create else "rw"
    db = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}", uri=True, isolation_level=None, check_same_thread=False, timeout=5.0
    )
    try:
        if create:
            db.execute("PRAGMA auto_vacuum = INCREMENTAL")  # Takes effect only before the first table.
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA fullfsync = ON")  # On macOS a plain fsync stops at the drive's cache.
        db.execute(f"PRAGMA wal_autocheckpoint = {_WAL_FRAMES}")
        db.execute(f"PRAGMA journal_size_limit = {_KEPT_LOG_BYTES}")
        db.execute(f"PRAGMA cache_size = -{cache_kib}")
        db.execute("PRAGMA temp_store = MEMORY")
    except BaseException:
        db.close()
        raise
    return db


def unavailable(error: sqlite3.Error) -> StoreUnavailable | None:
    """Return the error a caller can act on, or None for a fault of ours."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is None or code & 0xFF not in _OF_THE_WORLD:
        return None
    return StoreUnavailable(f"the journal cannot be used now: {error} ({error.sqlite_errorname}){advice(error)}")


def advice(error: Exception) -> str:
    """Return what is to be done about an error, to be put behind its words; "" where nothing is."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return f"; {_TO_DO[code]}" if code in _TO_DO else ""


class _Connection(aiosqlite.Connection):
    """aiosqlite's connection, which runs one statement a hop, taught to run a function.

    ``_execute`` is how its own methods reach the thread; pyproject holds the
    versions this was read in.
    """

    stopped: asyncio.Future[object] | None = None

    def stop(self) -> asyncio.Future[object] | None:
        """Stop the thread; what it says last of that is to be awaited, also by who could not open the connection."""
        self.stopped = super().stop()
        return self.stopped

    async def run(self, work: Work[T]) -> T:
        result: T = await self._execute(work, self._conn)  # type: ignore[no-untyped-call]
        return result


class Line:
    """A way to the database: one connection, one thread, work in the order it was sent."""

    def __init__(self, path: Path, opener: Callable[[], sqlite3.Connection]) -> None:
        """Take how to open it, and open it again; ``opener`` runs on the thread.

        Raises of its own pass as they are when opened first.
        """
        self._path = path
        self._opener = opener
        self._connection: _Connection | None = None
        self._broken = False
        self._mending = asyncio.Lock()
        self._file: tuple[int, int] | None = None

    async def open(self) -> None:
        """Open the connection.

        Raises:
            sqlite3.Error: it cannot be opened.
        """
        connection = _Connection(self._open, iter_chunk_size=1)
        try:
            await connection
        except BaseException:
            if connection.stopped is not None:
                await connection.stopped  # Else its thread would speak to a loop that may be closed by then.
            raise
        self._connection = connection

    def _open(self) -> sqlite3.Connection:
        # Looked at before it is opened: SQLite would take the log that lies beside it for its own.
        if self._file is not None:
            self._check_file()
        db = self._opener()
        self._file = self._identity()
        return db

    def _identity(self) -> tuple[int, int]:
        found = os.stat(self._path)
        return found.st_dev, found.st_ino

    def _check_file(self) -> None:
        """Raise StoreUnavailable unless the file is the one first opened.

        A file removed or swapped while open takes writes without a word, and loses them.
        """
        try:
            found = self._identity()
        except OSError as error:
            raise StoreUnavailable(f"{self._path} is gone: {error.strerror}; put it back") from error
        if found != self._file:
            raise StoreUnavailable(f"{self._path} was replaced while in use; put it back or start again")

    async def read(self, work: Work[T]) -> T:
        """Run ``work`` on the thread.

        Raises:
            StoreUnavailable: the disk cannot be read now.
        """
        return await self._run(work)

    async def write(self, work: Work[T], done: Callable[[T], None] | None = None) -> T:
        """Run ``work`` on the thread as one transaction, synced when this returns.

        ``done`` is called with its result, on the thread, once it is committed,
        also when the caller has been cancelled meanwhile.

        Raises:
            StoreUnavailable: nothing of it was written.
        """

        def whole(db: sqlite3.Connection) -> T:
            self._check_file()
            with transaction(db):
                result = work(db)
            if done is not None:
                done(result)
            return result

        return await self._run(whole)

    async def _run(self, work: Work[T]) -> T:
        if self._broken:
            await self._mend()
        assert self._connection is not None, "the journal is closed"
        return await self._connection.run(lambda db: self._guarded(work, db))

    def _guarded(self, work: Work[T], db: sqlite3.Connection) -> T:
        """Run on the thread; note a failing disk even if nobody waits for the answer."""
        try:
            return work(db)
        except sqlite3.Error as error:
            acted = unavailable(error)
            if acted is None:
                raise
            self._broken = True
            raise acted from error

    async def _mend(self) -> None:
        """Open the connection anew; raises StoreUnavailable while that fails."""
        async with self._mending:
            if not self._broken:
                return
            old, self._connection = self._connection, None
            try:
                if old is not None:
                    with contextlib.suppress(sqlite3.Error):
                        await old.close()
                await self.open()
            except (sqlite3.Error, OSError) as error:
                raise StoreUnavailable(f"the journal cannot be opened again: {error}") from error
            self._broken = False

    async def close(self) -> None:
        """Finish what was sent and close. Closing twice does nothing."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(sqlite3.Error):
                await connection.close()
