"""One transaction, whole or not at all."""

import contextlib
import sqlite3
from collections.abc import Iterator


@contextlib.contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """Commit what is written within, or take all of it back and let the error pass.

    It takes the right to write at once, so that what is read within is still so when it is written.

    Raises:
        sqlite3.Error: it cannot begin or be committed.
    """
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        # SQLite may have rolled back by itself, and the error that counts is the first one.
        with contextlib.suppress(sqlite3.Error):
            if db.in_transaction:
                db.execute("ROLLBACK")
        raise
