"""Real chat counted in hours, against overlaps of calendar days that share no code with the program."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from monitor.core.book import Book
from monitor.core.hours import Hours
from monitor.core.policy import BUILT_IN
from monitor.policy_files.calendars import zone_table
from monitor.replay import Replay, replay_files
from tests.replays import FILES, Json, sample

HOUR_MS = 3_600_000
ZONE = ZoneInfo("America/New_York")
# Over the hour at which the clocks are changed, and with a break; both ends of each window come once on every night.
WINDOWS = ((time(0, 30), time(5, 30)), (time(9), time(22)))
RUN_ON = timedelta(minutes=15)
DAY = tuple((round((a.hour + a.minute / 60) * HOUR_MS), round((b.hour + b.minute / 60) * HOUR_MS)) for a, b in WINDOWS)
HOURS = Hours(zone_table(ZONE.key), (DAY,) * 7)
RULES = Book(replace(BUILT_IN, hours=HOURS, run_on_ms=round(RUN_ON.total_seconds() * 1000)), (), "hours")


def overlap(opened: datetime, ended: datetime) -> float:
    """Return the seconds that count for a wait."""
    day = opened.astimezone(ZONE).date()
    seconds = 0.0
    while day <= ended.astimezone(ZONE).date():
        for opens, closes in WINDOWS:
            start, end = (datetime.combine(day, at, ZONE).astimezone(opened.tzinfo) for at in (opens, closes))
            if start <= opened < end:
                end += RUN_ON
            seconds += max(0.0, (min(end, ended) - max(start, opened)).total_seconds())
        day += timedelta(days=1)
    return seconds


def rounds(name: str, rules: Book | None) -> list[Json]:
    path = [str(sample(name))]
    run: Replay = (
        replay_files(path, keep_rounds=True) if rules is None else replay_files(path, keep_rounds=True, policies=rules)
    )
    return list(run.rounds())


@pytest.mark.parametrize("name", FILES)
def test_real_chat_counts_in_hours_what_its_days_overlap(name: str) -> None:
    lines, all_day = rounds(name, RULES), rounds(name, None)
    ended = [(line, other) for line, other in zip(lines, all_day, strict=True) if line["ended_at"]]
    for line, other in ended:
        opened, ended_at = (datetime.fromisoformat(line[at]) for at in ("opened_at", "ended_at"))
        counted = overlap(opened, ended_at)
        assert line["counted_seconds"] == pytest.approx(counted, abs=1e-6), line
        passed = [stage.name for stage in BUILT_IN.window if counted * 1000 > stage.after_ms]
        assert line["stage"] == (passed[-1] if passed else "fresh")
        same = ("opened_by", "ended_by", "wait_seconds", "agent", "courtesy", "held")
        assert {key: line[key] for key in same} == {key: other[key] for key in same}
    assert any(line["counted_seconds"] < line["wait_seconds"] for line, _ in ended)
