"""One connection to an MQTT broker, as the door and those who publish need it.

The only module that reaches below aiomqtt into paho, for what aiomqtt does not
offer and losing nothing hangs on:

- A payload is acknowledged when *we* say so, after the commit; aiomqtt itself
  acknowledges on arrival.
- Everything the socket holds is read in one turn of the loop; aiomqtt takes one
  packet a turn.
- A PUBLISH packet is taken apart here: paho makes some sixty dictionaries of it,
  which is two thirds of what a message costs, and feeds the garbage collector.
- Reading stops while too many bytes are held. The broker's own limit counts
  messages, not bytes, and MQTT 3.1.1 lets a client set neither.
- A publication that the broker refuses (MQTT 5) is an error; aiomqtt takes any
  answer for a success.
- A connection that closes before it is accepted is an error at once; aiomqtt
  waits until the time is up.
"""

import asyncio
import contextlib
import ssl
from collections import deque
from collections.abc import Iterable
from types import TracebackType
from typing import Any, Self, cast

import aiomqtt
from aiomqtt import MqttError
from msgspec import Struct
from paho.mqtt import client as paho
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from monitor.mqtt.broker import Broker

KEEPALIVE_SECONDS = 15  # A cut cable is noticed after at most twice this: a buyer has minutes, not more.
ANSWER_SECONDS = 10.0  # For CONNACK, SUBACK, PUBACK.
SESSION_SECONDS = 7 * 24 * 3600  # The broker keeps what we have not acknowledged over a long holiday week-end.
PACKETS_A_TURN = 256  # About 10 ms of reading, then the loop sees to others.
MESSAGE_OVERHEAD_BYTES = 1024  # What a held message costs beside its payload.


class Arrived(Struct, frozen=True, gc=False):
    """One message as the broker sent it."""

    topic: str  # What is not UTF-8 in it is replaced.
    payload: bytes
    retain: bool
    mid: int  # By which it is acknowledged; 0 for QoS 0.


class _Inbox(asyncio.Queue[aiomqtt.Message]):
    """What has been read and not taken yet.

    It stands where aiomqtt has its queue, so that waiting for it also ends when
    the connection does. ``held`` counts the bytes of what has arrived and has not
    been let go.
    """

    def __init__(self, maxsize: int = 0) -> None:
        super().__init__(maxsize)
        self.waiting: deque[Arrived] = deque()
        self.held = 0
        self.fault: Exception | None = None
        self._news = asyncio.Event()

    def add(self, message: Arrived) -> None:
        """Take in what has arrived."""
        self.waiting.append(message)
        self.held += len(message.payload) + MESSAGE_OVERHEAD_BYTES
        self._news.set()

    async def get(self) -> Any:
        await self._news.wait()
        self._news.clear()
        if self.fault is not None:
            raise MqttError(f"what the broker sent cannot be read: {self.fault}")

    def wake(self) -> None:
        """Let ``get`` return, whatever there is."""
        self._news.set()


class Link:
    """A connection; used once, as an async context manager. For a new try make a new one.

    Args:
        broker: where to.
        client_id: instead of the broker's setting, for a second connection beside the first.
        tls: the context made at the start, so that wrong files stop the start.
        keep_session: whether the broker keeps our subscriptions and what we have not acknowledged.
        receive_maximum: how many unacknowledged messages the broker may have out to us (MQTT 5).
        hold_bytes: reading stops above this much unacknowledged, and goes on below half of it.
    """

    def __init__(
        self,
        broker: Broker,
        *,
        client_id: str | None = None,
        tls: ssl.SSLContext | None = None,
        keep_session: bool = False,
        receive_maximum: int = 1000,
        hold_bytes: int = 64 * 1024 * 1024,
    ) -> None:
        connect = None
        if broker.version == "5":
            connect = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            connect.ReceiveMaximum = receive_maximum
            connect.SessionExpiryInterval = SESSION_SECONDS if keep_session else 0
        self._client = aiomqtt.Client(
            broker.host,
            broker.port,
            identifier=client_id or broker.client_id,
            username=broker.username,
            password=broker.password,
            protocol=aiomqtt.ProtocolVersion.V5 if broker.version == "5" else aiomqtt.ProtocolVersion.V311,
            clean_session=None if broker.version == "5" else not keep_session,
            clean_start=not keep_session if broker.version == "5" else paho.MQTT_CLEAN_START_FIRST_ONLY,
            properties=connect,
            keepalive=KEEPALIVE_SECONDS,
            timeout=ANSWER_SECONDS,
            queue_type=_Inbox,
            tls_context=tls,
        )
        self._version = broker.version
        self._hold_bytes = hold_bytes
        self._paho: paho.Client = self._client._client
        self._paho.manual_ack_set(True)
        self._paho._handle_publish = self._handle_publish  # type: ignore[method-assign]
        self._paho.on_publish = self._on_publish
        self._tell_disconnect: Any = self._paho.on_disconnect
        self._paho.on_disconnect = self._on_disconnect
        self._inbox = cast(_Inbox, self._client._queue)  # Made by aiomqtt from queue_type.
        self._socket: Any = None  # The one we read; Any, for paho's type of it knows no TLS.
        self._paused = False
        self._publishing: dict[int, asyncio.Future[None]] = {}

    async def __aenter__(self) -> Self:
        """Connect.

        Raises:
            MqttError: nobody there, not let in, or no answer in time.
        """
        try:
            await self._client.__aenter__()
        except BaseException:
            self._abandon()
            raise
        self._read_ourselves()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Send what is queued, say good-bye, close; an error on the way out is of no use to anyone."""
        self._stop_reading_ourselves()
        with contextlib.suppress(MqttError, OSError):
            await self._client.__aexit__(kind, error, trace)
        lost = self._client._disconnected
        if lost.done() and not lost.cancelled():
            lost.exception()  # Who only publishes never asks for it, and asyncio would log it as forgotten.
        self._abandon()
        for answer in self._publishing.values():
            if not answer.done():
                answer.set_exception(MqttError("the connection is lost"))

    async def subscribe(self, topic: str) -> None:
        """Ask for a topic filter at QoS 1.

        Raises:
            MqttError: the broker refuses it, or the connection is lost.
        """
        if self._version == "5":
            # Retained messages come with a new subscription only, not with every reconnect.
            options = SubscribeOptions(qos=1, retainHandling=SubscribeOptions.RETAIN_SEND_IF_NEW_SUB)
            answers = await self._client.subscribe(topic, options=options)
        else:
            answers = await self._client.subscribe(topic, qos=1)
        for answer in answers:
            if (answer.value if isinstance(answer, ReasonCode) else answer) >= 0x80:
                raise MqttError(f"the broker refuses the subscription to {topic}: {answer}")

    async def arrived(self) -> None:
        """Return when there is something to take, or after ``wake``.

        Raises:
            MqttError: the connection is lost. What had been read can still be taken.
        """
        if self._inbox.waiting:
            return
        try:
            await anext(self._client.messages)
        except MqttError as error:
            raise MqttError(_reason(error)) from None

    def wake(self) -> None:
        """Let ``arrived`` return."""
        self._inbox.wake()

    def take(self, most: int, most_bytes: int) -> list[Arrived]:
        """Return what has been read, oldest first: up to ``most`` messages and about ``most_bytes`` of payload."""
        waiting = self._inbox.waiting
        taken: list[Arrived] = []
        size = 0
        while waiting and len(taken) < most and size < most_bytes:
            message = waiting.popleft()
            size += len(message.payload)
            taken.append(message)
        return taken

    @property
    def held_bytes(self) -> int:
        """What has been read and not been let go, in bytes."""
        return self._inbox.held

    def let_go(self, messages: Iterable[Arrived]) -> None:
        """Acknowledge what has been taken, once and only once: it is stored.

        After the connection is lost this does nothing: the broker sends them
        again, and they are duplicates then.
        """
        ack = self._paho.ack
        size = 0
        for message in messages:
            if message.mid:
                ack(message.mid, 1)
            size += len(message.payload) + MESSAGE_OVERHEAD_BYTES
        self._inbox.held -= size
        if self._paused and self._inbox.held < self._hold_bytes // 2:
            self._paused = False
            self._go_on_reading()

    async def publish(self, topic: str, payload: bytes, answer_seconds: float = ANSWER_SECONDS) -> None:
        """Publish at QoS 1 and return when the broker has it.

        Raises:
            MqttError: it is refused, not answered in time, or the connection is lost.
        """
        info = self._paho.publish(topic, payload, qos=1)
        if info.rc != paho.MQTT_ERR_SUCCESS:
            raise MqttError(paho.error_string(info.rc))
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._publishing[info.mid] = answer
        try:
            async with asyncio.timeout(answer_seconds):
                await answer
        except TimeoutError:
            raise MqttError("no PUBACK in time") from None
        finally:
            del self._publishing[info.mid]

    def _on_publish(
        self, _client: paho.Client, _userdata: Any, mid: int, code: ReasonCode, _properties: Properties
    ) -> None:
        answer = self._publishing.get(mid)
        if answer is not None and not answer.done():
            if code.is_failure:
                answer.set_exception(MqttError(f"the broker refuses the publication: {code}"))
            else:
                answer.set_result(None)

    def _on_disconnect(self, *what: Any) -> None:
        self._tell_disconnect(*what)
        connected = self._client._connected
        if not connected.done():  # aiomqtt would wait for the CONNACK until the time is up.
            connected.set_exception(MqttError("the broker closed the connection without a word"))

    def _read_ourselves(self) -> None:
        """Take the place of aiomqtt's reader, which it has put on the loop while connecting."""
        self._socket = self._paho.socket()
        self._go_on_reading()

    def _go_on_reading(self) -> None:
        if self._readable():
            asyncio.get_running_loop().add_reader(self._socket.fileno(), self._read)
            self._read()  # A TLS layer may hold what its file descriptor does not tell of.

    def _stop_reading_ourselves(self) -> None:
        if self._readable():
            # Closing needs no more input: DISCONNECT is the last word of MQTT, and it is ours.
            asyncio.get_running_loop().remove_reader(self._socket.fileno())
        self._socket = None

    def _readable(self) -> bool:
        """Whether the socket that we read is still the open one."""
        return self._socket is not None and self._socket.fileno() >= 0 and self._socket is self._paho.socket()

    def _read(self) -> None:
        """Read all that is there, up to one turn's worth or until enough is held."""
        if self._paused or not self._readable():
            return
        inbox = self._inbox
        try:
            for _ in range(PACKETS_A_TURN):
                before = len(inbox.waiting)
                self._paho.loop_read()
                if len(inbox.waiting) == before:
                    break
                if inbox.held > self._hold_bytes:
                    asyncio.get_running_loop().remove_reader(self._socket.fileno())
                    self._paused = True
                    return
        except Exception as error:  # Whatever paho's parser stumbles over.
            self._stop_reading_ourselves()
            inbox.fault = error
            inbox.wake()
            return
        if self._readable() and isinstance(self._socket, ssl.SSLSocket) and self._socket.pending():
            asyncio.get_running_loop().call_soon(self._read)

    def _handle_publish(self) -> MQTTErrorCode:
        """Take a PUBLISH packet apart: flags, topic, packet id, properties (MQTT 5), payload."""
        flags, body = self._paho._in_packet["command"], self._paho._in_packet["packet"]
        qos = flags >> 1 & 3
        try:
            at = 2 + (body[0] << 8 | body[1])
            topic = body[2:at].decode(errors="replace")
            mid = 0
            if qos:
                mid = body[at] << 8 | body[at + 1]
                at += 2
            if self._version == "5":
                length = shift = 0
                while body[at] > 0x7F:
                    length |= (body[at] & 0x7F) << shift
                    shift += 7
                    at += 1
                at += 1 + (length | body[at] << shift)
        except IndexError:
            return paho.MQTT_ERR_PROTOCOL
        if at > len(body) or qos > 1:  # We ask for QoS 1 and get no more.
            return paho.MQTT_ERR_PROTOCOL
        self._inbox.add(Arrived(topic, bytes(memoryview(body)[at:]), flags & 1 > 0, mid))
        return paho.MQTT_ERR_SUCCESS

    def _abandon(self) -> None:
        """Close a socket that is left over, so that a late CONNACK cannot make a second client of us."""
        sock = self._paho.socket()
        if sock is not None:
            with contextlib.suppress(OSError, ValueError):
                self._paho.disconnect()
                self._paho.loop_write()


def _reason(error: MqttError) -> str:
    """Say why the connection was lost: aiomqtt puts the reason into the cause."""
    return str(error.__cause__ or error)
