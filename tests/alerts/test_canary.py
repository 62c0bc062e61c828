"""The canary flies through the real program; a stopped chain is noticed inside and outside."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from monitor.alerts.canary import Canary, Nest, ping
from monitor.app import App
from monitor.clock import Clock
from monitor.core.decisions import CloseRound, Round, TellPeople
from monitor.core.views import CANARY
from monitor.metrics import Metrics
from monitor.settings import Settings
from monitor.store.entries import Delivery
from monitor.wire import decode
from monitor.wire.batch import Batch
from tests.alerts.channels.endpoint import Endpoint, answering
from tests.at_ten import AT_TEN
from tests.plain import PLAIN
from tests.program import free_port
from tests.waiting import DEADLINE_SECONDS, until


@pytest.fixture
async def outside() -> AsyncIterator[Endpoint]:
    endpoint = Endpoint()
    await endpoint.start()
    yield endpoint
    await endpoint.stop()


async def test_it_flies_through_the_whole_chain_and_is_in_no_count(tmp_path: Path, outside: Endpoint) -> None:
    settings = Settings.model_validate(
        {
            "data": tmp_path,
            "listen": {"port": free_port()},
            "alerts": {
                "canary": True,
                "canary_late_seconds": DEADLINE_SECONDS,
                "ping_url": f"http://127.0.0.1:{outside.port}/ping-key",
            },
        }
    )
    app = App(settings, clock=AT_TEN)
    try:
        await app.start()
        await until(lambda: app.metrics.canary.get(("in_time",)) == 1)
        await until(lambda: outside.paths == ["/ping-key"])
        assert sum(app.metrics.canary_seconds[()].counts) == app.metrics.canary[("in_time",)]
        assert app.metrics.rounds == {}
        async with httpx.AsyncClient(trust_env=False, timeout=DEADLINE_SECONDS, verify=PLAIN) as client:
            await app.scores.scorer.settle()
            await app.scores.scorer.catch_up()  # As after a start.

            async def told(path: str) -> Any:
                return (await client.get(f"{app.server.url}{path}")).json()

            assert (await told("/v1/waits"))["total"] == 0
            assert (await told("/v1/kpis?by=shop"))["rows"] == []
            assert (await told("/v1/kpis?by=shop"))["feeds"] == {}
            since = AT_TEN.now_ms() - 600_000
            assert (await told(f"/v1/kpis?from={since}"))["rows"] == []
            assert (await told("/v1/shops"))["shops"] == []
            assert (await told("/v1/agents"))["agents"] == []
            await app.texts.inspector._flush()
            assert (await told("/v1/quality?from=2020-01-01&to=2099-01-01"))["groups"] == {}
            shown = (await client.get(f"{app.server.url}/metrics")).text
            assert not re.search(r'(?:platform|shop|team)="canary"', shown)
            assert "presales_messages_total{" not in shown
    finally:
        await app.stop()


class Chain:
    """A chain that can be cut: the canary's own ends of it."""

    def __init__(self) -> None:
        self.cut = True
        self.told: list[TellPeople] = []
        self.asked: list[str] = []
        self.nest = Nest()
        self.metrics = Metrics(version="test")
        self.canary = Canary(
            Clock(),
            self.metrics,
            decode=decode,
            submit=self.submit,
            put=self.put,
            tell=self.tell,
            nest=self.nest,
            late_seconds=0.05,  # What is not cut is through at once: nothing in it waits.
        )

    async def submit(self, batch: Batch) -> None:
        assert [event.platform for event in batch.events] == ["canary"] * 2
        self.asked.append(batch.events[0].id)
        if not self.cut:
            self.decide(self.asked[-1])

    def decide(self, message: str) -> None:
        round = Round(
            wait=7, platform=CANARY, shop=CANARY, conversation=CANARY, buyer=CANARY, team="default", opened_by=message,
            opened_at_ms=0, needs_answer_since_ms=0, ended_by="a", ended_at_ms=1, agent=None, account=CANARY,
            counted_ms=1, outcome="answered", buyer_messages=1, held=False, first=True, closed_unanswered=False,
            stage="fresh", passed=(), holders=(),
        )  # fmt: skip
        self.canary.watch([CloseRound(round)])

    async def put(self, delivery: Delivery) -> None:
        await self.nest.send(delivery)

    async def tell(self, told: TellPeople) -> None:
        self.told.append(told)


async def test_one_that_is_late_is_counted_and_told_once_until_all_is_well_again() -> None:
    chain = Chain()
    assert chain.canary.good
    await chain.canary.fly()
    await chain.canary.fly()
    assert chain.metrics.canary == {("late",): 2}
    assert [(one.kind, one.to) for one in chain.told] == [("canary", "digest")]
    chain.cut = False
    await chain.canary.fly()
    assert [chain.canary.good] == [True]
    assert chain.metrics.canary[("in_time",)] == 1


async def test_what_was_decided_of_an_earlier_one_is_not_taken_for_this_one() -> None:
    chain = Chain()
    await chain.canary.fly()
    chain.decide(chain.asked[0])  # Late, when the next one is under way.
    await chain.canary.fly()
    assert chain.metrics.canary == {("late",): 2}


async def test_outside_is_asked_only_while_all_is_well_and_its_key_is_in_no_log(
    outside: Endpoint, caplog: pytest.LogCaptureFixture
) -> None:
    well, asked = [True], 0

    def is_well() -> bool:
        nonlocal asked
        asked += 1
        return well[0]

    task = asyncio.create_task(ping(f"http://127.0.0.1:{outside.port}/ping-key", is_well, 0.01))
    await until(lambda: len(outside.paths) >= 3)
    well[0] = False
    before = asked
    await until(lambda: asked > before)
    seen, before = len(outside.paths), asked
    await until(lambda: asked > before + 3)
    assert len(outside.paths) == seen
    outside.answer = answering(400)
    well[0] = True
    await until(lambda: "alerts.ping_url: status 400" in caplog.text)
    outside.answer = answering(399)
    await until(lambda: "alerts.ping_url: is reached again" in caplog.text)
    await outside.stop()
    await until(lambda: caplog.text.count("alerts.ping_url: ") >= 3)
    assert "ping-key" not in caplog.text
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
