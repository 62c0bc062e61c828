"""How good alerts are: of those that were told beyond the agent's panel, how many were right, in time, and of use."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from statistics import median
from typing import Any

import msgspec
from msgspec import Struct

from monitor.core.units import HOUR_MS
from monitor.store.alerts import Judged


class _OfAgent(Struct, gc=False):
    """Whose a round of the journal is."""

    shop: str
    team: str
    opened_at_ms: int
    agent: str | None = None
    account: str | None = None


_of_agent = msgspec.json.Decoder(_OfAgent).decode


async def hours_of_agents(rounds: AsyncIterator[list[bytes]], wanted: Callable[[str, str], bool]) -> int:
    """Count the hours in which agents had a round: an account stands for its agent where none is named.

    Args:
        rounds: of a span, in chunks, between which others get the loop.
        wanted: whether rounds of a shop and a team count.
    """
    found: set[tuple[str, int]] = set()
    async for chunk in rounds:
        for one in map(_of_agent, chunk):
            whose = one.agent or one.account
            if whose is not None and wanted(one.shop, one.team):
                found.add((whose, one.opened_at_ms // HOUR_MS))
        await asyncio.sleep(0)
    return len(found)


def quality(alerts: Sequence[Judged], agent_hours: int, now_ms: int) -> dict[str, Any]:
    """Return the figures of all, and of each team."""
    by_team: dict[str, list[Judged]] = defaultdict(list)
    for alert in alerts:
        by_team[alert.team].append(alert)
    return _figures(alerts, now_ms) | {
        "agent_hours": agent_hours,
        "alerts_per_agent_hour": len(alerts) / agent_hours if agent_hours else None,
        "teams": {team: _figures(own, now_ms) for team, own in sorted(by_team.items())},
    }


def _figures(alerts: Sequence[Judged], now_ms: int) -> dict[str, Any]:
    counts = dict.fromkeys(("saved", "breached", "answered", "false", "open"), 0)
    for alert in alerts:
        counts[_verdict(alert, now_ms)] += 1
    judged = len(alerts) - counts["open"]
    right = counts["saved"] + counts["breached"] + counts["answered"]
    return {
        "alerts": len(alerts),
        "saved": counts["saved"],
        "breached": counts["breached"],
        "false": counts["false"],
        "open": counts["open"],
        "precision": right / judged if judged else None,
        "claimed": sum(alert.claimed_at_ms is not None for alert in alerts),
        "lead_seconds": _middle(a.limit_at_ms - a.raised_at_ms for a in alerts if a.limit_at_ms is not None),
        "claim_seconds": _middle(
            max(0, a.claimed_at_ms - a.raised_at_ms) for a in alerts if a.claimed_at_ms is not None
        ),
    }


def _verdict(alert: Judged, now_ms: int) -> str:
    """Say what became of an alert: the buyer kept, the limit passed, answered where no limit was left, or false."""
    limit_ms, ended_ms = alert.limit_at_ms, alert.ended_at_ms
    if alert.state == "withdrawn" or alert.outcome == "dismissed":
        return "false"
    if limit_ms is not None and (now_ms if ended_ms is None else ended_ms) > limit_ms:
        return "breached"
    if ended_ms is None:
        return "open"
    if alert.outcome != "answered":
        return "false"
    return "answered" if limit_ms is None else "saved"


def _middle(lengths_ms: Iterable[int]) -> float | None:
    known = list(lengths_ms)
    return median(known) / 1000 if known else None
