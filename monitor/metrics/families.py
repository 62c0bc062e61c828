"""The list: what each metric is called outside, with its help, its labels and where it is read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from monitor.metrics.numbers import Histogram, Key, Metrics, MqttDoor


@dataclass(frozen=True, slots=True)
class Family:
    """One metric as the outside knows it, without the prefix."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    labels: tuple[str, ...]
    help: str
    read: Callable[[Metrics], Mapping[Key, float] | Mapping[Key, Histogram] | float]


def _of_broker(metrics: Metrics, read: Callable[[MqttDoor], float]) -> dict[Key, float]:
    """Return one series, or none where there is no broker."""
    return {} if metrics.mqtt is None else {(): float(read(metrics.mqtt))}


FAMILIES = (
    Family(
        "events_total",
        "counter",
        ("source", "outcome"),
        "Events by what became of them: accepted, duplicate, late, conflict, rejected.",
        lambda m: m.events,
    ),
    Family("messages_total", "counter", ("platform", "role"), "Messages by who said them.", lambda m: m.messages),
    Family(
        "events_clamped_total",
        "counter",
        (),
        "Events whose time was a little in the future and was set to their arrival.",
        lambda m: m.clamped,
    ),
    Family(
        "rejected_total",
        "counter",
        ("reason",),
        "Refused events by what is wrong with them; they are in the quarantine.",
        lambda m: m.rejected,
    ),
    Family(
        "refused_total",
        "counter",
        ("door", "reason"),
        "What a door turned away before reading events in it: too large, too slow, not allowed.",
        lambda m: m.refused,
    ),
    Family(
        "reply_wait_seconds",
        "histogram",
        ("platform", "team", "kind"),
        "How long buyers waited for a human reply, first of a session and next ones.",
        lambda m: m.reply_wait,
    ),
    Family(
        "waits_open",
        "gauge",
        ("platform", "team", "stage"),
        "Buyers who need an answer now, by how far their wait has come.",
        lambda m: m.waits_open,
    ),
    Family(
        "oldest_wait_seconds",
        "gauge",
        ("platform", "team"),
        "How long the buyer who needs an answer longest has waited; 0 when nobody waits.",
        lambda m: m.oldest_wait,
    ),
    Family(
        "shop_waits_open", "gauge", ("shop",), "Buyers of a shop who need an answer now.", lambda m: m.shop_waits_open
    ),
    Family(
        "promises_open",
        "gauge",
        ("platform", "team", "stage"),
        "Holding replies that still owe an answer.",
        lambda m: m.promises_open,
    ),
    Family(
        "rounds_total",
        "counter",
        ("platform", "team", "outcome"),
        "Waits by how they ended: answered, expired, abandoned, dismissed.",
        lambda m: m.rounds,
    ),
    Family(
        "shop_rounds_total",
        "counter",
        ("shop", "within"),
        "Rounds (sessions, buyers of a day) that have come out, by the shop's own platform's score.",
        lambda m: m.shop_rounds,
    ),
    Family(
        "passed_total",
        "counter",
        ("platform", "team", "stage", "courtesy"),
        "Limits that waits have passed; courtesy: the buyer had said polite words only.",
        lambda m: m.passed,
    ),
    Family(
        "promises_passed_total",
        "counter",
        ("platform", "team", "stage"),
        "Limits that promises have passed: due, late, missed.",
        lambda m: m.promises_passed,
    ),
    Family(
        "corrections_total",
        "counter",
        ("kind",),
        "Decisions that what came later has corrected: rounds restated, alerts withdrawn.",
        lambda m: m.corrections,
    ),
    Family(
        "alerts_total",
        "counter",
        ("team", "stage", "outcome"),
        "Alerts raised, risen, claimed, resolved, withdrawn.",
        lambda m: m.alerts,
    ),
    Family(
        "alert_lateness_seconds",
        "histogram",
        (),
        "From the instant an alert was due until it was decided.",
        lambda m: m.alert_lateness,
    ),
    Family(
        "deliveries_total",
        "counter",
        ("channel", "outcome"),
        "Messages to people and machines: sent, retried, failed, dropped_answered, digested.",
        lambda m: m.deliveries,
    ),
    Family(
        "delivery_seconds",
        "histogram",
        ("channel",),
        "From the decision until the channel took the message.",
        lambda m: m.delivery,
    ),
    Family(
        "suggestions_total",
        "counter",
        ("outcome",),
        "Suggested replies: offered, abstained, shown, picked, edited, ignored; and what came of a model's rewording.",
        lambda m: m.suggestions,
    ),
    Family(
        "quality_hits_total",
        "counter",
        ("rule", "level"),
        "Replies whose words broke a rule of service quality.",
        lambda m: m.quality_hits,
    ),
    Family("outbox_pending", "gauge", ("channel",), "Messages not yet delivered.", lambda m: m.outbox_pending),
    Family(
        "source_last_event_timestamp_seconds",
        "gauge",
        ("source",),
        "When a source last brought something, Unix time.",
        lambda m: m.source_last_event,
    ),
    Family(
        "source_lag_seconds",
        "gauge",
        ("source",),
        "How old a source's events are when they arrive.",
        lambda m: m.source_lag,
    ),
    Family(
        "source_stale",
        "gauge",
        ("source",),
        "1 while nothing proves that a source still sees the chat.",
        lambda m: m.source_stale,
    ),
    Family(
        "agents",
        "gauge",
        ("team", "state"),
        "People who answer, by how they stand: online, away, suspended, offline; unknown: on shift, and nothing heard.",
        lambda m: m.agents,
    ),
    Family(
        "unattended_shops",
        "gauge",
        ("platform",),
        "Shops of which nobody could take a new chat for too long.",
        lambda m: m.unattended_shops,
    ),
    Family("stale_shops", "gauge", ("platform",), "Shops whose chat no feed shows now.", lambda m: m.stale_shops),
    Family(
        "mqtt_connected",
        "gauge",
        (),
        "1 while the subscription to the broker stands, 0 while it is being tried again; without a broker nothing.",
        lambda m: _of_broker(m, lambda door: door.status.connected),
    ),
    Family(
        "mqtt_connects_total",
        "counter",
        (),
        "How often the subscription to the broker was made; all but the first were made again.",
        lambda m: _of_broker(m, lambda door: door.status.connects),
    ),
    Family(
        "mqtt_payloads_total",
        "counter",
        (),
        "Payloads from the broker that are stored and acknowledged.",
        lambda m: _of_broker(m, lambda door: door.status.payloads),
    ),
    Family(
        "mqtt_held_bytes",
        "gauge",
        (),
        "What has been read from the broker and is not stored yet; reading stops at 64 MiB.",
        lambda m: _of_broker(m, lambda door: door.held_bytes),
    ),
    Family("live_clients", "gauge", (), "Open live feeds (wallboards, consoles).", lambda m: m.live_clients),
    Family(
        "commit_seconds",
        "histogram",
        (),
        "How long one transaction took until it was on the disk.",
        lambda m: m.commit,
    ),
    Family(
        "loop_lag_seconds",
        "histogram",
        (),
        "How late the loop woke who had asked to be woken.",
        lambda m: m.loop_lag,
    ),
    Family(
        "scores_lag_seconds",
        "gauge",
        (),
        "How long the oldest change has been waiting to be scored: that is put off while the service is busy.",
        lambda m: m.scores_lag(),
    ),
    Family(
        "score_faults_total",
        "counter",
        (),
        "How often something could not be scored for a fault of the program, as the log says.",
        lambda m: m.score_faults,
    ),
    Family(
        "canary_total",
        "counter",
        ("outcome",),
        "Artificial chats sent through the whole chain: in_time, late.",
        lambda m: m.canary,
    ),
    Family(
        "canary_seconds",
        "histogram",
        (),
        "How long an artificial chat took through the whole chain.",
        lambda m: m.canary_seconds,
    ),
    Family("journal_bytes", "gauge", (), "Size of the journal on the disk.", lambda m: m.journal_bytes),
    Family("journal_free_bytes", "gauge", (), "Room left on the journal's disk.", lambda m: m.journal_free_bytes),
    Family("quarantined", "gauge", (), "Refused inputs kept to be mended and sent again.", lambda m: m.quarantined),
    Family(
        "clock_steps_total",
        "counter",
        (),
        "How often the machine's clock was found set back.",
        lambda m: m.clock_steps,
    ),
    Family("ready", "gauge", (), "1 while the service can store what it is sent.", lambda m: m.ready),
    Family(
        "rules_last_reload_successful",
        "gauge",
        (),
        "0 while the rules on disk are wrong and the last good ones hold.",
        lambda m: m.rules_last_reload_successful,
    ),
    Family(
        "build_info", "gauge", ("version", "rules_hash"), "Which build runs on which rules.", lambda m: m.build_info
    ),
)
