from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from monitor.alerts.saying import Mention, Saying
from tests.alerts.channels.ding import Ding
from tests.alerts.channels.robot_contract import LINKS, RobotContract, answering, failing, told
from tests.alerts.channels.robots import Json


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
        ('{"errcode":false}', "protocol", False),
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
