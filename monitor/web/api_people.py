"""Who is there, how shops stand, and what shifts leave open, over the API."""

import asyncio
import secrets
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, HTTPException, Query, Response

from monitor.core.decisions import LeftOpen
from monitor.core.events import HandOverReceived
from monitor.core.handover import FIXED, OVER, PREVIEW, RECEIVED, Listed
from monitor.core.masking import masked_name
from monitor.core.people import People
from monitor.core.people_rows import AgentRow, ShopRow
from monitor.core.scores.days import days
from monitor.core.scores.floor import ZONE
from monitor.core.units import DAY_MS, HOUR_MS, MINUTE_MS
from monitor.web import models_people as told
from monitor.web.access import Caller
from monitor.web.api import NOT_YOURS, Anybody, Filter, json
from monitor.web.floor import Floor, Group
from monitor.web.gauges import SHOPS_A_SLICE
from monitor.web.intake import Intake
from monitor.web.models import Gaps, answers
from monitor.web.own_day import OwnDay, OwnDays
from monitor.web.services import Services
from monitor.web.shapes import instant, seconds, wait_id
from monitor.web.spans import asked_instant
from monitor.wire.batch import Batch

PLANNED_AT_MOST = 24
_STATES = {PREVIEW: "coming", FIXED: "open", RECEIVED: "received", OVER: "over"}


class PeopleApi:
    """The routes.

    Args:
        services: what they stand on.
        floor: who waits.
        intake: stores what is received.
    """

    def __init__(self, services: Services, floor: Floor, intake: Intake) -> None:
        self._services = services
        self._floor = floor
        self._intake = intake
        self._own_days = OwnDays(services)

    def router(self) -> APIRouter:
        """All routes with their documentation."""
        router = APIRouter(tags=["people"])
        add = router.add_api_route
        add("/v1/agents", self.agents, response_model=told.Agents)
        add("/v1/shops", self.shops, response_model=told.Shops)
        add("/v1/gaps", self.gaps, response_model=Gaps, responses=answers(400))
        add("/v1/shifts", self.shifts, response_model=told.Shifts, responses=answers(400))
        add("/v1/handover", self.hand_overs, response_model=told.HandOvers)
        add(
            "/v1/handover/{id}/receive",
            self.receive,
            methods=["POST"],
            response_model=told.Received,
            responses=answers(400, 403, 404, 503),
        )
        return router

    async def agents(self, caller: Anybody, team: Filter = None, shop: Filter = None, state: Filter = None) -> Response:
        """Everybody who answers: where they stand, how much is open with them, how their day went.

        A caller bound to shops sees who serves one of them; of a shop, whoever does.
        """
        people, now_ms = self._people, self._services.now_ms()
        days = await self._own_days.by_person()
        rows = people.rows(now_ms) if people is not None else ()
        found = [
            _agent(row, days.get(row.person), self._own(caller, row.shops))
            for row in rows
            if team in (None, row.team)
            and state in (None, row.state)
            and (shop is None or shop in row.shops)
            and may_see_agent(caller, row)
        ]
        return json({"now": instant(now_ms), "agents": sorted(found, key=lambda one: (one["team"], one["agent"]))})

    async def shops(self, caller: Anybody, team: Filter = None, platform: Filter = None) -> Response:
        """Every shop: whether it is seen, whether anybody can take a new chat, who waits."""
        people, now_ms = self._people, self._services.now_ms()
        groups: dict[str, list[Group]] = {}
        for (_, shop, _), group in self._floor.groups.items():
            groups.setdefault(shop, []).append(group)
        found = []
        for number, shop in enumerate(people.shop_names() if people is not None else (), 1):
            assert people is not None
            row = people.shop_row(shop, now_ms)
            if caller.may(shop, row.team) and team in (None, row.team) and platform in (None, row.platform):
                found.append(_shop(row, groups.get(shop, [])))
            if number % SHOPS_A_SLICE == 0:
                await asyncio.sleep(0)
        return json({"now": instant(now_ms), "shops": sorted(found, key=lambda one: (one["platform"], one["shop"]))})

    async def hand_overs(self, caller: Anybody, team: Filter = None, receiver: Filter = None) -> Response:
        """What shifts leave open: the lists of the last day, the newest first."""
        people, now_ms = self._people, self._services.now_ms()
        lists = people.hand_overs.all() if people is not None else []
        found = [
            self._list(one, now_ms)
            for one in sorted(lists, key=lambda one: (-one.ends_at_ms, one.shop, one.giver or ""))
            if caller.may(one.shop, one.team) and team in (None, one.team) and receiver in (None, one.receiver)
        ]
        return json({"now": instant(now_ms), "handovers": found})

    async def gaps(
        self,
        caller: Anybody,
        from_: Annotated[str | None, Query(alias="from", max_length=40)] = None,
        to: Annotated[str | None, Query(max_length=40)] = None,
        shop: Filter = None,
    ) -> Response:
        """What feeds did not see, by shop and account: of the last day, unless asked otherwise."""
        from_ms, to_ms = self._span(from_, to)
        now_ms = self._services.now_ms()
        found = [
            {
                "source": gap.source,
                "account": gap.account,
                "shop": gap.shop,
                "from": instant(gap.from_ms),
                "to": instant(gap.to_ms),
                "seconds": seconds(max(0, (gap.to_ms or now_ms) - gap.from_ms)),
                "reason": gap.reason,
                "filled": gap.filled,
            }
            for gap in await self._services.journal.floor_log.gaps(from_ms, to_ms)
            if self._services.may_see(caller, gap.shop) and shop in (None, gap.shop)
        ]
        return json({"now": instant(now_ms), "gaps": found})

    async def shifts(
        self,
        caller: Anybody,
        from_: Annotated[str | None, Query(alias="from", max_length=40)] = None,
        to: Annotated[str | None, Query(max_length=40)] = None,
        team: Filter = None,
    ) -> Response:
        """How shifts were kept that ended in a span: of the last day, unless asked otherwise."""
        from_ms, to_ms = self._span(from_, to)
        found = [
            {
                "agent": shift.person,
                "team": shift.team,
                "shops": self._own(caller, shift.shops),
                "starts_at": instant(shift.starts_at_ms),
                "ends_at": instant(shift.ends_at_ms),
                "there_seconds": seconds(shift.there_ms),
                "late_seconds": seconds(shift.late_ms),
                "early_seconds": seconds(shift.early_ms),
            }
            for shift in await self._services.journal.floor_log.shifts(from_ms, to_ms)
            if team in (None, shift.team) and any(caller.may(shop, shift.team) for shop in shift.shops)
        ]
        now_ms = self._services.now_ms()
        return json({"now": instant(now_ms), "shifts": found, "planned": list(self._planned(caller, now_ms))})

    def _planned(self, caller: Caller, now_ms: int) -> Iterator[dict[str, str | None]]:
        """Yield the shifts of the roster, for who asks about one: at most as many as one can choose from."""
        people = self._people
        if people is None:
            return
        register = people.register
        day = date.fromordinal(days(ZONE).of(now_ms).number)
        planned = register.planned(day, lambda shop: caller.may(shop, people.team_of_shop(shop, now_ms)))
        for shift in planned[:PLANNED_AT_MOST]:
            at = datetime.fromtimestamp(now_ms / 1000, ZoneInfo(shift.zone)).isoformat()
            yield {
                "name": shift.name,
                "from": _of_day(shift.starts_ms),
                "to": _of_day(shift.ends_ms if shift.ends_ms <= DAY_MS else shift.ends_ms - DAY_MS),
                "offset": at[-6:],
            }

    def _span(self, from_: str | None, to: str | None) -> tuple[int, int]:
        to_ms = self._services.now_ms() if to is None else asked_instant("to", to)
        return to_ms - DAY_MS if from_ is None else asked_instant("from", from_), to_ms

    async def receive(self, id: str, caller: Anybody, body: told.Receipt | None = None) -> Response:
        """Say that a list is received: whoever receives answers for what is on it from now on."""
        one = self._people.hand_overs.get(id) if self._people is not None else None
        if one is None:
            raise HTTPException(404, f"there is no hand-over {id} (any more)")
        if not caller.may(one.shop, one.team):
            raise HTTPException(403, NOT_YOURS)
        if one.state == RECEIVED:
            raise HTTPException(400, f"{one.received_by} has received it already")
        if one.state == OVER:
            raise HTTPException(400, "nothing of it is open any more")
        event = HandOverReceived(
            type="hand_over_received",
            id=f"received-{id}-{secrets.token_hex(4)}",
            ts_ms=self._services.now_ms(),
            source="api",
            shop=one.shop,
            hand_over=id,
            by=body.by if body is not None and body.by else caller.name,
            meta={"token": caller.name},
        )
        await self._intake.store(Batch(door="api", source="api", events=[event], indices=[0], size=len(id)))
        return json({"id": id, "event": event.id})

    @property
    def _people(self) -> People | None:
        return self._services.people

    def _own(self, caller: Caller, shops: Iterable[str]) -> list[str]:
        """Return those shops that a caller may know of: who answers for two owners names neither to the other."""
        return [shop for shop in shops if self._services.may_see(caller, shop)]

    def _list(self, one: Listed, now_ms: int) -> dict[str, Any]:
        assert self._people is not None
        return {
            "id": one.id,
            "shop": one.shop,
            "team": one.team,
            "giver": one.giver,
            "receiver": one.receiver,
            "to_lead": one.to_lead,
            "shift_ends_at": instant(one.ends_at_ms),
            "due_at": instant(one.due_at_ms),
            "state": _STATES[one.state],
            "received_by": one.received_by,
            "received_at": instant(one.received_at_ms),
            "left": [self._left(left, now_ms) for left in self._people.hand_overs.open_of(one)],
        }

    def _left(self, left: LeftOpen, now_ms: int) -> dict[str, Any]:
        return {
            "kind": left.kind,
            "platform": left.platform,
            "conversation": left.conversation,
            "buyer": masked_name(left.buyer),
            "account": left.account,
            "since": instant(left.since_ms),
            "age_seconds": seconds(max(0, now_ms - left.since_ms)),
            "wait": None if left.wait is None else wait_id(self._services.epoch, left.wait),
        }


def may_see_agent(caller: Caller, row: AgentRow) -> bool:
    """Whether somebody is of a caller's teams and serves one of its shops."""
    return (caller.teams is None or row.team in caller.teams) and (
        caller.shops is None or any(shop in caller.shops for shop in row.shops)
    )


def _agent(row: AgentRow, own: OwnDay | None, shops: list[str]) -> dict[str, Any]:
    today = row.today
    return {
        "agent": row.person,
        "name": row.nick,
        "team": row.team,
        "seat": row.seat,
        "state": row.state,
        "state_since": instant(row.state_since_ms),
        "shops": shops,
        "open": row.chats,
        "limit": row.limit,
        "saturation": row.chats / row.limit if row.limit else None,
        "waits_open": row.waits,
        "on_shift": row.on_shift,
        "shift_ends_at": instant(row.shift_ends_at_ms),
        "online_seconds": seconds(today.online_ms),
        "away_seconds": seconds(today.away_ms),
        "suspended_seconds": seconds(today.suspended_ms),
        "offline_seconds": seconds(today.offline_ms),
        "busy_seconds": seconds(today.busy_ms),
        "occupancy": today.occupancy,
        "mean_open": today.chats_ms / today.online_ms if today.online_ms else None,
        "most_open": today.most_chats,
        "own": None if own is None else own.as_json(),
    }


def _shop(row: ShopRow, groups: list[Group]) -> dict[str, Any]:
    info = row.info
    stages: dict[str, int] = {}
    for group in groups:
        for stage, count in group.stages.items():
            stages[stage] = stages.get(stage, 0) + count
    return {
        "shop": row.shop,
        "platform": row.platform,
        "name": info.name if info is not None and info.name else row.shop,
        "team": row.team,
        "brand": info.brand if info is not None else None,
        "category": info.category if info is not None else None,
        "targets": dict(info.targets) if info is not None else {},
        "state": row.seen,
        "attended": row.attended,
        "unattended_since": instant(row.nobody_since_ms) if row.told else None,
        "able": list(row.able),
        "absent": list(row.absent),
        "waits_open": stages,
        "bot_held": sum(group.bot_held for group in groups),
        "courtesy": sum(group.courtesy for group in groups),
        "answered_today": sum(group.answered_today for group in groups),
    }


def _of_day(at_ms: int) -> str:
    return f"{at_ms // HOUR_MS:02}:{at_ms // MINUTE_MS % 60:02}"
