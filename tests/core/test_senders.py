"""Who speaks is decided at acceptance, by the first rule that fits; what hangs on the neighbour, in the fold."""

import itertools
from typing import Any

import pytest
from msgspec.structs import replace

from monitor.core import events as ev
from monitor.core import words as w
from monitor.core.policy import BUILT_IN
from monitor.core.senders import Reader, Sender, check_pattern, role_of
from tests.timeline import Timeline, When, at_ms

NOTE = Sender(rule="senders.yaml:1", says="noise", roles=frozenset({"buyer"}), patterns=(r"由.{1,20}转交给",))
ROBOT = Sender(rule="senders.yaml:2", says="bot", templates=frozenset({"mall_robot_text_msg"}))
WELCOME = Sender(rule="senders.yaml:3", says="auto", texts=frozenset({"欢迎光临"}))
MARKED = Sender(rule="senders.yaml:4", says="bot", prefixes=("[自动回复]", "[机器人]"))
NIGHT = Sender(rule="senders.yaml:5", says="auto", accounts=frozenset({"shop:robot"}), shops=frozenset({"senye"}))
FAST = Sender(rule="senders.yaml:6", says="latency", roles=frozenset({"seller", "agent"}))
ALL = (NOTE, ROBOT, WELCOME, MARKED, NIGHT)
_numbers = itertools.count(1)


def message(role: ev.Role, text: str = "有的", **fields: Any) -> ev.Message:
    fields = {"id": f"m{next(_numbers)}", "shop": "senye", "conversation": "c", "platform": "taobao"} | fields
    return ev.Message(ts_ms=0, role=role, text=text, **fields)


@pytest.mark.parametrize(
    ("event", "role"),
    [
        (message("seller"), "seller"),
        (message("seller", template="mall_robot_text_msg"), "bot"),
        (message("seller", " 欢迎光临 "), "auto"),
        (message("seller", "欢迎光临，您要多大的"), "seller"),
        (message("seller", "[机器人] 请选择"), "bot"),
        (message("seller", "请看[机器人]"), "seller"),
        (message("seller", account="shop:robot"), "auto"),
        (message("seller", agent="shop:robot"), "auto"),  # Where no account is named the agent is it.
        (message("seller", account="shop:robot", shop="other"), "seller"),
        (message("agent", template="mall_robot_text_msg"), "agent"),  # Asked of a seller only.
        (message("buyer", "由小林转交给小周"), "system"),
        (message("buyer", "转交给谁了"), "buyer"),
    ],
)
def test_the_first_rule_that_fits_says_who_speaks(event: ev.Message, role: str) -> None:
    assert role_of(event, Reader(senders=ALL).read(event)) == role


def test_the_words_are_read_as_those_of_who_speaks() -> None:
    reader = Reader(senders=ALL)
    assert reader.read(message("seller", "[机器人] 抱歉，没听懂您的问题")) & w.NOT_UNDERSTOOD
    assert reader.read(message("seller", "稍等")) & w.HOLDING
    assert not reader.read(message("buyer", "由小林转交给小周，谢谢")) & 31
    assert reader.read(message("buyer", "谢谢")) == Reader().read(message("buyer", "谢谢"))


def test_of_two_rules_the_earlier_counts_and_a_rule_without_text_is_asked_of_every_text() -> None:
    person = Sender(rule="a:1", says="assist", patterns=("尺码",))
    rest = Sender(rule="a:2", says="bot", platforms=frozenset({"taobao"}))
    reader = Reader(senders=(person, rest))

    def who(event: ev.Message) -> str:
        return role_of(event, reader.read(event))

    assert who(message("seller", "看尺码表")) == "assist"
    assert who(message("seller", "你好")) == "bot"
    assert who(message("seller", "你好", platform=None)) == "seller"


def test_a_long_text_is_searched_at_both_ends_only() -> None:
    reader = Reader(senders=(replace(NOTE, patterns=("广告",)),))
    for text, noise in (
        ("x" * 5000 + "广告", True),
        ("广告" + "x" * 5000, True),
        ("x" * 2500 + "广告" + "x" * 2500, False),
    ):
        assert (reader.read(message("buyer", text)) & w.SPEAKER > 0) == noise


def test_a_pattern_that_cannot_be_used_is_named() -> None:
    assert check_pattern("由.{1,20}转交给") is None
    assert "regular expression" in (check_pattern("(") or "")
    assert "capturing" in (check_pattern("(a)") or "")


class Floor(Timeline):
    """A time-line whose messages are read by rules."""

    reader = Reader(senders=(*ALL, FAST))

    def said(self, when: When, role: Any, text: str = "", **fields: Any) -> "Floor":
        """Hand over a message as a door would bring it."""
        event = replace(message(role, text, **fields), ts_ms=at_ms(when))
        self.event(event, words=self.reader.read(event))
        return self


def test_noise_of_the_buyers_side_opens_nothing_and_is_no_last_word() -> None:
    chat = Floor().said("0:00", "buyer", "由小林转交给小周")
    assert chat.until("9:00") == []
    chat.said("10:00", "buyer", "在吗").said("10:30", "buyer", "由小周转交给小林").agent("10:40")
    assert chat.ended() == ["answered 40"]


def test_a_seller_that_is_a_bot_ends_nothing() -> None:
    chat = (
        Floor().said("0:00", "buyer", "有货吗").said("0:02", "seller", "[机器人] 您好").said("1:30", "seller", "有的")
    )
    assert chat.ended() == ["answered 90"]
    assert chat.told[0] == "1:00 slow"


WITHIN = replace(BUILT_IN, bot_within_ms=3_000)


def test_an_answer_too_quick_for_a_person_is_a_bots() -> None:
    chat = Floor(WITHIN).said("0:00", "buyer", "有货吗").said("0:03", "agent", "在的亲，有什么可以帮您")
    assert chat.ended() == []  # At exactly three seconds it is one still.
    chat.said("0:20", "buyer", "有货吗").said("0:24", "agent", "有的")
    assert chat.ended() == ["answered 24"]


def test_two_quick_texts_of_a_bot_are_both_a_bots_and_what_nobody_asked_is_a_persons() -> None:
    chat = Floor(WITHIN).said("0:00", "buyer", "有货吗").said("0:01", "seller", "您好").said("0:02", "seller", "看这里")
    assert chat.ended() == []
    chat.said("0:05", "seller", "有的")
    assert chat.ended() == ["answered 5"]


def test_without_a_limit_nobody_is_told_by_latency() -> None:
    assert Floor().said("0:00", "buyer", "有货吗").said("0:01", "seller", "有的").ended() == ["answered 1"]


def test_a_bot_told_by_latency_holds_the_clock_as_a_marked_one_does() -> None:
    holds = replace(WITHIN, bot="holds")
    chat = Floor(holds).said("0:00", "buyer", "有货吗").said("0:01", "seller", "您看这款")
    assert chat.until("20:00") == []
    [row] = chat.tracker.waits()
    assert "bot_held" in row.flags


@pytest.mark.parametrize("arrives", [["0:00", "0:01", "0:30"], ["0:30", "0:00", "0:01"], ["0:01", "0:30", "0:00"]])
def test_a_bot_that_answered_what_is_taken_back_was_a_bot_all_the_same(arrives: list[str]) -> None:
    chat = Floor(WITHIN)
    for when in arrives:
        match when:
            case "0:00":
                chat.said(when, "buyer", "有货吗", id="asked")
            case "0:01":
                chat.said(when, "seller", "您好")
            case _:
                chat.recalled(when, "asked")
    assert chat.ended() == ["dismissed 30"]


def test_latency_hangs_on_what_was_said_before_and_not_on_what_came_before() -> None:
    said = [
        ("0:00", "buyer", "有货吗"),
        ("0:02", "seller", "您好"),
        ("0:30", "buyer", "在吗"),
        ("0:40", "seller", "有的"),
    ]
    expected = None
    for order in itertools.permutations(said):
        chat = Floor(WITHIN)
        for when, role, text in order:
            chat.said(when, role, text)
        assert expected in (None, chat.ended())
        expected = chat.ended()
    assert expected == ["answered 40"]
