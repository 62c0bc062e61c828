"""How an open wait is shown: its stage, when the next one comes, and how long its clock has stood."""

import pytest

from monitor.core.views import WaitRow
from tests.core.hours import in_hours
from tests.core.ladders import LADDER
from tests.timeline import Timeline, When, at_ms


def row(chat: Timeline, when: When) -> WaitRow:
    chat.until(when)
    conversation = chat.tracker.conversation("senye", "c")
    assert conversation is not None
    found = chat.tracker.row(conversation)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("when", "stage", "next_due"),
    [
        ("0:30", "fresh", "1:00.001"),
        ("1:00", "fresh", "1:00.001"),
        ("1:00.001", "slow", "3:00.001"),
        ("3:00", "slow", "3:00.001"),
        ("4:00", "at_risk", "5:00.001"),
        ("5:00.001", "lost", None),
    ],
)
def test_a_row_says_the_stage_and_when_the_next_is_entered(when: str, stage: str, next_due: str | None) -> None:
    found = row(Timeline().buyer("0:00"), when)
    assert found.stage == stage
    assert found.next_due_at_ms == (None if next_due is None else at_ms(next_due))
    assert (found.stood_ms, found.standing_since_ms) == (0, None)


def test_out_of_hours_the_clock_stands_since_closing_and_has_no_next_limit_before_the_next_opening() -> None:
    chat = Timeline(in_hours(("-60:00", "2:00"), ("10:00", "60:00"))).buyer("0:00")
    closed = row(chat, "5:00")
    assert "out_of_hours" in closed.flags
    assert (closed.stage, closed.stood_ms, closed.standing_since_ms) == ("slow", 0, at_ms("2:00"))
    open_again = row(chat, "10:30")
    assert "out_of_hours" not in open_again.flags
    assert (open_again.stood_ms, open_again.standing_since_ms) == (480_000, None)
    assert open_again.next_due_at_ms == at_ms("11:00.001")


def test_while_a_bot_holds_the_clock_stands_and_after_the_hand_off_what_it_stood_is_known() -> None:
    chat = Timeline(LADDER).buyer("0:00").bot("0:10")
    held = row(chat, "0:30")
    assert "bot_held" in held.flags
    assert (held.stage, held.stood_ms, held.standing_since_ms) == ("fresh", 0, at_ms("0:10"))
    chat.handed_off("0:40")
    after = row(chat, "1:00")
    assert "bot_held" not in after.flags
    assert (after.stood_ms, after.standing_since_ms) == (30_000, None)
    assert after.next_due_at_ms == at_ms("1:30.001")
