import json
from typing import Any

import msgspec
import pytest

from monitor.alerts.router import MACHINE_EXPIRES_MS, PEOPLE_EXPIRES_MS, Route, Router, message_id, route
from monitor.core.decisions import AlertOrder, TellPeople
from monitor.core.roster import NOBODY_WRITTEN_DOWN, Register, Team
from monitor.policy_files.channels import Plan
from monitor.store.outbox import HIGH, TOLD
from tests.alerts.orders import ASKED_MS, raised, resolved, risen, withdrawn
from tests.alerts.tellings import named, told

MQTT = Route(channel="mqtt", for_people=False, expires_ms=MACHINE_EXPIRES_MS)
MACHINE = Route(channel="webhook", for_people=False, expires_ms=MACHINE_EXPIRES_MS)
PEOPLE = Route(channel="ding", for_people=True, expires_ms=PEOPLE_EXPIRES_MS)


@pytest.mark.parametrize(
    ("order", "name"),
    [
        (raised(), "k3f9-7.slow.raised"),
        (risen(), "k3f9-7.at_risk.risen"),
        (resolved(), "k3f9-7.slow.resolved"),
        (withdrawn(), "k3f9-7.slow.withdrawn"),
        (raised(repetition=2), "k3f9-7.slow.raised.r2"),
    ],
)
def test_a_delivery_is_known_by_alert_stage_transition_and_repetition(order: AlertOrder, name: str) -> None:
    (delivery,) = route(order, epoch="k3f9", channels=[MACHINE])
    assert delivery.delivery_id == f"{name}@webhook"
    assert message_id(delivery) == name
    assert delivery.alert_id == "k3f9-7"


def test_every_program_is_told_and_the_message_has_one_id_everywhere() -> None:
    router = Router(epoch="k3f9", machines=[MACHINE, MQTT, PEOPLE])
    deliveries = router(raised())
    assert [delivery.channel for delivery in deliveries] == ["webhook", "mqtt"]
    assert len({delivery.delivery_id for delivery in deliveries}) == 2
    assert {message_id(delivery) for delivery in deliveries} == {"k3f9-7.slow.raised"}


def test_without_channels_nothing_is_told() -> None:
    assert route(raised(), epoch="k3f9", channels=[]) == []


def test_a_delivery_carries_its_body_and_its_times() -> None:
    (delivery,) = route(raised(), epoch="k3f9", channels=[MACHINE])
    body = json.loads(delivery.body)
    assert body["type"] == "alert.raised"
    assert body["data"]["id"] == "k3f9-7"
    assert (delivery.due_at_ms, delivery.decided_at_ms) == (raised().due_at_ms, raised().decided_at_ms)
    assert (delivery.transition, delivery.stage) == ("raised", "slow")


# 10:13 in Shanghai: no quiet hours but those of "sleeper".
PLAN = Plan.model_validate(
    {
        "version": 1,
        "channels": {name: {"type": "log"} for name in ("a", "a_lead", "b", "manager", "night", "rest", "x")}
        | {
            "sleeper": {"type": "log", "quiet": {"from": "09:00", "until": "11:00"}, "fallback": "dozer"},
            "dozer": {"type": "log", "quiet": {"from": "10:00", "until": "10:30"}, "fallback": "night"},
            "gone": {"type": "log", "quiet": {"from": "09:00", "until": "11:00"}},
        },
        "routes": [
            {"match": {"team": ["a组"]}, "team": "a", "lead": "a_lead"},
            {"match": {"team": ["b组"], "shop": ["nanfeng"]}, "team": "b"},
            {"match": {"team": ["夜班"]}, "team": "sleeper"},
            {"match": {"team": ["走了"]}, "team": "gone"},
            {"digest": "manager"},
        ],
        "fallback": "rest",
    },
    strict=False,
)


def routed(one: TellPeople, register: Register = NOBODY_WRITTEN_DOWN) -> list[str]:
    router = Router(epoch="k3f9", machines=[MACHINE], plan=PLAN, register=register)
    return [delivery.channel for delivery in router(one)]


@pytest.mark.parametrize(
    ("what", "channels"),
    [
        ({"team": "a组"}, ["a"]),
        ({"team": "a组", "to": "lead"}, ["a_lead"]),
        ({"team": "", "to": "digest", "kind": "digest"}, ["manager"]),
        ({"team": "b组"}, ["rest"]),
        ({"team": "c组"}, ["rest"]),
        ({"team": "夜班"}, ["night"]),
        ({"team": "走了"}, []),
        ({"team": "a组", "to": "panel"}, []),
        ({"team": "a组", "to": "popup"}, []),
        ({"team": "a组", "to": "console"}, []),
        ({"team": "a组", "to": "claimer"}, []),
    ],
)
def test_people_are_told_where_the_rules_say_else_where_stands_in(what: dict[str, Any], channels: list[str]) -> None:
    assert routed(told(**what)) == channels


def test_a_route_may_be_for_some_shops_only() -> None:
    assert routed(told(named(shop="nanfeng"), team="b组")) == ["b"]


def test_an_alert_of_no_wait_goes_where_its_shop_goes() -> None:
    assert routed(told(kind="promise", waits=(), team="b组", facts={"shop": "nanfeng"})) == ["b"]
    assert routed(told(kind="source", waits=(), team="b组", facts={"shops": ["x", "nanfeng"], "shop": None})) == ["b"]


def test_where_no_lead_is_there_the_manager_is_told_else_the_group() -> None:
    assert routed(told(team="a组", to="digest")) == ["manager"]
    without = PLAN.model_copy(update={"routes": PLAN.routes[:-1], "fallback": None})
    router = Router(epoch="k3f9", machines=[], plan=without)
    (delivery,) = router(told(team="a组", to="digest"))
    assert (delivery.channel, delivery.transition) == ("a_lead", HIGH)
    # Of a shop nobody can serve the group is told beside the manager, and not twice.
    assert router(told(kind="unattended", team="a组", to="digest")) == []
    assert router(told(kind="digest", team="", to="digest")) == []


def test_a_lead_without_a_channel_of_their_own_is_mentioned_in_the_group() -> None:
    assert routed(told(named(shop="nanfeng"), team="b组", to="lead")) == ["b"]


def test_where_no_route_says_it_the_roster_names_a_teams_channels() -> None:
    register = Register(teams=(Team(id="d组", channels=("b", "x", "no such")),))
    assert routed(told(team="d组"), register) == ["b", "x"]


def test_a_message_to_people_carries_what_was_decided() -> None:
    one = told(named(7), named(8))
    (delivery,) = Router(epoch="k3f9", machines=[], plan=PLAN)(one)
    assert delivery.delivery_id == "k3f9-7.team.120s@a"
    assert (delivery.alert_id, delivery.transition, delivery.stage) == ("k3f9-7", TOLD, "120s")
    assert delivery.expires_at_ms == ASKED_MS + 165_004
    assert msgspec.json.decode(delivery.body, type=TellPeople) == one


def test_a_lead_and_an_unattended_shop_may_use_what_is_kept_for_them() -> None:
    router = Router(epoch="k3f9", machines=[], plan=PLAN)
    urgent = [told(to="lead"), told(kind="unattended"), told(kind="source"), told(kind="promise")]
    assert [router(one)[0].transition for one in urgent] == [HIGH, HIGH, HIGH, TOLD]


def test_without_rules_people_are_told_nothing() -> None:
    assert Router(epoch="k3f9", machines=[MACHINE])(told()) == []
