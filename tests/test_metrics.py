"""Metrics: what is counted, how it is called, and that a scrape is well formed and bounded."""

import asyncio
import re
import subprocess
from dataclasses import dataclass, field
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from monitor.core.decisions import (
    AlertOrder,
    CloseRound,
    Decision,
    PassPromise,
    PassStage,
    RaiseAlert,
    ResolveAlert,
    RestateRound,
    RiseAlert,
    WithdrawAlert,
)
from monitor.core.events import AnyEvent, Message
from monitor.metrics import FAMILIES, OTHER, REPLY_EDGES, SERIES_AT_MOST, Exposition, Metrics, Watcher
from monitor.metrics.numbers import reply_edges
from monitor.policy_files.rule_set import load
from monitor.policy_files.where import default_folder
from monitor.sources.mqtt import MqttStatus
from monitor.wire.batch import Refusal
from tests import needs
from tests.rounds import a_round
from tests.waiting import DEADLINE_SECONDS


@dataclass
class In:
    event: AnyEvent
    outcome: str


@dataclass
class Commit:
    decisions: list[Decision] = field(default_factory=list)
    events: list[In] = field(default_factory=list)
    refused: list[tuple[str, Refusal]] = field(default_factory=list)
    clamped: int = 0
    commit_seconds: float = 0.0


def an_order(kind: type[AlertOrder], *, late_ms: int = 0, **more: Any) -> Decision:
    return kind(  # type: ignore[return-value]
        wait=1,
        stage="at_risk",
        due_at_ms=1_000,
        decided_at_ms=1_000 + late_ms,
        platform="taobao",
        shop="senye",
        conversation="c",
        buyer="b",
        agent=None,
        account=None,
        team="a",
        waiting_since_ms=0,
        opened_at_ms=0,
        opened_by="m-1",
        buyer_messages=1,
        **more,
    )


def counted(*decisions: Decision) -> Metrics:
    metrics = Metrics(version="1")
    Watcher(metrics).watch(Commit(list(decisions)))
    return metrics


def scraped(metrics: Metrics) -> str:
    return asyncio.run(Exposition(metrics).text()).decode()


def samples(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_an_answered_round_is_counted_with_how_long_the_buyer_waited() -> None:
    metrics = counted(CloseRound(a_round(waited_ms=180_000)), CloseRound(a_round(waited_ms=180_001, first=False)))
    assert metrics.rounds == {("taobao", "a", "answered"): 2}
    found = samples(scraped(metrics))
    first = (("kind", "first"), ("platform", "taobao"), ("team", "a"))
    following = (("kind", "next"), ("platform", "taobao"), ("team", "a"))
    at_180 = ("le", "180.0")
    assert found["presales_reply_wait_seconds_bucket", tuple(sorted((*first, at_180)))] == 1, "at most 180 s is in 180"
    assert found["presales_reply_wait_seconds_bucket", tuple(sorted((*following, at_180)))] == 0
    assert found["presales_reply_wait_seconds_bucket", tuple(sorted((*following, ("le", "+Inf"))))] == 1
    assert found["presales_reply_wait_seconds_sum", following] == 180.001


def test_a_round_that_nobody_answered_has_no_reply_wait() -> None:
    metrics = counted(CloseRound(a_round(waited_ms=1, outcome="expired")))
    assert metrics.rounds == {("taobao", "a", "expired"): 1}
    assert not metrics.reply_wait


def test_a_correction_is_counted_beside_the_decision_and_takes_nothing_back() -> None:
    done = a_round(waited_ms=1)
    metrics = counted(CloseRound(done), RestateRound(done, None, "late"), an_order(WithdrawAlert, reason="late"))
    assert metrics.rounds == {("taobao", "a", "answered"): 1}
    assert metrics.corrections == {("round_late",): 1, ("alert_late",): 1}


def test_each_alert_order_has_its_outcome_and_telling_has_its_lateness() -> None:
    metrics = counted(
        an_order(RaiseAlert, late_ms=20),
        an_order(RiseAlert, late_ms=3),
        an_order(ResolveAlert, reason="answered", late_ms=9_000),
    )
    assert metrics.alerts == {
        ("a", "at_risk", "raised"): 1,
        ("a", "at_risk", "risen"): 1,
        ("a", "at_risk", "resolved"): 1,
    }
    assert metrics.alert_lateness[()].total == pytest.approx(0.023), "a resolution is not late"


def test_limits_passed_by_waits_and_promises_are_counted() -> None:
    promise = PassPromise("jd", "s", "c", "a", None, None, "due", False, 0, 1, 2)
    metrics = counted(PassStage("jd", "s", "a", "slow", True), PassStage("jd", "s", "a", "slow", False), promise)
    assert metrics.passed == {("jd", "a", "slow", "true"): 1, ("jd", "a", "slow", "false"): 1}
    assert metrics.promises_passed == {("jd", "a", "due"): 1}


def test_what_came_in_is_counted_by_source_and_outcome() -> None:
    metrics = Metrics(version="1")
    said = Message(id="m-1", ts_ms=0, source="collector-7", platform="jd", shop="s", buyer="b", role="buyer")
    turned = Refusal(index=0, path="$", error="is not JSON", reason="json", body=b"{", length=1, sha256="")
    Watcher(metrics).watch(
        Commit(
            events=[In(said, "accepted"), In(said, "duplicate"), In(said, "late")],
            refused=[("collector-7", turned)],
            clamped=2,
            commit_seconds=0.003,
        )
    )
    of = {outcome: metrics.events["collector-7", outcome] for outcome in ("accepted", "duplicate", "late", "rejected")}
    assert of == {"accepted": 1, "duplicate": 1, "late": 1, "rejected": 1}
    assert metrics.messages == {("jd", "buyer"): 2}, "a duplicate is no second message"
    assert metrics.rejected == {("json",): 1}
    assert metrics.clamped == 2
    assert metrics.commit[()].total == 0.003


@dataclass
class Subscription:
    status: MqttStatus
    held_bytes: int = 0


def test_of_a_broker_is_told_how_the_subscription_stands_and_of_none_nothing() -> None:
    metrics = Metrics(version="1")
    assert not any(name.startswith("presales_mqtt") for name, _ in samples(scraped(metrics)))
    metrics.mqtt = Subscription(MqttStatus(connected=True, connects=2, payloads=7), held_bytes=1024)
    found = samples(scraped(metrics))
    assert found["presales_mqtt_connected", ()] == 1
    assert found["presales_mqtt_connects_total", ()] == 2
    assert found["presales_mqtt_payloads_total", ()] == 7
    assert found["presales_mqtt_held_bytes", ()] == 1024
    metrics.mqtt.status.connected = False
    assert samples(scraped(metrics))["presales_mqtt_connected", ()] == 0


def test_names_and_labels_keep_the_rules() -> None:
    names = [family.name for family in FAMILIES]
    assert len(names) == len(set(names))
    for family in FAMILIES:
        assert re.fullmatch(r"[a-z][a-z_]*[a-z]", family.name), family.name
        assert family.name.endswith("_total") == (family.kind == "counter"), family.name
        assert not re.search(r"_(ms|millis|minutes|hours|percent|kb|mb)(_|$)", family.name), "base units only"
        assert family.help.endswith("."), family.name
        assert not {"buyer", "conversation", "agent", "le", "quantile"} & set(family.labels), family.name


def test_every_metric_of_the_contract_is_there() -> None:
    found = {family.name: family.labels for family in FAMILIES}
    assert found["events_total"] == ("source", "outcome")
    assert found["messages_total"] == ("platform", "role")
    assert found["reply_wait_seconds"] == ("platform", "team", "kind")
    assert found["waits_open"] == ("platform", "team", "stage")
    assert found["oldest_wait_seconds"] == ("platform", "team")
    assert found["rounds_total"] == ("platform", "team", "outcome")
    assert found["passed_total"] == ("platform", "team", "stage", "courtesy")
    assert found["corrections_total"] == ("kind",)
    assert found["promises_open"] == ("platform", "team", "stage")
    assert found["shop_waits_open"] == ("shop",)
    assert found["alerts_total"] == ("team", "stage", "outcome")
    assert found["deliveries_total"] == ("channel", "outcome")
    assert found["delivery_seconds"] == found["outbox_pending"] == ("channel",)
    assert found["source_last_event_timestamp_seconds"] == found["source_lag_seconds"] == ("source",)
    assert found["build_info"] == ("version", "rules_hash")
    assert found["shop_rounds_total"] == ("shop", "within")
    assert found["suggestions_total"] == ("outcome",)
    assert found["agents"] == ("team", "state")
    assert found["unattended_shops"] == found["stale_shops"] == ("platform",)
    assert {
        "alert_lateness_seconds",
        "live_clients",
        "commit_seconds",
        "loop_lag_seconds",
        "journal_bytes",
        "rules_last_reload_successful",
    } <= set(found)


def test_the_edges_of_the_scores_are_edges_of_the_histogram() -> None:
    assert len(REPLY_EDGES) <= 24
    assert sorted(set(REPLY_EDGES)) == list(REPLY_EDGES)
    assert {30, 60, 180, 300, 600, 3600} <= set(REPLY_EDGES)


def test_the_limits_of_the_rules_are_edges_too_as_far_as_there_is_room() -> None:
    assert reply_edges([60_000, 90_000, 3_600_001, 0]) == tuple(sorted((*REPLY_EDGES, 90)))
    assert len(reply_edges(range(1000, 100_000, 1000))) == 24
    limits_ms = load(default_folder()).book.limits_ms()
    assert {60_000, 180_000, 300_000} <= limits_ms
    assert {ms / 1000 for ms in limits_ms if ms <= 3_600_000} <= set(reply_edges(limits_ms))


def filled() -> Metrics:
    metrics = counted(CloseRound(a_round(waited_ms=10)), an_order(RaiseAlert), PassStage("jd", "s", "a", "slow", False))
    metrics.events.add('a "quoted" \\ name\nof two lines', "accepted", n=3)
    metrics.commit.observe(0.004)
    metrics.delivery.observe(0.2, "webhook")
    metrics.waits_open.add("taobao", "甲组", "fresh", n=2)
    return metrics


def test_a_scrape_reads_back_as_what_was_counted() -> None:
    text = scraped(filled())
    found = samples(text)
    odd = (("outcome", "accepted"), ("source", 'a "quoted" \\ name\nof two lines'))
    assert found["presales_events_total", odd] == 3
    assert found["presales_waits_open", (("platform", "taobao"), ("stage", "fresh"), ("team", "甲组"))] == 2
    assert found["presales_commit_seconds_count", ()] == 1
    assert found["presales_build_info", (("rules_hash", "built-in"), ("version", "1"))] == 1
    assert found["presales_live_clients", ()] == 0
    assert ("process_cpu_seconds_total", ()) in found
    described = {family.name: family.type for family in text_string_to_metric_families(text)}
    for family in FAMILIES:
        name = f"presales_{family.name.removesuffix('_total')}"
        assert described[name] == family.kind, name


def test_promtool_has_nothing_to_say() -> None:
    (promtool,) = needs.programs("promtool", packages="prometheus")
    done = subprocess.run(
        [promtool, "check", "metrics"], input=scraped(filled()).encode(), capture_output=True, check=False
    )
    said = [line for line in (done.stdout + done.stderr).decode().splitlines() if line.startswith("presales_")]
    assert said == []


def test_a_sender_that_makes_up_names_cannot_fill_the_memory() -> None:
    metrics = Metrics(version="1")
    for n in range(SERIES_AT_MOST + 500):
        metrics.events.add(f"source-{n}", "accepted")
        metrics.reply_wait.observe(1.0, f"platform-{n}", "a", "first")
    assert len(metrics.events) == SERIES_AT_MOST + 1
    assert metrics.events[OTHER, "accepted"] == 500
    assert sum(sum(h.counts) for h in metrics.reply_wait.values()) == SERIES_AT_MOST + 500
    assert len(metrics.reply_wait) < 300


def test_shops_beyond_the_bound_are_summed_and_what_came_of_their_rounds_is_told_apart() -> None:
    metrics = Metrics(version="1")
    for n in range(SERIES_AT_MOST + 7):
        metrics.shop_rounds.add(f"shop-{n}", "true")
    metrics.shop_rounds.add("late-comer", "false", n=2)
    metrics.shop_rounds.add("shop-0", "true")
    assert metrics.shop_rounds[OTHER, "true"] == 7
    assert metrics.shop_rounds[OTHER, "false"] == 2
    assert metrics.shop_rounds["shop-0", "true"] == 2
    assert sum(metrics.shop_rounds.values()) == SERIES_AT_MOST + 10


async def test_a_scrape_lets_others_have_the_loop_and_takes_what_they_add() -> None:
    metrics = Metrics(version="1")
    for n in range(SERIES_AT_MOST):
        metrics.shop_waits_open.add(f"shop-{n}")
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            metrics.shop_waits_open.add(f"new-{turns}")
            await asyncio.sleep(0)

    other = asyncio.create_task(others())
    text = await Exposition(metrics).text()
    other.cancel()
    assert turns >= 2
    assert len([line for line in text.decode().splitlines() if line.startswith("presales_shop_waits_open{")]) >= (
        SERIES_AT_MOST
    )


async def test_the_loop_s_own_lateness_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.metrics.numbers.LAG_PROBE_SECONDS", 0.001)
    metrics = Metrics(version="1")
    measured: asyncio.Queue[float] = asyncio.Queue()
    monkeypatch.setattr(metrics.loop_lag, "observe", measured.put_nowait)
    probe = asyncio.create_task(metrics.watch_loop())
    async with asyncio.timeout(DEADLINE_SECONDS):
        assert await measured.get() >= 0
    probe.cancel()
