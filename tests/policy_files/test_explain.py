import json
from pathlib import Path

import pytest

from monitor.core.policy import BUILT_IN
from monitor.errors import UsageError
from monitor.policy_files import load
from monitor.policy_files.explain import explained, instant_given
from monitor.policy_files.where import default_folder
from tests.policy_files.folders import DEFAULT, at, write
from tests.typed import typed

FLOOR = """
    version: 1
    hours: {floor: {daily: "08:00-24:00"}}
    default:
      hours: floor
      run_on: 2m
      stages: {slow: 60s, at_risk: 180s}
      steps: [{at: 90s, to: popup}, {at: 3m, to: team, gather: 60s, repeat: 1m, repeats: 2}]
"""


def told(folder: Path, when: str, until: str | None = None, **which: str) -> dict[str, object]:
    until_ms = None if until is None else at(until)
    shop = {"platform": None, "shop": "s", "phase": None} | which
    return explained(load(folder), **shop, at_ms=at(when), until_ms=until_ms)  # type: ignore[arg-type]


def test_each_stage_says_its_last_instant_in_time_and_each_step_when_it_is_told(tmp_path: Path) -> None:
    said = told(write(tmp_path, default=FLOOR), "2026-11-20 12:00", until="2026-11-20 12:10")
    assert said["rule"] == "default.yaml:4"
    assert said["stages"] == [
        {"name": "slow", "after_seconds": 60.0, "due_at": "2026-11-20T04:01:00.000Z"},
        {"name": "at_risk", "after_seconds": 180.0, "due_at": "2026-11-20T04:03:00.000Z"},
    ]
    assert said["steps"] == [
        {"at_seconds": 90.0, "to": "popup", "due_at": "2026-11-20T04:01:30.000Z"},
        {
            "at_seconds": 180.0,
            "to": "team",
            "gather_seconds": 60.0,
            "repeat_seconds": 60.0,
            "repeats": 2,
            "due_at": "2026-11-20T04:03:00.000Z",
        },
    ]
    assert said["counted_seconds"] == 600


def test_what_opens_before_closing_runs_on_and_then_stands_until_the_morning(tmp_path: Path) -> None:
    said = told(write(tmp_path, default=FLOOR), "2026-11-20 23:59:30", until="2026-11-21 08:00:10")
    stages = said["stages"]
    assert isinstance(stages, list)
    assert [stage["due_at"] for stage in stages] == ["2026-11-20T16:00:30.000Z", "2026-11-21T00:00:30.000Z"]
    assert said["counted_seconds"] == 160


def test_nothing_is_due_where_the_merchant_answers(tmp_path: Path) -> None:
    write(tmp_path, default=FLOOR, rules="version: 1\nshops: [{match: {shop: s}, responsible: merchant}]\n")
    said = told(tmp_path, "2026-11-20 12:00", until="2026-11-21 12:00")
    assert said["responsible"] == "merchant"
    assert [stage["due_at"] for stage in said["stages"]] == [None, None]  # type: ignore[attr-defined]
    assert said["counted_seconds"] == 0


def test_the_platform_of_a_shop_is_that_of_the_register(tmp_path: Path) -> None:
    write(
        tmp_path,
        default=DEFAULT,
        shops="version: 1\nshops: [{shop: s, platform: jd}]\n",
        rules="version: 1\nplatforms: [{name: JD, match: {platform: jd}, bot: holds}]\n",
    )
    assert told(tmp_path, "2026-11-20")["window"] == "JD"
    assert told(tmp_path, "2026-11-20", platform="taobao")["window"] == "default"


def test_instants_are_taken_as_the_contract_has_them_and_as_the_wall_shows_them() -> None:
    noon = at("2026-11-20 12:00")
    for text in ("2026-11-20T12:00:00+08:00", "2026-11-20 12:00", str(noon), "2026-11-20T04:00:00Z"):
        assert instant_given(text, "Asia/Shanghai") == noon
    for text in ("noon", "1999-12-31 23:00", "0001-01-01 00:00", "9999-12-31 23:59", "9" * 5000):
        with pytest.raises(UsageError, match=text[:20]):
            instant_given(text, "Asia/Shanghai")


def test_the_command_prints_one_object_and_takes_the_folder_that_is_named(tmp_path: Path) -> None:
    write(tmp_path, default=FLOOR)
    done = typed("explain", "--shop", "s", "--at", "2026-11-20T12:00:00+08:00", "--rules", str(tmp_path), "--json")
    assert done.exit_code == 0
    said = json.loads(done.stdout)
    assert said["rules_version"] == load(tmp_path).hash
    assert said["counted_seconds"] is None
    read = typed("explain", "--shop", "s", "--at", "2026-11-20 03:00", "--rules", str(tmp_path)).stdout
    assert "outside the counted hours" in read
    assert "popup      at 90 s   told 08:01:30" in read


def test_a_person_reads_the_clock_of_the_floor_and_the_line_of_each_part(tmp_path: Path) -> None:
    write(
        tmp_path,
        default=FLOOR,
        shops="version: 1\nshops: [{shop: senye, platform: jd, team: A}]\n",
        rules="""
            version: 1
            platforms:
              - {name: JD, match: {platform: jd}, first_reply: {stages: {slow: 30s}, steps: [{at: 10s, to: panel}]}}
            campaigns:
              - {name: 双11, from: "2026-11-10 20:00", until: "2026-11-12 02:00", hours: all, bot: holds}
        """,
    )
    typed_in = ("--rules", str(tmp_path), "--at", "2026/11/10 23:59")
    done = typed("explain", "--shop", "senye", *typed_in, "--until", "2026-11-11 00:10")
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "senye · jd · 2026-11-10 23:59 (Asia/Shanghai)",
        f"rules.yaml:5 (双11) · until 2026-11-12 02:00 · team A · rules {load(tmp_path).hash}",
        "  slow       past 60 s   in time until 2026-11-11 00:00:00   [default.yaml:4]",
        "  at_risk    past 180 s   in time until 2026-11-11 00:02:00   [default.yaml:4]",
        "  popup      at 90 s   told 2026-11-11 00:00:30   [default.yaml:4]",
        "  team       at 180 s   told 2026-11-11 00:02:00, again every 60 s, 2 times   [default.yaml:4]",
        "the first reply of a session (rules.yaml:3):",
        "  slow       past 30 s   in time until 23:59:30",
        "  panel      at 10 s   told 23:59:10",
        "  a reply of agent, seller ends a wait   [default.yaml:4]",
        "  bot: holds   [rules.yaml:5]",
        "polite words alone pass no limit:   [default.yaml:4]",
        "  nobody is told",
        "a promise (a holding reply), given now:   [default.yaml:4]",
        "  due        past 180 s   in time until 2026-11-11 00:02:00",
        "  late       past 600 s   in time until 2026-11-11 00:09:00",
        "  missed     past 900 s   in time until 2026-11-11 00:14:00",
        "  nobody is told",
        "a greeting alone, given now, owes an answer:   [default.yaml:4]",
        "  due        past 60 s   in time until 2026-11-11 00:00:00",
        "  nobody is told",
        "  counted from 2026-11-10 23:59: 660 s   [rules.yaml:5]",
    ]
    said = json.loads(typed("explain", "--shop", "senye", *typed_in, "--json").stdout)["said_by"]
    assert (said["team"], said["first_reply"], said["merchant_hours"]) == (
        "shops.yaml:2",
        "rules.yaml:3",
        "default.yaml:4",
    )
    chinese = typed("explain", "--shop", "senye", *typed_in, "--lang", "zh").stdout
    assert (
        "  team       第 180 秒   2026-11-11 00:02:00 提醒，每 60 秒再提醒一次，共 2 次   [default.yaml:4]" in chinese
    )
    missing = typed("explain", "--shop", "senya", *typed_in)
    assert "senya is no shop of the register; did you mean senye?" in missing.stderr
    assert missing.exit_code == 0
    chinese = typed("explain", "--shop", "senya", *typed_in, "--lang", "zh").stderr
    assert chinese == "注意：登记表里没有店铺 senya；是不是 senye？\n"
    assert '"2026-11-10 20:00"' in typed("explain", "--shop", "senye", "--at", "tomorrow").stderr


def test_rules_that_are_wrong_are_told_and_explain_nothing(tmp_path: Path) -> None:
    write(tmp_path, default="version: 1\ndefault: {bot: hold}\n")
    done = typed("explain", "--shop", "s", "--at", "2026-11-20 03:00", "--rules", str(tmp_path))
    assert done.exit_code == 2
    assert "default.yaml:2:16" in done.stderr


def test_check_rules_says_that_the_shipped_ones_are_good() -> None:
    done = typed("check-rules", str(default_folder()), "--json")
    assert done.exit_code == 0
    assert json.loads(done.stdout)["good"]
    assert json.loads(done.stdout)["warnings"] == []


def test_check_rules_says_what_is_wrong_where_and_exits_1(tmp_path: Path) -> None:
    write(tmp_path, default="version: 1\ndefault: {bot: hold}\n")
    done = typed("check-rules", str(tmp_path))
    assert done.exit_code == 1
    assert f"error: {tmp_path}/default.yaml:2:16: default.bot: 'hold' is none of holds, ignored" in done.stdout
    (error,) = json.loads(typed("check-rules", str(tmp_path), "--json").stdout)["errors"]
    assert (error["line"], error["column"]) == (2, 16)


def test_a_folder_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    done = typed("check-rules", str(tmp_path / "nowhere"))
    assert done.exit_code == 2
    assert "is no folder of rules" in done.stderr


def test_a_file_that_nothing_reads_is_doubted(tmp_path: Path) -> None:
    write(tmp_path, default=DEFAULT, defalt="version: 1\n")
    done = typed("check-rules", str(tmp_path))
    assert done.exit_code == 0
    assert "defalt.yaml: nothing reads a file of this name; did you mean default.yaml?" in done.stdout


def test_a_folder_that_nothing_reads_and_replies_of_no_shop_are_doubted(tmp_path: Path) -> None:
    write(tmp_path, default=DEFAULT, shops="version: 1\nshops: [{shop: senye}]\n")
    for path, text in (("scenario/a.yaml", "x: 1\n"), ("quick_replies/shops/senya.yaml", "phrases: []\n")):
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_text(text, "utf-8")
    done = typed("check-rules", tmp_path)
    assert done.exit_code == 0
    assert "scenario: nothing reads a folder of this name; did you mean scenarios?" in done.stdout
    assert "senya.yaml: senya is no shop of the register; did you mean senye?" in done.stdout


def test_the_built_in_policy_is_under_what_is_not_said(tmp_path: Path) -> None:
    write(tmp_path, default="version: 1\ndefault: {bot: holds}\n")
    assert load(tmp_path).policies.base.window == BUILT_IN.window


OWED = """
    version: 1
    hours: {floor: {daily: "08:00-24:00"}}
    default:
      hours: floor
      run_on: 0s
      stages: {slow: 60s}
      courtesy: {steps: [{at: 0s, to: panel}, {at: 150s, to: popup}]}
      promises: {due: 3m, late: 10m, missed: 15m, steps: [{at: 3m, to: panel}, {at: 10m, to: lead}]}
      greeting: {due: 60s, steps: [{at: 60s, to: panel}]}
"""


def owed(part: object) -> list[tuple[str, float, str]]:
    assert isinstance(part, dict)
    stages = [(stage["name"], stage["after_seconds"], stage["due_at"][11:19]) for stage in part.get("stages", ())]
    return stages + [(step["to"], step["at_seconds"], step["due_at"][11:19]) for step in part["steps"]]


def test_what_a_promise_a_greeting_and_polite_words_owe_says_when_by_the_counted_clock(tmp_path: Path) -> None:
    said = told(write(tmp_path, default=OWED), "2026-11-20 23:55")
    assert owed(said["promise"]) == [
        ("due", 180, "15:58:00"),
        ("late", 600, "00:05:00"),  # Of the next morning: hours end at 16:00 of UTC, and begin at midnight.
        ("missed", 900, "00:10:00"),
        ("panel", 180, "15:58:00"),
        ("lead", 600, "00:05:00"),
    ]
    assert owed(said["greeting"]) == [("due", 60, "15:56:00"), ("panel", 60, "15:56:00")]
    assert owed(said["courtesy"]) == [("panel", 0, "15:55:00"), ("popup", 150, "15:57:30")]
    assert said["buyer"] is said["reply"] is None


def test_a_reply_that_names_a_time_owes_its_answer_by_then(tmp_path: Path) -> None:
    said = told(write(tmp_path, default=OWED), "2026-11-20 12:00", reply="亲，稍等，10分钟内回复您")
    assert said["reply"] == {
        "text": "亲，稍等，10分钟内回复您",
        "means": "holding",
        "words": ["稍等", "10分钟内回复您"],
        "said_by": "built-in",
    }
    assert owed(said["promise"])[:4] == [
        ("due", 600, "04:10:00"),
        ("late", 1020, "04:17:00"),
        ("missed", 1320, "04:22:00"),
        ("panel", 600, "04:10:00"),
    ]


@pytest.mark.parametrize(
    ("who", "text", "means", "words", "said_by"),
    [
        ("buyer", "好的，谢谢", "courtesy", ["好的", "谢谢"], "built-in"),
        ("buyer", "OK thanks!", "courtesy", ["ok", "thanks"], "built-in"),
        ("buyer", "👍", "courtesy", ["👍"], "built-in"),
        ("buyer", "妥了", "courtesy", ["妥了"], "chat_words.yaml:2"),
        ("buyer", "好的，那有优惠吗", "question", ["吗"], "built-in"),
        ("buyer", "有货？", "question", ["?"], "built-in"),
        ("buyer", "你好", "greeting", ["你好"], "built-in"),
        ("buyer", "黑色的", "content", [], "built-in"),
        ("buyer", "【推广】招商", "noise", [], "senders.yaml:2"),
        ("reply", "容我瞅瞅", "holding", ["容我瞅瞅"], "chat_words.yaml:3"),
        ("reply", "在的亲", "greeting", ["在的", "亲"], "built-in"),
        ("reply", "要M码吗？", "question", ["?"], "built-in"),
        ("reply", "有货的，今天发", "answer", [], "built-in"),
    ],
)
def test_words_say_what_they_are_and_by_which_word_or_rule(
    tmp_path: Path, who: str, text: str, means: str, words: list[str], said_by: str
) -> None:
    write(
        tmp_path,
        default=OWED,
        senders="version: 1\nsenders: [{says: noise, from: buyer, prefix: [【推广】]}]\n",
    )
    words_of_the_floor = "version: 1\nadd: {courtesy: {zh: [了然, 妥了]},\n  holding: {zh: [容我瞅瞅]}}\n"
    (tmp_path / "chat_words.yaml").write_text(words_of_the_floor, "utf-8")
    said = told(tmp_path, "2026-11-20 12:00", **{who: text})
    assert said[who] == {"text": text, "means": means, "words": words, "said_by": said_by}


def test_the_command_says_why_words_are_courtesy_and_what_a_promise_owes_in_both_languages(tmp_path: Path) -> None:
    write(tmp_path, default=OWED)
    asked = ("explain", "--shop", "s", "--at", "2026-11-20 12:00", "--rules", str(tmp_path))
    words = ("--buyer", "好的谢谢", "--reply", "稍等")
    english = typed(*asked, *words).stdout
    assert "the buyer: “好的谢谢”: courtesy, needs no answer unless the agent had asked something" in english
    assert "[built-in words: 好的, 谢谢]" in english
    assert "a holding reply: ends the wait, and owes the answer as a promise" in english
    assert "  missed     past 900 s   in time until 12:15:00" in english
    chinese = typed(*asked, *words, "--lang", "zh").stdout
    assert "买家“好的谢谢”：客套话，可以不回；如果客服刚问了话，就算回答   [内置词: 好的, 谢谢]" in chinese
    assert "  漏跟进     超过 900 秒   最晚 12:15:00 回算及时" in chinese


def test_stages_keep_the_names_that_the_rules_give_them(tmp_path: Path) -> None:
    write(tmp_path, default=OWED.replace("{slow: 60s}", "{slow: 60s, late: 90s, step: 120s}"))
    said = typed(
        "explain", "--shop", "s", "--at", "2026-11-20 12:00", "--rules", str(tmp_path), "--lang", "zh"
    ).stdout  # fmt: skip
    assert "  late       超过 90 秒" in said
    assert "  step       超过 120 秒" in said
    assert "  久未跟进   超过 600 秒" in said
