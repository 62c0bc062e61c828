"""Figures over any span, by anybody, and the miss budget."""

import json
from pathlib import Path
from typing import Any

from monitor.core import events as ev
from monitor.core.roster import NOBODY_WRITTEN_DOWN, Account, Person, Register, ShopInfo
from monitor.core.scores.totals import BYS, By, kpis
from monitor.scoring.budget import budget
from monitor.scoring.reading import Reading, Span
from tests.core.scores.day import Chatter, at_ms, shipped
from tests.scoring.floor import floor, reading


async def rows(read: Reading, span: Span | None = None, by: By = "all", **more: Any) -> dict[str, Any]:
    today = read.scorer.today
    found = await read.rows(span or read.day_span(today, today), by, **more)
    return {row["name"]: row for row in map(json.loads, found)}


def two_shops() -> Chatter:
    chat = Chatter().b("10:00:00").a("10:01:00", agent="lin").b("10:10:00").a("10:14:00", agent="zhou")
    chat.b("10:00:00", shop="lvya", conversation="x").a("10:00:20", shop="lvya", conversation="x", agent="lin")
    return chat


async def test_by_shop_agent_team_and_all(tmp_path: Path) -> None:
    async with floor(tmp_path) as f:
        await f.tell(two_shops())
        await f.at("12:00:00")
        read = reading(f)
        shops = await rows(read, by="shop")
        assert {name: row["scores"]["taobao_3min"]["rate"] for name, row in shops.items()} == {"senye": 0.5, "lvya": 1}
        agents = await rows(read, by="agent")
        assert agents["lin"]["scores"]["taobao_3min"]["hits"] == 2
        assert agents["lin"]["shops"] == 2
        # zhou answered too late what lin held when the limit passed.
        assert agents["lin"]["scores"]["taobao_3min"]["misses"] == 1
        assert agents["zhou"]["figures"]["rounds"]["answered"] == 1
        everyone = (await rows(read))["all"]
        assert everyone["scores"]["rate_3min_buyer"]["hits"] == 1
        assert everyone["scores"]["rate_3min_buyer"]["misses"] == 1
        assert set(await rows(read, by="team")) == {"team of senye", "team of lvya"}
        assert set(await rows(read, by="platform")) == {"taobao"}
        assert set(await rows(read, by="account")) == {"lin", "zhou"}
        # A caller bound to a shop sees what agents did there only.
        bound = await rows(read, by="agent", may=lambda shop, _: shop == "lvya")
        assert list(bound) == ["lin"]
        assert bound["lin"]["scores"]["taobao_3min"]["hits"] == 1


async def test_a_person_is_one_row_under_all_their_names_and_accounts(tmp_path: Path) -> None:
    known = Register(
        persons=(Person(id="1007", nick="小林", names=("lin",)), Person(id="1008")),
        accounts=(
            Account(account="senye:1", shop="senye", persons=("1007",)),
            Account(account="senye:2", shop="senye", persons=("1007", "1008")),
        ),
    )
    chat = Chatter().b("10:00:00", account="senye:1").a("10:01:00", account="senye:1", agent=None)
    chat.b("10:10:00", conversation="d", account="senye:1").a("10:11:00", conversation="d", agent="lin")
    chat.b("10:20:00", conversation="e", agent="小林").a("10:21:00", conversation="e", agent="1007")
    # Whose reply this was is open: two may answer with it, and nobody is on a roster.
    chat.b("10:30:00", conversation="f", account="senye:2").a(
        "10:31:00", conversation="f", account="senye:2", agent=None
    )
    # Nobody has written this account down, and the feed names no agent.
    chat.b("10:40:00", conversation="g", account="x").a("10:41:00", conversation="g", account="x", agent=None)
    async with floor(tmp_path) as f:
        await f.tell(chat)
        await f.at("12:00:00")
        read = reading(f, known)
        before = await rows(read, by="agent")
        assert before["1007"]["scores"]["taobao_3min"]["hits"] == 2, (
            "those of names; of accounts the scores know nothing"
        )
        f.register = known
        await f.at("12:00:01")
        after = await rows(reading(f, known), by="agent")
        hits = {name: row["scores"]["taobao_3min"]["hits"] for name, row in after.items()}
        assert hits == {"1007": 3, "senye:2": 1, "x": 1}, "whose work it was is open: an account stands for its person"
        assert after["1007"]["nick"] == "小林"
        assert after["1007"]["figures"]["rounds"]["answered"] == 3
        accounts = await rows(read, by="account")
        assert accounts["senye:1"]["scores"]["taobao_3min"]["hits"] >= 1, "the platform counts by account"


async def test_rows_of_today_follow_what_changes(tmp_path: Path) -> None:
    async with floor(tmp_path) as f:
        read = reading(f)
        assert await rows(read, by="shop") == {}
        await f.tell(Chatter().b("10:00:00"))
        await f.at("10:01:00")
        before = (await rows(read, by="shop"))["senye"]
        assert before["provisional"]
        assert before["scores"]["taobao_3min"]["rate"] is None
        await f.tell(Chatter().a("10:02:00", id="r"))
        await f.at("10:02:01")
        after = (await rows(read, by="shop"))["senye"]
        assert (after["provisional"], after["scores"]["taobao_3min"]["rate"]) == (False, 1.0)


async def test_whom_a_correction_leaves_nothing_has_no_row_any_more(tmp_path: Path) -> None:
    async with floor(tmp_path) as f:
        read = reading(f)
        await f.tell(Chatter().b("10:00:00", id="q").a("10:01:00", id="r"))
        await f.at("10:02:00")
        assert set(await rows(read, by="agent")) == {"lin"}
        await f.tell(Chatter().event(ev.MessageRecalled, "10:02:30", type="message_recalled", message="r", id="back"))
        await f.tell(Chatter().a("10:02:50", agent="zhou", id="s"))
        await f.at("10:03:00")
        assert set(await rows(read, by="agent")) == {"zhou"}
        assert (await rows(read))["all"]["scores"]["taobao_3min"]["hits"] == 1


async def test_a_span_adds_finished_days_to_those_in_memory(tmp_path: Path) -> None:
    async with floor(tmp_path) as f:
        await f.tell(two_shops())
        await f.at("2026-11-24 00:30")
        day = f.scorer.today - 1
        await f.tell(Chatter().b("2026-11-24 10:00:00", id="n1").a("2026-11-24 10:01:00", id="n2"))
        await f.at("2026-11-28 12:00")
        read = reading(f)
        span = read.day_span(day, f.scorer.today)
        found = (await rows(read, span, by="shop"))["senye"]
        assert (found["scores"]["taobao_3min"]["hits"], found["scores"]["taobao_3min"]["misses"]) == (2, 1)
        # The buyer of two days counts on each of them.
        assert found["scores"]["rate_3min_buyer"]["hits"] + found["scores"]["rate_3min_buyer"]["misses"] == 2
        assert found["figures"]["rounds"]["answered"] == 3


async def test_a_shift_is_scored_by_what_began_in_it(tmp_path: Path) -> None:
    async with floor(tmp_path) as f:
        await f.tell(two_shops())
        await f.at("12:00:00")
        read = reading(f)
        found = (await rows(read, Span(at_ms("10:05:00"), at_ms("11:00:00"), None)))["all"]
        assert (found["scores"]["taobao_3min"]["hits"], found["scores"]["taobao_3min"]["misses"]) == (0, 1)
        assert found["figures"]["rounds"]["total"] == 1
        one = await rows(read, ids=["taobao_3min"])
        assert set(one["all"]["scores"]) == {"taobao_3min"}
        assert "figures" not in one["all"]


async def test_the_figures_of_a_day(tmp_path: Path) -> None:
    async with floor(tmp_path) as f:
        chat = Chatter().b("10:00:00").a("10:00:40", text="亲稍等，帮您看一下").b("10:01:00").a("10:20:00")
        chat.b("10:21:00", "10:21:30").a("10:24:00", agent="zhou", text="有的").b("10:30:00").a("10:33:00")
        chat.b("11:00:00", conversation="d").passed("11:00:20", "zhou", conversation="d")
        chat.b("11:30:00", conversation="e", buyer="bot's").say("bot", "11:30:01", conversation="e")
        chat.b("11:40:00", conversation="f").event(
            ev.WaitDismissed, "11:41:00", type="wait_dismissed", wait=1, by="lead", reason="ad", conversation="f"
        )
        await f.tell(chat)
        await f.at("12:00:00")
        figures = (await rows(reading(f)))["all"]["figures"]
        assert figures["first_response"]["count"] == 1
        assert figures["first_response"]["sum_seconds"] == 40
        assert figures["first_answer"] == {"count": 1, "sum_seconds": 1200.0, "mean_seconds": 1200.0}
        assert figures["round_response"]["count"] == 4
        assert figures["round_response"]["p50_seconds"] == 180
        assert figures["round_response"]["max_seconds"] == 1140
        assert figures["dropoff"]["180s"] == {"late": 1, "never": 1, "of": 5, "rate": 0.4}
        assert figures["followups"] == {"missed": 1, "of": 1, "rate": 1.0, "open": 0}
        assert figures["holding"] == {"held": 2, "of": 4, "rate": 0.5}  # "稍等" and two characters.
        assert figures["transfers"] == {"unanswered": 1, "of": 1, "rate": 1.0}
        assert figures["slow_buyers"] == 1  # 1140, 180 and 180 s.
        assert figures["buyers"] == {"consulted": 4, "received": 3, "valid": 1, "filtered": 1}
        assert figures["rounds"] == {"total": 7, "answered": 4, "open": 2, "bot_held": 1, "dismissed": 1}
        assert figures["bots"]["sessions"] == 1
        assert figures["missed"] == {"rounds": 0, "buyers": 0}
        await f.at("2026-11-24 00:00:01")
        yesterday = reading(f).day_span(f.scorer.today - 1, f.scorer.today - 1)
        later = (await rows(reading(f), yesterday))["all"]["figures"]
        assert later["missed"] == {"rounds": 1, "buyers": 1}


async def test_how_many_more_may_be_missed(tmp_path: Path) -> None:
    targets = Register(shops=(ShopInfo(shop="senye", platform="taobao", targets={"taobao_3min": 0.75}),))
    async with floor(tmp_path) as f:
        chat = Chatter()
        for n in range(6):
            chat.b(f"10:{n:02}:00", conversation=f"c{n}").a(f"10:{n:02}:30", conversation=f"c{n}")
        await f.tell(chat)
        await f.at("11:00:00")
        found = budget(f.scorer, targets, "senye")
        assert found is not None
        assert (found.target, found.hits, found.misses, found.left, found.at_risk) == (0.75, 6, 0, 2, False)
        more = Chatter()
        for n in range(3):
            more.b("11:00:00", conversation=f"d{n}", id=f"d{n}")
        await f.tell(more)
        await f.at("11:01:00")
        found = budget(f.scorer, targets, "senye")
        assert found is not None
        assert (found.open, found.left, found.at_risk) == (3, 2, True)
        await f.at("11:05:00")
        found = budget(f.scorer, targets, "senye")
        assert found is not None
        assert (found.misses, found.left, found.at_risk) == (3, -1, True)
        without = budget(f.scorer, NOBODY_WRITTEN_DOWN, "senye")
        assert without is not None
        assert (without.target, without.left, without.at_risk) == (None, None, False)


async def test_a_share_that_binary_numbers_miss_is_no_miss_less(tmp_path: Path) -> None:
    async with floor(tmp_path) as f:
        chat = Chatter()
        for n in range(19):
            chat.b(f"10:{n:02}:00", conversation=f"c{n}").a(f"10:{n:02}:30", conversation=f"c{n}")
        await f.tell(chat)
        await f.at("11:00:00")
        register = Register(shops=(ShopInfo(shop="senye", targets={"taobao_3min": 0.95}),))
        found = budget(f.scorer, register, "senye")
        assert found is not None
        assert found.left == 1


async def test_a_platforms_window_ends_some_days_ago_and_adds_sums(tmp_path: Path) -> None:
    async with floor(tmp_path) as f:
        for n, day in enumerate(("2026-11-23", "2026-11-25", "2026-11-29")):
            chat = Chatter("pinduoduo").b(f"{day} 10:00:00", id=f"q{n}")
            if n:
                chat.a(f"{day} 10:01:00", id=f"a{n}")
            await f.tell(chat)
            await f.at(f"{day} 23:00")
            await f.at(f"{day[:-2]}{int(day[-2:]) + 1} 00:10")
        await f.at("2026-11-29 23:30")
        found = {one["profile"]: one for one in await reading(f).windows()}
        whole = found["pinduoduo_3min"]  # 30 days up to three days ago: the 29th is not in it yet.
        assert (whole["first_day"], whole["last_day"]) == ("2026-10-28", "2026-11-26")
        assert (whole["hits"], whole["misses"], whole["rate"]) == (1, 1, 0.5)
        short = found["pinduoduo_5min"]  # Three days up to yesterday.
        assert (short["hits"], short["misses"], short["rate"]) == (0, 0, None)
        assert await reading(f).windows(lambda shop, _: shop == "another") == []


async def test_before_the_first_that_is_decided_there_is_no_budget_and_nothing_is_at_risk(tmp_path: Path) -> None:
    targets = Register(shops=(ShopInfo(shop="senye", platform="taobao", targets={"taobao_3min": 0.95}),))
    async with floor(tmp_path) as f:
        await f.tell(Chatter().b("10:00:00"))
        await f.at("10:01:00")
        found = budget(f.scorer, targets, "senye")
        assert found is not None
        assert (found.rate, found.open, found.left, found.at_risk) == (None, 1, None, False)
        await f.at("10:03:01")
        missed = budget(f.scorer, targets, "senye")
        assert missed is not None
        assert (missed.rate, missed.left, missed.at_risk) == (0.0, -1, True)


async def test_a_replay_tells_the_same_rows_as_the_service_by_whom_one_likes(tmp_path: Path) -> None:
    chat = Chatter().stands("09:00:00", "lin", "online", shops=["senye"])
    chat.b("10:00:00").a("10:01:00", account="senye:1").b("10:05:00", text="好的").a("10:09:00", agent="zhou")
    chat.b("11:00:00", conversation="d").b("11:30:00", conversation="e", shop="lvya").a(
        "11:30:20", conversation="e", shop="lvya"
    )
    for by in BYS:
        rows = kpis(chat.chats(), shipped(), at_ms("12:00:00"), by, lambda _, shop: f"team of {shop}")
        async with floor(tmp_path / by) as f:
            fresh = Chatter()
            fresh.events = chat.events[:]
            await f.tell(fresh)
            await f.at("12:00:00")
            today = f.scorer.today
            read = reading(f)
            live = [json.loads(row) for row in await read.rows(read.day_span(today, today), by)]
        names = ("name", "scores", "figures", "provisional")
        assert [{name: row[name] for name in names} for row in rows] == [
            {name: row[name] for name in names} for row in live
        ]
        assert rows
