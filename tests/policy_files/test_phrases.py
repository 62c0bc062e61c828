"""The files of the phrase library: layers, strictness, and what is wrong said with its place."""

from pathlib import Path

import pytest

from monitor.policy_files.checking import check as check_rules
from monitor.policy_files.chinese import in_chinese
from monitor.policy_files.phrases import PhraseFiles, check, load, shop_file
from monitor.policy_files.where import default_folder
from monitor.suggest.libraries import Source, made
from tests.policy_files.folders import DEFAULT
from tests.policy_files.folders import write as rules
from tests.suggest.shop import NOW_MS, ask, ids, shipped_reader

INTENTS = frozenset(shipped_reader().intents.phases)


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / "quick_replies" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def test_the_shipped_phrases_and_word_lists_are_good() -> None:
    assert check(default_folder(), INTENTS) == ([], [])
    assert check_rules(default_folder(), NOW_MS).faults == []


def test_every_intent_of_pre_sales_has_a_phrase_in_both_languages() -> None:
    layer, _ = PhraseFiles(default_folder()).general_layer()
    presale = {name for name, phase in shipped_reader().intents.phases.items() if phase != "aftersale"}
    for lang in ("zh", "en"):
        assert presale - {phrase.intent for phrase in layer.phrases if phrase.lang == lang} == set(), lang
        assert any(phrase.holding for phrase in layer.phrases if phrase.lang == lang)


def test_a_shop_s_phrases_lie_over_those_of_its_category_and_of_all(tmp_path: Path) -> None:
    write(
        tmp_path,
        "shops/senye.yaml",
        "category: clothing\nvalues: {free_shipping_from: '99'}\nphrases:\n"
        "  - {id: fee-page, intent: shipping_cost, text: 我们全店包邮哦, triggers: [包邮吗]}\n",
    )
    source = Source(PhraseFiles(tmp_path), shipped_reader(), lambda _: None)
    own, other = made(source, "senye", ""), made(source, "", "")
    found = ask("包邮吗", of=own)
    assert found[0].text == "我们全店包邮哦"
    assert "满 99 元" in {one.phrase.id: one.text for one in found}["fee-free"]
    assert "fee-free" not in ids(ask("包邮吗", of=other))
    assert own.get("clothing-try") is not None
    assert other.get("clothing-try") is None


def test_a_shop_is_called_as_it_likes(tmp_path: Path) -> None:
    path = shop_file(tmp_path, "森野/旗舰店")
    path.parent.mkdir(parents=True)
    path.write_text("phrases: []\n", "utf-8")
    assert list(PhraseFiles(tmp_path).shops) == ["森野/旗舰店"]


def test_a_draft_is_kept_and_not_suggested(tmp_path: Path) -> None:
    write(tmp_path, "shops/s.yaml", "phrases:\n  - {id: a, intent: price, text: '[价格]元', draft: true}\n")
    layer, faults = PhraseFiles(tmp_path).shop_layer("s")
    assert (layer.phrases, faults) == ([], [])


@pytest.mark.parametrize(
    ("entry", "line", "said"),
    [
        ("{id: a, intent: price, text: '亲，[价格]元'}", 2, "still to be filled in"),
        ("{id: a, intent: price, text: 亲___元}", 2, "still to be filled in"),
        ("{id: a, intent: price, text: '亲{Price}元'}", 2, "no variable"),
        ("{id: a, intent: price, txt: 亲}", 2, "did you mean text"),
        ("{id: a, intent: pryce, text: 亲}", 2, "did you mean price"),
        ("{id: a, intent: price, text: 亲, valid_to: '2026-02-30'}", 2, "valid_to"),
        ("{id: a, intent: price, text: 亲, valid_from: '2026-02-03', valid_to: '2026-02-02'}", 2, "before valid_from"),
        ("{id: a, intent: price, text: 亲, holding: true, question: true}", 2, "not both"),
        ("{id: a, intent: price, text: 亲}\n  - {id: a, intent: price, text: 在}", 3, "there already, in line 2"),
        ("{id: a, intent: price, text: 亲}\ncategory: clothin", 3, "did you mean clothing"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, entry: str, line: int, said: str) -> None:
    path = write(tmp_path, "shops/s.yaml", f"phrases:\n  - {entry}\n")
    (fault, *_), _ = check(tmp_path, INTENTS)
    assert (fault.file, fault.line) == (str(path), line)
    assert said in fault.message


def test_what_is_wrong_with_phrases_is_found_with_the_rules(tmp_path: Path) -> None:
    write(
        tmp_path, "shops/senye.yaml", "phrases: [{id: a, intent: stock, text: 有货}, {id: a, intent: stock, text: 有}]"
    )
    rules(tmp_path, default=DEFAULT)
    [fault] = check_rules(tmp_path, NOW_MS).faults
    assert fault.file.endswith("quick_replies/shops/senye.yaml")


def unfilled(folder: Path) -> list[tuple[str, int, int, str]]:
    return [(Path(d.file).name, d.line, d.column, d.message.split(": ")[-1]) for d in check(folder, INTENTS)[1]]


def test_a_phrase_whose_variable_nothing_fills_is_said_at_the_variable_with_what_was_meant(tmp_path: Path) -> None:
    write(
        tmp_path,
        "shops/s.yaml",
        "values: {deposit: '50'}\nphrases:\n  - {id: a, intent: price, text: '亲，{product} 现在 {prise} 元'}\n"
        "  - id: b\n    intent: price\n    text: |\n      定金 {deposit} 元，\n      由 {courier} 发出\n"
        "  - {id: c, intent: price, text: '{nothing}', draft: true}\n",
    )
    assert unfilled(tmp_path) == [
        ("s.yaml", 3, 50, "{prise} has no value, so this phrase is never suggested; did you mean price?"),
        ("s.yaml", 8, 9, "{courier} has no value, so this phrase is never suggested; give it one under values"),
    ]


def test_a_phrase_for_many_shops_waits_for_a_shop_that_fills_its_variable(tmp_path: Path) -> None:
    phrases = "  - {id: a, intent: price, text: '定金 {deposit}'}\n  - {id: b, intent: courier, text: '发 {courier}'}\n"
    path = write(tmp_path, "general.zh.yaml", f"phrases:\n{phrases}")
    [doubt] = check(tmp_path, INTENTS)[1]
    assert (doubt.line, doubt.message.partition(" has no value")[0]) == (2, "{deposit}")
    assert load(tmp_path)[1:] == ([], [doubt])
    assert str(doubt).startswith(f"{path}:2:")
    write(tmp_path, "shops/s.yaml", "values: {deposit: '50'}\n")
    assert check(tmp_path, INTENTS)[1] == load(tmp_path)[2] == []


def test_what_is_never_suggested_is_said_by_the_check_of_the_rules_and_when_a_shop_is_asked_about(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(tmp_path, "shops/s.yaml", "phrases: [{id: a, intent: price, text: '{prise} 元'}]\n")
    rules(tmp_path, default=DEFAULT)
    checked = check_rules(tmp_path, NOW_MS)
    [doubt] = checked.doubts
    assert (doubt.line, doubt.column, checked.faults) == (1, 41, [])
    assert "变量 {prise} 没有值，这句话永远不会被推荐；是不是 price？" in in_chinese(doubt.message)
    made(Source(PhraseFiles(tmp_path), shipped_reader(), lambda _: None), "s", "")
    assert str(doubt) in caplog.text


def test_a_broken_file_of_a_shop_leaves_it_the_phrases_of_all(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(tmp_path, "shops/s.yaml", "phrases: [\n")
    library = made(Source(PhraseFiles(tmp_path), shipped_reader(), lambda _: None), "s", "")
    assert ids(ask("能开专票吗", of=library))[0] == "invoice-kind"
    assert "s.yaml" in caplog.text


def test_twenty_thousand_phrases_are_one_library(tmp_path: Path) -> None:
    entry = "  - {{id: p{0}, intent: other, text: 亲这是第{0}款的说明, triggers: [第{0}款怎么样]}}\n"
    write(tmp_path, "shops/s.yaml", "phrases:\n" + "".join(entry.format(n) for n in range(20_000)))
    library = made(Source(PhraseFiles(tmp_path), shipped_reader(), lambda _: None), "s", "")
    assert library.size > 20_000
    assert ids(ask("第17654款怎么样", of=library))[0] == "p17654"
