"""A broker, and a team that hears its alerts there."""

import asyncio
import contextlib
from pathlib import Path

import aiomqtt

from monitor.alerts.channels.mqtt import MqttChannel
from monitor.mqtt import Backoff, Broker
from tests.mosquitto import Mosquitto, needs_mosquitto
from tests.program import free_port
from tests.waiting import DEADLINE_SECONDS, until

WORD = "pass-word"


class Team:
    """A team's program that listens to its alerts through a real Mosquitto."""

    def __init__(self, folder: Path, *, config: tuple[str, ...] = (), version: str = "5") -> None:
        needs_mosquitto()
        self.broker = Mosquitto(folder, password=WORD, config=config, port=free_port())
        self.bodies: list[bytes] = []
        self.topics: list[str] = []
        self.secrets = [WORD]
        self.channel = MqttChannel(
            Broker(
                host="127.0.0.1",
                port=self.broker.port,
                client_id="presales",
                username="monitor",
                password=WORD,
                version="5" if version == "5" else "3.1.1",
            ),
            backoff=Backoff(0.02, 0.1),
        )
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        await asyncio.to_thread(self.broker.start)
        ready = asyncio.Event()
        self._task = listening = asyncio.create_task(self._listen(ready))
        await until(lambda: ready.is_set() or listening.done(), "subscribed")
        assert not listening.done(), listening.exception()

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        await asyncio.to_thread(self.broker.kill)

    async def _listen(self, ready: asyncio.Event) -> None:
        async with aiomqtt.Client(
            "127.0.0.1", self.broker.port, username="monitor", password=WORD, timeout=DEADLINE_SECONDS
        ) as client:
            await client.subscribe("presales/#", qos=1)
            ready.set()
            async for message in client.messages:
                assert isinstance(message.payload, bytes)
                assert message.qos == 1
                assert not message.retain
                self.topics.append(message.topic.value)
                self.bodies.append(message.payload)
