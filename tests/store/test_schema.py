import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.core.conversation import Conversation
from monitor.core.shard_rows import ShardRows
from monitor.core.wait import State
from monitor.errors import UsageError
from monitor.store.journal import Journal
from monitor.store.schema import MIGRATIONS, migrate
from tests.store.made import commit, event

LATER = (*MIGRATIONS, ("ALTER TABLE events ADD COLUMN mood TEXT", "CREATE TABLE moods (name TEXT) STRICT"))


@pytest.fixture
def db(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    opened = sqlite3.connect(tmp_path / "journal.db", isolation_level=None)
    yield opened
    opened.close()


def version(db: sqlite3.Connection) -> int:
    found: int = db.execute("PRAGMA user_version").fetchone()[0]
    return found


def test_each_step_is_taken_once(db: sqlite3.Connection) -> None:
    for _ in range(2):
        migrate(db)
        assert version(db) == len(MIGRATIONS)


def test_every_version_since_the_first_comes_to_the_newest(tmp_path: Path) -> None:
    newest = {}
    for start in range(len(LATER) + 1):
        db = sqlite3.connect(tmp_path / f"{start}.db", isolation_level=None)
        migrate(db, LATER[:start])
        migrate(db, LATER)
        newest[start] = db.execute("SELECT type, name, sql FROM sqlite_schema ORDER BY name").fetchall()
        assert version(db) == len(LATER)
        db.close()
    assert all(schema == newest[0] for schema in newest.values())


async def test_what_was_stored_is_there_after_a_step(tmp_path: Path) -> None:
    journal = await Journal.open(tmp_path)
    await journal.commit(commit(event(1)))
    await journal.close()
    db = sqlite3.connect(tmp_path / "journal.db", isolation_level=None)
    migrate(db, LATER)
    assert db.execute("SELECT id, mood FROM events").fetchall() == [("m-1", None)]
    db.close()


async def test_rows_from_before_are_found_by_buyer_and_as_part_of_another(tmp_path: Path) -> None:
    before = next(at for at, step in enumerate(MIGRATIONS) if any("ADD COLUMN merged_into" in one for one in step))
    db = sqlite3.connect(tmp_path / "journal.db", isolation_level=None)
    migrate(db, MIGRATIONS[:before])
    chats = [
        Conversation("senye", "c-1", "open-1", 1, 0, State()),
        Conversation("senye", "nick-1", None, 2, 0, State()),
        Conversation("senye", "open-1", "nick-1", 3, 0, State(), logged=-1),
    ]
    db.executemany(
        "INSERT INTO rows (shop, conversation, position, open, body) VALUES (?, ?, ?, 0, ?)",
        [*((one.shop, one.id, one.number, ShardRows.encode(one)) for one in chats), ("senye", "odd", 4, b"{}")],
    )
    db.execute("INSERT INTO journal (one, epoch) VALUES (1, 'k3f9')")
    db.close()
    journal = await Journal.open(tmp_path)
    try:
        assert await journal.stands_for("senye", "open-1") == "nick-1"
        assert await journal.rows_of_buyers([("senye", "open-1")], ()) == [ShardRows.encode(chats[0])]
        await journal.commit(commit(event(1, conversation="open-1"), event(2, conversation="nick-1")))
        assert [one.id for one in await journal.history("senye", "nick-1")] == ["m-1", "m-2"]
    finally:
        await journal.close()


def test_a_step_that_fails_leaves_everything_as_it_was(db: sqlite3.Connection) -> None:
    migrate(db)
    with pytest.raises(sqlite3.OperationalError, match="no such table: absent"):
        migrate(db, (*LATER, ("CREATE TABLE half (x)", "INSERT INTO absent VALUES (1)")))
    assert version(db) == len(LATER)
    assert not db.in_transaction
    assert db.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'half'").fetchone() == (0,)


async def test_a_newer_database_is_refused(tmp_path: Path) -> None:
    db = sqlite3.connect(tmp_path / "journal.db", isolation_level=None)
    migrate(db, LATER)
    db.close()
    with pytest.raises(
        UsageError, match=rf"newer version \(schema {len(LATER)}, this program knows {len(MIGRATIONS)}\)"
    ):
        await Journal.open(tmp_path)


def test_another_programs_database_is_refused_and_left_alone(db: sqlite3.Connection) -> None:
    db.execute("CREATE TABLE theirs (x)")
    with pytest.raises(UsageError, match="not written by this program"):
        migrate(db)
    assert db.execute("SELECT name FROM sqlite_schema").fetchall() == [("theirs",)]
