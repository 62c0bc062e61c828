"""Days long over, whose sums are written down: what comes to light later is counted all the same."""

import sqlite3
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock

import pytest

from monitor.core import events as ev
from monitor.core.roster import Person, Register
from monitor.core.scores.board import Row, unpack
from monitor.errors import StoreUnavailable
from monitor.scoring.long_over import FAR, LongOver
from tests.core.scores.day import Chatter, at_ms
from tests.scoring.floor import Floor, floor, reading
from tests.scoring.test_reading import rows


async def stored(f: Floor, dim: str) -> dict[str, Row]:
    day = f.scorer._days.of(at_ms("12:00:00")).number
    return {row.name: unpack(row.body) for row in await f.scorer.store.days(day, day, dim, list)}


async def settle_all(f: Floor) -> None:
    await f.scorer.settle()
    while f.scorer._long_over.waiting:
        await f.scorer.settle()


@pytest.mark.parametrize("own_ids", [False, True])
async def test_a_buyer_who_was_seen_under_two_names_is_counted_once_on_days_long_over_too(
    tmp_path: Path, *, own_ids: bool
) -> None:
    async with floor(tmp_path) as f:
        chat = Chatter()
        for buyer, minute in (("b1", 0), ("b2", 10), ("b3", 20)):
            where = f"chat of {buyer}" if own_ids else buyer
            chat.b(f"10:{minute:02}:00", conversation=where, buyer=buyer)
            chat.a(f"10:{minute + 1:02}:00", conversation=where, buyer=buyer)
        await f.tell(chat)
        await f.at("2026-11-24 00:01")
        await f.at("2026-11-28 12:00")
        assert (await stored(f, "shop"))[""].buyers[0] == 3
        merged = Chatter().event(
            ev.BuyerMerged, "2026-11-28 12:01", id="m", type="buyer_merged", buyer="b1", into="b2", conversation=None
        )
        await f.tell(merged)
        await settle_all(f)
        row = (await stored(f, "shop"))[""]
        assert row.buyers[0] == 2
        assert row.sums["rate_3min_buyer"].counts == [2, 0, 0, 0]
        assert row.sums["taobao_3min"].counts == [3, 0, 0, 0]
        assert (await stored(f, "agent"))["lin"].buyers[0] == 2


async def test_an_answer_in_the_other_chat_ends_the_round_of_a_day_long_over(tmp_path: Path) -> None:
    async with floor(tmp_path) as f:
        chat = Chatter().b("10:00:00", conversation="c1", buyer="b1").a("10:30:00", conversation="c1", buyer="b1")
        await f.tell(chat.b("10:01:00", conversation="c2", buyer="b2").a("10:02:00", conversation="c2", buyer="b2"))
        await f.at("2026-11-24 00:01")
        await f.at("2026-11-28 12:00")
        assert (await stored(f, "shop"))[""].sums["taobao_3min"].counts == [1, 1, 0, 0]
        merged = Chatter().event(
            ev.BuyerMerged, "2026-11-28 12:01", id="m", type="buyer_merged", buyer="b1", into="b2", conversation=None
        )
        await f.tell(merged)
        await settle_all(f)
        assert (await stored(f, "shop"))[""].sums["taobao_3min"].counts == [1, 0, 0, 0]
        f.scorer.shops["senye"].forget(at_ms("2026-12-28 12:00"))
        assert not f.scorer.shops["senye"].aliases
        late = Chatter().b("11:00:00", id="late", conversation="c3", buyer="b3", backfill=True)
        await f.tell(late.a("11:01:00", id="answer", conversation="c3", buyer="b3", backfill=True))
        await settle_all(f)
        assert (await stored(f, "shop"))[""].sums["taobao_3min"].counts == [2, 0, 0, 0]


async def test_a_buyer_served_under_two_names_of_one_person_is_one_of_theirs_on_days_long_over_too(
    tmp_path: Path,
) -> None:
    async with floor(tmp_path) as f:
        chat = Chatter().b("10:00:00", buyer="x").a("10:00:30", agent="lin", buyer="x")
        await f.tell(chat.b("11:00:00", buyer="x").a("11:00:30", agent="B07", buyer="x"))
        await f.at("2026-11-24 00:01")
        await f.at("2026-11-28 12:00")
        assert set(await stored(f, "agent")) == {"lin", "B07"}
        f.register = Register(persons=(Person(id="1007", names=("lin", "B07")),))
        await settle_all(f)
        assert set(await stored(f, "agent")) == {"1007"}
        read = reading(f, f.register)
        day = f.scorer.today - 5
        found = (await rows(read, read.day_span(day, day), by="agent"))["1007"]
        assert found["figures"]["buyers"] == {"consulted": 1, "received": 1, "valid": 1, "filtered": 0}
        assert found["scores"]["rate_3min_buyer"]["hits"] == 1


async def test_what_the_journal_holds_no_more_stays_as_it_was_written_down(tmp_path: Path) -> None:
    async with floor(tmp_path) as f:
        await f.tell(Chatter().b("10:00:00", conversation="b1").b("10:00:00", conversation="b2"))
        await f.at("2026-11-24 00:01")
        await f.at("2026-11-28 12:00")
        f.scorer.basis.kept_from_ms = lambda: at_ms("2026-11-16 00:00")
        merged = Chatter().event(
            ev.BuyerMerged, "2026-11-28 12:01", id="m", type="buyer_merged", buyer="b1", into="b2", conversation=None
        )
        await f.tell(merged)
        f.register = Register(persons=(Person(id="1007", names=("lin",)),))
        await settle_all(f)
        assert (await stored(f, "shop"))[""].buyers[0] == 2


def late(when: str, id: str = "late", **fields: Any) -> Chatter:
    return Chatter().b(when, id=id, backfill=True, **fields)


async def test_a_day_is_scored_again_until_it_is_done_and_once_more_for_what_comes_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with floor(tmp_path, "2026-11-28 12:00") as f:
        redone: list[int] = []

        async def day(_shop: str, day: int) -> None:
            redone.append(day)
            if len(redone) == 1:
                raise StoreUnavailable
            if len(redone) == 2:
                await f.tell(late("12:30:00", "meanwhile"))

        monkeypatch.setattr(f.scorer.recount, "day", day)
        await f.tell(late("12:00:00"))
        with pytest.raises(StoreUnavailable):
            await f.scorer.settle()
        await settle_all(f)
        assert len(redone) == 3


async def test_what_has_come_of_a_day_long_over_is_scored_by_the_next_start_if_this_one_did_not_get_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with floor(tmp_path) as f:
        await f.tell(
            Chatter().b("10:00:00", buyer="b1", conversation="b1").b("11:00:00", buyer="b2", conversation="b2")
        )
        await f.at("2026-11-24 00:11")
        await f.at("2026-11-28 12:00")
        await f.tell(
            late("10:20:00", buyer="b3", conversation="b3").b(
                "10:30:00", id="later", buyer="b4", conversation="b4", backfill=True
            )
        )
        merged = Chatter().event(
            ev.BuyerMerged, "2026-11-28 12:01", id="m", type="buyer_merged", buyer="b1", into="b2", conversation=None
        )
        await f.tell(merged)
        assert (await stored(f, "shop"))[""].buyers[0] == 2, "the process ends here"
    async with floor(tmp_path, "2026-11-28 12:02") as again:
        await settle_all(again)
        row = (await stored(again, "shop"))[""]
        assert (row.buyers[0], row.sums["taobao_3min"].counts) == (3, [0, 3, 0, 0])
    async with floor(tmp_path, "2026-11-28 12:03") as third:
        redone = AsyncMock()
        monkeypatch.setattr(third.scorer.recount, "day", redone)
        await settle_all(third)
        assert redone.await_count == 0, "what is done is done"


async def test_a_reply_that_was_backfilled_settles_what_was_asked_the_day_before(tmp_path: Path) -> None:
    async with floor(tmp_path) as f:
        await f.tell(Chatter().b("23:59:30", id="q"))
        await f.at("2026-11-24 00:11")
        await f.at("2026-11-28 12:00")
        assert (await stored(f, "shop"))[""].sums["rate_3min_round"].counts == [0, 1, 0, 0]
        await f.tell(Chatter().a("2026-11-24 00:00:10", id="r", backfill=True))
        await settle_all(f)
        assert (await stored(f, "shop"))[""].sums["rate_3min_round"].counts == [1, 0, 0, 0]


async def test_what_is_backfilled_while_its_day_is_let_go_of_is_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with floor(tmp_path) as f:
        await f.tell(Chatter().b("10:00:00", id="q"))
        await f.at("2026-11-25 23:00")
        score = f.scorer._score

        async def meanwhile(keys: list[tuple[str, str]]) -> None:
            await score(keys)
            monkeypatch.undo()
            await f.tell(Chatter().a("10:01:00", id="r", backfill=True))

        await f.tell(Chatter().b("2026-11-25 23:30:00", conversation="other"))
        monkeypatch.setattr(f.scorer, "_score", meanwhile)
        await f.at("2026-11-26 00:11")
        assert f.scorer.board.first_day == f.scorer.today - 2
        await settle_all(f)
        assert (await stored(f, "shop"))[""].sums["taobao_3min"].counts == [1, 0, 0, 0]


async def test_what_changed_a_day_that_was_written_down_just_before_the_end_is_not_lost_however_long_we_were_away(
    tmp_path: Path,
) -> None:
    async with floor(tmp_path) as f:
        await f.tell(Chatter().b("23:59:30", id="q"))
        await f.at("2026-11-24 00:11")
        await f.tell(Chatter().a("2026-11-24 00:00:10", id="r", backfill=True))
        assert (await stored(f, "shop"))[""].sums["rate_3min_round"].counts == [0, 1, 0, 0], "the process ends here"
    async with floor(tmp_path, "2026-11-30 12:00") as again:
        await settle_all(again)
        assert (await stored(again, "shop"))[""].sums["rate_3min_round"].counts == [1, 0, 0, 0]


async def test_what_a_fault_of_ours_keeps_from_being_scored_is_said_once_counted_and_tried_again_by_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with floor(tmp_path, "2026-11-28 12:00") as f:
        store = f.scorer.store
        monkeypatch.setattr(store, "agents", AsyncMock(side_effect=ValueError("poisoned")))
        monkeypatch.setattr(store, "buyers", AsyncMock(side_effect=ValueError("poisoned")))
        real, tried = f.scorer.recount.day, []

        async def day(shop: str, day: int) -> None:
            tried.append(shop)
            if shop == "bad":
                raise ValueError("poisoned")
            await real(shop, day)

        monkeypatch.setattr(f.scorer.recount, "day", day)
        f.register = Register(persons=(Person(id="1007", names=("lin",)),))
        await f.tell(late("12:00:00", shop="bad"))
        await f.tell(late("12:00:00"))
        merged = Chatter().event(ev.BuyerMerged, "12:01:00", id="m", type="buyer_merged", buyer="b1", into="b2")
        await f.tell(merged)
        await settle_all(f)
        assert sorted(tried) == ["bad", "senye"]
        assert f.metrics.score_faults > 3
        assert caplog.text.count("cannot be scored") == 3
        assert (await stored(f, "shop"))[""].sums["taobao_3min"].counts == [0, 1, 0, 0]
    async with floor(tmp_path, "2026-11-28 12:00") as again:
        await settle_all(again)
        assert set(await rows_of_shops(again)) == {"bad", "senye"}


async def test_before_it_is_known_from_where_to_look_nothing_is_noted_as_looked_through(tmp_path: Path) -> None:
    async with floor(tmp_path, "2026-11-28 12:00") as f:
        fresh = LongOver(f.scorer.basis, f.scorer.recount)
        fresh.follow(FAR + 1, found=False)
        fresh.follow(FAR + 2, found=True)
        await fresh.settle()
        assert (fresh.waiting, await f.scorer.store.looked_through()) == (False, 0)
        await fresh.begin(FAR + 2)
        while fresh.waiting:
            await fresh.settle()
        assert await f.scorer.store.looked_through() == FAR + 2


async def rows_of_shops(f: Floor) -> list[str]:
    day = f.scorer._days.of(at_ms("12:00:00")).number
    return [row.shop for row in await f.scorer.store.days(day, day, "shop", list)]


async def test_an_event_that_cannot_be_read_keeps_no_other_from_being_scored(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with floor(tmp_path) as f:
        await f.tell(Chatter().b("10:00:00", id="1").a("10:01:00", id="2").b("10:10:00", id="poisoned"))
        await f.tell(
            Chatter().event(ev.WaitingSnapshot, "10:11:00", id="list", type="waiting_snapshot", rows=[], complete=True)
        )
        await f.at("2026-11-24 00:11")
    db = sqlite3.connect(tmp_path / "journal.db")
    db.execute("UPDATE events SET body = CAST('{' AS BLOB) WHERE id IN ('poisoned', 'list')")
    db.commit()
    db.close()
    async with floor(tmp_path, "2026-11-24 12:00") as again:
        assert again.scorer.complete
        assert again.counts("taobao_3min") == [1, 0, 0, 0]
        await again.at("2026-11-28 12:00")
        await again.tell(late("10:20:00", conversation="d"))
        again_merged = Chatter().event(
            ev.BuyerMerged, "2026-11-28 12:01", id="m", type="buyer_merged", buyer="d", into="c", conversation=None
        )
        await again.tell(again_merged)
        await settle_all(again)
        assert (await stored(again, "shop"))[""].sums["taobao_3min"].counts == [1, 1, 0, 0]
        assert "stretch" not in caplog.text
    assert caplog.text.count("cannot be scored: event senye 3") == 1
