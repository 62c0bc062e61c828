"""How long buyers waited, hour by hour: the histogram and the heat map of the reports.

Counted from the rounds of the journal, in chunks, so that a month does not hold the loop. Courtesy
rounds are among them, as in the scores; open ones are not: nobody knows yet how long they will last.
"""

import asyncio
from bisect import bisect_left
from collections.abc import Collection
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, HTTPException, Query, Response
from pydantic import BaseModel, Field

from monitor.core.scores.days import days
from monitor.core.scores.floor import ZONE
from monitor.core.units import HOUR_MS
from monitor.web.api import Anybody, Filter, json
from monitor.web.brief_rounds import BriefRound, brief_round
from monitor.web.models import answers
from monitor.web.services import Services
from monitor.web.shapes import instant
from monitor.web.spans import asked_day

EDGES_MS = tuple(1000 * edge for edge in (5, 10, 15, 20, 30, 45, 60, 80, 100, 120, 150, 180, 240, 300, 600))
LIMIT_MS = 180_000
DAYS_AT_MOST = 92


class Band(BaseModel):
    """Answered rounds of one length."""

    upto_seconds: float | None = Field(description="With it; null: longer than all others.")
    rounds: int


class Hour(BaseModel):
    """One hour of the span."""

    day: str
    hour: int
    rounds: int
    over_limit: int = Field(description="Of them, answered or given up after more than 180 s.")
    mean_seconds: float | None


class Spread(BaseModel):
    """How long buyers waited."""

    from_: str = Field(alias="from")
    to: str
    bands: list[Band]
    hours: list[Hour] = Field(description="Only those in which a round began.")


class SpreadApi:
    """The route.

    Args:
        services: what it stands on.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._zone = ZoneInfo(ZONE)

    def router(self) -> APIRouter:
        """The route with its documentation."""
        router = APIRouter(tags=["kpis"])
        router.add_api_route("/v1/kpis/spread", self.spread, response_model=Spread, responses=answers(400))
        return router

    async def spread(
        self,
        caller: Anybody,
        since: Annotated[str, Query(alias="from", max_length=10)],
        to: Annotated[str, Query(max_length=10)],
        shop: Filter = None,
        team: Filter = None,
        platform: Filter = None,
    ) -> Response:
        """How long buyers waited, by length and by hour, over whole days ("2026-11-23"), both of them with it."""
        first, last = asked_day("from", since), asked_day("to", to)
        if not 0 <= last - first < DAYS_AT_MOST:
            raise HTTPException(400, f"from, to: give one to {DAYS_AT_MOST} days, the first one first")
        calendar = days(ZONE)
        from_ms, to_ms = calendar.numbered(first).start_ms, calendar.numbered(last).end_ms
        bands = [0] * (len(EDGES_MS) + 1)
        hours: dict[int, list[int]] = {}  # By the hour's beginning: rounds, over the limit, answered, their sum.
        wanted = {"shop": shop, "team": team, "platform": platform}
        async for chunk in self._services.journal.rounds(from_ms, to_ms):
            for one in map(brief_round, chunk):
                if caller.may(one.shop, one.team) and all(v in (None, getattr(one, k)) for k, v in wanted.items()):
                    _count(one, bands, hours)
            await asyncio.sleep(0)
        return json(
            {
                "from": instant(from_ms),
                "to": instant(to_ms),
                "bands": [
                    {"upto_seconds": edge, "rounds": count}
                    for edge, count in zip((*(edge / 1000 for edge in EDGES_MS), None), bands, strict=True)
                ],
                "hours": [self._hour(at_ms, counts) for at_ms, counts in sorted(hours.items())],
            }
        )

    def _hour(self, at_ms: int, counts: Collection[int]) -> dict[str, Any]:
        rounds, over, answered, sum_ms = counts
        when = datetime.fromtimestamp(at_ms / 1000, self._zone)
        return {
            "day": when.date().isoformat(),
            "hour": when.hour,
            "rounds": rounds,
            "over_limit": over,
            "mean_seconds": sum_ms / answered / 1000 if answered else None,
        }


def _count(one: BriefRound, bands: list[int], hours: dict[int, list[int]]) -> None:
    if one.outcome == "dismissed":
        return
    counts = hours.setdefault(one.opened_at_ms // HOUR_MS * HOUR_MS, [0, 0, 0, 0])
    counts[0] += 1
    if one.ended_at_ms is None:
        return
    waited_ms = one.ended_at_ms - one.opened_at_ms
    counts[1] += waited_ms > LIMIT_MS
    if one.outcome == "answered":
        bands[bisect_left(EDGES_MS, waited_ms)] += 1
        counts[2] += 1
        counts[3] += waited_ms
