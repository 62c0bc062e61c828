"""A way to the data for commands, beside a running service or without one."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from monitor.errors import UsageError
from monitor.store import database, schema
from monitor.store.database import Line


@asynccontextmanager
async def open_line(folder: Path) -> AsyncIterator[Line]:
    """Open a data folder; made, if it is not there.

    Raises:
        UsageError: the folder cannot be used, or holds something else or newer.
    """
    path = folder / "journal.db"

    def connect() -> sqlite3.Connection:
        db = database.connect(path, create=True, cache_kib=1024)
        try:
            schema.migrate(db)
        except BaseException:
            db.close()
            raise
        return db

    line = Line(path, connect)
    try:
        await asyncio.to_thread(folder.mkdir, 0o700, parents=True, exist_ok=True)
        await line.open()
    except (sqlite3.Error, OSError) as error:
        raise UsageError(f"cannot open {path}: {error}{database.advice(error)}") from error
    try:
        yield line
    finally:
        await line.close()
