from collections.abc import AsyncIterator
from typing import ClassVar
from urllib.parse import parse_qs

import pytest
from aiohttp import web

from monitor.alerts.channels.base import Channel
from monitor.alerts.channels.dingtalk import DingTalk
from monitor.alerts.saying import Mention, Saying
from monitor.clock import Clock
from tests.alerts.channels.robot_contract import LINKS, RobotContract, answering, failing, told
from tests.alerts.channels.robots import Group, Json, people, signature


class Ding(Group):
    """As DingTalk documents its robots: 20 a minute, then blocked for ten minutes."""

    path = "/robot/send?access_token="
    signs_with: ClassVar[str | None] = "SECd1ngd1ng"
    given: str | None = "SECd1ngd1ng"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/robot/send?access_token={self.key}"

    def made(self) -> Channel:
        return DingTalk(self.url, self.given, Clock(), route=people("ding"), allow_private=True)

    def fault(self, request: web.Request, message: Json) -> str | None:
        asked = parse_qs(request.query_string)
        timestamp, sign = asked.get("timestamp", [""])[0], asked.get("sign", [""])[0]
        assert self.signs_with is not None
        if not timestamp or abs(int(timestamp) - self.now_ms()) > 3_600_000:
            return "sign"
        if sign != signature(self.signs_with, f"{timestamp}\n{self.signs_with}"):
            return "sign"
        return "size" if len(str(message).encode()) > 20_000 else None

    def title(self, message: Json) -> str:
        return str(message[message["msgtype"]]["title"])

    def refuse(self, why: str) -> web.Response:
        if why == "too_fast":
            return self.code(130101, "send too fast, exceed 20 times per minute")
        if why == "size":
            return self.code(460101, "description: body 大小不合法;solution:请保持大小在 20000bytes 以内;")
        return self.code(310000, "sign not match, more: [https://ding-doc.dingtalk.com/doc]")


class Misnamed(Ding):
    given = "SECwrong"


@pytest.fixture
async def receiver() -> AsyncIterator[Ding]:
    ding = Ding()
    yield ding
    await ding.stop()


class TestContract(RobotContract):
    pass


async def test_a_wrong_secret_is_said_in_a_200_and_is_no_success() -> None:
    error = await failing(Misnamed())
    assert (error.reason, error.permanent) == ("secret", True)
    assert "310000" in str(error)


@pytest.mark.parametrize(
    ("body", "reason", "permanent"),
    [
        ('{"status":1111,"wait":5,"punish":"deny","errcode":130101,"errmsg":"send too fast"}', "too_fast", False),
        ('{"errcode":460101,"errmsg":"description: body 大小不合法"}', "refused", True),
        ('{"errcode":101002,"errmsg":"message is too long"}', "refused", True),
        ('{"errcode":-1,"errmsg":"系统繁忙"}', "busy", False),
        ("ok", "protocol", False),
        ("{}", "protocol", False),
        ('{"errcode":"0"}', "protocol", False),
    ],
)
async def test_the_code_in_the_body_decides(receiver: Ding, body: str, reason: str, permanent: bool) -> None:
    receiver.instead = answering(200, body)
    error = await failing(receiver)
    assert (error.reason, error.permanent) == (reason, permanent)


async def test_a_mention_stands_in_the_list_and_in_the_text(receiver: Ding) -> None:
    lead = Mention("小王", {"mobile": "13800000000", "feishu": "ou_1"})
    message = await told(receiver, Saying(title="t", mentions=(lead,), links=LINKS))
    assert message["msgtype"] == "markdown"
    assert message["at"] == {"atMobiles": ["13800000000"], "isAtAll": False}
    assert "@13800000000" in message["markdown"]["text"]  # type: ignore[index]
    assert f"[认领]({LINKS[0].url})" in message["markdown"]["text"]  # type: ignore[index]


async def test_without_a_mention_links_are_buttons(receiver: Ding) -> None:
    message = await told(receiver, Saying(title="t", lines=("a", "b"), links=LINKS))
    assert message["msgtype"] == "actionCard"
    assert message["actionCard"]["btns"] == [  # type: ignore[index]
        {"title": link.label, "actionURL": link.url} for link in LINKS
    ]


async def test_a_robot_without_a_secret_is_not_signed() -> None:
    class Plain(Ding):
        given = None

        def fault(self, request: web.Request, message: Json) -> str | None:  # noqa: ARG002
            return "sign" if "sign" in request.query_string else None

    group = Plain()
    await told(group, Saying(title="t"))
    assert group.refusals == []
