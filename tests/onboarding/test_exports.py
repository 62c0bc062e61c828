"""Exported chats: every shape becomes the events that the doors take."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from monitor.errors import UsageError
from monitor.onboarding.exports import Import
from monitor.wire import decode

CSV = (
    "消息时间,买家昵称,发送人,内容\n2026-11-20 10:00:00,张三,张三,包邮吗\n2026-11-20 10:00:40,张三,森野:小林,包邮的亲\n"
)


def read(path: Path, **how: Any) -> list[dict[str, Any]]:
    return list(Import("senye", "taobao", **how).events(path))


def written(folder: Path, name: str, text: str, encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk"])
def test_a_csv_in_each_encoding_that_spreadsheets_write(tmp_path: Path, encoding: str) -> None:
    asked, answered = read(written(tmp_path, "a.csv", CSV, encoding))
    assert (asked["role"], asked["buyer"], asked["text"], asked["ts"]) == (
        "buyer", "张三", "包邮吗", "2026-11-20T10:00:00.000+08:00",
    )  # fmt: skip
    assert (answered["role"], answered["agent"], answered["conversation"]) == ("agent", "森野:小林", "张三")
    batch = decode(json.dumps([asked, answered]).encode(), door="file", source="x", now_ms=None)
    assert (len(batch.events), batch.refusals) == (2, [])


def test_a_workbook(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (
        ["时间", "角色", "会话ID", "内容"],
        ["2026/11/20 10:00", "买家", 12, "在吗"],
        ["2026/11/20 10:01", "客服", 12.0, 88],
    ):
        sheet.append(row)
    book.save(tmp_path / "a.xlsx")
    asked, answered = read(tmp_path / "a.xlsx")
    assert (asked["conversation"], answered["conversation"]) == ("12", "12")
    assert (answered["role"], answered["text"]) == ("agent", "88")


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/styles.xml"])
def test_a_workbook_with_a_broken_part_is_told_as_one(tmp_path: Path, part: str) -> None:
    Workbook().save(tmp_path / "a.xlsx")
    with zipfile.ZipFile(tmp_path / "a.xlsx") as good, zipfile.ZipFile(tmp_path / "b.xlsx", "w") as bad:
        for name in good.namelist():
            bad.writestr(name, good.read(name)[: -20 if name == part else None])
    with pytest.raises(UsageError, match="file that can be read; open it and save it"):
        read(tmp_path / "b.xlsx")


def test_the_text_that_qianniu_writes(tmp_path: Path) -> None:
    text = "与张三的聊天记录\n\n张三 (2026-11-20 10:00:00):\n这件\n有XL吗\n森野:小林 (2026-11-20 10:00:50):\n有的亲\n"
    asked, answered = read(written(tmp_path, "a.txt", text))
    assert (asked["buyer"], asked["text"]) == ("张三", "这件\n有XL吗")
    assert (answered["role"], answered["conversation"], answered["text"]) == ("agent", "张三", "有的亲")


def test_the_same_message_has_the_same_id_in_every_export_and_two_equal_ones_have_two(tmp_path: Path) -> None:
    twice = CSV + "2026-11-20 10:00:40,张三,森野:小林,包邮的亲\n"
    ids = [event["id"] for event in read(written(tmp_path, "a.csv", twice))]
    assert len(set(ids)) == 3
    assert [event["id"] for event in read(written(tmp_path, "b.csv", CSV))] == ids[:2]


def test_a_row_without_a_time_is_left_out_and_named(tmp_path: Path) -> None:
    work = Import("senye")
    assert (
        len(list(work.events(written(tmp_path, "a.csv", CSV + "gestern,张三,张三,?\n2026-02-30 10:00,张三,张三,?\n"))))
        == 2
    )
    assert work.left_out == 2
    assert work.skipped == ["a.csv:4: 'gestern' is no time", "a.csv:5: '2026-02-30 10:00' is no time"]


def test_other_headings_are_named(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", "wann,wer,was\n2026-11-20 10:00,b,hi\n")
    with pytest.raises(UsageError, match="it has wann, wer, was"):
        read(path)
    [event] = read(path, columns={"ts": "wann", "sender": "wer", "text": "was"})
    assert (event["buyer"], event["text"]) == ("b", "hi")
    with pytest.raises(UsageError, match="no column 'when'"):
        read(path, columns={"ts": "when"})
    with pytest.raises(UsageError, match="no column 'tss' of ours"):
        read(path, columns={"tss": "wann"})


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.xlsx", b"no zip", "no .xlsx file"),
        ("a.csv", b"", "is empty"),
        ("a.csv", b"\x81\xff\xff", "neither UTF-8 nor GBK"),
        ("a.txt", b"nothing here", "no line with a name and a time"),
        ("a.doc", b"", "exports are read from"),
    ],
)
def test_a_file_that_is_none_is_said_so(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UsageError, match=said):
        read(tmp_path / name)


def test_a_zone_that_does_not_exist() -> None:
    with pytest.raises(UsageError, match="no time zone 'Mars/Base'"):
        Import("senye", zone="Mars/Base")
