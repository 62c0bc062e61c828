"""How far a replay is from merely decoding the same bytes, and from a timer for each wait.

    python -m tests.benchmarks.bench_replay [--events N] [--shops N] [--buyers-per-hour N ...] [--pairs N]

The logs are a simulated service centre's, made once and held in memory: one with as
many buyers as ``simulate`` sends to a shop, one of a busy day with three times as many,
on which agents fall behind. On one core, in CPU time, as medians of interleaved pairs:

replay      `Replay.run` over the lines: bytes to rounds, all that the domain asks for.
decoder     the typed msgspec decoder of each line's type, chosen beforehand, called for each line.
bare stage  decoder, a dict of open waits, and three comparisons for each wait that ends; no late event, no
            courtesy, no promise, no transfer.
timers      one asyncio `call_at` for each wait, cancelled by the reply, over events decoded beforehand, on a loop
            whose time is the events'. It decides when limits pass and nothing else. A timer fires when the loop turns,
            so the loop turns before each event, that a limit passed by then is noticed before what comes after it: as
            in any program that awaits its events. Beside it the replay of the same decoded events.
calendar    the same job with the tracker's own calendar in the place of `call_at`: what waiting itself costs.
"""

import argparse
import asyncio
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from monitor.core.events import Message
from monitor.core.policy import BUILT_IN
from monitor.core.timers import NEVER_MS, Timers
from monitor.replay import Replay
from monitor.simulator.feed import FAULTS, Feed
from monitor.simulator.senders import write_file
from monitor.simulator.simulation import Plan, Simulation
from monitor.simulator.traffic import Traffic
from monitor.wire.careful import TYPES
from tests.benchmarks.yardstick import pairs

START_MS = 1_794_297_600_000
SHOPS = 300
ORDINARY, BUSY = 20, 60  # Buyers an hour of a shop.
GOAL, AIM, TIMERS_GOAL = 10, 6, 1.2
LIMITS_MS = tuple(stage.after_ms for stage in BUILT_IN.window)

Line = tuple[Callable[[bytes], Any], bytes]


def made_up_log(events: int, *, shops: int = SHOPS, buyers_per_hour: float = BUSY) -> list[bytes]:
    """Return the lines of a simulated log."""
    traffic = Traffic(per_hour=buyers_per_hour)
    plan = Plan(seed=1, start_ms=START_MS, hours=None, events=events, shops=shops, traffic=traffic)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.jsonl"
        write_file(Feed(Simulation(plan), faults=FAULTS["none"], seed=1), str(path))
        with path.open("rb") as log:
            return list(log)


def with_decoders(lines: list[bytes]) -> list[Line]:
    """Return each line with the decoder of its type."""
    decoders: dict[str, Callable[[bytes], Any]] = {
        name: msgspec.json.Decoder(struct).decode for name, struct in TYPES.items()
    }
    typed = re.compile(rb'"type":"(\w+)"')
    chosen = []
    for line in lines:
        found = typed.search(line)
        chosen.append((decoders[found[1].decode() if found else "message"], line))
    return chosen


def decode_only(lines: list[Line]) -> None:
    for decode, line in lines:
        decode(line)


def bare_stages(lines: list[Line]) -> tuple[int, int, int]:
    """Count how many waits passed each limit."""
    slow_ms, at_risk_ms, lost_ms = LIMITS_MS
    waits: dict[str | None, int] = {}
    slow = at_risk = lost = 0
    for decode, line in lines:
        event = decode(line)
        if type(event) is Message:
            if event.role == "buyer":
                if event.conversation not in waits:
                    waits[event.conversation] = event.ts_ms
            elif event.role == "agent":
                opened_at_ms = waits.pop(event.conversation, 0)
                if opened_at_ms:
                    waited_ms = event.ts_ms - opened_at_ms
                    slow += waited_ms > slow_ms
                    at_risk += waited_ms > at_risk_ms
                    lost += waited_ms > lost_ms
    return slow, at_risk, lost


class EventTime(asyncio.SelectorEventLoop):
    """A loop whose time is that of the events."""

    now = 0.0

    def time(self) -> float:
        return self.now


def timers(events: list[Any]) -> int:
    """Give each open wait one timer at its next limit; count the limits passed."""
    loop = EventTime()
    waits: dict[str | None, asyncio.TimerHandle] = {}
    passed = 0

    def due(key: str | None, opened_at: float, limit: int) -> None:
        nonlocal passed
        passed += 1
        limit += 1
        if limit < len(LIMITS_MS):
            waits[key] = loop.call_at(opened_at + LIMITS_MS[limit] / 1000, due, key, opened_at, limit)

    async def run() -> None:
        first_s = LIMITS_MS[0] / 1000
        for event in events:
            loop.now = now = event.ts_ms / 1000
            await asyncio.sleep(0)
            if type(event) is Message:
                key = event.conversation
                if event.role == "buyer":
                    if key not in waits:
                        waits[key] = loop.call_at(now + first_s, due, key, now, 0)
                elif event.role == "agent":
                    timer = waits.pop(key, None)
                    if timer is not None:
                        timer.cancel()

    loop.run_until_complete(run())
    loop.close()
    return passed


class Waiting:
    """An open wait, as the calendar lists it."""

    __slots__ = ("limit", "opened_at_ms", "wake_at_ms")

    def __init__(self, opened_at_ms: int) -> None:
        self.opened_at_ms = opened_at_ms
        self.wake_at_ms = NEVER_MS
        self.limit = 0


def calendar(events: list[Any]) -> int:
    """Do what `timers` does, on the tracker's calendar."""
    calendar: Timers[Waiting] = Timers()
    waits: dict[str | None, Waiting] = {}
    passed = 0
    for event in events:
        now_ms = event.ts_ms
        while calendar.next_ms <= now_ms:
            for wait in calendar.due(now_ms, 1 << 30):
                passed += 1
                wait.limit += 1
                if wait.limit < len(LIMITS_MS):
                    calendar.wake(wait, wait.opened_at_ms + LIMITS_MS[wait.limit])
                else:
                    wait.wake_at_ms = NEVER_MS
        if type(event) is Message:
            key = event.conversation
            if event.role == "buyer":
                if key not in waits:
                    wait = waits[key] = Waiting(now_ms)
                    calendar.wake(wait, now_ms + LIMITS_MS[0])
            elif event.role == "agent":
                answered = waits.pop(key, None)
                if answered is not None:
                    answered.wake_at_ms = NEVER_MS
    return passed


def bench(lines: list[bytes], count: int) -> None:
    typed = with_decoders(lines)
    size = sum(map(len, lines))
    print(f"{len(lines):,} events, {size / len(lines):.0f} bytes each")
    each = 1e6 / len(lines)
    whole, decoding, ratio = pairs(lambda: Replay().run(lines), lambda: decode_only(typed), count)
    print(
        f"replay, bytes to rounds: {whole * each:.2f} µs an event, {len(lines) / whole:,.0f} events/s; "
        f"decoder alone {decoding * each:.2f} µs: {ratio:.1f} times the decoder (goal {GOAL}, aim {AIM})"
    )
    bare, decoding, ratio = pairs(lambda: bare_stages(typed), lambda: decode_only(typed), count)
    print(f"bare stages: {bare * each:.2f} µs an event: {ratio:.1f} times the decoder")
    decoded = list(Replay().decoded(lines))
    folding, timing, ratio = pairs(lambda: Replay().run_sorted(decoded), lambda: timers(decoded), count)
    print(
        f"decoded events to rounds: {folding * each:.2f} µs an event; a call_at for each wait over the same "
        f"{timing * each:.2f} µs: we are {1 / ratio:.2f} times as fast (goal {TIMERS_GOAL})"
    )
    # A loop handles an event that is there before what came due: timers miss a limit that an answer follows.
    assert 0 <= calendar(decoded) - timers(decoded) <= 0.02 * calendar(decoded), "both notice the same limits"
    listing, timing, ratio = pairs(lambda: calendar(decoded), lambda: timers(decoded), count)
    print(f"the same job on the tracker's calendar: {listing * each:.2f} µs, {1 / ratio:.2f} times as fast as call_at")


def main() -> None:
    parser = argparse.ArgumentParser(description="replay, against decoding and against a timer for each wait")
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--shops", type=int, default=SHOPS)
    parser.add_argument("--buyers-per-hour", type=float, nargs="+", default=(ORDINARY, BUSY), help="of an average shop")
    parser.add_argument("--pairs", type=int, default=3)
    arguments = parser.parse_args()
    for buyers in arguments.buyers_per_hour:
        print(f"{arguments.shops} shops, {buyers:g} buyers an hour each:")
        bench(made_up_log(arguments.events, shops=arguments.shops, buyers_per_hour=buyers), arguments.pairs)


if __name__ == "__main__":
    main()
