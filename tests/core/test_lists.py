"""A platform that shows only who waits: waits open by its lists, and end where a list names them no more."""

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core import events as ev
from monitor.core.conversation import CHUNK
from monitor.core.shard_rows import ShardRows
from tests.timeline import START_MS, Timeline, at_ms, take_policies


def seen(when: str, *rows: dict[str, Any], complete: bool = True, account: str | None = None) -> ev.WaitingSnapshot:
    """A list as it was seen, of ``{"chat", "since" or "waited"}``."""
    return ev.WaitingSnapshot(
        type="waiting_snapshot",
        id=f"list-{when}",
        ts_ms=at_ms(when),
        source="collector",
        shop="senye",
        account=account,
        complete=complete,
        rows=[
            ev.WaitingRow(
                conversation=row["chat"],
                since_ms=at_ms(row["since"]) if "since" in row else None,
                waited_seconds=row.get("waited"),
            )
            for row in rows
        ],
    )


C, D = {"chat": "c"}, {"chat": "d"}


def test_who_is_missing_from_a_later_complete_list_was_answered_elsewhere() -> None:
    chat = Timeline().buyer("0:00").event(seen("1:25", C)).event(seen("1:40"))
    assert chat.until("9:00") == ["1:00 slow", "1:40 resolved answered"]
    [done] = chat.rounds.values()
    assert (done.outcome, done.ended_by, done.passed) == ("answered", None, ("slow",))
    assert (done.ended_after_ms, done.ended_at_ms) == (at_ms("1:25"), at_ms("1:40"))


def test_it_passed_only_what_it_had_by_the_lower_bound() -> None:
    chat = Timeline().buyer("0:00").event(seen("2:59", C)).event(seen("3:10"))
    assert chat.until("9:00") == ["1:00 slow", "3:00 at_risk", "3:10 resolved answered"]
    assert chat.rounds[1].stage == "slow"


def test_a_list_that_is_not_complete_ends_nothing() -> None:
    chat = Timeline().buyer("0:00").event(seen("0:30", D, complete=False))
    assert {r.conversation for r in chat.open_rounds()} == {"c", "d"}


def test_a_list_opens_the_waits_that_no_message_told_of() -> None:
    chat = Timeline().event(seen("2:00", C | {"since": "0:00"}, D | {"waited": 30}))
    assert chat.until("2:31") == ["2:00 slow", "2:30 slow"]
    first, second = chat.open_rounds()
    assert (first.opened_at_ms, second.opened_at_ms) == (at_ms("0:00"), at_ms("1:30"))
    assert first.wait != second.wait


def test_a_wait_without_a_time_begins_when_it_was_first_seen() -> None:
    chat = Timeline().event(seen("2:00", C)).event(seen("2:10", C))
    assert [r.opened_at_ms for r in chat.open_rounds()] == [at_ms("2:00")]


def test_a_list_that_lags_behind_the_answer_opens_nothing() -> None:
    chat = Timeline().buyer("0:05").agent("0:20").event(seen("0:22", C | {"since": "0:05"}))
    assert chat.open_rounds() == []
    assert chat.ended() == ["answered 15"]


def test_a_list_that_tells_minutes_opens_the_wait_after_the_answer_in_that_minute() -> None:
    chat = Timeline().buyer("0:05").agent("0:20").event(seen("1:30", C | {"since": "0:00"}))
    assert [r.opened_at_ms for r in chat.open_rounds()] == [at_ms("0:20")]


def test_the_list_of_one_account_says_nothing_of_the_chats_of_another() -> None:
    chat = Timeline().buyer("0:00", account="a").buyer("0:00", chat="d", account="b")
    chat.event(seen("0:30", account="a"))
    assert [r.conversation for r in chat.open_rounds()] == ["d"]


def test_whose_chat_it_was_when_the_list_was_seen_counts_not_whose_it_is_when_it_comes() -> None:
    chat = Timeline().buyer("0:00", account="a").transferred("1:00", "lin").event(seen("0:30", account="a"))
    assert [(done.ended_at_ms, done.ended_by) for done in chat.rounds.values()] == [(at_ms("0:30"), None)]
    chat = Timeline().buyer("0:00", account="a").event(seen("0:30", account="a")).buyer("0:10", account="b")
    assert chat.ended() == []
    assert [r.buyer_messages for r in chat.open_rounds()] == [2]


def test_a_message_at_or_after_the_list_is_not_ended_by_it() -> None:
    chat = Timeline().buyer("0:30").event(seen("0:30"))
    assert len(chat.open_rounds()) == 1


def test_what_comes_late_and_was_over_by_an_earlier_list_is_over() -> None:
    chat = Timeline(wall=True).event(seen("1:40")).buyer("0:00", arrives="1:50")
    assert chat.until("9:00") == []
    assert chat.ended() == ["answered 100"]


def test_a_list_that_comes_after_a_later_answer_ends_the_wait_where_it_was_seen() -> None:
    chat = Timeline(wall=True).buyer("0:00").agent("1:50").event(seen("1:40"), arrives="2:00")
    assert chat.ended() == ["answered 100"]
    assert [round.ended_by for round in chat.rounds.values()] == [None]


def test_a_look_every_five_seconds_does_not_fill_the_log() -> None:
    chat = Timeline(wall=True)
    for at in range(0, 3600, 5):
        chat.event(seen(f"{at // 60}:{at % 60:02}", C | {"since": "0:00"}))
    held = chat.tracker.conversation("senye", "c")
    assert held is not None
    assert 120 <= len(list(held.all_entries())) <= 120 + 2 * CHUNK  # Those of the last ten minutes, and the first.
    chat.event(seen("60:02"))
    [done] = chat.rounds.values()
    assert (done.ended_after_ms, done.ended_at_ms) == (at_ms("59:55"), at_ms("60:02"))


def test_every_wait_of_a_list_has_a_name_of_its_own_after_a_restart_too() -> None:
    chat = Timeline(wall=True).event(seen("0:00", C, D))
    again = Timeline(wall=True)
    take_policies(again.tracker, chat.tracker)
    for conversation in chat.tracker.changed:
        again.tracker.rows.restore(ShardRows.encode(conversation))
    again._number = chat._number
    again.event(seen("0:10", C, D, {"chat": "e"}))
    waits = {row.conversation: row.wait for row in again.tracker.waits()}
    assert len(set(waits.values())) == 3
    assert {chat: wait for chat, wait in waits.items() if chat != "e"} == {
        row.conversation: row.wait for row in chat.tracker.waits()
    }


def test_a_reply_that_was_taken_back_leaves_the_wait_to_the_list_that_saw_it_over() -> None:
    chat = Timeline().buyer("0:00").agent("0:20", id="reply").event(seen("1:40")).recalled("2:00", "reply")
    assert chat.open_rounds() == []
    assert [(done.ended_at_ms, done.ended_by) for done in chat.rounds.values()] == [(at_ms("1:40"), None)]


def test_a_list_looked_at_before_a_late_reply_opens_the_wait_after_it() -> None:
    """Each list of the last ten minutes counts for itself: the last does not stand for those before it."""
    chat = Timeline().event(seen("0:00", C)).event(seen("1:00", C | {"waited": 5})).event(seen("1:30", C))
    chat.agent("0:30")
    assert [r.opened_at_ms for r in chat.open_rounds()] == [at_ms("0:55")]


def _event(rng: random.Random, at: int, said: list[str]) -> ev.AnyEvent:
    of: dict[str, Any] = {"id": f"e{at}", "ts_ms": START_MS + at * 1000, "shop": "senye"}
    what = rng.choices(["buyer", "agent", "list", "recall"], [4, 2, 4, 1 if said else 0])[0]
    if what == "list":
        rows = [
            ev.WaitingRow(buyer=name, waited_seconds=rng.choice([None, float(rng.randrange(90))]))
            for name in "cd"
            if rng.random() < 0.5
        ]
        of["account"] = rng.choice([None, "front", "back"])
        return ev.WaitingSnapshot(type="waiting_snapshot", rows=rows, complete=rng.random() < 0.7, **of)
    buyer = rng.choice("cd")
    if what == "recall":
        return ev.MessageRecalled(type="message_recalled", message=rng.choice(said), buyer=buyer, **of)
    said.append(of["id"])
    account = rng.choice(["front", "front", "back"])
    return ev.Message(role="buyer" if what == "buyer" else "agent", text="有货", buyer=buyer, account=account, **of)


def _rounds(events: list[ev.AnyEvent]) -> list[Any]:
    chat = Timeline()
    for event in events:
        chat.event(event)
    chat.later(max(event.ts_ms for event in events) + 1)
    rounds = [*chat.rounds.values(), *chat.open_rounds()]
    return sorted(
        (r.conversation, r.opened_at_ms, r.outcome, r.ended_at_ms or 0, r.ended_after_ms or 0, r.buyer_messages)
        for r in rounds
    )


@given(st.integers(0, 10**9))
@settings(max_examples=150, deadline=None)
def test_any_order_of_lists_messages_and_recalls_gives_the_same_rounds(seed: int) -> None:
    rng = random.Random(seed)
    said: list[str] = []
    events = [_event(rng, at, said) for at in sorted(rng.sample(range(1, 590), 16))]
    shuffled = list(events)
    rng.shuffle(shuffled)
    assert _rounds(shuffled) == _rounds(events)


def test_lists_of_an_hour_arrive_in_any_order_within_lateness() -> None:
    rng = random.Random(3)
    said: list[str] = []
    events = [_event(rng, at, said) for at in sorted(rng.sample(range(1, 3600), 400))]
    shuffled = sorted(events, key=lambda event: event.ts_ms + rng.randrange(590_000))
    assert _rounds(shuffled) == _rounds(events)


@pytest.mark.parametrize("wall", [True, False])
def test_a_row_without_a_chat_is_passed_over(wall: bool) -> None:
    chat = Timeline(wall=wall).event(
        ev.WaitingSnapshot(
            type="waiting_snapshot", id="l", ts_ms=START_MS, shop="senye", complete=True, rows=[ev.WaitingRow()]
        )
    )
    assert chat.open_rounds() == []
