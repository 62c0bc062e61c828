"""A writer killed at any moment: what it reported is there, whole, and nothing is there by half."""

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from monitor.store.journal import Journal

# Each commit puts n events with the same n in the outbox, rounds, rows and quarantine, so that a half one shows.
WRITE = """
import asyncio, os, random, signal, sys
from pathlib import Path
from monitor.store.journal import Journal
from tests.store.made import commit, delivery, event, refused, round_of

async def main():
    seed, in_the_middle = int(sys.argv[2]), sys.argv[3] == "middle"
    rng = random.Random(seed)
    journal = await Journal.open(Path(sys.argv[1]))
    if in_the_middle:
        # After so many steps of SQLite's machine, in the middle of some statement of some commit.
        die = lambda: os.kill(os.getpid(), signal.SIGKILL)
        steps = rng.randrange(1, 120_000)
        await journal._writer.read(lambda db: db.set_progress_handler(die, steps))
    print("open", journal.last_position, flush=True)
    while True:
        n, first = rng.randrange(1, 40), journal.last_position + 1
        numbers = range(first, first + n)
        await journal.commit(commit(
            *[event(p, body=b"x" * rng.randrange(2000)) for p in numbers],
            saved_position=first + n - 1,
            shard=str(first + n - 1).encode(),
            rules=f"rules {first}",
            outbox=[delivery(f"d-{p}") for p in numbers],
            rounds=[round_of(p) for p in numbers],
            rows=[("senye", f"c-{p}", p, True, str(p).encode(), None, False) for p in numbers],
            quarantine=[refused(b"q") for p in numbers],
        ))
        print("stored", journal.last_position, flush=True)

asyncio.run(main())
"""


async def assert_whole(folder: Path, reported: int) -> int:
    """Nothing that was reported is missing, and the tables tell the same; return the newest position."""
    journal = await Journal.open(folder)
    try:
        last = journal.last_position
        assert last >= reported, f"reported {reported}, found {last}"
        numbers = list(range(1, last + 1))
        handled = [(step, events) async for step, events in journal.since(0)]
        assert [e.position for _, events in handled for e in events] == numbers
        for step, events in handled:
            assert step.rules == f"rules {events[0].position}"
            assert events[-1].position == step.position
        assert await journal.waits_among(numbers) == frozenset(numbers)
        assert [int(row) async for rows in journal.open_rows() for row in rows] == numbers
        assert sum((await journal.outbox.pending()).values()) == last
        assert journal.saved_position == last
        assert int(await journal.shard() or 0) == last
        assert journal.quarantine.held[0] == last
        found = await journal._reader.read(lambda db: db.execute("PRAGMA integrity_check").fetchall())
        assert found == [("ok",)]
        return last
    finally:
        await journal.close()


def write_until_killed(folder: Path, seed: int, moment: str) -> int | None:
    """Start a writer and see it killed; return the last position it reported, None if it came to none."""
    rng = random.Random(seed)
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITE, str(folder), str(seed), moment], stdout=subprocess.PIPE, text=True
    )
    reported = None
    with writer:
        assert writer.stdout is not None
        until = rng.randrange(1, 40)
        for number, line in enumerate(writer.stdout):
            reported = int(line.split()[1])
            if moment == "report" and number == until:
                writer.kill()
    assert writer.returncode == -9
    return reported


@pytest.mark.skipif(sys.platform == "win32", reason="kills by signal")
@pytest.mark.parametrize("moment", ["middle", "report"])
async def test_a_killed_writer_keeps_what_it_reported(tmp_path: Path, moment: str) -> None:
    seed = int(os.environ.get("TEST_SEED") or random.SystemRandom().randrange(1 << 32))
    print(f"TEST_SEED={seed}")
    rng = random.Random(seed)
    stored = 0
    for _ in range(6):
        reported = write_until_killed(tmp_path, rng.randrange(1 << 32), moment)
        stored = await assert_whole(tmp_path, stored if reported is None else reported)
    assert stored > 0, "no commit came through: nothing was tried"
