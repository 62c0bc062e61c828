"""Retrieval on phrases and lines written by others; skipped where there are none."""

import gzip
import json

import pytest

from monitor.suggest.service import language_of
from tests.needs import chat_samples
from tests.suggest.recall import measured, ours, sets, tf_idf
from tests.suggest.shop import ask, shipped_reader


@pytest.mark.parametrize("name", ["all in one", "a library a file", "Chinese in one", "Chinese, a library a file"])
def test_three_hold_the_right_phrase_more_often_than_those_of_tf_idf(name: str) -> None:
    pools = sets(chat_samples())[name]
    we, they = measured(pools, ours), measured(pools, tf_idf)
    assert we.rate(we.third) - they.rate(they.third) >= 0.05
    assert we.rate(we.first) >= they.rate(they.first)


def test_lines_of_real_buyers_get_an_answer_of_their_kind() -> None:
    with gzip.open(chat_samples() / "shop_intents_zh.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    stock = [row for row in rows if row["intent"] == "cloth_start"]
    right = sum(shipped_reader().read(row["text"]).reading.intent == "stock" for row in stock)
    assert len(stock) >= 8
    assert right / len(stock) >= 0.8
    assert all(len(ask(row["text"])) <= 3 for row in rows)


@pytest.mark.parametrize("name", ["stripe_live", "twitter_care"])
def test_english_buyers_get_english_words_or_none(name: str) -> None:
    """Real English talk of other trades: no phrase in the wrong language, and no answer at any price."""
    with gzip.open(chat_samples() / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        asked = [row["text"] for row in map(json.loads, lines) if row["role"] == "buyer" and row["text"]]
    found = [ask(text, lang=language_of(shipped_reader().read(text).normal)) for text in asked]
    spoken = [
        three for three, text in zip(found, asked, strict=True) if any("a" <= char <= "z" for char in text.lower())
    ]
    assert len(spoken) > 0.9 * len(asked)
    assert {one.phrase.lang for three in spoken for one in three} == {"en"}
    by_words = sum(any(one.why for one in three) for three in spoken) / len(spoken)
    print(f"{name}: {len(spoken)} lines, {by_words:.0%} with a phrase for their words, the rest with a question back")
    assert 0 < by_words < 0.9, "other trades: neither mute nor an answer for everybody"
