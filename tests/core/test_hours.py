"""Counted hours against a count of the wall clock's minutes, and of its milliseconds near the edges."""

from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core.hours import ALWAYS_MS, NEVER, Calendar, CountedClock, Hours, Windows
from monitor.core.units import DAY_MS
from monitor.policy_files.calendars import zone_table

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ZONES = [
    "Asia/Shanghai",
    "America/New_York",
    "Europe/London",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "America/Sao_Paulo",
]
# A spring and an autumn change of each zone that has them, a leap day, the turn of a year, and a plain week.
DAYS = [
    "2025-03-08", "2025-11-01", "2026-03-28", "2026-10-24", "2025-04-05", "2025-10-04", "2018-11-03",
    "2024-02-28", "2025-12-30", "2026-06-10",
]  # fmt: skip


def ms(text: str, zone: str = "UTC") -> int:
    """An instant by the wall clock of a zone."""
    return round((datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)) - EPOCH) / timedelta(milliseconds=1))


def counts(hours: Hours, at_ms: int) -> bool:
    """Whether an instant counts: what the wall shows, looked up in the windows of its day and of the day before."""
    wall = (EPOCH + timedelta(milliseconds=at_ms)).astimezone(ZoneInfo(hours.zone.name))
    day = wall.toordinal() - 719_163
    of_day_ms = ((wall.hour * 60 + wall.minute) * 60 + wall.second) * 1000 + wall.microsecond // 1000
    dates = dict(hours.dates)
    for which, shown_ms in ((day, of_day_ms), (day - 1, of_day_ms + DAY_MS)):
        windows = dates.get(which, hours.week[(which + 3) % 7])
        if any(start <= shown_ms < end for start, end in windows):
            return not any(counts(less, at_ms) for less in hours.less)
    return False


windows = st.lists(
    st.tuples(st.integers(0, 24 * 12 - 1), st.integers(1, 24 * 12)).map(
        lambda w: (w[0] * 5 * MINUTE_MS, min((w[0] + w[1]) * 5 * MINUTE_MS, 2 * DAY_MS))
    ),
    max_size=3,
).map(lambda some: tuple(sorted(some)))


@st.composite
def weeks(draw: st.DrawFn, day_ms: int, zone: str, *, less: bool = True) -> Hours:
    """Random hours around a day."""
    week = tuple(draw(st.lists(windows, min_size=7, max_size=7)))
    first = day_ms // DAY_MS
    dates: dict[int, Windows] = draw(st.dictionaries(st.integers(first - 1, first + 3), windows, max_size=2))
    without = (draw(weeks(day_ms, draw(st.sampled_from(ZONES)), less=False)),) if less and draw(st.booleans()) else ()
    return Hours(zone_table(zone), week, tuple(sorted(dates.items())), without)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Hours, int, int]:
    """Hours, and two instants within three days of a day at which something is special."""
    day_ms, zone = ms(draw(st.sampled_from(DAYS))), draw(st.sampled_from(ZONES))
    hours = draw(weeks(day_ms, zone))
    offsets = st.integers(0, 3 * 24 * 60 - 1).map(lambda minute: day_ms + minute * MINUTE_MS)
    start, end = sorted((draw(offsets), draw(offsets)))
    return hours, start, end


@settings(max_examples=60, deadline=None)
@given(cases())
def test_counts_what_a_count_of_the_minutes_counts(case: tuple[Hours, int, int]) -> None:
    hours, start, end = case
    calendar = Calendar(hours)
    minutes = [at for at in range(start, end, MINUTE_MS) if counts(hours, at)]
    counted = calendar.counted(start, end)
    assert counted == len(minutes) * MINUTE_MS  # Windows begin and end on full minutes, in every zone here.
    if counted:
        due = calendar.due(start, counted)
        assert calendar.counted(start, due) == counted
        assert calendar.counted(start, due - 1) == counted - 1
        assert due == minutes[-1] + MINUTE_MS
        assert calendar.next_open(start) == minutes[0]
    for at in (start, end):
        holds, since, before = calendar.span(at)
        assert holds == calendar.is_open(at) == counts(hours, at)
        assert since <= at < before
        assert counts(hours, max(since, at - DAY_MS)) == counts(hours, min(before - 1, at + DAY_MS)) == holds


@settings(max_examples=40, deadline=None)
@given(cases(), st.integers(-1500, 1500))
def test_is_exact_to_the_millisecond_near_an_edge(case: tuple[Hours, int, int], off: int) -> None:
    hours, start, _ = case
    calendar = Calendar(hours)
    _, _, edge = calendar.span(start)
    at = edge + off
    assert calendar.is_open(at) == counts(hours, at)
    step = range(edge - 2000, at, 1) if off > -2000 else range(0)
    assert calendar.counted(edge - 2000, at) == sum(counts(hours, one) for one in step)


@settings(max_examples=30, deadline=None)
@given(cases(), st.integers(0, 40))
def test_what_opened_in_hours_runs_on_past_closing(case: tuple[Hours, int, int], run_on: int) -> None:
    hours, opened, end = case
    clock = CountedClock(hours, run_on * MINUTE_MS)

    def runs(at: int) -> bool:
        if counts(hours, at) or not counts(hours, opened):
            return counts(hours, at)
        closing = next(minute for minute in range(opened, at + 1, MINUTE_MS) if not counts(hours, minute))
        return at < closing + run_on * MINUTE_MS

    end = min(end, opened + DAY_MS)
    minutes = [at for at in range(opened, end, MINUTE_MS) if runs(at)]
    counted = clock.counted(opened, opened, end)
    assert counted == len(minutes) * MINUTE_MS
    if counted:
        assert clock.due(opened, opened, counted) == minutes[-1] + MINUTE_MS
    running, since, before = clock.span(opened, end)
    assert running == runs(end)
    assert since <= end < before
    assert all(
        runs(at) == running for at in range(max(since, opened, end - DAY_MS), min(before, end + DAY_MS), HOUR_MS)
    )


@settings(max_examples=40, deadline=None)
@given(cases(), st.integers(0, 40), st.randoms(use_true_random=False))
def test_what_a_clock_was_asked_before_changes_no_answer(
    case: tuple[Hours, int, int], run_on: int, dice: Random
) -> None:
    hours, first, _ = case
    used = CountedClock(hours, run_on * MINUTE_MS)
    for _ in range(60):
        opened, start, end = sorted(first + dice.randrange(DAY_MS) * dice.choice([1, 3]) for _ in range(3))
        length = dice.randrange(1, 10 * HOUR_MS)
        fresh = CountedClock(hours, run_on * MINUTE_MS)
        assert used.counted(opened, start, end) == fresh.counted(opened, start, end)
        assert used.due(opened, start, length) == CountedClock(hours, run_on * MINUTE_MS).due(opened, start, length)
        assert used.span(opened, start) == fresh.span(opened, start)


SHANGHAI = Hours(zone_table("Asia/Shanghai"), (((8 * HOUR_MS, 24 * HOUR_MS),),) * 7)


def test_a_shift_over_midnight_belongs_to_the_day_it_begins_on() -> None:
    friday_only = Hours(zone_table("Asia/Shanghai"), ((), (), (), (), ((22 * HOUR_MS, 30 * HOUR_MS),), (), ()))
    calendar = Calendar(friday_only)
    assert calendar.is_open(ms("2026-11-28 05:59:59.999", "Asia/Shanghai"))  # A Saturday.
    assert not calendar.is_open(ms("2026-11-28 06:00", "Asia/Shanghai"))
    assert not calendar.is_open(ms("2026-11-27 05:00", "Asia/Shanghai"))


@pytest.mark.parametrize(("night", "hours"), [("2025-03-08", 7), ("2025-11-01", 9), ("2025-06-01", 8)])
def test_a_night_shift_is_as_long_as_the_clock_makes_it(night: str, hours: int) -> None:
    calendar = Calendar(Hours(zone_table("America/New_York"), (((22 * HOUR_MS, 30 * HOUR_MS),),) * 7))
    start = ms(f"{night} 22:00", "America/New_York")
    assert calendar.closing(start) - start == hours * HOUR_MS
    assert calendar.counted(start, start + 12 * HOUR_MS) == hours * HOUR_MS


@pytest.mark.parametrize("zone", ZONES)
def test_a_zones_table_changes_at_the_second_at_which_its_clocks_do(zone: str) -> None:
    table = zone_table(zone)
    for since, before, offset in zip(table.since_ms[1:], table.offset_ms, table.offset_ms[1:], strict=False):
        for at, expected in ((since - 1000, before), (since, offset)):
            shown = (EPOCH + timedelta(milliseconds=at)).astimezone(ZoneInfo(zone)).utcoffset()
            assert shown == timedelta(milliseconds=expected)


def test_always_and_never_end() -> None:
    never, always = Calendar(NEVER), Calendar(Hours(zone_table("Asia/Shanghai"), (((0, DAY_MS),),) * 7))
    start = ms("2026-11-27")
    assert never.due(start, 1) == never.next_open(start) == ALWAYS_MS
    assert never.counted(start, start + 400 * DAY_MS) == 0
    assert always.closing(start) == ALWAYS_MS
    assert always.counted(start, start + 400 * DAY_MS) == 400 * DAY_MS
    assert always.due(start, 7 * DAY_MS) == start + 7 * DAY_MS


def test_a_clock_runs_to_quarter_past_closing_and_on_in_the_morning() -> None:
    clock = CountedClock(SHANGHAI, 15 * MINUTE_MS)
    opened = ms("2026-11-27 23:59", "Asia/Shanghai")
    assert clock.due(opened, opened, 16 * MINUTE_MS) == ms("2026-11-28 00:15", "Asia/Shanghai")
    assert clock.due(opened, opened, 17 * MINUTE_MS) == ms("2026-11-28 08:01", "Asia/Shanghai")
    after = ms("2026-11-28 00:01", "Asia/Shanghai")  # Opened when all had gone: nothing runs on for it.
    assert clock.due(after, after, 1 * MINUTE_MS) == ms("2026-11-28 08:01", "Asia/Shanghai")


def test_a_ts_of_any_year_does_not_fill_the_memory() -> None:
    calendar = Calendar(SHANGHAI)
    for year in range(1971, 2200):
        at = ms(f"{year}-06-01 12:00", "Asia/Shanghai")
        assert calendar.is_open(at) == counts(SHANGHAI, at) or year < 1992 or year > 2060
    assert len(calendar._blocks) <= 64
