import json
from pathlib import Path

import pytest

from monitor.policy_files.checking import check
from monitor.policy_files.where import default_folder
from tests.policy_files.folders import DEFAULT, write
from tests.typed import typed

LADDER = DEFAULT + "  steps: [{at: 30s, to: panel}, {at: 120s, to: team, gather: 60s}]\n"
CHAT = """
scenarios:
  - title: t
    happens:
      - {at: "10:00:00", buyer: 有货吗}
      - {at: "10:02:30", agent: 有的，今天拍今天发, by: lin}
    expect:
"""


def checked(folder: Path, expect: str, chat: str = CHAT) -> list[str]:
    """What the scenario of a folder finds."""
    write(folder, default=LADDER)
    (folder / "scenarios").mkdir(exist_ok=True)
    (folder / "scenarios" / "one.yaml").write_text(chat + expect, "utf-8")
    found = check(folder, 0)
    assert found.faults == [], found.faults
    return [str(fault).removeprefix(f"{folder}/scenarios/") for test in found.tests for fault in test.faults]


def test_the_shipped_scenarios_hold_under_the_shipped_rules() -> None:
    found = check(default_folder(), 0)
    assert [str(fault) for test in found.tests for fault in test.faults] == []
    assert found.good


@pytest.mark.parametrize(
    "expect",
    [
        '      stages: [{at: "10:01:00", stage: fresh}, {at: "10:01:00.001", stage: slow}]\n',
        '      stages: [{at: "10:02:29", stage: slow}, {at: "10:02:30", stage: none}]\n',
        '      told: [{at: "10:02:00", to: team, chats: chat}]\n',
        '      told: [{at: "10:00:30", to: panel}, {at: "10:02:00", to: team}]\n',
        "      rounds: [{wait: 150s, outcome: answered, stage: slow, courtesy: false, held: false, agent: lin}]\n",
        "      passed: {slow: 1, at_risk: 0}\n",
        "      scores: {taobao_3min: {hits: 1, misses: 0, rate: 1}, taobao_mean: {mean: 150s}}\n",
        "      scores: {jd_first_30s: {hits: 0, misses: 1}}\n",
        "      open: 0\n",
        "      promises: []\n",
    ],
)
def test_what_comes_as_expected_is_not_told(tmp_path: Path, expect: str) -> None:
    assert checked(tmp_path, expect) == []


@pytest.mark.parametrize(
    ("expect", "told"),
    [
        (
            '      stages: [{at: "10:01:00", stage: slow}]\n',
            "one.yaml:8:16: t: the chat at 10:01:00: expected slow, got fresh",
        ),
        (
            '      told: [{at: "10:01:00", to: team}]\n',
            "one.yaml:8:14: t: expected 10:01:00 team waits, got 10:02:00 team waits chat of lin",
        ),
        ("      told: []\n", "one.yaml:8:13: t: told, and not expected: 10:02:00 team waits chat"),
        ("      rounds: [{wait: 2m}]\n", "one.yaml:8:23: t: round 1, wait: expected 2m, got 150s"),
        ("      rounds: [{held: true}]\n", "one.yaml:8:23: t: round 1, held: expected yes, got no"),
        ("      rounds: []\n", "one.yaml:8:15: t: expected 0 rounds, got 1: chat 150s"),
        ("      passed: {slow: 2}\n", "one.yaml:8:22: t: passed slow: expected 2, got 1"),
        ("      scores: {taobao_3min: {hits: 2}}\n", "one.yaml:8:36: t: taobao_3min, hits: expected 2, got 1"),
        ("      scores: {taobao_mean: {mean: 2m}}\n", "one.yaml:8:36: t: taobao_mean, mean: expected 2m, got 150.0s"),
        ("      scores: {taobao_3mn: {hits: 1}}\n", "there is no profile taobao_3mn; did you mean taobao_3min?"),
        ("      open: 1\n", "one.yaml:8:13: t: open: expected 1, got 0"),
        ("      passed: {slwo: 0}\n", "one.yaml:8:22: t: no rule has a stage slwo; did you mean slow?"),
        ('      stages: [{at: "10:05:00", stage: nnoe}]\n', "8:40: t: no rule has a stage nnoe; did you mean none?"),
        ('      stages: [{at: "10:05:00", chat: b9, stage: none}]\n', "8:39: t: nothing happens in a chat b9"),
    ],
)
def test_a_difference_says_what_was_expected_and_what_came(tmp_path: Path, expect: str, told: str) -> None:
    found = checked(tmp_path, expect)
    assert found
    assert told.removesuffix(" of lin") in found[0]


@pytest.mark.parametrize(
    ("happens", "fault"),
    [
        ('- {at: "10:00", buyer: a, agent: b}', "one thing that happens, not buyer and agent"),
        ('- {at: "10:00", by: lin}', "one thing that happens, not nothing"),
        ('- {at: "10:00", byuer: a}', "byuer is not known here; did you mean buyer?"),
        ('- {at: "10:00", presence: online}', "presence is somebody's"),
        ('- {at: "10:00", account_status: kicked}', "account_status is an account's"),
        ('- {at: "10:00", sent: "10:01", buyer: a}', "it was sent after it arrives"),
        ("- {at: 10:00, buyer: a}", 'write "10:00" in quotes'),
        ('- {at: "ten", buyer: a}', "'ten' is no time"),
        ('- {at: "10:01", buyer: a}\n      - {at: "10:00", buyer: b}', "stands in the order of time"),
    ],
)
def test_a_scenario_that_is_written_wrongly_is_a_fault_of_the_check(tmp_path: Path, happens: str, fault: str) -> None:
    write(tmp_path, default=DEFAULT)
    (tmp_path / "scenarios").mkdir()
    text = f"scenarios:\n  - title: t\n    happens:\n      {happens}\n    expect: {{}}\n"
    (tmp_path / "scenarios" / "one.yaml").write_text(text, "utf-8")
    done = typed("check-rules", str(tmp_path), "--json")
    assert done.exit_code == 1
    assert fault in json.loads(done.stdout)["errors"][0]["message"]


def test_a_claim_of_a_wait_that_is_not_there_is_told(tmp_path: Path) -> None:
    chat = CHAT.replace("    expect:", '      - {at: "10:03:00", claim: 组长}\n    expect:')
    assert checked(tmp_path, "      open: 0\n", chat) == ["one.yaml:7:9: t: nobody waits in this chat then"]


def test_promises_closes_and_transfers_are_told_as_they_are_written(tmp_path: Path) -> None:
    chat = """
scenarios:
  - title: t
    shop: senye
    happens:
      - {at: "23:58:00", buyer: 有货吗, chat: b1}
      - {at: "23:58:20", transfer: zhou, by: lin, chat: b1}
      - {at: "23:58:40", agent: 稍等, by: zhou, chat: b1}
      - {at: "24:01:00", buyer: 人呢, chat: b2@other}
      - {at: "24:02:00", close: agent, chat: b2@other}
    until: "24:10:00"
    expect:
      promises: [{at: "24:01:40", chat: b1, stage: due}, {at: "24:08:40", chat: b1, stage: late}]
      rounds:
        - {chat: b1, wait: 40s, held: true, agent: zhou, holders: {lin: 20s, zhou: 20s}}
        - {chat: b2@other, outcome: open}
"""
    assert checked(tmp_path, "      open: 1\n", chat) == []


def test_the_check_runs_the_tests_of_a_folder_and_says_how_many_failed(tmp_path: Path) -> None:
    checked(tmp_path, "      open: 1\n")
    done = typed("check-rules", str(tmp_path))
    assert done.exit_code == 1
    assert "one.yaml:8:13: t: open: expected 1, got 0" in done.stdout
    assert "1 scenario, 1 failed" in done.stdout
    told = json.loads(typed("check-rules", str(tmp_path), "--json").stdout)
    assert told["scenarios"]["run"] == 1
    assert told["scenarios"]["failed"][0]["title"] == "t"


CROWD = """
scenarios:
  - title: crowd
    shop: s1
    happens:
      - {at: "10:00:00", chat: "b{n}@s{n%2}", buyer: "{n} 有货吗", by: "客服{n%3}", times: 6, every: 1s}
      - {at: "10:01:10", chat: "b{n}@s{n%2}", agent: 有的, by: "客服{n%3}", times: 4, every: 500ms}
    until: "10:02:10"
    expect:
"""


def test_a_crowd_does_the_same_again_each_in_its_own_chat(tmp_path: Path) -> None:
    expect = """\
      stages: [{at: "10:01:10", chat: b1, stage: none}, {at: "10:01:30", chat: b6@s2, stage: slow}]
      rounds:
        - {chat: b1, wait: 70s, agent: 客服1}
        - {chat: b2@s2, wait: 69.5s, agent: 客服2}
        - {chat: b3, wait: 69s, agent: 客服3}
        - {chat: b4@s2, wait: 68.5s, agent: 客服1}
        - {chat: b5, outcome: open}
        - {chat: b6@s2, outcome: open}
      told_times: {team: 2}
      open: 2
"""
    assert checked(tmp_path, expect, CROWD) == []
    assert checked(tmp_path, "      told_times: {team: 5}\n", CROWD) == [
        "one.yaml:10:26: crowd: messages to team: expected 5, got 2"
    ]


@pytest.mark.parametrize(
    ("crowd", "fault"),
    [
        ("times: 1", "times: must be 2 or more"),
        ("times: 5000", "times: must be 1000 or less"),
        ("times: 600, every: 1h", "it ends before all has happened"),
    ],
)
def test_a_crowd_that_cannot_be_is_told(tmp_path: Path, crowd: str, fault: str) -> None:
    write(tmp_path, default=LADDER)
    (tmp_path / "scenarios").mkdir()
    text = CROWD.replace("times: 6, every: 1s", crowd)
    (tmp_path / "scenarios" / "one.yaml").write_text(text + "      open: 2\n", "utf-8")
    assert fault in "\n".join(map(str, check(tmp_path, 0).faults))


def test_people_are_expected_by_any_of_their_names_and_charged_as_the_roster_has_them(tmp_path: Path) -> None:
    chat = """
scenarios:
  - title: t
    live: true
    shops: [{shop: shop, platform: taobao, team: A}]
    teams: [{id: A, leads: [8001]}]
    people: [{id: 1007, nick: 小林, team: A, names: [lin]}, {id: 1008, nick: 小周, team: A}, {id: 8001, team: A}]
    roster:
      - {person: 小林, shop: shop, hours: "08:00-10:00"}
      - {person: 小周, shop: shop, hours: "10:00-18:00"}
    happens:
      - {at: "09:55:00", presence: online, by: lin}
      - {at: "09:59:00", buyer: 有货吗, by: lin}
      - {at: "09:59:30", presence: offline, by: lin}
      - {at: "10:00:40", presence: online, by: 小周}
      - {at: "10:01:10", agent: 有的，今天拍今天发, by: 1008}
    expect:
"""
    expect = """\
      told: [{at: "10:00:30", to: lead, kind: unattended}, {at: "10:01:00", to: team, agent: lin}]
      rounds: [{agent: 小周, holders: {小林: 30s, 小林 早退: 30s, 小周 absent: 40s, 1008: 30s}}]
"""
    assert checked(tmp_path, expect, chat) == []
    differs = "      rounds: [{agent: lin, holders: {小林: 60s}}]\n"
    assert [fault.partition(": t: ")[2] for fault in checked(tmp_path, differs, chat)] == [
        "round 1, agent: expected 小林, got 小周",
        "round 1, holders: expected 小林 1m, got 小林 30s, 小林 early_leave 30s, 小周 absent 40s, 小周 30s",
    ]


def test_a_file_of_tests_may_end_in_yml_and_a_platform_misspelt_is_told(tmp_path: Path) -> None:
    checked(tmp_path, "      open: 0\n")
    text = CHAT.replace("title: t", "title: t\n    platform: taoboa") + "      open: 0\n"
    (tmp_path / "scenarios" / "two.yml").write_text(text, "utf-8")
    found = check(tmp_path, 0)
    assert [str(fault).partition("scenarios/")[2] for test in found.tests for fault in test.faults] == [
        "two.yml:4:15: t: no platform taoboa is known here; did you mean taobao?"
    ]
    (tmp_path / "platforms").mkdir()
    (tmp_path / "platforms" / "own.yml").touch()
    assert [doubt.message for doubt in check(tmp_path, 0).doubts] == [
        "nothing reads a file of this name; did you mean own.yaml?"
    ]


def test_who_is_on_the_roster_of_other_shops_has_no_part_in_a_scenario(tmp_path: Path) -> None:
    write(
        tmp_path,
        people="""
            version: 1
            people: [{id: 1007, nick: 小林}, {id: 8001, nick: 组长}]
            roster:
              - {person: 小林, shop: shop, hours: "08:00-18:00"}
              - {person: 组长, shop: other, hours: "08:00-18:00"}
        """,
    )
    chat = """
scenarios:
  - title: t
    live: true
    happens:
      - {at: "09:59:00", presence: online, by: 小林}
      - {at: "09:59:00", presence: offline, by: 组长}
      - {at: "10:00:00", buyer: 有货吗, by: 小林}
      - {at: "10:00:30", agent: 有的，今天拍今天发, by: 小林}
    until: "10:10:00"
    expect:
"""
    assert checked(tmp_path, "      told: []\n", chat) == []
