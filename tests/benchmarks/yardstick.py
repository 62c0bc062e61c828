"""What the benchmarks share: how time and memory are taken, and how pairs are told."""

import contextlib
import gc
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median


def pairs(ours: Callable[[], object], theirs: Callable[[], object], count: int) -> tuple[float, float, float]:
    """Run two pieces of work in turn, each going first every other time.

    Returns:
        The medians of the seconds of CPU time of ours, of theirs, and of the ratios ours / theirs pair by pair.
    """
    took: list[tuple[float, float]] = []
    for pair in range(count):
        if pair % 2:
            second = cpu_seconds(theirs)
            first = cpu_seconds(ours)
        else:
            first = cpu_seconds(ours)
            second = cpu_seconds(theirs)
        took.append((first, second))
    return median(a for a, _ in took), median(b for _, b in took), median(a / b for a, b in took)


def cpu_seconds(work: Callable[[], object]) -> float:
    """Return the CPU time that a piece of work takes, with the garbage collector as good as out of the way."""
    with collector_off():
        began = time.process_time()
        work()
        return time.process_time() - began


@contextlib.contextmanager
def collector_off() -> Iterator[None]:
    """Keep the garbage collector out of what is measured, for all sides alike."""
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()


def resident_bytes() -> int:
    """Return how much memory this process holds."""
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    except OSError as error:
        raise SystemExit(f"memory can be measured where there is /proc only: {error}") from None
    return pages * os.sysconf("SC_PAGE_SIZE")


def percentile(sorted_values: list[float], part: float) -> float:
    """Return the value below which ``part`` of the values lie."""
    return sorted_values[min(len(sorted_values) - 1, int(len(sorted_values) * part))]
