"""Official figures: read from a table as people save it, and what may lie between them and ours."""

from datetime import date

import pytest

from monitor.core.scores.board import Board, Entity, sheet
from monitor.scoring.official import compared, read_official
from monitor.store.scores import Official
from tests.core.scores.day import Chatter, at_ms, shipped

SENYE = Entity("shop", "senye")


def test_a_table_is_read_with_chinese_headings_and_signs() -> None:
    rows, faults = read_official("\ufeff日期,店铺,指标,官方值\n2026/11/23,senye,taobao_3min,95.3%\n\n", shipped())
    assert faults == []
    assert rows == [Official(at_day(), "senye", "", "taobao_3min", 95.3 / 100, None, None)]
    rows, _ = read_official(
        "day,shop,profile,value,account,hits,total\n2026-11-23,senye,taobao_mean,47.2s,senye:lin,,\n"
        "2026-11-23,senye,taobao_3min,-,,,\n2026-11-23,senye,taobao_3min,0.5,,1,2\n",
        shipped(),
    )
    assert [row.value for row in rows] == [47.2, None, 0.5]
    assert (rows[0].account, rows[2].hits, rows[2].total) == ("senye:lin", 1, 2)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "the file is empty"),
        ("day,shop,value\n", "line 1: the heading lacks profile"),
        ("day,shop,profile,value\n23.11.,s,taobao_3min,1\n", "line 2: '23.11.' is no date"),
        ("day,shop,profile,value\n2026-11-23,s,taobao_3mn,1\n", "did you mean taobao_3min?"),
        ("day,shop,profile,value\n2026-11-23,s,taobao_3min,95\n", "'95' is no share"),
        ("day,shop,profile,value\n2026-11-23,,taobao_3min,1\n", "no shop is named"),
        ("day,shop,profile,value,hits\n2026-11-23,s,taobao_3min,1,many\n", "'many' is no count"),
    ],
)
def test_a_fault_names_its_line(text: str, fault: str) -> None:
    _, faults = read_official(text, shipped())
    assert len(faults) == 1
    assert fault in faults[0]


def at_day() -> int:
    return date(2026, 11, 23).toordinal()


def board(chat: Chatter) -> Board:
    made = Board(shipped())
    shop = chat.chats().shops["senye"]
    for key in shop.chats:
        made.apply(sheet(shop, key, shipped(), at_ms("2026-11-24 12:00")), 1)
    return made


def test_the_difference_comes_with_what_may_lie_between() -> None:
    chat = Chatter().b("10:00:00").a("10:01:00").b("10:02:00", text="好的谢谢")
    chat.b("11:00:00", conversation="d").say("bot", "11:00:01", conversation="d")
    chat.b("07:00:00", conversation="e")
    row = board(chat).row(SENYE, [at_day()])
    ours = {(at_day(), SENYE): row}
    official = [Official(at_day(), "senye", "", "taobao_3min", value, None, None) for value in (1.0, 0.05)]
    first, second = compared(official, ours, shipped())
    assert first["ours"] == {"value": 0.5, "hits": 1, "total": 2, "undetermined": 0, "excluded": 2}
    assert first["difference"] == -0.5
    assert first["causes"] == [
        {"cause": "hours", "units": 1},
        {"cause": "bot", "units": 1},
        {"cause": "courtesy", "units": 1},
    ]
    assert first["explained"] is True
    assert second["explained"] is False


def test_a_day_we_know_nothing_of_has_no_figure_of_ours() -> None:
    official = [Official(at_day(), "senye", "", "taobao_3min", 0.9, None, None)]
    (one,) = compared(official, {}, shipped())
    assert (one["ours"], one["difference"], one["explained"]) == (None, None, None)
