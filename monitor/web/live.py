"""The live feed, ``/v1/live``: what wallboards and consoles see, as it changes.

A viewer is a place in the hub's sequence of frames, no queue: one that falls
behind gets a snapshot of how things stand and goes on from there, so nobody's
slowness costs memory or holds others. One that comes back after a short break
says where it was and gets what it missed.
"""

import asyncio
from collections.abc import Callable

import msgspec
from msgspec import Struct
from starlette.types import Message, Receive, Send

from monitor.web.hub import KEPT_DELTAS, TICK_SECONDS, VERSION, Hub
from monitor.web.scope import Asked, Scope
from monitor.web.shapes import encode
from monitor.wire.reading import UNREADABLE

BEHIND_AT_MOST = 8  # Frames, two seconds of a busy floor; then a snapshot is cheaper and truer.
HELLO_SECONDS = 10.0
SEND_SECONDS = 10.0  # A viewer that takes nothing for so long is cut off.
SAID_BYTES = 64 * 1024  # More than that nobody has to say; what a board asks for is kept for as long as it stands.
FAULTY_AT_MOST = 16  # Frames of one viewer that say nothing we know, before it is sent away.

NO_HELLO = 4408
OTHER_VERSION = 4409
TOO_MANY = 4429
RESTARTING = 1012
NOT_UNDERSTOOD = 1008


class Resume(Struct):
    """Where a viewer had come to."""

    epoch: str
    seq: int


class Hello(Struct, tag="hello"):
    """The first thing a viewer says."""

    v: int
    resume: Resume | None = None
    board: Asked | None = None


class Ping(Struct, tag="ping"):
    """A viewer measures the way; ``t`` is its own business."""

    t: float | int


class Resync(Struct, tag="resync"):
    """A viewer has found a hole and wants a snapshot."""


_said: msgspec.json.Decoder[Hello | Ping | Resync] = msgspec.json.Decoder(Hello | Ping | Resync)


class Viewer:
    """One wallboard, console or panel: a place in the sequence of frames."""

    _hub: Hub

    def __init__(
        self,
        part: Callable[[Asked | None], Scope],
        find: Callable[[Scope], Hub | None],
        receive: Receive,
        send: Send,
        cut: Callable[[], None],
    ) -> None:
        """Serve a viewer.

        Args:
            part: says what part of the floor the board it asks for is, now.
            find: gives the hub of a part; None: there are too many already.
            receive: what it says.
            send: what it is told.
            cut: ends the connection at once.
        """
        self._part = part
        self._find = find
        self._receive = receive
        self._send = send
        self._cut = cut
        self._seq = 0
        self._behind_at_most = BEHIND_AT_MOST
        self._wants_all = True
        self.moved = asyncio.Event()
        self.left = asyncio.Event()

    async def serve(self) -> None:
        """Send what changes until either side ends it."""
        try:
            hello = await self._hello()
            if hello is None:
                return
            hub = self._find(self._part(hello.board))
            if hub is None:
                await self._bye("too many are looking already", retry_seconds=30, code=TOO_MANY)
                return
            self._hub = hub
            try:
                await hub.join(self)
                await self._follow(hello)
            finally:
                hub.leave(self)
        except (OSError, TimeoutError):
            self._cut()
        finally:
            self.left.set()

    async def _hello(self) -> Hello | None:
        """Return the first thing it says; None when it cannot be served."""
        try:
            async with asyncio.timeout(HELLO_SECONDS):
                message = await self._receive()
        except TimeoutError:
            await self._close(NO_HELLO, f"no hello within {HELLO_SECONDS:.0f} s")
            return None
        if message["type"] == "websocket.disconnect":
            return None
        said = _understood(message)
        if not isinstance(said, Hello):
            await self._close(NOT_UNDERSTOOD, 'begin with {"type":"hello","v":1,"resume":null}')
            return None
        if said.v != VERSION:
            await self._close(OTHER_VERSION, f"this service speaks version {VERSION}; load the page again")
            return None
        return said

    async def _follow(self, hello: Hello) -> None:
        resume = hello.resume
        if resume is not None and self._hub.holds(resume.epoch, resume.seq):
            self._seq = resume.seq
            self._wants_all = False
            self._behind_at_most = KEPT_DELTAS
            if self._seq == self._hub.seq:
                await self._say(self._hub.tick(self._seq))
        listener = asyncio.create_task(self._listen())
        try:
            await self._tell(listener, hello.board)
        finally:
            listener.cancel()
            await asyncio.wait([listener])

    async def _tell(self, listener: asyncio.Task[None], board: Asked | None) -> None:
        """Send what is next: all, a delta, a good-bye or a tick."""
        hub = self._hub
        loop = asyncio.get_running_loop()
        tick_at = loop.time() + TICK_SECONDS
        while not listener.done():
            self.moved.clear()
            if hub.closing:
                await self._bye("the service restarts", retry_seconds=1, code=RESTARTING)
                return
            if self._wants_all or hub.seq - self._seq > self._behind_at_most:
                await self._say_all()
            elif hub.seq > self._seq:
                delta = hub.frame(self._seq + 1)
                if delta is None:
                    await self._say_all()
                else:
                    await self._say(delta)
                    self._seq += 1
            elif loop.time() >= tick_at:
                if self._part(board) != hub.scope:
                    await self._bye("other teams sit on this floor now", retry_seconds=0, code=RESTARTING)
                    return
                self._behind_at_most = BEHIND_AT_MOST
                await self._say(hub.tick(self._seq))
                tick_at = loop.time() + TICK_SECONDS
            else:
                self._behind_at_most = BEHIND_AT_MOST
                try:
                    async with asyncio.timeout_at(tick_at):
                        await self.moved.wait()
                except TimeoutError:
                    continue
        listener.result()

    async def _say_all(self) -> None:
        seq = self._hub.seq
        await self._say(self._hub.snapshot())
        self._seq = seq
        self._wants_all = False

    async def _listen(self) -> None:
        """Answer pings and note what is asked, until the viewer ends it."""
        faulty = 0
        try:
            while (message := await self._receive())["type"] != "websocket.disconnect":
                said = _understood(message)
                match said:
                    case Ping():
                        await self._say(self._hub.pong(said.t))
                    case Resync():
                        self._wants_all = True
                        self.moved.set()
                    case _:
                        faulty += 1
                        if faulty > FAULTY_AT_MOST:
                            await self._close(NOT_UNDERSTOOD, "send ping or resync")
                            return
        finally:
            self.moved.set()

    async def _bye(self, reason: str, *, retry_seconds: int, code: int) -> None:
        await self._say(encode({"type": "bye", "reason": reason, "retry_seconds": retry_seconds}).decode())
        await self._close(code, reason)

    async def _say(self, text: str) -> None:
        async with asyncio.timeout(SEND_SECONDS):
            await self._send({"type": "websocket.send", "text": text})

    async def _close(self, code: int, reason: str) -> None:
        async with asyncio.timeout(SEND_SECONDS):
            await self._send({"type": "websocket.close", "code": code, "reason": reason})


def _understood(message: Message) -> Hello | Ping | Resync | None:
    """What a viewer said; None when it is nothing we know."""
    said = message.get("bytes") or message.get("text") or b""
    try:
        return _said.decode(said) if len(said) <= SAID_BYTES else None
    except (*UNREADABLE, UnicodeError):
        return None
