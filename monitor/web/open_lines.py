"""Lines that stay open, WebSockets, end when what let them in no longer does.

A request is looked at when it comes; a line may stand for weeks. So each is looked at again, as often as tokens are:
with its token revoked, given other bounds or another role, or with the first token made where none was needed, it is
closed.
"""

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import dataclass

from starlette.types import Send

from monitor.web.access import LOOK_AGAIN_SECONDS, Access, Caller

logger = logging.getLogger(__name__)

NO_LONGER = 4401
SAY_SECONDS = 2.0  # For the good-bye to one who may not be reading.


@dataclass(eq=False, slots=True)
class _Line:
    caller: Caller
    serving: asyncio.Task[None]
    over: bool = False  # It may not go on.


class OpenLines:
    """All that are open, and who let them in."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._lines: set[_Line] = set()

    async def serve(self, send: Send, caller: Caller, served: Coroutine[None, None, None]) -> None:
        """Serve one until it ends, or may not go on."""
        line = _Line(caller, asyncio.create_task(served))
        self._lines.add(line)
        try:
            await asyncio.wait([line.serving])
            if not line.over:
                line.serving.result()
        except asyncio.CancelledError:
            line.serving.cancel()
            await asyncio.wait([line.serving])
            raise
        finally:
            self._lines.discard(line)
        if line.over:
            try:
                async with asyncio.timeout(SAY_SECONDS):
                    reason = "this token lets in no longer what it did; log in again"
                    await send({"type": "websocket.close", "code": NO_LONGER, "reason": reason})
            except (OSError, TimeoutError, RuntimeError):  # It went by itself meanwhile.
                logger.debug("a line whose token was revoked had ended")

    async def watch(self) -> None:
        """Look at all of them again and again, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
            try:
                await self._look()
            except Exception:
                logger.exception("whether tokens of open lines are in force could not be looked up")

    async def _look(self) -> None:
        for line in list(self._lines):
            if not await self._access.still(line.caller):
                line.over = True
                line.serving.cancel()
