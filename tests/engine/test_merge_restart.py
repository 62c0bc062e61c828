"""Two ids of one buyer over crashes, over rows that have left the memory, and with what comes long after."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest

from monitor.core import events as ev
from monitor.core.conversation import Conversation
from tests.service import MovedClock, doomed, rounds_of, said
from tests.timeline import START_MS


def merge(at_s: float, buyer: str, into: str) -> dict[str, Any]:
    return {
        "type": "buyer_merged",
        "id": f"merge-{buyer}-{into}",
        "ts": START_MS + round(at_s * 1000),
        "shop": "senye",
        "buyer": buyer,
        "into": into,
    }


STORY: list[tuple[float, list[dict[str, Any]]]] = [
    (0, [said(0, chat="open-1")]),
    (30, [said(30, chat="other")]),
    (50, [said(50, role="agent", chat="nick-1")]),
    (90, [merge(90, "open-1", "nick-1")]),
    (100, [said(100, chat="open-1")]),
    (130, [said(130, role="agent", chat="nick-1")]),
]

OWN_IDS: list[tuple[float, list[dict[str, Any]]]] = [
    (0, [said(0, chat="c1", buyer="open-1")]),
    (30, [said(30, chat="other", buyer="somebody")]),
    (50, [said(50, role="agent", chat="c2"), said(51, chat="c2", buyer="nick-1")]),
    (90, [merge(90, "open-1", "nick-1")]),
    (100, [said(100, chat="c1", buyer="open-1"), said(110, chat="c3", buyer="open-1")]),
    (130, [said(130, role="agent", chat="c4", buyer="nick-1")]),
]


async def lived(
    folder: Path, killed_after: set[int], story: list[tuple[float, list[dict[str, Any]]]] = STORY
) -> list[tuple[str, str | None, str, int]]:
    clock = MovedClock()
    parts: list[list[int]] = [[]]
    for moment in range(len(story)):
        parts[-1].append(moment)
        if moment in killed_after:
            parts.append([])
    found: list[tuple[str, str | None, str, int]] = []
    for part in parts:
        async with doomed(folder, clock) as s:
            for moment in part:
                at_s, events = story[moment]
                clock.at_ms = START_MS + round(at_s * 1000)
                await s.send(*events)
            rows = [(row.conversation, row.wait) for row in s.engine.waits()]
            found = sorted(
                (r.opened_by, r.ended_by, r.conversation, r.buyer_messages) for r in await rounds_of(s.journal)
            )
    assert [conversation for conversation, _ in rows] == ["other"]
    return found


async def test_a_merge_is_the_same_however_often_it_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    once = await lived(tmp_path / "whole", set())
    assert once == [
        ("open-1-0-buyer", "nick-1-50-agent", "nick-1", 1),
        ("open-1-100-buyer", "nick-1-130-agent", "nick-1", 1),
    ]
    for age_ms in (1_000, 1 << 60):  # Rows saved soon; rows saved never, but those that must be.
        monkeypatch.setattr("monitor.engine.saving.ROW_AGE_MS", age_ms)
        for killed in ({0}, {2}, {3}, {4}, set(range(len(STORY)))):
            folder = tmp_path / f"{age_ms}-{'-'.join(map(str, sorted(killed)))}"
            assert await lived(folder, killed) == once, (age_ms, killed)


async def test_chats_of_their_own_ids_are_the_same_however_often_it_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    once = await lived(tmp_path / "whole", set(), OWN_IDS)
    assert once == [
        ("c1-0-buyer", "c2-50-agent", "nick-1", 1),
        ("c2-51-buyer", "c4-130-agent", "nick-1", 3),
    ]
    for age_ms in (1_000, 1 << 60):
        monkeypatch.setattr("monitor.engine.saving.ROW_AGE_MS", age_ms)
        for killed in ({2}, {3}, {4}, set(range(len(OWN_IDS)))):
            folder = tmp_path / f"{age_ms}-{'-'.join(map(str, sorted(killed)))}"
            assert await lived(folder, killed, OWN_IDS) == once, (age_ms, killed)


async def test_chats_that_have_left_the_memory_are_joined_from_the_disk(tmp_path: Path) -> None:
    clock = MovedClock()
    async with doomed(tmp_path, clock) as s:
        clock.at_ms += 900_000
        await s.send(said(0, chat="c1", buyer="a"), said(40, chat="c2", buyer="b"))
        await s.send(said(50, role="agent", chat="c2", buyer="b"), said(700, role="agent", chat="c1", buyer="a"))
        await s.send(*(said(800 + at, chat="c1", buyer="a", id=f"again-{at}", role=role)
                       for at, role in enumerate(["buyer", "agent"] * 40)))  # fmt: skip
        for _ in range(3):
            await s.move(3 * 3600)
        assert s.engine.tracker.conversation("senye", "c1") is None
        await s.send(said(9 * 3600 - 60, chat="c5", buyer="e"), said(9 * 3600 - 50, role="agent", chat="c5"))
        await s.move(10)
        await s.move(10)
        at_s = 9 * 3600
        await s.send(merge(at_s, "a", "b"))
        first = {r.opened_by: (r.ended_by, r.conversation) for r in await rounds_of(s.journal)}
        assert first["c1-0-buyer"] == ("c2-50-agent", "b"), "told from the first word, not from where the row began"
        assert len(first) == 42
    async with doomed(tmp_path, clock) as s:
        for _ in range(3):
            await s.move(3 * 3600)
        at_s = 18 * 3600
        await s.send(said(at_s - 3, chat="c6", buyer="f"), said(at_s - 2, role="agent", chat="c6"))
        await s.move(3 * 3600)
        await s.move(3 * 3600)
        at_s = 24 * 3600
        assert {s.engine.tracker.conversation("senye", chat) for chat in ("b", "c5", "c6")} == {None}
        for buyer in ("f", "e"):  # The first since the start looks at all rows, the second finds its own by buyer.
            await s.send(merge(at_s - 1, buyer, "b"))
        goes_by = {r.opened_by: r.conversation for r in await rounds_of(s.journal)}
        assert (goes_by[f"c5-{9 * 3600 - 60}-buyer"], goes_by[f"c6-{18 * 3600 - 3}-buyer"]) == ("b", "b")
        await s.send(said(at_s, chat="c1", buyer="a"), said(at_s + 1, chat="c9", buyer="b"))
        [row] = s.engine.waits()
        assert (row.conversation, row.messages) == ("b", 2)
        told = {item.id for item in await s.journal.history("senye", "c9")}
        assert told >= {"c1-0-buyer", "c2-40-buyer", "merge-a-b", f"c9-{at_s + 1}-buyer"}
        await s.send(said(20, role="agent", chat="c2", buyer="b", id="phone", backfill=True))
        found = {r.opened_by: (r.ended_by, r.buyer_messages) for r in await rounds_of(s.journal)}
        assert found["c1-0-buyer"] == ("phone", 1)
        assert found["c2-40-buyer"] == ("c2-50-agent", 1)


async def test_the_loop_turns_between_one_merge_and_the_next(tmp_path: Path) -> None:
    """Each may fold long chats from their first word; a sender of nothing else must not keep all others waiting."""
    async with doomed(tmp_path, MovedClock()) as s:
        seen: set[int] = set()

        async def others() -> None:
            while True:
                seen.add(
                    sum(
                        chat.merged_into is not None
                        for chat in s.engine.tracker.by_name["senye"].conversations.values()
                    )
                )
                await asyncio.sleep(0)

        await s.send(*(said(0, chat=f"c{at}", buyer=f"b{at}") for at in range(30)))
        task = asyncio.create_task(others())
        await s.send(*(merge(0, f"b{at}", f"b{at + 1}") for at in range(29)))
        task.cancel()
        assert [(row.conversation, row.messages) for row in s.engine.waits()] == [("b29", 30)]
        assert len(seen) >= 29, "they looked on after each"


async def test_an_id_that_has_left_the_memory_leads_to_its_buyer_still(tmp_path: Path) -> None:
    clock = MovedClock()
    async with doomed(tmp_path, clock) as s:
        await s.send(said(0, chat="a"), merge(10, "a", "b"), merge(11, "b", "c"), said(20, role="agent", chat="c"))
        for _ in range(3):
            await s.move(3 * 3600)
        at_s = 9 * 3600
        again = ev.Message(id="a", ts_ms=0, shop="senye", conversation="a", role="buyer")
        assert s.engine.tracker.missing([again]) == {("senye", "a")}, "no sign of it is in memory"
        await s.send(said(at_s, chat="a"), said(at_s + 0.5, role="note", chat="z"))
        [row] = s.engine.waits()
        assert row.conversation == "c"


async def test_what_a_backfill_brings_finds_the_words_under_both_ids(tmp_path: Path) -> None:
    clock = MovedClock()
    async with doomed(tmp_path, clock) as s:
        await s.send(said(0, chat="a"))
        await s.move(10)
        await s.send(merge(10, "a", "b"), said(20, chat="a"))
        await s.move(30)
        await s.send(said(40, role="agent", chat="b"))
        for _ in range(3):
            await s.move(3 * 3600)
        at_s = 9 * 3600
        await s.send(said(at_s, chat="b"), said(at_s + 5, role="agent", chat="b"))
        # Somebody answered from a phone, hours ago.
        await s.send(said(5, role="agent", chat="b", id="phone", backfill=True))
        found = {r.opened_by: (r.ended_by, r.buyer_messages) for r in await rounds_of(s.journal)}
        assert found["a-0-buyer"] == ("phone", 1)
        assert found["a-20-buyer"] == ("b-40-agent", 1)
        assert len(found) == 3


async def test_the_links_of_a_long_chain_are_fetched_once(tmp_path: Path) -> None:
    clock = MovedClock()
    async with doomed(tmp_path, clock) as s:
        clock.at_ms += 90_000
        await s.send(said(0, chat="x0"), said(2, role="agent", chat="x0"))
        await s.send(*(merge(90, f"x{at}", f"x{at + 1}") for at in range(30)))
        for _ in range(3):
            await s.move(3 * 3600)
        at_s = 9 * 3600 + 90
        await s.send(said(at_s, chat="other"))
        assert set(s.engine.tracker.by_name["senye"].conversations) == {"other"}
        await s.send(said(at_s, chat="x0"))
        await s.move(10)
        await s.move(10)
    async with doomed(tmp_path, clock) as s:
        [row] = (await s.journal.look_up([], [("senye", "x0")]))[1]
        assert msgspec.msgpack.decode(row, type=Conversation).merged_into == "x30"
        assert {row.conversation for row in s.engine.waits()} == {"other", "x30"}
        assert len(await s.journal.history("senye", "x30")) == 33
