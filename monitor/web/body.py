"""One request's body, read only as far as it may go.

The announced length, the bytes that come, what they unpack to and the time they
take each have their bound, and a sender who breaks one is answered at once; what
still comes is then read and thrown away, so that the answer arrives.
"""

import asyncio
import logging
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

from starlette.types import Receive, Scope, Send

from monitor.errors import Busy, StoreUnavailable
from monitor.metrics import Metrics
from monitor.web.access import Caller, unavailable
from monitor.web.answers import answer, begin_answer, end_answer
from monitor.web.intake import Intake, Room, Seen

logger = logging.getLogger(__name__)

SILENT_SECONDS = 10.0  # Between two pieces of a body.
WHOLE_SECONDS = 60.0  # For a whole body: 8 MiB over a 2 Mbit/s uplink takes 34 s.
# After a refusal the rest is read and thrown away so long, for many clients lose the answer when they are cut off.
LINGER_BYTES = 128 * 1024 * 1024
LINGER_SECONDS = 5.0
UNPACK_BYTES = 256 * 1024  # At a time, so that a small bomb cannot hold the loop.


class BodyRefused(Exception):
    """The body is not taken."""

    def __init__(self, status: int, reason: str, error: str) -> None:
        super().__init__(error)
        self.status = status
        self.reason = reason
        self.error = error


class SenderGone(Exception):
    """The sender has hung up."""


class Body:
    """One request's body, read within its bounds.

    Attributes:
        seen: what is known of a body that is not taken.
    """

    def __init__(self, receive: Receive, most: int, room: Room) -> None:
        self._receive = receive
        self._most = most
        self._room = room
        self._taken = 0
        self._parts: list[bytes] = []
        self._size = 0
        self._ended = False
        self._packed = False
        self._waits_for_us = False
        self.seen = Seen(None)

    async def read(self, scope: Scope) -> bytes:
        """Return the body, unpacked.

        Raises:
            BodyRefused: it breaks a bound, or is packed in a way not known here.
            SenderGone: the sender hung up.
        """
        headers = dict(scope["headers"])
        self._waits_for_us = headers.get(b"expect", b"").lower() == b"100-continue"
        declared = int(headers[b"content-length"]) if b"content-length" in headers else None
        self.seen = Seen(declared)
        packing = headers.get(b"content-encoding", b"identity").strip().lower()
        if packing not in (b"identity", b"gzip"):
            raise BodyRefused(415, "encoding", "a body may be plain or gzip, no other Content-Encoding")
        self._packed = packing == b"gzip"
        if declared is not None and declared > self._most:
            raise self._too_large()
        unpack = _Unpacker() if self._packed else None
        whole_by = asyncio.get_running_loop().time() + WHOLE_SECONDS
        came = 0
        while not self._ended:
            part = await self._next(whole_by)
            if unpack is None:
                self._keep(part)
            else:
                came += len(part)
                if came > self._most:  # Packed nothing is something: such a body could go on for ever.
                    raise self._too_large()
                await self._unpack(unpack, part)
        if unpack is not None and not unpack.whole:
            raise BodyRefused(400, "gzip", "the gzip data ends too early")
        return self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)

    def release(self) -> None:
        """Give the room back."""
        self._room.give(self._taken)
        self._taken = 0

    async def linger(self) -> None:
        """Read on and throw it away, so that the sender gets to read the answer."""
        self.seen.add(self._parts)
        self._parts.clear()
        # Who waits for our "go on" sends nothing after a refusal.
        if self._ended or self._waits_for_us:
            return
        left = LINGER_BYTES
        try:
            whole_by = asyncio.get_running_loop().time() + LINGER_SECONDS
            while left > 0 and not self._ended:
                part = await self._next(whole_by)
                left -= len(part)
                if not self._packed:
                    self.seen.add((part,))
        except (SenderGone, BodyRefused):
            return

    async def _next(self, whole_by: float) -> bytes:
        """Return the next piece as it came."""
        try:
            async with asyncio.timeout_at(min(whole_by, asyncio.get_running_loop().time() + SILENT_SECONDS)):
                message = await self._receive()
        except TimeoutError:
            raise BodyRefused(408, "slow", "the body took too long to arrive") from None
        if message["type"] == "http.disconnect":
            raise SenderGone
        self._ended = not message.get("more_body", False)
        part: bytes = message.get("body", b"")
        return part

    def _keep(self, part: bytes) -> None:
        """Keep a piece of the body."""
        if not part:
            return
        self._size += len(part)
        self._parts.append(part)
        if self._size > self._most:
            raise self._too_large()
        if not self._room.take(len(part)):
            raise BodyRefused(429, "busy", "too much is waiting to be stored; try again in 1 s")
        self._taken += len(part)

    async def _unpack(self, unpack: "_Unpacker", part: bytes) -> None:
        for piece in unpack.pieces(part):
            self._keep(piece)
            if len(piece) >= UNPACK_BYTES:
                await asyncio.sleep(0)

    def _too_large(self) -> BodyRefused:
        return BodyRefused(413, "size", f"a body may have {self._most} bytes (limits.body_bytes); send it in parts")


class _Unpacker:
    """Undoes gzip piece by piece.

    Attributes:
        whole: whether what has come so far is complete.
    """

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(wbits=31)
        self.whole = False

    def pieces(self, part: bytes) -> Iterator[bytes]:
        """Yield what a piece unpacks to, in pieces of at most `UNPACK_BYTES`.

        Raises:
            BodyRefused: it is no gzip data.
        """
        try:
            while part:
                if self._inflate.eof:  # gzip data may be several, one after the other.
                    self._inflate = zlib.decompressobj(wbits=31)
                yield self._inflate.decompress(part, UNPACK_BYTES)
                part = self._inflate.unconsumed_tail or self._inflate.unused_data
        except zlib.error:
            raise BodyRefused(400, "gzip", "Content-Encoding says gzip, but the body is not gzip data") from None
        self.whole = self._inflate.eof


@asynccontextmanager
async def taking(
    body: Body, send: Send, *, door: str, caller: Caller, intake: Intake, metrics: Metrics
) -> AsyncIterator[None]:
    """Read and store a body within; whatever keeps it from being stored is counted and answered here."""
    try:
        try:
            yield
        finally:
            body.release()
    except SenderGone:
        metrics.refused.add(door, "disconnected")
    except BodyRefused as refused:
        metrics.refused.add(door, refused.reason)
        await _refuse(refused, body, send, door=door, caller=caller, intake=intake)
    except Busy as busy:
        metrics.refused.add(door, "busy")
        await answer(send, 429, {"error": str(busy)}, (b"retry-after", b"%d" % busy.retry_after_seconds))
    except StoreUnavailable as error:
        metrics.refused.add(door, "store")
        later = unavailable(error, "nothing was stored, send it again later")
        await answer(send, later.status, {"error": later.error}, *later.later)


async def _refuse(refused: BodyRefused, body: Body, send: Send, *, door: str, caller: Caller, intake: Intake) -> None:
    """Answer, read on so that the answer arrives, then keep what was refused."""
    headers = [(b"connection", b"close")]
    if refused.status == 429:
        headers.append((b"retry-after", b"1"))
    if refused.status == 415:
        headers.append((b"accept-encoding", b"gzip, identity"))
    told = {"error": refused.error, "accepted": 0, "duplicates": 0, "late": 0} | {
        "rejected": [{"index": 0, "path": "$", "error": refused.error}]
    }
    await begin_answer(send, refused.status, told, *headers)
    await body.linger()
    await end_answer(send)
    if refused.status in (400, 413):
        try:
            await intake.keep_refused(
                door=door, caller=caller, reason=refused.reason, error=refused.error, seen=body.seen
            )
        except (Busy, StoreUnavailable) as error:
            logger.warning("a refused body could not be kept: %s", error)
