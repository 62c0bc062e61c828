from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core.units import DAY_MS
from monitor.policy_files import load
from monitor.policy_files.people import overlap
from monitor.policy_files.people_tables import RosterRow
from tests.policy_files.folders import DEFAULT, at, doubts, faults, write

PEOPLE = """
    version: 1
    teams:
      - {id: A, leads: [8001]}
    people:
      - {id: 1007, nick: 小林, team: A, limit: 8, names: [lin]}
      - {id: 8001, nick: 王组长, team: A, mentions: {mobile: "13800000000"}}
      - {id: 9001, nick: 小吴, ends: "2026-11-12 02:00"}
    accounts:
      - {account: "森野:售前1", shop: senye, people: [1007, 小吴]}
    roster:
      - {person: 1007, shop: [senye, green_bud], hours: "16:00-24:00", seat: B07, kind: 拼席, days: mon-fri}
      - {person: 小吴, shop: senye, hours: "22:00-06:00", kind: dedicated, from: "2026-11-10", until: "2026-11-11"}
"""


def test_who_is_who_is_read_from_yaml(tmp_path: Path) -> None:
    register = load(write(tmp_path, default=DEFAULT, people=PEOPLE)).register
    lin = register.person("lin")
    assert lin is not None
    assert (lin.id, lin.nick, lin.limit) == ("1007", "小林", 8)
    assert [lead.id for lead in register.leads("A", 0)] == ["8001"]
    wu = register.person("小吴")
    assert wu is not None
    assert wu.ends_at_ms == at("2026-11-12 02:00")
    day, night = register.slots[0], register.slots[2]
    assert (day.seat, day.shared, day.shop, day.weekdays) == ("B07", True, "senye", frozenset(range(5)))
    assert (night.starts_ms, night.ends_ms, night.shared) == (22 * 3_600_000, 6 * 3_600_000, False)
    assert (night.first_day, night.last_day) == (date(2026, 11, 10), date(2026, 11, 11))
    assert [shift.slot.person for shift in register.on_shift("senye", at("2026-11-11 03:00"))] == ["9001"]
    assert day.place == "people.yaml:11"


def test_tables_are_read_as_spreadsheets_change_them(tmp_path: Path) -> None:
    """Dates with strokes, commas at the line's end, days and hours as a Chinese keyboard writes them."""
    write(
        tmp_path,
        default=DEFAULT,
        people_csv="工号,花名,到期,,\n1007,小林,2026/11/12 2：00：00,,\n,,,,\n",
        roster_csv='工号,店铺,时段,星期,开始,结束\n小林,"senye，nanfeng",16：00－24：00,周一至周五,2026/11/1,2026年11月30日\n',
    )
    register = load(tmp_path).register
    assert register.persons[0].ends_at_ms == at("2026-11-12 02:00")
    assert load(write(tmp_path, roster_csv="工号,店铺,时段\n小林,senye,all\n")).register.slots[0].ends_ms == DAY_MS
    one, other = register.slots
    assert (one.person, one.shop, other.shop) == ("1007", "senye", "nanfeng")
    assert (one.starts_ms, one.ends_ms, one.weekdays) == (16 * 3_600_000, 24 * 3_600_000, frozenset(range(5)))
    assert (one.first_day, one.last_day) == (date(2026, 11, 1), date(2026, 11, 30))


@pytest.mark.parametrize(
    ("said", "days"),
    [
        ("mon-fri", range(5)),
        ("周一至周五", range(5)),
        ("星期六、周日", (5, 6)),
        ("Saturday,sun", (5, 6)),
        ("周五到周一", (4, 5, 6, 0)),
        ("每天", range(7)),
        ("工作日", range(5)),
    ],
)
def test_days_are_read_as_they_are_said(tmp_path: Path, said: str, days: Iterable[int]) -> None:
    roster = f'roster: [{{person: a, shop: s, hours: "08:00-16:00", days: "{said}"}}]'
    register = load(write(tmp_path, default=DEFAULT, people=f"version: 1\n{roster}\n")).register
    assert register.slots[0].weekdays == frozenset(days)


def test_tables_say_the_same_with_headers_in_chinese(tmp_path: Path) -> None:
    write(
        tmp_path,
        default=DEFAULT,
        shops_csv="店铺,平台,名称,品牌,团队,目标,品牌词\nsenye,taobao,森野旗舰店,senye,A,taobao_3min=90%;taobao_mean=30s,森野、林间\n",
        teams_csv="id,楼层,leads,channels\nA,二楼,8001,\n",
        people_csv="工号,花名,团队,接待上限,提醒,到期\n1007,小林,A,8,,\n8001,王组长,A,,mobile=13800000000,2026-11-12\n",
        accounts_csv="子账号,店铺,工号\n森野:售前1,senye,1007;8001\n",
        roster_csv="工号,店铺,时段,工位,席位,班次,星期,开始,结束\n1007,senye,16:00-24:00,B07,专席,晚班,mon-fri,2026-11-01,\n",
    )
    register = load(tmp_path).register
    [shop] = register.shops
    assert (shop.name, shop.targets) == ("森野旗舰店", {"taobao_3min": 0.9, "taobao_mean": 30.0})
    assert shop.brand_words == ("森野", "林间")
    assert register.teams_on({"二楼"}) == {"A"}
    [slot] = register.slots
    assert (slot.person, slot.shared, slot.seat, slot.weekdays) == ("1007", False, "B07", frozenset(range(5)))
    assert register.accounts[0].persons == ("1007", "8001")
    assert register.persons[1].mentions == {"mobile": "13800000000"}
    assert register.teams[0].leads == ("8001",)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_table_is_taken_as_spreadsheets_save_it(tmp_path: Path, encoding: str, delimiter: str) -> None:
    write(tmp_path, default=DEFAULT)
    table = f"店铺{delimiter}名称\r\nsenye{delimiter}森野旗舰店\r\n{delimiter}\r\n"
    (tmp_path / "shops.csv").write_bytes(table.encode(encoding))
    assert load(tmp_path).register.shop_name("senye") == "森野旗舰店"


@pytest.mark.parametrize(
    ("table", "text", "fault"),
    [
        ("shops", b"", "shops.csv:1:1: the file is empty"),
        ("shops", b"shop\n\xff\xfe\xfd\n", "neither UTF-8 nor GBK"),
        ("shops", b"shop,nmae\na,b\n", "shops.csv:1:2: nmae is no column here; did you mean name?"),
        ("shops", b"name\nx\n", "shops.csv:1:1: the column shop is missing"),
        ("shops", b"shop,shop\na,b\n", "shops.csv:1:2: the column shop is there twice"),
        ("shops", b"shop,name\na,b,c\n", "shops.csv:2:3: more cells than the header has"),
        ("shops", b"shop,name\na,A\nb,B\na,C\n", "shops.csv:4:1: shop a is there already (shops.csv:2)"),
        ("shops", b"shop,targets\na,taobao_3min=120%\n", "shops.csv:2:2: targets: '120%' is no target; write 90%"),
        ("people", b"id,limit\n1," + b"9" * 5000, "people.csv:2:2: limit: a whole number is meant here"),
        ("people", b"id,limit\n1,many\n", "people.csv:2:2: limit: a whole number is meant here"),
        ("people", b"id,ends\n1,12.11.2026\n", "people.csv:2:2: ends: '12.11.2026' is no instant"),
        ("people", b"id,nick\n1,a\n\n,b\n", "people.csv:4:1: id is missing"),
        ("roster", b"person,shop,hours\n1,a,8-16\n", "roster.csv:2:3: hours: '8-16' is no part of a day"),
        ("roster", b"person,shop,hours,days\n1,a,08:00-16:00,mo\n", "roster.csv:2:4: days: 'mo' is no day of the week"),
        (
            "roster",
            b"person,shop,hours,kind\n1,a,08:00-16:00,half\n",
            "roster.csv:2:4: kind: 'half' is none of shared, dedicated",
        ),
        ("shops", b'shop,name\n"a,b\n', "not a table"),
        (
            "shops",
            b"shop,chat_link\na,aliim:x?uid={byuer}\n",
            "shops.csv:2:2: chat_link: {byuer} is no variable; did you",
        ),
        ("shops", b"shop,chat_link\na,javascript:alert(1)\n", "chat_link: javascript: opens no chat"),
        ("shops", b"shop,chat_link\na,x:{buyer:>999999999}\n", "a link begins with what opens it"),
        ("shops", b"shop,chat_link\na,xx:{buyer:>999999999}\n", "{buyer:>999999999} is no variable"),
        (
            "shops",
            b"shop,targets\na,taobao_3min=90\n",
            "targets: 90 is no target; write 90% or, for a mean, 30s; did you mean 90%?",
        ),
        ("shops", b"shop,targets\na,taobao_3mn=90%\n", "shops.csv:2:1: targets: there is no score taobao_3mn; did you"),
        ("shops", b"shop,targets\na,taobao_mean=90%\n", "targets: taobao_mean is told as a length of time, as 30s"),
        (
            "people",
            b"id,mentions\n1,phone=138\n",
            "people.csv:2:2: mentions: phone is no kind of handle; did you mean mobile",
        ),
    ],
)
def test_a_table_that_is_wrong_names_line_and_cell(tmp_path: Path, table: str, text: bytes, fault: str) -> None:
    write(tmp_path, default=DEFAULT)
    (tmp_path / f"{table}.csv").write_bytes(text)
    found = faults(tmp_path)
    assert len(found) == 1, found
    assert fault in found[0]


@pytest.mark.parametrize(
    ("people", "fault"),
    [
        ("accounts: [{account: a, people: [1]}, {account: a}]", "2:49: account a is there already (people.yaml:2)"),
        ("people: [{id: 1}, {id: 1}]", "2:24: id 1 is there already"),
        ("people: [{id: 1, names: [x]}, {id: 2, names: [x]}]", "the feeds' name x is already that of 1"),
        ("people: [{id: 1, nick: lin}]\nteams: [{id: A, leads: [lni]}]", "lni is no person we know; did you mean lin?"),
        ("people: [{id: 1, team: B}]\nteams: [{id: A}]", "2:24: B is no team we know"),
        (
            'roster: [{person: a, shop: s, hours: "08:00-16:00"}, {person: a, shop: s, hours: "15:00-23:00"}]',
            "a is on s at these hours already",
        ),
        ("roster: [{person: a, shop: s, hours: closed}]", "a line of the roster needs hours"),
        (
            'roster: [{person: a, shop: s, hours: all, from: "2026-11-12", until: "2026-11-11"}]',
            "ends before it begins",
        ),
    ],
)
def test_what_contradicts_itself_is_a_fault(tmp_path: Path, people: str, fault: str) -> None:
    write(tmp_path, default=DEFAULT, people="version: 1\n" + people + "\n")
    found = faults(tmp_path)
    assert len(found) == 1, found
    assert fault in found[0]


def test_a_shift_may_change_hands_in_the_middle_of_a_week(tmp_path: Path) -> None:
    write(
        tmp_path,
        default=DEFAULT,
        people="""
            version: 1
            roster:
              - {person: a, shop: s, hours: "08:00-16:00", days: mon-wed}
              - {person: a, shop: s, hours: "10:00-18:00", days: [thu, fri]}
              - {person: a, shop: s, hours: "08:00-16:00", from: "2026-12-01", days: mon, until: "2026-12-31"}
        """,
    )
    assert faults(tmp_path) == ["people.yaml:5:33: a is on s at these hours already (people.yaml:3)"]


def test_a_shift_over_midnight_meets_that_of_the_next_morning(tmp_path: Path) -> None:
    write(
        tmp_path,
        default=DEFAULT,
        people="""
            version: 1
            roster:
              - {person: a, shop: s, hours: "22:00-06:00", days: sun}
              - {person: a, shop: s, hours: "05:00-08:00", days: mon}
              - {person: a, shop: s, hours: "00:00-06:00", days: [tue, wed]}
              - {person: a, shop: s, hours: "23:00-00:30", days: wed, from: "2026-11-25", until: "2026-11-25"}
              - {person: a, shop: s, hours: "00:00-01:00", days: mon-sun, from: "2026-11-27"}
        """,
    )
    assert faults(tmp_path) == [
        "people.yaml:4:33: a is on s at these hours already (people.yaml:3)",
        "people.yaml:7:33: a is on s at these hours already (people.yaml:3)",
    ]


MONDAY = date(2026, 11, 2)
_clocks = st.integers(0, 47).map(lambda half: f"{half // 2:02}:{half % 2 * 30:02}")
_shifts: st.SearchStrategy[dict[str, Any]] = st.builds(
    dict,
    person=st.just("a"),
    shop=st.just(["s"]),
    hours=st.tuples(_clocks, _clocks).filter(lambda pair: pair[0] != pair[1]).map("-".join),
    days=st.lists(st.sampled_from(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]), min_size=1, max_size=3),
) | st.builds(
    dict,
    person=st.just("a"),
    shop=st.just(["s"]),
    hours=st.tuples(_clocks, _clocks).filter(lambda pair: pair[0] != pair[1]).map("-".join),
    dates=st.tuples(st.integers(0, 20), st.integers(0, 9)),
)


def row_of(shift: dict[str, Any]) -> RosterRow:
    said = {name: value for name, value in shift.items() if name != "dates"}
    if "dates" in shift:
        first = MONDAY + timedelta(days=shift["dates"][0])
        said |= {"from": first.isoformat(), "until": (first + timedelta(days=shift["dates"][1])).isoformat()}
    return RosterRow.model_validate(said)


def minutes_of(row: RosterRow) -> set[int]:
    """Every minute of six weeks that a line is on, counted from the first Monday; with the night before it."""
    found: set[int] = set()
    for number in range(-1, 42):
        day = MONDAY + timedelta(days=number)
        if day.weekday() in row.days and (row.from_ or day) <= day <= (row.until or day):
            for window in row.hours:
                found.update(range(number * 1440 + window.from_ms // 60_000, number * 1440 + window.until_ms // 60_000))
    return found


@settings(max_examples=100, deadline=None)
@given(_shifts, _shifts)
def test_two_lines_overlap_when_a_minute_is_in_both(one: dict[str, Any], other: dict[str, Any]) -> None:
    rows = row_of(one), row_of(other)
    assert overlap(*rows) == bool(minutes_of(rows[0]) & minutes_of(rows[1]))
    assert overlap(*rows) == overlap(rows[1], rows[0])


def test_names_that_lead_nowhere_are_told(tmp_path: Path) -> None:
    write(
        tmp_path,
        default=DEFAULT,
        shops="version: 1\nshops: [{shop: senye, contract_hours: flor, team: A}]\n",
        people="version: 1\nteams: [{id: A, channels: [ding]}]\nroster: [{person: x, shop: sneye, hours: all}]\n",
        rules='version: 1\nhours: {floor: {daily: "08:00-24:00"}}\nshops: [{match: {shop: senye}, team: B}]\n',
    )
    assert faults(tmp_path) == ["people.yaml:3:28: sneye is no shop we know; did you mean senye?"]
    write(tmp_path, people="version: 1\nteams: [{id: A, channels: [ding]}]\n")
    assert faults(tmp_path) == [
        "rules.yaml:3:38: B is no team we know",
        "people.yaml:2:1: channels.yaml has no channel ding, which team A names",
        "shops.yaml:2:1: contract_hours flor are no hours of the rules; did you mean floor?",
    ]


def test_people_who_have_left_are_doubted_on_the_roster(tmp_path: Path) -> None:
    rules = load(write(tmp_path, default=DEFAULT, people=PEOPLE))
    assert rules.doubts(at("2026-11-10 12:00")) == []
    told = doubts(rules, at("2026-11-20 12:00"))
    assert told == ["people.yaml:12:1: the line of 小吴 ended on 2026-11-11"]


def test_a_roster_may_call_people_as_the_floor_does(tmp_path: Path) -> None:
    write(
        tmp_path,
        default=DEFAULT,
        people="""
            version: 1
            people: [{id: 1007, nick: 小林, names: [lin]}]
            accounts: [{account: a, people: [lin]}]
            roster: [{person: 小林, shop: s, hours: "08:00-16:00"}]
        """,
    )
    register = load(tmp_path).register
    # Presence and replies go by the id: a roster that went by another name would call everybody absent.
    assert register.who("小林", None, "s", 0) == register.slots[0].person == register.accounts[0].persons[0] == "1007"


@pytest.mark.parametrize(
    ("people", "told"),
    [
        (
            """
            people: [{id: 1, nick: 小林}]
            roster:
              - {person: 1, shop: s, hours: "08:00-16:00"}
              - {person: 小林, shop: s, hours: "15:00-23:00"}
            """,
            "people.yaml:5:34: 小林 is on s at these hours already (people.yaml:4)",
        ),
        (
            """
            roster:
              - {person: a, shop: s, account: s1, hours: "08:00-16:00"}
              - {person: b, shop: s, account: s1, hours: "15:00-23:00"}
            """,
            "people.yaml:4:35: account s1 is a's at these hours already (people.yaml:3)",
        ),
        (
            """
            people: [{id: 1, nick: 小林}, {id: 2, nick: 小林}]
            roster: [{person: 小林, shop: s, hours: "08:00-16:00"}]
            """,
            "people.yaml:3:19: 小林 is what several are called; write the id: 1 or 2",
        ),
        (
            "people: [{id: 1, nick: 小林}, {id: 2, names: [1]}]",
            "people.yaml:2:44: 1 is the id of another (people.yaml:2)",
        ),
    ],
)
def test_whom_a_roster_means_must_be_plain(tmp_path: Path, people: str, told: str) -> None:
    write(tmp_path, default=DEFAULT, people="version: 1\n" + dedent(people).strip() + "\n")
    assert faults(tmp_path) == [told]


def test_shifts_that_follow_one_another_may_share_an_account_and_a_seat(tmp_path: Path) -> None:
    write(
        tmp_path,
        default=DEFAULT,
        people="""
            version: 1
            roster:
              - {person: a, shop: s, account: s1, hours: "08:00-16:00", seat: B07}
              - {person: b, shop: s, account: s1, hours: "16:00-24:00", seat: B07}
        """,
    )
    assert load(tmp_path).doubts(at("2026-11-20 12:00")) == []


def test_seats_and_accounts_that_do_not_fit_are_doubted(tmp_path: Path) -> None:
    write(
        tmp_path,
        default=DEFAULT,
        people="""
            version: 1
            people: [{id: 1, nick: 小林}, {id: 2, nick: 小周}, {id: 3, nick: 小林}]
            accounts:
              - {account: s1, shop: s, people: [2]}
            roster:
              - {person: 1, shop: s, hours: "08:00-16:00", seat: B07}
              - {person: 2, shop: s, hours: "12:00-20:00", seat: B07}
              - {person: 3, shop: [s, t], hours: "08:00-16:00", kind: 专席}
              - {person: 1, shop: s, hours: "20:00-24:00", account: s1}
              - {person: 2, shop: t, hours: "20:00-24:00", account: s1}
        """,
    )
    assert doubts(load(tmp_path), at("2026-11-20 12:00")) == [
        "people.yaml:2:1: 小林 is what 1 is called too; where a feed says 小林, 1 is meant",
        "people.yaml:9:1: 小林 is not among the people of the account s1 (people.yaml:4)",
        "people.yaml:10:1: account s1 is of the shop s, not of t",
        "people.yaml:8:1: a dedicated seat (专席) serves one shop; t is served at these hours too",
        "people.yaml:7:1: 小林 sits at B07 at these hours (people.yaml:6)",
    ]


def test_a_rule_for_a_brand_is_not_blamed_for_a_register_that_cannot_be_read(tmp_path: Path) -> None:
    write(
        tmp_path,
        default=DEFAULT,
        shops="version: 1\nshops: [{shop: senye, platfrom: taobao, brand: senye}]\n",
        rules="version: 1\nshops: [{match: {brand: senye}, bot: holds}]\n",
    )
    assert faults(tmp_path) == ["shops.yaml:2:23: platfrom is not known here; did you mean platform?"]
