from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from monitor.alerts.channels.base import Channel
from monitor.alerts.channels.wecom import WeCom
from monitor.alerts.saying import Mention, Saying
from monitor.clock import Clock
from tests.alerts.channels.robot_contract import LINKS, RobotContract, answering, failing, told
from tests.alerts.channels.robots import Group, Json, people


class WeComGroup(Group):
    """As WeCom documents its robots: 20 a minute, text of 2,048 bytes, markdown of 4,096."""

    blocks_seconds = 60.0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/cgi-bin/webhook/send?key={self.key}"

    def made(self) -> Channel:
        return WeCom(self.url, None, Clock(), route=people("wecom"), allow_private=True)

    def fault(self, request: web.Request, message: Json) -> str | None:  # noqa: ARG002
        content = message[message["msgtype"]]["content"].encode()
        return "size" if len(content) > (2_048 if message["msgtype"] == "text" else 4_096) else None

    def title(self, message: Json) -> str:
        return str(message[message["msgtype"]]["content"]).partition("\n")[0].strip("*")

    def refuse(self, why: str) -> web.Response:
        if why == "too_fast":
            return self.code(45009, "api freq out of limit, hint: [1], from ip: 1.1.1.1")
        if why == "size":
            return self.code(40058, "markdown.content exceed max length 4096")
        return self.code(93000, "invalid webhook url, hint: [1]")


@pytest.fixture
async def receiver() -> AsyncIterator[WeComGroup]:
    group = WeComGroup()
    yield group
    await group.stop()


class TestContract(RobotContract):
    pass


@pytest.mark.parametrize(
    ("code", "reason", "permanent"),
    [(93000, "secret", True), (45009, "too_fast", False), (-1, "busy", False), (40058, "refused", True)],
)
async def test_the_code_in_the_body_decides(receiver: WeComGroup, code: int, reason: str, permanent: bool) -> None:
    receiver.instead = answering(200, f'{{"errcode":{code},"errmsg":"x"}}')
    error = await failing(receiver)
    assert (error.reason, error.permanent) == (reason, permanent)


async def test_a_mobile_number_is_mentioned_in_plain_text(receiver: WeComGroup) -> None:
    lead = Mention("小王", {"mobile": "13800000000"})
    message = await told(receiver, Saying(title="t", lines=("长" * 3_000,), mentions=(lead,), links=LINKS))
    assert message["msgtype"] == "text"
    assert message["text"]["mentioned_mobile_list"] == ["13800000000"]  # type: ignore[index]
    assert LINKS[0].url in message["text"]["content"]  # type: ignore[index]


async def test_a_user_id_is_mentioned_in_markdown(receiver: WeComGroup) -> None:
    lead = Mention("小王", {"wecom": "WangXiao"})
    message = await told(receiver, Saying(title="t", mentions=(lead,), links=LINKS))
    assert message["msgtype"] == "markdown"
    assert "<@WangXiao>" in message["markdown"]["content"]  # type: ignore[index]
