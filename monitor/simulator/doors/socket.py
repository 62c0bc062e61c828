"""WebSocket as a sender sees it."""

import contextlib
from collections import deque
from collections.abc import Callable
from typing import Any

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from monitor.core.events import Event
from monitor.errors import UsageError
from monitor.simulator.doors.base import ENCODER, Retry, Tally, why

FRAMES_UNDER_WAY = 16  # Unacknowledged frames on a WebSocket: enough to keep the other side's commits filled.


class SocketDoor:
    """``/v1/ingest``: a batch a frame, several frames under way."""

    def __init__(self, url: str, token: str | None, say: Callable[[str], None]) -> None:
        self.tally = Tally()
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._retry = Retry(url, self.tally, say)
        self._socket: ClientConnection | None = None
        self._unacked: deque[tuple[bytes, int]] = deque()  # Frame and how many events are in it.
        self._acked = 0  # On this connection.

    async def send(self, events: list[Event]) -> None:
        """Send a frame; waits while too many are unacknowledged."""
        frame = ENCODER.encode_lines(events)
        self._unacked.append((frame, len(events)))
        if self._socket is None:
            await self._connect()
        else:
            # A closed connection is found by who reads it: it may hold acknowledgements yet.
            with contextlib.suppress(ConnectionClosed, OSError):
                await self._socket.send(frame, text=True)
        while len(self._unacked) > FRAMES_UNDER_WAY:
            await self._acknowledged()

    async def finish(self) -> None:
        """Wait for the last acknowledgement."""
        while self._unacked:
            await self._acknowledged()

    async def close(self) -> None:
        """Hang up."""
        if self._socket is not None:
            await self._socket.close()

    async def _acknowledged(self) -> None:
        """Read one acknowledgement; if the connection is gone, make another."""
        assert self._socket is not None
        try:
            answer = msgspec.json.decode(await self._socket.recv(), type=dict[str, Any])
        except (ConnectionClosed, OSError) as error:
            await self._connect(why(error))
            return
        self._acked += 1
        if answer.get("ack") != self._acked:
            raise UsageError(f"{self._url} acknowledges frame {answer.get('ack')} where {self._acked} was due")
        self._retry.good()
        self.tally.answer(self._unacked.popleft()[1], answer)

    async def _connect(self, reason: str | None = None) -> None:
        """Connect, and send all that was not acknowledged.

        Args:
            reason: why the last connection ended; None: there was none.

        Raises:
            UsageError: the door wants another token or address.
        """
        while True:
            if reason is not None:
                await self._retry.pause(reason)
            await self.close()
            try:
                self._socket = await connect(self._url, additional_headers=self._headers, max_queue=None)
                self._acked = 0
                for frame, _ in self._unacked:
                    await self._socket.send(frame, text=True)
            except InvalidStatus as error:
                status = error.response.status_code
                if status < 500 and status != 429:
                    raise UsageError(f"{self._url} answers {status}") from None
                reason = str(status)
            except (ConnectionClosed, InvalidHandshake, OSError, TimeoutError) as error:
                reason = why(error)
            else:
                return
