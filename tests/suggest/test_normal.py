"""Texts in one form: the same question written in many ways is the same."""

import pytest

from monitor.suggest.normal import Normaliser, plain


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("有貨嗎？", "有货吗"),
        ("ＡＢＣ　１２３", "abc 123"),
        ("有 货 吗", "有货吗"),
        ("a_-b  c", "a b c"),
        ("打8.5折50%", "打8 5折50%"),
        ("有吗吗吗吗吗", "有吗吗"),
        ("soooooo good", "soo good"),
        ("满10000减1000", "满10000减1000"),
        ("\u200b亲\ufeff😀在吗", "亲 在吗"),
        ("？？？", ""),
    ],
)
def test_letters_and_digits_are_in_one_form_and_words_one_space_apart(written: str, read: str) -> None:
    assert plain(written) == read


def test_of_a_long_text_the_end_is_read_where_the_question_stands() -> None:
    assert plain("废话" * 2000 + "有货吗").endswith("有货吗")
    assert len(plain("废话" * 2000)) == 1000


def test_slips_are_mended_as_words_in_english_and_anywhere_in_chinese() -> None:
    mended = Normaliser({"baoyou": "包邮", "自嘎": "自己", "？": "nothing to look for"})
    assert mended("BaoYou 吗") == "包邮 吗"
    assert mended("baoyous") == "baoyous"
    assert mended("我自嘎用") == "我自己用"
