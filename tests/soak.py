"""A day's traffic in minutes: ``make soak``. Memory, files and tasks must be flat at the end.

The service runs on the time of the events, so that each simulated hour is an hour to it: waits end, chats
fall idle and leave the memory, the journal is pruned. Pages are open all the while. The first hours fill caches and are
not counted; then the second half of the hours is held against the first. An hour is over once its chat is in the
scores: else they would fall behind further and further, and what waits for them would look like a leak.
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
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from websockets.asyncio.client import connect

from tests.program import Program, running

HOURS = 16
WARM = 4  # Hours that are not counted.
SHOPS = 40
GROWTH_AT_MOST = 1.05  # Of the median: a leak of one byte a message would show.
PAGES_OPEN = 5
SCORED_SECONDS = 120.0
START = datetime(2026, 11, 10, 8, tzinfo=UTC)


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


async def soak(folder: Path) -> int:
    """Run the hours; return what the process should exit with."""
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
    return 0 if flat else 1


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="presales-soak-") as scratch:
        sys.exit(asyncio.run(soak(Path(scratch))))
