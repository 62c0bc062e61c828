"""HTTP as a sender sees it."""

from collections.abc import Callable
from typing import Any

import aiohttp
import msgspec

from monitor.core.events import Event
from monitor.errors import UsageError
from monitor.simulator.doors.base import ENCODER, Retry, Tally


class HttpDoor:
    """``POST /v1/events``, NDJSON, one request at a time so that the order stands."""

    def __init__(self, session: aiohttp.ClientSession, url: str, say: Callable[[str], None]) -> None:
        self.tally = Tally()
        self._session = session
        self._url = url
        self._retry = Retry(url, self.tally, say)

    async def send(self, events: list[Event]) -> None:
        """Send a batch until it is taken.

        Raises:
            UsageError: the door wants another token, address or smaller events.
        """
        body = ENCODER.encode_lines(events)
        while True:
            try:
                async with self._session.post(self._url, data=body) as response:
                    status, text = response.status, await response.read()
                    retry_after = response.headers.get("Retry-After", "")
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                await self._retry.pause(str(error) or type(error).__name__)
                continue
            if status in (200, 202, 400):
                try:
                    answer = msgspec.json.decode(text, type=dict[str, Any])
                except msgspec.DecodeError:
                    raise UsageError(f"{self._url} answers {status}, but not as this door does") from None
                self._retry.good()
                self.tally.answer(len(events), answer)
                return
            if status in (408, 429) or status >= 500:
                self._retry.answered = True
                await self._retry.pause(f"{status}", float(retry_after) if retry_after.isdigit() else None)
                continue
            if status == 413 and len(events) > 1:
                half = len(events) // 2
                await self.send(events[:half])
                await self.send(events[half:])
                return
            raise UsageError(f"{self._url} answers {status}: {text[:200].decode(errors='replace')}")

    async def finish(self) -> None:
        """Nothing is under way between two requests."""
