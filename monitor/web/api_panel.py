"""What an agent's panel shows beside the agent's waits: what they owe, and their own day."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Response
from pydantic import BaseModel, Field

from monitor.core.masking import masked_name
from monitor.core.people import People
from monitor.core.people_rows import AgentRow, Owed
from monitor.scoring.budget import own_profile
from monitor.web.api import Anybody, json
from monitor.web.api_people import may_see_agent
from monitor.web.services import Services
from monitor.web.shapes import instant
from monitor.web.today import Today

SHOPS_AT_MOST = 200  # One person serves some ten; a name that stands for many is cut.
FRESH_MS = 3_000  # A hundred panels ask for the same shops.
OWED_AT_MOST = 200


class OwedTold(BaseModel):
    """One thing owed to a buyer who does not wait for an answer."""

    kind: str = Field(description="promise, greeting, courtesy")
    platform: str
    shop: str
    conversation: str
    buyer: str = Field(description="Masked.")
    since: str
    due_at: str | None = Field(description="When a promise is due.")
    scored_until: str | None = Field(description="Polite words the platform scores too: the last instant in time.")


class OwnDay(BaseModel):
    """One agent's own figures of today."""

    received: int | None = Field(description="Buyers served.")
    answered: int | None = Field(description="Rounds answered.")
    first_reply_seconds: float | None
    mean_reply_seconds: float | None
    missed: int | None


class Panel(BaseModel):
    """One agent's own things; nobody is compared with anybody."""

    now: str
    agent: str
    name: str | None
    seat: str | None
    team: str | None
    state: str
    open: int | None
    limit: int | None
    occupancy: float | None
    shift_ends_at: str | None
    shops: list[str]
    owed: list[OwedTold]
    today: OwnDay | None = Field(description="null: nothing is counted yet.")


class PanelApi:
    """The route.

    Args:
        services: what it stands on.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._today = Today(services)
        self._owed: dict[str, tuple[int, list[Owed]]] = {}

    def router(self) -> APIRouter:
        """The route with its documentation."""
        router = APIRouter(tags=["people"])
        router.add_api_route("/v1/panel", self.panel, response_model=Panel)
        return router

    async def panel(self, caller: Anybody, agent: Annotated[str, Query(min_length=1, max_length=200)]) -> Response:
        """What one agent owes: promises by when they are due, then chats the buyer ended with polite words."""
        people = self._services.people
        if people is None:
            raise HTTPException(404, "this service follows no presence")
        agent = people.register.id_of(agent)
        now_ms = self._services.now_ms()
        row = next((row for row in people.rows(now_ms) if row.person == agent), None)
        if row is not None and not may_see_agent(caller, row):
            row = None
        shops = [shop for shop in _shops(people, row, agent) if self._services.may_see(caller, shop)][:SHOPS_AT_MOST]
        owed: list[Owed] = []
        for shop in shops:
            owed += [one for one in self._of(people, shop, now_ms) if one.person == agent]
            await asyncio.sleep(0)
        owed.sort(key=lambda one: (one.due_at_ms is None, one.due_at_ms or one.since_ms))
        return json(
            {
                "now": instant(now_ms),
                "agent": agent,
                "name": row.nick if row else None,
                "seat": row.seat if row else None,
                "team": row.team if row else None,
                "state": row.state if row else "unknown",
                "open": row.chats if row else None,
                "limit": row.limit if row else None,
                "occupancy": row.today.occupancy if row else None,
                "shift_ends_at": instant(row.shift_ends_at_ms) if row else None,
                "shops": shops,
                "owed": [_told(one, self._scored_until_ms(one)) for one in owed[:OWED_AT_MOST]],
                "today": await self._today.of_agent(agent, caller),
            }
        )

    def _of(self, people: People, shop: str, now_ms: int) -> list[Owed]:
        known = self._owed.get(shop)
        if known is None or not known[0] <= now_ms < known[0] + FRESH_MS:
            known = self._owed[shop] = (now_ms, list(people.owed(shop, now_ms)))
        return known[1]

    def _scored_until_ms(self, one: Owed) -> int | None:
        """When a chat the buyer ended counts as missed; platforms know no polite words."""
        reading = self._services.scores
        if reading is None or one.kind != "courtesy":
            return None
        profile = own_profile(reading.scorer.book, reading.register(), one.shop, one.platform)
        return None if profile is None or profile.limit_ms is None else one.since_ms + profile.limit_ms


def _shops(people: People, row: AgentRow | None, agent: str) -> tuple[str, ...]:
    named = row.shops if row is not None else ()
    return tuple(dict.fromkeys([*named, *people.serves(agent)]))


def _told(one: Owed, scored_until_ms: int | None) -> dict[str, str | None]:
    return {
        "kind": one.kind,
        "platform": one.platform,
        "shop": one.shop,
        "conversation": one.conversation,
        "buyer": masked_name(one.buyer),
        "since": instant(one.since_ms),
        "due_at": instant(one.due_at_ms),
        "scored_until": instant(scored_until_ms),
    }
