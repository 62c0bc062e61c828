"""The quarantine over the API: what was refused, read, sent again as it was or mended, or thrown away."""

import logging
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response

from monitor.hooks.mapping import NotAsExpected
from monitor.store.entries import Quarantined, QuarantineEntry
from monitor.web import models
from monitor.web.access import Caller
from monitor.web.api import Anybody, json, whole_floor
from monitor.web.intake import Intake
from monitor.web.mapped import FOREIGN, events_of, payload_of
from monitor.web.services import Services
from monitor.web.shapes import instant
from monitor.wire.batch import HOOK, Refused

logger = logging.getLogger(__name__)

ENTRIES_AT_MOST = 500
BODY_SHOWN_BYTES = 1024  # Of each entry in a page.


class QuarantineApi:
    """The routes.

    Args:
        services: what they stand on.
        intake: stores what is sent again.
    """

    def __init__(self, services: Services, intake: Intake) -> None:
        self._services = services
        self._intake = intake

    def router(self) -> APIRouter:
        """All routes with their documentation."""
        router = APIRouter(dependencies=[Depends(whole_floor)], tags=["quarantine"])
        add = router.add_api_route
        add("/v1/quarantine", self.quarantine, response_model=models.Quarantine)
        add(
            "/v1/quarantine/{id}",
            self.refused,
            response_model=models.Refused,
            responses=models.answers(404),
        )
        add(
            "/v1/quarantine/{id}/resend",
            self.resend,
            methods=["POST"],
            response_model=models.Taken,
            responses=models.answers(404, 413, 503)
            | {400: {"model": models.Taken | models.Wrong, "description": "Nothing was accepted or known."}},
            openapi_extra={"requestBody": {"required": False, "content": {"application/json": {"schema": {}}}}},
        )
        add(
            "/v1/quarantine/{id}",
            self.throw_away,
            methods=["DELETE"],
            status_code=204,
            responses=models.answers(404, 503),
        )
        return router

    async def quarantine(
        self,
        before: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
        limit: Annotated[int, Query(ge=1, le=ENTRIES_AT_MOST)] = 100,
    ) -> Response:
        """What was refused, newest first, each with the beginning of its body."""
        entries = await self._services.journal.quarantine.list(before=before, limit=limit, body_bytes=BODY_SHOWN_BYTES)
        more = entries[-1].number if len(entries) == limit else None
        return json({"entries": [_refused(entry) for entry in entries], "next_before": more})

    async def refused(self, id: int) -> Response:
        """One refused input with all that is kept of its body."""
        return json(_refused(await self._entry(id)))

    async def resend(self, request: Request, caller: Anybody, id: int) -> Response:
        """Send a refused input again, as it was (the rules may know it now) or with the mended body of this request.

        A webhook that could not be mapped is mapped by its mapping as it is now; headers are not kept for that.
        """
        entry = await self._entry(id)
        mended = await request.body()
        refused = entry.refused
        if not mended and refused.length > len(refused.body):
            raise HTTPException(400, "only the beginning of this input is kept; send the mended whole as the body")
        body = mended or await self._mapped(refused)
        batch = await self._intake.decode(body, door="api", caller=Caller(refused.source))
        outcome = await self._intake.store(batch)
        if outcome.known:
            await self._services.journal.quarantine.mark_resent(id, self._services.now_ms())
            logger.info("%s sent refused input %s again%s", caller.name, id, ", mended" if mended else "")
        return json(outcome.told(), 200 if outcome.known else 400)

    async def _mapped(self, refused: Quarantined) -> bytes:
        """Return refused input as events: a webhook as its mapping makes them now, all else as it is."""
        if refused.door != HOOK or refused.reason not in FOREIGN:
            return refused.body
        name = refused.source.removeprefix(f"{HOOK}:")
        mapping = self._services.hooks().get(name)
        if mapping is None:
            raise HTTPException(400, f"there is no mapping {name} any more")
        try:
            made = await events_of(mapping, refused.body, await payload_of(refused.body), {}, refused.at_ms)
        except (Refused, NotAsExpected) as error:
            raise HTTPException(400, f"it cannot be mapped: {error}") from None
        if made is None:
            raise HTTPException(400, f"the mapping {name} finds no chat in it")
        return made

    async def throw_away(self, caller: Anybody, id: int) -> Response:
        """Throw a refused input away."""
        if not await self._services.journal.quarantine.delete(id):
            raise HTTPException(404, f"nothing with number {id} is in the quarantine")
        logger.info("%s threw refused input %s away", caller.name, id)
        return Response(status_code=204)

    async def _entry(self, number: int) -> QuarantineEntry:
        entry = await self._services.journal.quarantine.get(number) if 0 < number < 2**63 else None
        if entry is None:
            raise HTTPException(404, f"nothing with number {number} is in the quarantine")
        return entry


def _refused(entry: QuarantineEntry) -> dict[str, Any]:
    refused = entry.refused
    return {
        "id": entry.number,
        "at": instant(refused.at_ms),
        "door": refused.door,
        "source": refused.source,
        "index": refused.index,
        "path": refused.path,
        "error": refused.error,
        "reason": refused.reason,
        "length": refused.length,
        "sha256": refused.sha256,
        "resent_at": instant(entry.resent_at_ms),
        "body": refused.body.decode("utf-8", "backslashreplace"),
    }
