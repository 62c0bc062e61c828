from collections.abc import AsyncIterator

import pytest

from monitor.alerts.saying import Mention, Saying
from tests.alerts.channels.robot_contract import RobotContract, answering, failing, told
from tests.alerts.channels.workspace import Workspace


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
