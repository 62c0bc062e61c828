"""Rates of service quality from hits and counts: sums first, then one division."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from monitor.store.quality import Count

BY = {"day": 0, "shop": 1, "team": 2, "agent": 3}
HIT = "hit:"


def rates(counts: Iterable[Count], by: str) -> dict[str, dict[str, Any]]:
    """Return the figures of each day, shop, team or agent.

    A rate without anything it could be over is None, never 0 or 1.
    """
    column = BY[by]
    sums: dict[str, Counter[str]] = {}
    for row in counts:
        sums.setdefault(str(row[column]), Counter())[row[4]] += row[5]
    return {name: _figures(found) for name, found in sorted(sums.items())}


def _figures(sums: Counter[str]) -> dict[str, Any]:
    hits = {what.removeprefix(HIT): count for what, count in sorted(sums.items()) if what.startswith(HIT)}
    replies, long_waits, recommended = sums["replies"], sums["long_waits"], sums["recommended"]
    return {
        "replies": replies,
        "polite": sums["polite"],
        "polite_rate": _over(sums["polite"], replies),
        "long_waits": long_waits,
        "apology_rate": _over(long_waits - hits.get("no_apology", 0), long_waits),
        "recommended": recommended,
        "asked_before_recommending_rate": _over(sums["recommended_after_asking"], recommended),
        "need_asked": sums["need_asked"],
        "hits": hits,
        "hits_per_100_replies": None if not replies else round(100 * sum(hits.values()) / replies, 2),
    }


def _over(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
