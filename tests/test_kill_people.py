"""The service killed between the decision to tell people and its delivery: all are told after, none by another name."""

import json
import random
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
from aiohttp import web

from tests.alerts.channels.ding import Ding
from tests.killable import Killable, is_ready, killable, seeded
from tests.kills import now_ms
from tests.plain import PLAIN
from tests.waiting import DEADLINE_SECONDS

WAITS = 25
CHANNELS = """
version: 1
channels: {group: {type: dingtalk, url_env: GROUP_URL, secret_env: GROUP_SECRET, allow_private: true}}
routes: [{team: group}]
"""
RULES = """
version: 1
default: {hours: all, steps: [{at: 120s, to: team}]}
"""


def deliveries(service: Killable) -> dict[str, str]:
    """Return what became of each message to the group, by its id."""
    path = service.data / "journal.db"
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=10)) as db:
        found = db.execute("SELECT delivery_id, state FROM outbox WHERE channel = 'group' AND transition != 'digest'")
        return dict(found.fetchall())


def asked(number: int) -> dict[str, Any]:
    """A buyer who has waited for two minutes all but a second, each with an agent of their own."""
    return {
        "id": f"m-{number}",
        "ts": now_ms() - 119_000,
        "shop": "senye",
        "conversation": f"c-{number}",
        "role": "buyer",
        "agent": f"a-{number}",
        "text": "包邮吗",
    }


async def test_killed_between_decision_and_delivery_all_are_told_once_started_again(
    tmp_path: Path, monkeypatch: Any
) -> None:
    dice: random.Random = seeded()
    ding = Ding()
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "channels.yaml").write_text(CHANNELS)
    (rules / "default.yaml").write_text(RULES)
    monkeypatch.setenv("GROUP_URL", ding.url)
    monkeypatch.setenv("GROUP_SECRET", "SECd1ngd1ng")

    async def away(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=500)

    ding.instead = away
    await ding.start()
    try:
        with killable(tmp_path / "service", RULES=str(rules)) as service:
            await service.until(lambda: is_ready(service), "ready", every_seconds=0.05)
            body = json.dumps([asked(number) for number in range(WAITS)])
            async with httpx.AsyncClient(trust_env=False, timeout=DEADLINE_SECONDS, verify=PLAIN) as client:
                (await client.post(f"{service.url()}/v1/events", content=body)).raise_for_status()
            await service.until(lambda: len(deliveries(service)) >= dice.randrange(1, WAITS), "decided")
            service.kill()
            before = deliveries(service)
            assert "sent" not in before.values()
            ding.instead = None
            service.start()
            await service.until(
                lambda: len(found := deliveries(service)) == WAITS and "pending" not in found.values(),
                "all told",
                every_seconds=0.05,
            )
            after = deliveries(service)
            service.kill()
    finally:
        await ding.stop()
    assert before.keys() <= after.keys()
    assert set(after.values()) <= {"sent", "digested"}
    assert len(ding.messages) <= 6
