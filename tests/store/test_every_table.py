"""Every table there is, against purge and forgetting: one that is not declared here fails the test."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from monitor.store import schema
from monitor.store.purge import of_buyer, purge_buyer, purge_shop
from monitor.store.retention import Ages, Forgetter, key_in, left_from_before
from monitor.store.upkeep import prune

SHOP, BUYER, CHAT, WORDS, OTHER = "mark-shop", "mark-buyer", "mark-chat", "mark-words", "other-shop"
DAY_MS = 86_400_000
OLD_MS, NOW_MS = 1_700_000_000_000, 1_700_000_000_000 + 400 * DAY_MS

_CHAT: dict[str, Any] = {"shop": SHOP, "conversation": CHAT, "buyer": BUYER}
_SAID = _CHAT | {"id": "m-1", "ts": OLD_MS, "type": "message", "role": "buyer", "text": WORDS, "kind": "text"}
_LIST: dict[str, Any] = {
    "id": "l-1", "ts": OLD_MS, "shop": SHOP, "type": "waiting_snapshot", "complete": False,
    "rows": [{"conversation": CHAT, "buyer": BUYER, "waited_seconds": 3.0, "last_text": WORDS},
             {"conversation": "other-chat", "buyer": "other", "waited_seconds": 3.0}],
}  # fmt: skip
_MERGED = {"id": "b-1", "ts": OLD_MS, "shop": SHOP, "type": "buyer_merged", "buyer": "mark-second", "into": BUYER}
_PRESENT = {"id": "p-1", "ts": OLD_MS, "shop": "", "type": "agent_presence", "agent": "lin", "state": "online"}


def _event(position: int, body: dict[str, Any], conversation: str | None = None) -> dict[str, Any]:
    return {
        "position": position, "shop": body["shop"], "id": body["id"], "conversation": conversation, "ts_ms": OLD_MS,
        "arrived_at_ms": OLD_MS, "door": "http", "words": 0, "folded": 1, "body": body,
    }  # fmt: skip


# A row of each table with the shop, the buyer, the chat and their words wherever it may have them.
ROWS: dict[str, list[dict[str, Any]]] = {
    "journal": [{"one": 1, "epoch": "e", "shard": msgspec.msgpack.encode([{SHOP: [f"{SHOP}:lin", 1]}, OTHER])}],
    "events": [
        _event(1, _SAID, CHAT),
        _event(2, _LIST),
        _event(3, _MERGED, "mark-second"),
        _event(4, _PRESENT | {"shops": [SHOP, OTHER]}),
        _event(5, _SAID | {"shop": OTHER, "conversation": "other-chat", "buyer": "other", "text": "x"}, "other-chat"),
    ],
    "commits": [{"position": 5, "number": 1, "now_ms": OLD_MS, "rules": 1, "saved_position": 5}],
    "rules": [],
    "rows": [
        {"number": 1, "shop": SHOP, "conversation": CHAT, "position": 1, "open": 0, "buyer": BUYER,
         "body": msgspec.msgpack.encode([SHOP, CHAT, BUYER])},
        {"number": 2, "shop": SHOP, "conversation": "mark-third", "position": 1, "open": 0, "merged_into": BUYER,
         "body": msgspec.msgpack.encode([SHOP, "mark-third", BUYER])},
    ],
    "rounds": [{"wait": 1, "shop": SHOP, "opened_at_ms": OLD_MS, "outcome": "answered", "body": _CHAT}],
    "outbox": [
        {"number": 1, "delivery_id": "1.slow", "alert_id": "1", "channel": "webhook", "transition": "raised",
         "stage": "slow", "due_at_ms": OLD_MS, "decided_at_ms": OLD_MS, "expires_at_ms": OLD_MS, "state": "sent",
         "attempts": 1, "next_at_ms": OLD_MS, "body": {"data": _CHAT | {"asked": WORDS}}},
    ],
    "attempts": [{"delivery": 1, "attempt": 1, "outcome": "sent", "reason": ""}],
    "quarantine": [
        {"number": 1, "at_ms": OLD_MS, "door": "http", "source": "s", "place": 0, "path": "$", "error": "e",
         "reason": "json", "body": _SAID, "length": 3, "sha256": "x"},
    ],
    "tokens": [
        {"name": "theirs", "sha256": "1", "shops": json.dumps([SHOP]), "created_at_ms": 0, "role": "viewer"},
        {"name": "both", "sha256": "2", "shops": json.dumps([SHOP, OTHER]), "created_at_ms": 0, "role": "viewer"},
    ],
    "policies": [],
    "suggestion_feedback": [
        {"number": 1, "at_ms": OLD_MS, "shop": SHOP, "offer": "o", "intent": "i", "phrase": "p", "outcome": "shown",
         "position": 1, "weight": 1.0, "agent": "lin", "distance": 0.0, "send_ms": 1},
    ],
    "suggestion_tallies": [
        {"shop": SHOP, "intent": "i", "phrase": "p", "offers": 1.0, "picked": 0, "edited": 0, "ignored": 0,
         "send_ms": 0},
    ],
    "alerts": [
        {"number": 1, "alert": "1", "kind": "wait", "state": "resolved", "platform": "", "shop": SHOP, "team": "t",
         "since_ms": OLD_MS, "ended_at_ms": OLD_MS, "updated_at_ms": NOW_MS, "body": _CHAT},
        {"number": 2, "alert": "source-1", "kind": "source", "state": "resolved", "platform": "", "shop": "",
         "team": "t", "since_ms": OLD_MS, "ended_at_ms": OLD_MS, "updated_at_ms": NOW_MS,
         "body": {"conversation": None, "buyer": None, "shops": [SHOP, OTHER]}},
    ],
    "alert_acts": [{"alert": "1", "at_ms": OLD_MS, "by": "lin", "what": "claimed", "detail": ""}],
    "channel_use": [{"channel": "webhook", "hour_ms": OLD_MS, "tries": 1}],
    "score_days": [{"day": 1, "dim": "shop", "shop": SHOP, "name": SHOP, "body": msgspec.msgpack.encode([1])}],
    "score_through": [{"one": 1, "day": 1}],
    "score_looked": [{"one": 1, "position": 1}],
    "official": [
        {"day": 1, "shop": SHOP, "account": f"{SHOP}:lin", "profile": "p", "value": 0.5, "loaded_at_ms": OLD_MS},
    ],
    "gaps": [
        {"source": "s", "account": f"{SHOP}:lin", "shop": SHOP, "from_ms": OLD_MS, "to_ms": OLD_MS + 1, "reason": "r",
         "filled": 0, "decided_at_ms": OLD_MS},
    ],
    "shifts": [{"person": "lin", "starts_at_ms": 1, "ends_at_ms": OLD_MS, "body": {"shops": [SHOP, OTHER]}}],
    "person_days": [{"day": "2023-11-14", "person": "lin", "body": {"team": "t"}}],
    "quality_hits": [
        {"number": 1, "at_ms": OLD_MS, "day": "2023-11-14", "shop": SHOP, "team": "t", "agent": "lin",
         "conversation": CHAT, "message": "m-1", "rule": "r", "level": "serious", "start_at": 0, "end_at": 1,
         "word": WORDS},
    ],
    "quality_counts": [{"day": "2023-11-14", "shop": SHOP, "team": "t", "agent": "lin", "what": "w", "count": 1}],
    "quality_state": [{"one": 1, "position": 5}],
    "quality_owed": [
        {"number": 1, "commit_number": 1, "position": 1, "shop": SHOP, "conversation": CHAT, "message": "m-1",
         "kind": "close", "judged": 0, "body": {"round": _CHAT}},
    ],
    "retention": [],
    "channel_rest": [{"channel": "webhook", "until_ms": OLD_MS, "reason": "rate", "opened": 0}],
    "storm": [{"one": 1, "body": {"since_ms": OLD_MS}}],
}  # fmt: skip
# What holds the shop and others: it stays when the shop is purged, with a hash for its name.
SHARED = {"journal": 1, "events": 2, "alerts": 1, "tokens": 2, "shifts": 1}
# What has no name of a shop.
NAMELESS = {
    "storm",
    "channel_rest",
    "commits",
    "attempts",
    "channel_use",
    "score_through",
    "score_looked",
    "person_days",
    "quality_state",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    db = sqlite3.connect(tmp_path / "journal.db", isolation_level=None)
    schema.migrate(db)
    for table, rows in ROWS.items():
        for row in rows:
            values = [msgspec.json.encode(value) if isinstance(value, dict) else value for value in row.values()]
            marks = ", ".join("?" for _ in values)
            db.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", values)
    db.close()
    return tmp_path


def rows_left(folder: Path) -> dict[str, int]:
    db = sqlite3.connect(folder / "journal.db")
    left = {table: db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ROWS if ROWS[table]}
    db.close()
    return left


def written(folder: Path) -> Iterator[tuple[str, str]]:
    """Every row as text, with its table."""
    db = sqlite3.connect(folder / "journal.db")
    db.text_factory = lambda raw: raw.decode("utf-8", "replace")
    for table in ROWS:
        for row in db.execute(f"SELECT * FROM {table}"):
            yield table, " ".join(one.decode("utf-8", "replace") if isinstance(one, bytes) else str(one) for one in row)
    db.close()


def test_every_table_is_declared() -> None:
    db = sqlite3.connect(":memory:", isolation_level=None)
    schema.migrate(db)
    tables = {name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    db.close()
    assert {name for name in tables if not name.startswith("sqlite_")} == ROWS.keys()


def test_a_purged_shop_is_in_no_table_and_what_others_are_in_stays(folder: Path) -> None:
    done = purge_shop(folder, SHOP)
    assert done.left == 0
    assert not [table for table, row in written(folder) if SHOP in row]
    left = rows_left(folder)
    for table, rows in left.items():
        assert rows == (len(ROWS[table]) if table in NAMELESS - {"attempts"} else SHARED.get(table, 0)), table
    assert [table for table, row in written(folder) if OTHER in row] == [
        "journal", "events", "events", "tokens", "alerts", "shifts",
    ]  # fmt: skip
    db = sqlite3.connect(folder / "journal.db")
    shard = msgspec.msgpack.decode(db.execute("SELECT shard FROM journal").fetchone()[0])
    assert shard[1] == OTHER
    revoked = dict(db.execute("SELECT name, revoked_at_ms IS NOT NULL FROM tokens"))
    assert revoked == {"theirs": 1, "both": 0}, "a token without its shop must not see all others"
    db.close()


@pytest.mark.parametrize("shop", [None, SHOP])
def test_a_purged_buyer_is_in_no_table_nor_are_their_words(folder: Path, shop: str | None) -> None:
    before = rows_left(folder)
    done = purge_buyer(folder, BUYER, shop)
    assert done.left == 0
    marks = (BUYER, CHAT, WORDS, "mark-second", "mark-third")
    assert not [(table, row) for table, row in written(folder) if any(mark in row for mark in marks)]
    gone = {table: before[table] - rows for table, rows in rows_left(folder).items() if before[table] - rows}
    assert gone == {
        "events": 2, "rows": 2, "rounds": 1, "outbox": 1, "attempts": 1, "quarantine": 1, "alerts": 1,
        "alert_acts": 1, "quality_hits": 1, "quality_owed": 1,
    }  # fmt: skip


def test_a_buyer_of_another_shop_with_the_same_name_stays(folder: Path) -> None:
    purge_buyer(folder, BUYER, OTHER)
    assert BUYER in "".join(row for _, row in written(folder))
    assert {table for table, row in written(folder) if BUYER in row} >= {"events", "rounds", "outbox", "quarantine"}


def test_what_is_given_out_of_a_buyer_is_what_a_purge_takes(folder: Path) -> None:
    db = sqlite3.connect(folder / "journal.db")
    kept = [row["kept"] for row in of_buyer(db, key_in(folder), BUYER)]
    assert sorted(kept) == [
        "alert",
        "event",
        "event",
        "marked word",
        "refused",
        "round",
        "row of a list",
        "to be judged",
        "told",
    ]
    db.close()
    purge_buyer(folder, BUYER)
    db = sqlite3.connect(folder / "journal.db")
    assert not list(of_buyer(db, key_in(folder), BUYER))
    db.close()


def test_when_all_ages_are_over_no_buyer_and_no_words_are_in_any_table(folder: Path) -> None:
    db = sqlite3.connect(folder / "journal.db", isolation_level=None)
    forgetter = Forgetter(key_in(folder))
    assert left_from_before(NOW_MS, db) == 8, "the proof counts each place: nothing is forgotten yet"
    while forgetter.forget(NOW_MS, Ages(7 * DAY_MS, 90 * DAY_MS), 2, db):
        pass
    assert left_from_before(NOW_MS, db) == 0
    db.close()
    assert not [(table, row) for table, row in written(folder) if any(one in row for one in (BUYER, CHAT, WORDS))]
    assert SHOP in "".join(row for _, row in written(folder))


def test_what_is_kept_for_a_time_only_is_pruned(folder: Path) -> None:
    db = sqlite3.connect(folder / "journal.db", isolation_level=None)
    db.execute("UPDATE alerts SET updated_at_ms = ended_at_ms")
    while prune(NOW_MS - 90 * DAY_MS, 2, db):
        pass
    db.close()
    left = {table for table, rows in rows_left(folder).items() if rows}
    stays = {"journal", "commits", "rounds", "tokens", "suggestion_tallies", "score_days", "score_through", "official"}
    stays.add("score_looked")
    # Refused input has an age and a bound of its own; whose hits they were is forgotten, the sums stay.
    assert left == stays | {"quarantine", "quality_hits", "quality_counts", "quality_state", "channel_rest", "storm"}
