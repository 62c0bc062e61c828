"""Against the real Alertmanager, and, for what it does not tell, a local server."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.alerts.channels.alertmanager import STANDS_MS, AlertmanagerChannel
from monitor.alerts.router import Route, route
from monitor.clock import Clock
from monitor.core.decisions import AlertOrder
from monitor.store.entries import Delivery
from tests.alertmanager import alertmanager
from tests.alerts.channels.contract import ChannelContract, shown
from tests.alerts.channels.endpoint import Endpoint
from tests.alerts.orders import raised, resolved, risen
from tests.waiting import until


class Pushed(Endpoint):
    """A server that notes what is pushed as the title that would be shown."""

    def __init__(self, *, again_seconds: float = 60.0) -> None:
        super().__init__()
        self.secrets = ["user-secret"]
        self.channel = AlertmanagerChannel(  # type: ignore[assignment]
            f"http://127.0.0.1:{self.port}", Clock(), allow_private=True, again_seconds=again_seconds
        )

    def pushed(self) -> list[list[dict[str, str]]]:
        return [json.loads(body) for body in self.bodies]


@pytest.fixture
async def receiver() -> AsyncIterator[Pushed]:
    endpoint = Pushed()
    yield endpoint
    await endpoint.stop()


class TestContract(ChannelContract):
    async def test_a_message_arrives_as_it_was_decided(self, receiver: Pushed) -> None:  # type: ignore[override]
        await receiver.start()
        await receiver.channel.open()
        message = made(raised(), receiver.channel.route)
        await receiver.channel.send(message)
        await receiver.channel.close()
        assert receiver.paths == ["/api/v2/alerts"]
        ((alert,),) = receiver.pushed()
        assert alert["annotations"]["summary_zh"] == json.loads(shown(message))["data"]["title"]["zh"]  # type: ignore[index]

    async def test_as_many_at_once_as_it_says(self, receiver: Pushed) -> None:  # type: ignore[override]
        await receiver.start()
        await receiver.channel.open()
        many = [made(raised(wait=number), receiver.channel.route) for number in range(receiver.channel.concurrency)]
        await asyncio.gather(*(receiver.channel.send(message) for message in many))
        await receiver.channel.close()
        assert len({alert["labels"]["wait"] for (alert,) in receiver.pushed()}) == len(many)  # type: ignore[index]


def made(order: AlertOrder, to: Route) -> Delivery:
    return route(order, epoch="k3f9", channels=[to])[0]


async def test_the_real_one_shows_what_stands_and_not_what_is_over(tmp_path: Path) -> None:
    with alertmanager(tmp_path) as real:
        channel = AlertmanagerChannel(real.url, Clock(), allow_private=True)
        await channel.open()
        try:
            await channel.send(made(raised(), channel.route))
            await channel.send(made(raised(wait=8), channel.route))
            await channel.send(made(risen(), channel.route))
            await until(lambda: len(real.alerts()) == 2)
            by_wait = {alert["labels"]["wait"]: alert for alert in real.alerts()}
            assert by_wait["k3f9-7"]["annotations"]["stage"] == "at_risk"
            assert by_wait["k3f9-7"]["labels"]["shop"] == "森野旗舰店"
            assert by_wait["k3f9-7"]["startsAt"] == "2026-11-23T02:13:20.000Z"
            await channel.send(made(resolved(stage="at_risk"), channel.route))
            await until(lambda: [alert["labels"]["wait"] for alert in real.alerts()] == ["k3f9-8"])
        finally:
            await channel.close()


async def test_what_stands_is_said_again_before_its_end_and_what_is_over_is_not() -> None:
    endpoint = Pushed(again_seconds=0.02)
    channel = endpoint.channel
    await endpoint.start()
    await channel.open()
    try:
        await channel.send(made(raised(), channel.route))
        await channel.send(made(raised(wait=8), channel.route))
        await until(lambda: len(endpoint.bodies) >= 4)
        await channel.send(made(resolved(), channel.route))
        after = len(endpoint.bodies)
        await until(lambda: len(endpoint.bodies) >= after + 3)
    finally:
        await channel.close()
        await endpoint.stop()
    repeated = [alert["labels"]["wait"] for post in endpoint.pushed()[after + 1 :] for alert in post]  # type: ignore[index]
    assert set(repeated) == {"k-8"} or set(repeated) == {"k3f9-8"}
    ends_at_ms = datetime.fromisoformat(endpoint.pushed()[0][0]["endsAt"]).astimezone(UTC).timestamp() * 1000
    assert abs(ends_at_ms - Clock().now_ms() - STANDS_MS) < 60_000


async def test_what_stood_at_a_restart_is_taken_up() -> None:
    endpoint = Pushed(again_seconds=0.02)
    channel = endpoint.channel
    assert isinstance(channel, AlertmanagerChannel)
    channel.resume([made(raised(), channel.route), made(raised(wait=9), channel.route)])
    channel.resume([made(resolved(wait=9), channel.route)])
    await endpoint.start()
    await channel.open()
    await until(lambda: endpoint.bodies)
    await channel.close()
    await endpoint.stop()
    assert [alert["labels"]["wait"] for alert in endpoint.pushed()[0]] == ["k3f9-7"]  # type: ignore[index]
