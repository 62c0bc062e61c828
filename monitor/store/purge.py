"""Taking a shop, or a buyer, out of a data folder, with proof; and giving out all that is kept of one buyer.

Done while the service is stopped: what it holds in memory would come back. Sums of whole
days stay, as nobody can be told from them; those of a purged shop go with it.
"""

import json
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from monitor.store import database
from monitor.store.retention import Forgetter, key_in

_NAME = r"(?<![\w-]){}(?![\w-])"  # A whole name: b-7 is not b-77.


@dataclass
class Purged:
    """What a purge did.

    Attributes:
        deleted: rows that are gone, by table.
        left: in how many places the name still stands; 0 is the proof.
    """

    deleted: dict[str, int] = field(default_factory=dict)
    left: int = 0


def purge_shop(folder: Path, shop: str) -> Purged:
    """Take a shop out of a data folder whose lock the caller holds.

    Raises:
        sqlite3.Error: the database cannot be read or written; then nothing is changed.
    """

    def work(db: sqlite3.Connection, hashed: Forgetter) -> dict[str, int]:
        acts = "DELETE FROM alert_acts WHERE alert IN (SELECT alert FROM alerts WHERE shop = ?)"
        deleted = {"alert_acts": _count(db, acts, shop)}
        for table in _tables_with(db, "shop"):
            deleted[table] = _count(db, f"DELETE FROM {table} WHERE shop = ?", shop)
        _delete_told(db, deleted, [shop])
        _rename_in_shard(db, shop, hashed.hashed("", shop))
        return deleted

    return _purged(folder, [shop], work)


def purge_buyer(folder: Path, buyer: str, shop: str | None = None) -> Purged:
    """Take a buyer out of a data folder whose lock the caller holds: of one shop, or of all.

    Raises:
        sqlite3.Error: as `purge_shop`.
    """
    names: set[str] = {buyer}

    def work(db: sqlite3.Connection, hashed: Forgetter) -> dict[str, int]:
        chats = _chats_of(db, buyer, shop, hashed)
        names.update(chat for _, chat in chats)
        deleted: dict[str, int] = {}
        for table in ("events", "rows", "quality_hits"):
            delete = f"DELETE FROM {table} WHERE shop = ? AND conversation = ?"
            deleted[table] = sum(_count(db, delete, *chat) for chat in chats)
        deleted["alert_acts"] = deleted["alerts"] = deleted["rounds"] = 0
        of_chat = "shop = ? AND json_extract(CAST(body AS TEXT), '$.conversation') = ?"
        for chat in chats:
            deleted["alert_acts"] += _count(
                db, f"DELETE FROM alert_acts WHERE alert IN (SELECT alert FROM alerts WHERE {of_chat})", *chat
            )
            deleted["alerts"] += _count(db, f"DELETE FROM alerts WHERE {of_chat}", *chat)
            deleted["rounds"] += _count(db, f"DELETE FROM rounds WHERE {of_chat}", *chat)
        _delete_told(db, deleted, sorted(names))
        for name in names:
            _rename_in_shard(db, name, hashed.hashed("", name))
        return deleted

    return _purged(folder, names, work)


def of_buyer(db: sqlite3.Connection, key: bytes, buyer: str, shop: str | None = None) -> Iterator[dict[str, Any]]:
    """Yield all that is kept of a buyer, a table and a row each, for the buyer who asks what is known of them."""
    chats = _chats_of(db, buyer, shop, Forgetter(key))
    of_chat = "shop = ? AND json_extract(CAST(body AS TEXT), '$.conversation') = ?"
    for chat in sorted(chats):
        for (body,) in db.execute(
            "SELECT body FROM events WHERE shop = ? AND conversation = ? ORDER BY position", chat
        ):
            yield {"kept": "event", "is": msgspec.json.decode(body)}
        for table, kept in (("rounds", "round"), ("alerts", "alert")):
            for (body,) in db.execute(f"SELECT body FROM {table} WHERE {of_chat}", chat):
                yield {"kept": kept, "is": msgspec.json.decode(body)}


def _chats_of(db: sqlite3.Connection, buyer: str, shop: str | None, hashed: Forgetter) -> set[tuple[str, str]]:
    """Return (shop, conversation) of every chat of a buyer, forgotten ones under their hashes."""
    known = "SELECT DISTINCT shop FROM events UNION SELECT DISTINCT shop FROM rounds"
    shops = [shop] if shop else [name for (name,) in db.execute(known)]
    chats: set[tuple[str, str]] = set()
    for one in shops:
        for name in (buyer, hashed.hashed(one, buyer)):
            chats.add((one, name))
            for table in ("events", "rounds", "alerts"):
                found = db.execute(
                    f"SELECT DISTINCT json_extract(CAST(body AS TEXT), '$.conversation') FROM {table} "
                    "WHERE shop = ? AND json_extract(CAST(body AS TEXT), '$.buyer') = ?",
                    (one, name),
                )
                chats |= {(one, chat) for (chat,) in found if chat}
    return chats


def _delete_told(db: sqlite3.Connection, deleted: dict[str, int], names: list[str]) -> None:
    """Delete messages that were told, and input that was refused, in which one of the names stands."""
    for table, key in (("outbox", "number"), ("quarantine", "number")):
        gone = [
            (number,)
            for number, body in db.execute(f"SELECT {key}, body FROM {table}")
            if any(re.search(_NAME.format(re.escape(form)).encode(), body) for name in names for form in _forms(name))
        ]
        if table == "outbox":
            db.executemany("DELETE FROM attempts WHERE delivery = ?", gone)
        db.executemany(f"DELETE FROM {table} WHERE {key} = ?", gone)
        deleted[table] = deleted.get(table, 0) + len(gone)


def _forms(name: str) -> set[str]:
    """Return how a name may be written in a body: as it is, and as JSON escapes it."""
    return {name, json.dumps(name)[1:-1]}


def _rename_in_shard(db: sqlite3.Connection, name: str, instead: str) -> None:
    """Write another name into the tracker's own state, which names shops, so that the old one is gone."""
    (shard,) = db.execute("SELECT shard FROM journal").fetchone()
    if shard is not None:
        renamed = _renamed(msgspec.msgpack.decode(shard, strict=False), name, instead)
        db.execute("UPDATE journal SET shard = ?", (msgspec.msgpack.encode(renamed),))


def _renamed(value: Any, name: str, instead: str) -> Any:
    if isinstance(value, dict):
        return {_renamed(key, name, instead): _renamed(item, name, instead) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_renamed(item, name, instead) for item in value]
    return instead if value == name else value


def _purged(
    folder: Path, names: Iterable[str], work: Callable[[sqlite3.Connection, Forgetter], dict[str, int]]
) -> Purged:
    """Do the work in one transaction, give the room back, and look whether a name is left."""
    path = folder / "journal.db"
    hashed = Forgetter(key_in(folder))
    db = database.connect(path, cache_kib=32 * 1024)
    try:
        db.execute("BEGIN IMMEDIATE")
        try:
            deleted = work(db, hashed)
            db.execute("COMMIT")
        except BaseException:
            db.execute("ROLLBACK")
            raise
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        db.execute("VACUUM")  # Deleted rows stay readable in the file until it is written anew.
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        left = _left(db, names)
    finally:
        db.close()
    return Purged({table: rows for table, rows in deleted.items() if rows}, left)


def _left(db: sqlite3.Connection, names: Iterable[str]) -> int:
    """Count where a name still stands, in every column of every table.

    The database was written anew, so it holds nothing but its rows. The rules are left aside: they are the floor's own
    files, kept as they were read, and a shop is taken out of them by who wrote it in.
    """
    patterns = [re.compile(_NAME.format(re.escape(form)).encode()) for name in names for form in _forms(name)]
    left = 0
    tables = [name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    for table in tables:
        for row in db.execute(f"SELECT * FROM {table}") if table not in ("rules", "policies") else ():
            for value in row:
                text = value if isinstance(value, bytes) else value.encode() if isinstance(value, str) else b""
                left += any(pattern.search(text) for pattern in patterns)
    return left


def _tables_with(db: sqlite3.Connection, column: str) -> list[str]:
    tables = [name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    return [table for table in tables if column in {row[1] for row in db.execute(f"PRAGMA table_info({table})")}]


def _count(db: sqlite3.Connection, statement: str, *values: str) -> int:
    return db.execute(statement, values).rowcount
