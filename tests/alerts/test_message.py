import json
from typing import Any

import pytest

from monitor.alerts.message import body
from monitor.alerts.view import clock, short
from monitor.core.decisions import AlertOrder
from monitor.core.masking import masked_name
from tests.alerts.orders import ASKED_MS, raised, resolved, risen, withdrawn


def told(order: AlertOrder) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(body(order, "k3f9-7"))
    return said


def test_a_body_has_all_that_a_receiver_needs() -> None:
    assert told(raised(rules="5f1c", rule="rules.yaml:12")) == {
        "type": "alert.raised",
        "timestamp": "2026-11-23T02:14:20.005Z",
        "data": {
            "id": "k3f9-7",
            "transition": "raised",
            "stage": "slow",
            "repetition": 0,
            "reason": None,
            "title": {
                "zh": "【还剩120秒】小林 1位在等｜森野旗舰店 1:00｜张*",
                "en": "[120 s left] 小林: 1 waiting | 森野旗舰店 1:00 | 张*",
            },
            "platform": "taobao",
            "shop": "森野旗舰店",
            "conversation": "c-9",
            "buyer": "张*",
            "team": "a组",
            "agent": "小林",
            "account": "senye:lin",
            "waiting_since": "2026-11-23T02:13:20.000Z",
            "opened_at": "2026-11-23T02:13:20.000Z",
            "opened_by": "m-1",
            "due_at": "2026-11-23T02:14:20.001Z",
            "decided_at": "2026-11-23T02:14:20.005Z",
            "next_due_at": "2026-11-23T02:16:20.001Z",
            "wait_seconds": 60.005,
            "buyer_messages": 2,
            "closed_unanswered": False,
            "rules_version": "5f1c",
            "rule": "rules.yaml:12",
        },
    }


def test_the_buyers_name_is_nowhere_in_it() -> None:
    for order in (raised(), risen(), resolved(), withdrawn()):
        assert "张小姐" not in body(order, "k3f9-7").decode()


@pytest.mark.parametrize(
    ("order", "zh", "en"),
    [
        (risen(), "【超时·还剩120秒】小林 1位在等｜森野旗舰店 3:00｜张*", "[overdue, 120 s left] 小林: 1 waiting |"),
        (
            risen(stage="lost", next_due_at_ms=None),
            "【疑似流失】小林 1位在等｜森野旗舰店 3:00｜张*",
            "[presumed lost] 小林: 1 waiting |",
        ),
        (
            raised(agent=None, account=None),
            "【还剩120秒】未分配 1位在等｜森野旗舰店 1:00｜张*",
            "[120 s left] unassigned: 1 waiting |",
        ),
        (raised(agent=None), "【还剩120秒】senye:lin 1位在等｜", "[120 s left] senye:lin: 1 waiting |"),
        (raised(next_due_at_ms=None), "【偏慢】小林 1位在等｜", "[slow] 小林: 1 waiting |"),
        (raised(stage="vip_90"), "【vip_90·还剩120秒】小林", "[vip_90, 120 s left] 小林"),
        (
            raised(closed_unanswered=True),
            "【还剩120秒】小林 1位在等｜森野旗舰店 1:00｜张*｜未回复即关闭",
            "[120 s left] 小林",
        ),
        (resolved(), "【已回复】森野旗舰店 张* 等了1:40", "[answered] 森野旗舰店 张* waited 1:40"),
        (withdrawn(), "【已撤回·数据补到】森野旗舰店 张*", "[withdrawn: the feed was late] 森野旗舰店"),
    ],
)
def test_a_title_begins_with_the_time_left_or_the_end(order: AlertOrder, zh: str, en: str) -> None:
    title = told(order)["data"]["title"]
    assert title["zh"].startswith(zh)
    assert title["en"].startswith(en)


def test_the_end_of_an_alert_gives_the_length_of_the_wait_and_not_of_the_delay() -> None:
    late = resolved(after_seconds=130, decided_at_ms=ASKED_MS + 900_000)
    assert told(late)["data"]["wait_seconds"] == 130.001
    assert told(late)["data"]["reason"] == "answered"


def test_time_left_is_never_negative() -> None:
    overdue = raised(next_due_at_ms=raised().decided_at_ms - 5_000)
    assert told(overdue)["data"]["title"]["zh"].startswith("【还剩0秒】")


@pytest.mark.parametrize(
    ("name", "shown"), [("张小姐", "张*"), ("b", "b*"), ("", "*"), ("\x00x", "*"), ("\u202ex", "*")]
)
def test_a_buyer_is_masked(name: str, shown: str) -> None:
    assert masked_name(name) == shown


def test_a_long_or_hostile_name_does_not_break_a_title() -> None:
    assert short("x" * 100) == "x" * 24 + "…"
    assert short("a\u202eb\nc") == "a b c"


@pytest.mark.parametrize(("ms", "shown"), [(0, "0:00"), (59_999, "0:59"), (252_000, "4:12"), (3_723_000, "1:02:03")])
def test_lengths_are_shown_as_on_the_board(ms: int, shown: str) -> None:
    assert clock(ms) == shown
