"""What is wrong in the rules, said in Chinese: each sentence of the checks with its counterpart.

The checks are written in one language, so that a fault is one value wherever it goes; here it is put into another
where a person reads it. A sentence that stands nowhere here is shown as it is, and a test finds it.
"""

import re
from collections.abc import Iterable
from functools import cache
from typing import Any

from monitor.policy_files.chinese_sentences import SENTENCES
from monitor.yaml_files import Fault

# What comes of a scenario, where it is no name and no number.
_WORDS = {"nothing": "没有", "none": "无", "nobody": "无人", "yes": "是", "no": "否", "no sample": "无样本"}
_HINT = re.compile(r"(.*?)(?:; did you mean (.+)\?|; known: (.+)|; it belongs in (.+))", re.DOTALL)
_PLACE = re.compile(r"(the file|[^\s:]{1,300}): (.+)", re.DOTALL)  # Where in the file, or the title of a scenario.
_TITLE = re.compile(r"([^:]{1,200}): (.+)", re.DOTALL)


@cache
def _patterns() -> tuple[tuple[tuple[re.Pattern[str], str], ...], ...]:
    """Return the sentences as patterns: first those that begin with words of their own."""
    made = [
        (english, re.compile("(.+?)".join(map(re.escape, english.split("{}"))), re.DOTALL), chinese)
        for english, chinese in SENTENCES
    ]
    return tuple(
        tuple((pattern, chinese) for english, pattern, chinese in made if english.startswith("{}") is open_ended)
        for open_ended in (False, True)
    )


def in_chinese(message: str) -> str:
    """Return what is wrong in Chinese; what has no counterpart stays as it is."""
    return _said(message) or message


def told(fault: Fault) -> dict[str, Any]:
    """Return a fault for programs and pages, in both languages."""
    return fault._asdict() | {"message_zh": in_chinese(fault.message)}


def _said(message: str) -> str | None:
    hint = _HINT.fullmatch(message)
    if hint is not None:
        said = _said(hint[1])
        if said is not None:
            where = f"；要写在 {hint[4].replace(' or ', ' 或 ')} 里面" if hint[4] else f"；可以写：{hint[3]}"
            return said + (f"；是不是 {hint[2]}？" if hint[2] else where)
    own_words, open_ended = _patterns()
    return _by(own_words, message) or _after(_PLACE, message) or _by(open_ended, message) or _after(_TITLE, message)


def _by(patterns: Iterable[tuple[re.Pattern[str], str]], message: str) -> str | None:
    for pattern, chinese in patterns:
        found = pattern.fullmatch(message)
        if found is not None:
            return chinese.format(*(_WORDS.get(one, one) for one in found.groups()))
    return None


def _after(place: re.Pattern[str], message: str) -> str | None:
    found = place.fullmatch(message)
    said = _said(found[2]) if found is not None else None
    if found is None or said is None:
        return None
    return f"{'整个文件' if found[1] == 'the file' else found[1]}：{said}"
