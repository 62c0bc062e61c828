"""The MQTT door: subscribes, and acknowledges a payload once its events are stored.

What has arrived by the time the last commit is done goes into the next one:
one payload when it is quiet, thousands in a backlog. One commit is under way at
a time, so the order of arrival stands.

Nothing is lost:

- The session is persistent, so the broker keeps what comes while we are away
  and sends again what it has no acknowledgement for.
- While the journal takes nothing, nothing is acknowledged; what is held waits,
  then reading stops, and the broker keeps the rest.
- When the connection is lost, what has been read is stored before the next
  connection is made, for the broker may have lost its session. What it then
  sends again is duplicates, known by their id.

A payload that is no event is acknowledged once it lies in quarantine: the
broker would send it again for ever.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import unquote_to_bytes

import aiomqtt

from monitor.clock import Clock
from monitor.errors import Busy, StoreUnavailable, UsageError
from monitor.mqtt import STEADY_SECONDS, Arrived, Backoff, Broker, Link, MqttError, say_loss
from monitor.wire.batch import Batch, Refusal

log = logging.getLogger(__name__)

DOOR = "mqtt"
EVENTS = "presales/v1/events"  # Below it: platform, shop.
DEFAULT_TOPIC = f"{EVENTS}/#"

RECEIVE_MAXIMUM = 2000  # Enough to read on while a commit is synced.
MOST_PAYLOADS = 4096  # In one commit…
MOST_BYTES = 4 * 1024 * 1024  # …and about so many bytes.
SLICE_BYTES = 256 * 1024  # Decoded at a time, some 2 ms; then the loop sees to others.
BIG_BYTES = 1024 * 1024  # Above it a payload is looked at in another thread.
KNOWN_TOPICS = 10_000
CONTROL = frozenset(map(chr, (*range(0x20), *range(0x7F, 0xA0))))


class Decode(Protocol):
    """``wire.decode`` with the settings' limits: bytes to events and refusals."""

    def __call__(
        self, body: bytes, *, door: str, source: str, now_ms: int | None, platform: str | None, shop: str | None
    ) -> Batch:
        """Decode one payload; a fault in it is in the batch's refusals, never raised."""


@dataclass(slots=True)
class MqttStatus:
    """How the door is doing.

    Attributes:
        connects: how often a connection was made; all but the first are reconnects.
        payloads: acknowledged payloads.
        held_back: whether the journal takes nothing, so that nothing is acknowledged.
        trouble: what went wrong last, in words; None while connected.
    """

    connected: bool = False
    connects: int = 0
    payloads: int = 0
    held_back: bool = False
    trouble: str | None = None


@dataclass(slots=True, frozen=True)
class _Place:
    """What a topic says: where the events belong, or why it is refused."""

    platform: str = ""
    shop: str = ""
    refusal: str | None = None


class MqttSource:
    """The subscriber.

    Args:
        broker: where to and how.
        decode: makes events of a payload.
        submit: ``Engine.submit``: returns when everything of the batch is stored.
        topic: the filter to subscribe to.
        share: the group of a shared subscription: several services take turns.
        receive_maximum: how many payloads the broker may have out to us; MQTT 5 only.
        backoff: how long to wait before the next try, for the broker and for the journal.

    Raises:
        UsageError: a TLS file cannot be used, or the topic is no topic filter.
    """

    def __init__(
        self,
        broker: Broker,
        *,
        decode: Decode,
        submit: Callable[[Batch], Awaitable[object]],
        clock: Clock,
        topic: str = DEFAULT_TOPIC,
        share: str | None = None,
        receive_maximum: int = RECEIVE_MAXIMUM,
        hold_bytes: int = 64 * 1024 * 1024,
        backoff: Callable[[], Backoff] = Backoff,
    ) -> None:
        self.status = MqttStatus()
        self._broker = broker
        self._tls = broker.tls_context()
        self._decode = decode
        self._submit = submit
        self._clock = clock
        self._filter = _checked(f"$share/{share}/{topic}" if share else topic)
        self._root = root_of(topic)
        self._places: dict[str, _Place] = {}
        self._receive_maximum = receive_maximum
        self._hold_bytes = hold_bytes
        self._reconnect = backoff()
        self._restore = backoff()
        self._stop = asyncio.Event()
        self._link: Link | None = None

    @property
    def held_bytes(self) -> int:
        """What has been read and is not stored yet, in bytes."""
        return 0 if self._link is None else self._link.held_bytes

    async def run(self) -> None:
        """Take events until ``stop``; comes back after every loss of the broker or of the journal."""
        while not self._stop.is_set():
            try:
                await self._one_connection()
            except MqttError as error:
                wait = self._reconnect.next_seconds()
                self.status.trouble = say_loss(log, "mqtt", self._broker, error, wait, self.status.trouble)
                await self._pause(wait)

    def stop(self) -> None:
        """Let ``run`` end: what is being committed is still acknowledged, the rest stays with the broker."""
        self._stop.set()
        if self._link is not None:
            self._link.wake()

    async def _one_connection(self) -> None:
        link = Link(
            self._broker,
            tls=self._tls,
            keep_session=True,
            receive_maximum=self._receive_maximum,
            hold_bytes=self._hold_bytes,
        )
        async with link:
            connected_at = time.monotonic()
            self._link = link
            try:
                await link.subscribe(self._filter)
                self.status.connected = True
                self.status.connects += 1
                self.status.trouble = None
                log.info("mqtt: subscribed to %s at %s:%d", self._filter, self._broker.host, self._broker.port)
                while not self._stop.is_set():
                    await link.arrived()
                    await self._store(link)
            except MqttError:
                self.status.connected = False
                while not self._stop.is_set() and await self._store(link):
                    pass
                raise
            finally:
                self._link = None
                self.status.connected = False
                if time.monotonic() - connected_at > STEADY_SECONDS:
                    self._reconnect.reset()

    async def _store(self, link: Link) -> bool:
        """Store what has been read, then acknowledge it; return whether there was anything."""
        messages = link.take(MOST_PAYLOADS, MOST_BYTES)
        if not messages:
            return False
        batch = await self._open(messages)
        if not await self._keep(batch):
            return False
        link.let_go(messages)
        self.status.payloads += len(messages)
        return True

    async def _keep(self, batch: Batch) -> bool:
        """Submit until it is stored; return False when told to stop before."""
        while True:
            try:
                await self._submit(batch)
            except Busy as busy:
                wait = float(busy.retry_after_seconds)
            except StoreUnavailable as error:
                wait = self._restore.next_seconds()
                if not self.status.held_back:
                    log.error("mqtt: nothing is acknowledged: %s", error)
                self.status.held_back = True
            else:
                self._restore.reset()
                self.status.held_back = False
                return True
            await self._pause(wait)
            if self._stop.is_set():
                return False

    async def _open(self, messages: Sequence[Arrived]) -> Batch:
        """Make one batch of many payloads."""
        now_ms = self._clock.now_ms()
        whole = Batch(door=DOOR, source=DOOR)
        slice_ends = SLICE_BYTES
        for message in messages:
            if len(message.payload) > BIG_BYTES:
                one = await asyncio.to_thread(self._read, message, now_ms)
            else:
                one = self._read(message, now_ms)
            whole.events += one.events
            whole.indices += one.indices
            whole.refusals += one.refusals
            whole.clamped += one.clamped
            whole.size += len(message.payload)
            if whole.size >= slice_ends:
                slice_ends = whole.size + SLICE_BYTES
                await asyncio.sleep(0)
        return whole

    def _read(self, message: Arrived, now_ms: int) -> Batch:
        topic = message.topic
        place = self._place(topic)
        if place.refusal is not None:
            reason, error = "topic", place.refusal
        elif message.retain:
            reason, error = "retained", "an old copy kept by the broker; publish events without the retain flag"
        elif not message.payload:
            reason, error = "empty", "the payload is empty; it must be an event or a batch of events"
        else:
            return self._decode(
                message.payload, door=DOOR, source=DOOR, now_ms=now_ms, platform=place.platform, shop=place.shop
            )
        refusal = Refusal.of(message.payload, reason, f"{error} (topic {topic[:256]})")
        return Batch(door=DOOR, source=DOOR, refusals=[refusal])

    def _place(self, topic: str) -> _Place:
        place = self._places.get(topic)
        if place is None:
            if len(self._places) >= KNOWN_TOPICS:
                self._places.clear()  # Somebody makes topics up; the shops of a centre are far fewer.
            place = self._places[topic] = read_topic(topic, self._root)
        return place

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stop.wait()
        except TimeoutError:
            pass


def read_topic(topic: str, root: str = EVENTS) -> _Place:
    """Read platform and shop from ``{root}/{platform}/{shop}``, both percent-encoded."""
    levels = topic[len(root) + 1 :].split("/") if topic.startswith(f"{root}/") else []
    if len(levels) != 2:
        return _Place(refusal=f"the topic must be {root}/{{platform}}/{{shop}}")
    names = []
    for level in levels:
        try:
            name = unquote_to_bytes(level).decode()
        except UnicodeDecodeError:
            return _Place(refusal="a name in the topic is not UTF-8 after percent-decoding")
        if not name or not CONTROL.isdisjoint(name):
            return _Place(refusal="a name in the topic is empty or has a control character")
        names.append(name)
    return _Place(*names)


def _checked(topic: str) -> str:
    try:
        aiomqtt.Wildcard(topic)
    except ValueError:
        raise UsageError(f"mqtt: {topic!r} is no topic filter; the usual one is {DEFAULT_TOPIC}") from None
    return topic


def root_of(topic: str) -> str:
    """Return what stands before platform and shop in the topics that a filter matches."""
    if topic.startswith("$share/"):  # Then the name of the group, then the filter.
        topic = topic.split("/", 2)[-1]
    if f"{topic}/".startswith(f"{EVENTS}/"):
        return EVENTS  # Also when it names a platform: presales/v1/events/taobao/#
    fixed = []
    for level in topic.split("/"):
        if level in ("+", "#"):
            break
        fixed.append(level)
    return "/".join(fixed)
