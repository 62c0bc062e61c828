"""A disk that is full, read-only, failing or swapped: nothing half written, and all goes on once it is mended."""

import contextlib
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from monitor.errors import StoreUnavailable, UsageError
from monitor.store import database, schema
from monitor.store.entries import Commit
from monitor.store.journal import Journal
from tests.store.made import commit, delivery, event, refused, round_of

unix = pytest.mark.skipif(sys.platform == "win32", reason="needs limits and mounts of Unix")


def full(position: int, *, size: int = 100) -> Commit:
    """A commit with something in every table."""
    return commit(
        event(position, body=b"e" * size),
        rows=[("senye", "c-1", position, True, b"row %d" % position, None, False)],
        rounds=[round_of(position)],
        outbox=[delivery(f"d-{position}")],
        quarantine=[refused(b"q")],
        shard=b"shard %d" % position,
        saved_position=position,
        rules=f"rules {position}",
    )


async def assert_holds_exactly(journal: Journal, positions: list[int]) -> None:
    """Every table tells the same of what is stored."""
    handled = [(step, events) async for step, events in journal.since(0)]
    assert [step.position for step, _ in handled] == positions
    assert [e.position for _, events in handled for e in events] == positions
    assert [step.rules for step, _ in handled] == [f"rules {n}" for n in positions]
    assert await journal.waits_among(list(range(100))) == frozenset(positions)
    last = positions[-1]
    assert (journal.last_position, journal.saved_position) == (last, last)
    assert [rows async for rows in journal.open_rows()] == [[b"row %d" % last]]
    assert await journal.shard() == b"shard %d" % last
    assert await journal.outbox.pending() == {"webhook": len(positions)}
    assert journal.quarantine.held == (len(positions), len(positions), 0)
    assert len(await journal.quarantine.list()) == len(positions)


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Let no file of this process grow past ``size``: writes fail with a real error of the kernel."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@unix
async def test_a_failing_write_stores_nothing_and_the_next_commit_works(journal: Journal) -> None:
    await journal.commit(full(1))
    with largest_file((await journal.size())[0] // 2):
        for _ in range(2):
            with pytest.raises(StoreUnavailable, match="IOERR"):
                await journal.commit(full(2, size=2_000_000))
        await assert_holds_exactly(journal, [1])
    await journal.commit(full(2, size=2_000_000))
    await assert_holds_exactly(journal, [1, 2])


@unix
async def test_a_commit_failing_at_its_end_stores_nothing(journal: Journal) -> None:
    """A small commit stays in memory until COMMIT: that is then what fails."""
    await journal.commit(full(1))
    log = journal._path.with_name("journal.db-wal")
    with largest_file(log.stat().st_size + 5000):
        with pytest.raises(StoreUnavailable, match="IOERR"):
            await journal.commit(full(2))
        await assert_holds_exactly(journal, [1])
    await journal.commit(full(2))
    await assert_holds_exactly(journal, [1, 2])


async def test_a_database_at_its_size_limit_is_full(journal: Journal) -> None:
    await journal.commit(full(1))

    def limit(db: sqlite3.Connection) -> None:
        (pages,) = db.execute("PRAGMA page_count").fetchone()
        db.execute(f"PRAGMA max_page_count = {pages}")

    await journal._writer.read(limit)
    with pytest.raises(StoreUnavailable, match="full"):
        await journal.commit(full(2, size=50_000))
    await journal.commit(full(2, size=50_000))  # A connection opened anew knows nothing of the limit.
    await assert_holds_exactly(journal, [1, 2])


async def test_a_connection_that_may_not_write_is_opened_anew(journal: Journal) -> None:
    await journal.commit(full(1))
    await journal._writer.read(lambda db: db.execute("PRAGMA query_only = ON").fetchall())
    with pytest.raises(StoreUnavailable, match="READONLY"):
        await journal.commit(full(2))
    await journal.commit(full(2))
    await assert_holds_exactly(journal, [1, 2])


async def test_a_removed_database_takes_nothing_until_it_is_back(journal: Journal) -> None:
    await journal.commit(full(1))
    away = journal._path.with_name("away")
    journal._path.rename(away)
    for _ in range(2):
        with pytest.raises(StoreUnavailable, match="is gone"):
            await journal.commit(full(2))
    away.rename(journal._path)
    await journal.commit(full(2))
    await assert_holds_exactly(journal, [1, 2])


async def test_a_swapped_database_is_never_mixed_with_the_one_before(journal: Journal, tmp_path: Path) -> None:
    await journal.commit(full(1))
    other = await Journal.open(tmp_path / "other")
    await other.close()
    mine = journal._path.with_name("mine")
    journal._path.rename(mine)
    shutil.copy(other._path, journal._path)
    with pytest.raises(StoreUnavailable, match="was replaced"):
        await journal.commit(full(2))
    journal._writer._broken = True  # As after a failing disk: opened anew, it must not be taken for ours.
    for _ in range(2):
        with pytest.raises(StoreUnavailable, match="was replaced"):
            await journal.commit(full(2))
    mine.replace(journal._path)
    await journal.commit(full(2))
    await assert_holds_exactly(journal, [1, 2])


async def test_a_commit_that_turns_up_after_it_was_reported_as_failed_asks_for_a_new_start(journal: Journal) -> None:
    await journal.commit(full(1))
    beside = database.connect(journal._path, cache_kib=100)
    beside.execute("INSERT INTO commits VALUES (2, 2, 1, 1, 1)")
    beside.close()
    journal._writer._broken = True
    with pytest.raises(StoreUnavailable, match="start again"):
        await journal.commit(full(2))
    assert len(await journal.beyond(0, 9)) == 1


async def test_a_commit_that_is_gone_after_it_was_reported_as_stored_asks_for_a_new_start(journal: Journal) -> None:
    """As after a copy from before was put over the file."""
    await journal.commit(full(1))
    await journal.commit(full(2))
    beside = sqlite3.connect(journal._path)
    beside.execute("DELETE FROM commits WHERE number = 2")
    beside.commit()
    beside.close()
    journal._writer._broken = True
    with pytest.raises(StoreUnavailable, match="start again"):
        await journal.commit(full(3))


def newer(_: sqlite3.Connection) -> None:
    raise UsageError("it was written by a newer version")


@pytest.mark.parametrize(
    ("migrate", "error", "says"),
    [
        (lambda db: db.execute("SELECT * FROM nowhere"), sqlite3.OperationalError, "no such table"),
        (newer, UsageError, "newer version"),
    ],
    ids=["a fault of ours", "another version"],
)
async def test_a_start_that_fails_says_why_and_lets_the_folder_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, migrate: Any, error: type[Exception], says: str
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(schema, "migrate", migrate)
        with pytest.raises(error, match=says):
            await Journal.open(tmp_path)
    await (await Journal.open(tmp_path)).close()


async def test_what_only_we_can_get_wrong_is_not_blamed_on_the_disk(journal: Journal) -> None:
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        await journal._writer.write(lambda db: db.execute("INSERT INTO absent VALUES (1)"))
    await journal.commit(full(1))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 2 MiB; skips where this process may not mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", place], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"cannot mount a small disk: {mounted.stderr.strip()}")
    yield place
    subprocess.run(["umount", place], check=True)


def remount(place: Path, option: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{option}", place], check=True)


@unix
async def test_a_full_disk_stops_the_journal_and_room_starts_it_again(small_disk: Path) -> None:
    journal = await Journal.open(small_disk / "data")
    try:
        await journal.commit(full(1))
        (small_disk / "filler").write_bytes(b"x" * ((await journal.size())[1] - 64 * 1024))
        for _ in range(3):
            with pytest.raises(StoreUnavailable, match="full"):
                await journal.commit(full(2, size=200_000))
            await assert_holds_exactly(journal, [1])
        (small_disk / "filler").unlink()
        await journal.commit(full(2, size=200_000))
        await assert_holds_exactly(journal, [1, 2])
    finally:
        await journal.close()


@unix
async def test_a_journal_filled_to_the_brim_keeps_every_commit_it_reported(small_disk: Path) -> None:
    journal = await Journal.open(small_disk / "data")
    stored = []
    position = 0
    while journal.last_position == position:
        position += 1
        with contextlib.suppress(StoreUnavailable):
            await journal.commit(full(position, size=20_000))
            stored.append(position)
    assert stored[-1] == position - 1
    await assert_holds_exactly(journal, stored)
    await journal.close()
    # A start needs a little room: the log's index beside the database.
    remount(small_disk, "size=4m")
    journal = await Journal.open(small_disk / "data")
    try:
        await journal.commit(full(position, size=20_000))
        await assert_holds_exactly(journal, [*stored, position])
    finally:
        await journal.close()


@unix
async def test_a_start_on_a_read_only_disk_is_refused_with_the_reason(small_disk: Path) -> None:
    journal = await Journal.open(small_disk / "data")
    await journal.close()
    remount(small_disk, "ro")
    with pytest.raises(UsageError, match=os.strerror(30)):
        await Journal.open(small_disk / "data")
