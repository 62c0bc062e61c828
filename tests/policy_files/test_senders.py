from pathlib import Path
from typing import Any

import pytest

from monitor.core.events import Message
from monitor.core.senders import role_of
from monitor.core.words import GREETING, HOLDING, NOT_UNDERSTOOD, POLITE
from monitor.policy_files import load
from monitor.policy_files.where import default_folder
from tests.policy_files.folders import DEFAULT, doubts, faults, write


def message(text: str, role: Any = "buyer", **more: Any) -> Message:
    return Message(id="m", ts_ms=1, shop="senye", conversation="c", role=role, text=text, **more)


def speaker(folder: Path, said: Message) -> str:
    return role_of(said, load(folder).reader.read(said))


def test_the_shipped_rules_know_what_platforms_put_into_the_mouth_of_the_buyer() -> None:
    folder = default_folder()
    assert speaker(folder, message("由森野:售前1转交给森野:售后2", platform="taobao")) == "system"
    assert speaker(folder, message("由森野:售前1转交给森野:售后2", platform="jd")) == "buyer"
    assert speaker(folder, message("请尽快回复，避免超时", platform="jd")) == "system"
    assert speaker(folder, message("请尽快回复我，急", platform="jd")) == "buyer"
    assert speaker(folder, message("转给我朋友看看可以吗", platform="taobao")) == "buyer"
    robot = message("亲，在的", role="seller", platform="pinduoduo", template="mall_robot_text_msg")
    assert speaker(folder, robot) == "bot"


def test_senders_are_asked_in_order_and_the_first_decides(tmp_path: Path) -> None:
    write(
        tmp_path,
        default=DEFAULT,
        senders="""
            version: 1
            senders:
              - {says: auto, prefix: 【自动】}
              - {says: bot, account: [robot], shop: senye}
              - {says: assist, from: [agent], text: 已为您催促}
        """,
    )
    said = {
        "auto": message("【自动】在的", role="seller", account="robot"),
        "bot": message("您好，有什么可以帮您", role="seller", account="robot"),
        "seller": message("您好", role="seller", account="lin"),
        "assist": message("已为您催促 ", role="agent"),
    }
    assert {name: speaker(tmp_path, one) for name, one in said.items()} == {name: name for name in said}


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("{says: robot}", "'robot' is none of noise, bot, auto"),
        ("{says: noise, from: buyer}", "it would take all that buyers say"),
        ("{says: bot, from: buyer, prefix: x}", "what comes as the buyer's can only be noise"),
        ("{says: auto}", "it would take every reply for no person's"),
        ("{says: bot, pattern: '(a)'}", "has a capturing group"),
        ("{says: bot, pattern: '(?:a'}", "is no regular expression"),
        ("{says: bot, acount: x}", "acount is not known here; did you mean account?"),
    ],
)
def test_a_sender_that_cannot_be_is_a_fault(tmp_path: Path, row: str, fault: str) -> None:
    write(tmp_path, default=DEFAULT, senders=f"version: 1\nsenders:\n  - {row}\n")
    [found] = faults(tmp_path)
    assert found.startswith("senders.yaml:3:")
    assert fault in found


def test_lines_that_decide_nothing_are_doubted_and_shops_that_nobody_knows_refused(tmp_path: Path) -> None:
    write(
        tmp_path,
        default=DEFAULT,
        senders="""
            version: 1
            senders:
              - {says: bot, account: [robot, night]}
              - {says: auto, account: robot, shop: senye}
              - {says: auto, account: [robot, lin]}
              - {says: latency, platform: kuaishou}
        """,
    )
    assert doubts(load(tmp_path)) == [
        "senders.yaml:4:1: never asked: senders.yaml:3 stands before it and takes all of it",
        "senders.yaml:6:1: latency takes everybody for a person while no rule says bot_within: 3s",
    ]
    write(tmp_path, rules="version: 1\nplatforms: [{match: {platform: kuaishou}, bot_within: 3s}]\n")
    assert len(doubts(load(tmp_path))) == 1
    write(tmp_path, shops="version: 1\nshops: [{shop: sneye}]\n")
    assert faults(tmp_path) == ["senders.yaml:4:1: senye is no shop of the register; did you mean sneye?"]


def test_words_of_a_floor_are_added_to_those_built_in(tmp_path: Path) -> None:
    write(tmp_path, default=DEFAULT)
    (tmp_path / "chat_words.yaml").write_text(
        "version: 1\n"
        "add:\n"
        "  courtesy: {zh: [妥了], en: [ta muchly]}\n"
        "  holding: {zh: 容我瞅瞅, en: [bear with me]}\n"
        "  greeting: {zh: [掌柜在此]}\n"
        "  not_understood: [小蜜没有看懂]\n"
        "replace:\n"
        "  courtesy: {zh: [妥妥的]}\n",
        "utf-8",
    )
    read = load(tmp_path).reader.read
    assert read(message("妥了")) & POLITE
    assert read(message("妥妥的!")) & POLITE
    assert read(message("Ta muchly")) & POLITE
    assert read(message("Thanks")) & POLITE  # Of the other language nothing was replaced.
    assert not read(message("谢谢")) & POLITE
    assert read(message("容我瞅瞅", role="agent")) & HOLDING
    assert read(message("稍等", role="agent")) & HOLDING
    assert read(message("bear with me", role="agent")) & HOLDING
    assert read(message("掌柜在此", role="agent")) & GREETING
    assert read(message("小蜜没有看懂", role="bot")) & NOT_UNDERSTOOD


def test_a_word_is_a_word_and_no_pattern(tmp_path: Path) -> None:
    write(tmp_path, default=DEFAULT)
    (tmp_path / "chat_words.yaml").write_text('version: 1\nadd: {courtesy: {zh: ["o.k(", "棒*"]}}\n', "utf-8")
    read = load(tmp_path).reader.read
    assert read(message("棒*")) & POLITE
    assert not read(message("oxk(")) & POLITE
