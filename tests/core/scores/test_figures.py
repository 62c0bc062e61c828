"""The figures M1 to M24 of a floor on logs small enough to be counted by hand.

M1 to M3 (who waits now) are held by `tests/web/test_api_kpis.py` and `test_floor.py`, M14 by `test_worked_examples.py`,
M21 by `test_staff.py`, M22 and M23 (load) by `tests/core/test_people.py`, M28 by `tests/web/test_api_alerts.py`,
M30 (quality) by `tests/web/test_quality.py`, M31 (feeds) by `tests/core/test_feeds.py`, M32 by
`tests/scoring/test_official.py`; M5 and M7 to M11 are profiles of the floor, here on the worked example.
"""

from typing import Any

import pytest

from monitor.core import events as ev
from monitor.core import words as w
from monitor.core.scores.board import sheet
from monitor.core.scores.totals import By, kpis
from tests.core.scores.day import Chatter, at_ms, shipped, snapshot
from tests.core.scores.test_worked_examples import one_chat


def rows(chat: Chatter, until: str | None = None, by: By = "all") -> dict[str, Any]:
    now_ms = max(event.ts_ms for event, _ in chat.events) if until is None else at_ms(until)
    found = kpis(chat.chats(), shipped(), now_ms, by, lambda _, shop: f"team of {shop}")
    return {row["name"]: row for row in found}


def figures(chat: Chatter, until: str | None = None) -> dict[str, Any]:
    told: dict[str, Any] = rows(chat, until)["all"]["figures"]
    return told


def floor_score(chat: Chatter, id: str, until: str | None = None) -> list[Any]:
    score = rows(chat, until)["all"]["scores"][id]
    return [score["hits"], score["misses"], score["undetermined"], score["rate"]]


def test_m5_and_m7_to_m11_on_the_worked_example() -> None:
    chat = one_chat("own")  # Replies after 60, 240 (220 for its second message) and 30 s, by one buyer in one session.
    assert floor_score(chat, "first_30s") == [0, 1, 0, 0.0]
    assert floor_score(chat, "rate_3min_round") == [2, 1, 0, pytest.approx(2 / 3)]
    assert floor_score(chat, "rate_3min_buyer") == [0, 1, 0, 0.0]
    assert floor_score(chat, "rate_3min_session") == [0, 1, 0, 0.0]
    assert floor_score(chat, "rate_3min_message") == [2, 2, 0, 0.5]
    assert floor_score(chat, "reply_rate_day") == [1, 0, 0, 1.0]
    assert rows(chat)["all"]["scores"]["capped_mean"]["mean_seconds"] == 110.0
    # M7: 30 minutes count as 600 s, and so does what the day leaves unanswered.
    chat.b("12:00:00").a("12:30:00").b("20:00:00")
    capped = rows(chat, "2026-11-24 00:00")["all"]["scores"]["capped_mean"]
    assert (capped["sum_seconds"], capped["waits"]) == (60 + 240 + 30 + 600 + 600, 5)


def test_m4_a_session_has_one_first_reply_and_none_yet_is_not_nought() -> None:
    chat = Chatter().b("10:00:00").a("10:00:20", text="在的亲").a("10:01:30").b("10:05:00").a("10:05:05")
    chat.b("10:00:00", conversation="d")
    chat.a("11:00:00", conversation="e").b("11:10:00", conversation="e").a("11:10:10", conversation="e")  # Ours first.
    chat.b("12:00:00", conversation="f").say("bot", "12:00:01", conversation="f")  # The bot's alone.
    first = figures(chat, "12:30:00")["first_response"]
    assert (first["count"], first["sum_seconds"], first["mean_seconds"], first["unanswered"]) == (1, 20.0, 20.0, 1)
    assert (first["p50_seconds"], first["max_seconds"]) == (20, 20)
    # The first real answer beside it: the greeting is none.
    assert figures(chat, "12:30:00")["first_answer"]["sum_seconds"] == 90.0
    nobody = figures(Chatter().b("10:00:00"), "10:01:00")
    assert (nobody["first_response"]["mean_seconds"], nobody["first_response"]["p50_seconds"]) == (None, None)


def test_m4_an_advertiser_whose_wait_was_dismissed_is_no_session_without_a_reply() -> None:
    chat = Chatter().b("10:00:00")
    chat.event(ev.WaitDismissed, "10:01:00", type="wait_dismissed", wait=1, by="lead", reason="an advertisement")
    found = figures(chat, "12:00:00")
    assert (found["first_response"]["unanswered"], found["sessions"]) == (0, 0)
    assert found["rounds"] == {"total": 1, "answered": 0, "open": 0, "bot_held": 0, "dismissed": 1}


def test_m6_the_mean_names_beside_it_how_many_were_never_answered() -> None:
    chat = Chatter()
    for n, seconds in enumerate((10, 20, 30, 40, 1200)):
        chat.b("10:00:00", conversation=f"c{n}").a(
            f"10:{seconds // 60:02}:{seconds % 60:02}", conversation=f"c{n}", agent="lin"
        )
    chat.b("10:00:00", conversation="open").b("10:00:00", conversation="left").closed(
        "10:09:00", "buyer", conversation="left"
    )
    found = figures(chat, "10:30:00")["round_response"]
    assert (found["count"], found["sum_seconds"], found["mean_seconds"], found["unanswered"]) == (5, 1300.0, 260.0, 2)
    assert [found[f"{name}_seconds"] for name in ("p50", "p90", "p95", "max")] == [30, 1200, 1200, 1200]


@pytest.mark.parametrize(
    ("until", "expected"),
    [
        ("10:03:00", {"late": 1, "never": 0, "of": 2, "rate": 0.5}),  # Exactly 180 s, open: not passed yet.
        ("10:03:00.001", {"late": 1, "never": 1, "of": 3, "rate": pytest.approx(2 / 3)}),
    ],
)
def test_m12_dropped_off_are_late_answers_and_those_never_given_of_what_is_known(until: str, expected: Any) -> None:
    chat = Chatter().b("09:00:00", conversation="in time").a("09:03:00", conversation="in time")
    chat.b("09:10:00", conversation="late").a("09:13:00.001", conversation="late")
    chat.b("09:20:00", conversation="gone").closed("09:22:00", "buyer", conversation="gone")  # Nobody will know.
    chat.b("09:30:00", conversation="bot").say("bot", "09:30:01", conversation="bot")
    chat.b("10:00:00", conversation="open")
    assert figures(chat, until)["dropoff"]["180s"] == expected


def test_m13_missed_is_what_the_day_leaves_open_and_the_last_question_has_three_minutes() -> None:
    chat = Chatter().b("23:00:00", "23:30:00", conversation="a").b("22:00:00", conversation="a2", buyer="a")
    chat.b("23:59:50", conversation="b").a("2026-11-24 00:00:10", conversation="b")
    chat.b("23:58:00", conversation="c").a("2026-11-24 00:02:00", conversation="c")
    assert figures(chat, "23:59:59")["missed"] == {"rounds": 0, "buyers": 0}
    chat.b("2026-11-24 09:00:00", conversation="d").a("2026-11-24 09:01:00", conversation="d")
    # Two chats of one buyer, and one who waited four minutes over midnight.
    assert figures(chat, "2026-11-24 10:00")["missed"] == {"rounds": 3, "buyers": 2}


def test_m15_who_passes_a_question_on_unanswered_is_named_and_no_other() -> None:
    chat = Chatter().b("10:00:00", account="A").passed("10:00:20", "mu", account="B")
    chat.passed("10:00:40", "zhou", account="C").a("10:01:00", agent="zhou", account="C")
    chat.passed("10:02:00", "lin", account="A")  # Nothing is asked now.
    chat.b("11:00:00", conversation="d", account="A").closed("11:00:10", "buyer", conversation="d")
    chat.passed("11:00:20", "mu", conversation="d", account="B")  # Nor here any more.
    assert figures(chat)["transfers"] == {"unanswered": 2, "of": 4, "rate": 0.5}
    by_account = {name: row["figures"]["transfers"]["unanswered"] for name, row in rows(chat, by="account").items()}
    assert by_account == {"A": 1, "B": 1, "C": 0}


def test_m15_who_was_given_a_chat_and_passes_it_on_is_named_also_where_they_never_spoke() -> None:
    chat = Chatter().b("10:00:00")
    chat.event(ev.ConversationAssigned, "10:00:10", type="conversation_assigned", agent="lin", account="A")
    chat.passed("10:01:00", "mu", from_account="A", account="B").a("10:02:00", agent="mu", account="B")
    assert rows(chat, by="agent")["lin"]["figures"]["transfers"] == {"unanswered": 1, "of": 1, "rate": 1.0}
    # The event names another than who held it, as far as we saw: it knows better.
    other = Chatter().b("10:00:00", account="A").passed("10:01:00", "mu", from_account="C", account="B")
    by_account = {name: row["figures"]["transfers"]["of"] for name, row in rows(other, by="account").items()}
    assert by_account == {"A": 0, "B": 0, "C": 1}


def test_m4_answered_elsewhere_after_a_bot_is_no_session_of_the_bot_alone() -> None:
    chat = Chatter().b("10:00:00").say("bot", "10:00:01")
    snapshot(chat, "10:01:00", "c")
    snapshot(chat, "10:01:20")
    first = figures(chat, "10:30:00")["first_response"]
    assert (first["count"], first["unanswered"]) == (1, 0)
    assert floor_score(chat, "rate_3min_session", "10:30:00")[:3] == [1, 0, 0]


def test_m11_a_message_counts_in_the_hour_in_which_it_was_written() -> None:
    chats = Chatter("own").b("10:59:00", "11:01:00").a("11:02:00").chats()
    hour = at_ms("11:00:00"), at_ms("12:00:00")
    found = sheet(chats.shops["senye"], "c", shipped(), hour[1], from_ms=hour[0], to_ms=hour[1])
    assert len(found.marks["rate_3min_message"]) == 1
    assert sum(part.figures.counts["buyer_messages"] for part in found.parts) == 1


def test_an_account_nobody_has_written_down_stands_for_its_person_and_a_bots_does_not() -> None:
    chat = Chatter().b("10:00:00", account="A").a("10:01:00", account="A", agent=None)
    chat.b("10:00:00", conversation="d", account="B")
    by_agent = rows(chat, "11:00:00", by="agent")
    assert {name: row["figures"]["rounds"]["answered"] for name, row in by_agent.items()} == {"A": 1, "B": 0}
    assert {name: row["scores"]["taobao_3min"]["misses"] for name, row in by_agent.items()} == {"A": 0, "B": 1}
    machine = Chatter("etsy").b("10:00:00").say("auto", "10:00:01", account="bot")
    assert rows(machine, by="account")["bot"]["scores"]["etsy_24h"]["hits"] == 1
    assert rows(machine, by="agent") == {}


def test_m16_a_slow_buyer_has_three_gaps_over_two_minutes_on_one_day() -> None:
    def gaps(*lengths: str) -> Chatter:
        chat = Chatter()
        for hour, length in enumerate(lengths):
            chat.b(f"{10 + hour}:00:00").a(f"{10 + hour}:{length}")
        return chat

    assert figures(gaps("02:00", "02:00", "02:00"))["slow_buyers"] == 0  # Exactly two minutes.
    assert figures(gaps("02:01", "02:01"))["slow_buyers"] == 0
    assert figures(gaps("02:01", "02:01", "02:01"))["slow_buyers"] == 1
    still = gaps("02:01", "02:01").b("15:00:00")
    assert figures(still, "15:02:00")["slow_buyers"] == 0
    assert figures(still, "15:02:01")["slow_buyers"] == 1
    assert figures(still.closed("15:02:30", "buyer"), "15:03:00")["slow_buyers"] == 1
    two_days = gaps("02:01", "02:01").b("2026-11-24 10:00:00").a("2026-11-24 10:02:01")
    assert figures(two_days)["slow_buyers"] == 0


@pytest.mark.parametrize(
    ("holding", "answered", "expected"),
    [
        ("亲稍等，帮您看一下", "10:16:00", {"missed": 0, "of": 1, "rate": 0.0, "open": 0}),
        ("亲稍等，帮您看一下", "10:16:01", {"missed": 1, "of": 1, "rate": 1.0, "open": 0}),
        ("稍等，十分钟内回您", "10:23:00", {"missed": 0, "of": 1, "rate": 0.0, "open": 0}),  # 22 minutes then.
        ("稍等，十分钟内回您", "10:23:01", {"missed": 1, "of": 1, "rate": 1.0, "open": 0}),
    ],
)
def test_m17_a_promise_is_missed_past_fifteen_minutes_or_past_what_was_promised(
    holding: str, answered: str, expected: Any
) -> None:
    chat = Chatter().b("10:00:00").a("10:01:00", text=holding).a("10:05:00", text="稍等").b("10:06:00")
    assert figures(chat.a(answered))["followups"] == expected


def test_m18_and_m19_replies_that_hold_off_and_messages_for_messages() -> None:
    chat = (
        Chatter().b("10:00:00", "10:00:10").a("10:00:20", text="稍等").a("10:01:00").a("10:01:10", text="", kind="card")
    )
    chat.b("10:02:00").a("10:02:10", text="嗯").b("10:03:00").a("10:03:10").say("auto", "10:04:00").say(
        "bot", "10:04:01"
    )
    found = figures(chat)
    assert found["holding"] == {"held": 2, "of": 3, "rate": pytest.approx(2 / 3)}
    assert found["qa_ratio"] == {"agent_messages": 4, "of": 4, "rate": 1.0}  # Neither the card nor machines.


def test_m20_buyers_are_each_counted_once_whatever_their_chats_and_agents() -> None:
    chat = Chatter().b("10:00:00", conversation="c1", buyer="x").a("10:00:30", conversation="c1", agent="lin")
    chat.b("11:00:00", conversation="c2", buyer="x").a("11:00:30", conversation="c2", agent="zhou")
    chat.b("10:00:00", conversation="c3", buyer="y")
    chat.event(ev.Message, "10:00:00", w.NOISE, role="buyer", text="加微信领红包", conversation="c4", buyer="ad")
    chat.event(ev.Message, "10:05:00", w.NOISE, role="buyer", text="订单超时提醒", conversation="c3", buyer="y")
    assert figures(chat)["buyers"] == {"consulted": 3, "received": 2, "valid": 1, "filtered": 1}
    by_agent = {name: row["figures"]["buyers"]["valid"] for name, row in rows(chat, by="agent").items()}
    assert by_agent == {"lin": 1, "zhou": 1}, "a shop's buyers are not the sum of its agents'"


def test_m24_a_bot_has_contained_what_needed_no_person_for_three_days() -> None:
    chat = Chatter()
    for name, asks in (("helped", 2), ("silent", 1), ("came back", 2), ("handed", 2), ("answered", 1)):
        for n in range(asks):
            chat.b(f"10:0{n}:00", conversation=name).say("bot", f"10:0{n}:01", conversation=name)
    chat.b("15:00:00", conversation="came back").a("15:01:00", conversation="came back")  # Another session, a person.
    chat.event(ev.ConversationHandedOff, "10:02:00", type="conversation_handed_off", conversation="handed")
    chat.a("10:01:00", conversation="answered")
    early = figures(chat, "2026-11-26 09:59:59")["bots"]
    assert (early["sessions"], early["contained"], early["pending"], early["rate"]) == (5, 0, 2, 0.0)
    bots = figures(chat, "2026-11-26 10:01:00")["bots"]
    assert (bots["sessions"], bots["contained"], bots["left_silently"], bots["rate"]) == (5, 1, 1, 0.2)
    assert (bots["handoffs"], bots["handoff_wait"]) == (1, {"count": 0, "sum_seconds": 0.0, "mean_seconds": None})


def test_m24_a_hand_off_nobody_took_is_no_wait_of_weeks() -> None:
    chat = Chatter().b("2026-11-01 10:00:00").say("bot", "2026-11-01 10:00:01")
    chat.event(ev.ConversationHandedOff, "2026-11-01 10:01:00", type="conversation_handed_off")
    chat.b("2026-11-15 10:00:00").a("2026-11-15 10:00:30")
    found = figures(chat)
    assert found["bots"]["handoff_wait"]["count"] == 0
    assert (found["round_response"]["count"], found["round_response"]["max_seconds"]) == (1, 30)
    soon = Chatter().b("10:00:00").say("bot", "10:00:01")
    soon.event(ev.ConversationHandedOff, "10:01:00", type="conversation_handed_off").a("13:00:00")
    assert figures(soon)["bots"]["handoff_wait"]["sum_seconds"] == 10_740.0


def test_where_nothing_was_said_no_figure_is_nought_or_whole() -> None:
    """Every share, mean and percentile of an empty row is null; every count is 0."""

    def walk(value: Any, name: str = "") -> list[tuple[str, Any]]:
        if isinstance(value, dict):
            return [leaf for key, inner in value.items() for leaf in walk(inner, f"{name}.{key}")]
        return [(name, value)]

    found = walk(figures(Chatter().a("10:00:00")))
    ratios = {
        leaf: value
        for leaf, value in found
        if leaf.rpartition(".")[2].endswith(("rate", "mean_seconds", "p50_seconds"))
    }
    assert len(ratios) > 12
    assert {name for name, value in ratios.items() if value is not None} == set()
    score = rows(Chatter().b("10:00:00"), "10:01:00")["all"]
    assert score["provisional"]
    assert score["scores"]["rate_3min_round"]["rate"] is None
