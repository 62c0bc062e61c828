"""Every line means by its words what the script takes it to mean."""

from collections.abc import Iterable, Iterator

import pytest

from monitor.core.words import ASKS, GREETING, HOLDING, NOT_UNDERSTOOD, POLITE, classify, promised_ms
from monitor.simulator.language import Language
from monitor.simulator.phrases import CATEGORIES, LANGUAGES

SLOTS = {
    "zh": {"item": "卫衣", "color": "白色", "city": "成都", "shop": "森野淘宝店", "a": "小林", "b": "小周"},
    "en": {"item": "hoodie", "color": "white", "city": "Leeds", "shop": "Northpine", "a": "Lin", "b": "Zhou"},
}
for _slots in SLOTS.values():
    _slots |= {"size": "XL", "height": "165", "weight": "105", "price": "199", "days": "3"}


@pytest.fixture(params=sorted(LANGUAGES))
def spoken(request: pytest.FixtureRequest) -> tuple[Language, dict[str, str]]:
    return LANGUAGES[request.param], SLOTS[request.param]


Spoken = tuple[Language, dict[str, str]]


def words(spoken: Spoken, lines: Iterable[str], *, by_buyer: bool, bot: bool = False) -> Iterator[tuple[str, int]]:
    for line in lines:
        text = line.format_map(spoken[1])
        yield text, classify(text, "text", by_buyer=by_buyer, bot=bot)


def test_answers_ask_nothing_and_are_answers(spoken: Spoken) -> None:
    language = spoken[0]
    answers = [answer for intent in language.intents.values() for answer in intent.answers]
    answers += language.more
    answers += [sorry + answer for sorry in language.sorry for answer in answers]
    for text, found in words(spoken, [*answers, *language.bought_answers, *language.closings], by_buyer=False):
        assert not found & (ASKS | HOLDING | GREETING), text


def test_probes_ask(spoken: Spoken) -> None:
    probes = [probe.ask for intent in spoken[0].intents.values() for probe in intent.probes]
    for text, found in words(spoken, probes, by_buyer=False):
        assert found & ASKS, text


def test_courtesy_is_polite_and_questions_are_not(spoken: Spoken) -> None:
    language = spoken[0]
    for text, found in words(spoken, [line for lines in language.courtesy for line in lines], by_buyer=True):
        assert found & POLITE, text
    questions = [line for intent in language.intents.values() for ask in intent.asks for line in ask]
    questions += [*language.openings, *language.nudges, *language.bought, *language.want_person]
    for text, found in words(spoken, questions, by_buyer=True):
        assert not found & POLITE, text


def test_holding_replies_hold_and_greetings_greet(spoken: Spoken) -> None:
    language = spoken[0]
    for text, found in words(spoken, language.holding, by_buyer=False):
        assert found & HOLDING, text
        assert not found & ASKS, text
    for text, found in words(spoken, language.greetings, by_buyer=False):
        assert found & GREETING, text
        assert not found & ASKS, text
    for promise, seconds in language.promises:
        assert promised_ms(classify(promise, "text", by_buyer=False)) == seconds * 1000


def test_a_bot_says_when_it_is_lost(spoken: Spoken) -> None:
    for text, found in words(spoken, spoken[0].bot_lost, by_buyer=False, bot=True):
        assert found & NOT_UNDERSTOOD, text
    for text, found in words(spoken, spoken[0].bot_answers, by_buyer=False, bot=True):
        assert not found & NOT_UNDERSTOOD, text


def test_buyers_of_all_goods_ask_and_nobody_asks_what_no_such_goods_have(spoken: Spoken) -> None:
    language = spoken[0]
    assert {goods for intent in language.intents.values() for goods in intent.goods} <= set(CATEGORIES)
    assert language.items.keys() == set(CATEGORIES)
    for category in CATEGORIES:
        asked = language.about(category)
        assert len(asked) >= 8, category
        assert (language.intents["size"] in asked) == (category in {"fashion", "sport"})
        assert (language.intents["power"] in asked) == (category == "appliance")
