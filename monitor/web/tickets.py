"""Tickets for the live feed: what a page shows at the door of a WebSocket, once.

A browser sends a cookie with every handshake, whichever page asks for it, and a page can set no header of its own.
So a page first asks for a ticket with a request that is checked like any other, and opens its line with it. A ticket
stands for the caller who asked, with that caller's bounds; it is good for one line and half a minute, and then worth
nothing in a log or a history. Programs, which send ``Authorization``, need none.
"""

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from monitor.web.access import Caller
from monitor.web.api import Anybody, json

SECONDS = 30.0  # A page uses it at once; a slow line may need some seconds.
KEPT_AT_MOST = 5_000  # Five for each viewer there may be; the oldest, which nobody has used, goes first.


class TicketTold(BaseModel):
    """A ticket, as it is told."""

    ticket: str = Field(description="Opens one live feed: `/v1/live?ticket=…`.")
    good_seconds: float = Field(description="For how long.")


class Tickets:
    """The tickets that are out.

    Args:
        now: seconds of a clock that never goes back.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._out: OrderedDict[str, tuple[float, Caller]] = OrderedDict()  # By age: all are good for the same time.

    def give(self, caller: Caller) -> str:
        """Return a new ticket for a caller."""
        self._drop_old()
        if len(self._out) >= KEPT_AT_MOST:
            self._out.popitem(last=False)
        ticket = secrets.token_urlsafe(24)
        self._out[ticket] = self._now() + SECONDS, caller
        return ticket

    def take(self, ticket: str) -> Caller | None:
        """Return whose ticket it is, which is good no more; None: it was used, is too old, or never was one."""
        self._drop_old()
        found = self._out.pop(ticket, None)
        return None if found is None else found[1]

    def _drop_old(self) -> None:
        now = self._now()
        while self._out and next(iter(self._out.values()))[0] <= now:
            self._out.popitem(last=False)

    def router(self) -> APIRouter:
        """The route with its documentation."""
        router = APIRouter(tags=["waits"])
        router.add_api_route("/v1/live/ticket", self.ticket, methods=["POST"], response_model=TicketTold)
        return router

    async def ticket(self, caller: Anybody) -> Response:
        """A ticket that opens one live feed in a browser, within half a minute, with the rights of who asks."""
        return json({"ticket": self.give(caller), "good_seconds": SECONDS})
