"""What is judged of a chat is the same whenever the process is killed in it: nothing is lost, nothing told twice."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from monitor.errors import StoreUnavailable
from monitor.metrics import Metrics
from monitor.policy_files import words
from monitor.policy_files.where import default_folder
from monitor.store.journal import Journal
from monitor.suggest.inspector import Inspector
from monitor.suggest.quality import Judge
from tests.service import MovedClock, Service, doomed
from tests.waiting import until

DAYS = ("2020-01-01", "2099-12-31")


def said(clock: MovedClock, number: int, text: str, role: str = "agent", chat: str = "c") -> dict[str, Any]:
    return {
        "id": f"m{number}", "ts": clock.at_ms, "platform": "taobao", "shop": "senye", "conversation": chat,
        "buyer": f"b-{chat}", "role": role, "text": text,
    } | ({"agent": "lin"} if role == "agent" else {})  # fmt: skip


@asynccontextmanager
async def judged(folder: Path, clock: MovedClock, *, flushed: bool) -> AsyncIterator[Service]:
    """A service whose replies are judged; it ends as a killed process does, its hits written down before or not."""
    async with doomed(folder, clock) as floor:
        wording, service, faults = words.load_quality(default_folder(), {})
        assert faults == []
        inspector = Inspector(
            Judge(wording, service),
            floor.journal.quality,
            floor.journal,
            Metrics(version="0"),
            team_of=lambda _: "a",
        )
        floor.engine.watch(inspector.watch)
        task = asyncio.get_running_loop().create_task(inspector.run())
        try:
            yield floor
        finally:
            if flushed:
                inspector.stop()
            else:
                task.cancel()
            await asyncio.gather(task, return_exceptions=True)


Step = Callable[[Service], Awaitable[object]]


def says(number: int, text: str, role: str = "agent", chat: str = "c") -> Step:
    return lambda floor: floor.send(said(floor.clock, number, text, role, chat))


def later(seconds: int) -> Step:
    async def pass_by(floor: Service) -> None:
        for _ in range(seconds // 50):  # Somebody asks elsewhere, so that the feed is not silent.
            await floor.move(50)
            await floor.send(said(floor.clock, floor.clock.at_ms, "在吗", "buyer", "z"))

    return pass_by


STEPS: list[Step] = [
    says(1, "有货吗", "buyer"),
    later(200),
    says(2, "有的亲"),  # After 200 s, and no apology within ten minutes.
    later(100),
    says(3, "能加急吗？", "buyer"),
    says(4, "亲稍等，我问下仓库"),  # Never kept.
    later(300),
    says(5, "包邮吗", "buyer", "d"),
    later(200),
    says(6, "包邮的", chat="d"),  # An apology comes two replies later.
    says(7, "满99就包哦", chat="d"),
    later(50),
    says(8, "实在抱歉哈亲，回复晚了", chat="d"),
    later(700),
    says(9, "在吗", "buyer", "e"),
    later(700),
    says(10, "你自己看", chat="e"),
    says(11, "还有吗", "buyer", "e"),
]


async def outcome(folder: Path, kills: dict[int, bool]) -> tuple[list[tuple[str, str]], dict[str, int]]:
    """Return hits and counts of all steps; after a step of ``kills`` the process ends, written down before or not."""
    clock, at = MovedClock(), 0
    for end in [*sorted(kills), len(STEPS)]:
        async with judged(folder, clock, flushed=kills.get(end, True)) as floor:
            for step in STEPS[at:end]:
                await step(floor)
            at = end
    return await written_down(folder, clock)


async def written_down(folder: Path, clock: MovedClock) -> tuple[list[tuple[str, str]], dict[str, int]]:
    async with doomed(folder, clock) as floor:
        hits = await floor.journal.quality.hits(*DAYS)
        counts = Counter[str]()
        for row in await floor.journal.quality.counts(*DAYS, None):
            counts[row[4]] += row[5]
        owed = await floor.journal.quality.owed()
    assert [one.decision for one in owed if one.decision.__class__.__name__ == "PassPromise"] == []
    return sorted((hit.message, hit.rule) for _, hit in hits), dict(counts)


EXPECTED = (
    [("m10", "forbidden"), ("m2", "no_apology"), ("m4", "promise_missed")],
    {"replies": 6, "long_waits": 3, "polite": 3, "hit:forbidden": 1, "hit:no_apology": 1, "hit:promise_missed": 1},
)


async def test_without_any_kill(tmp_path: Path) -> None:
    assert await outcome(tmp_path, {}) == EXPECTED


@pytest.mark.parametrize("after", range(2, len(STEPS), 2))
async def test_a_kill_after_any_step_changes_nothing(tmp_path: Path, after: int) -> None:
    assert await outcome(tmp_path, {after: False}) == EXPECTED


@pytest.mark.parametrize("flushed", [False, True])
async def test_a_kill_after_every_step_changes_nothing(tmp_path: Path, flushed: bool) -> None:
    assert await outcome(tmp_path, dict.fromkeys(range(1, len(STEPS)), flushed)) == EXPECTED


async def test_a_disk_that_cannot_be_read_for_a_moment_after_a_start_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, asked, real = MovedClock(), 0, Journal.beyond
    monkeypatch.setattr("monitor.suggest.inspector.FLUSH_SECONDS", 3600)  # On a slow machine too all is read again.
    async with judged(tmp_path, clock, flushed=False) as floor:
        for step in STEPS[:-1]:
            await step(floor)

    async def now_and_then(journal: Journal, position: int, limit: int) -> Any:
        nonlocal asked
        asked += 1
        if asked in (1, 3, 4, 9):
            raise StoreUnavailable
        return await real(journal, position, limit)

    monkeypatch.setattr(Journal, "beyond", now_and_then)
    monkeypatch.setattr("monitor.suggest.inspector.READ_AT_ONCE", 1)
    monkeypatch.setattr("monitor.suggest.inspector.RETRY_SECONDS", 0.001)
    monkeypatch.setattr("monitor.suggest.inspector.FLUSH_SECONDS", 0.01)
    async with judged(tmp_path, clock, flushed=True) as floor:
        await STEPS[-1](floor)
        last = floor.journal.last_position

        async def through() -> bool:
            return (await floor.journal.quality.position() or 0) >= last

        await until(through, "all is judged")
    assert asked > 9
    assert await written_down(tmp_path, clock) == EXPECTED
