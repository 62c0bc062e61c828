"""From a buyer's message on a real broker to the alert at its receivers, through the program as it runs."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

from standardwebhooks import Webhook

from monitor.app import App
from monitor.settings import Settings
from tests.alerts.channels.endpoint import SECRET, Endpoint
from tests.alerts.channels.team import Team
from tests.program import free_port
from tests.waiting import until
from tests.web.described import checker

TOPIC = "presales/v1/events/taobao/senye"


def said(name: str, role: str, seconds_ago: float, text: str) -> bytes:
    ts_ms = round((time.time() - seconds_ago) * 1000)
    return json.dumps(
        {
            "id": name,
            "ts": ts_ms,
            "conversation": "c-9",
            "buyer": "张小姐",
            "role": role,
            "agent": "小林" if role == "agent" else None,
            "text": text,
        },
        ensure_ascii=False,
    ).encode()


async def test_a_wait_is_told_to_machines_from_raise_to_resolve(tmp_path: Path) -> None:
    team, endpoint = Team(tmp_path / "broker"), Endpoint()
    await team.start()
    await endpoint.start()
    settings = Settings.model_validate(
        {
            "data": tmp_path / "data",
            "listen": {"port": free_port()},
            "mqtt": {"host": "127.0.0.1", "port": team.broker.port, "username": "monitor", "password": team.secrets[0]},
            "webhook": {"url": f"http://127.0.0.1:{endpoint.port}/alerts", "secret": SECRET},
        }
    )
    app = App(settings)
    try:
        await app.start()
        await until(lambda: app.metrics.outbox_pending == {("webhook",): 0, ("mqtt",): 0})
        await until(lambda: app.metrics.mqtt is not None and app.metrics.mqtt.status.connected, "subscribed")
        # Asked 59 s ago: the first limit is a second away.
        await _publish(team, said("m-1", "buyer", 59, "包邮吗"))
        await until(lambda: len(endpoint.bodies) == 1 and len(_alerts(team)) == 1)
        await _publish(team, said("m-2", "agent", 0, "亲，全店满99元包邮的哦"))
        await until(lambda: len(endpoint.bodies) == 2 and len(_alerts(team)) == 2)
    finally:
        await app.stop()
        await endpoint.stop()
        await team.stop()
    for body, headers in zip(endpoint.bodies, endpoint.headers, strict=True):
        Webhook(SECRET).verify(body, headers)
    assert endpoint.bodies == _alerts(team)
    raised, resolved = (json.loads(body) for body in endpoint.bodies)
    for told in (raised, resolved):
        checker("AlertTold").validate(told)
    assert (raised["type"], resolved["type"]) == ("alert.raised", "alert.resolved")
    assert raised["data"]["id"] == resolved["data"]["id"]
    assert _of(raised) == {"stage": "slow", "shop": "senye", "platform": "taobao", "buyer": "张*", "reason": None}
    assert _of(resolved) == {
        "stage": "slow",
        "shop": "senye",
        "platform": "taobao",
        "buyer": "张*",
        "reason": "answered",
    }
    assert endpoint.headers[0]["webhook-id"] == f"{raised['data']['id']}.slow.raised"
    assert "张小姐" not in b"".join(endpoint.bodies).decode()


async def _publish(team: Team, payload: bytes) -> None:
    await asyncio.to_thread(team.broker.publish, TOPIC, [payload])


def _alerts(team: Team) -> list[bytes]:
    told = zip(team.topics, team.bodies, strict=False)
    return [body for topic, body in told if topic == "presales/v1/alerts/default"]


def _of(body: dict[str, Any]) -> dict[str, Any]:
    return {name: body["data"][name] for name in ("stage", "shop", "platform", "buyer", "reason")}
