"""The day so far, as boards and panels show it: who was served, how fast, and how many may still be missed.

A figure nobody can give is None and shown as a dash, never as 0.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from monitor.scoring.budget import budget
from monitor.scoring.reading import Reading
from monitor.web.access import Caller
from monitor.web.scope import WHOLE, Scope
from monitor.web.services import Services
from monitor.web.shapes import encode

FRESH_MS = 9_000  # A mean of a day does not move faster; several boards ask.
KEPT_AT_MOST = 500


class Today:
    """The figures of the day.

    Args:
        services: what they stand on.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._made: dict[Scope, tuple[int, dict[str, Any]]] = {}

    async def of(self, scope: Scope) -> dict[str, Any] | None:
        """Return the day of a part of the floor; None: no scores are kept."""
        reading = self._services.scores
        if reading is None:
            return None
        now_ms = self._services.now_ms()
        known = self._made.get(scope)
        if known is not None and known[0] <= now_ms < known[0] + FRESH_MS:
            return known[1]
        may = None if scope == WHOLE else _within(reading, scope)
        if not reading.scorer.complete:  # Half of a day is no figure of it, and is soon whole: nothing is kept.
            return known[1] if known is not None else _day(None) | _budget(reading, may)
        rows = await reading.rows(_today(reading), "all", may=may)
        day = _day(msgspec.json.decode(rows[0]) if rows else None) | _budget(reading, may)
        if day["received"] is not None:  # A day that only begins is looked at again by the next who asks.
            if len(self._made) >= KEPT_AT_MOST:
                self._made.clear()
            self._made[scope] = (now_ms, day)
        return day

    async def of_agent(self, agent: str, caller: Caller) -> dict[str, Any] | None:
        """Return one agent's own day; None: no scores are kept, or nothing is counted."""
        reading = self._services.scores
        if reading is None:
            return None
        rows = await reading.rows(_today(reading), "agent", may=caller.may if caller.bound else None)
        begins = b'{"name":' + encode(agent) + b","
        own = next((row for row in rows if row.startswith(begins)), None)
        return None if own is None else _day(msgspec.json.decode(own))


def _today(reading: Reading) -> Any:
    return reading.day_span(reading.scorer.today, reading.scorer.today)


def _within(reading: Reading, scope: Scope) -> Callable[[str, str], bool]:
    def may(shop: str, team: str) -> bool:
        known = reading.scorer.shops.get(shop)
        return scope.holds(known.platform if known is not None else "unknown", shop, team)

    return may


def _day(row: dict[str, Any] | None) -> dict[str, Any]:
    figures = (row or {}).get("figures")
    if figures is None:
        return dict.fromkeys(("received", "answered", "first_reply_seconds", "mean_reply_seconds", "missed"))
    return {
        "received": figures["buyers"]["received"],
        "answered": figures["rounds"]["answered"],
        "first_reply_seconds": figures["first_response"]["mean_seconds"],
        "mean_reply_seconds": figures["round_response"]["mean_seconds"],
        "missed": figures["missed"]["rounds"],
    }


def _budget(reading: Reading, may: Callable[[str, str], bool] | None) -> dict[str, Any]:
    """Return what may still be missed, over the shops that have a target: what one shop may miss, no other may use."""
    register = reading.register()
    found = []
    for info in register.shops:
        if info.targets and (may is None or may(info.shop, reading.team_of(info.shop))):
            one = budget(reading.scorer, register, info.shop)
            if one is not None and one.target is not None:
                found.append(one)
    scored = found if reading.scorer.complete else []
    left = [one.left for one in scored if one.left is not None]
    alone = scored[0] if len(scored) == 1 else None
    return {
        "may_miss": sum(max(0, n) for n in left) if left else None,
        "targets": len(found),
        "targets_lost": sum(n < 0 for n in left),
        "rate": alone.rate if alone else None,
        "target": alone.target if alone else None,
    }
