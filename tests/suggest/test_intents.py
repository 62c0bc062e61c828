"""What a buyer asks about, how sure that is, and by which words."""

import pytest

from monitor.suggest.intents import SURE
from tests.suggest.shop import shipped_reader


@pytest.mark.parametrize(
    ("said", "intent", "phase"),
    [
        ("这个多少钱", "price", "presale"),
        ("包邮吗", "shipping_cost", "presale"),
        ("我160穿什么码", "size", "presale"),
        ("你好，有货吗", "stock", "presale"),
        ("好的谢谢，那什么时候发货", "delivery_time", "presale"),
        ("快递到哪了", "logistics", "aftersale"),
        ("我要退款", "return_request", "aftersale"),
        ("Is this authentic?", "authenticity", "presale"),
        ("where is my order", "logistics", "aftersale"),
    ],
)
def test_it_is_told_from_the_words(said: str, intent: str, phase: str) -> None:
    reading = shipped_reader().read(said).reading
    assert (reading.intent, reading.phase) == (intent, phase)
    assert reading.intents[0].words
    assert SURE <= reading.intents[0].confidence <= 1


@pytest.mark.parametrize("said", ["", "嗯", "🙂", "今天天气真好", "?"])
def test_where_words_say_nothing_nothing_is_claimed(said: str) -> None:
    reading = shipped_reader().read(said).reading
    assert reading.intent is None
    assert reading.phase is None


def test_two_questions_at_once_leave_it_unsure() -> None:
    reading = shipped_reader().read("多少钱 包邮吗").reading
    assert {told.intent for told in reading.intents} == {"price", "shipping_cost"}
    assert reading.intent is None
    assert reading.phase == "presale"


def test_more_words_of_one_kind_make_it_surer() -> None:
    read = shipped_reader().read
    assert (
        read("面料是什么").reading.intents[0].confidence < read("面料是纯棉吗会不会起球").reading.intents[0].confidence
    )
