"""One hub for each part of the floor that somebody looks at.

All boards of the whole hall share one; a team's board, a shop's, or a caller that is bound to some
shops has its own, made when first looked at and given up when nobody has looked for a while.
"""

import asyncio
import contextlib
import logging

from monitor.web.asked import Asked
from monitor.web.crew import Crew
from monitor.web.failures import Failures
from monitor.web.floor import Floor
from monitor.web.hub import FRAME_SECONDS, TICK_SECONDS, Hub
from monitor.web.scope import WHOLE, Scope
from monitor.web.services import Changes, Services
from monitor.web.today import Today

logger = logging.getLogger(__name__)

VIEWERS_AT_MOST = 1_000  # A centre has some hundred screens; each is a task and a place in a sequence.
PARTS_AT_MOST = 200  # Each part keeps its rows encoded: at most a megabyte each.


class Hubs:
    """All hubs, by the part they are about."""

    def __init__(self, services: Services, floor: Floor) -> None:
        self._services = services
        self._floor = floor
        self._crew = Crew(services)
        self._asked = Asked(services.suggester)
        self._today = Today(services)
        self._failures = Failures(services.metrics)
        self._hubs: dict[Scope, Hub] = {}
        self._tasks: dict[Scope, asyncio.Task[None]] = {}
        self._days: asyncio.Task[None] | None = None
        self._new = asyncio.Event()

    def watch(self, changes: Changes) -> None:
        """Take note of one commit; after the floor has."""
        self._asked.over(changes.gone)
        for hub in self._hubs.values():
            hub.watch(changes)

    def of(self, scope: Scope) -> Hub | None:
        """Return the hub of a part; None while there are too many."""
        if sum(hub.viewers for hub in self._hubs.values()) >= VIEWERS_AT_MOST:
            return None
        hub = self._hubs.get(scope)
        if hub is None or self._tasks[scope].done():  # By a fault.
            if len(self._hubs) >= PARTS_AT_MOST:
                self._give_up_sleeping()
            if len(self._hubs) >= PARTS_AT_MOST:
                return None
            # The one object tells the hub that it need not look at each wait.
            part = WHOLE if scope == WHOLE else scope
            hub = self._hubs[scope] = Hub(
                self._services, self._floor, self._crew, self._today, self._asked, self._failures, part
            )
            self._tasks[scope] = asyncio.create_task(hub.run(), name="live feed")
            self._new.set()
            if self._days is None:
                self._days = asyncio.create_task(self._keep_days(), name="figures of the day")
        return hub

    async def _keep_days(self) -> None:
        """Keep the day's figures of all boards that are looked at, one after another."""
        while True:
            self._new.clear()
            for hub in list(self._hubs.values()):
                if not hub.asleep:
                    try:
                        await hub.look_at_day()
                    except Exception:
                        logger.exception("the day's figures of a board cannot be made now")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(TICK_SECONDS):
                    await self._new.wait()
                    await asyncio.sleep(FRAME_SECONDS)  # Until the viewer it was made for has joined.

    def _give_up_sleeping(self) -> None:
        for scope in [scope for scope, hub in self._hubs.items() if hub.asleep]:
            self._tasks.pop(scope).cancel()
            del self._hubs[scope]

    async def drain(self) -> None:
        """Say good-bye to everybody."""
        await asyncio.gather(*(hub.drain() for hub in self._hubs.values()))

    async def stop(self) -> None:
        """Send no more."""
        tasks = [*self._tasks.values(), *([self._days] if self._days else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
