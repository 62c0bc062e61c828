"""Phrases out of CSV and 千牛 exports, and the report on phrases, through the commands."""

import asyncio
import json
from pathlib import Path

import pytest

from monitor.errors import UsageError
from monitor.policy_files.phrases import PhraseFiles, check
from monitor.store.journal import Journal
from monitor.store.suggestions import Feedback
from monitor.suggest.importing import imported, read_rows
from tests.service import MovedClock, said, service
from tests.suggest.shop import shipped_reader
from tests.typed import typed

QIANNIU = (
    "快捷编码,快捷短语,快捷短语分组\n"
    "by,亲，全店满99包邮哦,邮费\n"
    'ys,"亲，有点色差的，\n以实物为准",颜色\n'
    "jg,亲，活动价[价格]元,价格\n"
    "sd,亲稍等，马上为您查询,安抚\n"
    "by2,亲，全店满99包邮哦,邮费\n"
    ",,\n"
    "kong,,邮费\n"
)


def run(*arguments: object) -> str:
    done = typed(*arguments)
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_what_qianniu_exports_becomes_a_file_of_the_library(tmp_path: Path, encoding: str) -> None:
    export = tmp_path / "短语.csv"
    export.write_bytes(QIANNIU.encode(encoding))
    said_of_it = run("import-phrases", export, "--shop", "森野/旗舰店", "--rules", tmp_path)
    assert "4 phrases, 1 of them drafts" in said_of_it
    assert "draft jg" in said_of_it
    assert "row 6: the same text" in said_of_it
    assert "row 7: empty" in said_of_it
    assert check(tmp_path, frozenset(shipped_reader().intents.phases)) == ([], [])
    layer, faults = PhraseFiles(tmp_path).shop_layer("森野/旗舰店")
    assert faults == []
    assert [(phrase.id, phrase.intent, phrase.holding) for phrase in layer.phrases] == [
        ("by", "shipping_cost", False),
        ("ys", "color", False),
        ("sd", "holding", True),
    ]
    again = typed("import-phrases", str(export), "--shop", "森野/旗舰店", "--rules", str(tmp_path))
    assert again.exit_code == 2
    assert "--force" in again.output


def test_any_csv_with_a_column_of_texts_will_do() -> None:
    body = b"Title;Text;Keywords\nReturns;You can return it within 30 days;return,refund\n"
    done = imported(read_rows(body), shipped_reader())
    (phrase,) = done.phrases
    assert (phrase["lang"], phrase["triggers"]) == ("en", ["Returns", "return", "refund"])


@pytest.mark.parametrize("body", [b"", b"a,b\n1,2\n", b"\x00\x01\x02", b"\xff\xff\xff", "只有一列\n内容\n".encode()])
def test_what_is_no_list_of_phrases_is_said(body: bytes) -> None:
    with pytest.raises(UsageError, match=r"column|CSV|UTF-8"):
        read_rows(body)


KNOWN = "亲，质量方面您可以看看评价里买家的真实晒图，收到后也支持检查，有问题随时找我~"  # The phrase quality-how.


async def a_week(data: Path) -> None:
    """Five buyers get the same answer that no phrase says; one phrase is always edited, one never taken."""
    clock = MovedClock()
    clock.at_ms += 600_000
    async with service(data, clock) as floor:
        for n in range(5):
            chat = f"c{n}"
            await floor.send(
                said(n, chat=chat, text="这款灯能接智能音箱吗"),
                said(n + 10, "agent", chat=chat, text="可以的亲，支持米家和天猫精灵语音控制"),
                said(n + 20, chat=chat, text="质量怎么样"),
                said(
                    n + 30,
                    "agent",
                    chat=chat,
                    text="亲，质量方面您可以看看评价里买家的真实晒图，收到后也支持检查，有问题随时找我~",
                ),
                said(n + 40, chat=chat, text="我电话13812345678"),
                said(n + 50, "agent", chat=chat, text="亲，已登记13812345678"),
            )
    journal = await Journal.open(data)

    def told(phrase: str, outcome: str, number: int) -> Feedback:
        return Feedback(1, "senye", f"o{number}", "price", phrase, outcome, 1, 1.0, "lin")

    try:
        await journal.suggestions.add([told("price-page", "edited", n) for n in range(6)])
        await journal.suggestions.add([told("price-high", "shown", n) for n in range(40)])
        await journal.suggestions.add([told("price-final", "shown", n) for n in range(40)])
        await journal.suggestions.add([told("price-final", "picked", n) for n in range(20)])
    finally:
        await journal.close()


def test_the_report_says_what_to_add_mend_and_drop_and_nothing_of_a_single_buyer(tmp_path: Path) -> None:
    asyncio.run(a_week(tmp_path))
    told = json.loads(run("report", "suggestions", "--data", tmp_path, "--days", 400, "--json"))["shops"]["senye"]
    (add,) = told["add"]
    assert add["text"] == "可以的亲，支持米家和天猫精灵语音控制"
    assert add["triggers"] == ["这款灯能接智能音箱吗"]
    assert (add["times"], add["chats"]) == (5, 5)
    assert [one["phrase"] for one in told["mend"]] == ["price-page"]
    assert [one["phrase"] for one in told["drop"]] == ["price-high"]
    text = run("report", "suggestions", "--data", tmp_path, "--days", 400)
    assert "add   5x to 5 buyers" in text
    assert "1381" not in text


def test_a_report_without_data_says_so(tmp_path: Path) -> None:
    done = typed("report", "suggestions", "--data", str(tmp_path))
    assert done.exit_code == 2
    assert "--data" in done.output
