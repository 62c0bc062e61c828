"""How late an alert is, and how long the loop is held, while a million buyers wait.

    python -m tests.benchmarks.bench_lateness [--waits N] [--seconds N] [--folder DIR]

The service's engine on the service's loop, with a real journal on disk and what
watches it live: the board's counts, the metrics, a scrape and a look for the most
urgent every five seconds. A million waits lie in the journal at its start, so the
restart is measured as well. Then batches come in as at a busy door: new buyers,
answers to others, further messages of any of the million. A new buyer's limit is
3 s, and there is one, for the measuring not to last; the ladder is the shipped one,
so much shorter that its first step comes with the limit.

The target is for a million, which takes some minutes: --waits 1000000.

A probe on the same loop, woken every millisecond, says how long the loop was
held. On a busy machine that includes what others took; how much the loop's own
thread computed meanwhile is told beside it.
"""

import argparse
import asyncio
import multiprocessing
import os
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import uvloop
from msgspec.structs import replace

from monitor.clock import Clock
from monitor.core.decisions import RaiseAlert, RiseAlert
from monitor.core.events import AnyEvent
from monitor.core.policy import BUILT_IN, BuiltIn, Stage
from monitor.core.tracker import Tracker
from monitor.engine import JUDGED_A_COMMIT, Changes, Engine, Receipt
from monitor.interpreter import spare_collector
from monitor.metrics import Metrics, Watcher
from monitor.policy_files import load
from monitor.policy_files.where import default_folder
from monitor.store.entries import Commit
from monitor.store.journal import Journal
from monitor.web.floor import Floor
from monitor.wire import decode, decode_line
from monitor.wire.batch import Batch
from tests.benchmarks import crowd
from tests.benchmarks.yardstick import percentile

DUE_A_SECOND = 200
EVENTS_A_SECOND = 2_000
BATCH = 20  # Every 10 ms.
ROWS_A_COMMIT = 20_000
GOAL_MS = 50
PROBE_SECONDS = 0.001
LOOK_SECONDS = 5.0
LIMIT_MS = 3_000
HOUR_MS = 3_600_000
SHIPPED = load(default_folder()).book.resolve("taobao", "", None, 0).policy.steps
SHORTER = SHIPPED[0].at_ms // LIMIT_MS
POLICY = replace(
    BUILT_IN,
    window=(Stage("slow", LIMIT_MS),),
    steps=tuple(step._replace(at_ms=step.at_ms // SHORTER, gather_ms=step.gather_ms // SHORTER) for step in SHIPPED),
)


async def prepare(folder: Path, waits: int) -> None:
    """Write the rows of a million waits an hour old, all told."""
    now_ms = Clock().now_ms()
    tracker = crowd.waiting(waits, now_ms - HOUR_MS, Tracker(BuiltIn(POLICY)))
    while tracker.advance(now_ms - HOUR_MS + POLICY.steps[-1].at_ms + 20, JUDGED_A_COMMIT):
        tracker.decisions.clear()
    assert len(tracker.changed) == waits
    journal = await Journal.open(folder)
    await journal.commit(Commit(now_ms=tracker.now_ms, rules="bench", policies=tracker.policies.take_new()))
    rows: list[tuple[str, str, int, bool, bytes, str | None, bool]] = []
    for number, conversation in enumerate(tracker.changed, 1):
        row = tracker.rows.encode(conversation)
        rows.append((conversation.shop, conversation.id, conversation.number, True, row, None, False))
        if len(rows) == ROWS_A_COMMIT or number == waits:
            await journal.commit(
                Commit(now_ms=tracker.now_ms, rules="bench", rows=rows, shard=tracker.rows.encode_shard())
            )
            rows = []
    await journal.close()


def make_ready(folder: Path, waits: int) -> None:
    asyncio.run(prepare(folder, waits))


def traffic(rng: random.Random, waits: int) -> Iterator[list[tuple[int, str]]]:
    """Yield batches of (buyer, role): new buyers, answers to them once they have been told of, and any of the crowd."""
    new = waits
    while True:
        batch = [(rng.randrange(waits), "buyer") for _ in range(BATCH)]
        for place in range(BATCH * DUE_A_SECOND // EVENTS_A_SECOND):
            batch[place] = (new, "buyer")
            answered = new - DUE_A_SECOND * (LIMIT_MS // 1000 + 1)
            if answered >= waits:
                batch[-1 - place] = (answered, "agent")
            new += 1
        yield batch


class Watch:
    """What is measured."""

    def __init__(self, clock: Clock) -> None:
        self.decided: list[float] = []
        self.stored: list[float] = []
        self.commits: list[float] = []
        self.held: list[tuple[float, float]] = []  # (wall, CPU of the loop's thread), ms
        self.on = False
        self._clock = clock

    def watch(self, changes: Changes) -> None:
        if self.on:
            now_ms = self._clock.now_ms()
            self.commits.append(changes.commit_seconds * 1e3)
            for decision in changes.decisions:
                if isinstance(decision, RaiseAlert | RiseAlert):
                    self.decided.append(decision.decided_at_ms - decision.due_at_ms)
                    self.stored.append(now_ms - decision.due_at_ms)

    async def probe(self) -> None:
        while True:
            began, computed = time.perf_counter(), time.thread_time()
            await asyncio.sleep(PROBE_SECONDS)
            if self.on:
                held = (time.perf_counter() - began - PROBE_SECONDS) * 1e3
                self.held.append((held, (time.thread_time() - computed) * 1e3))


async def look(engine: Engine, floor: Floor) -> None:
    """What a wallboard and a scrape ask for, every few seconds."""
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        sum(engine.promises().values())
        await floor.measure()
        await floor.most_urgent(2_000)


def caught_up(now_ms: int) -> Batch:
    """Return every collector's word that nothing was missed while the service was down."""
    body = b"\n".join(
        b'{"type":"sync_range","id":"sync-%d","ts":%d,"source":"collector-%d","shop":"s","from":%d,"to":%d,"complete":true}'
        % (number, now_ms, number, now_ms - 2 * HOUR_MS, now_ms)
        for number in range(crowd.COLLECTORS)
    )
    batch = decode(body, door="http", source="bench", now_ms=now_ms)
    assert not batch.refusals, batch.refusals[0].error
    return batch


async def run(folder: Path, waits: int, seconds: float) -> None:
    clock = Clock()
    journal = await Journal.open(folder)
    engine = Engine(journal, Tracker(BuiltIn(POLICY)), router=lambda _: [], clock=clock)
    metrics = Metrics(version="bench")
    floor = Floor(engine, metrics, clock.now_ms)
    watch = Watch(clock)
    for watcher in (Watcher(metrics).watch, floor.watch, watch.watch):
        engine.watch(watcher)
    try:
        began = time.perf_counter()
        await engine.start()
        print(f"start with {waits:,} open waits in the journal: {time.perf_counter() - began:.1f} s")
        await measure(engine, floor, watch, clock, waits, seconds)
        await engine.stop()
    finally:
        await journal.close()
    report(watch, seconds)


async def measure(engine: Engine, floor: Floor, watch: Watch, clock: Clock, waits: int, seconds: float) -> None:
    floor.begin()
    spare_collector()
    await engine.submit(caught_up(clock.now_ms()))
    tasks = [asyncio.create_task(watch.probe()), asyncio.create_task(look(engine, floor))]
    submitted: set[asyncio.Task[Receipt]] = set()
    loop = asyncio.get_running_loop()
    rng = random.Random(1)
    begins = loop.time()
    for number, batch in enumerate(traffic(rng, waits)):
        due = begins + number * BATCH / EVENTS_A_SECOND
        if due > begins + seconds + 5:
            break
        watch.on = due > begins + 5  # Five seconds in, as many limits pass as waits are opened.
        await asyncio.sleep(due - loop.time())
        now_ms = clock.now_ms()
        events: list[AnyEvent] = [decode_line(crowd.line(buyer, number + 1, now_ms, role)) for buyer, role in batch]
        task = asyncio.create_task(engine.submit(Batch("http", "bench", events, list(range(BATCH)), size=5_000)))
        submitted.add(task)
        task.add_done_callback(submitted.discard)
    for watching in tasks:
        watching.cancel()
    await asyncio.gather(*submitted)


def report(watch: Watch, seconds: float) -> None:
    def told(values: list[float]) -> str:
        values.sort()
        return (
            f"p50 {percentile(values, 0.5):.0f} ms, p99 {percentile(values, 0.99):.0f} ms, at most {values[-1]:.0f} ms"
        )

    print(
        f"{len(watch.decided):,} limits in {seconds:.0f} s; due to decided: {told(watch.decided)} (goal p99 "
        f"{GOAL_MS} ms); due to stored: {told(watch.stored)}"
    )
    print(f"{len(watch.commits):,} commits: {told(watch.commits)}")
    held, computing = max(watch.held)
    over = sum(1 for wall, _ in watch.held if wall > GOAL_MS)
    print(
        f"the loop was held for {held:.0f} ms at most (of which it computed {computing:.0f} ms; goal {GOAL_MS} ms), "
        f"{over} times longer than the goal; p99 {percentile(sorted(wall for wall, _ in watch.held), 0.99):.1f} ms; "
        f"longest computing {max(cpu for _, cpu in watch.held):.0f} ms"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="lateness of alerts, and how long the loop is held")
    parser.add_argument("--waits", type=int, default=200_000)
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--folder", help="where to write; a real disk, for syncs to cost what they cost")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        # In a process of its own, which takes along what making a million waits leaves behind in memory.
        making = multiprocessing.get_context("spawn").Process(target=make_ready, args=(Path(folder), arguments.waits))
        making.start()
        making.join()
        if making.exitcode:
            raise SystemExit(making.exitcode)
        os.sync()  # Else the first commits wait for what was made ready to reach the disk.
        uvloop.run(run(Path(folder), arguments.waits, arguments.seconds))


if __name__ == "__main__":
    main()
