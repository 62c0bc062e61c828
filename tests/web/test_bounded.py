"""Requests that bring no events have bounds as well: of size, and of time."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from monitor.web import bounded
from tests.waiting import DEADLINE_SECONDS
from tests.web.stand import Stand, standing

SMALL = {"PRESALES_LIMITS__BODY_BYTES": "1000"}
ROUTES = ("/v1/reports/xlsx", "/v1/silences", "/v1/alerts/k3f9-1/claim", "/v1/waits/k3f9-1/dismiss", "/v1/live/ticket")


async def pieces(count: int) -> AsyncIterator[bytes]:
    """Give 100 bytes again and again, with no length announced."""
    for _ in range(count):
        yield b"[" * 100


@pytest.mark.parametrize("route", ROUTES[:4])
async def test_a_body_that_grows_beyond_the_limit_is_413(route: str) -> None:
    async with standing(environ=SMALL) as stand, stand.client(headers={"content-type": "application/json"}) as client:
        answer = await client.post(route, content=pieces(11))
        assert (answer.status_code, answer.json()) == (413, {"error": "a body may have 1000 bytes (limits.body_bytes)"})
        assert (await client.post(route, content=pieces(10))).status_code == 400, "no JSON, but not too large"


async def test_an_announced_length_beyond_the_limit_is_413_before_anything_is_read() -> None:
    async with standing(environ=SMALL) as stand:
        assert "413" in await first_line(stand, "/v1/silences", b"", 1001)


async def test_a_route_that_takes_no_body_reads_none() -> None:
    async with standing(environ=SMALL) as stand, stand.client() as client:
        assert (await client.post(ROUTES[4], content=b"x" * 2000)).status_code == 200


@pytest.mark.parametrize("path", ["/v1/silences", "/login"])
async def test_a_body_that_stops_coming_is_408(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded, "SILENT_SECONDS", 0.05)
    async with standing() as stand:
        assert "408" in await first_line(stand, path, b"half", 100)


async def first_line(stand: Stand, path: str, sent: bytes, announced: int) -> str:
    """Announce a body, send a part of it and no more; return the first line of the answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", stand.server.port)
    writer.write(
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Content-Length: {announced}\r\n\r\n".encode()
        + sent
    )
    async with asyncio.timeout(DEADLINE_SECONDS):
        line = await reader.readline()
    writer.close()
    return line.decode()
