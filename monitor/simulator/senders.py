"""Carries a feed to a file or to a door, batched and paced.

Lazily: what is not yet due is not yet made.
"""

import asyncio
import contextlib
import gzip
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Any, Protocol

from monitor.core.events import Event
from monitor.errors import UsageError
from monitor.simulator.doors import ENCODER, Door

SLACK_SECONDS = 0.02  # Who is no more than this ahead of the pace sends on, so that batches form.
FILE_CHUNK = 1 << 20


class Pace(Protocol):
    """When an event may go."""

    def __call__(self, index: int, arrival_ms: int) -> float:
        """Return for how many seconds the ``index``-th event has to wait yet; 0 or less: none."""


def flat_out(index: int, arrival_ms: int) -> float:  # noqa: ARG001 - a Pace
    """As fast as the door takes it."""
    return 0.0


def at_rate(events_per_second: float, now: Callable[[], float] = time.monotonic) -> Pace:
    """So many events a second, from now on."""
    begun = now()
    return lambda index, _: begun + index / events_per_second - now()


def at_speed(speed: float, now: Callable[[], float] = time.monotonic) -> Pace:
    """As the events came, ``speed`` times as fast, from now on."""
    begun = now()
    first: list[int] = []

    def pace(index: int, arrival_ms: int) -> float:  # noqa: ARG001 - a Pace
        if not first:
            first.append(arrival_ms)
        return begun + (arrival_ms - first[0]) / 1000 / speed - now()

    return pace


def on_time(now_ms: Callable[[], int]) -> Pace:
    """Each at its own instant of the wall clock; what is past at once."""
    return lambda _, arrival_ms: (arrival_ms - now_ms()) / 1000


async def pump(
    feed: Iterable[tuple[int, Event]],
    door: Door,
    *,
    batch: int,
    pace: Pace = flat_out,
    progress: Callable[[int], None] | None = None,
) -> None:
    """Send a whole feed.

    1. Each event waits for its pace; before a wait what is collected is sent.
    2. A full batch is sent at once.
    3. At the end all is confirmed.
    """
    waiting: list[Event] = []
    for index, (arrival_ms, event) in enumerate(feed):
        pause = pace(index, arrival_ms)
        if pause > SLACK_SECONDS:
            if waiting:
                await door.send(waiting)
                waiting = []
                pause = pace(index, arrival_ms)
            await asyncio.sleep(max(pause, 0))
        waiting.append(event)
        if len(waiting) >= batch:
            await door.send(waiting)
            waiting = []
            if progress is not None:
                progress(index + 1)
    if waiting:
        await door.send(waiting)
    await door.finish()


def write_file(feed: Iterable[tuple[int, Event]], path: str, progress: Callable[[int], None] | None = None) -> int:
    """Write a feed as one event a line, compressed if the name ends in ``.gz``, ``-`` being stdout; return how many.

    Raises:
        UsageError: the file cannot be written.
    """
    count = 0
    chunk = bytearray()
    encode_into = ENCODER.encode_into
    try:
        with open_output(path) as file:
            for count, (_, event) in enumerate(feed, 1):
                encode_into(event, chunk, -1)
                chunk += b"\n"
                if len(chunk) >= FILE_CHUNK:
                    file.write(chunk)
                    chunk.clear()
                    if progress is not None:
                        progress(count)
            file.write(chunk)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror or error}") from None
    return count


@contextlib.contextmanager
def open_output(path: str) -> Iterator[IO[bytes]]:
    """Open a file to write; the same bytes in give the same file out, compressed or not."""
    with contextlib.ExitStack() as stack:
        if path == "-":
            yield sys.stdout.buffer
            sys.stdout.buffer.flush()
            return
        file: Any = stack.enter_context(Path(path).open("wb"))
        if path.endswith(".gz"):
            # Fast rather than small; without a time or a name in its head.
            file = stack.enter_context(gzip.GzipFile(filename="", fileobj=file, mode="wb", compresslevel=1, mtime=0))
        yield file
