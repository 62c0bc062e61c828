"""Whatever the checks of the rules say, they say in Chinese too."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.policy_files.chinese import in_chinese
from tests.policy_files.folders import DEFAULT, write
from tests.typed import typed

MONITOR = Path(__file__).parents[2] / "monitor"
FILES = (
    *(MONITOR / "policy_files").glob("*.py"),
    MONITOR / "yaml_files.py",
    MONITOR / "yaml_wording.py",
    MONITOR / "csv_files.py",
)
SAYS = {
    "ValueError",
    "misplaced",
    "fault",
    "Fault",
    "_fault",
    "_at",
    "fault_at",
    "_in_channels",
}  # Called with what is wrong.
HOLDS = {"said", "told", "problem", "message"}  # Variables that hold it first.
HINTS = {"meant", "_date_meant", "did_you_mean", "_hint"}  # What is added at the end.
NOT_OF_RULES = {"words", "webhooks", "templates", "backtracking"}  # Read by who programs, or pieces of a sentence.


def sentences() -> Iterator[tuple[str, str]]:
    """Every sentence that is written down as a fault, with x for what is filled in."""
    for path in sorted(FILES):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))) if path.stem not in NOT_OF_RULES else ():
            found: list[ast.expr] = []
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                found = node.args if name in SAYS else []
            elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in HOLDS:
                found = [node.value]
            elif isinstance(node, ast.Yield) and isinstance(node.value, ast.Tuple):
                found = node.value.elts[-1:]
            for said in found:
                text = text_of(said)
                if text is not None and " " in text.strip() and re.search("[a-z]{2}", text.replace("x", "")):
                    yield f"{path.name}:{said.lineno}", text


def text_of(node: ast.expr) -> str | None:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if not isinstance(node, ast.JoinedStr):
        return None
    parts = []
    for part in node.values:
        if isinstance(part, ast.Constant):
            parts.append(str(part.value))
        elif isinstance(part, ast.FormattedValue):
            names = {name.id for name in ast.walk(part.value) if isinstance(name, ast.Name)}
            parts.append("" if names & HINTS else "x")
    return "".join(parts)


def test_every_sentence_of_the_checks_has_its_counterpart() -> None:
    found = dict(sentences())
    assert len(found) > 100
    assert {place: text for place, text in found.items() if in_chinese(text) == text} == {}


@pytest.mark.parametrize(
    ("said", "chinese"),
    [
        (
            "default.stages: lost (2m) must be longer than at_risk (3m)",
            "default.stages：lost（2m）要比 at_risk（3m）长",
        ),
        ("stagse is not known here; did you mean stages?", "这里没有 stagse 这一项；是不是 stages？"),
        ("t: the chat at 10:01:00: expected slow, got fresh", "t：10:01:00 的会话：应为 slow，实际 fresh"),
        (
            "zone: 'Asia/Beijing' is no time zone; did you mean Asia/Shanghai?",
            "zone：没有 'Asia/Beijing' 这个时区；是不是 Asia/Shanghai？",
        ),
        ("limit: a whole number is meant here", "limit：这里要写整数"),
        ("the file: keys are meant here, each with its value: key: value", "整个文件：这里要写成“名称: 值”，每项一行"),
        ("platform is not known here; it belongs in match", "这里没有 platform 这一项；要写在 match 里面"),
        (
            "courtesy is not known here; it belongs in add or replace",
            "这里没有 courtesy 这一项；要写在 add 或 replace 里面",
        ),
        ("t: round 1, wait: expected 60s, got none", "t：第 1 轮的 wait：应为 60s，实际 无"),
        (
            "phrases.0: '__' is still to be filled in; write a variable such as {price}, or the words",
            "phrases.0：'__' 还没有填；请写变量，如 {price}，或者写上内容",
        ),
        (
            "phrases.0: a brace that is no variable; variables look like {price}: small letters, digits and _",
            "phrases.0：有花括号但不是变量；变量写成 {price}：小写字母、数字和 _",
        ),
        ("something new", "something new"),
    ],
)
def test_what_is_wrong_is_said_in_chinese_with_its_place_and_its_hint(said: str, chinese: str) -> None:
    assert in_chinese(said) == chinese


def test_the_check_speaks_the_language_that_is_asked_for_or_the_terminals(tmp_path: Path) -> None:
    write(tmp_path, default=DEFAULT + "  bot: hold\n")
    asked = typed("check-rules", str(tmp_path), "--lang", "zh").stdout
    assert (
        f"错误 {tmp_path}/default.yaml:5:8: default.bot：不能写 'hold'，只能写 holds, ignored；是不是 holds？" in asked
    )
    [error] = json.loads(typed("check-rules", str(tmp_path), "--json").stdout)["errors"]
    assert error["message"].startswith("default.bot: 'hold' is none of holds, ignored")
    assert error["message_zh"].startswith("default.bot：不能写 'hold'")
    chinese = {"lang": "zh_CN.UTF-8"}
    assert "1 处错误，这些规则不会生效" in typed("check-rules", str(tmp_path), **chinese).stdout
    assert "'hold' is none of holds, ignored" in typed("check-rules", str(tmp_path), "--lang", "en", **chinese).stdout
    assert "1 error; these rules would not be taken" in typed("check-rules", str(tmp_path), lang="de_DE.UTF-8").stdout
