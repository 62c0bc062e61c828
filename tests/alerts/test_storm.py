from typing import Any

from msgspec import msgpack

from monitor.alerts.storm import Kept, Storm
from monitor.core.decisions import PassStage
from monitor.core.units import MINUTE_MS
from tests.alerts.tellings import named, told

START_MS = 1_795_400_000_000


class Row:
    def __init__(self, wait: int, *flags: str) -> None:
        self.wait, self.flags, self.platform = wait, flags, "taobao"


class Hour:
    """Minutes of a floor."""

    def __init__(self) -> None:
        self.storm = Storm(START_MS)
        self.now_ms = START_MS
        self.wait = 0
        self.said: list[dict[str, Any]] = []

    def minutes(self, number: int, new: int, **more: Any) -> None:
        for _ in range(number * 60):
            self.now_ms += 1_000
            rows = [Row(self.wait + at) for at in range(1, new // 60 + 1 + (self.now_ms // 1000 % 60 < new % 60))]
            self.wait += len(rows)
            self.storm.see(rows, more.get("decisions", ()), self.now_ms)  # type: ignore[arg-type]
            facts = self.storm.turn(self.now_ms, 96)
            if facts is not None:
                self.said.append(facts)


def test_a_usual_evening_is_none() -> None:
    hour = Hour()
    hour.minutes(20, 50)
    hour.minutes(5, 110)
    assert hour.said == []


def test_it_begins_with_what_is_usual_beside_it_and_ends_after_three_quiet_minutes_with_its_sums() -> None:
    hour = Hour()
    hour.minutes(20, 12)
    assert hour.said == []
    hour.minutes(2, 180)
    (began,) = hour.said
    assert began["usual"] <= 15
    assert began["rate"] >= 60
    assert began["waiting"] == 96
    passed = PassStage(platform="taobao", shop="s", team="a", stage="at_risk", courtesy=False)
    hour.storm.see([], [passed, passed], hour.now_ms)
    hour.minutes(3, 6)
    assert len(hour.said) == 1
    hour.minutes(2, 6)
    ended = hour.said[1]
    assert ended["ended"]
    assert 360 <= ended["waits"] <= 400
    assert ended["overdue"] == 2
    assert hour.storm.since_ms is None


def test_many_who_are_due_at_once_are_one_too() -> None:
    storm = Storm(START_MS)
    storm.see([], [told(*(named(n) for n in range(8))) for _ in range(4)], START_MS + 1_000)
    assert storm.turn(START_MS + 2_000, 40) is not None


def test_a_storm_does_not_become_what_is_usual() -> None:
    hour = Hour()
    hour.minutes(10, 12)
    hour.minutes(30, 180)
    assert len(hour.said) == 1
    assert hour.storm.since_ms is not None
    assert hour.now_ms - START_MS == 40 * MINUTE_MS


def test_a_backlog_right_after_a_start_is_none_for_nobody_knows_what_is_usual() -> None:
    hour = Hour()
    hour.storm.see([Row(wait) for wait in range(1, 200)], (), START_MS)  # type: ignore[misc]
    assert hour.storm.turn(START_MS + 6_000, 200) is None


def test_who_is_with_a_bot_counts_from_when_a_person_is_needed() -> None:
    hour = Hour()
    hour.minutes(10, 12)
    first = hour.wait + 1
    now_ms = hour.now_ms
    wrote = range(first, first + 600)
    hour.storm.see([Row(wait) for wait in wrote], (), now_ms)  # type: ignore[misc]
    hour.storm.see([Row(wait, "bot_held") for wait in wrote], (), now_ms + 1_000)  # type: ignore[misc]
    assert hour.storm.turn(now_ms + 30_000, 0) is None
    asked = [Row(wait) for wait in range(first, first + 180)]
    gone = [(wait, "answered") for wait in range(first + 180, first + 600)]
    hour.storm.see(asked, (), now_ms + 60_000, gone)  # type: ignore[arg-type]
    hour.storm.see(asked, (), now_ms + 62_000)  # type: ignore[arg-type]
    facts = hour.storm.turn(now_ms + 65_000, 180)
    assert facts is not None
    assert facts["rate"] == 180
    hour.storm.see([Row(first + 500), *asked], (), now_ms + 66_000)  # type: ignore[list-item]
    hour.storm.turn(now_ms + 80_000, 180)
    assert hour.storm._sums["waits"] == 180


def test_what_a_lagging_feed_brings_at_once_is_no_rush() -> None:
    hour = Hour()
    hour.minutes(10, 12)
    late = [Row(wait, "catching_up") for wait in range(hour.wait + 1, hour.wait + 400)]
    hour.storm.see(late, (), hour.now_ms)  # type: ignore[arg-type]
    assert hour.storm.turn(hour.now_ms + 6_000, 400) is None


def test_a_restart_in_the_middle_neither_forgets_it_nor_begins_it_anew() -> None:
    hour = Hour()
    hour.minutes(20, 12)
    hour.minutes(2, 180)
    kept = hour.storm.keep(hour.now_ms)
    assert kept is not None
    assert hour.storm.keep(hour.now_ms + 5_000) is None  # Not on every look.
    hour.storm = Storm(hour.now_ms + 20_000)
    hour.now_ms += 20_000
    hour.storm.resume(msgpack.decode(msgpack.encode(kept), type=Kept), hour.wait, hour.now_ms)
    hour.storm.see([Row(hour.wait)], (), hour.now_ms)  # type: ignore[list-item]
    hour.minutes(2, 180)
    assert len(hour.said) == 1
    hour.minutes(4, 6)
    began, ended = hour.said
    assert 690 <= ended["waits"] <= 760
    hour.minutes(1, 180)
    assert abs(hour.said[2]["usual"] - began["usual"]) <= 3


def test_after_an_hour_away_nobody_knows_what_is_usual() -> None:
    hour = Hour()
    hour.minutes(20, 12)
    kept = hour.storm.keep(hour.now_ms)
    hour.now_ms += 3_600_000
    hour.storm = Storm(hour.now_ms)
    hour.storm.resume(kept, hour.wait, hour.now_ms)
    hour.storm.see([Row(wait) for wait in range(hour.wait + 1, hour.wait + 200)], (), hour.now_ms)  # type: ignore[misc]
    assert hour.storm.turn(hour.now_ms + 6_000, 200) is None
