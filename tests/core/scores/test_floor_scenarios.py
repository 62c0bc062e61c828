"""The scores of the scenarios of a floor, as a platform would count them."""

import pytest

from monitor.core import events as ev
from tests.core.scores.day import Chatter, at_ms, snapshot


def mean(chat: Chatter, profile: str, until: str | None = None) -> float:
    seconds: float = chat.score(profile, until)["mean_seconds"]
    return round(seconds, 1)


def test_an_evening_on_a_shared_seat() -> None:
    chat = Chatter().b("20:31:00", conversation="b1").b("20:31:40", conversation="b3").b("20:32:05", conversation="b1")
    chat.a("20:33:18", text="稍等，马上安排客服为您解答", conversation="b3").passed(
        "20:33:20", "zhou", conversation="b3"
    )
    chat.a("20:33:25", text="亲稍等，帮您看下库存", conversation="b1")
    chat.a("20:33:50", text="包安装的亲", agent="zhou", conversation="b3").a("20:34:40", conversation="b1")
    chat.b("20:35:10", text="好的谢谢", conversation="b1").a("20:35:30", text="不客气", conversation="b1")
    assert chat.of("taobao_3min") == "3/3"
    assert mean(chat, "taobao_3min") == 87.7
    green = Chatter("pinduoduo")
    green.b("20:31:10", kind="card", text="", entry=True).b("20:31:20").a("20:32:30", text="一岁可以用的哦")
    assert green.of("pinduoduo_3min") == "1/1"
    assert green.score("pinduoduo_3min")["sum_seconds"] == 70


def kicked_account(*, covered: bool) -> Chatter:
    chat = Chatter().b("14:02:00", conversation="b1", account="jie")
    chat.event(ev.AccountStatus, "14:02:20", type="account_status", account="jie", state="kicked")
    chat.event(ev.AccountStatus, "14:06:00", type="account_status", account="jie", state="online")
    if covered:
        chat.a("14:03:30", conversation="b1", agent="jie", backfill=True)
        chat.b("14:04:10", conversation="b2", account="jie", backfill=True)
        chat.event(
            ev.SyncRange, "14:06:03", type="sync_range", account="jie", complete=True,
            from_ms=at_ms("14:02:20"), to_ms=at_ms("14:06:00"),
        )  # fmt: skip
        chat.a("14:06:25", conversation="b2", agent="jie")
    return chat


def test_an_account_that_was_kicked_and_answered_by_phone() -> None:
    chat = kicked_account(covered=True)
    assert chat.of("taobao_3min") == "2/2"
    assert mean(chat, "taobao_3min") == 112.5
    never = kicked_account(covered=False).score("taobao_3min", "2026-11-24 00:00:00")
    assert (never["hits"], never["misses"], never["left_out"]) == (0, 0, {"feed gap": 1})
    lists = Chatter("pinduoduo").b("14:02:00")
    snapshot(lists, "14:03:25", "c")
    snapshot(lists, "14:03:40")
    assert lists.of("pinduoduo_3min") == "1/1"
    assert lists.score("pinduoduo_3min")["sum_seconds"] == 100  # The upper bound.


def test_a_change_of_shifts_under_one_account() -> None:
    shared = "senye:presale1"
    chat = Chatter().b("15:54:00", conversation="b1", account=shared)
    chat.a("15:55:00", text="亲稍等，我问下仓库", agent="chen", account=shared, conversation="b1")
    chat.b("15:58:30", conversation="b2", account=shared)
    chat.passed("16:01:30", "zhou", account=shared, conversation="b2")
    chat.a("16:01:45", agent="zhou", account=shared, conversation="b2")
    chat.a("16:04:20", agent="lin", account=shared, conversation="b1")
    assert chat.of("taobao_3min") == "1/2"
    assert mean(chat, "taobao_3min") == 127.5


@pytest.mark.parametrize("profile", ["taobao_3min", "shopee_12h"])
def test_bots_first_at_the_opening_of_a_campaign(profile: str) -> None:
    chat = Chatter()
    for n in range(20):
        chat.b("20:00:30", conversation=f"b{n}").say("bot", "20:00:31", conversation=f"b{n}")
        if n < 5:
            chat.b("20:01:00", text="转人工", conversation=f"b{n}")
            chat.event(ev.ConversationHandedOff, "20:01:01", type="conversation_handed_off", conversation=f"b{n}")
            chat.a("20:02:30", conversation=f"b{n}")
    found = chat.score(profile, "23:59:00")
    assert (found["hits"], found["misses"], found["left_out"]) == (5, 0, {"bot": 15})


def test_a_holding_reply_courtesy_and_a_chat_that_was_closed() -> None:
    chat = Chatter().b("10:00:00", text="柜子高度多少").say("auto", "10:00:04", "欢迎光临")
    chat.a("10:02:50", text="在的亲", agent="mu").b("10:04:00", text="高度？").a("10:05:10", text="稍等", agent="mu")
    chat.b("10:05:30", text="好的").a("10:09:00", text="高180cm哦亲，您家层高多少呢", agent="mu")
    chat.b("10:09:20", text="好的").b("10:09:50", text="", kind="image").closed("10:11:30").b("10:13:00", text="人呢")
    chat.a("10:14:40", text="不好意思久等了，可以放下的", agent="lead", account="mu")
    assert chat.of("taobao_3min") == "2/4"
    assert mean(chat, "taobao_3min") == 192.5
    assert chat.score("taobao_3min")["courtesy_misses"] == 1
