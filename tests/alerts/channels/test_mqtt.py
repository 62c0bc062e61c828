from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from monitor.alerts.router import route
from monitor.errors import DeliveryError
from tests.alerts.channels.contract import ChannelContract, delivery, eventually
from tests.alerts.channels.team import Team
from tests.alerts.orders import raised
from tests.waiting import until


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
