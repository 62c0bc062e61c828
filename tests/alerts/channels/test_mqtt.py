import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import aiomqtt
import pytest

from monitor.alerts.channels.mqtt import MqttChannel
from monitor.alerts.router import route
from monitor.errors import DeliveryError
from monitor.mqtt import Backoff, Broker
from tests.alerts.channels.contract import ChannelContract, delivery, eventually
from tests.alerts.orders import raised
from tests.mosquitto import Mosquitto, needs_mosquitto
from tests.program import free_port
from tests.waiting import until

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
        async with aiomqtt.Client("127.0.0.1", self.broker.port, username="monitor", password=WORD) as client:
            await client.subscribe("presales/#", qos=1)
            ready.set()
            async for message in client.messages:
                assert isinstance(message.payload, bytes)
                assert message.qos == 1
                assert not message.retain
                self.topics.append(message.topic.value)
                self.bodies.append(message.payload)


@pytest.fixture(params=["5", "3.1.1"])
async def receiver(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Team]:
    team = Team(tmp_path / "broker", version=request.param)
    yield team
    await team.stop()


class TestContract(ChannelContract):
    pass


async def test_the_team_is_the_last_level_of_the_topic_percent_encoded(receiver: Team) -> None:
    await receiver.start()
    channel = receiver.channel
    await channel.open()
    try:
        for team in ("default", "a/b+c#"):
            (message,) = route(raised(team=team), epoch="k", channels=[channel.route])
            await eventually(lambda message=message: channel.send(message))  # type: ignore[misc]
        await until(lambda: len(receiver.topics) == 2)
    finally:
        await channel.close()
    assert receiver.topics == ["presales/v1/alerts/default", "presales/v1/alerts/a%2Fb%2Bc%23"]


async def test_a_publication_that_the_broker_refuses_is_not_taken_for_sent(tmp_path: Path) -> None:
    acl = tmp_path / "acl"
    acl.write_text("user monitor\ntopic read presales/#\n")
    team = Team(tmp_path / "broker", config=(f"acl_file {acl}",))
    await team.start()
    try:
        await team.channel.open()
        said: list[DeliveryError] = []

        async def refused() -> bool:
            with pytest.raises(DeliveryError) as error:
                await team.channel.send(delivery(team.channel))
            said.append(error.value)
            return error.value.reason == "publish"

        await until(refused, "connected")
        assert "refuses" in str(said[-1])
    finally:
        await team.channel.close()
        await team.stop()
    assert team.bodies == []
