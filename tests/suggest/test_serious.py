"""Serious hits: told to the lead, merged per agent, at most one message in ten minutes."""

from pathlib import Path

import pytest

from monitor.core import decisions as d
from monitor.errors import StoreUnavailable
from monitor.store.quality import StoredHit
from monitor.suggest.serious import EVERY_MS, WORTH_MS, SeriousHits
from monitor.wire.batch import Batch
from tests.service import MovedClock, Service, doomed

NOW_MS = 1_795_399_200_000


def hit(at_ms: int, message: str, agent: str = "lin", rule: str = "contact", shop: str = "senye") -> StoredHit:
    return StoredHit(at_ms, "2026-11-23", shop, "default", agent, "c-9", message, rule, "serious", 0, 2, "加V")


def told(service: Service) -> list[tuple[str, str | None, dict[str, int], list[str]]]:
    messages = [one for one in service.decided(d.TellPeople) if one.kind == "quality"]
    return [(one.to, one.agent, one.facts["rules"], one.facts["messages"]) for one in messages]


async def test_the_first_is_told_at_once_and_what_follows_together_ten_minutes_later(tmp_path: Path) -> None:
    clock = MovedClock()
    clock.at_ms = NOW_MS
    async with doomed(tmp_path, clock) as service:
        hits = SeriousHits(service.engine.submit, service.engine.now_ms)
        hits.take(hit(NOW_MS, "m-1"))
        hits.take(hit(NOW_MS, "m-1", rule="forbidden"))
        hits.take(hit(NOW_MS, "m-2", agent="chen"))
        await hits.look()
        first = [
            ("lead", "lin", {"contact": 1, "forbidden": 1}, ["m-1"]),
            ("lead", "chen", {"contact": 1}, ["m-2"]),
        ]
        assert told(service) == first
        for n in (3, 4):
            clock.at_ms += 60_000
            hits.take(hit(clock.at_ms, f"m-{n}", shop="beian"))
            await hits.look()
        clock.at_ms = NOW_MS + EVERY_MS - 1
        await hits.look()
        assert told(service) == first
        clock.at_ms += 1
        await hits.look()
        assert told(service) == [*first, ("lead", "lin", {"contact": 2}, ["m-3", "m-4"])]


async def test_after_a_restart_within_ten_minutes_it_is_written_down_and_nobody_is_told_again(tmp_path: Path) -> None:
    clock = MovedClock()
    clock.at_ms = NOW_MS
    async with doomed(tmp_path, clock) as service:
        for n in (1, 2):
            hits = SeriousHits(service.engine.submit, service.engine.now_ms)  # As after a start.
            hits.take(hit(clock.at_ms, f"m-{n}"))
            await hits.look()
            clock.at_ms += EVERY_MS - 1
        assert [messages for _, _, _, messages in told(service)] == [["m-1"]]
        states = [one for one in service.decided(d.AlertState) if one.kind == "quality" and one.facts]
        assert [one.facts["messages"] for one in states if one.facts] == [["m-1"], ["m-2"]]


async def test_what_the_disk_does_not_take_is_told_later_and_what_is_old_never() -> None:
    taken: list[Batch] = []
    full = True

    async def submit(batch: Batch) -> None:
        if full:
            raise StoreUnavailable("no space left")
        taken.append(batch)

    hits = SeriousHits(submit, lambda: NOW_MS)
    hits.take(hit(NOW_MS - WORTH_MS - 1, "old"))
    hits.take(hit(NOW_MS, "own", rule="promise_missed"))
    await hits.look()
    hits.take(hit(NOW_MS, "m-1"))
    with pytest.raises(StoreUnavailable):
        await hits.look()
    full = False
    await hits.look()
    assert [event.messages for batch in taken for event in batch.events] == [["m-1"]]  # type: ignore[union-attr]
