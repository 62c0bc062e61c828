"""One panel, and the queries that panels are made of.

Limits are those of the shipped rules; a floor with others changes them here.
"""

from collections.abc import Callable
from dataclasses import dataclass

JOB = 'job=~"$job", instance=~"$instance"'
TEAM = JOB + ', platform=~"$platform", team=~"$team"'
TEAM_ONLY = JOB + ', team=~"$team"'
# Colours that the colour-blind tell apart, the same as on the wallboard.
OK, WARN, LATE, LOST = "#5BA3C9", "#F5E663", "#F28E2B", "#FF5A5F"


@dataclass
class Panel:
    """One panel: what it shows, and the queries with the words of their legends."""

    title: str
    about: str
    unit: str
    queries: dict[str, str]
    big: bool = False  # One number instead of lines.
    limits: tuple[tuple[float | None, str], ...] = ((None, OK),)
    wide: int = 8


def rate(metric: str, labels: str = TEAM, by: str = "") -> str:
    """Return the summed rate of a counter."""
    grouped = f" by ({by})" if by else ""
    return f"sum{grouped} (rate(presales_{metric}{{{labels}}}[$__rate_interval]))"


def hourly(metric: str, labels: str = TEAM, by: str = "") -> str:
    """Return by how much a counter grew in the last hour, summed."""
    grouped = f" by ({by})" if by else ""
    return f"sum{grouped} (increase(presales_{metric}{{{labels}}}[1h]))"


def quantile(q: float, metric: str, labels: str = TEAM, by: str = "") -> str:
    """Return a quantile of a histogram."""
    return f"histogram_quantile({q}, {rate(metric + '_bucket', labels, 'le' + (', ' + by if by else ''))})"


def within(seconds: int, labels: str = TEAM, by: str = "", of: Callable[[str, str, str], str] = rate) -> str:
    """Return the share of replies that came within so many seconds."""
    over = of("reply_wait_seconds_bucket", f'{labels}, le="{float(seconds)}"', by)
    return f"{over} / ({of('reply_wait_seconds_count', labels, by)} > 0)"


def part_of(outcome: str) -> str:
    """Return the share of deliveries that ended in one way."""
    named = rate("deliveries_total", JOB + f', outcome="{outcome}"')
    return f"({named} or vector(0)) / ({rate('deliveries_total', JOB)} > 0)"


def within_own(by: str = "") -> str:
    """Return the share that came out in time in the last hour, by each shop's own platform's score."""
    shop = JOB + ', shop=~"$shop"' if by else JOB
    in_time = hourly("shop_rounds_total", shop + ', within="true"', by)
    return f"{in_time} / ({hourly('shop_rounds_total', shop, by)} > 0)"


SHARE = ((None, LOST), (0.8, LATE), (0.9, WARN), (0.95, OK))
WAIT = ((None, OK), (60, WARN), (180, LATE), (300, LOST))
ANY = ((None, OK), (1, LATE))
