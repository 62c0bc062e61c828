"""Carrying a feed: batches, paces, files."""

import asyncio
import gzip
from pathlib import Path

import pytest

from monitor.core.events import Event
from monitor.errors import UsageError
from monitor.simulator.doors import Tally
from monitor.simulator.senders import at_rate, at_speed, flat_out, on_time, pump, write_file
from tests.simulator.made import encoded, plan, run

Feed = list[tuple[int, Event]]


@pytest.fixture(scope="module")
def feed() -> Feed:
    return [(event.ts_ms, event) for event in run(plan(events=1500))[0]]


def lines_of(feed: Feed) -> list[bytes]:
    return encoded(event for _, event in feed)


class Recorder:
    """A door that notes when what came."""

    def __init__(self, clock: "Moved") -> None:
        self.tally = Tally()
        self.clock = clock
        self.batches: list[tuple[float, int]] = []
        self.finished = False

    async def send(self, events: list[Event]) -> None:
        self.batches.append((self.clock.now, len(events)))

    async def finish(self) -> None:
        self.finished = True


class Moved:
    """A clock that sleeping moves."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr(asyncio, "sleep", self._sleep)

    async def _sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Moved:
    return Moved(monkeypatch)


async def test_flat_out_sends_full_batches_without_waiting(feed: Feed, clock: Moved) -> None:
    door = Recorder(clock)
    await pump(feed, door, batch=400, pace=flat_out)
    assert door.batches == [(1000.0, 400), (1000.0, 400), (1000.0, 400), (1000.0, 300)]
    assert door.finished


async def test_a_rate_is_kept(feed: Feed, clock: Moved) -> None:
    door = Recorder(clock)
    await pump(feed, door, batch=400, pace=at_rate(500, lambda: clock.now))
    assert clock.now - 1000 == pytest.approx(1499 / 500, abs=0.03)
    sent = 0
    for at, size in door.batches:
        sent += size
        assert sent <= (at - 1000 + 0.03) * 500 + 1


async def test_a_speed_is_kept(feed: Feed, clock: Moved) -> None:
    door = Recorder(clock)
    await pump(feed, door, batch=400, pace=at_speed(10, lambda: clock.now))
    assert clock.now - 1000 == pytest.approx((feed[-1][0] - feed[0][0]) / 10_000, abs=0.05)


async def test_live_sends_the_past_at_once_and_the_rest_on_time(feed: Feed, clock: Moved) -> None:
    door = Recorder(clock)
    begin = feed[700][0]
    await pump(feed, door, batch=10_000, pace=on_time(lambda: begin + int((clock.now - 1000) * 1000)))
    assert door.batches[0][0] == 1000.0
    assert door.batches[0][1] >= 700
    assert clock.now - 1000 == pytest.approx((feed[-1][0] - begin) / 1000, abs=0.05)


def test_a_file_has_one_event_a_line(feed: Feed, tmp_path: Path) -> None:
    assert write_file(feed, str(tmp_path / "log.jsonl")) == 1500
    assert (tmp_path / "log.jsonl").read_bytes().splitlines() == lines_of(feed)
    write_file(feed, str(tmp_path / "log.jsonl.gz"))
    assert gzip.decompress((tmp_path / "log.jsonl.gz").read_bytes()).splitlines() == lines_of(feed)
    write_file(feed, str(tmp_path / "other.jsonl.gz"))
    assert (tmp_path / "other.jsonl.gz").read_bytes() == (tmp_path / "log.jsonl.gz").read_bytes()


def test_a_file_that_cannot_be_written_is_said(feed: Feed, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot write"):
        write_file(feed, str(tmp_path / "nowhere" / "log.jsonl"))
