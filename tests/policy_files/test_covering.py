"""Rules that never match, against a count of every case there is."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any, cast

import pytest

from monitor.core.book import Layer
from monitor.core.hours import Calendar, Hours
from monitor.core.units import DAY_MS, HOUR_MS
from monitor.policy_files import load
from monitor.policy_files.calendars import zone_table
from monitor.policy_files.covering import Before
from monitor.policy_files.language import Rule
from monitor.policy_files.policies import Placed
from tests.policy_files.folders import DEFAULT, at, doubts, write

NOW_MS = at("2026-11-23 00:00")
PARTS = [((0, 8),), ((8, 16),), ((16, 24),), ((22, 30),), ((6, 22),)]
SHANGHAI = zone_table("Asia/Shanghai")
WEEK = [NOW_MS + hour * HOUR_MS for hour in range(-48, 9 * 24, 2)]  # All windows begin and end at even hours.


def hours(part: tuple[tuple[int, int], ...], days: range = range(7)) -> Hours:
    windows = tuple((start * HOUR_MS, end * HOUR_MS) for start, end in part)
    return Hours(SHANGHAI, tuple(windows if day in days else () for day in range(7)))


def some(dice: random.Random, names: str) -> frozenset[str] | None:
    return None if dice.random() < 0.8 else frozenset(dice.sample(names, dice.randint(1, len(names))))


def rule(dice: random.Random, number: int, *, dated: bool) -> Placed:
    days = dice.choice([range(7)] * 5 + [range(5), range(5, 7)])
    begins = NOW_MS + dice.randrange(3) * DAY_MS
    span = {"from_ms": begins, "until_ms": begins + dice.randint(1, 2) * DAY_MS} if dated else {}
    layer = Layer(
        rule=f"r:{number}", sets={}, platforms=some(dice, "tj"), shops=some(dice, "ab"), phases=some(dice, "pq"),
        hours=None if dice.random() < 0.1 else hours(dice.choice(PARTS), days), **cast(Any, span),
    )  # fmt: skip
    return Placed("shops", Rule(), cast(Any, None), ("shops", number), (layer,))


def cases(placed: Placed) -> Iterator[tuple[str, str, str | None, int]]:
    """Everything a rule matches: names that rules write and one that none does, each hour of nine days."""
    layer = placed.layers[0]
    calendar = None if layer.hours is None else Calendar(layer.hours)
    times = [
        time
        for time in WEEK
        if layer.from_ms <= time < layer.until_ms and (calendar is None or calendar.is_open(time))
    ]  # fmt: skip
    for platform, shop, phase in product("tj?", "ab?", ("p", "q", None)):
        if layer.fits(platform, shop, phase):
            yield from ((platform, shop, phase, time) for time in times)


@pytest.mark.parametrize("dated", [False, True])
def test_what_is_found_is_what_a_count_of_all_cases_finds(dated: bool) -> None:
    alone = together = left = 0
    for seed in range(25):
        dice = random.Random(seed)
        before, met = Before(NOW_MS), list[Placed]()
        for number in range(12):
            placed = rule(dice, number, dated=dated)
            wanted = set(cases(placed))
            found = before.covering(placed)
            matched = [set(cases(one)) for one in met]
            assert bool(found) == bool(wanted and wanted <= set[Any]().union(*matched)), (seed, number)
            for one in found:  # None of them is too many.
                others = [set(cases(other)) for other in found if other is not one]
                assert not wanted <= set[Any]().union(*others), (seed, number)
            alone, together, left = alone + (len(found) == 1), together + (len(found) > 1), left + (not found)
            before.add(placed)
            met.append(placed)
    assert min(alone, together, left) > 4, (alone, together, left)


def test_rules_that_leave_nothing_between_them_are_told_together(tmp_path: Path) -> None:
    rules = """
        version: 1
        platforms:
          - {match: {platform: [taobao, jd], hours: "08:00-24:00"}, bot: holds}
          - {match: {platform: douyin}, bot: holds}
          - {match: {platform: [jd, taobao], hours: "00:00-08:00"}, bot: ignored}
          - {match: {platform: [taobao, douyin]}, bot: ignored}
          - {match: {platform: [taobao, kuaishou]}, bot: ignored}
    """
    found = load(write(tmp_path, default=DEFAULT, rules=rules))
    assert doubts(found) == [
        "rules.yaml:6:5: never matches: the rules at rules.yaml:3, :4, :5 stand before it and between them match all "
        "of it"
    ]


def test_hours_of_two_zones_are_the_same_only_while_their_clocks_are(tmp_path: Path) -> None:
    """08:00-20:00 in Berlin is 15:00-03:00 in Shanghai in winter, an hour earlier in summer."""
    rules = """
        version: 1
        hours: {berlin: {zone: Europe/Berlin, daily: "08:00-20:00"}}
        shops:
          - {match: {hours: "15:00-03:00"}, bot: holds}
          - {match: {hours: berlin}, bot: ignored}
    """
    campaign = (
        "version: 1\ncampaigns:\n  - {name: a, from: '2026-11-23', until: '2026-11-24', match: {hours: closed}}\n"
    )
    assert doubts(load(write(tmp_path, default=DEFAULT, rules=campaign)), NOW_MS) == [
        "rules.yaml:3:71: never matches: no hour of its days is in its hours"
    ]
    winter = round(datetime(2026, 11, 23, tzinfo=UTC).timestamp() * 1000)
    assert doubts(load(write(tmp_path, default=DEFAULT, rules=rules)), winter) == []
