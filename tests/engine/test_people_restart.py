"""The people of a floor over crashes: what was decided is not decided again, and nothing is forgotten."""

from pathlib import Path
from typing import Any

import pytest

from monitor.core.decisions import AgentAbsent, HandOverOpened, HandOverTaken, ShopAttended, ShopUnattended
from monitor.core.events import HandOverReceived
from monitor.core.roster import Register, Slot
from monitor.wire.batch import Batch
from tests.service import MovedClock, doomed, said
from tests.timeline import START_MS

MINUTE_MS = 60_000
TEN = 10 * 60 * MINUTE_MS  # Of the day, when the tests begin.


def presence(at_s: float, agent: str, state: str, **more: Any) -> dict[str, Any]:
    return {
        "type": "agent_presence",
        "id": f"{agent}-{at_s}-{state}",
        "ts": START_MS + round(at_s * 1000),
        "source": "c1",
        "agent": agent,
        "state": state,
        "shops": ["senye"],
        **more,
    }


def two_shifts() -> Register:
    return Register(
        slots=(
            Slot(person="chen", shop="senye", starts_ms=0, ends_ms=TEN + 6 * MINUTE_MS),
            Slot(person="lin", shop="senye", starts_ms=TEN + 6 * MINUTE_MS, ends_ms=2 * TEN),
        )
    )


DAY: list[tuple[float, list[dict[str, Any]]]] = [
    (0, [presence(0, "chen", "online", limit=1), said(0, chat="a", agent="chen")]),
    (20, [said(20, role="agent", chat="a", agent="chen")]),
    (60, [said(60, chat="b"), said(60.5, role="note", chat="z")]),
    (125, []),  # b has waited for 60 s, and chen is full.
    (135, []),  # Just after a start it is not judged at once.
    (200, [presence(200, "chen", "online", limit=5)]),
    (365, []),  # The shift has ended with b open.
    (700, []),  # lin has not come.
]


async def lived(folder: Path, killed_after: set[int]) -> list[str]:
    """Live through the day, killed after some of its moments; return what was decided, once each."""
    clock = MovedClock()
    told: list[str] = []
    parts: list[list[int]] = [[]]
    for moment in range(len(DAY)):
        parts[-1].append(moment)
        if moment in killed_after:
            parts.append([])
    for part in parts:
        async with doomed(folder, clock, register=two_shifts()) as s:
            for moment in part:
                at_s, events = DAY[moment]
                clock.at_ms = START_MS + round(at_s * 1000)
                if events:
                    await s.send(*events)
                for _ in range(3):  # Each limit is judged in a turn of its own.
                    await s.engine.submit(Batch("test", "c1"))
            told += [
                type(decision).__name__
                for kind in (ShopUnattended, ShopAttended, AgentAbsent, HandOverOpened)
                for decision in s.decided(kind)
            ]
            if part and part[-1] == len(DAY) - 1:
                assert s.people.load("chen")[0] == 0  # Ten minutes without a word.
                [row] = [row for row in s.people.rows(clock.at_ms) if row.person == "chen"]
                assert (row.state, row.limit) == ("online", 5)
    return sorted(told)


async def test_what_was_decided_of_people_is_decided_once_however_often_it_is_killed(tmp_path: Path) -> None:
    once = await lived(tmp_path / "whole", set())
    assert once == ["AgentAbsent", "HandOverOpened", "HandOverOpened", "ShopAttended", "ShopUnattended"]
    for killed in ({0}, {2}, {3}, {4}, {1, 3, 5}, set(range(len(DAY))) - {3}):
        folder = tmp_path / "-".join(map(str, sorted(killed)))
        assert await lived(folder, killed) == once, killed


async def test_a_list_that_was_received_stays_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = MovedClock()
    async with doomed(tmp_path, clock, register=two_shifts()) as s:
        await s.send(presence(0, "chen", "online"), said(0, chat="a", agent="chen"))
        await s.move(361)
        [one] = s.people.hand_overs.all()
        assert [left.conversation for left in one.left] == ["a"]
        # Nothing of the tracker's own state is saved from here on: the journal alone knows.
        monkeypatch.setattr("monitor.engine.saving.SHARD_AGE_MS", 1 << 60)
        event = HandOverReceived(
            type="hand_over_received",
            id="r",
            ts_ms=clock.at_ms,
            source="api",
            shop="senye",
            hand_over=one.id,
            by="lin",
        )
        await s.engine.submit(Batch(door="api", source="api", events=[event], indices=[0], size=1))
        assert [taken.by for taken in s.decided(HandOverTaken)] == ["lin"]
    async with doomed(tmp_path, clock, register=two_shifts()) as s:
        [one] = s.people.hand_overs.all()
        assert one.received_by == "lin"
        await s.move(3600)
        assert s.decided(HandOverTaken) == []


@pytest.mark.parametrize(("away_s", "counted_s"), [(3600, 200), (50, 250)])
async def test_nobody_is_idle_in_a_time_that_nobody_saw(tmp_path: Path, away_s: float, counted_s: float) -> None:
    clock = MovedClock()
    async with doomed(tmp_path, clock) as s:
        await s.send(presence(0, "chen", "online"), said(0, chat="a", agent="chen"))
        await s.move(100)
        await s.send(said(100, role="agent", chat="a", agent="chen"))
    clock.at_ms += round(away_s * 1000)
    async with doomed(tmp_path, clock) as s:
        await s.move(100)
        [row] = [row for row in s.people.rows(clock.at_ms) if row.person == "chen"]
        assert (row.today.online_ms, row.today.busy_ms) == (counted_s * 1000, 100_000)
