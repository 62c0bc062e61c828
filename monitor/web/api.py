"""The API: what is open, where events come from, and how the service is.

Answers are encoded by us, models are for the documentation; so a page of two
thousand waits does not go through a model each.
"""

import logging
import secrets
from typing import Annotated, Any
from urllib.parse import unquote

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException as StarletteHTTPException

from monitor.core.events import AnyEvent, Message, WaitDismissed
from monitor.core.masking import masked_name
from monitor.core.views import WaitRow
from monitor.errors import Busy, StoreUnavailable
from monitor.metrics import CONTENT_TYPE, Exposition
from monitor.web import models
from monitor.web.access import Caller, unavailable
from monitor.web.floor import Entry, Floor
from monitor.web.gauges import coverage_of, measure_people
from monitor.web.intake import Intake
from monitor.web.services import Services
from monitor.web.shapes import api_source, api_wait, encode, instant, wait_number
from monitor.wire import decode_stored
from monitor.wire.batch import Batch

logger = logging.getLogger(__name__)

MESSAGES_AT_MOST = 500

NOT_YOURS = "this token is not for that shop"  # Whose it is, only those may know who may see it.

Filter = Annotated[str | None, Query(max_length=200)]


def _caller(request: Request) -> Caller:
    caller: Caller = request.scope["presales.caller"]
    return caller


def whole_floor(request: Request) -> None:
    """Only for callers that may see more than some shops."""
    if _caller(request).bound:
        raise HTTPException(403, "this token is bound to shops or teams; what is asked is about all of them")


Anybody = Annotated[Caller, Depends(_caller)]


def json(told: Any, status: int = 200) -> Response:
    """An answer in JSON."""
    return Response(encode(told), status, media_type="application/json")


class Api:
    """The routes.

    Args:
        services: what they stand on.
        floor: who waits.
        intake: stores what is dismissed.
    """

    def __init__(self, services: Services, floor: Floor, intake: Intake) -> None:
        self._services = services
        self._floor = floor
        self._intake = intake
        self._exposition = Exposition(services.metrics)

    def router(self) -> APIRouter:
        """All routes with their documentation."""
        router = APIRouter()
        add = router.add_api_route
        add("/v1/waits", self.waits, response_model=models.Waits, tags=["waits"])
        add(
            "/v1/waits/{id}/dismiss",
            self.dismiss,
            methods=["POST"],
            response_model=models.Dismissed,
            responses=models.answers(400, 403, 404, 503),
            tags=["waits"],
        )
        add(
            "/v1/conversations/{shop}/{conversation:path}",
            self.conversation,
            response_model=models.Conversation,
            responses=models.answers(403, 404),
            tags=["waits"],
        )
        router.include_router(self._of_the_whole())
        add("/v1/me", self.me, response_model=models.Me, tags=["service"])
        add("/livez", self.livez, response_model=models.Livez, tags=["service"])
        add(
            "/readyz",
            self.readyz,
            response_model=models.Ready,
            responses={503: {"model": models.Ready, "description": "Not ready; the reasons say why."}},
            tags=["service"],
        )
        return router

    def _of_the_whole(self) -> APIRouter:
        """Routes that are not about single shops."""
        router = APIRouter(dependencies=[Depends(whole_floor)])
        add = router.add_api_route
        add("/v1/sources", self.sources, response_model=models.Sources, tags=["sources"])
        add("/metrics", self.metrics, response_class=Response, tags=["service"])
        return router

    # -- waits --------------------------------------------------------------------------------------------------------

    async def waits(
        self,
        caller: Anybody,
        shop: Filter = None,
        platform: Filter = None,
        team: Filter = None,
        agent: Filter = None,
        stage: Filter = None,
        limit: Annotated[int, Query(ge=1, le=2000)] = 200,
    ) -> Response:
        """Who waits for an answer now, the one with the least time left first.

        Those who can still be kept come first, then those a bot holds, then the lost, the last lost first. Waits that
        are polite words only are not listed.
        """
        people = self._services.people
        id_of = people.register.id_of if people is not None else str

        def wanted(entry: Entry) -> bool:
            return (
                entry.since_ms > 0
                and caller.may(entry.shop, entry.place[1])
                and shop in (None, entry.shop)
                and platform in (None, entry.place[0])
                and team in (None, entry.place[1])
                and stage in (None, entry.stage)
                and (agent is None or (entry.agent is not None and id_of(agent) == id_of(entry.agent)))
            )

        entries, total = await self._floor.most_urgent(limit, wanted)
        now_ms = self._services.now_ms()
        rows = [self._floor.row(entry.wait) for entry in entries]
        epoch = self._services.epoch
        found = [api_wait(row, epoch, now_ms) for row in rows if row is not None]
        return json({"now": instant(now_ms), "total": total, "waits": found})

    async def dismiss(self, id: str, body: models.Dismissal, caller: Anybody) -> Response:
        """Take a wait off the board: nobody has to answer it. The reason is stored with the name of the token."""
        row = self._open(id)
        if not caller.may(row.shop, row.team):
            raise HTTPException(403, NOT_YOURS)
        event = WaitDismissed(
            type="wait_dismissed",
            id=f"dismiss-{id}-{secrets.token_hex(4)}",
            ts_ms=self._services.now_ms(),
            source="api",
            platform=row.platform,
            shop=row.shop,
            conversation=row.conversation,
            buyer=row.buyer,
            wait=row.wait,
            by=caller.name,
            reason=body.reason,
        )
        await self._intake.store(Batch(door="api", source="api", events=[event], indices=[0], size=len(body.reason)))
        return json({"id": id, "event": event.id})

    def _open(self, id: str) -> WaitRow:
        number = wait_number(self._services.epoch, id)
        row = None if number is None else self._floor.row(number)
        if row is None:
            raise HTTPException(404, f"no wait {id} is open")
        return row

    async def conversation(self, request: Request, caller: Anybody, shop: str, conversation: str) -> Response:
        """What is stored of one conversation: its open wait and its newest events, by time.

        Names with a slash are written percent-encoded.
        """
        # The path as sent: once decoded, a slash in a name looks like one between names.
        parts = request.scope["raw_path"].split(b"?")[0].split(b"/")[3:]
        if len(parts) == 2:
            shop, conversation = (unquote(part.decode("ascii")) for part in parts)
        if not self._services.may_see(caller, shop):
            raise HTTPException(403, NOT_YOURS)
        stored = await self._services.journal.history(shop, conversation, limit=MESSAGES_AT_MOST + 1)
        if not stored:
            raise HTTPException(404, f"nothing is stored of the conversation {conversation} of the shop {shop}")
        truncated = len(stored) > MESSAGES_AT_MOST
        events = [decode_stored(item.body) for item in stored[-MESSAGES_AT_MOST:]]
        events.sort(key=lambda event: event.ts_ms)
        row = self._services.engine.row(shop, conversation)
        if row is None:  # Of one that is part of another it may be open there.
            row = self._services.engine.row(shop, await self._services.journal.stands_for(shop, conversation))
        now_ms = self._services.now_ms()
        buyer = next((event.buyer for event in reversed(events) if event.buyer), None)
        return json(
            {
                "shop": shop,
                "conversation": conversation,
                "buyer": None if buyer is None else masked_name(buyer),
                "wait": None if row is None else api_wait(row, self._services.epoch, now_ms),
                "events": [_said(event) for event in events],
                "truncated": truncated,
            }
        )

    # -- sources ------------------------------------------------------------------------------------------------------

    async def sources(self) -> Response:
        """Every source with its accounts: whether it brings events, how old they are, and why it is stale.

        ``coverage`` counts all shops that were heard of or are written down, by how they are seen.
        """
        services = self._services
        faults = await services.journal.quarantine.newest_by_source()
        found = [api_source(source, faults.get(source.name)) for source in services.engine.sources()]
        coverage = await coverage_of(services.people)
        return json({"now": instant(services.now_ms()), "coverage": coverage, "sources": found})

    # -- the service itself --------------------------------------------------------------------------------------------

    async def me(self, caller: Anybody) -> Response:
        """Who asks, what they may do, and which part of the floor is open to them."""
        told = {
            "name": caller.name,
            "role": caller.role,
            "shops": None if caller.shops is None else sorted(caller.shops),
            "teams": None if caller.teams is None else sorted(caller.teams),
            "demo": self._services.demo,
            "build": self._services.build,
        }
        return json(told)

    async def livez(self) -> Response:
        """Whether the loop turns. Needs no token."""
        return json({"alive": True})

    async def readyz(self) -> Response:
        """Whether events can be taken now; 503 with the reasons while not."""
        reason = self._services.engine.ready.reason
        reasons = [] if reason is None else [reason]
        rules = self._services.rules.as_json() if self._services.rules is not None else None
        told = {
            "ready": not reasons,
            "reasons": reasons,
            "build": self._services.build,
            "rules_version": "built-in" if rules is None else rules["rules_version"],
            "rules_good": rules is None or rules["good"],
        }
        return json(told, 503 if reasons else 200)

    async def metrics(self) -> Response:
        """All numbers, for Prometheus."""
        await self._floor.measure()
        if self._services.people is not None:
            await measure_people(self._services.people, self._services.metrics, self._services.now_ms())
        return Response(await self._exposition.text(), media_type=CONTENT_TYPE)


def _said(event: AnyEvent) -> dict[str, Any]:
    message = event if isinstance(event, Message) else None
    return {
        "id": event.id,
        "type": "message" if message else event.type,
        "ts": instant(int(event.ts_ms)),
        "role": message and message.role,
        "kind": message and message.kind,
        "text": message and message.text,
        "agent": event.agent,
        "account": event.account,
    }


def build_api(api: Api, version: str) -> FastAPI:
    """The routes as an application; errors are JSON like all else."""
    app = FastAPI(
        title="Presales Monitor",
        version=version,
        description="Times every unanswered buyer. Instants are RFC 3339 in UTC, durations are seconds.",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    app.include_router(api.router())

    @app.exception_handler(StarletteHTTPException)
    async def wrong(request: Request, error: StarletteHTTPException) -> Response:
        said = error.detail
        if error.status_code == 404 and said == "Not Found":
            said = f"there is nothing at {request.url.path}; see /docs"
        answer = json({"error": said}, error.status_code)
        answer.headers.update(error.headers or {})
        return answer

    @app.exception_handler(RequestValidationError)
    async def not_valid(_: Request, error: RequestValidationError) -> Response:
        said = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        return json({"error": said}, 400)

    @app.exception_handler(StoreUnavailable)
    async def not_stored(_: Request, error: StoreUnavailable) -> Response:
        later = unavailable(error, "nothing was stored, try again later")
        answer = json({"error": later.error}, later.status)
        answer.raw_headers += later.later
        return answer

    @app.exception_handler(Busy)
    async def busy(_: Request, error: Busy) -> Response:
        answer = json({"error": str(error)}, 429)
        answer.headers["retry-after"] = str(error.retry_after_seconds)
        return answer

    @app.exception_handler(Exception)
    async def fault(_: Request, __: Exception) -> Response:
        return json({"error": "a fault of this service; its log has the details"}, 500)

    return app
