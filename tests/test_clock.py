"""The wall clock never goes back, and whoever runs the service is told when it was made to."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from monitor.clock import Clock
from monitor.housekeeping import Housekeeping
from monitor.metrics import Metrics
from monitor.settings import Settings
from monitor.store.journal import Journal
from tests.waiting import until

Set = Callable[[float], None]


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Set:
    """Return what sets the machine's clock, in seconds; it stands at 10,000."""
    seconds = [10_000.0]
    monkeypatch.setattr("monitor.clock.time", SimpleNamespace(time_ns=lambda: int(seconds[0] * 1e9)))

    def put(to: float) -> None:
        seconds[0] = to

    return put


def test_a_step_back_is_counted_once_however_often_the_time_is_asked_for(machine: Set) -> None:
    clock = Clock()
    assert clock.now_ms() == 10_000_000
    machine(6_400)
    assert [clock.now_ms() for _ in range(3)] == [10_000_000] * 3
    assert (clock.steps, clock.ahead_ms) == (1, 3_600_000)
    machine(6_500)
    assert (clock.now_ms(), clock.ahead_ms) == (10_000_000, 3_500_000)
    machine(6_000)  # While time still stands.
    assert (clock.now_ms(), clock.steps) == (10_000_000, 2)
    machine(10_001)
    assert (clock.now_ms(), clock.ahead_ms, clock.steps) == (10_001_000, 0, 2)


def test_how_a_clock_is_kept_right_all_day_is_no_step(machine: Set) -> None:
    clock = Clock()
    clock.now_ms()
    machine(9_999)
    assert (clock.now_ms(), clock.steps) == (10_000_000, 0)


async def test_a_clock_that_was_set_back_is_told_with_what_to_do(
    machine: Set, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock, metrics = Clock(), Metrics(version="test")
    clock.now_ms()
    machine(2_800)
    clock.now_ms()
    journal = await Journal.open(tmp_path)
    task = asyncio.create_task(Housekeeping(journal, Settings(), metrics, clock, clock.now_ms).run())
    try:
        await until(lambda: metrics.journal_bytes > 0, "a round made")
    finally:
        task.cancel()
        await asyncio.wait([task])
        await journal.close()
    assert metrics.clock_steps == 1
    told = [line for line in caplog.messages if "set back" in line]
    assert len(told) == 1
    assert "time stands here for another 7200 s" in told[0]
    assert "restart the service" in told[0]
