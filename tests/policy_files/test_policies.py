from pathlib import Path

import pytest

from monitor.core.hours import Calendar
from monitor.core.policy import PromiseLimits, Resolved, Stage, Step
from monitor.policy_files import load
from monitor.policy_files.where import default_folder
from tests.policy_files.folders import DEFAULT, at, doubts, faults, write


def resolved(
    folder: Path, when: str = "2026-11-20 12:00", *, platform: str = "taobao", shop: str = "s", phase: str | None = None
) -> Resolved:
    return load(folder).book.resolve(platform, shop, phase, at(when))


def test_the_shipped_rules_are_those_of_the_floor() -> None:
    rules = load(default_folder())
    assert doubts(rules) == []
    policy = rules.book.resolve("taobao", "s", None, at("2026-11-20 12:00")).policy
    assert policy.window == (Stage("slow", 60_000), Stage("at_risk", 180_000), Stage("lost", 300_000))
    assert policy.steps == (
        Step(30_000, "panel"),
        Step(90_000, "popup"),
        Step(120_000, "team", gather_ms=60_000),
        Step(150_000, "lead", if_unclaimed=True),
        Step(180_000, "digest"),
        Step(300_000, "console"),
    )
    assert policy.promise == PromiseLimits(180_000, 600_000, 900_000)
    assert [(step.at_ms, step.to) for step in policy.promise_steps] == [
        (180_000, "panel"),
        (300_000, "popup"),
        (600_000, "lead"),
    ]
    assert policy.bot == "holds"
    assert policy.ends_wait == {"agent", "seller"}
    assert (policy.unattended_waiting_ms, policy.unattended_ms, policy.absent_ms) == (60_000, 180_000, 300_000)
    assert policy.run_on_ms == 900_000
    assert policy.hours is not None
    hours = Calendar(policy.hours)
    assert [hours.is_open(at(f"2026-11-20 {time}")) for time in ("07:59", "08:00", "23:59")] == [False, True, True]
    assert not hours.is_open(at("2026-11-21 00:00"))


def test_jd_has_its_first_reply_apart_and_aftersale_is_no_presale() -> None:
    book = load(default_folder()).book
    jd = book.resolve("jd", "s", "presale", at("2026-11-20 12:00")).policy
    assert jd.first_window is not None
    assert jd.first_window[0] == Stage("slow", 30_000)
    assert jd.window[0] == Stage("slow", 60_000)
    after = book.resolve("jd", "s", "aftersale", at("2026-11-20 12:00")).policy
    assert (after.first_window, after.window[0]) == (None, Stage("slow", 180_000))
    assert not {step.to for step in after.steps} & {"team", "lead"}


def test_a_rule_changes_what_it_says_and_leaves_the_rest(tmp_path: Path) -> None:
    write(
        tmp_path,
        default=DEFAULT,
        rules="""
            version: 1
            platforms:
              - match: {platform: [taobao, tmall]}
                bot: holds
              - match: {platform: taobao}
                bot: ignored
            shops:
              - match: {shop: 4711}
                stages: {slow: 30s, lost: 2m}
        """,
    )
    policy = resolved(tmp_path, shop="4711").policy
    assert (policy.bot, policy.window) == ("holds", (Stage("slow", 30_000), Stage("lost", 120_000)))
    assert policy.rule == "rules.yaml:8"
    policy = resolved(tmp_path, platform="jd").policy
    assert (policy.bot, policy.window[1], policy.rule) == ("ignored", Stage("at_risk", 180_000), "default.yaml:3")


def test_other_stages_for_all_leave_no_old_ones_for_the_first_reply(tmp_path: Path) -> None:
    write(
        tmp_path,
        default=DEFAULT + "  first_reply: {stages: {slow: 20s}}\n",
        rules="version: 1\nshops: [{match: {shop: s}, stages: {slow: 2m}}]\n",
    )
    assert resolved(tmp_path, shop="other").policy.first_window == (Stage("slow", 20_000),)
    assert resolved(tmp_path).policy.first_window is None


def test_a_campaign_begins_and_ends_by_itself_and_the_answer_says_for_how_long_it_stands(tmp_path: Path) -> None:
    write(
        tmp_path,
        default=DEFAULT,
        campaigns="""
            version: 1
            campaigns:
              - {name: 双11, from: "2026-11-10 20:00", until: "2026-11-12 02:00", stages: {slow: 30s}}
        """,
    )
    starts, ends = at("2026-11-10 20:00"), at("2026-11-12 02:00")
    before, during, after = (resolved(tmp_path, day) for day in ("2026-11-01", "2026-11-11", "2026-11-20"))
    assert (before.policy.name, before.until_ms) == ("default", starts)
    assert (during.policy.name, during.from_ms, during.until_ms) == ("双11", starts, ends)
    assert (after.policy.name, after.from_ms) == ("default", ends)
    assert doubts(load(tmp_path), at("2026-11-11")) == []
    assert doubts(load(tmp_path), ends) == ["campaigns.yaml:3:50: campaign 双11 has ended (2026-11-12 02:00)"]


def test_a_rule_may_hold_at_night_only(tmp_path: Path) -> None:
    write(
        tmp_path,
        default=DEFAULT,
        rules="""
            version: 1
            zone: Asia/Shanghai
            hours:
              night: {daily: "22:00-06:00"}
            shops:
              - {name: 夜班, match: {hours: night}, stages: {slow: 5m}}
        """,
    )
    names = [resolved(tmp_path, f"2026-11-20 {time}").policy.name for time in ("05:59", "06:00", "21:59", "22:00")]
    assert names == ["夜班", "default", "default", "夜班"]
    assert resolved(tmp_path, "2026-11-20 23:00").until_ms == at("2026-11-21 06:00")


def test_the_merchants_hours_are_not_ours(tmp_path: Path) -> None:
    write(
        tmp_path,
        default=DEFAULT,
        rules="""
            version: 1
            shops:
              - match: {shop: s}
                hours: all
                merchant_hours: "00:00-08:00"
        """,
    )
    night = resolved(tmp_path, "2026-11-20 03:00")
    assert (night.policy.responsible, night.until_ms) == ("merchant", at("2026-11-20 08:00"))
    assert night.policy.hours is not None
    # What the merchant has left by then is ours.
    assert Calendar(night.policy.hours).next_open(at("2026-11-20 03:00")) == at("2026-11-20 08:00")
    day = resolved(tmp_path, "2026-11-20 12:00")
    assert (day.policy.responsible, day.until_ms) == ("ours", at("2026-11-21 00:00"))
    assert day.policy.hours is not None
    counted = Calendar(day.policy.hours).counted(at("2026-11-20 23:00"), at("2026-11-21 09:00"))
    assert counted == 2 * 3_600_000


MERCHANTS = """
    version: 1
    platforms:
      - {match: {platform: jd}, responsible: merchant}
    shops:
      - {match: {shop: night}, merchant_hours: "00:00-08:00"}
      - {match: {shop: evening, hours: "18:00-24:00"}, hours: all, merchant_hours: "22:00-02:00"}
    campaigns:
      - {name: 双11, from: "2026-11-10 20:00", until: "2026-11-12 02:00", hours: all}
      - {name: ours, from: "2026-11-12 20:00", until: "2026-11-13 20:00", match: {platform: jd}, responsible: ours}
"""


@pytest.mark.parametrize(
    ("shop", "platform", "when", "responsible", "counts"),
    [
        ("night", "taobao", "2026-11-20 03:00", "merchant", False),
        ("night", "taobao", "2026-11-20 09:00", "ours", True),
        # A campaign that lets all hours count does not take the merchant's from them.
        ("night", "taobao", "2026-11-11 03:00", "merchant", False),
        ("night", "taobao", "2026-11-11 09:00", "ours", True),
        ("s", "jd", "2026-11-20 12:00", "merchant", False),
        ("s", "jd", "2026-11-11 12:00", "merchant", False),
        ("s", "jd", "2026-11-13 12:00", "ours", True),
        # What a more particular rule says of it goes before, for all hours.
        ("night", "jd", "2026-11-20 03:00", "merchant", False),
        ("night", "jd", "2026-11-20 12:00", "ours", True),
        # Out of the hours for which a rule is, its merchant's are none either.
        ("evening", "taobao", "2026-11-20 23:00", "merchant", False),
        ("evening", "taobao", "2026-11-20 01:00", "ours", True),
        ("evening", "taobao", "2026-11-20 19:00", "ours", True),
    ],
)
def test_the_merchants_hours_stay_theirs_whoever_says_the_hours(
    tmp_path: Path, shop: str, platform: str, when: str, responsible: str, counts: bool
) -> None:
    write(tmp_path, default=DEFAULT, rules=MERCHANTS)
    policy = resolved(tmp_path, when, shop=shop, platform=platform).policy
    assert policy.responsible == responsible
    assert (policy.hours is None or Calendar(policy.hours).is_open(at(when))) is counts


def test_the_default_may_leave_hours_to_the_merchant(tmp_path: Path) -> None:
    write(
        tmp_path,
        default=DEFAULT.replace("hours: all", 'hours: "08:00-24:00"\n  merchant_hours: "22:00-24:00"'),
        rules="version: 1\nshops: [{match: {shop: long}, hours: all}]\n",
    )
    for shop in ("s", "long"):
        late = resolved(tmp_path, "2026-11-20 23:00", shop=shop).policy
        assert late.responsible == "merchant"
        assert late.hours is not None
        assert not Calendar(late.hours).is_open(at("2026-11-20 23:00"))
        assert resolved(tmp_path, "2026-11-20 12:00", shop=shop).policy.responsible == "ours"
    assert resolved(tmp_path, "2026-11-20 23:00").policy.rule == "default.yaml:4"


def test_hours_on_days_of_the_week_and_on_dates(tmp_path: Path) -> None:
    write(
        tmp_path,
        default="""
            version: 1
            hours:
              shop:
                zone: Europe/Berlin
                daily: ["08:00-12:00", "13:00-18:00"]
                weekly: {sun: closed}
                dates: {"2026-12-24..2026-12-26": closed, "2026-12-24": "08:00-12:00"}
            default: {hours: shop}
        """,
    )
    hours = resolved(tmp_path).policy.hours
    assert hours is not None
    calendar = Calendar(hours)

    def is_open(when: str) -> bool:
        return calendar.is_open(at(when, "Europe/Berlin"))

    assert [is_open(f"2026-11-20 {time}") for time in ("11:59", "12:00", "13:00", "18:00")] == [
        True,
        False,
        True,
        False,
    ]
    assert not is_open("2026-11-22 10:00")  # Sunday
    assert [is_open(day) for day in ("2026-12-24 11:00", "2026-12-24 14:00", "2026-12-25 11:00")] == [
        True,
        False,
        False,
    ]
    assert is_open("2026-07-01 08:00")  # In summer time, by the clock on the wall.
    assert not is_open("2026-07-01 07:59")


def test_rules_by_brand_category_and_team_are_for_the_shops_of_the_register(tmp_path: Path) -> None:
    write(
        tmp_path,
        default=DEFAULT,
        shops="""
            version: 1
            shops:
              - {shop: a, brand: senye, team: A, category: 女装}
              - {shop: b, brand: senye, team: B}
              - {shop: c, team: B}
        """,
        rules="""
            version: 1
            shops:
              - {name: both, match: {brand: senye, team: B}, bot: holds}
              - {name: brand, match: {brand: senye}, bot: holds}
              - {name: team, match: {team: [B]}, bot: holds}
        """,
    )
    names = [resolved(tmp_path, shop=shop).policy.name for shop in ("a", "b", "c", "d")]
    assert names == ["brand", "both", "team", "default"]


def test_a_shop_is_of_the_team_that_the_register_says(tmp_path: Path) -> None:
    write(
        tmp_path,
        default=DEFAULT + "  team: X\n",
        shops="version: 1\nshops: [{shop: a, team: A}, {shop: b}]\n",
        rules="version: 1\nplatforms: [{match: {platform: taobao}, team: T, bot: holds}]\n",
    )
    found = [resolved(tmp_path, shop=shop, platform=platform).policy for shop in "ab" for platform in ("taobao", "jd")]
    assert [policy.team for policy in found] == ["A", "A", "T", "X"]
    assert [policy.rule for policy in found] == ["rules.yaml:2", "default.yaml:3"] * 2


@pytest.mark.parametrize(
    ("rules", "fault"),
    [
        ("platforms: [{stagse: {slow: 60s}}]", "2:14: stagse is not known here; did you mean stages?"),
        ("platforms: [{stages: {slow: 60}}]", "2:29: platforms.0.stages.slow: a number has no unit: write 60s or 60m"),
        ("platforms: [{give_up: 99999999999999d}]", "'99999999999999d' is longer than ten years"),
        ("platforms: [{stages: {slow: 3:00}}]", "2:29: for a time of day write"),
        ("platforms: [{stages: {slow: 3:00}}]", "for a length of time 3m: YAML reads a bare 3:00 as a number"),
        (
            "platforms: [{stages: {slow: '3:00'}}]",
            "'3:00' is no length of time; write 90s, 3m, 1m30s, 2h or 7d; did you",
        ),
        ("platforms: [{stages: {slow: 3分钟}}]", "2:29: platforms.0.stages.slow: '3分钟' is no length of time"),
        ("platforms: [{stages: {slow: 3分钟}}]", "did you mean 3m?"),
        ("platforms: [{stages: {slow: '180'}}]", "did you mean 180s?"),
        ("platforms: [{stages: {偏慢: 3m}}]", "platforms.0.stages.偏慢: 偏慢 cannot be a name here: small letters"),
        ("platforms: [{stages: {超时: 3m}}]", "beginning with a letter; did you mean at_risk?"),
        ("platforms: [{stages: {slow: 1.5}}]", "write 1.5s or 90s"),
        ("platforms: [{stages: {slow: 0.5小时}}]", "did you mean 30m?"),
        ("platforms: [{hours: 8-24}]", "2:21: '8-24' is no part of a day; write \"08:00-24:00\", quoted; did you mean"),
        ("platforms: [{hours: 8点到24点}]", 'did you mean "08:00-24:00"?'),
        ("hours: {h: {daily: all, dates: {2026/10/1-2026/10/7: closed}}}", 'did you mean "2026-10-01..2026-10-07"?'),
        ("platforms: [{platform: jd}]", "2:14: platform is not known here; it belongs in match"),
        ("stages: {slow: 60s}", "2:1: stages is not known here; it belongs in default"),
        (
            "platforms: [{steps: {at: 1m, to: team, if_unclaimed: yes}}]",
            "true or false is meant here; did you mean true?",
        ),
        ("platforms: [{steps: {at: 1m, to: team, repeat: 1m, repeats: '2'}}]", "number is meant here, without quotes"),
        ("platforms: [{name: 1.10}]", "2:20: platforms.0.name: a text is meant here, in quotes"),
        ("platforms: [{阶段: {slow: 3m}}]", "2:14: 阶段 is not known here; did you mean stages?"),
        (
            "platforms: [{steps: [{at: 90s, to: 组长}]}]",
            "is none of panel, popup, team, lead, digest, console; did you mean lead?",
        ),
        ("platforms: [{stages: {slow: 60s， lost: 3m}}]", "2:32: ， is full-width; write ,"),
        (
            "platforms:\n  - stages：{slow: 60s}\n",
            "stages：{slow is not known here: ： is full-width; write : and a space",
        ),
        ("platforms: [a]", "2:13: platforms.0: keys are meant here, each with its value: key: value"),
        ("platforms: [{session_gap: 0s}]", "2:27: platforms.0.session_gap: must be longer than nothing"),
        ("shops: [{give_up: 300s}]", "2:19: give_up (5m) must be longer than lost (5m)"),
        ("shops: [{hours: ['08:00-12:00', '11:00-13:00']}]", "2:17: 08:00-12:00 and 11:00-13:00 overlap; join them"),
        ("zone: Asia/Beijing", "2:7: zone: 'Asia/Beijing' is no time zone; did you mean Asia/Shanghai?"),
        ("hours: {h: {daily: all, weekly: {周六: closed}}}", "2:34: hours.h.weekly: 周六 is none of mon, tue,"),
        ("hours: {h: {daily: all, weekly: {周六: closed}}}", "did you mean sat?"),
        (
            'hours: {h: {daily: "05:00-13:00", weekly: {sat: "22:00-06:00"}}}',
            "2:43: hours.h: sat 22:00-06:00 runs into 05:00-13:00 of sun; the hours overlap",
        ),
        ("campaigns: [{name: x, from: '2026/11/1', until: '2026-11-12'}]", 'did you mean "2026-11-01"?'),
        (
            "platforms: [{stages: {at_risk: 3m, lost: 2m}}]",
            "2:42: platforms.0.stages: lost (2m) must be longer than at_risk (3m)",
        ),
        ("platforms: [{steps: [{at: 90s, to: temm}]}]", "did you mean team?"),
        (
            "platforms: [{steps: [{at: 90s, to: team}, {at: 30s, to: lead}]}]",
            "2:43: platforms.0.steps: the step at 30s stands after the one at 90s; put them in order",
        ),
        ("platforms: [{steps: [{at: 90s, to: team, repeat: 60s}]}]", "repeat and repeats need each other"),
        ("platforms: [{promises: {due: 3m, late: 2m, missed: 9m}}]", "late (2m) must be longer than due (3m)"),
        (
            "platforms: [{courtesy: {steps: [{at: 9s, to: team}]}}]",
            "only the agent's panel is told (panel, popup), not team",
        ),
        ("platforms: [{hours: flor}]", "2:21: flor are no hours: neither a name from hours: nor"),
        ('hours: {h: {daily: ["08:00-12:00", "11:00-14:00"]}}', "08:00-12:00 and 11:00-14:00 overlap; join them"),
        ('hours: {h: {daily: ["00:00-02:00", "22:00-01:00"]}}', "22:00-01:00 runs into 00:00-02:00 of the next day"),
        ("hours: {h: {zone: Asia/Shanghia, daily: all}}", "did you mean Asia/Shanghai?"),
        ("hours: {h: {daily: all, weekly: {sun: 8}}}", "sun: 8 is no part of a day"),
        ("hours: {h: {daily: all, weekly: {son: closed}}}", "son is none of mon, tue"),
        ('hours: {h: {daily: all, dates: {"2026-13-01": closed}}}', "'2026-13-01' is no date; write \"2026-10-01\""),
        ('campaigns: [{name: x, from: "2026-11-11", until: "2026-11-11 24:00"}]', "no date and time of the calendar"),
        ('campaigns: [{name: x, from: "2026-11-12", until: "2026-11-11"}]', "campaign x ends before it begins"),
        ("shops: [{match: {brand: senye}}]", "no shop in the register has the brand senye"),
        ('shops: [{merchant_hours: "00:00-08:00", responsible: ours}]', "responsible all of them: write one"),
        ("default: {bot: holds}", "default is there already in"),
        ("shops: [{bot: maybe}]", "'maybe' is none of holds, ignored"),
    ],
)
def test_a_fault_names_its_place_and_its_remedy(tmp_path: Path, rules: str, fault: str) -> None:
    write(tmp_path, default=DEFAULT, rules="version: 1\n" + rules + "\n")
    found = faults(tmp_path)
    assert len(found) == 1, found
    assert found[0].startswith(("rules.yaml:2:", "rules.yaml:3:", "default.yaml:3:"))
    assert fault in found[0]


def test_all_faults_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    write(
        tmp_path,
        default="version: 1\ndefault: {bot: hold}\n",
        rules="version: 1\nshops: [{stages: {slow: 5}}]\n",
        shops="version: 1\nshops: [{shop: a}, {shop: a}]\n",
    )
    assert [fault.partition(":")[0] for fault in faults(tmp_path)] == ["shops.yaml", "rules.yaml", "default.yaml"]


def test_a_shop_that_does_not_exist_is_a_fault_where_shops_are_written_down(tmp_path: Path) -> None:
    write(tmp_path, default=DEFAULT, rules="version: 1\nshops:\n  - match: {shop: [senye, sneye]}\n    bot: holds\n")
    assert faults(tmp_path) == []
    write(tmp_path, shops="version: 1\nshops: [{shop: senye}]\n")
    assert faults(tmp_path) == ["rules.yaml:3:27: sneye is no shop of the register; did you mean senye?"]


def test_a_rule_that_can_never_match_is_doubted(tmp_path: Path) -> None:
    write(
        tmp_path,
        default=DEFAULT,
        rules="""
            version: 1
            platforms:
              - {match: {platform: [taobao, jd]}, bot: holds}
              - {match: {platform: jd, phase: presale}, bot: holds}
              - {match: {platform: douyin}, bot: holds}
        """,
    )
    assert doubts(load(tmp_path)) == [
        "rules.yaml:4:5: never matches: the rule at rules.yaml:3 stands before it and matches all of it"
    ]


def test_a_name_that_is_nearly_a_known_one_is_doubted(tmp_path: Path) -> None:
    write(
        tmp_path,
        default=DEFAULT,
        rules="""
            version: 1
            platforms:
              - {match: {platform: [taobo, our_own_site]}, bot: holds}
              - {match: {phase: aftersales, platform: taobao}, bot: holds}
        """,
    )
    assert doubts(load(tmp_path)) == [
        "rules.yaml:3:25: no platform taobo is known here; did you mean taobao?",
        "rules.yaml:4:21: no phase aftersales is known here; did you mean aftersale?",
    ]


def test_routes_for_teams_and_people_that_nobody_knows_are_faults(tmp_path: Path) -> None:
    write(
        tmp_path,
        default=DEFAULT,
        people="version: 1\nteams: [{id: A}]\npeople: [{id: 8001, nick: 王组长}]\n",
        channels="""
            version: 1
            channels: {log: {type: log}}
            routes:
              - {match: {team: [B]}, team: log}
              - {team: log, mention: [王组长, 李组长]}
        """,
    )
    assert faults(tmp_path) == [
        "channels.yaml:4:21: a route is for the team B, which nobody knows",
        "channels.yaml:5:32: a route mentions 李组长, whom nobody knows",
    ]


def test_one_value_may_stand_where_a_list_is_meant_and_hours_may_have_several_parts(tmp_path: Path) -> None:
    write(
        tmp_path,
        default=DEFAULT + "  ends_by: agent\n  steps: {at: 120s, to: team}\n",
        rules="""
            version: 1
            shops:
              - {match: {hours: ["22:00-23:00", "02:00-03:00"]}, hours: ["08:00-12:00", "13:00-18:00"]}
        """,
    )
    base = resolved(tmp_path, "2026-11-20 12:00").policy
    assert base.ends_wait == {"agent"}
    assert base.steps == (Step(120_000, "team"),)
    night = resolved(tmp_path, "2026-11-20 02:30").policy
    assert night.hours is not None
    hours = Calendar(night.hours)
    assert [hours.is_open(at(f"2026-11-20 {time}")) for time in ("11:59", "12:30", "13:00")] == [True, False, True]


def test_rules_whose_hours_platforms_or_steps_never_come_are_doubted(tmp_path: Path) -> None:
    write(
        tmp_path,
        default=DEFAULT,
        shops="version: 1\nshops: [{shop: senye, platform: taobao}, {shop: lv, platform: taoboa}]\n",
        rules="""
            version: 1
            platforms:
              - {match: {hours: "08:00-20:00"}, bot: holds}
              - {match: {hours: ["09:00-12:00", "13:00-18:00"]}, bot: ignored}
              - {match: {hours: "19:00-22:00"}, bot: ignored}
            shops:
              - {match: {hours: closed}, bot: holds}
              - {match: {shop: senye, platform: jd}, bot: holds}
              - {give_up: 20m, steps: [{at: 30m, to: team}]}
        """,
    )
    assert doubts(load(tmp_path)) == [
        "shops.yaml:2:1: no platform taoboa is known here; did you mean taobao?",
        "rules.yaml:4:5: never matches: the rule at rules.yaml:3 stands before it and matches all of it",
        "rules.yaml:7:21: never matches: no hour of the next year is in its hours",
        "rules.yaml:8:13: never matches: its shops are on other platforms",
        "rules.yaml:9:28: a step at 30m, when the wait is given up already",
    ]


def test_steps_and_limits_when_nobody_waits_any_more_are_doubted(tmp_path: Path) -> None:
    write(
        tmp_path,
        default=DEFAULT,
        rules="""
            version: 1
            shops:
              - {stages: {lost: 60s}, steps: [{at: 121s, to: team}]}
            campaigns:
              - {name: a, from: "2026-11-10", until: "2026-11-12", stages: {slow: 60s, lost: 7d}}
        """,
    )
    assert doubts(load(tmp_path)) == [
        "rules.yaml:3:35: a step at 121s is long after the last limit, 1m",
        "rules.yaml:5:82: lost (7d) is never passed: waits are given up after 7d",
    ]


def test_the_examples_in_the_shipped_files_are_good(tmp_path: Path) -> None:
    for name in ("default", "rules", "shops", "people"):
        text = (default_folder() / f"{name}.yaml").read_text("utf-8")
        kept = []
        for line in text.splitlines():
            if line.startswith("#  "):
                line = line[1:]
            elif line.lstrip().startswith("# dates:") or line.lstrip().startswith("# weekly:"):
                line = line.replace("# ", "", 1)
            kept.append(line.removesuffix(" []"))
        (tmp_path / f"{name}.yaml").write_text("\n".join(kept), "utf-8")
    (tmp_path / "shops.yaml").write_text(
        (tmp_path / "shops.yaml").read_text("utf-8") + "\n" + "  - {shop: green_bud, team: B}\n", "utf-8"
    )
    assert faults(tmp_path) == []
    rules = load(tmp_path)
    assert len(rules.register.persons) == 5
    assert len(rules.register.slots) == 3
    assert rules.register.shops[0].targets == {"taobao_3min": 0.9, "taobao_mean": 30.0}
    assert rules.book.resolve("pinduoduo", "green_bud", None, at("2026-11-20 03:00")).policy.responsible == "merchant"
    assert rules.book.resolve("taobao", "senye", None, at("2026-11-11 03:00")).policy.name == "双11开卖"
