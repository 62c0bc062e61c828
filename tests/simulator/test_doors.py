"""The doors as a sender sees them: what is not confirmed is sent again, and nothing is lost."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import aiohttp.web
import aiomqtt
import pytest
from websockets.asyncio.server import ServerConnection, serve

from monitor.core.events import Event
from monitor.errors import UsageError
from monitor.simulator.doors import Tally, base, open_door
from monitor.simulator.senders import pump
from monitor.wire import decode
from tests.mosquitto import mosquitto
from tests.program import free_port
from tests.simulator.made import encoded, plan, run
from tests.waiting import DEADLINE_SECONDS

Feed = list[tuple[int, Event]]

TOKEN = "t0ken"  # noqa: S105 - of a place that lives as long as its test
PASSWORD = "s3cret/%"  # noqa: S105


@pytest.fixture(scope="module")
def feed() -> Feed:
    return [(event.ts_ms, event) for event in run(plan(events=1500))[0]]


def lines_of(feed: Feed) -> list[bytes]:
    return encoded(event for _, event in feed)


@dataclass
class Place:
    """A place that takes events by HTTP, after the answers it is told to give first."""

    first: list[int] = field(default_factory=list)  # 0: hang up.
    most: int = 10_000
    lines: list[bytes] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    url: str = ""

    async def take(self, request: aiohttp.web.Request) -> aiohttp.web.Response:
        body = await request.read()
        self.tokens.add(request.headers.get("Authorization", ""))
        status = self.first.pop(0) if self.first else 202
        if status == 0:
            assert request.transport is not None
            request.transport.close()
        if status != 202:
            return aiohttp.web.Response(status=status, headers={"Retry-After": "0"}, text="not now")
        lines = body.splitlines()
        if len(lines) > self.most:
            return aiohttp.web.Response(status=413)
        self.lines += lines
        return aiohttp.web.json_response({"accepted": len(lines), "duplicates": 0, "rejected": []}, status=202)


@asynccontextmanager
async def http_place(place: Place) -> AsyncIterator[Place]:
    app = aiohttp.web.Application()
    app.router.add_post("/v1/events", place.take)
    runner = aiohttp.web.AppRunner(app)
    await runner.setup()
    site = aiohttp.web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    place.url = f"http://{host}:{port}"
    try:
        yield place
    finally:
        await runner.cleanup()


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again at once."""
    monkeypatch.setattr(base, "MOST_PAUSE_SECONDS", 0.01)


async def test_http_sends_everything_in_order(feed: Feed) -> None:
    async with http_place(Place()) as place, open_door(place.url, token=TOKEN) as door:
        await pump(feed, door, batch=100)
    assert place.lines == lines_of(feed)
    assert place.tokens == {f"Bearer {TOKEN}"}
    assert door.tally == Tally(sent=1500, accepted=1500)


async def test_http_tries_again_until_it_is_stored(feed: Feed) -> None:
    said: list[str] = []
    async with (
        http_place(Place(first=[429, 503, 0, 502, 202, 503])) as place,
        open_door(place.url, say=said.append) as door,
    ):
        await pump(feed, door, batch=100)
    assert place.lines == lines_of(feed)
    assert door.tally.retries == 5
    assert said
    assert "429" in said[0]


async def test_http_halves_what_is_too_large(feed: Feed) -> None:
    async with http_place(Place(most=30)) as place, open_door(place.url) as door:
        await pump(feed, door, batch=100)
    assert place.lines == lines_of(feed)


@pytest.mark.parametrize("status", [401, 403, 404])
async def test_http_gives_up_where_trying_again_is_useless(feed: Feed, status: int) -> None:
    async with http_place(Place(first=[status])) as place, open_door(place.url) as door:
        with pytest.raises(UsageError, match=str(status)):
            await pump(feed, door, batch=100)
    assert place.lines == []


async def test_rejections_are_counted_and_kept_in_words(feed: Feed) -> None:
    async def refuse(request: aiohttp.web.Request) -> aiohttp.web.Response:
        count = len((await request.read()).splitlines())
        rejected = [{"index": n, "path": "$.ts", "error": "older than a day"} for n in range(count)]
        return aiohttp.web.json_response({"accepted": 0, "duplicates": 0, "rejected": rejected}, status=400)

    place = Place()
    place.take = refuse  # type: ignore[method-assign]
    async with http_place(place), open_door(place.url) as door:
        await pump(feed, door, batch=100)
    assert door.tally.rejected == door.tally.sent == 1500
    assert door.tally.refusals == ["$.ts: older than a day"] * base.REFUSALS_KEPT


@pytest.mark.parametrize("scheme", ["http", "ws", "mqtt"])
async def test_an_address_where_nobody_is_is_said(feed: Feed, scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "FIRST_TRY_SECONDS", 0.05)
    homes = {event.source or "": (event.platform or "", event.shop) for _, event in feed if event.shop}
    with pytest.raises(UsageError, match="does not answer"):
        async with open_door(f"{scheme}://127.0.0.1:{free_port()}", homes=homes) as door:
            await pump(feed, door, batch=100)


@dataclass
class SocketPlace:
    """A place that takes events by WebSocket; ``manners`` answers a connection's frames, or hangs up."""

    handler: Callable[["SocketPlace", ServerConnection], Any]
    connections: int = 0
    stored: list[bytes] = field(default_factory=list)
    acked: list[bytes] = field(default_factory=list)
    url: str = ""

    async def take(self, connection: ServerConnection) -> None:
        self.connections += 1
        await self.handler(self, connection)


@asynccontextmanager
async def socket_place(handler: Callable[[SocketPlace, ServerConnection], Any]) -> AsyncIterator[SocketPlace]:
    place = SocketPlace(handler)
    async with serve(place.take, "127.0.0.1", 0) as server:
        place.url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
        yield place


async def acknowledge(place: SocketPlace, connection: ServerConnection, most: int | None = None) -> None:
    """Store and acknowledge frame after frame; of ``most`` the last is stored and not acknowledged."""
    frames = 0
    async for frame in connection:
        assert isinstance(frame, str)
        lines = frame.encode().splitlines()
        frames += 1
        place.stored += lines
        if frames == most:
            await connection.close(1013, "busy")
            return
        place.acked += lines
        await connection.send(json.dumps({"ack": frames, "accepted": len(lines), "duplicates": 0, "rejected": []}))


async def test_websocket_sends_everything_in_order(feed: Feed) -> None:
    async with socket_place(acknowledge) as place, open_door(place.url) as door:
        await pump(feed, door, batch=20)
    assert place.stored == lines_of(feed)
    assert door.tally == Tally(sent=1500, accepted=1500)


async def test_websocket_sends_again_what_was_not_acknowledged(feed: Feed) -> None:
    async def moody(place: SocketPlace, connection: ServerConnection) -> None:
        await acknowledge(place, connection, most=5 if place.connections < 4 else None)

    async with socket_place(moody) as place, open_door(place.url) as door:
        await pump(feed, door, batch=20)
    assert place.acked == lines_of(feed)
    assert len(place.stored) == 1500 + 3 * 20
    assert place.connections == 4
    assert door.tally.sent == 1500


async def test_websocket_says_when_the_token_is_wrong(feed: Feed) -> None:
    async def refuse(connection: ServerConnection, request: Any) -> Any:  # noqa: ARG001 - websockets' own signature
        return connection.respond(401, "who are you\n")

    async with serve(lambda _: asyncio.sleep(0), "127.0.0.1", 0, process_request=refuse) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        with pytest.raises(UsageError, match="401"):
            async with open_door(f"ws://127.0.0.1:{port}") as door:
                await pump(feed, door, batch=20)


async def collect(port: int, count: int) -> list[tuple[str, bytes]]:
    """Return what lies on the broker for the subscriber: topic and line."""
    found: list[tuple[str, bytes]] = []
    async with (
        asyncio.timeout(DEADLINE_SECONDS),
        aiomqtt.Client("127.0.0.1", port, identifier="reader", clean_session=False, timeout=DEADLINE_SECONDS) as client,
    ):
        await client.subscribe("presales/v1/events/#", qos=1)
        if count:
            async for message in client.messages:
                assert isinstance(message.payload, bytes)
                found += [(message.topic.value, line) for line in message.payload.splitlines()]
                if len(found) >= count:
                    break
    return found


async def test_mqtt_loses_nothing_over_a_restart_of_the_broker(feed: Feed, tmp_path: Path) -> None:
    homes = {event.source or "": (event.platform or "", event.shop) for _, event in feed if event.shop}
    with mosquitto(tmp_path, persistent=True) as broker:
        await collect(broker.port, 0)
        async with open_door(f"mqtt://127.0.0.1:{broker.port}", homes=homes) as door:
            await pump(feed[:700], door, batch=100)
            broker.stop()
            broker.start()
            await pump(feed[700:], door, batch=100)
        assert door.tally.sent == 1500
        found = await collect(broker.port, 1500)
    assert {line for _, line in found} == set(lines_of(feed))
    # As a door reads it: nothing is refused for its topic.
    for topic, line in found:
        platform, shop = (unquote(level) for level in topic.removeprefix("presales/v1/events/").split("/"))
        batch = decode(line, door="mqtt", source="mqtt", now_ms=None, platform=platform, shop=shop)
        assert len(batch.events) == 1, batch.refusals
    assert len({topic for topic, _ in found}) == 9


async def test_mqtt_speaks_with_a_password(feed: Feed, tmp_path: Path) -> None:
    homes = {event.source or "": (event.platform or "", event.shop) for _, event in feed if event.shop}
    with mosquitto(tmp_path, password=PASSWORD) as broker:
        async with open_door(f"mqtt://monitor:{quote(PASSWORD, safe='')}@127.0.0.1:{broker.port}", homes=homes) as door:
            await pump(feed[:100], door, batch=50)
    assert door.tally.sent == 100


@pytest.mark.parametrize("address", ["ftp://host", "http://", "ws://host:port", "mqtt://:99999"])
async def test_a_wrong_address_is_said(address: str) -> None:
    with pytest.raises(UsageError, match=address):
        async with open_door(address):
            pass
