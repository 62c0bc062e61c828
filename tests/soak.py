"""A day's traffic in minutes, then a fortnight: ``make soak``. What the service holds must be flat at the end.

The service runs on the time of the events, so that each simulated hour is an hour to it: waits end, chats
fall idle and leave the memory, the journal is pruned. Pages are open all the while. The first hours fill caches and are
not counted; then the second half of the hours is held against the first. An hour is over once its chat is in the
scores: else they would fall behind further and further, and what waits for them would look like a leak.

The day is a busy one, in memory, files and tasks. The fortnight is a small floor on which every day brings new
buyers, and some new agents and sources: what is kept for days is full then, and the week is over for which a wait
nobody answers stays open. Its objects are counted, for memory as the system sees it moves by more than what is held.
"""

import asyncio
import contextlib
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

from msgspec.structs import replace
from websockets.asyncio.client import connect

from monitor.core.events import Event
from monitor.core.units import HOUR_MS
from monitor.simulator.doors import ENCODER
from monitor.simulator.simulation import Plan, Simulation
from monitor.simulator.traffic import Traffic
from tests.counted import objects
from tests.program import Program, running

HOURS = 16
WARM = 4  # Hours that are not counted.
SHOPS = 40
GROWTH_AT_MOST = 1.05  # Of the median: a leak of one byte a message would show.
PAGES_OPEN = 5
SCORED_SECONDS = 120.0
START = datetime(2026, 11, 10, 8, tzinfo=UTC)

DAYS = 17
FULL_DAYS = 11  # Not counted: what is kept for three days, and the eight before them, is full only then.
NIGHT = datetime(2026, 11, 9, 20, tzinfo=UTC)  # In Shanghai, when few are there: days begin then.
SMALL_FLOOR = Plan(start_ms=int(NIGHT.timestamp()) * 1000, hours=24 * DAYS, shops=20, traffic=Traffic(per_hour=2))
NEW_OF = 3  # One source, and one person, of so many has another name each day.
OBJECTS_GROW_AT_MOST = 1.05  # Those that days and buyers have left.


class Sample(NamedTuple):
    """What the process held at the end of an hour."""

    events: int
    memory_mib: float
    files: int
    tasks: int


def sample(program: Program, events: int) -> Sample:
    """Read it off the process."""
    try:
        status = Path(f"/proc/{program.process.pid}/status").read_text()
    except FileNotFoundError as error:
        raise SystemExit(f"what a process holds is seen where there is /proc only: {error}") from None
    memory = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
    threads = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("Threads"))
    return Sample(events, memory / 1024, len(list(Path(f"/proc/{program.process.pid}/fd").iterdir())), threads)


def an_hour(program: Program, number: int) -> int:
    """Send one hour's chat; return how many events."""
    start = (START + timedelta(hours=number)).isoformat()
    command = [sys.executable, "-m", "monitor", "simulate", "--to", program.url, "--seed", str(number)]
    done = subprocess.run(
        [*command, "--start", start, "--hours", "1", "--shops", str(SHOPS)], capture_output=True, text=True, check=True
    )
    return int(done.stderr.splitlines()[-1].split()[1].strip(":").replace(",", ""))  # sent 12,888: …


def scored(program: Program) -> None:
    """Wait until the scores have all that was sent."""
    until = time.monotonic() + SCORED_SECONDS
    while time.monotonic() < until:
        with urllib.request.urlopen(f"{program.url}/metrics") as answer:  # noqa: S310  (our own program)
            found = re.search(r"^presales_scores_lag_seconds (\S+)", answer.read().decode(), re.MULTILINE)
        if found is not None and float(found[1]) == 0:
            return
        time.sleep(0.2)
    raise SystemExit(f"the scores were behind for {SCORED_SECONDS} s")


async def page(program: Program) -> None:
    """Read the live feed as a page does."""
    async with connect(f"{program.url.replace('http', 'ws', 1)}/v1/live", proxy=None, max_size=None) as line:
        await line.send('{"type":"hello","v":1}')
        async for _ in line:
            pass


def days() -> Iterator[tuple[int, Iterator[bytes]]]:
    """Yield each day of the small floor with what is to be sent for each of its hours."""
    hours = groupby(Simulation(SMALL_FLOOR), lambda event: (event.ts_ms - SMALL_FLOOR.start_ms) // HOUR_MS)
    for day, of_day in groupby(hours, lambda one: one[0] // 24):
        yield day, (b"\n".join(ENCODER.encode(of_a_day(event, day)) for event in events) for _, events in of_day)


def of_a_day(event: Event, day: int) -> Event:
    """Return an event by who is there on a day."""

    def named(name: str | None) -> str | None:
        return name if name is None or crc32(name.encode()) % NEW_OF else f"{name} {day}"

    account = event.account if named(event.agent) == event.agent else f"{event.account} {day}"
    return replace(event, source=named(event.source), agent=named(event.agent), account=event.account and account)


def bring(program: Program, body: bytes) -> None:
    """Send some events."""
    request = urllib.request.Request(  # noqa: S310 - our own program
        f"{program.url}/v1/events", body, {"content-type": "application/x-ndjson"}
    )
    with urllib.request.urlopen(request) as answer:  # noqa: S310
        answer.read()


async def fortnight(folder: Path) -> bool:
    """Run the days; return whether what is held is flat."""
    socket = folder / "objects"
    with running(folder, settings={"PRESALES_CLOCK": "event"}, counted_at=socket) as program:
        watching = asyncio.create_task(page(program))
        start = objects(socket)
        held = []
        for day, hours in days():
            for body in hours:
                await asyncio.to_thread(bring, program, body)
                await asyncio.to_thread(scored, program)
            held.append(objects(socket) - start)
            memory_mib = sample(program, 0).memory_mib
            print(f"day {day + 1:2}: {held[-1]:9,} objects more than at the start, {memory_mib:6.1f} MiB", flush=True)
        watching.cancel()
    half = (DAYS - FULL_DAYS) // 2
    growth = statistics.median(held[-half:]) / statistics.median(held[FULL_DAYS:-half])
    flat = growth <= OBJECTS_GROW_AT_MOST
    print(f"objects x {growth:.3f} (at most {OBJECTS_GROW_AT_MOST}): {'flat' if flat else 'NOT FLAT'}")
    return flat


async def busy_day(folder: Path) -> bool:
    """Run the hours; return whether what is held is flat."""
    with running(folder, settings={"PRESALES_CLOCK": "event"}) as program:
        pages = [asyncio.create_task(page(program)) for _ in range(PAGES_OPEN)]
        samples = []
        for number in range(HOURS):
            events = await asyncio.to_thread(an_hour, program, number)
            await asyncio.to_thread(scored, program)
            taken = sample(program, events)
            samples.append(taken)
            held = f"{taken.memory_mib:6.1f} MiB, {taken.files} files, {taken.tasks} threads"
            print(f"hour {number + 1:2}: {events:6,} events, {held}", flush=True)
        for task in pages:
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*pages)
    half = (HOURS - WARM) // 2
    before, after = samples[WARM : WARM + half], samples[WARM + half :]
    growth = statistics.median(s.memory_mib for s in after) / statistics.median(s.memory_mib for s in before)
    files = max(s.files for s in after) - max(s.files for s in before)
    tasks = max(s.tasks for s in after) - max(s.tasks for s in before)
    flat = growth <= GROWTH_AT_MOST and files <= 1 and tasks <= 0
    verdict = "flat" if flat else "NOT FLAT"
    print(f"memory x {growth:.3f} (at most {GROWTH_AT_MOST}), files {files:+}, threads {tasks:+}: {verdict}")
    return flat


async def soak(folder: Path) -> int:
    """Run both; return what the process should exit with."""
    found = [await busy_day(folder / "day"), await fortnight(folder / "fortnight")]
    return 0 if all(found) else 1


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="presales-soak-") as scratch:
        sys.exit(asyncio.run(soak(Path(scratch))))
