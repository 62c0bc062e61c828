"""The counted clock in a chat: hours, run-on, the merchant's hours, a bot; the buyer's clock goes on all the while."""

import random
from typing import Any

import pytest
from msgspec.structs import replace

from monitor.core.hours import NEVER, UTC, Hours
from monitor.core.policy import BUILT_IN, Policy, Stage
from monitor.core.units import DAY_MS, MINUTE_MS
from tests.core.hours import in_hours, on_wall
from tests.timeline import Timeline, at_ms


def test_limits_are_passed_by_what_counts() -> None:
    chat = Timeline(in_hours(("-60:00", "1:30"), ("10:00", "60:00"))).buyer("0:00")
    assert chat.until("40:00") == ["1:00 slow", "11:30 at_risk", "13:30 lost"]
    chat.agent("41:00")
    [done] = chat.rounds.values()
    assert ((done.ended_at_ms or 0) - done.opened_at_ms, done.counted_ms) == (41 * MINUTE_MS, 32.5 * MINUTE_MS)


def test_a_reply_before_hours_begin_again_is_in_time() -> None:
    chat = Timeline(in_hours(("-60:00", "0:30"), ("600:00", "700:00"))).buyer("0:00").agent("590:00")
    assert (chat.told, chat.ended(), [r.passed for r in chat.rounds.values()]) == ([], ["answered 35400"], [()])


def test_what_opens_before_hours_begins_to_count_with_them() -> None:
    chat = Timeline(in_hours(("5:00", "60:00"), run_on=900)).buyer("0:00")
    assert chat.until("9:00") == ["6:00 slow", "8:00 at_risk"]


def test_what_opened_in_hours_runs_on_past_closing_and_then_stands() -> None:
    policy = in_hours(("-60:00", "1:00"), ("60:00", "90:00"), run_on=90)
    assert Timeline(policy).buyer("0:00").until("70:00") == ["1:00 slow", "60:30 at_risk", "62:30 lost"]
    assert Timeline(policy).buyer("1:00").until("62:00") == ["61:00 slow"]  # Nobody was there when it opened.


def test_limits_are_passed_after_them_at_the_millisecond_and_after_a_break() -> None:
    policy = in_hours(("-60:00", "1:00"), ("10:00", "60:00"))
    assert Timeline(policy).buyer("0:00").agent("10:00").told == []  # 60 s have counted, and not more.
    assert Timeline(policy).buyer("0:00").agent("10:00.001").rounds[1].passed == ("slow",)


def test_the_merchants_hours_do_not_count() -> None:
    merchant = Hours(UTC, (on_wall(("2:00", "20:00")),) * 7)
    ours = replace(
        in_hours(("-60:00", "60:00")), hours=Hours(UTC, (on_wall(("-60:00", "60:00")),) * 7, (), (merchant,))
    )
    assert Timeline(ours).buyer("0:00").until("30:00") == ["1:00 slow", "21:00 at_risk", "23:00 lost"]


def test_no_hours_no_alert_and_no_blame_and_the_wait_is_given_up_on_the_buyers_clock() -> None:
    policy = replace(BUILT_IN, hours=NEVER, responsible="merchant", give_up_ms=60 * MINUTE_MS)
    chat = Timeline(policy).buyer("0:00").agent("0:30", "稍等").buyer("1:00")
    assert chat.until("90:00") == []
    assert chat.ended() == ["answered 30", "expired 3600"]
    assert list(chat.tracker.promises()) == []


def test_a_promise_counts_in_hours_too() -> None:
    chat = Timeline(in_hours(("-60:00", "2:00"), ("10:00", "60:00"))).buyer("0:00").agent("0:30", "稍等")
    assert chat.until("12:00") == ["11:30 promise due"]


def test_a_bot_holds_only_what_would_count() -> None:
    policy = in_hours(("-60:00", "1:00"), ("10:00", "60:00"), bot="holds")
    # 30 s before the bot, then it holds: to closing and 2 min after opening; then 30 s to the limit.
    chat = Timeline(policy).buyer("0:00", "有货吗").bot("0:30").handed_off("12:00")
    assert chat.until("14:00") == ["12:30 slow"]
    chat.agent("14:00")
    assert [r.counted_ms for r in chat.rounds.values()] == [150_000]


def test_courtesy_first_then_a_question_out_of_hours() -> None:
    policy = in_hours(("-60:00", "2:00"), ("10:00", "60:00"))
    chat = Timeline(policy).buyer("-3:00").agent("-2:00").buyer("0:00", "谢谢").buyer("5:00", "什么时候发货")
    assert chat.until("12:00") == ["11:00 slow"]


def test_the_board_says_since_when_the_clock_stands_and_counts_as_the_core_does() -> None:
    policy = in_hours(("-60:00", "2:00"), ("10:00", "60:00"), run_on=60)
    chat = Timeline(policy, wall=True).buyer("0:00").buyer("0:20")
    for when, counted, standing in (
        ("1:00", 60, None),
        ("2:30", 150, None),
        ("4:00", 180, "3:00"),
        ("11:00", 240, None),
    ):
        chat.until(when)
        [row] = chat.tracker.waits()
        now_ms = at_ms(when)
        stands = 0 if row.standing_since_ms is None else now_ms - row.standing_since_ms
        assert (now_ms - row.opened_at_ms - row.stood_ms - stands) / 1000 == counted
        assert row.standing_since_ms == (None if standing is None else at_ms(standing))
        assert ("out_of_hours" in row.flags) == (standing is not None)


def test_the_row_is_shown_anew_when_hours_begin_and_end() -> None:
    policy = in_hours(("-60:00", "0:30"), ("0:50", "60:00"))
    chat = Timeline(policy, wall=True).buyer("0:00")
    for when, flagged in (("0:30", True), ("0:50", False)):
        chat.tracker.changed.clear()
        chat.until(when)
        [conversation] = chat.tracker.changed
        row = chat.tracker.row(conversation)
        assert row is not None
        assert ("out_of_hours" in row.flags) == flagged


def seconds_counted(policy: Policy, opened_ms: int, until_ms: int, bot: range = range(0)) -> list[int]:
    """Return what has counted by the end of each second, told by nothing but whether each one lies in a window."""
    assert policy.hours is not None
    windows = policy.hours.week[0]

    def open_at(at: int) -> bool:
        return any(start <= at % DAY_MS < end for start, end in windows)

    closing = opened_ms
    while open_at(closing):
        closing += 1000
    runs_until = closing + policy.run_on_ms if open_at(opened_ms) else opened_ms
    counted = [0]
    for at in range(opened_ms, until_ms, 1000):
        runs = open_at(at) or closing <= at < runs_until
        counted.append(counted[-1] + 1000 * (runs and at not in bot))
    return counted


def random_hours(rng: random.Random, **fields: Any) -> Policy:
    edges = [f"{'-' if e < 0 else ''}{abs(e) // 60}:{abs(e) % 60:02}" for e in sorted(rng.sample(range(-600, 3600), 8))]
    return in_hours(*zip(edges[::2], edges[1::2], strict=True), run_on=rng.choice([0, 45, 300]), **fields)


@pytest.mark.parametrize("seed", range(25))
def test_a_round_counts_what_a_count_of_the_seconds_counts(seed: int) -> None:
    rng = random.Random(seed)
    policy = random_hours(rng, bot="holds")
    opened, bot_from, bot_until, ended = sorted(rng.sample(range(3600), 4))
    chat = Timeline(policy).buyer(opened, "有货吗").bot(bot_from).handed_off(bot_until).agent(ended)
    [done] = chat.rounds.values()
    counted = seconds_counted(policy, at_ms(opened), at_ms(ended), range(at_ms(bot_from), at_ms(bot_until)))[-1]
    assert done.counted_ms == counted
    assert done.passed == tuple(stage.name for stage in policy.window if counted > stage.after_ms)


@pytest.mark.parametrize("seed", range(25))
def test_each_stage_is_told_at_the_second_after_which_so_much_has_counted(seed: int) -> None:
    rng = random.Random(seed)
    window = tuple(Stage(f"s{n}", after * 1000) for n, after in enumerate(sorted(rng.sample(range(1, 1200), 5))))
    policy = random_hours(rng, window=window)
    opened = rng.randrange(1800)
    counted = seconds_counted(policy, at_ms(opened), at_ms(3600))
    expected = []
    for stage in window:
        passed = next((second for second, so_far in enumerate(counted) if so_far > stage.after_ms), None)
        if passed is not None:
            expected.append(f"{(opened + passed - 1) // 60}:{(opened + passed - 1) % 60:02} {stage.name}")
    assert Timeline(policy).buyer(opened).until("60:00") == expected
