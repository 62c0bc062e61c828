"""The HTTP door: ``POST /v1/events``.

A body is read within the bounds of `body`. 202 means stored.
"""

from starlette.types import Receive, Scope, Send

from monitor.web.access import Caller
from monitor.web.answers import answer
from monitor.web.body import Body, taking
from monitor.web.intake import Intake, Outcome
from monitor.web.services import Services

DOOR = "http"


class HttpDoor:
    """Takes events over HTTP."""

    def __init__(self, services: Services, intake: Intake) -> None:
        self._metrics = services.metrics
        self._intake = intake
        self._most = int(services.settings.limits.body_bytes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send, caller: Caller) -> None:
        """Answer one request.

        Reads the body, decodes it, stores it, and answers what became of each event.
        """
        if scope["method"] != "POST":
            await answer(send, 405, {"error": "send events with POST"}, (b"allow", b"POST"))
            return
        body = Body(receive, self._most, self._intake.room)
        outcome: Outcome | None = None
        async with taking(body, send, door=DOOR, caller=caller, intake=self._intake, metrics=self._metrics):
            raw = await body.read(scope)
            batch = await self._intake.decode(raw, door=DOOR, caller=caller)
            outcome = await self._intake.store(batch)
        if outcome is not None:
            await answer(send, _status(outcome), outcome.told())


def _status(outcome: Outcome) -> int:
    """202, or why nothing of the body was taken."""
    if outcome.known or not outcome.receipt.rejected:
        return 202
    if outcome.reasons == {"shop"}:
        return 403
    return 413 if outcome.reasons == {"size"} else 400
