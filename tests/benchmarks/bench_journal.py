"""What the journal adds to bare SQLite, and what a look for duplicates costs.

``python -m tests.benchmarks.bench_journal [--folder DIR] [--stored N]``

Ratios are medians of interleaved pairs within one run, as the machine's pace
changes while it runs. The bare side is ``executemany`` and ``commit`` with
plain ``sqlite3`` on this thread, synced, of rows made beforehand, into the same
tables and indexes; the journal's side adds the hop to its thread, making the
rows, the step of the clock, and copying the log back, which is waited for here
and runs beside the next commits in service.

The bare side is measured twice. Copying its log back as rarely as the journal
does, the ratio is what the journal itself adds. With SQLite's default, every
1,000 pages, it is what a program without a thought of it would see: more than
100 % there is won by copying less often, not by doing less.
"""

import argparse
import asyncio
import random
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import mean, median, quantiles

from msgspec import structs

from monitor.store import database, schema
from monitor.store.entries import Commit, StoredEvent
from monitor.store.journal import _LOG_PAGES, Journal

INSERT = f"INSERT INTO events VALUES ({', '.join('?' * len(StoredEvent.__struct_fields__))})"
NOW_MS = 1_763_200_000_000


def traffic(seed: int, *, random_ids: bool) -> Iterator[StoredEvent]:
    """Give events of 300 shops and 5,000 chats at a time, without end; ids grow, or are random like UUIDs."""
    rng = random.Random(seed)
    chats = [(f"shop-{rng.randrange(300):03}", f"c-{rng.randrange(10**9)}") for _ in range(5_000)]
    text = "这个多少钱呀包邮吗" * 3
    position = 0
    while True:
        position += 1
        chat = rng.randrange(len(chats))
        if rng.random() < 0.08:
            chats[chat] = (f"shop-{rng.randrange(300):03}", f"c-{rng.randrange(10**9)}")
        shop, conversation = chats[chat]
        id_ = f"{rng.getrandbits(128):032x}" if random_ids else f"m-{position:010}"
        ts_ms = NOW_MS + position
        body = (
            f'{{"type":"message","id":"{id_}","ts":{ts_ms},"source":"collector-7","platform":"taobao","shop":"{shop}",'
            f'"conversation":"{conversation}","buyer":"b-7","role":"buyer","account":"{shop}:lin","text":"{text}"}}'
        )
        yield StoredEvent(
            position=position,
            shop=shop,
            id=id_,
            conversation=conversation,
            ts_ms=ts_ms,
            arrived_at_ms=ts_ms,
            door="http",
            words=5,
            folded=True,
            body=body.encode(),
        )


def take(events: Iterator[StoredEvent], count: int) -> list[StoredEvent]:
    return [next(events) for _ in range(count)]


def bare(folder: Path) -> sqlite3.Connection:
    """Open the same schema without the journal."""
    db = database.connect(folder / "bare.db", create=True, cache_kib=32 * 1024)
    schema.migrate(db)
    return db


def bare_commit(db: sqlite3.Connection, rows: list[tuple[object, ...]]) -> None:
    db.execute("BEGIN IMMEDIATE")
    db.executemany(INSERT, rows)
    db.execute("COMMIT")


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


async def bench_commits(
    journal: Journal, db: sqlite3.Connection, events: Iterator[StoredEvent], size: int, pairs: int, bare_pages: int
) -> None:
    """Print how the journal's commits of ``size`` events compare with bare ones, checkpointed every ``bare_pages``."""
    db.execute(f"PRAGMA wal_autocheckpoint = {bare_pages}")
    ratios, ours, theirs = [], [], []
    for pair in range(pairs):
        batch = take(events, size)
        rows = [structs.astuple(event) for event in batch]
        commit = Commit(now_ms=batch[-1].arrived_at_ms, rules="bench", events=batch)
        if pair % 2:
            theirs.append(timed(lambda rows=rows: bare_commit(db, rows)))  # type: ignore[misc]
        began = time.perf_counter()
        await journal.commit(commit)
        if journal._checkpoint is not None:
            await journal._checkpoint  # Left running it would slow the bare side, and be charged to nobody.
        ours.append(time.perf_counter() - began)
        if not pair % 2:
            theirs.append(timed(lambda rows=rows: bare_commit(db, rows)))  # type: ignore[misc]
        ratios.append(theirs[-1] / ours[-1])
    print(
        f"commit of {size:3}, bare copying back every {bare_pages:,} pages: {median(ratios):.0%} of bare pace "
        f"(median of {pairs} pairs; of the sums {sum(theirs) / sum(ours):.0%}); journal {spread(ours)}, "
        f"bare {spread(theirs)}"
    )


def spread(seconds: list[float]) -> str:
    longest = quantiles(seconds, n=100)[98]
    return f"{median(seconds) * 1e3:.2f} ms (mean {mean(seconds) * 1e3:.2f}, p99 {longest * 1e3:.1f})"


async def bench_look_up(journal: Journal, keys: list[tuple[str, str]], label: str, rounds: int = 200) -> None:
    """Print what a look for 100 keys costs, of new events and of duplicates."""
    rng = random.Random(3)
    for known in (False, True):
        took = []
        for _ in range(rounds):
            asked = rng.sample(keys, 100)
            if not known:
                asked = [(shop, f"{id_}-new") for shop, id_ in asked]
            began = time.perf_counter()
            found, _ = await journal.look_up(asked, [])
            took.append(time.perf_counter() - began)
            assert len(found) == (100 if known else 0)
        print(f"look_up of 100 {'duplicates' if known else 'new keys'}, {label}: {median(took) * 1e6:.0f} µs")


async def bench(folder: Path, stored: int, pairs: int, *, random_ids: bool) -> None:
    print(f"-- ids {'random' if random_ids else 'growing'}, {stored:,} events stored before")
    journal = await Journal.open(folder / "journal")
    db = bare(folder)
    try:
        events = traffic(1, random_ids=random_ids)
        keys: list[tuple[str, str]] = []
        while len(keys) * 100 < stored:
            batch = take(events, 5_000)
            await journal.commit(Commit(now_ms=NOW_MS, rules="bench", events=batch))
            bare_commit(db, [structs.astuple(event) for event in batch])
            keys += [(event.shop, event.id) for event in batch[::100]]
        for size in (100, 500):
            for bare_pages in (_LOG_PAGES, 1_000):
                await bench_commits(journal, db, events, size, pairs, bare_pages)
        await bench_look_up(journal, keys, f"{stored:,} stored")
        used, _ = await journal.size()
        print(f"journal {used / 1e6:.0f} MB, {used / max(1, journal.last_position):.0f} bytes an event")
    finally:
        db.close()
        await journal.close()


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--folder", help="where to write; a real disk, for syncs to cost what they cost")
    arguments.add_argument("--stored", type=int, default=200_000, help="events stored before it is measured")
    arguments.add_argument("--pairs", type=int, default=100)
    given = arguments.parse_args()
    for random_ids in (False, True):
        with tempfile.TemporaryDirectory(dir=given.folder) as folder:
            asyncio.run(bench(Path(folder), given.stored, given.pairs, random_ids=random_ids))


if __name__ == "__main__":
    main()
