from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from monitor.alerts.channels.base import Channel
from monitor.alerts.channels.slack import Slack
from monitor.alerts.saying import Mention, Saying
from monitor.clock import Clock
from tests.alerts.channels.robot_contract import RobotContract, answering, failing, told
from tests.alerts.channels.robots import Group, Json, people


class Workspace(Group):
    """A Slack incoming webhook: ``ok``, or a word and a status."""

    path = "/services"
    blocks_seconds = 30.0

    def made(self) -> Channel:
        return Slack(self.url, None, Clock(), route=people("slack"), allow_private=True)

    def fault(self, request: web.Request, message: Json) -> str | None:  # noqa: ARG002
        for block in message["blocks"]:
            text = block.get("text", {}).get("text", "x")
            if not text or len(text) > (150 if block["type"] == "header" else 3000):
                return "invalid_blocks"
        return None

    def title(self, message: Json) -> str:
        return str(message["blocks"][0]["text"]["text"])

    def taken(self) -> web.Response:
        return web.Response(text="ok")

    def refuse(self, why: str) -> web.Response:
        if why == "too_fast":
            return web.Response(status=429, text="rate_limited", headers={"Retry-After": "30"})
        return web.Response(status=400 if why == "invalid_blocks" else 404, text=why)


@pytest.fixture
async def receiver() -> AsyncIterator[Workspace]:
    group = Workspace()
    yield group
    await group.stop()


class TestContract(RobotContract):
    pass


async def test_only_ok_is_a_success(receiver: Workspace) -> None:
    receiver.instead = answering(200, "no_text")
    assert (await failing(receiver)).reason == "protocol"


async def test_somebody_is_mentioned_by_id(receiver: Workspace) -> None:
    message = str(await told(receiver, Saying(title="t", mentions=(Mention("Wang", {"slack": "U024BE7LH"}),))))
    assert "<@U024BE7LH>" in message
