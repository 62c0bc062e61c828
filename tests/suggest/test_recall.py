"""Retrieval on phrases and lines written by others; skipped where there are none."""

import gzip
import json

import pytest

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
