"""Keeping the journal small: pruning by age, the log copied back, room given back.

Everything goes in slices of a few milliseconds, as each holds up the commits.
"""

import contextlib
import shutil
import sqlite3
from pathlib import Path

from monitor.core.units import DAY_MS
from monitor.store.floor_log import prune_records

_VACUUM_FROM = 4096  # Free pages that are kept for what comes next: 16 MiB.
_VACUUM_SLICE = 256
_MONTH_MS = 31 * DAY_MS  # The longest span a channel's budget looks back.

# What has others hanging on it: how what is over is found, by an index that has nothing else in it, so that what must
# stay is in nobody's way; and what is deleted of each.
_WITH_TRAIL = (
    (
        "SELECT number FROM outbox WHERE NOT state = 'pending' AND decided_at_ms < ? ORDER BY decided_at_ms LIMIT ?",
        "DELETE FROM attempts WHERE delivery = ?",
        "DELETE FROM outbox WHERE number = ?",
    ),
    (
        "SELECT alert FROM alerts WHERE ended_at_ms IS NOT NULL AND updated_at_ms < ? ORDER BY updated_at_ms LIMIT ?",
        "DELETE FROM alert_acts WHERE alert = ?",
        "DELETE FROM alerts WHERE alert = ?",
    ),
)


def copy_log_back(db: sqlite3.Connection) -> None:
    """Copy the log into the database as far as readers allow, without stopping anybody."""
    db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()


def give_room_back(db: sqlite3.Connection) -> int:
    """Give a slice of free pages back to the disk, where more are free than is of use; return how many.

    Outside of a transaction: as a script, for the module steps a plain statement without columns only once, and
    SQLite frees one page a step.
    """
    (free,) = db.execute("PRAGMA freelist_count").fetchone()
    pages: int = max(0, min(_VACUUM_SLICE, free - _VACUUM_FROM))
    if pages:
        db.executescript(f"PRAGMA incremental_vacuum({pages})")
    return pages


def size(path: Path) -> tuple[int, int]:
    """Return the bytes of a database with its log, and the bytes free on its disk."""
    used = 0
    for file in (path, path.with_name(path.name + "-wal")):
        with contextlib.suppress(FileNotFoundError):
            used += file.stat().st_size
    return used, shutil.disk_usage(path.parent).free


def prune(before_ms: int, max_rows: int, db: sqlite3.Connection) -> int:
    """Delete up to ``max_rows`` of each kind of what is from before an instant; return how many went.

    Old are events by the clock of their commit, settled deliveries by when
    they were decided, alerts that are over by what was last done to them, rows of
    conversations of which nothing is open and nothing was heard since. Rounds stay:
    scores are made of them. The newest commit stays, as it holds where the journal stands.

    1. Find the newest commit of that age that no restart needs.
    2. Delete events up to it; when none is left, the commits themselves.
    3. Delete settled deliveries and alerts that are over, each with its trail.
    4. Delete gaps, shifts, people's days, and what became of suggestions, of which the tallies stay.
    5. Delete rows of closed conversations.
    """
    deleted = 0
    last_position, number, saved = db.execute(
        "SELECT position, number, saved_position FROM commits ORDER BY position DESC, number DESC LIMIT 1"
    ).fetchone() or (0, 0, 0)
    # The clock of commits only grows, so the old ones are the first; a slice of them is enough for one of events.
    old = db.execute(
        "SELECT max(position) FROM (SELECT position, now_ms FROM commits ORDER BY position, number LIMIT ?) "
        "WHERE now_ms < ? AND position <= ?",
        (max_rows, before_ms, min(saved, last_position)),
    ).fetchone()[0]
    if old is not None:
        deleted += db.execute(
            "DELETE FROM events WHERE position IN "
            "(SELECT position FROM events WHERE position <= ? ORDER BY position LIMIT ?)",
            (old, max_rows),
        ).rowcount
        db.execute("DELETE FROM quality_owed WHERE position <= ?", (old,))
        if deleted < max_rows:
            deleted += db.execute(
                "DELETE FROM commits WHERE position <= ? AND number < ? AND now_ms < ?", (old, number, before_ms)
            ).rowcount
    for find, *deletes in _WITH_TRAIL:
        over = db.execute(find, (before_ms, max_rows)).fetchall()
        for delete in deletes:
            db.executemany(delete, over)
        deleted += len(over)
    deleted += prune_records(db, before_ms, max_rows)
    deleted += db.execute(
        "DELETE FROM suggestion_feedback WHERE number IN "
        "(SELECT number FROM suggestion_feedback WHERE at_ms < ? ORDER BY at_ms LIMIT ?)",
        (before_ms, max_rows),
    ).rowcount
    deleted += db.execute("DELETE FROM channel_use WHERE hour_ms < ?", (before_ms - _MONTH_MS,)).rowcount
    if old is not None:
        deleted += db.execute(
            "DELETE FROM rows WHERE number IN (SELECT number FROM rows WHERE open = 0 AND position <= ? LIMIT ?)",
            (old, max_rows),
        ).rowcount
    return deleted
