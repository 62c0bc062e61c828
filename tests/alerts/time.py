"""Time that is moved, for what waits."""

import asyncio


class MovedTime:
    """A `Timer` whose time stands until ``pass_`` moves it."""

    def __init__(self, now_ms: int) -> None:
        self._now_ms = now_ms
        self._moved = asyncio.Event()

    def now_ms(self) -> int:
        return self._now_ms

    def pass_(self, seconds: float) -> None:
        self._now_ms += round(seconds * 1000)
        self._moved.set()

    async def wait(self, event: asyncio.Event, seconds: float) -> None:
        until_ms = self._now_ms + seconds * 1000
        while not event.is_set() and self._now_ms < until_ms:
            self._moved.clear()
            waits = [asyncio.ensure_future(event.wait()), asyncio.ensure_future(self._moved.wait())]
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            for wait in waits:
                wait.cancel()
