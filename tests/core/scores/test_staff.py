"""Messages left offline (留言): what buyers write while presence says that nobody is there."""

import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core import events as ev
from monitor.core.roster import Account, Register
from monitor.core.scores.board import sheet
from monitor.core.scores.chats import Chats
from monitor.core.scores.figures import Figures
from monitor.core.scores.profile import ProfileBook
from monitor.core.scores.shown import shown
from monitor.core.scores.staff import Staff
from tests.core.scores.day import Chatter, at_ms, shipped

MINUTE_MS = 60_000
STATES = ("online", "away", "suspended", "offline")


def left_offline(chats: Chats, until: str = "23:59:59") -> dict[str, Any]:
    """The figure, over all shops."""
    figures = Figures()
    for shop in chats.shops.values():
        for key in shop.heads():
            for part in sheet(shop, key, ProfileBook(), at_ms(until)).parts:
                figures.add(part.figures)
    found: dict[str, Any] = shown(figures, [0] * 6)["left_offline"]
    return found


def test_what_is_asked_while_nobody_is_online_is_left_offline_and_answered_later() -> None:
    chat = Chatter("jd").stands("09:00:00", "lin", "online", shops=["senye"])
    chat.b("10:00:00", conversation="a").a("10:00:20", conversation="a")
    chat.stands("12:00:00", "lin", "suspended")
    chat.b("12:10:00", conversation="b").b("12:20:00", conversation="c")
    chat.stands("13:00:00", "lin", "online").a("13:01:00", conversation="b")
    chat.b("13:05:00", conversation="d").a("13:06:00", conversation="d")
    assert left_offline(chat.chats()) == {
        "sessions": 2,
        "of": 4,
        "rate": 0.5,
        "reply": {"answered": 1, "of": 2, "rate": 0.5},
        "answer": {"count": 1, "sum_seconds": 3060.0, "mean_seconds": 3060.0},
    }
    # Neither is in JD's rate: one hit of two that somebody was there for.
    assert chat.of("jd_first_30s", "14:00:00") == "1/2 2 excluded"
    assert chat.score("jd_first_30s", "14:00:00")["left_out"] == {"left offline": 2}


def test_where_presence_was_never_heard_of_there_is_no_sample() -> None:
    chat = Chatter("jd").b("10:00:00").a("10:05:00")
    found = left_offline(chat.chats())
    assert (found["of"], found["rate"], found["reply"]["rate"]) == (0, None, None)
    assert chat.of("jd_first_30s", "11:00:00") == "0/1"
    # Presence that names no shop says nothing of any.
    chat.stands("09:00:00", "lin", "offline", shop="")
    assert left_offline(chat.chats())["of"] == 0


def test_a_second_person_or_one_who_may_serve_any_shop_keeps_it_manned() -> None:
    for names in (["senye"], None):
        chat = Chatter("jd").stands("09:00:00", "lin", "online", shops=["senye"])
        chat.stands("09:00:00", "zhou", "online", shop="", shops=names).stands("10:00:00", "lin", "offline").b(
            "10:10:00"
        )
        assert left_offline(chat.chats())["sessions"] == 0
        chat.stands("10:05:00", "zhou", "away", shop="")
        assert left_offline(chat.chats())["sessions"] == 1


def test_the_next_question_of_a_session_is_no_message_left() -> None:
    chat = Chatter("jd").stands("09:00:00", "lin", "online", shops=["senye"]).b("10:00:00").a("10:00:10")
    chat.stands("10:01:00", "lin", "away").b("10:02:00").a("10:20:00")
    assert left_offline(chat.chats())["sessions"] == 0
    assert chat.of("jd_first_30s", "11:00:00") == "1/1"


def test_the_register_says_whose_shop_an_account_is_of() -> None:
    staff = Staff()
    register = Register(accounts=(Account(account="senye:1", shop="senye", persons=("lin",)),))
    for when, state in (("09:00:00", "online"), ("10:00:00", "offline")):
        event = ev.AgentPresence(type="agent_presence", id=when, ts_ms=at_ms(when), account="senye:1", state=state)  # type: ignore[arg-type]
        assert staff.note(event, register) == ["senye"]
    assert not staff.of("senye").nobody(at_ms("09:59:59"))
    assert staff.of("senye").nobody(at_ms("10:00:00"))
    assert staff.of("other").known_ms > at_ms("23:00:00")


def test_what_is_forgotten_leaves_how_everybody_stood() -> None:
    staff = Staff()
    for hour, state in ((8, "online"), (9, "offline"), (10, "online"), (12, "offline")):
        staff.stand(("lin", ""), at_ms(f"{hour:02}:00:00"), state, ["senye"])
    staff.forget(at_ms("11:00:00"))
    assert not staff.of("senye").nobody(at_ms("11:00:00"))
    assert staff.of("senye").nobody(at_ms("12:30:00"))
    assert staff.of("senye").known_ms == at_ms("10:00:00")


_said = st.lists(
    st.tuples(
        st.integers(0, 90),
        st.sampled_from(["lin", "zhou", "chen"]),
        st.sampled_from(STATES),
        st.sampled_from([(), ("a",), ("b",), ("a", "b")]),
    ),
    max_size=14,
    unique_by=lambda one: (one[0], one[1]),
)


def minute_by_minute(said: list[tuple[int, str, str, tuple[str, ...]]], shop: str, minute: int) -> bool:
    """Whether nobody was there, counted from all that was said of each person."""
    named = {who: {name for _, other, _, shops in said if other == who for name in shops} for _, who, _, _ in said}
    serves = [who for who, shops in named.items() if shop in shops or not shops]
    newest = {}
    for who in serves:
        states = [(at, state) for at, other, state, _ in said if other == who and at <= minute]
        if states:
            newest[who] = max(states)[1]
    return any(shop in shops for shops in named.values()) and bool(newest) and "online" not in newest.values()


@settings(max_examples=100, deadline=None)
@given(_said, st.randoms(use_true_random=False))
def test_spans_are_what_a_count_minute_by_minute_says_in_any_order(
    said: list[tuple[int, str, str, tuple[str, ...]]], shuffle: random.Random
) -> None:
    start_ms = at_ms("09:00:00")
    arrived = said[:]
    shuffle.shuffle(arrived)
    staff = Staff()
    for at, who, state, shops in arrived:
        staff.stand((who, ""), start_ms + at * MINUTE_MS, state, shops)
        staff.of("a")  # Asked in between: what was made is made anew.
    for shop in ("a", "b"):
        manned = staff.of(shop)
        for minute in range(92):
            for ms in (start_ms + minute * MINUTE_MS, start_ms + minute * MINUTE_MS + 30_000):
                assert manned.nobody(ms) == minute_by_minute(said, shop, minute), (shop, minute)


def test_the_shipped_profile_of_jd_leaves_them_out_and_no_other_does() -> None:
    assert {id for id, versions in shipped().versions.items() if versions[-1].offline == "drop"} == {"jd_first_30s"}
