"""Evenings and mornings of a real floor, as far as rounds, promises, stages and feeds go.

Of the escalation only stages are told here; who is told what at which step is the
business of rules.
"""

from monitor.core import decisions as d
from tests.core.collector import beats, covered, status
from tests.timeline import Timeline, at_ms


def _rounds(chat: Timeline) -> list[tuple[str, float, str]]:
    """Each round as (shop, seconds, last stage passed), in the order they opened."""
    done = sorted(chat.rounds.values(), key=lambda r: r.opened_at_ms)
    return [(r.shop, ((r.ended_at_ms or 0) - r.opened_at_ms) / 1000, r.stage) for r in done]


def test_the_evening_peak_on_a_shared_seat() -> None:
    # From 20:31:00. B07 Lin serves three shops, B08 Zhou two of them.
    lin, zhou = {"agent": "lin"}, {"agent": "zhou"}
    sen = {"shop": "senye", "chat": "b1"}
    ya = {"shop": "lvya", "chat": "b2", "platform": "pinduoduo"}
    nan = {"shop": "nanfeng", "chat": "b3"}
    chat = Timeline().buyer("0:00", "这件有XL吗", **lin, **sen)
    chat.said("0:10", "buyer", "", kind="card", entry=True, **lin, **ya).buyer("0:20", "一岁能用吗", **lin, **ya)
    chat.buyer("0:40", "沙发包安装吗", **lin, **nan).buyer("1:05", "在吗", **lin, **sen)
    chat.agent("1:30", "一岁可以用的哦", **lin, **ya)
    chat.agent("2:18", "稍等，马上安排客服为您解答", **lin, **nan)
    chat.transferred("2:20", "zhou", by="lin", chat="b3", shop="nanfeng")
    chat.agent("2:25", "亲稍等，帮您看下库存", **lin, **sen).agent("2:50", "包安装的亲", **zhou, **nan)
    chat.agent("3:40", "XL有现货", **lin, **sen).buyer("4:10", "好的谢谢", **lin, **sen)
    chat.agent("4:30", "不客气，祝您购物愉快", **lin, **sen)
    told = chat.until("60:00")
    assert _rounds(chat) == [
        ("senye", 145, "slow"), ("lvya", 70, "slow"), ("nanfeng", 98, "slow"), ("senye", 20, "fresh")
    ]  # fmt: skip
    assert [r.courtesy for r in sorted(chat.rounds.values(), key=lambda r: r.opened_at_ms)] == [False] * 3 + [True]
    assert [r.held for r in sorted(chat.rounds.values(), key=lambda r: r.opened_at_ms)] == [True, False, True, False]
    assert [line for line in told if "promise" in line] == []
    assert len([line for line in told if line.endswith("slow")]) == 3


def _soon(when: str) -> float:
    """The instant at which something sent then is here."""
    minutes, seconds = when.split(":")
    return int(minutes) * 60 + float(seconds) + 0.2


def _kicked_and_back(*, synced: bool) -> Timeline:
    # From 14:02:00. The account of a dedicated seat is kicked; its agent answers from the phone.
    chat = Timeline(wall=True)
    jie = {"shop": "beian", "account": "jie", "source": "c12"}
    beats(chat, -10, 1)
    chat.buyer("0:00", "功率多大", chat="b1", arrives=_soon("0:00"), **jie)
    chat.buyer("0:05", "在吗", chat="x", shop="yunqi", account="yun", source="c12")
    status(chat, "0:20", "kicked", arrives=_soon("0:20"))
    beats(chat, 30, 240)
    status(chat, "4:00", "online", arrives=_soon("4:00"))
    chat.agent("1:30", "1500瓦的哦", chat="b1", arrives="4:03", backfill=True, **jie)
    chat.buyer("2:10", "能上门安装吗", chat="b2", arrives="4:03", backfill=True, **jie)
    if synced:
        covered(chat)
    chat.agent("4:25", "可以上门的", chat="b2", arrives="4:25.200", **jie)
    return chat


def test_the_account_is_kicked_and_the_phone_answers() -> None:
    chat = _kicked_and_back(synced=True)
    own = [line for line in chat.until("4:40") if "stale" not in line and "fresh" not in line]
    # The other shop's buyer is told of all the while; of b1 never; of b2 once the backlog is over, as it stands then.
    assert own == ["1:05 slow", "3:05 at_risk", "4:04.999 slow", "4:25.200 resolved answered"]
    [out, back] = [decision for decision in chat.decisions if isinstance(decision, d.SourceTurned)]
    assert (out.shops, out.account, out.waiting, out.stale) == (("beian",), "jie", 1, True)
    assert (back.stale, back.at_ms) == (False, at_ms("4:00.200"))
    assert [line[1:] for line in _rounds(chat) if line[0] == "beian"] == [(90, "slow"), (135, "slow")]


def test_without_a_range_that_covers_the_gap_half_a_minute_is_waited() -> None:
    chat = _kicked_and_back(synced=False)
    assert chat.until("4:40") == ["0:20.200 stale", "1:05 slow", "3:05 at_risk", "4:00.200 fresh"]


def test_a_shift_ends_with_a_promise_open() -> None:
    # From 15:54:00. Three people answer under one account of the platform.
    front = {"account": "front1"}
    chat = Timeline().buyer("0:00", "定制能加急吗", chat="b1", **front)
    chat.agent("1:00", "亲稍等，我问下仓库", chat="b1", agent="chen", **front)
    chat.buyer("4:30", "今天拍今天发吗", chat="b2", **front)
    chat.agent("7:45", "今天发的哦", chat="b2", agent="zhou", **front)
    chat.agent("10:20", "3天可发", chat="b1", agent="lin", **front)
    assert chat.until("60:00") == [
        "4:00 promise due",
        "5:30 slow",
        "7:30 at_risk",
        "7:45 resolved answered",
    ]
    assert _rounds(chat) == [("senye", 60, "fresh"), ("senye", 195, "at_risk")]


def test_holding_polite_words_and_a_chat_closed_on_the_buyer() -> None:
    # From 10:00:00, on a dedicated seat.
    amu = {"agent": "amu", "account": "amu"}
    chat = Timeline().buyer("0:00", "柜子高度多少", **amu).said("0:04", "auto", "欢迎光临", **amu)
    chat.agent("2:50", "在的亲", **amu).buyer("4:00", "高度？", **amu).agent("5:10", "稍等", **amu)
    chat.buyer("5:30", "好的", **amu).agent("9:00", "高180cm哦亲，您家层高多少呢", **amu)
    chat.buyer("9:20", "好的", **amu).buyer("9:50", "", kind="image", **amu)
    chat.closed("11:30", "agent").buyer("13:00", "人呢", **amu)
    chat.agent("14:40", "抱歉让您久等了，可以放下的", agent="lead", account="amu")
    assert chat.until("60:00") == [
        "1:00 slow",
        "2:50 resolved answered",
        "3:50 promise due",  # of the greeting
        "5:00 slow",
        "5:10 resolved answered",
        "8:10 promise due",
        "10:20 slow",
        "12:20 at_risk",
        "14:20 lost",
        "14:40 resolved answered",
    ]
    assert [(seconds, stage) for _, seconds, stage in _rounds(chat)] == [
        (170, "slow"), (70, "slow"), (210, "at_risk"), (320, "lost")
    ]  # fmt: skip
    greeting, holding, polite, last = sorted(chat.rounds.values(), key=lambda r: r.opened_at_ms)
    assert (greeting.held, holding.held, polite.courtesy, last.courtesy) == (True, True, True, False)
    assert (last.agent, last.closed_unanswered) == ("lead", True)
    assert [(h.agent, h.held_ms) for h in last.holders] == [("amu", 320_000)]
