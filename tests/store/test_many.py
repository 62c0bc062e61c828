"""Many rows at once are as if each had been inserted alone, in fewer statements."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from monitor.store.many import insert_many
from monitor.store.transaction import transaction


@pytest.fixture
def db() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as made:
        made.execute("CREATE TABLE things (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, size INTEGER)")
        yield made


def things(db: sqlite3.Connection) -> list[tuple[str, int]]:
    return db.execute("SELECT name, size FROM things ORDER BY rowid").fetchall()


@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 99, 100, 101, 345])
def test_each_row_is_there_once_and_in_order(db: sqlite3.Connection, count: int) -> None:
    rows = [(f"n{number}", number) for number in range(count)]
    insert_many(db, "things (name, size)", rows)
    assert things(db) == rows


def test_of_hundreds_of_rows_each_hundred_is_one_statement(db: sqlite3.Connection) -> None:
    said: list[str] = []
    db.set_trace_callback(said.append)
    insert_many(db, "things (name, size)", [(f"n{number}", number) for number in range(321)])
    assert len(said) == 3 + 2 + 1


def test_of_rows_with_one_key_the_last_stands_wherever_they_are(db: sqlite3.Connection) -> None:
    rows = [(f"n{number % 7}", number) for number in range(234)]
    insert_many(db, "things (name, size)", rows, "ON CONFLICT (name) DO UPDATE SET size = excluded.size")
    assert dict(things(db)) == dict(rows)


@pytest.mark.parametrize("at", [5, 57, 123, 131])
def test_a_row_that_cannot_be_leaves_nothing_of_the_transaction(db: sqlite3.Connection, at: int) -> None:
    rows = [(f"n{number}", number) for number in range(132)]
    rows[at] = ("n0", at)

    def write() -> None:
        with transaction(db):
            db.execute("INSERT INTO things (name) VALUES ('before')")
            insert_many(db, "things (name, size)", rows)

    with pytest.raises(sqlite3.IntegrityError):
        write()
    assert not db.in_transaction
    assert things(db) == []
    insert_many(db, "things (name, size)", rows[:at])  # What comes next is as if that had never been.
    assert len(things(db)) == at
