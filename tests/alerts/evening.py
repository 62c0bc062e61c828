"""The service on moved time, with robots of groups and of the manager at its end: what a lead's phone shows, and when.

What is said comes by HTTP, what people do by the links in the messages. Time goes from one
instant at which something is due or happens to the next; at each, all that may be sent is sent.
"""

import asyncio
import contextlib
import re
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiohttp import web

from monitor.alerts.timer import Timer
from monitor.app import App
from monitor.clock import Clock
from monitor.policy_files.where import Choice
from monitor.settings import Settings
from tests.alerts.channels.ding import Ding
from tests.alerts.channels.robots import Json
from tests.alerts.time import at_rest
from tests.plain import PLAIN
from tests.program import free_port
from tests.waiting import DEADLINE_SECONDS

SHANGHAI = timezone(timedelta(hours=8))
CHANNELS = """
version: 1
channels:
  group: {type: dingtalk, url_env: TEST_GROUP, secret_env: TEST_SECRET, allow_private: true}
  manager: {type: dingtalk, url_env: TEST_MANAGER, secret_env: TEST_SECRET, allow_private: true}
routes: [{team: group, digest: manager}]
"""


class Counted:
    """The courier's timer, which says how often it was waited for."""

    def __init__(self, timer: Timer) -> None:
        self._timer = timer
        self.now_ms = timer.now_ms
        self.waits = 0

    async def wait(self, event: asyncio.Event, seconds: float) -> None:
        self.waits += 1
        await self._timer.wait(event, seconds)


class Hands(Clock):
    """A clock that stands where it is put."""

    def __init__(self, at_ms: int) -> None:
        super().__init__()
        self.at_ms = at_ms

    def now_ms(self) -> int:
        return self.at_ms


class Phone(Ding):
    """A robot, and when each message was there."""

    def __init__(self, hands: Hands) -> None:
        super().__init__(now=lambda: hands.at_ms / 1000)
        self._hands = hands
        self.read: list[tuple[int, str]] = []

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        before = len(self.messages)
        answer = await super()._handle(request)
        if len(self.messages) > before:
            self.read.append((self._hands.at_ms, self.bodies[-1].decode()))
        return answer

    def shown(self) -> list[str]:
        """Each message as "20:33:00 title"; a step is looked at a millisecond after its second."""
        return [f"{clock_of(at_ms)} {title}" for at_ms, title in self.read]

    def text(self, number: int = -1) -> str:
        message = self.messages[number]
        return str(message[message["msgtype"]]["text"])

    def link(self, label: str, number: int = -1) -> str:
        """The address behind a button or a link of a message."""
        message = self.messages[number]
        if "actionCard" in message:
            return next(str(one["actionURL"]) for one in message["actionCard"]["btns"] if label in one["title"])
        found = re.search(rf"\[{label}[^\]]*\]\((\S+)\)", self.text(number))
        assert found is not None, self.text(number)
        return found[1]


class Evening:
    """A floor on one day."""

    def __init__(self, app: App, hands: Hands, phones: dict[str, Phone], client: httpx.AsyncClient) -> None:
        self.hands, self.phones, self.client = hands, phones, client
        self.group, self.manager = next(iter(phones.values())), phones["manager"]
        self._number = 0
        self._take(app)

    def _take(self, app: App) -> None:
        self.app = app
        courier = app.alerting._courier
        assert courier is not None
        self._courier = courier
        self._timer = courier._timer = Counted(courier._timer)

    async def again(self) -> None:
        """End the service and start it anew on the same data."""
        rules = self.app.rules
        assert rules is not None
        await self.app.stop()
        app = App(self.app.settings, clock=self.hands, rules=Choice(rules.rules.folder, "the test"))
        await app.start()
        self._take(app)

    async def until(self, when: str) -> None:
        """Move time, each instant at which something is due on its own."""
        end_ms = self.at(when)
        tracker = self.app.engine.tracker
        while max(tracker.next_ms, self.hands.at_ms) <= end_ms and tracker.next_ms <= end_ms:
            self.hands.at_ms = max(tracker.next_ms, self.hands.at_ms)
            was_ms = tracker.next_ms
            await self.app.engine.turn()
            if tracker.next_ms > was_ms:
                await self.settle()
        self.hands.at_ms = end_ms
        await self.app.engine.turn()
        await self.settle()

    async def settle(self) -> None:
        """Let all that may be sent now be sent."""
        await at_rest(self._courier, self._timer)

    def at(self, when: str) -> int:
        """The instant of a time of day."""
        hours, minutes, seconds = when.split(":")
        day = datetime.fromtimestamp(self.hands.at_ms / 1000, UTC).astimezone(SHANGHAI)
        midnight = day.replace(hour=0, minute=0, second=0, microsecond=0)
        return round((midnight.timestamp() + int(hours) * 3600 + int(minutes) * 60 + float(seconds)) * 1000)

    async def happens(self, when: str, type: str = "message", *, sent: str = "", **more: Any) -> None:
        """Something comes in, at the time it was sent or later."""
        await self.until(when)
        self._number += 1
        event = {"type": type, "id": f"e-{self._number}", "ts": self.at(sent or when), "source": "c12"} | more
        answer = await self.client.post("/v1/events", json=event)
        assert answer.status_code == 202, answer.text
        await self.settle()

    async def says(self, when: str, chat: str, role: str, text: str, **more: Any) -> None:
        """Somebody writes; a chat is named ``b1@senye``."""
        conversation, _, shop = chat.partition("@")
        platform = {"lvya": "pinduoduo"}.get(shop, "taobao")
        about = {"shop": shop, "platform": platform, "conversation": conversation, "buyer": f"买家{conversation}"}
        await self.happens(when, role=role, text=text, **(about | more))

    async def taps(self, when: str, url: str, by: str = "") -> str:
        """Somebody opens a link on a phone and presses the button."""
        await self.until(when)
        answer = await self.client.post(url, data={"by": by})
        assert answer.status_code == 200, answer.text
        return re.sub(r"<[^>]+>", "", answer.text.partition("</style>")[2]).strip()

    async def alerts(self) -> dict[str, Json]:
        """Every alert of a wait as it stands in the log."""
        found = (await self.client.get("/v1/alerts", params={"state": "all", "kind": "wait", "limit": 500})).json()[
            "alerts"
        ]
        return {f"{one['conversation']}@{one['shop']}": one for one in found}

    async def account(self) -> Counter[str]:
        """How all that was due to people has ended."""
        found: Counter[str] = Counter()
        for name in self.phones:
            found.update(await self.app.journal.outbox.account(name))
        return found


def clock_of(at_ms: int) -> str:
    """Return the time of day in Shanghai."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(SHANGHAI).strftime("%H:%M:%S")


@contextlib.asynccontextmanager
async def evening(
    folder: Path, begins: str, *, phones: Sequence[str] = ("group", "manager"), **files: str
) -> AsyncIterator[Evening]:
    """Run the service from an instant ("2026-11-23 20:20:00") on with the shipped ladder and these files of rules."""
    begin = datetime.fromisoformat(begins).replace(tzinfo=SHANGHAI)
    hands = Hands(round(begin.timestamp() * 1000))
    robots = {name: Phone(hands) for name in phones}
    rules = folder / "rules"
    rules.mkdir()
    for name, text in ({"channels": CHANNELS} | files).items():
        (rules / f"{name}.yaml").write_text(text, "utf-8")
    port = free_port()
    settings = Settings.model_validate(
        {"data": folder / "data", "listen": {"port": port}, "alerts": {"base_url": f"http://127.0.0.1:{port}"}}
    )
    async with contextlib.AsyncExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        for name, phone in robots.items():
            await phone.start()
            stack.push_async_callback(phone.stop)
            patch.setenv(f"TEST_{name.upper()}", phone.url)
        patch.setenv("TEST_SECRET", "SECd1ngd1ng")
        patch.setattr("monitor.alerts.alerting.STORM_SECONDS", 3_600)  # The test looks, on its own time.
        app = App(settings, clock=hands, rules=Choice(rules, "the test"))
        await app.start()
        # Not after the app: what it has open would keep the port from being let go.
        client = httpx.AsyncClient(base_url=app.server.url, trust_env=False, timeout=DEADLINE_SECONDS, verify=PLAIN)
        stack.push_async_callback(client.aclose)
        floor = Evening(app, hands, robots, client)
        try:
            yield floor
        finally:
            await floor.app.stop()
