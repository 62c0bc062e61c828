"""A WebSocket from the side of who opened it."""

import asyncio

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from tests.waiting import DEADLINE_SECONDS


async def why_closed(line: ClientConnection) -> tuple[int, str]:
    """Read until the connection is closed; return why."""
    with pytest.raises(ConnectionClosed) as closed:
        await _read_on(line)
    assert closed.value.rcvd is not None, "closed without a reason"
    return closed.value.rcvd.code, closed.value.rcvd.reason


async def _read_on(line: ClientConnection) -> None:
    async with asyncio.timeout(DEADLINE_SECONDS):
        while True:
            await line.recv()
