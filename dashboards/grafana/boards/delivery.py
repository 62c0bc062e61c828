"""Whether alerts are right, in time, and arrive."""

from boards.panel import ANY, JOB, LOST, OK, TEAM_ONLY, WARN, Panel, hourly, part_of, quantile, rate

WITHDRAWN, RAISED = JOB + ', outcome="withdrawn"', JOB + ', outcome="raised"'
FAILED = (
    f'sum by (channel) (increase(presales_deliveries_total{{{JOB}, outcome="failed"}}[1h])) '
    f"or sum by (channel) (0 * presales_outbox_pending{{{JOB}}})"
)
PANELS = [
    Panel(
        "Alerts",
        "Raised, risen, claimed, resolved, withdrawn, a minute.",
        "short",
        {"{{outcome}}": f"60 * {rate('alerts_total', TEAM_ONLY, 'outcome')}"},
        wide=12,
    ),
    Panel(
        "Withdrawn",
        "Share of alerts that what came later disproved.",
        "percentunit",
        {"": f"({rate('alerts_total', WITHDRAWN)} or vector(0)) / ({rate('alerts_total', RAISED)} > 0)"},
        limits=((None, OK), (0.02, WARN), (0.1, LOST)),
        wide=12,
    ),
    Panel(
        "Decided late",
        "From the instant an alert was due until it was decided.",
        "s",
        {
            "half": quantile(0.5, "alert_lateness_seconds", JOB),
            "99 of 100": quantile(0.99, "alert_lateness_seconds", JOB),
        },
        limits=((None, OK), (0.25, WARN), (1, LOST)),
        wide=12,
    ),
    Panel(
        "Delivered after",
        "From the decision until the channel took it, 99 of 100.",
        "s",
        {"{{channel}}": quantile(0.99, "delivery_seconds", JOB, "channel")},
        limits=((None, OK), (1, WARN), (5, LOST)),
        wide=12,
    ),
    Panel(
        "Deliveries",
        "By channel and outcome, a minute.",
        "short",
        {"{{channel}} {{outcome}}": f"60 * {rate('deliveries_total', JOB, 'channel, outcome')}"},
        wide=12,
    ),
    Panel(
        "Not yet delivered",
        "Messages in the outbox.",
        "short",
        {"{{channel}}": f"sum by (channel) (presales_outbox_pending{{{JOB}}})"},
        limits=ANY,
        wide=12,
    ),
    Panel(
        "Said together, or no more needed",
        "Share of messages that went into one with others, and of those whose buyer was answered just before.",
        "percentunit",
        {
            "in one with others": part_of("digested"),
            "answered before": part_of("dropped_answered"),
        },
        wide=12,
    ),
    Panel(
        "Failed deliveries",
        "Messages that no try brought through, an hour, by channel.",
        "short",
        {"{{channel}}": FAILED},
        limits=ANY,
        wide=12,
    ),
    Panel(
        "Canary",
        "How long an artificial chat takes through the whole chain, where `alerts.canary` is on.",
        "s",
        {"half": quantile(0.5, "canary_seconds", JOB), "99 of 100": quantile(0.99, "canary_seconds", JOB)},
        limits=((None, OK), (5, WARN), (20, LOST)),
        wide=12,
    ),
    Panel(
        "Canaries",
        "Artificial chats, by whether they came through in time, an hour.",
        "short",
        {"{{outcome}}": hourly("canary_total", JOB, "outcome")},
        wide=12,
    ),
]
