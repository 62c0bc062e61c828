"""The time as the courier waits for it."""

import asyncio
from typing import Protocol

from monitor.clock import Clock


class Timer(Protocol):
    """The time, and waiting for it; tests move it."""

    def now_ms(self) -> int:
        """Return now."""

    async def wait(self, event: asyncio.Event, seconds: float) -> None:
        """Return when the event is set or the time is over."""


class WallTimer:
    """The real time."""

    def __init__(self, clock: Clock) -> None:
        self.now_ms = clock.now_ms

    async def wait(self, event: asyncio.Event, seconds: float) -> None:
        """Return when the event is set or the time is over."""
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            pass
