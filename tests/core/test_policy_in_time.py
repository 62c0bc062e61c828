"""Rules by shop, phase and time: each event is held against what is in force for it, however it arrives."""

import itertools
import random
from typing import Any

import pytest
from msgspec.structs import replace

from monitor.core.book import Book, Layer
from monitor.core.decisions import AlertState
from monitor.core.hours import UTC, Hours
from monitor.core.policy import BUILT_IN, BuiltIn, Stage
from tests.core.hours import on_wall
from tests.timeline import Timeline, at_ms


def one(name: str, after: float) -> dict[str, Any]:
    return {"name": name, "window": (Stage(name, round(after * 1000)),)}


def book(*sections: list[Layer], rules: str = "v1") -> Book:
    return Book(BUILT_IN, sections, rules)


CAMPAIGN = Layer(rule="r:9", sets=one("rush", 30), from_ms=at_ms("10:00"), until_ms=at_ms("20:00"))
EVENING = Layer(rule="r:5", sets=one("evening", 90), hours=Hours(UTC, (on_wall(("30:00", "40:00")),) * 7))
AFTER = Layer(rule="r:3", sets=one("after", 300), phases=frozenset({"aftersale"}))
JD = Layer(rule="r:1", sets={"bot": "holds", "team": "jd"}, platforms=frozenset({"jd"}))


def test_a_campaign_begins_and_ends_by_itself() -> None:
    rules = book([CAMPAIGN])
    for when, told in (("9:59.999", "slow"), ("10:00", "rush"), ("19:59.999", "rush"), ("20:00", "slow")):
        [first, *_] = Timeline(rules).buyer(when).until("29:00")
        assert first.endswith(told)


def test_an_open_wait_keeps_its_policy_over_the_border() -> None:
    chat = Timeline(book([CAMPAIGN])).buyer("9:55")
    assert chat.until("20:00") == ["10:55 slow", "12:55 at_risk", "14:55 lost"]


def test_hours_turn_rules_on_and_off() -> None:
    chat = Timeline(book([EVENING])).buyer("29:00").agent("29:30").buyer("31:00").agent("33:00").buyer("41:00")
    assert chat.until("42:30") == ["32:30 evening", "33:00 resolved answered", "42:00 slow"]


def test_of_a_section_the_first_that_fits_and_over_it_the_more_particular() -> None:
    rules = book([JD], [AFTER, replace(AFTER, rule="r:4", sets=one("never", 1))], [CAMPAIGN])
    policy = rules.resolve("jd", "s", "aftersale", at_ms("0:00")).policy
    assert (policy.bot, policy.team, policy.name, policy.rule) == ("holds", "jd", "after", "r:3")
    resolved = rules.resolve("jd", "s", "aftersale", at_ms("10:00"))
    assert (resolved.policy.name, resolved.policy.team) == ("rush", "jd")
    assert (resolved.from_ms, resolved.until_ms) == (at_ms("10:00"), at_ms("20:00"))
    assert rules.resolve("jd", "s", "some other phase", at_ms("0:00")).policy.name == "built-in"
    assert rules.resolve("taobao", "s", None, at_ms("0:00")).policy == BUILT_IN


def test_presale_and_aftersale_of_one_shop_are_apart() -> None:
    chat = Timeline(book([AFTER])).buyer("0:00", chat="c", phase="presale").buyer("0:01", chat="d", phase="aftersale")
    chat.buyer("0:02", chat="e").buyer("0:03", chat="d", phase="presale")
    assert chat.until("6:00") == [
        "1:00 slow", "1:02 slow", "3:00 at_risk", "3:02 at_risk", "5:00 lost", "5:01 after", "5:02 lost",
    ]  # fmt: skip


def test_spans_hold_and_change_where_they_say() -> None:
    rng = random.Random(5)
    layers = [
        replace(
            CAMPAIGN, rule=f"r:{n}", sets=one(f"p{n}", 10 + n), from_ms=at_ms(start), until_ms=at_ms(start + 300),
            hours=EVENING.hours if n % 3 else None,
        )
        for n, start in enumerate(rng.sample(range(4000), 12))
    ]  # fmt: skip
    rules = book(layers[:6], layers[6:])
    for _ in range(300):
        at = at_ms(rng.randrange(5000))
        resolved = rules.resolve("taobao", "s", None, at)
        assert resolved.from_ms <= at < resolved.until_ms
        for near in (max(resolved.from_ms, at_ms(-10_000)), min(resolved.until_ms, at_ms(100_000)) - 1):
            assert rules.resolve("taobao", "s", None, near).policy == resolved.policy


def test_the_order_of_arrival_changes_nothing_at_the_border_of_a_campaign() -> None:
    said = [("9:59", "buyer"), ("10:01", "buyer"), ("10:20", "agent"), ("10:30", "buyer"), ("11:10", "agent")]
    results = set()
    for order in itertools.permutations(said):
        chat = Timeline(book([CAMPAIGN]))
        for when, role in order:
            chat.said(when, role, "有货吗" if role == "buyer" else "有的", id=when, agent="lin")  # type: ignore[arg-type]
        chat.until("15:00")
        names = {number: policy.name for number, policy in chat.tracker.policies.items()}
        results.add(tuple(sorted((r.opened_by, names[r.policy], r.passed) for r in chat.rounds.values())))
    assert results == {(("10:30", "rush", ("rush",)), ("9:59", "built-in", ()))}


def test_rules_changed_at_noon_change_what_opens_after_noon() -> None:
    chat = Timeline(book(rules="v1")).buyer("0:00").buyer("0:10", chat="d")
    chat.tracker.take_rules(Book(replace(BUILT_IN, **one("new", 10)), (), "v2"))
    chat.buyer("0:20", chat="e").agent("0:30", chat="d").buyer("0:40", chat="d")
    assert chat.until("1:10") == ["0:30 new", "0:50 new", "1:00 slow"]
    rules = chat.tracker.policies.rules
    assert [(row.conversation, row.limits[0][0]) for row in chat.tracker.waits()] == [
        ("c", "slow"), ("d", "new"), ("e", "new"),
    ]  # fmt: skip
    assert [rules[order.policy] for order in chat.decisions if hasattr(order, "policy")] == ["v2", "v2", "v1"]
    assert [state.rules for state in chat.decisions if isinstance(state, AlertState)] == ["v2", "v2", "v1"]


def test_what_arrives_late_after_a_change_is_folded_by_what_was_in_force_for_each() -> None:
    chat = Timeline(book(rules="v1")).buyer("0:00").agent("0:50").buyer("1:00").agent("1:40")
    chat.tracker.take_rules(Book(replace(BUILT_IN, **one("new", 10)), (), "v2"))
    chat.agent("0:05", id="late")
    passed = {r.opened_by: (r.passed, chat.tracker.policies.rules[r.policy]) for r in chat.rounds.values()}
    assert passed == {"m1": ((), "v1"), "m3": ((), "v1")}
    assert chat.ended() == ["answered 5", "answered 40"]


def test_the_same_policy_with_later_rules_keeps_its_number() -> None:
    chat = Timeline(BuiltIn()).buyer("0:00")
    chat.tracker.take_rules(Book(BUILT_IN, (), "v2"))
    chat.buyer("0:10", chat="d")
    assert list(chat.tracker.policies) == [0]
    assert [number for number, _, _ in chat.tracker.policies.take_new()] == [0]


def test_rules_read_again_each_day_that_say_the_same_take_no_room() -> None:
    chat = Timeline(book([AFTER]))
    for day in range(100):
        chat.tracker.take_rules(Book(replace(BUILT_IN, name=f"v{day % 2}"), ([AFTER],), f"v{day}"))
        chat.buyer(day * 86_400, chat=f"c{day}")
    policies = chat.tracker.policies
    assert [policy.name for policy in policies.values()] == ["v0", "v1"]
    assert len(policies._met) == 1


def test_shops_that_are_only_asked_about_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.core.book.SHOPS_KEPT", 50)
    rules = book([CAMPAIGN], [EVENING, AFTER])
    for n in range(500):
        assert rules.resolve("jd", f"made up {n}", None, at_ms("12:00")).policy.name == "rush"
        assert rules.phases_of("jd", f"made up {n}") == ["aftersale"]
    assert len(rules._of_shop) <= 50


def test_phases_are_looked_at_only_where_they_make_a_difference() -> None:
    """A rule behind one that always holds makes none, nor does one of another platform."""
    always = Layer(rule="r:2", sets={"team": "all"})
    rules = book([replace(AFTER, platforms=frozenset({"jd"})), always, replace(AFTER, rule="r:9")])
    assert (list(rules.phases_of("jd", "s")), list(rules.phases_of("taobao", "s"))) == (["aftersale"], [])
    assert rules.resolve("jd", "s", "aftersale", at_ms("0:00")).policy.name == "after"
    for phase in (None, "aftersale", "presale"):
        assert rules.resolve("taobao", "s", phase, at_ms("0:00")).policy.team == "all"
    of_shop = book([replace(AFTER, shops=frozenset({"s"}), hours=EVENING.hours), always])
    assert (list(of_shop.phases_of("taobao", "s")), list(of_shop.phases_of("taobao", "other"))) == (["aftersale"], [])
    assert [of_shop.resolve("taobao", "s", "aftersale", at_ms(at)).policy.name for at in ("29:00", "30:00")] == [
        "built-in", "after",
    ]  # fmt: skip
