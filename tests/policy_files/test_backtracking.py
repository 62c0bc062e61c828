"""Patterns that could take for ever: refused before any text meets them, and no others."""

from collections.abc import Iterator
from pathlib import Path
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.policy_files.backtracking import WAYS_AT_MOST, slow
from tests.policy_files.folders import DEFAULT, faults, write


@pytest.mark.parametrize(
    "pattern",
    [
        r"(?:a+)+b",
        r"(?:a|a)*b",
        r"(?:.*)*x",
        r"(?:a*)*b",
        r"(?:\w+\s?)*$",
        r"^(?:[a-z]+)*$",
        r"(?:a?){30}a{30}",
        r"(?:a|b|ab)*c",
        r"(?:.{1,20}){1,20}x",
        r"(?:\d+[,，]?)+元",
        r".*a.*b",
        r"由.+转.+给",
        r"[一-龥]+[一-龥]+[一-龥]+。",
        r"(?:(?:ab)*)*c",
    ],
)
def test_what_can_be_tried_in_too_many_ways_is_refused(pattern: str) -> None:
    assert "could take for ever" in (slow(pattern) or "")


@pytest.mark.parametrize(
    "pattern",
    [
        r"由.{1,20}转交给",
        r"由.+转交给.+",
        r"^系统[:：].*",
        r".*广告.*",
        r"\d+\s*元\s*起",
        r"(?:ab?)+c",
        r"(?:a|ab)*c",  # Python reads it as the one before.
        r"(?:\d+,)+元",
        r"(?:满\d+减\d+[，,\s]*)+",
        r"(?:转接|转交)给?[\w一-龥]{1,20}",
        r"订单号\s*[:：]?\s*\d{6,20}",
        r"\A(?:亲|您好)[，,！!~～ ]*",
        r"(?=.*优惠)https?://\S+",
        r"(?:\d++[,，]?)+元",
        r"(?>a+)(?>a+)b",
        r"(?:a*)?b",
    ],
)
def test_what_a_floor_would_write_is_taken(pattern: str) -> None:
    assert slow(pattern) is None


def test_a_pattern_nested_too_deep_is_refused_too() -> None:
    assert slow("(?:" * 80 + "a" + ")*" * 80 + "b") is not None
    assert "nested too deep" in (slow("(?:" * 400 + "a" + ")*" * 400) or "")


def test_the_fault_names_the_line_and_the_column(tmp_path: Path) -> None:
    senders = 'version: 1\nsenders:\n  - {says: noise, from: buyer, pattern: ["请尽快回复", "(?:a+)+b"]}\n'
    write(tmp_path, default=DEFAULT, senders=senders)
    (fault,) = faults(tmp_path)
    assert "senders.yaml:3:51: " in fault
    assert "could take for ever on some texts" in fault


# -- the same by trying: every way is gone, and counted --------------------------------------------------------------


class Tries:
    """A matcher that tries one way after the other, as ``re`` does, and counts them."""

    def __init__(self, text: str, at_most: int) -> None:
        self.text = text
        self.left = at_most

    def of(self, items: list[Any], at: int) -> Iterator[int]:
        if not items:
            yield at
            return
        op, of = items[0]
        for end in self._one(op, of, at):
            self.left -= 1
            assert self.left > 0, "too many ways"
            yield from self.of(items[1:], end)

    def _one(self, op: Any, of: Any, at: int) -> Iterator[int]:
        if op is sre.LITERAL:
            if self.text[at : at + 1] == chr(of):
                yield at + 1
        elif op is sre.ANY:
            if at < len(self.text):
                yield at + 1
        elif op is sre.IN:
            if any(kind is sre.LITERAL and self.text[at : at + 1] == chr(code) for kind, code in of):
                yield at + 1
        elif op is sre.BRANCH:
            for branch in of[1]:
                yield from self.of(list(branch), at)
        elif op is sre.SUBPATTERN:
            yield from self.of(list(of[3]), at)
        elif op is sre.MAX_REPEAT:
            yield from self._again(list(of[2]), of[0], min(int(of[1]), len(self.text)), at)
        else:
            raise AssertionError(op)

    def _again(self, body: list[Any], least: int, most: int, at: int) -> Iterator[int]:
        if most > 0:
            for end in self.of(body, at):
                if end > at:
                    yield from self._again(body, max(0, least - 1), most - 1, end)
        if least <= 0:
            yield at


_atoms = st.sampled_from(["a", "b", ".", "[ab]"])
_patterns = st.recursive(
    _atoms,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map("".join),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{1,3}"])).map(lambda of: f"(?:{of[0]}){of[1]}"),
        st.lists(inner, min_size=2, max_size=2).map(lambda of: f"(?:{'|'.join(of)})"),
    ),
    max_leaves=7,
)


@settings(max_examples=100, deadline=None)
@given(_patterns, st.text("ab", min_size=1, max_size=3), st.integers(4, 40))
def test_what_is_taken_is_never_tried_in_many_ways(pattern: str, said: str, times: int) -> None:
    pattern += "d"  # No text here has it, so each way is tried.
    if slow(pattern) is not None:
        return
    text = said * times
    # Of each way as many steps as the text has characters, and as many again as the pattern is long.
    tries = Tries(text, WAYS_AT_MOST * (len(text) + 1) * len(pattern))
    assert list(tries.of(list(parser.parse(pattern)), 0)) == []
