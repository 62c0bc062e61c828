"""Time that is moved, for what waits."""

import asyncio
from typing import Protocol

from monitor.alerts.delivery import Courier
from tests.waiting import until


class Counting(Protocol):
    """A timer that says how often it was waited for."""

    @property
    def waits(self) -> int:
        """How often."""


async def at_rest(courier: Courier, timer: Counting) -> None:
    """Return when the courier has done all that can be done now: its timer is all it waits for."""
    for _ in range(2):  # A round may have begun before.
        waits = timer.waits
        courier.wake()

        def rests(before: int = waits) -> bool:
            return timer.waits > before and not any(lane.under_way for lane in courier._lanes)

        await until(rests, "the courier at rest")


class MovedTime:
    """A `Timer` whose time stands until ``pass_`` moves it."""

    def __init__(self, now_ms: int) -> None:
        self._now_ms = now_ms
        self.waits = 0
        self._moved = asyncio.Event()

    def now_ms(self) -> int:
        return self._now_ms

    def pass_(self, seconds: float) -> None:
        self._now_ms += round(seconds * 1000)
        self._moved.set()

    async def wait(self, event: asyncio.Event, seconds: float) -> None:
        self.waits += 1
        until_ms = self._now_ms + seconds * 1000
        while not event.is_set() and self._now_ms < until_ms:
            self._moved.clear()
            waits = [asyncio.ensure_future(event.wait()), asyncio.ensure_future(self._moved.wait())]
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            for wait in waits:
                wait.cancel()
