"""Two ids are one buyer: the wait that would never end."""

from itertools import permutations
from typing import Any

import pytest

from monitor.core import decisions as d
from monitor.core import events as ev
from monitor.core.entry import BUYER, CODE, LISTED
from monitor.core.roster import Register
from tests.staffed import Floor
from tests.timeline import Timeline, When, at_ms


def merged(chat: Timeline, when: When, buyer: str, into: str, arrives: When | None = None) -> Timeline:
    return chat.event(
        ev.BuyerMerged(
            type="buyer_merged",
            id=f"merge-{chat._number}",
            ts_ms=at_ms(when),
            source="collector",
            shop="senye",
            buyer=buyer,
            into=into,
        ),
        arrives=arrives,
    )


def said(chat: Timeline, when: When, role: Any, buyer: str, **more: Any) -> Timeline:
    """Somebody speaks in a chat that is known by its buyer only."""
    more.setdefault("text", "有货吗" if role == "buyer" else "有的，今天发")
    return chat.said(when, role, chat=buyer, buyer=buyer, **more)


def test_the_reply_under_the_other_id_ends_the_wait() -> None:
    chat = Timeline()
    said(chat, "0:00", "buyer", "open-1")
    said(chat, "0:50", "agent", "nick-1")
    assert chat.until("4:00") == ["1:00 slow", "3:00 at_risk"]
    merged(chat, "5:00", "open-1", "nick-1")
    assert chat.until("60:00")[2:] == ["5:00 withdrawn late"]
    assert chat.ended() == ["answered 50"]
    [done] = chat.rounds.values()
    assert (done.conversation, done.buyer, done.wait) == ("nick-1", "nick-1", 1)
    assert chat.open_rounds() == []


def test_what_passed_a_limit_before_its_reply_is_resolved_not_withdrawn() -> None:
    chat = Timeline()
    said(chat, "0:00", "buyer", "open-1")
    said(chat, "2:00", "agent", "nick-1")
    merged(chat, "2:30", "open-1", "nick-1")
    assert chat.until("60:00") == ["1:00 slow", "2:30 resolved answered"]


def test_what_comes_under_either_id_is_one_conversation_from_then_on() -> None:
    chat = Timeline()
    said(chat, "0:00", "buyer", "open-1")
    merged(chat, "0:30", "open-1", "nick-1")
    said(chat, "0:40", "buyer", "open-1")
    said(chat, "0:50", "agent", "nick-1")
    said(chat, "2:00", "buyer", "nick-1")
    said(chat, "2:20", "agent", "open-1")
    assert chat.until("60:00") == []
    assert chat.ended() == ["answered 50", "answered 20"]
    assert {done.conversation for done in chat.rounds.values()} == {"nick-1"}


def test_a_merge_told_again_or_in_a_circle_changes_nothing() -> None:
    chat = Timeline()
    said(chat, "0:00", "buyer", "a")
    merged(chat, "0:10", "a", "b")
    before = [(r.wait, r.conversation) for r in chat.open_rounds()]
    merged(merged(merged(chat, "0:11", "a", "b"), "0:12", "b", "a"), "0:13", "a", "a")
    assert [(r.wait, r.conversation) for r in chat.open_rounds()] == before == [(1, "b")]
    merged(chat, "0:20", "b", "c")
    said(chat, "0:30", "agent", "a")
    assert chat.ended() == ["answered 30"]
    [done] = chat.rounds.values()
    assert done.conversation == "c"


def waiting(chat: Timeline, when: When, *buyers: str) -> Timeline:
    """A complete list of who waits."""
    rows = [ev.WaitingRow(buyer=buyer) for buyer in buyers]
    return chat.event(
        ev.WaitingSnapshot(
            type="waiting_snapshot", id=f"list-{when}", ts_ms=at_ms(when), shop="senye", rows=rows, complete=True
        )
    )


def test_a_list_that_names_the_buyer_by_either_id_leaves_one_entry_in_the_log() -> None:
    chat = Timeline()
    said(chat, "0:00", "buyer", "nick-1")
    merged(chat, "0:10", "open-1", "nick-1")
    waiting(waiting(chat, "0:30", "open-1"), "0:40", "nick-1")
    conversation = chat.tracker.conversation("senye", "open-1")
    assert conversation is not None
    assert [(entry.id, entry.what & CODE) for entry in conversation.all_entries()] == [
        ("list-0:40", LISTED),
        ("list-0:30", LISTED),
        ("m1", BUYER),
    ]
    assert [r.opened_at_ms for r in chat.open_rounds()] == [at_ms("0:00")]


def test_a_list_from_before_that_names_neither_ends_the_wait_they_have_together() -> None:
    chat = Timeline()
    said(chat, "0:10", "buyer", "open-1")
    said(chat, "0:20", "agent", "open-1", id="reply")
    waiting(chat, "1:00")
    merged(chat, "1:10", "open-1", "nick-1")
    chat.recalled("1:20", "reply", chat="nick-1")
    assert chat.open_rounds() == []
    assert [done.ended_at_ms for done in chat.rounds.values()] == [at_ms("1:00")]


def test_an_alert_of_long_ago_that_a_merge_brings_back_is_told_as_a_repetition() -> None:
    """Else its delivery would have the id of the first, and never leave."""
    chat = Timeline()
    said(chat, "0:00", "buyer", "open-1")
    waiting(chat, "6:00", "nick-1")
    said(chat, "20:00", "buyer", "open-1")
    chat.until("21:00.001")
    merged(chat, "30:00", "open-1", "nick-1")
    said(chat, "31:00", "agent", "nick-1")
    orders = [one for one in chat.decisions if isinstance(one, d.AlertOrder) and one.wait == 1]
    assert [(type(one).__name__, one.stage, one.repetition) for one in orders] == [
        ("RaiseAlert", "slow", 0),
        ("RiseAlert", "at_risk", 0),
        ("RiseAlert", "lost", 0),
        ("ResolveAlert", "lost", 0),
        ("RaiseAlert", "lost", 1),
        ("ResolveAlert", "lost", 1),
    ]
    assert [row.conversation for row in chat.tracker.waits()] == []


STORY = ["b0", "b1", "a2", "b3", "a4", "merge"]


@pytest.mark.parametrize("wall", [False, True])
def test_the_order_of_arrival_changes_no_round(wall: bool) -> None:
    """Within lateness; in the end the same rounds stand, whatever came first."""
    results = set()
    for order in list(permutations(STORY))[::7]:
        chat = Timeline(wall=wall)
        for at, step in enumerate(order):
            arrives = 300 + at
            if step == "merge":
                merged(chat, 250, "open-1", "nick-1", arrives=arrives)
            elif step[0] == "b":
                said(chat, int(step[1]) * 40, "buyer", "open-1", id=step, arrives=arrives, account="lin")
            else:
                said(chat, int(step[1]) * 40, "agent", "nick-1", id=step, arrives=arrives, account="lin")
        chat.until("20:00")
        results.add(
            tuple(
                sorted(
                    (r.opened_by, r.ended_by, r.ended_at_ms, r.buyer_messages, r.conversation)
                    for r in chat.rounds.values()
                )
            )
        )
        assert chat.open_rounds() == []
    assert results == {
        (
            ("b0", "a2", at_ms(80), 2, "nick-1"),
            ("b3", "a4", at_ms(160), 1, "nick-1"),
        )
    }


def test_a_buyer_merged_into_itself_or_back_again_is_nothing_to_who_answers_them() -> None:
    floor = Floor(Register())
    floor.presence("0:00", "lin", "online", limit=2, shops=["senye"])
    for buyer in ("a", "b"):
        floor.said("0:10", "buyer", chat=buyer, buyer=buyer)
        floor.said("0:20", "agent", "有的", chat=buyer, buyer=buyer, agent="lin")
    merged(floor, "0:30", "a", "a")
    assert floor.staff.load("lin") == (2, 2)
    merged(floor, "0:40", "a", "b")
    assert floor.staff.load("lin") == (1, 2)
    merged(floor, "0:50", "b", "a")
    assert floor.staff.load("lin") == (1, 2)


def test_an_earlier_round_is_restated_under_the_buyer_that_stands() -> None:
    chat = Timeline()
    said(chat, "0:00", "buyer", "open-1")
    said(chat, "0:20", "agent", "open-1")
    merged(chat, "1:00", "open-1", "nick-1")
    [restated] = [one for one in chat.decisions if isinstance(one, d.RestateRound)]
    assert restated.reason == "merged"
    assert restated.was is not None
    assert restated.now is not None
    assert (restated.was.conversation, restated.now.conversation) == ("open-1", "nick-1")
    assert restated.was.wait == restated.now.wait


def test_a_promise_is_owed_to_the_buyer_not_to_the_id() -> None:
    chat = Timeline()
    said(chat, "0:00", "buyer", "open-1")
    said(chat, "0:30", "agent", "open-1", text="亲稍等")
    merged(chat, "1:00", "open-1", "nick-1")
    said(chat, "2:00", "agent", "nick-1")
    assert chat.until("60:00") == []
    kept = Timeline()
    said(kept, "0:00", "buyer", "open-1")
    said(kept, "0:30", "agent", "open-1", text="亲稍等")
    merged(kept, "1:00", "open-1", "nick-1")
    assert kept.until("4:00") == ["3:30 promise due"]
