"""Taking a shop, or a buyer, out of a data folder, with proof; and giving out all that is kept of one buyer.

Done while the service is stopped: what it holds in memory would come back. What is of the shop or the buyer alone is
deleted. Where others are in it too (who is present where, lists of who waits, the tracker's own state) a hash stands
for the name from then on, unless the name is also a word that says something else there, as that of a platform: then
it is left, and counted. Sums of whole days stay, as nobody can be told from them; those of a purged shop go with it.
"""

import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

import msgspec

from monitor.core.events import AnyEvent
from monitor.store import database
from monitor.store.retention import Forgetter, key_in
from monitor.store.transaction import transaction

_NAME = r"(?<![\w-]){}(?![\w-])"  # A whole name: b-7 is not b-77.
IN_WORDS_FROM = 3  # Characters: a shorter name is taken out where it is a value, for in a text it may be anything.

# The floor's own files, kept as they were read: a shop is taken out of them by who wrote it in.
_LEFT_ASIDE = ("rules", "policies")


@dataclass
class Purged:
    """What a purge did.

    Attributes:
        deleted: rows that are gone, by table.
        renamed: rows in which a hash now stands for the name.
        left: in how many places the name still stands; 0 is the proof.
    """

    deleted: dict[str, int] = field(default_factory=dict)
    renamed: int = 0
    left: int = 0


def purge_shop(folder: Path, shop: str) -> Purged:
    """Take a shop out of a data folder whose lock the caller holds.

    Raises:
        sqlite3.Error: the database cannot be read or written; then nothing is changed.
    """

    def work(db: sqlite3.Connection, _: Forgetter) -> dict[str, int]:
        acts = "DELETE FROM alert_acts WHERE alert IN (SELECT alert FROM alerts WHERE shop = ?)"
        deleted = {"alert_acts": _count(db, acts, shop)}
        for table in _tables(db):
            if "shop" in _columns(db, table):
                deleted[table] = _count(db, f"DELETE FROM {table} WHERE shop = ?", shop)
        _delete_told(db, deleted, [shop], None)
        _revoke_tokens(db, shop)
        return deleted

    return _purged(folder, {shop}, None, work)


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
        for table in ("events", "rows", "quality_hits", "quality_owed"):
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
        _delete_told(db, deleted, sorted(names), shop)
        deleted["rows of lists"] = _shorten_lists(db, names, shop)
        return deleted

    return _purged(folder, names, shop, work)


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
        for message, rule, word in db.execute(
            "SELECT message, rule, word FROM quality_hits WHERE shop = ? AND conversation = ? ORDER BY number", chat
        ):
            yield {"kept": "marked word", "is": {"message": message, "rule": rule, "word": word}}
        for (body,) in db.execute(
            "SELECT body FROM quality_owed WHERE shop = ? AND conversation = ? ORDER BY number", chat
        ):
            yield {"kept": "to be judged", "is": msgspec.json.decode(body)}
    names = {buyer} | {chat for _, chat in chats}
    for row in _in_lists(db, names, shop):
        yield {"kept": "row of a list", "is": row}
    for body in _told_of(db, "outbox", sorted(names), shop).values():
        yield {"kept": "told", "is": msgspec.json.decode(body)}
    for body in _told_of(db, "quarantine", sorted(names), shop).values():
        yield {"kept": "refused", "is": body.decode("utf-8", "replace")}


def _chats_of(db: sqlite3.Connection, buyer: str, shop: str | None, hashed: Forgetter) -> set[tuple[str, str]]:
    """Return (shop, conversation) of every chat of a buyer, forgotten ones under their hashes."""
    known = "SELECT DISTINCT shop FROM events UNION SELECT DISTINCT shop FROM rounds"
    shops = [shop] if shop else [name for (name,) in db.execute(known)]
    chats: set[tuple[str, str]] = set()
    for one in shops:
        ids = _ids_of(db, one, buyer)
        for name in ids | {hashed.hashed(one, own) for own in ids}:
            chats.add((one, name))
            for table in ("events", "rounds", "alerts"):
                found = db.execute(
                    f"SELECT DISTINCT json_extract(CAST(body AS TEXT), '$.conversation') FROM {table} "
                    "WHERE shop = ? AND json_extract(CAST(body AS TEXT), '$.buyer') = ?",
                    (one, name),
                )
                chats |= {(one, chat) for (chat,) in found if chat}
            rows = db.execute("SELECT conversation FROM rows WHERE shop = ? AND buyer = ?", (one, name))
            chats |= {(one, chat) for (chat,) in rows}
    return chats


def _ids_of(db: sqlite3.Connection, shop: str, buyer: str) -> set[str]:
    """Return every id of a buyer in a shop: one that became another is the same person."""
    merged = db.execute(
        "SELECT json_extract(CAST(body AS TEXT), '$.buyer'), json_extract(CAST(body AS TEXT), '$.into') FROM events "
        "WHERE shop = ? AND json_extract(CAST(body AS TEXT), '$.type') = 'buyer_merged'",
        (shop,),
    ).fetchall()
    # Of whose chat is part of another there is a row, also where the event that said so is gone.
    merged += db.execute(
        "SELECT conversation, merged_into FROM rows WHERE shop = ? AND merged_into IS NOT NULL", (shop,)
    )
    ids = {buyer}
    while more := {name for pair in merged if ids & set(pair) for name in pair if name} - ids:
        ids |= more
    return ids


def _told_of(db: sqlite3.Connection, table: str, names: list[str], shop: str | None) -> dict[int, bytes]:
    """Return messages that were told, or input that was refused, in which a name stands (and the shop), by number."""
    patterns, of_shop = _patterns(names), _patterns([shop] if shop else [])
    return {
        number: body
        for number, body in db.execute(f"SELECT number, body FROM {table}")
        if any(pattern.search(body) for pattern in patterns)
        and (not of_shop or any(pattern.search(body) for pattern in of_shop))
    }


def _delete_told(db: sqlite3.Connection, deleted: dict[str, int], names: list[str], shop: str | None) -> None:
    """Delete messages that were told, and input that was refused, in which one of the names stands (and the shop)."""
    for table in ("outbox", "quarantine"):
        gone = [(number,) for number in _told_of(db, table, names, shop)]
        if table == "outbox":
            db.executemany("DELETE FROM attempts WHERE delivery = ?", gone)
        db.executemany(f"DELETE FROM {table} WHERE number = ?", gone)
        deleted[table] = deleted.get(table, 0) + len(gone)


def _revoke_tokens(db: sqlite3.Connection, shop: str) -> int:
    """Revoke the tokens that are bound to the shop and to no other. They stay, or the door would stand open."""
    now_ms = "CAST(strftime('%s', 'now') AS INTEGER) * 1000"
    bound = "UPDATE tokens SET revoked_at_ms = {} WHERE revoked_at_ms IS NULL AND json_array_length(shops) = 1 "
    return _count(db, bound.format(now_ms) + "AND json_extract(shops, '$[0]') = ?", shop)


def _lists(db: sqlite3.Connection, shop: str | None) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield each list of who waits, with its position."""
    lists = "SELECT position, shop, body FROM events WHERE json_extract(CAST(body AS TEXT), '$.type') = ?"
    for position, of, body in db.execute(lists, ("waiting_snapshot",)).fetchall():
        if shop in (None, of):
            yield position, msgspec.json.decode(body)


def _names_in(row: dict[str, Any]) -> set[str]:
    return {row[key] for key in ("conversation", "buyer") if row.get(key)}


def _in_lists(db: sqlite3.Connection, names: set[str], shop: str | None) -> Iterator[dict[str, Any]]:
    """Yield a buyer's rows of the lists of who waits."""
    for _, told in _lists(db, shop):
        yield from (row for row in told["rows"] if _names_in(row) & names)


def _shorten_lists(db: sqlite3.Connection, names: set[str], shop: str | None) -> int:
    """Take a buyer out of the lists of who waits, which have the last words too; return how many rows went."""
    gone = 0
    for position, told in _lists(db, shop):
        rows = [row for row in told["rows"] if not _names_in(row) & names]
        if len(rows) < len(told["rows"]):
            gone += len(told["rows"]) - len(rows)
            told["rows"] = rows
            db.execute("UPDATE events SET body = ? WHERE position = ?", (msgspec.json.encode(told), position))
    return gone


def _purged(
    folder: Path, names: set[str], shop: str | None, work: Callable[[sqlite3.Connection, Forgetter], dict[str, int]]
) -> Purged:
    """Do the work in one transaction, give the room back, and look whether a name is left."""
    path = folder / "journal.db"
    hashed = Forgetter(key_in(folder))
    db = database.connect(path, cache_kib=32 * 1024)
    try:
        with transaction(db):
            deleted = work(db, hashed)
            ours = _words_of_ours(db)
            renamed = _rename(db, {name: hashed.hashed("", name) for name in names - ours}, shop)
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        db.execute("VACUUM")  # Deleted rows stay readable in the file until it is written anew.
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        # Written anew, the file holds nothing but its rows.
        left = sum(len(found) for found in _standing(db, sorted(names), shop).values())
    finally:
        db.close()
    return Purged({table: rows for table, rows in deleted.items() if rows}, renamed, left)


def _words_of_ours(db: sqlite3.Connection) -> set[str]:
    """Return words that say something else in the rows of others, so that no hash may stand for them there.

    A shop may be called as its platform, or as a field of events is.
    """
    platforms = "SELECT DISTINCT json_extract(CAST(body AS TEXT), '$.platform') FROM {}"
    words = {word for table in ("events", "rounds") for (word,) in db.execute(platforms.format(table)) if word}
    for struct in get_args(AnyEvent):
        for field_ in msgspec.structs.fields(struct):
            said = [one for kind in get_args(field_.type) for one in (kind, *get_args(kind)) if isinstance(one, str)]
            words |= {field_.name, field_.encode_name, *said}
    return words


def _standing(db: sqlite3.Connection, names: list[str], shop: str | None) -> dict[str, list[dict[str, Any]]]:
    """Return the rows in which a name stands in any column, by table; with a shop those of that shop only."""
    patterns = _patterns(names)
    found: dict[str, list[dict[str, Any]]] = {}
    for table in _tables(db):
        columns = _columns(db, table)
        if shop is not None and "shop" not in columns:
            continue
        where = "" if shop is None else " WHERE shop = ?"
        for row in db.execute(f"SELECT * FROM {table}{where}", () if shop is None else (shop,)):
            written = [value if isinstance(value, bytes) else str(value).encode() for value in row if value is not None]
            if any(pattern.search(value) for pattern in patterns for value in written):
                found.setdefault(table, []).append(dict(zip(columns, row, strict=True)))
    return found


def _rename(db: sqlite3.Connection, instead: dict[str, str], shop: str | None) -> int:
    """Let hashes stand for names in what is not theirs alone; return in how many rows."""
    renamed = 0
    for table, rows in _standing(db, sorted(instead), shop).items():
        keys = [name for _, name, _, _, _, key in db.execute(f"PRAGMA table_info({table})") if key]
        for row in rows:
            changed = {name: _renamed(value, instead) for name, value in row.items() if value is not None}
            changed = {name: value for name, value in changed.items() if value != row[name]}
            if changed:
                sets, where = (
                    ", ".join(f"{name} = ?" for name in changed),
                    " AND ".join(f"{key} IS ?" for key in keys or row),
                )
                values = [*changed.values(), *(row[key] for key in keys or row)]
                renamed += db.execute(f"UPDATE {table} SET {sets} WHERE {where}", values).rowcount
    return renamed


def _renamed(value: Any, instead: dict[str, str]) -> Any:
    """Return a value with hashes for names: a text, what is encoded in bytes, or what is decoded from them."""
    if isinstance(value, bytes):
        for decode, encode in ((msgspec.json.decode, msgspec.json.encode), (_unpack, msgspec.msgpack.encode)):
            try:
                return encode(_renamed(decode(value), instead))
            except msgspec.DecodeError:
                continue
        return value
    if isinstance(value, dict):
        return {_renamed(key, instead): _renamed(item, instead) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_renamed(item, instead) for item in value]
    if isinstance(value, str):
        for name, hashed in instead.items():
            if value == name or value.startswith(f"{name}:"):  # An account is often called after its shop.
                value = hashed + value[len(name) :]
            elif len(name) >= IN_WORDS_FROM and name in value:
                value = re.sub(_NAME.format(re.escape(name)), hashed, value)
    return value


def _unpack(raw: bytes) -> Any:
    return msgspec.msgpack.decode(raw, strict=False)


def _patterns(names: list[str]) -> list[re.Pattern[bytes]]:
    """Return what finds a name in bytes: as it is, and as JSON escapes it."""
    return [
        re.compile(_NAME.format(re.escape(form)).encode()) for name in names for form in {name, json.dumps(name)[1:-1]}
    ]


def _tables(db: sqlite3.Connection) -> list[str]:
    tables = [name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    return [table for table in tables if table not in _LEFT_ASIDE and not table.startswith("sqlite_")]


def _columns(db: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in db.execute(f"PRAGMA table_info({table})")]


def _count(db: sqlite3.Connection, statement: str, *values: str) -> int:
    return db.execute(statement, values).rowcount
