"""The doors as a sender sees them: HTTP, WebSocket, MQTT. Nothing handed to one is lost.

What a door has not confirmed is sent again: after 429 and 503, after a closed
connection, after a broker's restart. A door may so get an event twice; it knows
it by its id.
"""

import asyncio
import contextlib
import itertools
import ssl
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import quote, unquote, urlsplit

import aiohttp
import aiomqtt
import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from monitor.core.events import Event
from monitor.errors import UsageError

ENCODER = msgspec.json.Encoder()

EVENTS_TOPIC = "presales/v1/events"
FIRST_TRY_SECONDS = 10.0  # A door that has never answered for so long is a wrong address.
MOST_PAUSE_SECONDS = 5.0  # Between two tries.
FRAMES_UNDER_WAY = 16  # Unacknowledged frames on a WebSocket: enough to keep the other side's commits filled.
PUBLICATIONS_UNDER_WAY = 500  # Unacknowledged MQTT publications.
REFUSALS_KEPT = 10

# Platform and shop of the topic for what names no shop: heartbeats and presence go where their collector's shop does.
Homes = Mapping[str, tuple[str, str]]


@dataclass(slots=True)
class Tally:
    """How it went.

    Attributes:
        sent: events confirmed by the door, or written.
        retries: how often something was sent again.
        refusals: the first few refusals, as the door words them.
    """

    sent: int = 0
    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0
    retries: int = 0
    refusals: list[str] = field(default_factory=list)

    def answer(self, events: int, answer: dict[str, Any]) -> None:
        """Add what a door says of ``events`` it was sent."""
        self.sent += events
        self.accepted += int(answer.get("accepted", 0))
        self.duplicates += int(answer.get("duplicates", 0))
        rejected = answer.get("rejected") or []
        self.rejected += len(rejected)
        for refusal in rejected[: REFUSALS_KEPT - len(self.refusals)]:
            self.refusals.append(f"{refusal.get('path')}: {refusal.get('error')}")


class Door(Protocol):
    """Something that takes batches of events."""

    tally: Tally

    async def send(self, events: list[Event]) -> None:
        """Send a batch; may return before it is confirmed."""

    async def finish(self) -> None:
        """Wait until all that was sent is confirmed."""


class _Retry:
    """Pauses between tries, and knows when an address was never right.

    Args:
        where: the address, for the message.
        say: told once what is being waited for.

    Attributes:
        answered: somebody is there, be it to say "later".
    """

    def __init__(self, where: str, tally: Tally, say: Callable[[str], None]) -> None:
        self._where = where
        self._tally = tally
        self._say = say
        self._tries = 0
        self.answered = False
        self._begun = time.monotonic()

    def good(self) -> None:
        """It works."""
        self._tries = 0
        self.answered = True

    async def pause(self, reason: str, seconds: float | None = None) -> None:
        """Wait before the next try, as long as the door asks for or twice as long as last time.

        Raises:
            UsageError: it has never worked yet and does not look as if it will.
        """
        if not self.answered and time.monotonic() - self._begun > FIRST_TRY_SECONDS:
            raise UsageError(f"{self._where} does not answer: {reason}")
        if self._tries == 0:
            self._say(f"{self._where}: {reason}; trying again")
        self._tally.retries += 1
        self._tries += 1
        await asyncio.sleep(min(MOST_PAUSE_SECONDS, 0.1 * 2**self._tries if seconds is None else seconds))


class HttpDoor:
    """``POST /v1/events``, NDJSON, one request at a time so that the order stands."""

    def __init__(self, session: aiohttp.ClientSession, url: str, say: Callable[[str], None]) -> None:
        self.tally = Tally()
        self._session = session
        self._url = url
        self._retry = _Retry(url, self.tally, say)

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


class SocketDoor:
    """``/v1/ingest``: a batch a frame, several frames under way."""

    def __init__(self, url: str, token: str | None, say: Callable[[str], None]) -> None:
        self.tally = Tally()
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._retry = _Retry(url, self.tally, say)
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
            await self._connect(_why(error))
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
                reason = _why(error)
            else:
                return


def _why(error: Exception) -> str:
    return str(error) or type(error).__name__


@dataclass(slots=True)
class _Publication:
    """One payload and what became of it."""

    topic: str
    payload: bytes
    events: int
    asked: asyncio.Task[None] | None = None

    @property
    def confirmed(self) -> bool:
        """Whether the broker has it."""
        asked = self.asked
        return asked is not None and asked.done() and not asked.cancelled() and asked.exception() is None


class MqttDoor:
    """``presales/v1/events/{platform}/{shop}``, QoS 1: the events of a shop in a batch are one payload.

    Many payloads are under way at once. When the connection is lost, those the
    broker has not confirmed are published again, in their order.
    """

    def __init__(
        self, client: Callable[[], aiomqtt.Client], where: str, homes: Homes, say: Callable[[str], None]
    ) -> None:
        self.tally = Tally()
        self._new_client = client
        self._homes = homes
        self._retry = _Retry(where, self.tally, say)
        self._stack = contextlib.AsyncExitStack()
        self._client: aiomqtt.Client | None = None
        self._lost: asyncio.Task[None] | None = None
        self._under_way: deque[_Publication] = deque()

    async def send(self, events: list[Event]) -> None:
        """Publish a batch; waits while too many publications are unconfirmed."""
        payloads: dict[str, list[Event]] = {}
        for event in events:
            payloads.setdefault(self._topic(event), []).append(event)
        if self._client is None:
            await self._connect()
        for topic, some in payloads.items():
            publication = _Publication(topic, ENCODER.encode_lines(some), len(some))
            self._under_way.append(publication)
            self._publish(publication)
        await self._settle(PUBLICATIONS_UNDER_WAY)

    async def finish(self) -> None:
        """Wait until the broker has everything."""
        await self._settle(0)

    async def close(self) -> None:
        """Disconnect; what is not confirmed is given up."""
        await self._drop()
        self._under_way.clear()

    async def _settle(self, most: int) -> None:
        """Wait until at most ``most`` publications are unconfirmed."""
        while len(self._under_way) > most:
            oldest = self._under_way[0]
            assert oldest.asked is not None
            assert self._lost is not None
            await asyncio.wait((oldest.asked, self._lost), return_when=asyncio.FIRST_COMPLETED)
            if oldest.confirmed:
                self._retry.good()
                self.tally.sent += oldest.events
                self._under_way.popleft()
            else:
                error = oldest.asked.exception() if oldest.asked.done() else None
                if error is not None and not isinstance(error, aiomqtt.MqttError):
                    raise error
                await self._connect("the broker did not confirm")

    async def _connect(self, reason: str | None = None) -> None:
        """Connect, and publish what is not confirmed.

        Args:
            reason: why the last connection is no good; None: there was none.
        """
        while True:
            await self._drop()
            if reason is not None:
                await self._retry.pause(reason)
            try:
                self._client = await self._stack.enter_async_context(self._new_client())
            except (aiomqtt.MqttError, OSError) as error:
                reason = _why(error)
                continue
            self._lost = asyncio.create_task(_until_lost(self._client))
            for publication in self._under_way:
                if not publication.confirmed:
                    self._publish(publication)
            return

    def _publish(self, publication: _Publication) -> None:
        assert self._client is not None
        publication.asked = asyncio.create_task(self._client.publish(publication.topic, publication.payload, qos=1))

    async def _drop(self) -> None:
        """Let go of the connection and of what is asked on it."""
        asked = [publication.asked for publication in self._under_way if publication.asked is not None]
        tasks = [*asked, self._lost] if self._lost is not None else asked
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._client = self._lost = None
        # A connection that is lost says so once more when it is closed.
        with contextlib.suppress(aiomqtt.MqttError):
            await self._stack.aclose()

    def _topic(self, event: Event) -> str:
        platform, shop = event.platform, event.shop
        if not shop or platform is None:
            platform, shop = self._homes[event.source or ""]
        return f"{EVENTS_TOPIC}/{quote(platform, safe='')}/{quote(shop, safe='')}"


async def _until_lost(client: aiomqtt.Client) -> None:
    """Return when the connection is lost; without this a publication would be waited for until its time is up."""
    with contextlib.suppress(aiomqtt.MqttError):
        async for _ in client.messages:
            pass


@contextlib.asynccontextmanager
async def open_door(
    address: str, *, token: str | None = None, homes: Homes | None = None, say: Callable[[str], None] = lambda _: None
) -> AsyncIterator[Door]:
    """Open the door an address means.

    Args:
        address: ``http(s)://host[:port][/path]``, ``ws(s)://…`` or ``mqtt(s)://[user:password@]host[:port]``.
        token: for HTTP and WebSocket, sent as a bearer token.
        homes: the topic's platform and shop for events without a shop, by source; MQTT only.
        say: told when something has to be tried again.

    Raises:
        UsageError: the address is none of these.
    """
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError as error:
        raise UsageError(f"{address}: {error}") from None
    scheme = parts.scheme.lower()
    if scheme not in ("http", "https", "ws", "wss", "mqtt", "mqtts") or not parts.hostname:
        raise UsageError(f"{address}: must be http://host:port, ws://host:port or mqtt://host:port")
    if scheme in ("http", "https"):
        url = address if parts.path.strip("/") else f"{scheme}://{parts.netloc}/v1/events"
        headers = {"Content-Type": "application/x-ndjson"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        async with aiohttp.ClientSession(headers=headers, timeout=aiohttp.ClientTimeout(total=60)) as session:
            yield HttpDoor(session, url, say)
    elif scheme in ("ws", "wss"):
        url = address if parts.path.strip("/") else f"{scheme}://{parts.netloc}/v1/ingest"
        socket = SocketDoor(url, token, say)
        try:
            yield socket
        finally:
            await socket.close()
    else:
        where = f"{scheme}://{parts.hostname}:{port or (8883 if scheme == 'mqtts' else 1883)}"
        names = itertools.count(1)
        mqtt = MqttDoor(lambda: _client(address, next(names)), where, homes or {}, say)
        try:
            yield mqtt
        finally:
            await mqtt.close()


def _client(address: str, n: int) -> aiomqtt.Client:
    """Return a new client for one connection."""
    parts = urlsplit(address)
    tls = parts.scheme.lower() == "mqtts"
    assert parts.hostname is not None
    client = aiomqtt.Client(
        parts.hostname,
        parts.port or (8883 if tls else 1883),
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        identifier=f"presales-simulate-{time.time_ns() % 10**9:x}-{n}",
        tls_context=ssl.create_default_context() if tls else None,
        max_inflight_messages=PUBLICATIONS_UNDER_WAY,
    )
    # Many at once are meant; its warning is for who forgets to wait.
    client.pending_calls_threshold = 100 * PUBLICATIONS_UNDER_WAY
    return client
