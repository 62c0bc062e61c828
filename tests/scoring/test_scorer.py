"""Live scores: what a replay says, whatever comes late, and over a crash."""

import asyncio
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock

import pytest
from msgspec.structs import replace

from monitor.core import events as ev
from monitor.core.hours import UTC, Hours
from monitor.core.policy import BUILT_IN, BuiltIn
from monitor.core.presence import Seat, Worker
from monitor.core.scores import board
from monitor.core.scores.board import Entity, unpack
from monitor.core.scores.chats import ShopChats
from monitor.core.scores.profile import ProfileBook
from monitor.core.scores.ruled import ShopRules
from monitor.core.scores.totals import totals
from monitor.core.units import HOUR_MS
from monitor.errors import StoreUnavailable
from monitor.scoring import scorer
from tests.core.scores.day import Chatter, at_ms, shipped
from tests.scoring.floor import SENYE, Floor, floor
from tests.service import MovedClock, doomed
from tests.waiting import until

LIN, ZHOU = Entity("agent", "senye", "lin"), Entity("agent", "senye", "zhou")


def a_day() -> Chatter:
    chat = Chatter().b("10:00:00").a("10:01:00").b("10:05:00", "10:05:20").a("10:09:00").b("10:15:00").a("10:15:30")
    chat.b("10:00:00", conversation="d").say("assist", "10:02:00", conversation="d", agent="zhou")
    return chat.b("11:00:00", conversation="e").closed("11:01:00", "buyer", conversation="e")


async def test_live_scores_are_those_of_a_replay(tmp_path: Path) -> None:
    chat = a_day()
    expected = totals(chat.chats(), shipped(), at_ms("12:00:00"))
    async with floor(tmp_path) as f:
        await f.tell(chat)
        await f.at("12:00:00")
        for id in ("taobao_3min", "taobao_mean", "taobao_reply_day"):
            names = ("hits", "misses", "undetermined", "excluded")
            assert dict(zip(names, f.counts(id), strict=True)) == {name: expected[id][name] for name in names}
        assert f.counts("taobao_3min") == [3, 1, 0, 1]
        assert f.counts("taobao_3min", LIN) == [2, 1, 0, 0]
        assert f.counts("taobao_3min", ZHOU) == [1, 0, 0, 0]
        assert f.counts("rate_3min_round", ZHOU) == [0, 0, 0, 0], "to the floor, assist is no person"


async def test_time_alone_makes_a_miss_of_what_is_open(tmp_path: Path) -> None:
    async with floor(tmp_path) as f:
        await f.tell(Chatter().b("10:00:00"))
        await f.at("10:02:00")
        assert f.counts("taobao_3min") == [0, 0, 1, 0]
        await f.at("10:03:00.001")
        assert f.counts("taobao_3min") == [0, 1, 0, 0]
        assert dict(f.metrics.shop_rounds) == {("senye", "false"): 1}


async def test_a_feed_that_lags_eats_nothing_of_a_limit(tmp_path: Path) -> None:
    async with floor(tmp_path) as f:
        for chat, arrives in (
            (Chatter("jd").b("10:00:00", id="q"), "10:00:10"),
            (Chatter("jd").a("10:00:29", id="r"), "10:00:39"),
        ):
            f.service.clock.at_ms = at_ms(arrives)
            await f.tell(chat)
        await f.at("10:01:00")
        assert f.counts("jd_first_30s") == [1, 0, 0, 0]


async def test_a_late_reply_takes_a_miss_away(tmp_path: Path) -> None:
    async with floor(tmp_path) as f:
        await f.tell(Chatter().b("10:00:00", id="q"))
        await f.at("10:05:00")
        assert f.counts("taobao_3min") == [0, 1, 0, 0]
        await f.tell(Chatter().a("10:01:00", id="r"))
        await f.at("10:05:01")
        assert f.counts("taobao_3min") == [1, 0, 0, 0]
        assert f.counts("taobao_3min", LIN) == [1, 0, 0, 0]


async def test_what_comes_after_the_horizon_is_not_scored_unless_it_is_backfilled(tmp_path: Path) -> None:
    async with floor(tmp_path) as f:
        await f.tell(Chatter().b("10:00:00", id="1").a("10:01:00", id="2").b("11:00:00", id="3").a("11:01:00", id="4"))
        await f.tell(Chatter().b("10:10:00", id="5"))
        await f.at("12:00:00")
        assert f.counts("taobao_3min") == [2, 0, 0, 0]
        await f.tell(Chatter().b("10:20:00", id="6", backfill=True))
        await f.at("12:00:01")
        # It is the first of the wait that was answered at 11:01.
        assert f.counts("taobao_3min") == [1, 1, 0, 0]


async def test_a_crash_loses_no_score(tmp_path: Path) -> None:
    async with floor(tmp_path) as f:
        await f.tell(a_day())
        await f.at("12:00:00")
        before = [f.counts(id) for id in sorted(shipped().versions)]
    async with floor(tmp_path, "12:00:00") as again:
        assert [again.counts(id) for id in sorted(shipped().versions)] == before
        assert again.scorer.complete
        assert not again.metrics.shop_rounds, "what was counted before a start is not counted again"


async def test_the_sums_of_a_day_are_written_down_when_it_is_over(tmp_path: Path) -> None:
    async with floor(tmp_path) as f:
        await f.tell(a_day())
        await f.at("23:59:59")
        day = f.scorer.today
        assert await f.scorer.store.days(day, day, "shop", list) == []
        await f.at("2026-11-24 00:01")
        rows = await f.scorer.store.days(day, day, "shop", list)
        row = unpack(rows[0].body)
        assert (rows[0].shop, row.sums["taobao_3min"].counts) == ("senye", [3, 1, 0, 1])
        assert {r.name for r in await f.scorer.store.days(day, day, "agent", list)} == {"lin", "zhou"}
        # Days later it has left the memory; what is backfilled into it has it scored from the journal.
        await f.at("2026-11-28 12:00")
        assert f.counts("taobao_3min") == [0, 0, 0, 0]
        await f.tell(Chatter().b("10:20:00", id="late", backfill=True))
        await f.at("2026-11-28 12:01")
        row = unpack((await f.scorer.store.days(day, day, "shop", list))[0].body)
        assert row.sums["taobao_3min"].counts == [3, 2, 0, 1]


async def test_a_start_after_days_scores_what_was_not_written_down(tmp_path: Path) -> None:
    async with floor(tmp_path) as f:
        await f.tell(a_day())
        await f.at("12:00:00")
        day = f.scorer.today
    async with floor(tmp_path, "2026-12-01 09:00:00") as later:
        row = unpack((await later.scorer.store.days(day, day, "shop", list))[0].body)
        assert row.sums["taobao_3min"].counts == [3, 1, 0, 1]
        assert later.scorer.board.first_day == later.scorer.today - 2


async def test_a_start_leaves_the_sums_of_a_day_that_the_journal_has_begun_to_delete(tmp_path: Path) -> None:
    async with floor(tmp_path) as f:
        await f.tell(a_day())
        await f.at("2026-11-24 00:11")
        day = f.scorer.today - 1
    clock = MovedClock()
    clock.at_ms = at_ms("2026-11-24 12:00")
    async with doomed(tmp_path, clock) as service:
        later = Floor(service)
        later.scorer.basis.kept_from_ms = lambda: at_ms("10:30:00")
        await service.journal.prune(clock.at_ms, clock.at_ms - at_ms("10:30:00"))
        await later.scorer.catch_up()
        await later.at("2026-11-24 12:01")
        row = unpack((await later.scorer.store.days(day, day, "shop", list))[0].body)
        assert row.sums["taobao_3min"].counts == [3, 1, 0, 1]
        assert later.scorer.board.first_day == day + 1


async def test_other_profiles_have_all_scored_anew(tmp_path: Path) -> None:
    async with floor(tmp_path) as f:
        await f.tell(a_day())
        await f.at("12:00:00")
        strict = ProfileBook([replace(shipped().versions["taobao_3min"][-1], limit_ms=45_000)])
        counted = dict(f.metrics.shop_rounds)
        f.scorer._book = lambda: strict
        await f.at("12:00:01")
        assert f.counts("taobao_3min") == [1, 4, 0, 0]
        assert (f.scorer.complete, f.metrics.shop_rounds) == (True, counted), "nothing has come out a second time"


async def test_while_other_profiles_have_all_scored_anew_what_is_there_is_not_complete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with floor(tmp_path) as f:
        await f.tell(a_day())
        await f.at("12:00:00")
        monkeypatch.setattr(f.scorer, "_book", lambda: ProfileBook([shipped().versions["taobao_mean"][-1]]))
        monkeypatch.setattr(f.scorer, "_score", AsyncMock(side_effect=StoreUnavailable))
        with pytest.raises(StoreUnavailable):
            await f.scorer.settle()
        assert not f.scorer.complete
        monkeypatch.undo()
        await f.scorer.settle()
        assert f.scorer.complete


async def test_what_is_not_all_scored_is_not_written_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with floor(tmp_path) as f:
        monkeypatch.setattr(scorer, "SETTLE_SECONDS", 0.001)
        monkeypatch.setattr(scorer, "KEEP_SECONDS", 0.0)
        settle, keep = AsyncMock(), AsyncMock()
        monkeypatch.setattr(f.scorer, "settle", settle)
        monkeypatch.setattr(f.scorer, "keep", keep)
        monkeypatch.setattr(f.scorer, "catch_up", AsyncMock(side_effect=ValueError))
        f.scorer.complete = False
        running = asyncio.create_task(f.scorer.run())
        try:
            await until(lambda: settle.await_count > 3, "some rounds made")
            assert keep.await_count == 0
            f.scorer.complete = True
            await until(lambda: keep.await_count > 0, "written down")
        finally:
            running.cancel()
            await asyncio.wait([running])


async def test_a_stop_that_comes_with_something_to_score_ends_it(tmp_path: Path) -> None:
    async with floor(tmp_path) as f:
        f.scorer.basis.kept_from_ms = f.service.engine.now_ms  # No day is looked at again.
        running = asyncio.create_task(f.scorer.run())
        await until(lambda: f.scorer._wake._waiters, "it waits")
        f.scorer._wake.set()
        running.cancel()
        await until(running.done, "it ends")
        assert running.cancelled()


async def test_whose_a_chat_turns_out_not_to_be_has_no_row_of_it_live_or_written_down(tmp_path: Path) -> None:
    async with floor(tmp_path) as f:
        await f.tell(Chatter().b("10:00:00", id="q").a("10:01:00", id="r"))
        await f.at("2026-11-24 00:01")
        day = f.scorer.today - 1

        async def agents() -> tuple[set[str], set[str]]:
            live = {entity.name for entity in f.scorer.board.entities([day]) if entity.dim == "agent"}
            return live, {row.name for row in await f.scorer.store.days(day, day, "agent", list)}

        assert await agents() == ({"lin"}, {"lin"})
        chat = Chatter().event(
            ev.MessageRecalled, "10:01:30", id="back", type="message_recalled", message="r", backfill=True
        )
        await f.tell(chat.say("agent", "10:02:00", id="other", agent="zhou", backfill=True))
        await f.at("2026-11-24 00:02")
        assert await agents() == ({"zhou"}, {"zhou"})


async def test_other_hours_of_a_shop_have_its_chats_scored_anew(tmp_path: Path) -> None:
    async with floor(tmp_path) as f:
        await f.tell(a_day().b("20:00:00", conversation="h").a("20:01:00", conversation="h"))
        await f.at("21:00:00")
        assert f.counts("rate_3min_round") == [3, 1, 0, 2]
        closed = ShopRules(BuiltIn(replace(BUILT_IN, hours=Hours(UTC, (((3 * HOUR_MS, 16 * HOUR_MS),),) * 7))))
        f.scorer._rules = lambda: closed  # From 11:00 there.
        await f.at("21:00:01")
        assert f.counts("rate_3min_round") == [1, 0, 0, 5]
        assert f.counts("taobao_3min") == [4, 1, 0, 1], "the platform has hours of its own"


async def test_an_account_that_saw_nothing_leaves_its_rounds_out(tmp_path: Path) -> None:
    async with floor(tmp_path) as f:
        chat = Chatter().b("14:02:00", account="A")
        chat.event(ev.AccountStatus, "14:02:20", type="account_status", account="A", state="kicked")
        chat.event(ev.AccountStatus, "14:06:00", type="account_status", account="A", state="online")
        await f.tell(chat)
        await f.at("15:00:00")
        assert f.counts("taobao_3min") == [0, 0, 1, 0]
        await f.at("2026-11-24 00:00:01")
        assert f.counts("taobao_3min") == [0, 0, 0, 1]


async def test_a_chat_that_a_list_names_no_more(tmp_path: Path) -> None:
    async with floor(tmp_path) as f:
        chat = Chatter("pinduoduo").b("10:00:00")
        for when, names in (("10:01:25", ["c"]), ("10:01:40", [])):
            rows = [ev.WaitingRow(conversation=name) for name in names]
            chat.event(ev.WaitingSnapshot, when, type="waiting_snapshot", rows=rows, complete=True)
        await f.tell(chat)
        await f.at("11:00:00")
        assert f.counts("pinduoduo_3min") == [1, 0, 0, 0]
    async with floor(tmp_path, "11:00:00") as again:
        assert again.counts("pinduoduo_3min") == [1, 0, 0, 0]


@pytest.mark.parametrize(("one", "other"), [("b1", "b2"), ("c1", "c2")])
async def test_the_answer_under_a_buyers_other_id_ends_the_round(tmp_path: Path, one: str, other: str) -> None:
    async with floor(tmp_path) as f:
        chat = Chatter().b("10:00:00", conversation=one, buyer="b1").a("10:02:00", conversation=other, buyer="b2")
        await f.tell(chat)
        await f.at("10:10:00")
        assert f.counts("taobao_3min") == [0, 1, 0, 0]
        chat.event(ev.BuyerMerged, "10:11:00", id="m", type="buyer_merged", buyer="b1", into="b2", conversation=None)
        await f.tell(chat)
        await f.at("10:12:00")
        assert f.counts("taobao_3min") == [1, 0, 0, 0]
    async with floor(tmp_path, "11:00:00") as again:
        assert again.counts("taobao_3min") == [1, 0, 0, 0]


async def test_who_was_merged_before_the_days_that_are_kept_is_one_after_a_start_too(tmp_path: Path) -> None:
    async with floor(tmp_path) as f:
        chat = Chatter().b("10:00:00", conversation="c1", buyer="b1").a("10:00:30", conversation="c2", buyer="b2")
        chat.event(ev.BuyerMerged, "10:01:00", id="m", type="buyer_merged", buyer="b1", into="b2", conversation=None)
        await f.tell(chat)
    async with floor(tmp_path, "2026-11-28 10:00:00") as again:
        chat.b("2026-11-28 10:00:00", id="later", conversation="c1", buyer="b1")
        await again.tell(chat.a("2026-11-28 10:01:00", id="reply", conversation="c2", buyer="b2"))
        await again.at("2026-11-28 11:00:00")
        assert again.counts("taobao_3min", day="2026-11-28 12:00:00") == [1, 0, 0, 0]


async def test_who_was_merged_weeks_ago_and_forgotten_here_is_one_once_they_write_again(tmp_path: Path) -> None:
    async with floor(tmp_path) as f:
        chat = Chatter().b("10:00:00", conversation="c1", buyer="b1").a("10:00:30", conversation="c2", buyer="b2")
        chat.event(ev.BuyerMerged, "10:01:00", id="m", type="buyer_merged", buyer="b1", into="b2", conversation=None)
        await f.tell(chat)
        for day in ("2026-11-24", "2026-12-08"):
            await f.tell(chat.b(f"{day} 10:00:00", id=day, conversation="c3", buyer="b3"))
            await f.at(f"{day} 10:00:01")
        assert not f.scorer.shops["senye"].aliases
        chat.b("2026-12-08 11:00:00", id="later", conversation="c1", buyer="b1")
        await f.tell(chat.a("2026-12-08 11:01:00", id="reply", conversation="c2", buyer="b2"))
        await f.at("2026-12-08 12:00:00")
        assert f.counts("taobao_3min", day="2026-12-08 12:00:00") == [1, 1, 0, 0], "and c3 still waits"


async def test_chat_that_never_ends_is_scored_once_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with floor(tmp_path) as f:
        score, times = f.scorer._score, 0

        async def while_more_is_said(keys: list[tuple[str, str]]) -> None:
            nonlocal times
            times += 1
            await score(keys)
            if times < 5:
                await f.tell(Chatter().b(f"10:0{times}:00", id=f"more{times}"))

        await f.tell(Chatter().b("10:00:00"))
        monkeypatch.setattr(f.scorer, "_score", while_more_is_said)
        await f.scorer.settle()
        assert times == 1, "days that are over are looked at in between"
        assert f.scorer.lag_seconds > 0, "what came meanwhile is not in the scores yet"


async def test_a_chat_that_cannot_be_scored_keeps_no_other_from_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    real = board.sheet

    def sheet(shop: ShopChats, key: str, *args: Any, **more: Any) -> Any:
        assert key != "bad"
        return real(shop, key, *args, **more)

    monkeypatch.setattr("monitor.scoring.scorer.sheet", sheet)
    async with floor(tmp_path) as f:
        await f.tell(Chatter().b("10:00:00").b("10:00:00", conversation="bad").a("10:01:00"))
        await f.at("10:05:00")
        assert f.counts("taobao_3min") == [1, 0, 0, 0]
    assert "cannot be scored: chat senye bad" in caplog.text


async def test_presence_that_comes_late_scores_the_chats_anew_that_nobody_was_there_for(tmp_path: Path) -> None:
    async with floor(tmp_path) as f:
        await f.tell(Chatter("jd").stands("09:00:00", "lin", "online", shops=["senye"]))
        await f.tell(Chatter("jd").b("10:00:00", id="1").a("10:05:00", id="2"))
        await f.at("10:05:01")
        assert f.counts("jd_first_30s") == [0, 1, 0, 0]
        await f.tell(Chatter("jd").stands("09:59:00", "lin", "suspended", id="p"))
        await f.at("10:06:00")
        assert f.counts("jd_first_30s") == [0, 0, 0, 1]
        assert f.scorer.board.row(SENYE, [f.scorer.today]).figures.counts["offline_answered"] == 1
    async with floor(tmp_path, "10:10:00") as again:
        assert again.counts("jd_first_30s") == [0, 0, 0, 1]


async def test_a_start_knows_from_the_people_who_was_there_before_what_it_reads_again(tmp_path: Path) -> None:
    worker = Worker("lin", seats={"": Seat("online", at_ms("2026-11-01 09:00"), None, ("senye",))})
    async with floor(tmp_path, workers=[worker]) as f:
        await f.tell(Chatter("jd").stands("10:00:00", "zhou", "offline", shops=["senye"]).b("10:01:00"))
        await f.at("10:05:00")
        assert f.counts("jd_first_30s") == [0, 1, 0, 0], "lin is there"


@pytest.mark.parametrize("stood_since", ["09:59:00", "2026-11-17 09:00:00"])
async def test_a_day_long_over_is_scored_again_by_who_was_there_then(tmp_path: Path, stood_since: str) -> None:
    async with floor(tmp_path, "2026-11-17 08:00:00") as f:
        await f.tell(Chatter("jd").stands(stood_since, "lin", "suspended", shops=["senye"]))
        await f.tell(Chatter("jd").b("10:00:00", id="1").a("10:05:00", id="2").stands("10:06:00", "lin", "online"))
        await f.tell(Chatter("jd").b("11:00:00", id="3", account="A"))
        for when, state in (("11:00:10", "kicked"), ("11:10:00", "online")):
            event = Chatter("jd").event(
                ev.AccountStatus, when, type="account_status", account="A", state=state, id=when
            )
            await f.tell(event)
        await f.at("2026-11-24 00:01")
        day = f.scorer.today - 1
        await f.at("2026-12-20 12:00")
        assert not f.scorer._manning.staff.of("senye").nobody(at_ms("10:00:00")), "that is forgotten"
        await f.tell(Chatter("jd").b("10:02:00", id="late", conversation="d", backfill=True))
        await f.at("2026-12-20 12:01")
        row = unpack((await f.scorer.store.days(day, day, "shop", list))[0].body)
        assert row.sums["jd_first_30s"].why == {"left offline": 2, "feed gap": 1}
        assert row.sums["jd_first_30s"].counts == [0, 0, 0, 3]
        # Once the journal has begun to delete that day, its sums stay as they are.
        f.scorer.basis.kept_from_ms = lambda: at_ms("2026-11-20 00:00")
        await f.tell(Chatter("jd").b("12:00:00", id="later", conversation="e", backfill=True))
        await f.at("2026-12-20 12:02")
        same = unpack((await f.scorer.store.days(day, day, "shop", list))[0].body)
        assert same.sums["jd_first_30s"].counts == [0, 0, 0, 3]
        # And an hour of it is as somebody asks for it now.
        board = await f.scorer.recount.between(at_ms("09:00:00"), at_ms("10:30:00"), lambda _: True)
        assert board.row(SENYE, [day]).sums["jd_first_30s"].why == {"left offline": 2}
