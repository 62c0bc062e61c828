"""The WebSocket door: ``/v1/ingest``, one event or batch a frame.

Each frame is answered by ``{"ack": k, …}``, k counting the frames of the
connection from 1, in their order and only once stored. Several frames may be on
their way at once, so that one commit takes many; then reading stops until acks
have gone out, and the sender feels it, as one does that sends more often than
it may. When a frame cannot be stored it gets no ack and the connection is closed
with the reason: the sender comes again and sends all that was not acknowledged,
and what was stored meanwhile is known.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from starlette.types import Message, Receive, Scope, Send

from monitor.errors import Busy, StoreUnavailable
from monitor.metrics import Metrics
from monitor.web.access import Caller
from monitor.web.intake import Intake, Outcome
from monitor.web.rates import Pace, Rates
from monitor.web.services import Services
from monitor.web.shapes import encode

logger = logging.getLogger(__name__)

DOOR = "ws"

FIRST_FRAME_SECONDS = 30.0  # A connection that says nothing for so long after its opening is closed.
SEND_SECONDS = 10.0  # A sender that does not read its acks for so long is cut off.
FRAMES_UNDER_WAY = 32  # Of one connection; a commit takes what has come, so more would only wait longer.
CONNECTIONS_AT_MOST = 1_000  # A floor has a collector on each seat's PC at most.
DRAIN_SECONDS = 5.0

FAULT = 1011
RESTARTING = 1012
TRY_AGAIN = 1013
SILENT = 4408
TOO_MANY = 4429


@dataclass(slots=True, frozen=True)
class _End:
    """Why a connection ends; without a code the other side has ended it."""

    code: int | None = None
    reason: str = ""
    counted: str | None = None  # Under what the metric counts it.


@dataclass(slots=True, frozen=True)
class _Storing:
    """A frame on its way to the disk."""

    outcome: asyncio.Task[Outcome]
    size: int


class SocketDoor:
    """Takes events over WebSockets."""

    def __init__(self, services: Services, intake: Intake, rates: Rates) -> None:
        self._metrics = services.metrics
        self._intake = intake
        self._most = int(services.settings.limits.body_bytes)
        self._rates = rates
        self._open: set[_Connection] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send, caller: Caller) -> None:
        """Serve one connection until it ends."""
        await receive()  # websocket.connect
        await send({"type": "websocket.accept"})
        if len(self._open) >= CONNECTIONS_AT_MOST:
            self._metrics.refused.add(DOOR, "connections")
            reason = f"{CONNECTIONS_AT_MOST} connections are open already"
            await send({"type": "websocket.close", "code": TOO_MANY, "reason": reason})
            return
        pace = self._rates.pace(scope, caller, brings=True)
        connection = _Connection(receive, send, cutter(scope), caller, self._intake, self._metrics, self._most, pace)
        self._open.add(connection)
        try:
            await connection.serve()
        finally:
            self._open.discard(connection)

    async def drain(self) -> None:
        """Read no more, acknowledge what is under way, and close."""
        if self._open:
            await asyncio.wait([asyncio.create_task(c.drain()) for c in self._open], timeout=DRAIN_SECONDS)


def cutter(scope: Scope) -> Callable[[], None]:
    """What cuts the connection without waiting for the other side to read."""
    cut: Callable[[], None] = scope.get("extensions", {}).get("presales.abort", lambda: None)
    return cut


class _Connection:
    """One sender.

    A reader decodes frames and hands them to the engine in their order; the
    writer waits for each in the same order and acknowledges it.
    """

    def __init__(
        self,
        receive: Receive,
        send: Send,
        cut: Callable[[], None],
        caller: Caller,
        intake: Intake,
        metrics: Metrics,
        most: int,
        pace: Pace,
    ) -> None:
        self._receive = receive
        self._send = send
        self._cut = cut
        self._caller = caller
        self._intake = intake
        self._metrics = metrics
        self._most = most
        self._pace = pace
        self._line: asyncio.Queue[_Storing | _End] = asyncio.Queue()
        self._under_way = self._bytes = 0
        self._moved = asyncio.Event()
        self._reader: asyncio.Task[None] | None = None
        self._over = asyncio.Event()

    async def serve(self) -> None:
        """Read, store and acknowledge until either side ends it."""
        self._reader = asyncio.create_task(self._read())
        try:
            end = await self._acknowledge()
            if end.counted:
                self._metrics.refused.add(DOOR, end.counted)
            if end.code is not None:
                await self._say({"type": "websocket.close", "code": end.code, "reason": end.reason})
        except (OSError, TimeoutError):
            self._metrics.refused.add(DOOR, "slow_reader")
            self._cut()
        finally:
            self._reader.cancel()
            await asyncio.wait([self._reader])
            await self._let_finish()
            self._over.set()

    async def drain(self) -> None:
        """End it after what is under way."""
        if self._reader is not None:
            self._reader.cancel()
            self._line.put_nowait(_End(RESTARTING, "the service restarts; connect again"))
        await self._over.wait()

    async def _read(self) -> None:
        try:
            self._line.put_nowait(await self._read_frames())
        except Exception:
            logger.exception("the WebSocket door failed on a frame")
            self._line.put_nowait(_End(FAULT, "a fault of this service; what was acknowledged is stored", "fault"))

    async def _read_frames(self) -> _End:
        """Start storing each frame as it comes; return why no more come."""
        first = True
        while True:
            try:
                async with asyncio.timeout(FIRST_FRAME_SECONDS if first else None):
                    message = await self._receive()
            except TimeoutError:
                return _End(SILENT, f"nothing was sent for {FIRST_FRAME_SECONDS:.0f} s", "silent")
            first = False
            if message["type"] == "websocket.disconnect":
                return _End(counted="size" if message.get("code") == 1009 else None)
            body: bytes = message.get("bytes") or (message.get("text") or "").encode("utf-8", "surrogatepass")
            if not self._intake.room.take(len(body)):
                return _End(TRY_AGAIN, "too much is waiting to be stored; send again what was not acknowledged", "busy")
            try:
                batch = await self._intake.decode(body, door=DOOR, caller=self._caller)
            except BaseException:
                self._intake.room.give(len(body))
                raise
            self._under_way += 1
            self._bytes += len(body)
            self._line.put_nowait(_Storing(asyncio.create_task(self._intake.store(batch)), len(body)))
            if hold := self._pace.hold_seconds():
                await asyncio.sleep(hold)
            while self._under_way >= FRAMES_UNDER_WAY or self._bytes >= self._most:
                self._moved.clear()
                await self._moved.wait()

    async def _acknowledge(self) -> _End:
        """Acknowledge frame after frame; return why the connection ends."""
        ack = 0
        while True:
            next_in_line = await self._line.get()
            if isinstance(next_in_line, _End):
                return next_in_line
            try:
                outcome = await next_in_line.outcome
            except Busy as busy:
                return _End(TRY_AGAIN, f"{busy}; send again what was not acknowledged", "busy")
            except StoreUnavailable:
                return _End(TRY_AGAIN, "nothing can be stored now; send again what was not acknowledged", "store")
            finally:
                self._settle(next_in_line)
            ack += 1
            await self._say({"type": "websocket.send", "text": encode({"ack": ack} | outcome.told()).decode()})

    def _settle(self, stored: _Storing) -> None:
        """Make room for the next frame."""
        self._intake.room.give(stored.size)
        self._under_way -= 1
        self._bytes -= stored.size
        self._moved.set()

    async def _let_finish(self) -> None:
        """Wait for frames that nobody will acknowledge any more."""
        while not self._line.empty():
            left = self._line.get_nowait()
            if isinstance(left, _Storing):
                await asyncio.wait([left.outcome])
                left.outcome.exception()  # Nobody is there to be told.
                self._settle(left)

    async def _say(self, message: Message) -> None:
        async with asyncio.timeout(SEND_SECONDS):
            await self._send(message)
