"""Many rows in few steps of SQLite.

Python is let go while a statement runs, and is to be had again before the next. Beside a
loop that is at work, that is a wait of a tenth of a millisecond, many times what a row
itself takes: so rows go in by the hundred.
"""

import sqlite3
from collections.abc import Sequence
from functools import cache
from itertools import chain

_STEPS = (100, 10)  # Rows a statement; the few left go one by one.


def insert_many(db: sqlite3.Connection, into: str, rows: Sequence[Sequence[object]], conflict: str = "") -> None:
    """Insert rows in their order, within a transaction; a fault in one of them ends the transaction.

    Args:
        db: in the transaction.
        into: the table and, in brackets, its columns.
        rows: each with a value for each column.
        conflict: an ``ON CONFLICT`` clause.
    """
    at = 0
    for step in _STEPS:
        while len(rows) - at >= step:
            values = list(chain.from_iterable(rows[at : at + step]))
            db.execute(_statement(into, len(rows[at]), step, conflict), values)
            at += step
    if at < len(rows):
        db.executemany(_statement(into, len(rows[at]), 1, conflict), rows[at:])


@cache
def _statement(into: str, columns: int, rows: int, conflict: str) -> str:
    """Return the statement. By ROLLBACK SQLite need not keep what the pages were, to take back these rows alone."""
    row = f"({', '.join('?' * columns)})"
    return f"INSERT OR ROLLBACK INTO {into} VALUES {', '.join([row] * rows)} {conflict}"
