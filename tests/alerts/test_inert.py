import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.alerts.inert import cut, markdown, plain, unlinked


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("包邮吗？", "包邮吗？"),
        ("a\nb\tc\x00d\x1b[31m", "a b cd[31m"),
        ("\u202e反\u2066x\u200b", "反x"),
        ("全角　空格", "全角 空格"),
    ],
)
def test_plain_text_is_one_line(text: str, shown: str) -> None:
    assert plain(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("@all 看 http://evil.com/x", "＠all 看 http：//evil．com/x"),
        ("evil.com 和 3.14 与 1.5L", "evil．com 和 3.14 与 1.5L"),
    ],
)
def test_no_program_finds_an_address_or_a_mention(text: str, shown: str) -> None:
    assert unlinked(text) == shown


def test_markup_is_shown() -> None:
    assert markdown("**b** [x](y) <@U1> &lt; `c` ~s~ # | !") == "＊＊b＊＊ ［x］(y) ＜＠U1＞ ＆lt; ｀c｀ ～s～ ＃ ｜ ！"


@given(st.text())
def test_nothing_alive_is_left_of_any_text(text: str) -> None:
    shown = markdown(text)
    assert shown.isprintable()
    assert not set(shown) & set("*_`[]<>#~\\|!@&")
    assert "://" not in shown


@given(st.text(), st.integers(min_value=3, max_value=50))
def test_a_cut_fits_and_is_whole_characters(text: str, at_most: int) -> None:
    kept = cut(text.encode("utf-8", "replace").decode(), at_most)
    assert len(kept.encode()) <= at_most
    assert text.encode("utf-8", "replace").decode().startswith(kept.removesuffix("…"))
