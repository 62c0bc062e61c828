"""A channel that does as it is told to."""

import asyncio

from monitor.alerts.router import Route
from monitor.store.entries import Delivery
from tests.alerts.orders import raised
from tests.alerts.time import MovedTime

START_MS = raised().decided_at_ms + 10


class Scripted:
    """A channel that does what the script says, message by message; without a script it takes all."""

    def __init__(self, time: MovedTime, route: Route, *, concurrency: int = 4) -> None:
        self.route = route
        self.concurrency = concurrency
        self.script: list[Exception | None] = []
        self.always: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        self.tried: list[tuple[str, float]] = []  # Message id and seconds since the start.
        self.taken: list[str] = []
        self.at_once = 0
        self.most_at_once = 0
        self.open_now = False
        self._time = time

    async def open(self) -> None:
        self.open_now = True

    async def close(self) -> None:
        self.open_now = False

    async def send(self, delivery: Delivery) -> None:
        assert self.open_now
        name = delivery.delivery_id.partition("@")[0]
        self.tried.append((name, (self._time.now_ms() - START_MS) / 1000))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await self.gate.wait()
        finally:
            self.at_once -= 1
        failure = self.script.pop(0) if self.script else self.always
        if failure is not None:
            raise failure
        self.taken.append(name)
