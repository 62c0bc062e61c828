"""What people are told on real evenings and mornings of a floor, to the second and by count."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from monitor.core import decisions as d
from monitor.core import events as ev
from monitor.core import words
from monitor.core.policy import Step
from monitor.core.roster import Person, Register, Team
from tests.core.collector import beats, covered, status
from tests.core.ladders import LADDER
from tests.core.shifts import change_of_shifts
from tests.staffed import Floor, slot
from tests.timeline import Timeline, at_ms

IM = ("team", "lead")  # What goes into the team's group.


def test_the_evening_peak_one_message_names_both_who_wait_and_the_claim_spares_the_lead() -> None:
    # From 20:31:00. B07 Lin serves three shops, B08 Zhou two of them.
    lin, zhou = {"agent": "lin"}, {"agent": "zhou"}
    sen = {"shop": "senye", "chat": "b1"}
    ya = {"shop": "lvya", "chat": "b2", "platform": "pinduoduo"}
    nan = {"shop": "nanfeng", "chat": "b3"}
    chat = Timeline(LADDER).buyer("0:00", "这件有XL吗", **lin, **sen)
    chat.said("0:10", "buyer", "", kind="card", entry=True, **lin, **ya).buyer("0:20", "一岁能用吗", **lin, **ya)
    chat.buyer("0:40", "沙发包安装吗", **lin, **nan).buyer("1:05", "在吗", **lin, **sen)
    chat.agent("1:30", "一岁可以用的哦", **lin, **ya)
    chat.acted("2:10", "claim", "lead", shop="senye", chat="b1").acted(
        "2:10", "claim", "lead", shop="nanfeng", chat="b3"
    )
    chat.acted("2:12", "claim", "zhao", shop="senye", chat="b1")
    chat.agent("2:18", "稍等，马上安排客服为您解答", **lin, **nan)
    chat.transferred("2:20", "zhou", by="lin", chat="b3", shop="nanfeng")
    chat.agent("2:25", "亲稍等，帮您看下库存", **lin, **sen).agent("2:50", "包安装的亲", **zhou, **nan)
    chat.agent("3:40", "XL有现货", **lin, **sen).buyer("4:10", "好的谢谢", **lin, **sen)
    chat.agent("4:30", "不客气，祝您购物愉快", **lin, **sen)
    chat.until("60:00")
    assert chat.said_to(*IM) == ["2:00 team lin 120s: senye 2:00, nanfeng 1:20"]
    assert chat.said_to("claimer", "digest", "console") == []
    states = [one for one in chat.decisions if isinstance(one, d.AlertState)]
    acts = [(act.by, act.what, act.detail) for one in states for act in one.acts if act.by]
    assert acts == [("lead", "claimed", ""), ("lead", "claimed", ""), ("zhao", "refused", "claimed by lead")]
    [kept] = [one for one in states if one.shop == "senye" and one.state == "resolved"]
    assert (kept.raised_at_ms, kept.limit_at_ms) == (at_ms("2:00"), at_ms("3:00"))
    assert (kept.ended_at_ms, kept.outcome) == (at_ms("2:25"), "answered")  # Saved: before the limit, after the alert.


def test_holding_polite_words_and_a_chat_closed_on_the_buyer_ring_three_times() -> None:
    # From 10:00:00, on a dedicated seat.
    amu = {"agent": "amu", "account": "amu"}
    chat = Timeline(LADDER).buyer("0:00", "柜子高度多少", **amu).said("0:04", "auto", "欢迎光临", **amu)
    chat.acted("2:15", "claim")
    chat.agent("2:50", "在的亲", **amu).buyer("4:00", "高度？", **amu).agent("5:10", "稍等", **amu)
    chat.buyer("5:30", "好的", **amu).agent("9:00", "高180cm哦亲，您家层高多少呢", **amu)
    chat.buyer("9:20", "好的", **amu).buyer("9:50", "", kind="image", **amu)
    chat.closed("11:30", "agent").acted("12:00", "claim").buyer("13:00", "人呢", **amu)
    chat.agent("14:40", "抱歉让您久等了，可以放下的", agent="lead", account="amu")
    chat.until("60:00")
    assert chat.said_to(*IM) == [
        "2:00 team amu 120s: senye 2:00",
        "11:20 team amu 120s: senye 2:00",
        "11:50 lead amu 150s: senye 2:30",
    ]
    assert chat.said_to("claimer") == [
        "2:40 claimer lead claim: senye 2:40",  # Twenty seconds before the limit. The second claim came then.
    ]
    assert chat.said_to("panel", "popup") == [
        "0:30 panel amu 30s: senye 0:30",
        "1:30 popup amu 90s: senye 1:30",
        "3:50 panel amu 60s",  # Only greeted so far.
        "4:30 panel amu 30s: senye 0:30",
        "8:00 popup amu 150s: senye 2:30",  # Polite words, which a platform counts.
        "8:10 panel amu 180s",  # A promise due.
        "9:50 panel amu 30s: senye 0:30",
        "10:50 popup amu 90s: senye 1:30",
    ]
    [left] = [one for one in chat.decisions if isinstance(one, d.TellPeople) and one.to == "lead"]
    assert [wait.closed_unanswered for wait in left.waits] == [True]


def test_an_account_is_kicked_two_messages_and_none_about_what_nobody_could_see() -> None:
    # From 14:02:00. The account of a dedicated seat is kicked; its agent answers from the phone.
    chat = Timeline(LADDER, wall=True)
    jie = {"shop": "beian", "account": "jie", "source": "c12", "agent": "jie"}
    beats(chat, -10, 1)
    chat.buyer("0:00", "功率多大", chat="b1", arrives="0:00.200", **jie)
    status(chat, "0:20", "kicked", arrives="0:20.200")
    beats(chat, 30, 240)
    status(chat, "4:00", "online", arrives="4:00.200")
    chat.agent("1:30", "1500瓦的哦", chat="b1", arrives="4:03", backfill=True, **jie)
    chat.buyer("2:10", "能上门安装吗", chat="b2", arrives="4:03", backfill=True, **jie)
    covered(chat)
    chat.agent("4:25", "可以上门的", chat="b2", arrives="4:25.200", **jie)
    chat.until("5:10")
    assert chat.said_to(*IM) == [
        "0:20.200 lead default account: beian 0:20",
        "4:10.001 team jie 120s: beian 2:00",
    ]
    [down] = [one for one in chat.decisions if isinstance(one, d.TellPeople) and one.to == "lead"]
    assert {name: down.facts[name] for name in ("source", "account", "host", "reason", "waiting")} == {
        "source": "c12",
        "account": "jie",
        "host": "PC-12",
        "reason": "account",
        "waiting": 1,
    }
    [digest] = [one for one in chat.decisions if isinstance(one, d.TellPeople) and one.kind == "digest"]
    assert digest.due_at_ms == at_ms("5:00")
    assert [(one["kind"], one["firing"]) for one in digest.facts["turned"]] == [("source", True), ("source", False)]
    assert digest.facts["over"] == {"answered": 1}


def test_shifts_change_and_nobody_is_there_one_message_stands_for_the_wait() -> None:
    # From 15:50:00; three people answer under one account of the platform, and the late shift is late.
    floor = change_of_shifts(replace(LADDER, team="south"))
    assert floor.said_to(*IM) == ["10:20 lead south nobody: senye 1:50"]
    [nobody] = [one for one in floor.decisions if isinstance(one, d.TellPeople) and one.kind == "unattended"]
    assert {name: nobody.facts[name] for name in ("waiting", "promises", "absent")} == {
        "waiting": 1,
        "promises": 1,
        "absent": ["lin"],
    }
    assert at_ms("10:20") - nobody.facts["oldest_since_ms"] == 110_000
    states = [one for one in floor.decisions if isinstance(one, d.AlertState) and one.kind == "unattended"]
    assert [(one.state, one.outcome) for one in states] == [("firing", None), ("resolved", "zhou")]
    assert [one.facts["turned"] for one in floor.decisions if isinstance(one, d.TellPeople) and one.kind == "digest"]


def test_many_shops_of_a_team_nobody_can_serve_are_one_message() -> None:
    floor = Floor(policy=LADDER)
    shops = ["senye", "lvya", "nanfeng"]
    floor.presence("0:00", "lin", "online", shops=shops)
    for number, shop in enumerate(shops):
        floor.buyer("0:30", shop=shop, chat=f"c{number}")
    floor.presence("1:00", "lin", "offline", shops=shops)
    floor.until("2:10")
    [told] = [one for one in floor.decisions if isinstance(one, d.TellPeople) and one.kind == "unattended"]
    assert sorted(one["shop"] for one in told.facts["shops"]) == sorted(shops)


def test_a_message_says_how_much_the_agent_has_and_who_could_take_one() -> None:
    floor = Floor(policy=LADDER)
    floor.presence("0:00", "lin", "online", limit=8).presence("0:00", "zhou", "online", limit=8)
    floor.buyer("0:10", agent="lin")
    floor.until("2:30")
    [told] = [one for one in floor.decisions if isinstance(one, d.TellPeople) and one.to == "team"]
    assert (told.agent, told.facts["chats"], told.facts["limit"], told.facts["room"]) == ("lin", 1, 8, [["zhou", 0, 8]])


def test_where_nobody_leads_the_team_the_floor_manager_is_told_at_once() -> None:
    led = Register(teams=(Team(id="default", leads=("wang",)),), persons=(Person(id="wang"),))
    for register, to in ((led, "lead"), (Register(teams=(Team(id="default"),)), "digest")):
        floor = Floor(register, policy=LADDER)
        floor.buyer("0:00", agent="lin")
        floor.until("2:50")
        assert [line.split(":")[1] for line in floor.said_to("lead", "digest")] == [f"30 {to} lin 150s"]


TWO_LEADS = Register(
    teams=(Team(id="default", leads=("wang", "li")),), persons=(Person(id="wang", team="default"), Person(id="li"))
)


def _called(floor: Floor) -> list[tuple[str, str | None]]:
    """Who was to be told at the lead's step, and which lead the message calls."""
    floor.buyer("0:00", agent="lin").until("2:50")
    told = [one for one in floor.decisions if isinstance(one, d.TellPeople) and one.step == "150s"]
    return [(one.to, one.facts["lead"]) for one in told]


def test_a_lead_who_is_not_there_is_not_called_another_is_else_the_manager() -> None:
    def led(register: Register = TWO_LEADS, **states: str) -> list[tuple[str, str | None]]:
        floor = Floor(register, policy=LADDER)
        for person, state in states.items():
            floor.presence("-1:00", person, state, shops=[])
        return _called(floor)

    assert led() == [("lead", "wang")]  # Nothing is known of either.
    assert led(wang="online", li="online") == [("lead", "wang")]
    assert led(wang="offline") == [("lead", "li")]
    assert led(wang="away", li="online") == [("lead", "li")]
    assert led(li="online") == [("lead", "li")]  # Known to be there goes before perhaps there.
    assert led(wang="suspended") == [("lead", "wang")]  # Takes no new chat, and sits there.
    assert led(wang="away", li="offline") == [("digest", None)]


def test_a_lead_is_called_by_the_shift() -> None:
    # The time-line begins at ten in the morning.
    early, late = slot("wang", 8, 16, shop="lvya"), slot("li", 16, 24, shop="lvya")
    assert _called(Floor(replace(TWO_LEADS, slots=(late, early)), policy=LADDER)) == [("lead", "wang")]
    swapped = replace(TWO_LEADS, slots=(slot("wang", 16, 24, shop="lvya"), slot("li", 8, 16, shop="lvya")))
    assert _called(Floor(swapped, policy=LADDER)) == [("lead", "li")]
    nobody = replace(TWO_LEADS, slots=(late, slot("wang", 0, 8, shop="lvya")))
    assert _called(Floor(nobody, policy=LADDER)) == [("digest", None)]
    gone_home = Floor(replace(TWO_LEADS, slots=(late, early)), policy=LADDER)
    assert _called(gone_home.presence("-1:00", "wang", "offline", shops=[])) == [("digest", None)]


def test_a_lead_who_comes_back_is_called_again() -> None:
    floor = Floor(TWO_LEADS, policy=LADDER)
    floor.presence("-1:00", "wang", "away", shops=[]).presence("-1:00", "li", "offline", shops=[])
    floor.buyer("0:00", agent="lin", chat="a").buyer("1:00", agent="lin", chat="b")
    floor.presence("3:00", "wang", "online", shops=[])
    floor.until("4:00")
    told = [one for one in floor.decisions if isinstance(one, d.TellPeople) and one.step == "150s"]
    assert [(one.to, one.waits[0].conversation) for one in told] == [("digest", "a"), ("lead", "b")]
    trail = [act for one in floor.decisions if isinstance(one, d.AlertState) for act in one.acts]
    assert [act.detail for act in trail if act.what == "told" and "150s" in act.detail] == ["digest 150s", "lead 150s"]


def test_of_a_shop_nobody_can_serve_the_group_and_the_manager_are_told_where_no_lead_is_there() -> None:
    floor = Floor(TWO_LEADS, policy=LADDER).presence("-1:00", "wang", "away").presence("-1:00", "li", "away")
    floor.presence("0:00", "lin", "online")
    floor.buyer("0:30", agent="lin")
    floor.presence("1:00", "lin", "offline")
    floor.until("2:10")
    told = [one for one in floor.decisions if isinstance(one, d.TellPeople) and one.kind == "unattended"]
    assert [(one.to, one.team) for one in told] == [("team", "default"), ("digest", "default")]
    assert len({one.key for one in told}) == 2


def test_a_promise_that_nobody_keeps_comes_to_the_lead_and_is_over_when_kept() -> None:
    chat = (
        Timeline(LADDER).buyer("0:00", "定制能加急吗", agent="chen").agent("1:00", "亲稍等，我问下仓库", agent="chen")
    )
    chat.agent("12:00", "3天可发", agent="lin")
    chat.until("60:00")
    assert [line for line in chat.people if line[0] != "0"] == [
        "4:00 panel chen 180s",
        "6:00 popup chen 300s",
        "11:00 lead chen 600s",
    ]
    states = [(one.kind, one.state) for one in chat.decisions if isinstance(one, d.AlertState)]
    assert states == [("promise", "firing"), ("promise", "resolved")]


WEEK = 7 * 24 * 60


@pytest.mark.parametrize(
    ("outcome", "end"),
    [
        ("kept", lambda chat: chat.agent("13:00")),
        ("abandoned", lambda chat: chat.closed("13:00", "buyer")),
        ("dismissed", lambda chat: chat.dismissed("13:00", 3)),
        ("expired", lambda chat: chat.until(f"{WEEK + 2}:00")),
    ],
)
def test_the_alert_of_a_promise_is_over_by_what_ended_it(outcome: str, end: Callable[[Timeline], object]) -> None:
    chat = Timeline(LADDER).buyer("0:00", "定制能加急吗").agent("1:00", "亲稍等，我问下仓库").buyer("12:00", "好了没")
    end(chat)
    states = [one for one in chat.decisions if isinstance(one, d.AlertState) and one.kind == "promise"]
    assert [(one.state, one.outcome) for one in states] == [("firing", None), ("resolved", outcome)]
    assert chat.tracker.incidents.promises == 0


def test_the_alert_of_a_promise_that_is_taken_back_is_not_over_as_kept() -> None:
    chat = Timeline(replace(LADDER, promise_steps=(Step(180_000, "lead"),))).buyer("0:00", "定制能加急吗")
    chat.agent("1:00", "亲稍等，我问下仓库", id="hold")
    chat.until("5:00")
    chat.recalled("6:00", "hold")
    states = [one for one in chat.decisions if isinstance(one, d.AlertState) and one.kind == "promise"]
    assert [(one.state, one.outcome) for one in states] == [("firing", None), ("resolved", "dropped")]


def test_the_alert_of_a_promise_that_was_a_bots_is_not_over_as_kept() -> None:
    policy = replace(LADDER, bot_within_ms=3_000, promise_steps=(Step(180_000, "lead"),))
    chat = Timeline(policy).buyer("0:00", "定制能加急吗")
    hold = ev.Message(
        id="hold",
        source="collector",
        platform="taobao",
        ts_ms=at_ms("1:00"),
        conversation="c",
        role="agent",
        shop="senye",
        text="亲稍等",
    )
    chat.event(hold, words=words.HOLDING | words.BY_LATENCY)
    chat.until("5:00")
    chat.buyer("0:58", "在吗", id="late")
    states = [one for one in chat.decisions if isinstance(one, d.AlertState) and one.kind == "promise"]
    assert [(one.state, one.outcome) for one in states] == [("firing", None), ("resolved", "dropped")]


def test_a_holding_reply_that_comes_late_leaves_the_promise_told_of_as_it_stands() -> None:
    chat = Timeline(replace(LADDER, promise_steps=(Step(180_000, "lead"),))).buyer("0:00", "定制能加急吗")
    chat.agent("1:00", "亲稍等，我问下仓库")
    chat.until("5:00")
    chat.agent("0:50", "稍等", id="late").until("6:00")
    chat.agent("7:00", "3天可发")
    states = [one for one in chat.decisions if isinstance(one, d.AlertState) and one.kind == "promise"]
    assert [(one.state, one.outcome) for one in states] == [("firing", None), ("resolved", "kept")]
    assert len([line for line in chat.people if "lead" in line]) == 1


@pytest.mark.parametrize(("answered", "outcome", "over"), [(True, "answered", "51:00"), (False, "expired", None)])
def test_the_alert_of_a_hand_over_that_nobody_receives_is_over_all_the_same(
    answered: bool, outcome: str, over: str | None
) -> None:
    floor = Floor(Register(slots=(slot("chen", 2, 10.5), slot("lin", 10.5, 18))))
    floor.buyer("1:00", chat="a", agent="chen")
    floor.until("50:30")
    if answered:
        floor.agent("50:30", chat="a", agent="lin")
    floor.until(f"{25 * 60}:00")
    states = [one for one in floor.decisions if isinstance(one, d.AlertState) and one.kind == "handover"]
    assert [(one.state, one.outcome) for one in states[:2]] == [("firing", None), ("resolved", outcome)]
    ended_at_ms = states[1].ended_at_ms
    assert ended_at_ms is not None
    assert at_ms(over or f"{24 * 60 + 30}:00") <= ended_at_ms <= at_ms(over or f"{24 * 60 + 31}:00")


def test_within_ten_minutes_moves_what_a_promise_is_told_by() -> None:
    chat = Timeline(LADDER).buyer("0:00", "定制能加急吗", agent="chen").agent("1:00", "十分钟内回您", agent="chen")
    chat.until("13:30")
    assert [line for line in chat.people if line[0] != "0"] == ["11:00 panel chen 180s", "13:00 popup chen 300s"]


def test_a_source_fallen_silent_while_nobody_waits_rings_nowhere() -> None:
    chat = Timeline(LADDER, wall=True).buyer("0:00", agent="lin").agent("0:10")
    chat.until("12:00")
    assert [one.to for one in chat.decisions if isinstance(one, d.TellPeople) and one.kind == "source"] == ["console"]
