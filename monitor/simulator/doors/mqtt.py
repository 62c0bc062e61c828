"""MQTT as a sender sees it."""

import asyncio
import contextlib
import ssl
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

import aiomqtt

from monitor.core.events import Event
from monitor.simulator.doors.base import ENCODER, Homes, Retry, Tally, why

EVENTS_TOPIC = "presales/v1/events"


PUBLICATIONS_UNDER_WAY = 500  # Unacknowledged MQTT publications.


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
        self._retry = Retry(where, self.tally, say)
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
                reason = why(error)
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


def mqtt_client(address: str, n: int) -> aiomqtt.Client:
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
