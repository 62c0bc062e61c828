"""What words are told to be, on labelled messages of our own making and on the acts of real pre-sales talk."""

import gzip
import json

import pytest

from tests.needs import chat_samples
from tests.suggest.labels import asks_need, figures
from tests.suggest.made_up import CLASSES, aside, labelled


@pytest.mark.parametrize("name", CLASSES)
def test_of_the_half_kept_aside_nine_of_ten_are_told_right(name: str) -> None:
    assert len(labelled(name)) >= 600
    precision, recall = figures(name, aside(name))
    assert precision >= 0.9
    assert recall >= 0.9


def test_what_agents_of_a_real_shop_ask_is_need_discovery() -> None:
    with gzip.open(chat_samples() / "uneed_presales_zh.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    asked = [row["text"] for row in rows if row["act"] == "agent_ask"]
    others = [row["text"] for row in rows if row["role"] == "agent" and row["act"] != "agent_ask"]
    assert asked
    assert sum(map(asks_need, asked)) >= 0.8 * len(asked)
    assert sum(map(asks_need, others)) <= 0.2 * len(others)
