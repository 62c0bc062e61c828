"""A score at risk is told in time, each level once a day, and only where a contract names a target."""

from functools import partial
from pathlib import Path

import pytest

from monitor.core import decisions as d
from monitor.core.roster import NOBODY_WRITTEN_DOWN, Register, ShopInfo
from monitor.scoring.at_risk import ScoresAtRisk, level_of
from monitor.scoring.budget import Budget
from tests.core.scores.day import Chatter
from tests.scoring.floor import Floor, floor

HOUR_MS = 3_600_000
TARGETS = Register(shops=(ShopInfo(shop="senye", platform="taobao", targets={"taobao_3min": 0.75}),))


def at_risk(f: Floor, register: Register = TARGETS) -> ScoresAtRisk:
    engine = f.service.engine
    standing = partial(engine.tracker.incidents.standing, "score")
    return ScoresAtRisk(f.scorer, lambda: register, engine.submit, standing, engine.now_ms)


def told(f: Floor) -> list[tuple[str, str, int]]:
    messages = f.service.decided(d.TellPeople)
    return [(one.to, one.facts["level"], one.facts["budget"]) for one in messages if one.kind == "score"]


async def test_each_level_is_told_once_and_a_new_day_begins_anew(tmp_path: Path) -> None:
    async with floor(tmp_path) as f:
        watch = at_risk(f)
        chat = Chatter()
        for n in range(6):
            chat.b(f"10:{n:02}:00", conversation=f"c{n}").a(f"10:{n:02}:30", conversation=f"c{n}")
        await f.tell(chat)
        await f.at("11:00:00")
        await watch.look()
        assert told(f) == []
        more = Chatter()
        for n in range(3):
            more.b("11:00:00", conversation=f"d{n}", id=f"d{n}")
        await f.tell(more)
        await f.at("11:01:00")
        await watch.look()
        await watch.look()
        assert told(f) == [("lead", "last", 2)]
        await f.at("11:05:00")
        await watch.look()
        await at_risk(f).look()  # As after a start.
        assert told(f) == [("lead", "last", 2), ("lead", "lost", -1)]
        await f.at("2026-11-24 09:00:00")
        await watch.look()
        states = [one for one in f.service.decided(d.AlertState) if one.kind == "score"]
        assert [(one.state, one.outcome) for one in states][-1] == ("resolved", "safe")
        assert f.service.engine.tracker.incidents.standing("score") == []


@pytest.mark.parametrize("profile", ["taobao_3min", "pinduoduo_3min"])
async def test_the_pace_of_the_last_hour_is_the_same_after_a_start(tmp_path: Path, profile: str) -> None:
    platform = profile.partition("_")[0]
    targets = Register(shops=(ShopInfo(shop="senye", platform=platform, targets={profile: 0.75}),))
    async with floor(tmp_path, "10:00:00") as f:
        chat = Chatter(platform)
        for n in range(40):
            chat.b("10:00:00", conversation=f"c{n}").a("10:00:30", conversation=f"c{n}", id=f"a{n}")
        for minute in (2, 10, 10, 30):  # Missed three minutes later.
            chat.b(f"10:{minute:02}:00", conversation=f"d{len(chat.events)}", id=f"d{len(chat.events)}")
        chat.events.sort(key=lambda one: one[0].ts_ms)
        await f.tell(chat)
        await f.at("10:35:00")
        watch = at_risk(f, targets)
        await watch.look()
        assert [level for _, level, _ in told(f)] == ["burning"]
    for now, level in (("11:04:59", "burning"), ("11:05:01", "burning"), ("11:13:02", "ok")):
        async with floor(tmp_path, now) as f:
            await f.at(now)
            watch = at_risk(f, targets)
            await watch.look()
            assert watch._levels.get(("senye", profile)) == level, now


async def test_nothing_is_made_up_where_no_target_is_written_down(tmp_path: Path) -> None:
    async with floor(tmp_path) as f:
        chat = Chatter()
        for n in range(5):
            chat.b("11:00:00", conversation=f"d{n}", id=f"d{n}")
        await f.tell(chat)
        await f.at("11:05:00")
        await at_risk(f, NOBODY_WRITTEN_DOWN).look()
        assert told(f) == []


@pytest.mark.parametrize(
    ("left", "open", "burned", "hours", "level"),
    [
        (11, 0, 0, 8, "ok"),
        (11, 0, 2, 8, "ok"),  # Two misses are no pace.
        (11, 0, 3, 8, "burning"),  # 24 to come at this pace.
        (11, 0, 3, 2, "ok"),
        (2, 3, 0, 8, "last"),
        (0, 0, 0, 8, "ok"),
        (-1, 0, 0, 8, "lost"),
    ],
)
def test_how_much_a_target_is_at_risk(left: int, open: int, burned: int, hours: int, level: str) -> None:
    found = Budget("senye", "taobao_3min", 0.95, 500, 10, open, 0.98, left)
    assert level_of(found, burned, hours * HOUR_MS) == level


async def look_after(f: Floor, watch: ScoresAtRisk, clock: str, quick: int, slow: int) -> None:
    """So many first replies in 20 and in 50 seconds, and a look in that minute."""
    chat = Chatter("jd")
    for n in range(quick + slow):
        name = f"{clock}-{n}"
        chat.b(f"{clock}:00", conversation=name, id=f"q-{name}")
        chat.a(f"{clock}:{20 if n < quick else 50}", conversation=name, id=f"a-{name}")
    chat.events.sort(key=lambda one: one[0].ts_ms)
    await f.tell(chat)
    await f.at(f"{clock}:59")
    await watch.look()


def lines_of_hours(f: Floor) -> list[tuple[str, str, int, int]]:
    messages = [one for one in f.service.decided(d.TellPeople) if one.kind == "score"]
    return [(one.to, one.facts["shop"], one.facts["hits"], one.facts["of"]) for one in messages]


async def test_an_hours_low_rate_is_one_line_to_the_lead_and_the_next_not_before_the_next_hour(tmp_path: Path) -> None:
    async with floor(tmp_path, "19:59:00") as f:
        watch = at_risk(f, NOBODY_WRITTEN_DOWN)
        early = Chatter("jd").b("19:50:00", conversation="early").a("19:55:00", conversation="early")
        await f.tell(early)
        await f.at("20:00:01")
        await watch.look()  # What was decided before is not of this hour.

        first_replies = partial(look_after, f, watch)
        lines = partial(lines_of_hours, f)
        await first_replies("20:02", 6, 3)
        assert lines() == [], "nine are no sample"
        await first_replies("20:05", 3, 0)
        assert lines() == [("lead", "senye", 9, 12)]
        await first_replies("20:30", 0, 6)
        assert len(lines()) == 1
        await f.at("21:00:00")
        await watch.look()
        await first_replies("21:02", 10, 0)
        assert len(lines()) == 1
        await first_replies("21:10", 0, 4)
        assert lines()[1:] == [("lead", "senye", 10, 14)]
        assert f.service.engine.tracker.incidents.standing("score") == []


async def test_an_hours_line_holds_what_was_before_a_crash_and_is_not_said_again_after_one(tmp_path: Path) -> None:
    async with floor(tmp_path, "20:00:00") as f:
        await look_after(f, at_risk(f), "20:05", 4, 3)
        assert lines_of_hours(f) == [], "seven are no sample"
    async with floor(tmp_path, "20:10:00") as f:
        await look_after(f, at_risk(f), "20:10", 0, 3)
        assert lines_of_hours(f) == [("lead", "senye", 4, 10)]
    async with floor(tmp_path, "20:20:00") as f:
        await look_after(f, at_risk(f), "20:20", 0, 5)
        assert lines_of_hours(f) == [], "it was said before the crash"
        await look_after(f, at_risk(f), "21:05", 0, 10)
        assert lines_of_hours(f) == [("lead", "senye", 0, 10)]
