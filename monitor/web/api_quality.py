"""The routes about service quality: rates by agent, team, shop and day, and each hit with its message."""

from collections.abc import Collection
from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Query, Response
from pydantic import BaseModel, Field

from monitor.store.quality import Quality, StoredHit
from monitor.suggest.rates import rates
from monitor.web import models
from monitor.web.access import Caller
from monitor.web.api import NOT_YOURS, Anybody, Filter, json
from monitor.web.shapes import instant

Day = Annotated[str, Query(pattern=r"^\d{4}-\d{2}-\d{2}$", description="A day, +08:00, such as 2026-11-23.")]


class Figures(BaseModel):
    """How good the words of one agent, team, shop or day were. Without anything to be over, a rate is null."""

    replies: int
    polite: int
    polite_rate: float | None
    long_waits: int = Field(description="Answered after more than 180 s.")
    apology_rate: float | None
    recommended: int
    asked_before_recommending_rate: float | None
    need_asked: int
    hits: dict[str, int] = Field(description="By rule.")
    hits_per_100_replies: float | None


class QualityTold(BaseModel):
    """Figures by name."""

    by: str
    groups: dict[str, Figures]


class HitTold(BaseModel):
    """One rule that one message broke."""

    number: int
    at: str
    shop: str
    team: str
    agent: str
    conversation: str
    message: str = Field(description="Its id; empty where it is not known.")
    rule: str
    level: str = Field(description="serious, warn or note.")
    start: int = Field(description="Where in the text it begins; 0 and 0: it is about more than words.")
    end: int
    word: str = Field(description="As the word list has it; empty where texts are not kept.")


class HitsTold(BaseModel):
    """Hits, newest first."""

    hits: list[HitTold]
    next_before: int | None


class QualityApi:
    """The routes."""

    def __init__(self, store: Quality) -> None:
        self._store = store

    def router(self) -> APIRouter:
        """All routes with their documentation."""
        router = APIRouter(tags=["quality"])
        router.add_api_route(
            "/v1/quality", self.figures, response_model=QualityTold, responses=models.answers(400, 403)
        )
        router.add_api_route("/v1/quality/hits", self.hits, response_model=HitsTold, responses=models.answers(400, 403))
        return router

    async def figures(
        self,
        caller: Anybody,
        from_: Annotated[Day, Query(alias="from")],
        to: Day,
        by: Literal["agent", "team", "shop", "day"] = "agent",
        shop: Filter = None,
    ) -> Response:
        """Rates of service quality over some days, both included, by agent, team, shop or day."""
        counts = await self._store.counts(from_, to, _shops(caller, shop))
        if caller.teams is not None:
            counts = [row for row in counts if row[2] in caller.teams]
        return json({"by": by, "groups": rates(counts, by)})

    async def hits(
        self,
        caller: Anybody,
        from_: Annotated[Day, Query(alias="from")],
        to: Day,
        shop: Filter = None,
        agent: Filter = None,
        rule: Filter = None,
        level: Literal["serious", "warn", "note"] | None = None,
        before: Annotated[int | None, Query(ge=1, lt=2**62)] = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
    ) -> Response:
        """Every hit with the message it is about, newest first."""
        _shops(caller, shop)
        found = await self._store.hits(
            from_, to, rule=rule, level=level, shop=shop, agent=agent, before=before, limit=limit
        )
        more = found[-1][0] if len(found) == limit else None
        told = [_told(number, hit) for number, hit in found if caller.may(hit.shop, hit.team)]
        return json({"hits": told, "next_before": more})


def _shops(caller: Caller, shop: str | None) -> Collection[str] | None:
    if shop is None:
        return caller.shops
    if not caller.may(shop):
        raise HTTPException(403, NOT_YOURS)
    return {shop}


def _told(number: int, hit: StoredHit) -> dict[str, Any]:
    return {
        "number": number,
        "at": instant(hit.at_ms),
        "shop": hit.shop,
        "team": hit.team,
        "agent": hit.agent,
        "conversation": hit.conversation,
        "message": hit.message,
        "rule": hit.rule,
        "level": hit.level,
        "start": hit.start,
        "end": hit.end,
        "word": hit.word,
    }
