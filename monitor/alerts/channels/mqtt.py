"""Alerts as MQTT messages: ``{alerts_topic}/{team}``, QoS 1, not retained.

Its connection is its own, beside the door's: the door stops reading while the
journal takes nothing, and alerts must not wait for that.
"""

import asyncio
import contextlib
from urllib.parse import quote

import msgspec

from monitor.alerts.router import MACHINE_EXPIRES_MS, Route
from monitor.clock import Clock
from monitor.errors import DeliveryError
from monitor.mqtt import Backoff, Broker, Link, MqttError, keep_connected
from monitor.settings import Settings
from monitor.store.entries import Delivery

CONCURRENCY = 16
ANSWER_SECONDS = 5.0


class _Data(msgspec.Struct):
    team: str


class _Body(msgspec.Struct):
    data: _Data


_decode = msgspec.json.Decoder(_Body).decode


class MqttChannel:
    """A publisher that keeps its connection.

    Raises:
        UsageError: a TLS file cannot be used.
    """

    def __init__(
        self, broker: Broker, topic: str = "presales/v1/alerts", *, name: str = "mqtt", backoff: Backoff | None = None
    ) -> None:
        self.route = Route(channel=name, for_people=False, expires_ms=MACHINE_EXPIRES_MS)
        self.concurrency = CONCURRENCY
        self._broker = broker
        self._tls = broker.tls_context()
        self._topic = topic.rstrip("/")
        self._backoff = backoff or Backoff()
        self._link: Link | None = None
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Begin to connect, and to come back after every loss."""
        self._task = asyncio.create_task(
            keep_connected(self._broker, self._use, name="alerts", tls=self._tls, backoff=self._backoff)
        )

    async def close(self) -> None:
        """Disconnect."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def send(self, delivery: Delivery) -> None:
        """Publish once and wait for the broker's answer.

        Raises:
            DeliveryError: as `Channel.send` says.
        """
        link = self._link
        if link is None:
            raise DeliveryError("connect")
        team = quote(_decode(delivery.body).data.team, safe="")
        try:
            await link.publish(f"{self._topic}/{team}", delivery.body, ANSWER_SECONDS)
        except MqttError as error:
            raise DeliveryError("publish", detail=str(error)) from None

    async def _use(self, link: Link) -> None:
        self._link = link
        try:
            while True:
                await link.arrived()  # Nothing is subscribed: this only ends when the connection does.
        finally:
            self._link = None


def configured(settings: Settings, clock: Clock, service: str) -> MqttChannel | None:  # noqa: ARG001 - as all are made
    """Return the publisher of the settings, or None where there is no broker."""
    broker = Broker.of(settings.mqtt, service)
    return None if broker is None else MqttChannel(broker, settings.mqtt.alerts_topic)
