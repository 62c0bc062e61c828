"""What is wrong with an expression is said in words, in both languages, at its place."""

from typing import Any

import pytest

from monitor.hooks.expressions import compiles, compiles_plain
from monitor.hooks.mapping import MappingFile, NotAsExpected, WebhookMapping
from monitor.policy_files.chinese import in_chinese
from monitor.yaml_files import BadFiles, parse


@pytest.mark.parametrize(
    ("expression", "said", "chinese"),
    [
        ("", "an expression is missing here; write one, such as item.text", "这里缺表达式，如 item.text"),
        (
            "text_of(item.id",
            "the expression 'text_of(item.id': it ends too soon, after character 15; is a bracket not closed?",
            "表达式 'text_of(item.id' 没写完：第 15 个字符之后还缺东西，括号没有配对？",
        ),
        (
            "item.kind = `1`",
            "the expression 'item.kind = `1`': a single = at character 11; write == to compare",
            "表达式 'item.kind = `1`'：第 11 个字符是一个 =，比较要写 ==",
        ),
        (
            "item.a == 'x",
            "the expression \"item.a == 'x\": ' at character 11 is not closed",
            "表达式 \"item.a == 'x\"：第 11 个字符的 ' 没有配对",
        ),
        (
            'item.a == `"x`',
            "the expression 'item.a == `\"x`': what stands between ` at character 11 is no JSON",
            "表达式 'item.a == `\"x`'：第 11 个字符起，反引号里的不是 JSON",
        ),
        (
            "text_of（item.id）",
            "the expression 'text_of（item.id）': （ at character 8 is full-width; write (",
            "表达式 'text_of（item.id）'：第 8 个字符 （ 是全角符号，请改成 (",
        ),
        (
            "item.a ] b",
            "the expression 'item.a ] b': ] at character 8 cannot stand there",
            "表达式 'item.a ] b'：第 8 个字符 ] 不能写在那里",
        ),
        (
            "milis(item.at)",
            "the expression 'milis(item.at)': there is no function milis; did you mean millis?",
            "表达式 'milis(item.at)'：没有 milis 这个函数；是不是 millis？",
        ),
        (
            "items[].lookup('shops')",
            "the expression \"items[].lookup('shops')\": lookup takes 2 values, not 1",
            "表达式 \"items[].lookup('shops')\"：lookup 要 2 个值，这里是 1 个",
        ),
        (
            "merge()",
            "the expression 'merge()': merge takes at least 1 values, not 0",
            "表达式 'merge()'：merge 至少要 1 个值，这里是 0 个",
        ),
        ("(" * 5000 + "a" + ")" * 5000, "an expression is nested too deep", "表达式嵌套太深"),
    ],
    ids=["empty", "too soon", "=", "quote", "json", "full-width", "sign", "function", "values", "variadic", "deep"],
)
def test_what_cannot_be_an_expression_is_said_at_its_character(expression: str, said: str, chinese: str) -> None:
    with pytest.raises(ValueError) as wrong:  # noqa: PT011 - its words are compared whole
        compiles(expression)
    assert str(wrong.value) == said
    assert in_chinese(said) == chinese


def test_a_check_of_the_sender_knows_no_functions_of_ours() -> None:
    assert compiles_plain("length(a) > `0`") == "length(a) > `0`"
    with pytest.raises(ValueError, match="there is no function text_of"):
        compiles_plain("text_of(a)")


def mapping(event: str, more: str = "") -> WebhookMapping:
    text = f"about: x\nplatform: x\ntables: {{shops: {{'1': senye}}}}\nmake:\n  - event:\n{event}{more}"
    return WebhookMapping("t", parse(text.encode(), MappingFile, name="t.yaml").value)


def test_a_table_that_there_is_not_is_said_at_the_field() -> None:
    with pytest.raises(BadFiles) as bad:
        mapping("      id: item.id\n      shop: \"lookup('shop', item.shop)\"\n")
    [fault] = bad.value.faults
    assert (fault.line, fault.column) == (7, 13)
    assert fault.message.endswith("there is no table shop; did you mean shops?")
    assert "tables 里没有 shop 这个表；是不是 shops？" in in_chinese(fault.message)


def test_a_list_under_a_condition_that_does_not_hold_makes_nothing() -> None:
    under = mapping("      id: item.id\n", "    each: [\"payload.kind == 'said' && payload.rows\"]\n")
    assert under.events({"kind": "read", "rows": [{"id": "1"}]}, {}, 0) == []
    assert [event["id"] for event in under.events({"kind": "said", "rows": [{"id": "1"}]}, {}, 0)] == ["1"]


@pytest.mark.parametrize(
    ("event", "more", "payload", "said", "chinese"),
    [
        (
            "      ts: millis(item.at)\n",
            "",
            {"at": [1]},
            "make.0.event.ts: millis takes number, string, null, and gets array",
            "make.0.event.ts：millis 要的是 number, string, null，实际是 array",
        ),
        (
            "      meta: {at: instant(item.at)}\n",
            "",
            {"at": "noon"},
            "make.0.event.meta: 'noon' is no instant",
            "make.0.event.meta：'noon' 不是时间",
        ),
        (
            "      id: item.id\n",
            "    each: [payload.rows]\n",
            {"rows": {"id": "1"}},
            "make.0: each is a list to walk into, and gets one thing; write [ ] around it",
            "make.0：each 要的是列表，这里只有一个，请加上 [ ]",
        ),
    ],
    ids=["kind", "value", "no list"],
)
def test_why_a_delivery_gives_nothing_is_said_by_its_field(
    event: str, more: str, payload: Any, said: str, chinese: str
) -> None:
    with pytest.raises(NotAsExpected) as wrong:
        mapping(event, more).events(payload, {}, 0)
    assert str(wrong.value) == said
    assert in_chinese(said) == chinese
