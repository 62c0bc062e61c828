"""Figures over the API: every score and figure, live or over any span, by whom one likes, and official ones beside."""

import asyncio
import logging
from collections.abc import Callable
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request, Response

from monitor.core.scores.board import Entity, Row, unpack
from monitor.core.scores.days import days
from monitor.core.scores.floor import FLOOR, ZONE
from monitor.core.scores.totals import BYS, By
from monitor.core.units import HOUR_MS
from monitor.scoring.budget import budget
from monitor.scoring.official import BYTES_AT_MOST, compared, read_official
from monitor.scoring.reading import Reading, Span
from monitor.store.scores import DayRow
from monitor.web import models_kpis as told
from monitor.web.access import Caller
from monitor.web.api import Anybody, json
from monitor.web.floor import BANDS_MS, Entry, Floor
from monitor.web.kpi_extras import with_extras
from monitor.web.models import answers
from monitor.web.services import Services
from monitor.web.shapes import encode, instant, seconds
from monitor.web.spans import asked_day, asked_instant

logger = logging.getLogger(__name__)

DAYS_AT_MOST = 400
HOURS_AT_MOST = 48  # A span that is no whole days is scored from the journal.
BAND_NAMES = [
    *(f"{low // 1000}-{high // 1000}s" for low, high in zip((0, *BANDS_MS), BANDS_MS, strict=False)),
    f">{BANDS_MS[-1] // 1000}s",
]
# Official figures are known days later: a whole month is looked at.
COMPARED_DAYS = 31


class KpisApi:
    """The routes.

    Args:
        services: what they stand on.
        floor: who waits.
    """

    def __init__(self, services: Services, floor: Floor) -> None:
        self._services = services
        self._floor = floor

    def router(self) -> APIRouter:
        """All routes with their documentation."""
        router = APIRouter(tags=["kpis"])
        add = router.add_api_route
        add("/v1/kpis", self.kpis, response_model=told.Kpis, responses=answers(400, 503))
        add("/v1/kpis/profiles", self.profiles, response_model=told.Profiles, responses=answers(503))
        add("/v1/kpis/window", self.window, response_model=told.Windows, responses=answers(503))
        add("/v1/kpis/budget", self.budgets, response_model=told.Budgets, responses=answers(503))
        add("/v1/kpis/official", self.official, response_model=told.Compared, responses=answers(400, 503))
        add(
            "/v1/kpis/official",
            self.load,
            methods=["POST"],
            response_model=told.Loaded,
            responses=answers(400, 403, 413, 503),
            openapi_extra={"requestBody": {"required": True, "content": {"text/csv": {"schema": {"type": "string"}}}}},
        )
        return router

    async def kpis(
        self,
        caller: Anybody,
        since: Annotated[str | None, Query(alias="from", max_length=40)] = None,
        to: Annotated[str | None, Query(max_length=40)] = None,
        by: Annotated[str, Query(max_length=20)] = "all",
        score: Annotated[list[str] | None, Query(max_length=40)] = None,
    ) -> Response:
        """Scores and figures; without a span those of today.

        Dates ("2026-11-23") are whole days, the last one with them; each score has the day of its platform. Instants
        count what began from the first to before the second: a shift, an hour. Rates come with the counts they are
        made of; what is not decided yet makes a figure provisional.
        """
        reading = self._reading()
        if by not in BYS:
            raise HTTPException(400, f"by: {by!r} is none of {', '.join(BYS)}")
        ids = tuple(score or ())
        for id in ids:
            if reading.scorer.book.newest(id) is None and FLOOR.newest(id) is None:
                raise HTTPException(400, f"score: no profile is called {id!r}; see /v1/kpis/profiles")
        span = self._span(reading, since, to)
        may = caller.may if caller.bound else None
        rows = await reading.rows(span, by, ids=ids, may=may)
        now_ms = self._services.now_ms()
        head: dict[str, Any] = {
            "from": instant(span.from_ms),
            "to": instant(min(span.to_ms, now_ms)),
            "by": by,
            "now": instant(now_ms),
            "complete": reading.scorer.complete,
        }
        if span.to_ms > now_ms and not ids:
            head["pending"] = await self._pending(reading, by, may)
            if by == "shop":
                head["feeds"] = self._feeds(reading, may)
        if span.days is not None and not ids:
            rows = await with_extras(self._services, reading, rows, span.days, by, caller)
        body = encode(head)[:-1] + b',"rows":[' + b",".join(rows) + b"]}"
        return Response(body, media_type="application/json")

    async def profiles(self) -> Response:
        """How each platform counts, since when, where that is known from and how sure it is."""
        book = self._reading().scorer.book
        found = [
            {
                "id": profile.id,
                "name": profile.name,
                "platforms": list(profile.platforms),
                "unit": profile.unit,
                "statistic": profile.statistic,
                "limit_seconds": None if profile.limit_ms is None else seconds(profile.limit_ms),
                "valid_from": date.fromordinal(profile.valid_from).isoformat() if profile.valid_from else None,
                "rolling_days": profile.rolling_days,
                "lag_days": profile.lag_days,
                "platform_target": profile.target,
                "source": profile.source,
                "sure": profile.sure,
                "written": profile.place,
            }
            for versions in [*book.versions.values(), *FLOOR.versions.values()]
            for profile in versions
        ]
        return json({"profiles": found})

    async def window(self, caller: Anybody) -> Response:
        """Each shop's scores over the days its platform shows, such as the last thirty up to yesterday.

        As many days as we have: the platform may have more. Below the platform's least sample there is no rate.
        """
        found = await self._reading().windows(caller.may if caller.bound else None)
        return json({"now": instant(self._services.now_ms()), "windows": found})

    async def budgets(self, caller: Anybody) -> Response:
        """How many more rounds each shop may miss today and still keep the target of its contract."""
        reading = self._reading()
        register = reading.register()
        found = []
        for shop in sorted(reading.scorer.shops):
            if caller.may(shop, reading.team_of(shop)):
                one = budget(reading.scorer, register, shop)
                if one is not None:
                    found.append(
                        {name: getattr(one, name) for name in one.__struct_fields__} | {"at_risk": one.at_risk}
                    )
        return json({"now": instant(self._services.now_ms()), "shops": found})

    async def official(
        self,
        caller: Anybody,
        since: Annotated[str | None, Query(alias="from", max_length=40)] = None,
        to: Annotated[str | None, Query(max_length=40)] = None,
    ) -> Response:
        """The platforms' figures beside ours, day by day, with the difference and what may lie between."""
        reading = self._reading()
        today = reading.scorer.today
        first, last = today - COMPARED_DAYS, today
        if since is not None or to is not None:
            span = self._span(reading, since, to)
            if span.days is None:
                raise HTTPException(400, 'from, to: official figures are of days; write "2026-11-23"')
            first, last = span.days
        store = reading.scorer.store
        figures = [one for one in await store.official(first, last) if caller.may(one.shop, reading.team_of(one.shop))]
        ours: dict[tuple[int, Entity], Row] = {}
        board = reading.scorer.board
        for dim in ("shop", "account"):
            for stored in await store.days(first, last, dim, list[DayRow]):
                entity = Entity("shop" if dim == "shop" else "account", stored.shop, stored.name)
                ours[stored.day, entity] = unpack(stored.body)
        for one in figures:
            if one.day >= board.first_day:
                entity = Entity("account", one.shop, one.account) if one.account else Entity("shop", one.shop)
                ours[one.day, entity] = board.row(entity, [one.day])
        return json({"days": list(compared(figures, ours, reading.scorer.book))})

    async def load(self, caller: Anybody, request: Request) -> Response:
        """Take official figures from CSV, in place of earlier ones of the same day; nothing of a file with faults."""
        reading = self._reading()
        body = await request.body()
        if len(body) > BYTES_AT_MOST:
            raise HTTPException(413, f"larger than {BYTES_AT_MOST >> 20} MiB; split the file")
        rows, wrong = await asyncio.to_thread(read_official, body, reading.scorer.book)
        faults = [str(fault) for fault in wrong]
        if not faults:
            faults = [
                f"{row.shop}: this token is not for this shop" for row in rows if not _may(caller, reading, row.shop)
            ][:1]
        if faults:
            raise HTTPException(400, "; ".join(faults))
        await reading.scorer.store.keep_official(rows, self._services.now_ms())
        logger.info("%s loaded %s official figures", caller.name, len(rows))
        return json({"loaded": len(rows)})

    # -- inside ------------------------------------------------------------------------------------------------------

    def _reading(self) -> Reading:
        reading = self._services.scores
        if reading is None:
            raise HTTPException(503, "this service keeps no scores")
        return reading

    def _span(self, reading: Reading, since: str | None, to: str | None) -> Span:
        """Return what span is asked for: days, or instants."""
        today = reading.scorer.today
        if _is_day(since) and _is_day(to):
            first = today if since is None else asked_day("from", since)
            last = max(first, today) if to is None else asked_day("to", to)
            if since is None and to is not None:
                first = last
            if last < first:
                raise HTTPException(400, "to: it is before from")
            if last - first >= DAYS_AT_MOST:
                raise HTTPException(400, f"from, to: more than {DAYS_AT_MOST} days")
            return reading.day_span(first, last)
        calendar = days(ZONE)
        start_ms = calendar.numbered(today).start_ms
        from_ms = start_ms if since is None else _instant("from", since)
        to_ms = self._services.now_ms() + 1 if to is None else _instant("to", to)
        if to_ms <= from_ms:
            raise HTTPException(400, "to: it is not after from")
        begins, ends = calendar.of(from_ms), calendar.of(to_ms - 1)
        if begins.start_ms == from_ms and ends.end_ms == to_ms and ends.number - begins.number < DAYS_AT_MOST:
            return reading.day_span(begins.number, ends.number)
        if to_ms - from_ms > HOURS_AT_MOST * HOUR_MS:
            said = f"from, to: a span that is no whole days may have {HOURS_AT_MOST} hours; for more give dates"
            raise HTTPException(400, said)
        return Span(from_ms, to_ms, None)

    async def _pending(
        self, reading: Reading, by: By, may: Callable[[str, str], bool] | None
    ) -> dict[str, dict[str, Any]]:
        def name(entry: Entry) -> str | None:
            platform, team = entry.place
            if may is not None and not may(entry.shop, team):
                return None
            if by == "agent" and entry.agent:
                return reading.name_of(by, entry.shop, entry.agent)
            found = {"all": "all", "shop": entry.shop, "team": team, "platform": platform}
            return found.get(by)

        now_ms = self._services.now_ms()
        return {
            group: {
                "oldest_since": instant(known.since_ms),
                "oldest_wait_seconds": seconds(max(0, now_ms - known.since_ms)),
                "bands": dict(zip(BAND_NAMES, known.bands, strict=True)),
                "bot_held": known.bot_held,
            }
            for group, known in sorted((await self._floor.pending(name)).items())
        }

    def _feeds(self, reading: Reading, may: Callable[[str, str], bool] | None) -> dict[str, dict[str, Any]]:
        found = {}
        for shop, seen in sorted(reading.scorer.seen.items()):
            if may is None or may(shop, reading.team_of(shop)):
                feeds = reading.scorer.shops[shop].feeds
                found[shop] = {
                    "last_event_at": instant(seen.newest_ms),
                    "ingest_lag_seconds": seconds(max(0, seen.lag_ms)),
                    "gaps": 0 if feeds is None else len(feeds.gaps()),
                }
        return found


def _may(caller: Caller, reading: Reading, shop: str) -> bool:
    return caller.may(shop, reading.team_of(shop))


def _is_day(text: str | None) -> bool:
    return text is None or (len(text) == 10 and text[4:5] == "-")


def _instant(name: str, text: str) -> int:
    return days(ZONE).numbered(asked_day(name, text)).start_ms if _is_day(text) else asked_instant(name, text)
