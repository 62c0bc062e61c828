"""A scrape with 2,000 shops: how long it takes, and how long it holds the loop.

Beside it the registry's own text of the same series is timed, which writes all of it in one go.
"""

import asyncio
import gc
import sys
import time

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily

from monitor.metrics import Exposition, Metrics
from tests.benchmarks.yardstick import percentile

SHOPS = 2_000
TEAMS = 20
PLATFORMS = 10
SCRAPES = 40


def floor() -> Metrics:
    """Fill what a large floor fills."""
    metrics = Metrics(version="bench")
    for number in range(SHOPS):
        metrics.shop_waits_open[f"shop-{number}",] = number % 7
        for within in ("true", "false"):
            metrics.shop_rounds.add(f"shop-{number}", within, n=number)
    for team in range(TEAMS):
        for platform in range(PLATFORMS):
            where = (f"platform-{platform}", f"team-{team}")
            for kind in ("first", "next"):
                metrics.reply_wait.observe(42.0, *where, kind)
            for stage in ("fresh", "slow", "at_risk", "lost"):
                metrics.waits_open[*where, stage] = team
            for outcome in ("answered", "expired", "abandoned", "dismissed"):
                metrics.rounds.add(*where, outcome)
    for source in range(500):
        for outcome in ("accepted", "duplicate"):
            metrics.events.add(f"collector-{source}", outcome)
    return metrics


class InOneGo:
    """The same numbers through the registry, as one family a shop."""

    def __init__(self, series: int) -> None:
        self._series = series

    def collect(self) -> list[GaugeMetricFamily]:
        family = GaugeMetricFamily("presales_shop_waits_open", "In one go.", labels=["shop"])
        for number in range(self._series):
            family.add_metric([f"shop-{number}"], number)
        return [family]


async def held_while(work: asyncio.Task[bytes]) -> float:
    """Return the longest time that the loop did not come round."""
    longest, before = 0.0, time.perf_counter()
    while not work.done():
        await asyncio.sleep(0)
        now = time.perf_counter()
        longest, before = max(longest, now - before), now
    return longest


async def main() -> None:
    exposition = Exposition(floor())
    gc.collect()
    gc.freeze()  # As the service does once it has started.
    took, held = [], []
    for _ in range(SCRAPES):
        began = time.perf_counter()
        work = asyncio.create_task(exposition.text())
        held.append(await held_while(work))
        took.append(time.perf_counter() - began)
    lines = len((await exposition.text()).splitlines())
    registry = CollectorRegistry()
    registry.register(InOneGo(lines))
    theirs = []
    for _ in range(SCRAPES // 4):
        began = time.perf_counter()
        generate_latest(registry)
        theirs.append(time.perf_counter() - began)
    took.sort()
    held.sort()
    theirs.sort()
    half, their_half = percentile(took, 0.5), percentile(theirs, 0.5)
    print(f"{lines:,} lines: {half * 1000:.1f} ms (half), {percentile(took, 0.95) * 1000:.1f} ms (19 of 20)")
    print(f"loop held at most {held[-1] * 1000:.1f} ms (half {percentile(held, 0.5) * 1000:.1f})")
    print(f"{their_half / half:.1f} x as fast as the registry's own text of as many series, {their_half * 1000:.1f} ms")


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
