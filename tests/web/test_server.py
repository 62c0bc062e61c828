"""The server: where it listens, and that it stops cleanly."""

import asyncio
import signal
import socket
from pathlib import Path
from unittest.mock import AsyncMock

import httpx
import pytest

from monitor.errors import UsageError
from monitor.web import server
from monitor.web.answers import EVERY_ANSWER, UNLESS_SAID
from tests.waiting import DEADLINE_SECONDS
from tests.web.stand import Stand, standing
from tests.web.whole import running


async def test_a_port_that_is_taken_is_a_usage_error_that_names_it() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=rf"listen\.port {port}: Address already in use"):
            async with standing(environ={"PRESALES_LISTEN__PORT": str(port)}):
                pass


async def test_an_address_that_is_not_ours_is_a_usage_error() -> None:
    environ = {"PRESALES_LISTEN__HOST": "192.0.2.1", "PRESALES_LISTEN__TOKEN": "a-long-enough-token"}
    with pytest.raises(UsageError, match=r"listen\.host 192\.0\.2\.1"):
        async with standing(environ=environ):
            pass


async def test_all_addresses_of_a_name_are_listened_on_by_one_port() -> None:
    async with standing(environ={"PRESALES_LISTEN__HOST": "localhost"}) as stand:
        for family, _, _, _, address in socket.getaddrinfo("localhost", stand.server.port, type=socket.SOCK_STREAM):
            host, port = str(address[0]), stand.server.port
            reader, writer = await asyncio.open_connection(host, port, family=family)
            writer.write(b"GET /livez HTTP/1.0\r\nHost: localhost\r\n\r\n")
            assert b"alive" in await reader.read()
            writer.close()


async def test_signals_are_left_to_the_program() -> None:
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    async with standing():
        assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before


async def test_stopping_twice_or_before_the_start_does_nothing() -> None:
    async with standing() as stand, stand.client() as client:
        await stand.server.stop()
        await stand.server.stop()
        with pytest.raises(httpx.TransportError):
            await client.get("/livez")


async def test_a_fault_of_the_server_s_own_loop_ends_the_service_and_names_the_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(tmp_path) as (app, _):
        monkeypatch.setattr(app.server._server, "on_tick", AsyncMock(side_effect=OSError("no clock")))
        with pytest.raises(OSError, match="no clock"):
            async with asyncio.timeout(DEADLINE_SECONDS):
                await app.wait()
        assert "a part of the service has failed, so it ends: HTTP server" in caplog.text
    assert "the HTTP server had failed before it was stopped" in caplog.text


async def test_a_program_s_task_ends_with_the_server() -> None:
    before = asyncio.all_tasks()
    async with standing() as stand, stand.client() as client:
        await client.get("/livez")
    assert asyncio.all_tasks() == before


async def test_a_forwarded_address_is_not_believed() -> None:
    async with standing() as stand, stand.client() as client:
        headers = {"X-Forwarded-For": "10.0.0.1", "X-Forwarded-Host": "evil.example", "Host": "evil.example"}
        assert (await client.get("/v1/waits", headers=headers)).status_code == 403


async def head_of(stand: Stand, sent: bytes) -> tuple[int, dict[str, str]]:
    """Send bytes as they are; return the status and the headers of what comes back."""
    reader, writer = await asyncio.open_connection("127.0.0.1", stand.server.port)
    try:
        writer.write(sent)
        async with asyncio.timeout(DEADLINE_SECONDS):
            first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        return int(first.split()[1]), {name.lower(): value for name, value in headers.items()}
    finally:
        writer.close()


UPGRADE = b"GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"no HTTP at all\r\n\r\n", 400),
        (b"", 408),
        (b"GET /livez HTTP/1.1\r\nX-Long: " + b"x" * 100_000, 431),
        (b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n", 200),
        (UPGRADE % b"/v1/ingest" + b"\r\n", 400),  # Without a key.
        (UPGRADE % b"/" + b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: eHh4eHh4eHh4eHh4eHh4eA==\r\n\r\n", 404),
    ],
)
async def test_answers_before_the_application_have_the_headers_too(
    sent: bytes, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not sent:
        monkeypatch.setattr(server, "HEAD_SECONDS", 0.05)
    async with standing() as stand:
        got, headers = await head_of(stand, sent)
    assert got == status
    for name, value in (*EVERY_ANSWER, *UNLESS_SAID):
        assert headers[name.decode()] == value.decode(), name


async def test_more_connections_than_there_is_room_for_are_503(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "CONNECTIONS_AT_MOST", 1)
    async with standing() as stand, stand.client() as client:
        assert (await client.get("/livez")).status_code == 200
        status, headers = await head_of(stand, b"")
        assert (status, headers["retry-after"]) == (503, "5")
        assert headers["x-content-type-options"] == "nosniff"
        assert stand.metrics.refused == {("http", "connections"): 1}
        assert (await client.get("/livez")).status_code == 200
