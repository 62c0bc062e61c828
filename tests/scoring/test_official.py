"""Official figures: read from a table as people save it, and what may lie between them and ours."""

import json
import sqlite3
from asyncio import to_thread
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from monitor.core.scores.board import Board, Entity, sheet
from monitor.scoring.official import FaultAt, compared, read_official
from monitor.store.scores import Official
from tests.core.scores.day import Chatter, at_ms, shipped
from tests.scoring.floor import floor
from tests.typed import typed

SENYE = Entity("shop", "senye")


def read(text: str, encoding: str = "utf-8") -> tuple[list[Official], list[FaultAt]]:
    return read_official(text.encode(encoding), shipped())


def test_a_table_is_read_with_chinese_headings_and_signs() -> None:
    rows, faults = read("\ufeff日期,店铺,指标,官方值\n2026/11/23,senye,旺旺3分钟人工响应率,95.3%\n\n")
    assert faults == []
    assert rows == [Official(at_day(), "senye", "", "taobao_3min", 95.3 / 100, None, None)]
    rows, _ = read(
        "day,shop,profile,value,account,hits,total\n2026-11-23,senye,taobao_mean,47.2s,senye:lin,,\n"
        "2026-11-23,senye,taobao_3min,-,,,\n2026-11-24,senye,taobao_3min,0.5,,1,2\n"
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
        ("day,shop,profile,value,hits,total\n2026-11-23,s,taobao_3min,1,3,2\n", "3 hits of 2"),
        ("day,shop,profile,value\n2026-11-23,s,taobao_mean,nan\n", "'nan' is no figure"),
        ("day,shop,profile,value,day\n", "the column day is there twice"),
    ],
)
def test_a_fault_names_its_line(text: str, fault: str) -> None:
    _, faults = read(text)
    assert len(faults) == 1
    assert fault in str(faults[0])


def test_a_table_is_taken_as_spreadsheets_save_it_and_another_file_is_not() -> None:
    text = "日期;店铺;指标;官方值\r\n2026-11-23;森野;taobao_3min;95.3%\r\n"
    for encoding in ("utf-8", "utf-8-sig", "gbk", "utf-16"):
        rows, faults = read(text, encoding)
        assert [(row.shop, row.value) for row in rows] == [("森野", 0.953)]
        assert faults == []
    assert read_official(b"\x89PNG\r\n\x1a\n\x00\xff", shipped())[1][0].message.startswith("neither UTF-8 nor GBK")
    assert read('day,shop,profile,value\n2026-11-23,"senye,a,1\n')[1][0].message.startswith("not a table")


def test_the_same_figure_twice_is_taken_once_and_another_one_of_its_day_is_a_fault() -> None:
    row = "2026-11-23,senye,taobao_3min,"
    rows, faults = read(f"day,shop,profile,value\n{row}95%\n{row}95%\n{row}94%\n")
    assert len(rows) == 1
    assert [(fault.line, fault.message) for fault in faults] == [
        (4, "another figure of the same day, shop and score stands in line 2")
    ]


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


async def a_day_kept(folder: Path) -> None:
    """A finished day of a shop in a data folder: two of three in time."""
    async with floor(folder) as f:
        await f.tell(Chatter().b("10:00:00").a("10:01:00").b("10:05:00").a("10:09:00").b("10:15:00").a("10:15:30"))
        await f.at("2026-11-24 00:01")


async def test_the_command_loads_a_file_and_shows_it_beside_ours(tmp_path: Path) -> None:
    await a_day_kept(tmp_path / "data")
    file = tmp_path / "official.csv"
    file.write_text(
        "日期,店铺,指标,官方值\n2026-11-23,senye,taobao_3min,100%\n2026-11-23,senye,taobao_mean,-\n", "utf-8"
    )
    done = await to_thread(typed, "report", "official", str(file), "--data", str(tmp_path / "data"), "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["loaded"] == 2
    assert [(one["profile"], one["official"]["value"], one["ours"]["value"]) for one in told["days"]] == [
        ("taobao_3min", 1.0, 2 / 3), ("taobao_mean", None, 110.0),
    ]  # fmt: skip
    done = await to_thread(typed, "report", "official", str(file), "--data", str(tmp_path / "data"))
    assert (
        "2026-11-23 senye taobao_3min official 100.0% · ours 66.7% (2/3) · not explained: no cause known" in done.stdout
    )
    assert "official no sample · ours 110.0 s" in done.stdout


async def test_of_a_file_with_faults_the_command_loads_nothing_and_names_each_cell(tmp_path: Path) -> None:
    await a_day_kept(tmp_path / "data")
    file = tmp_path / "official.csv"
    file.write_text("day,shop,profile,value\n2026-11-23,senye,taobao_3min,1\n2026-11-23,senye,taobao_3mn,1\n", "utf-8")
    done = await to_thread(typed, "report", "official", str(file), "--data", str(tmp_path / "data"), "--json")
    assert (done.exit_code, done.stdout) == (1, "")
    assert f"{file}:3:3: no profile is called 'taobao_3mn'; did you mean taobao_3min?" in done.stderr
    with closing(sqlite3.connect(tmp_path / "data" / "journal.db")) as db, db:
        assert db.execute("SELECT count(*) FROM official").fetchone() == (0,)
    nowhere = await to_thread(typed, "report", "official", str(file), "--data", str(tmp_path / "none"))
    assert (nowhere.exit_code, "name the data folder" in nowhere.stderr) == (2, True)
