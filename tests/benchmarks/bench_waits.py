"""What a million open waits cost: memory, time per event, a restart, all limits due at once.

    python -m tests.benchmarks.bench_waits [--waits N] [--pairs N]

The targets are for a million: --waits 1000000.

The tracker runs as live (``wall=True``). What memory adds to the time per event
is compared with what it adds where nothing is done: a bare dict of the same
structs, touched in the same random order.
"""

import argparse
import gc
import random
import time
from collections.abc import Callable
from statistics import median
from typing import Any

from msgspec import msgpack

from monitor.core.conversation import Conversation
from monitor.core.events import Message
from monitor.core.policy import BuiltIn
from monitor.core.tracker import Tracker
from monitor.engine import JUDGED_A_COMMIT
from monitor.metrics import Metrics
from monitor.web.floor import Floor
from tests.benchmarks import crowd
from tests.benchmarks.yardstick import cpu_seconds, percentile, resident_bytes
from tests.timeline import take_policies

NOW_MS = 1_794_297_600_000
FEW = 1_000
DRAWN = 15_000  # Events a pass: fifteen of each of the few, so that no log is long enough to be cut.
MEMORY_GOAL, MEMORY_AIM, ADDED_GOAL, RESTART_GOAL = 700, 400, 1.5, 8


def memory(waits: int) -> Tracker:
    """Print what a wait holds, and return the tracker that holds them."""
    crowd.waiting(FEW, NOW_MS)  # What is made once is no growth.
    gc.collect()
    before = resident_bytes()
    tracker = crowd.waiting(waits, NOW_MS)
    gc.collect()
    held = resident_bytes() - before
    floor = Floor(_Waits(tracker), Metrics(version="bench"), lambda: NOW_MS)  # type: ignore[arg-type]
    floor.begin()
    gc.collect()
    with_floor = resident_bytes() - before
    print(
        f"memory of {waits:,} open waits: {held / waits:.0f} bytes each in the tracker (goal {MEMORY_GOAL}, aim "
        f"{MEMORY_AIM}), {with_floor / waits:.0f} with what the board and the metrics keep of them"
    )
    return tracker


class _Waits:
    """As much of an engine as the floor asks at its start."""

    def __init__(self, tracker: Tracker) -> None:
        self.waits = tracker.waits


def keys_of(events: list[Message]) -> list[str]:
    """Return fresh strings, whose hashes are not known yet, as an event brings them."""
    return [f"{event.shop}/{event.conversation}" for event in events]


def touch(structs: dict[str, Conversation], keys: list[str], number: int, now_ms: int) -> None:
    """Touch the four structs of each conversation, as any handling of a message must: log, itself, state and wait."""
    for key in keys:
        conversation = structs[key]
        log = conversation.log
        assert log is not None
        assert log.ts_ms <= now_ms
        conversation.number = number
        state = conversation.state
        state.last_ms = now_ms
        wait = state.wait
        assert wait is not None
        wait.messages += 1


def by_key(tracker: Tracker) -> dict[str, Conversation]:
    return {
        f"{shop.name}/{key}": conversation
        for shop in tracker.by_name.values()
        for key, conversation in shop.conversations.items()
    }


def added(many: Tracker, waits: int, count: int) -> None:
    """Print what it adds to the time of an event that a million wait and not a thousand."""
    rng = random.Random(1)
    structs = by_key(many)
    number = waits
    took: dict[str, list[float]] = {"many": [], "few": [], "bare many": [], "bare few": []}
    for turn in range(1, count + 1):
        now_ms = NOW_MS + turn
        few = crowd.waiting(FEW, NOW_MS)
        few_structs = by_key(few)
        drawn = list(crowd.more_words(rng, waits, DRAWN, 100 * turn, now_ms))
        of_few = list(crowd.more_words(rng, FEW, DRAWN, 100 * turn, now_ms))
        # Other conversations than those which the tracker has just brought into the cache.
        keys = keys_of(list(crowd.more_words(rng, waits, DRAWN, 0, now_ms)))
        keys_of_few = keys_of(of_few)

        def handle_many(at: int = number, now_ms: int = now_ms, drawn: list[Message] = drawn) -> None:
            crowd.handle(many, drawn, at, now_ms)

        def handle_few(few: Tracker = few, now_ms: int = now_ms, of_few: list[Message] = of_few) -> None:
            crowd.handle(few, of_few, FEW, now_ms)

        def touch_many(at: int = number, now_ms: int = now_ms, keys: list[str] = keys) -> None:
            touch(structs, keys, at, now_ms)

        def touch_few(
            structs: dict[str, Conversation] = few_structs, now_ms: int = now_ms, keys: list[str] = keys_of_few
        ) -> None:
            touch(structs, keys, FEW, now_ms)

        work: list[tuple[str, Callable[[], None]]] = [
            ("many", handle_many),
            ("few", handle_few),
            ("bare many", touch_many),
            ("bare few", touch_few),
        ]
        for name, run in work if turn % 2 else work[::-1]:
            took[name].append(cpu_seconds(run) / DRAWN * 1e6)
        number += DRAWN
    middle = {name: median(values) for name, values in took.items()}
    ours = [a - b for a, b in zip(took["many"], took["few"], strict=True)]
    theirs = [a - b for a, b in zip(took["bare many"], took["bare few"], strict=True)]
    ratio = median(a / b for a, b in zip(ours, theirs, strict=True))
    print(
        f"an event with {waits:,} waits open {middle['many']:.2f} µs, with {FEW:,} {middle['few']:.2f} µs: adds "
        f"{median(ours):.2f} µs; touching a bare dict {middle['bare many']:.2f} and {middle['bare few']:.2f} µs: adds "
        f"{median(theirs):.2f} µs; ratio {ratio:.2f} (goal {ADDED_GOAL})"
    )


def restart(tracker: Tracker, count: int) -> None:
    """Print what taking rows back costs, against decoding them."""
    rows = [tracker.rows.encode(c) for shop in tracker.by_name.values() for c in shop.conversations.values()]
    shard = tracker.rows.encode_shard()
    decode = msgpack.Decoder(Conversation).decode
    kept: list[Any] = [None]

    def restore() -> None:
        kept[0] = back = Tracker(BuiltIn())
        take_policies(back, tracker)
        back.rows.restore_shard(shard)
        for row in rows:
            back.rows.restore(row)

    def only_decode() -> None:
        kept[0] = [decode(row) for row in rows]

    def restore_first() -> None:
        kept[0] = None  # Freeing what the run before has left is no part of the next.

    ours, theirs, ratios = [], [], []
    for _ in range(count):
        restore_first()
        ours.append(cpu_seconds(restore))
        restore_first()
        theirs.append(cpu_seconds(only_decode))
        ratios.append(ours[-1] / theirs[-1])
    print(
        f"restart, {len(rows):,} rows of {sum(map(len, rows)) / len(rows):.0f} bytes: {median(ours):.2f} s, decoding "
        f"them {median(theirs):.2f} s: {median(ratios):.1f} times (goal {RESTART_GOAL})"
    )


def all_at_once(waits: int) -> None:
    """Print how long the slices take in which a million limits that are due at once are judged."""
    tracker = crowd.waiting(waits, NOW_MS)
    now_ms = NOW_MS + 60_001 + 16  # A crowded slot of the calendar is taken in slices once it is past.
    slices: list[float] = []
    orders = 0
    more = True
    while more:
        began = time.perf_counter()
        more = tracker.advance(now_ms, JUDGED_A_COMMIT)
        slices.append((time.perf_counter() - began) * 1e3)
        orders += len(tracker.decisions)
        tracker.decisions.clear()
        tracker.changed.clear()
    assert orders >= 2 * waits, orders  # Each has passed a stage and raised an alert.
    slices.sort()
    print(
        f"{waits:,} limits due at once: {len(slices):,} slices, median {median(slices):.1f} ms, p99 "
        f"{percentile(slices, 0.99):.1f} ms, longest {slices[-1]:.1f} ms"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="what a million open waits cost")
    parser.add_argument("--waits", type=int, default=200_000)
    parser.add_argument("--pairs", type=int, default=15)
    arguments = parser.parse_args()
    tracker = memory(arguments.waits)
    added(tracker, arguments.waits, arguments.pairs)
    restart(tracker, min(3, arguments.pairs))
    del tracker
    all_at_once(arguments.waits)


if __name__ == "__main__":
    main()
