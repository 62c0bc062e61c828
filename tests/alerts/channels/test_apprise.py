import asyncio
import json
import threading
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from monitor.alerts.channels.apprise import AppriseChannel
from monitor.alerts.channels.base import Channel
from monitor.errors import DeliveryError, UsageError
from tests.alerts.channels.contract import ChannelContract, delivery
from tests.alerts.channels.robots import Group, Json, people
from tests.waiting import DEADLINE_SECONDS, until


class Elsewhere(Group):
    """What Apprise posts to as JSON."""

    def made(self) -> Channel:
        return AppriseChannel(f"json://127.0.0.1:{self.port}/{self.key}", route=people("else"))

    def taken(self) -> web.Response:
        return web.json_response({})

    def title(self, message: Json) -> str:
        return str(message["title"])


@pytest.fixture
async def receiver() -> AsyncIterator[Elsewhere]:
    group = Elsewhere()
    yield group
    await group.stop()


class TestContract(ChannelContract):
    pass


@pytest.mark.parametrize("url", ["dingtalk://a/b", "feishu://token", "wecombot://key", "LARK://x"])
def test_it_is_not_for_the_robots_whose_errors_it_does_not_see(url: str) -> None:
    with pytest.raises(UsageError, match="has a channel of its own"):
        AppriseChannel(url, route=people("else"))


@pytest.mark.parametrize("url", ["", "nonsense://secret-key", "json://ok/ nonsense://secret-key"])
def test_an_address_it_does_not_know_stops_the_start_and_is_not_repeated(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(UsageError) as error:
        AppriseChannel(url, route=people("else"))
    assert "secret-key" not in str(error.value) + caplog.text


async def test_one_that_hangs_holds_up_neither_the_loop_nor_a_second_thread() -> None:
    channel = AppriseChannel("json://127.0.0.1:9/x", route=people("else"), answer_seconds=0.05)
    stuck, go_on = threading.Event(), threading.Event()

    def notify(**_: object) -> bool:
        stuck.set()
        return go_on.wait(DEADLINE_SECONDS)

    channel._services.notify = notify
    await channel.open()
    try:
        with pytest.raises(DeliveryError, match="timeout"):
            await channel.send(delivery(channel))
        await until(stuck.is_set)
        with pytest.raises(DeliveryError, match="busy"):
            await channel.send(delivery(channel))
        go_on.set()
        assert channel._sending is not None
        assert await asyncio.wait_for(channel._sending, DEADLINE_SECONDS)
        channel._answer_seconds = DEADLINE_SECONDS
        await channel.send(delivery(channel))
    finally:
        go_on.set()
        await channel.close()


async def test_what_is_sent_is_text(receiver: Elsewhere) -> None:
    await receiver.start()
    await receiver.channel.open()
    await receiver.channel.send(delivery(receiver.channel))
    await receiver.channel.close()
    assert json.loads(json.dumps(receiver.messages[0]))["message"]
