import json

import pytest

from monitor.alerts.router import MACHINE_EXPIRES_MS, PEOPLE_EXPIRES_MS, Route, message_id, route
from monitor.core.decisions import AlertOrder
from tests.alerts.orders import raised, resolved, risen, withdrawn

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


def test_every_channel_is_told_and_the_message_has_one_id_everywhere() -> None:
    deliveries = route(raised(), epoch="k3f9", channels=[MACHINE, PEOPLE])
    assert [delivery.channel for delivery in deliveries] == ["webhook", "ding"]
    assert len({delivery.delivery_id for delivery in deliveries}) == 2
    assert {message_id(delivery) for delivery in deliveries} == {"k3f9-7.slow.raised"}


def test_without_channels_nothing_is_told() -> None:
    assert route(raised(), epoch="k3f9", channels=[]) == []


def test_people_are_told_nothing_that_the_next_stage_has_overtaken() -> None:
    order = raised(decided_at_ms=raised().due_at_ms, next_due_at_ms=raised().due_at_ms + 9_000)
    people, machine = route(order, epoch="k3f9", channels=[PEOPLE, MACHINE])
    assert people.expires_at_ms == order.due_at_ms + 9_000
    assert machine.expires_at_ms == order.decided_at_ms + MACHINE_EXPIRES_MS
    (usual,) = route(raised(), epoch="k3f9", channels=[PEOPLE])
    assert usual.expires_at_ms == raised().decided_at_ms + PEOPLE_EXPIRES_MS


def test_a_delivery_carries_its_body_and_its_times() -> None:
    (delivery,) = route(raised(), epoch="k3f9", channels=[MACHINE])
    body = json.loads(delivery.body)
    assert body["type"] == "alert.raised"
    assert body["data"]["id"] == "k3f9-7"
    assert (delivery.due_at_ms, delivery.decided_at_ms) == (raised().due_at_ms, raised().decided_at_ms)
    assert (delivery.transition, delivery.stage) == ("raised", "slow")
