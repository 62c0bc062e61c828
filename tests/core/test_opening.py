"""What was left while it was closed is one message to each team when it opens, and the steps go on after it."""

from msgspec.structs import replace

from monitor.core import decisions as d
from monitor.core.hours import UTC, Hours
from monitor.core.roster import Register
from tests.core.ladders import LADDER
from tests.staffed import Floor
from tests.timeline import START_MS, Timeline, at_ms

HOUR_MS = 3_600_000
# The time-lines begin at two in the night in UTC; the floor opens at eight and closes at two, an instant later.
DAYS = ((8 * HOUR_MS, 26 * HOUR_MS),)
POLICY = replace(LADDER, hours=Hours(UTC, (DAYS,) * 7), run_on_ms=0)
OPENS = 6 * 60  # Minutes from the start.


def at(minutes: int, seconds: int = 0) -> str:
    return f"{OPENS + minutes}:{seconds:02}"


def opened(chat: Timeline) -> list[d.TellPeople]:
    return [one for one in chat.decisions if isinstance(one, d.TellPeople) and one.kind == "opening"]


def test_one_message_names_all_that_was_left_with_its_true_age_and_none_that_was_answered() -> None:
    chat = Timeline(POLICY, wall=True)
    for n in range(3):
        chat.buyer(f"{60 + n}:00", chat=f"c{n}", agent=("lin", "zhou", None)[n])
    chat.buyer("70:00", "好的", chat="polite")
    chat.agent(at(0, 10), chat="c1", agent="zhou")
    chat.buyer(at(0, 20), chat="new", agent="lin")
    chat.until(at(1, 59))
    assert chat.said_to("team", "lead") == [f"{at(0, 30)}.001 team default opening: senye 0:30, senye 0:30, senye 0:30"]
    [one] = opened(chat)
    assert [wait.conversation for wait in one.waits] == ["c0", "c2", "polite"]
    assert one.waits[0].since_ms == at_ms("60:00")
    assert one.facts == {"left": 4, "still": 3, "oldest_since_ms": at_ms("60:00")}
    chat.until(at(2, 1))
    assert [line.split(" ", 1)[1] for line in chat.said_to("team")[1:]] == [
        "team lin 120s: senye 2:00, senye 1:40",
        "team default 120s: senye 2:00, senye 2:00",
    ]


def test_a_step_that_comes_due_within_the_first_minute_is_in_that_message_and_the_next_is_its_own() -> None:
    late = replace(POLICY, run_on_ms=110_000)
    chat = Timeline(late, wall=True)
    chat.buyer("-0:00.001", agent="lin")  # In hours: it has run for 110 s when the night begins, so 120 s come early.
    chat.until(at(1))
    assert [line.split()[3] for line in chat.said_to("team", "lead")] == ["opening:"]
    chat.until(at(5))
    assert [line.split()[3] for line in chat.said_to("team", "lead")] == ["opening:"]  # 150 s lie in the minute, too.
    assert [line.split()[3] for line in chat.said_to("console")] == ["300s:"]


def test_each_opening_has_its_message_and_what_came_in_hours_has_none() -> None:
    chat = Timeline(POLICY, wall=True)
    chat.buyer("60:00", agent="lin").buyer(at(10), chat="day", agent="zhou").agent(at(10, 20), chat="day", agent="zhou")
    evening = {"chat": "evening", "agent": "zhou"}
    chat.buyer(at(17 * 60 + 58), **evening).agent(at(17 * 60 + 59), **evening)  # The feed is alive.
    chat.until(at(24 * 60 + 1))
    assert [(one.due_at_ms - START_MS) // HOUR_MS for one in opened(chat)] == [6, 30]


def test_what_is_muted_or_silenced_is_not_named_and_nothing_is_made_up_where_no_team_is_told() -> None:
    chat = Timeline(POLICY, wall=True).silenced("1:00", at(5), shop="senye").buyer("60:00", agent="lin")
    chat.until(at(1))
    assert opened(chat) == []
    bare = Timeline(replace(POLICY, hours=None), wall=True).buyer("60:00", agent="lin")
    bare.until(at(1))
    assert opened(bare) == []
    alone = Timeline(replace(POLICY, steps=POLICY.steps[:2]), wall=True).buyer("60:00", agent="lin")
    alone.until(at(1))
    assert opened(alone) == []


def test_it_outlives_a_restart() -> None:
    chat = Floor(Register(), POLICY, wall=True, rows=True)
    chat.buyer("60:00", agent="lin")
    chat.until(at(0, 1))
    kept = chat.tracker.incidents.keep()
    chat.tracker.incidents.restore(kept)
    chat.until(at(0, 31))
    assert len(opened(chat)) == 1
