"""Gauges of people and shops, set when a scrape asks."""

import asyncio

from monitor.core.people import People
from monitor.metrics import Metrics

SHOPS_A_SLICE = 100  # Looked at before others get the loop: a few milliseconds.


async def measure_people(people: People, metrics: Metrics, now_ms: int) -> None:
    """Count who is there, and the shops that nobody can serve or nothing shows."""
    metrics.agents.clear()
    for (team, state), count in people.states(now_ms).items():
        metrics.agents.add(team, state, n=count)
    for gauge in (metrics.unattended_shops, metrics.stale_shops):
        for key in gauge:
            gauge[key] = 0  # A platform that was there stays, so that nobody takes a gap for good news.
    for number, shop in enumerate(people.shop_names(), 1):
        platform = people.platform(shop)
        metrics.unattended_shops.add(platform, n=people.unattended(shop))
        metrics.stale_shops.add(platform, n=people.seen(shop) == "stale")
        if number % SHOPS_A_SLICE == 0:
            await asyncio.sleep(0)


async def coverage_of(people: People | None) -> dict[str, int]:
    """Count the shops by how they are seen."""
    found = {"shops": 0, "ok": 0, "catching_up": 0, "stale": 0, "unknown": 0}
    for number, shop in enumerate(people.shop_names() if people is not None else (), 1):
        assert people is not None
        found["shops"] += 1
        found[people.seen(shop)] += 1
        if number % SHOPS_A_SLICE == 0:
            await asyncio.sleep(0)
    return found
