"""From a buyer's message to the group's robot and back by the link, through the program as it runs."""

import contextlib
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from monitor.app import App
from monitor.policy_files.where import Choice
from monitor.settings import Settings
from tests.alerts.channels.ding import Ding
from tests.alerts.channels.robots import CLOCK
from tests.alerts.evening import Counted
from tests.alerts.time import at_rest
from tests.plain import PLAIN
from tests.program import free_port
from tests.service import MovedClock
from tests.waiting import DEADLINE_SECONDS

CHANNELS = """
version: 1
channels:
  group:
    type: dingtalk
    url_env: TEST_DING_URL
    secret_env: TEST_DING_SECRET
    allow_private: true
    limits: {per_minute: 18}  # The tests send more than a lead should read.
  log: {type: log}
routes: [{team: group, digest: log}]
"""
HOURS = """
version: 1
hours: {always: {daily: "00:00-24:00"}}
default:
  hours: always
  steps:
    - {at: 120s, to: team, gather: 60s}
    - {at: 150s, to: lead, if_unclaimed: true}
"""


class Floor:
    """The program with a robot at its end."""

    def __init__(self, app: App, ding: Ding, clock: MovedClock) -> None:
        self.app = app
        self.ding = ding
        self._clock = clock
        self._began_ms = clock.at_ms

    async def told_on(self, robot: Ding, messages: int = 1) -> None:
        """Let time pass, which stood while things were said, until a robot has so many messages.

        While anything is decided or on its way it stands.
        """
        courier = self.app.alerting._courier
        assert courier is not None
        timer = courier._timer = Counted(courier._timer)
        while len(robot.messages) < messages:
            self._clock.at_ms += 100
            assert self._clock.at_ms < self._began_ms + 60_000, "never told"
            await self.app.engine.turn()
            await at_rest(courier, timer)

    async def said(self, name: str, seconds_ago: float, text: str, *, role: str = "buyer", chat: str = "c-9") -> None:
        event = {
            "id": name,
            "ts": self._clock.at_ms - round(seconds_ago * 1000),
            "platform": "taobao",
            "shop": "senye",
            "conversation": chat,
            "buyer": "张小姐",
            "role": role,
            "account": "senye:lin",
            "text": text,
        }
        async with httpx.AsyncClient(trust_env=False, timeout=DEADLINE_SECONDS, verify=PLAIN) as client:
            (await client.post(f"{self.app.server.url}/v1/events", json=event)).raise_for_status()

    def links(self) -> dict[str, str]:
        card: Any = self.ding.messages[-1]["actionCard"]
        return {button["title"].partition("（")[0]: button["actionURL"] for button in card["btns"]}

    def told(self) -> list[str]:
        return [body.decode() for body in self.ding.bodies]


@pytest.fixture
async def floor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Floor]:
    ding = Ding()
    await ding.start()
    monkeypatch.setenv("TEST_DING_URL", ding.url)
    monkeypatch.setenv("TEST_DING_SECRET", "SECd1ngd1ng")
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "channels.yaml").write_text(CHANNELS)
    (rules / "default.yaml").write_text(HOURS)
    port = free_port()
    settings = Settings.model_validate(
        {
            "data": tmp_path / "data",
            "listen": {"port": port},
            "alerts": {"base_url": f"http://127.0.0.1:{port}"},
        }
    )
    clock = MovedClock()
    clock.at_ms = CLOCK.now_ms()  # The robot takes no signature of another hour.
    app = App(settings, clock=clock, rules=Choice(rules, "the test"))
    try:
        await app.start()
        yield Floor(app, ding, clock)
    finally:
        await app.stop()
        await ding.stop()


async def test_the_group_is_told_and_the_first_who_taps_has_it(floor: Floor) -> None:
    await floor.said("m-1", 119, "这款茶几送货上门吗 [点我](http://evil.com) @所有人")
    await floor.told_on(floor.ding)
    (title,) = floor.told()
    found = re.fullmatch(r"【还剩(\d+)秒】senye:lin 1位在等｜senye 2:(\d\d)", title)
    assert found is not None, title
    assert 179 <= int(found[1]) + 120 + int(found[2]) <= 180
    text = floor.ding.messages[0]["actionCard"]["text"]
    assert "问：这款茶几送货上门吗 ［点我］(http：//evil．com) ＠所有人" in text
    assert "买家 张＊" in text
    claim = floor.links()["认领"]
    async with httpx.AsyncClient(trust_env=False, timeout=DEADLINE_SECONDS, verify=PLAIN) as client:
        page = await client.get(claim)
        assert page.status_code == 200
        assert "<form" in page.text
        assert "script" not in page.headers["content-security-policy"]
        (wait,) = (await client.get(f"{floor.app.server.url}/v1/waits")).json()["waits"]
        assert wait["alert"]["claimed_by"] is None, "a look at a link is no claim"
        nameless = await client.post(claim, data={"by": "  "})
        assert nameless.status_code == 400
        first = await client.post(claim, data={"by": "小王"})
        assert "小王 已认领 1 位" in first.text
        assert "presales_name=" in first.headers["set-cookie"]
        second = await client.post(claim, data={"by": "<b>老李</b>"})
        assert "小王 已认领" in second.text
        assert "<b>" not in second.text
        gone = await client.get(claim[:-3] + "xyz")
        assert gone.status_code == 410
        row = floor.app.engine.row("senye", "c-9")
        assert row is not None
        assert row.claimed_by == "小王"
        trail = (await client.get(f"{floor.app.server.url}/v1/alerts/{wait['id']}")).json()
        [delivered] = trail["delivered"]
        assert (delivered["channel"], delivered["state"], delivered["attempts"]) == ("group", "sent", 1)
        [tried] = delivered["tries"]
        assert delivered["due_at"] <= delivered["decided_at"] <= tried["sent_at"] <= tried["answered_at"]
        assert (tried["outcome"], tried["reason"]) == ("sent", "")


async def test_what_is_answered_in_the_last_second_is_not_told(floor: Floor) -> None:
    await floor.said("m-1", 119.5, "有货吗")
    await floor.said("m-2", 0, "有的亲", role="agent")
    await floor.said("m-3", 119, "包邮吗", chat="c-10")
    await floor.told_on(floor.ding)
    assert len(floor.told()) == 1
    assert "包邮吗" in floor.ding.messages[0]["actionCard"]["text"]


async def test_other_rules_are_taken_while_it_runs(floor: Floor, tmp_path: Path) -> None:
    other = Ding()
    await other.start()
    with contextlib.ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("TEST_OTHER_URL", other.url)
        path = tmp_path / "rules" / "channels.yaml"
        path.write_text(CHANNELS.replace("TEST_DING_URL", "TEST_OTHER_URL"))
        assert floor.app.rules is not None
        await floor.app.rules.reload()
        await floor.said("m-1", 119, "包邮吗")
        await floor.told_on(other)
        assert floor.ding.messages == []
        path.write_text(CHANNELS.replace("TEST_DING_URL", "TEST_NOT_SET"))
        assert not await floor.app.rules.reload()  # Nothing of it is taken, and the page says why.
        assert floor.app.rules.faults[0].message.endswith("channel group: url_env: TEST_NOT_SET is not set")
        await floor.said("m-2", 119, "有货吗", chat="c-11")
        await floor.told_on(other, 2)
    await other.stop()
