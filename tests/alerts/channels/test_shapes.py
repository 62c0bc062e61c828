import json
from typing import Any

import pytest
from standardwebhooks import Webhook

from monitor.alerts.channels.shapes import alertmanager, cloudevents
from monitor.alerts.channels.webhook import WebhookChannel
from monitor.alerts.router import MACHINE_EXPIRES_MS, Route, route
from monitor.clock import Clock
from monitor.core.decisions import AlertOrder
from tests import needs
from tests.alerts.channels.contract import delivery
from tests.alerts.channels.endpoint import SECRET, Endpoint
from tests.alerts.orders import raised, resolved, risen, withdrawn

HOOK = Route(channel="hook", for_people=False, expires_ms=MACHINE_EXPIRES_MS)


def v4(order: AlertOrder) -> dict[str, Any]:
    body, headers = alertmanager(route(order, epoch="k3f9", channels=[HOOK])[0])
    assert headers == {}
    made: dict[str, Any] = json.loads(body)
    return made


def test_it_has_every_field_of_a_captured_alertmanager_webhook() -> None:
    captured = json.loads((needs.chat_samples() / "alert_channel_samples.json").read_text("utf-8"))
    payload = captured["alertmanager_webhook"]["payload"]
    for order in (raised(), resolved()):
        ours = v4(order)
        assert ours.keys() == payload.keys()
        assert ours["alerts"][0].keys() == payload["alerts"][0].keys()
        assert {name: type(value) for name, value in ours.items()} == {n: type(v) for n, v in payload.items()}
        assert ours["version"] == payload["version"]


def test_an_alert_keeps_its_fingerprint_and_labels_from_raise_to_end() -> None:
    bodies = [v4(order) for order in (raised(), risen(agent="小周"), resolved(stage="at_risk"), withdrawn())]
    assert len({body["alerts"][0]["fingerprint"] for body in bodies}) == 1
    assert len({body["groupKey"] for body in bodies}) == 1
    assert [body["status"] for body in bodies] == ["firing", "firing", "resolved", "resolved"]
    assert bodies[0]["alerts"][0]["endsAt"] == "0001-01-01T00:00:00Z"
    assert bodies[2]["alerts"][0]["endsAt"] == "2026-11-23T02:15:00.001Z"


def test_a_cloud_event_has_what_the_standard_requires() -> None:
    body, headers = cloudevents(route(raised(), epoch="k3f9", channels=[HOOK])[0])
    assert headers == {
        "ce-specversion": "1.0",
        "ce-id": "k3f9-7.slow.raised",
        "ce-source": "/presales-monitor/k3f9",
        "ce-type": "presales.alert.raised",
        "ce-time": "2026-11-23T02:14:20.005Z",
        "ce-subject": "k3f9-7",
    }
    assert json.loads(body)["stage"] == "slow"


@pytest.mark.parametrize("shape", [cloudevents, alertmanager])
async def test_what_is_signed_is_what_is_sent(shape: Any) -> None:
    endpoint = Endpoint()
    endpoint.channel = WebhookChannel(f"http://127.0.0.1:{endpoint.port}/", [SECRET], Clock(), shape=shape)
    await endpoint.start()
    await endpoint.channel.open()
    await endpoint.channel.send(delivery(endpoint.channel))
    await endpoint.channel.close()
    await endpoint.stop()
    assert Webhook(SECRET).verify(endpoint.bodies[0], endpoint.headers[0])
