from collections.abc import AsyncIterator
from typing import ClassVar

import pytest
from aiohttp import web

from monitor.alerts.channels.base import Channel
from monitor.alerts.channels.feishu import Feishu
from monitor.alerts.saying import Mention, Saying
from monitor.clock import Clock
from tests.alerts.channels.robot_contract import LINKS, RobotContract, answering, failing, told
from tests.alerts.channels.robots import CLOCK, Group, Json, people, signature


class FeishuGroup(Group):
    """As Feishu documents its robots: signed in the body, 100 a minute."""

    path = "/open-apis/bot/v2/hook"
    signs_with: ClassVar[str | None] = "feishu-secret"
    given: str = "feishu-secret"
    per_minute = 100
    blocks_seconds = 60.0

    def made(self) -> Channel:
        return Feishu(self.url, self.given, Clock(), route=people("feishu"), allow_private=True)

    def fault(self, request: web.Request, message: Json) -> str | None:  # noqa: ARG002
        timestamp = message.get("timestamp", "")
        if abs(int(timestamp or 0) * 1000 - CLOCK.now_ms()) > 3_600_000:
            return "sign"
        if message.get("sign") != signature(f"{timestamp}\n{self.signs_with}", ""):
            return "sign"
        return "size" if len(str(message).encode()) > 20_000 else None

    def title(self, message: Json) -> str:
        return str(message["card"]["header"]["title"]["content"])

    def taken(self) -> web.Response:
        return web.json_response({"StatusCode": 0, "StatusMessage": "success", "code": 0, "data": {}, "msg": "success"})

    def refuse(self, why: str) -> web.Response:
        codes = {"too_fast": (9499, "too many request"), "size": (9499, "Bad Request")}
        code, text = codes.get(why, (19021, "sign match fail or timestamp is not within one hour from current time"))
        return self.code(code, text, code_name="code", text_name="msg")


class Misnamed(FeishuGroup):
    given = "wrong"


@pytest.fixture
async def receiver() -> AsyncIterator[FeishuGroup]:
    group = FeishuGroup()
    yield group
    await group.stop()


class TestContract(RobotContract):
    pass


async def test_a_wrong_secret_is_said_in_a_200_and_is_no_success() -> None:
    error = await failing(Misnamed())
    assert (error.reason, error.permanent) == ("secret", True)


@pytest.mark.parametrize(
    ("code", "reason", "permanent"),
    [(19024, "secret", True), (11232, "too_fast", False), (9499, "too_fast", False), (19001, "refused", True)],
)
async def test_the_code_in_the_body_decides(receiver: FeishuGroup, code: int, reason: str, permanent: bool) -> None:
    receiver.instead = answering(200, f'{{"code":{code},"msg":"x","data":{{}}}}')
    error = await failing(receiver)
    assert (error.reason, error.permanent) == (reason, permanent)


async def test_a_card_mentions_by_open_id(receiver: FeishuGroup) -> None:
    lead = Mention("小王", {"feishu": "ou_84aad35d", "mobile": "13800000000"})
    message = str(await told(receiver, Saying(title="t", mentions=(lead,), links=LINKS)))
    assert '<at id="ou_84aad35d"></at>' in message
    assert "13800000000" not in message
