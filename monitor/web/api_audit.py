"""The audit trail: what people did by hand, who did it and when, as it stands in the journal.

No route can change it. It is kept as long as events are.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, Field

from monitor.core import events as ev
from monitor.store.entries import StoredEvent
from monitor.web.api import json, whole_floor
from monitor.web.services import Services
from monitor.web.shapes import instant, wait_id
from monitor.wire import decode_stored

ACTS_AT_MOST = 500


class ActTold(BaseModel):
    """One thing that somebody did."""

    number: int
    at: str
    by: str = Field(description="The name of the token, or of who used a link; `local` where no token was ever made.")
    what: str = Field(description="claim, release, resolve, mute, dismiss, silence, end_silence, receive")
    shop: str | None
    about: str = Field(description="The alert, wait, silence or hand-over it was done to.")
    matchers: dict[str, str] | None = Field(description="What is silenced; null: it is no silence.")
    reason: str = Field(description="That was given; empty: none.")
    until: str | None


class AuditTold(BaseModel):
    """What was done, the newest first."""

    acts: list[ActTold]
    next_before: int | None = Field(description="Ask with it as `before` for what is older; null: there is no more.")


class AuditApi:
    """The route.

    Args:
        services: what it stands on.
    """

    def __init__(self, services: Services) -> None:
        self._services = services

    def router(self) -> APIRouter:
        """The route with its documentation."""
        router = APIRouter(dependencies=[Depends(whole_floor)], tags=["service"])
        router.add_api_route("/v1/audit", self.audit, response_model=AuditTold)
        return router

    async def audit(
        self,
        before: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
        limit: Annotated[int, Query(ge=1, le=ACTS_AT_MOST)] = 100,
    ) -> Response:
        """Who did what when: claims, mutes, silences, dismissals and hand-overs received."""
        found = await self._services.journal.by_hand(before=before, limit=limit)
        acts = [act for act in (_act(one, self._services.epoch) for one in found) if act is not None]
        return json({"acts": acts, "next_before": found[-1].position if len(found) == limit else None})


def _act(stored: StoredEvent, epoch: str) -> dict[str, Any] | None:
    """Return what an event says was done; None: it is chat that somebody sent again."""
    event = decode_stored(stored.body)
    what: str
    until_ms, matchers, reason = None, None, ""
    match event:
        case ev.AlertActed():
            what, until_ms = event.act, event.until_ms
            about = wait_id(epoch, event.wait) if event.wait else event.alert
        case ev.SilenceSet():
            what, about, until_ms = "silence", event.silence, event.until_ms
            matchers, reason = event.matchers, event.reason
        case ev.SilenceEnded():
            what, about = "end_silence", event.silence
        case ev.HandOverReceived():
            what, about = "receive", event.hand_over
        case ev.WaitDismissed():
            what, about, reason = "dismiss", wait_id(epoch, event.wait), event.reason
        case _:
            return None
    return {
        "number": stored.position,
        "at": instant(stored.arrived_at_ms),
        "by": event.by,
        "what": what,
        "shop": event.shop or None,
        "about": about,
        "matchers": matchers,
        "reason": reason,
        "until": instant(until_ms),
    }
