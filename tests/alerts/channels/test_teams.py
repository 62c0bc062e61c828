from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from monitor.alerts.channels.base import Channel
from monitor.alerts.channels.teams import Teams
from monitor.alerts.saying import Mention, Saying
from monitor.clock import Clock
from tests.alerts.channels.robot_contract import RobotContract, answering, failing, told
from tests.alerts.channels.robots import Group, Json, people


class Workflow(Group):
    """A Power Automate workflow: 202, an Adaptive Card of at most 28 kB."""

    path = "/workflows"
    blocks_seconds = 60.0

    def made(self) -> Channel:
        return Teams(self.url, None, Clock(), route=people("teams"), allow_private=True)

    def fault(self, request: web.Request, message: Json) -> str | None:  # noqa: ARG002
        (attachment,) = message["attachments"]
        if attachment["content"]["type"] != "AdaptiveCard" or len(str(message).encode()) > 28_000:
            return "card"
        return None

    def title(self, message: Json) -> str:
        return str(message["attachments"][0]["content"]["body"][0]["text"])

    def taken(self) -> web.Response:
        return web.Response(status=202)

    def refuse(self, why: str) -> web.Response:
        if why == "too_fast":
            return web.Response(status=429, headers={"Retry-After": "60"})
        return web.Response(status=400 if why == "card" else 404)


@pytest.fixture
async def receiver() -> AsyncIterator[Workflow]:
    group = Workflow()
    yield group
    await group.stop()


class TestContract(RobotContract):
    pass


@pytest.mark.parametrize(
    ("text", "reason", "permanent"),
    [
        ("Webhook message delivery failed with error: HTTP error 429 Too Many Requests", "too_fast", False),
        ("Webhook message delivery failed with error: HTTP error 413", "refused", True),
    ],
)
async def test_a_failure_told_in_a_200_is_one(receiver: Workflow, text: str, reason: str, permanent: bool) -> None:
    receiver.instead = answering(200, text)
    error = await failing(receiver)
    assert (error.reason, error.permanent) == (reason, permanent)


async def test_a_mention_has_its_entity(receiver: Workflow) -> None:
    message = await told(receiver, Saying(title="t", mentions=(Mention("Wang", {"teams": "wang@example.com"}),)))
    card = message["attachments"][0]["content"]  # type: ignore[index]
    (entity,) = card["msteams"]["entities"]
    assert entity["mentioned"] == {"id": "wang@example.com", "name": "Wang"}
    assert entity["text"] in str(card["body"])
