"""Writes the Grafana dashboards: ``python dashboards/grafana/build.py``; a test holds the files against this.

Classic JSON, schemaVersion 42: what Grafana's file provider takes, also in 12 and 13. Limits are those of the
shipped rules; a floor with others changes them here.
"""

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grafana_foundation_sdk.builders import common, dashboard, prometheus, stat, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import BigValueColorMode, LegendDisplayMode, LegendPlacement
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DataSourceRef,
    Threshold,
    ThresholdsMode,
    VariableOption,
    VariableRefresh,
    VariableSort,
)

FOLDER = Path(__file__).parent / "dashboards"
SOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")
JOB = 'job=~"$job", instance=~"$instance"'
TEAM = JOB + ', platform=~"$platform", team=~"$team"'
TEAM_ONLY = JOB + ', team=~"$team"'
WITHDRAWN, RAISED = JOB + ', outcome="withdrawn"', JOB + ', outcome="raised"'
FAILED = (
    f'sum by (channel) (increase(presales_deliveries_total{{{JOB}, outcome="failed"}}[1h])) '
    f"or sum by (channel) (0 * presales_outbox_pending{{{JOB}}})"
)
HOURLY = f"sum by (stage, courtesy) (increase(presales_passed_total{{{TEAM}}}[1h]))"
TAG = "presales-monitor"
# Colours that the colour-blind tell apart, the same as on the wallboard.
OK, WARN, LATE, LOST = "#5BA3C9", "#F5E663", "#F28E2B", "#FF5A5F"


@dataclass
class Panel:
    """One panel: what it shows, and the queries with the words of their legends."""

    title: str
    about: str
    unit: str
    queries: dict[str, str]
    big: bool = False  # One number instead of lines.
    limits: tuple[tuple[float | None, str], ...] = ((None, OK),)
    wide: int = 8
    instant: bool = field(default=False)


def rate(metric: str, labels: str = TEAM, by: str = "", window: str = "$__rate_interval") -> str:
    """Return the summed rate of a counter."""
    grouped = f" by ({by})" if by else ""
    return f"sum{grouped} (rate(presales_{metric}{{{labels}}}[{window}]))"


def quantile(q: float, metric: str, labels: str = TEAM, by: str = "") -> str:
    """Return a quantile of a histogram."""
    return f"histogram_quantile({q}, {rate(metric + '_bucket', labels, 'le' + (', ' + by if by else ''))})"


def within(seconds: int, labels: str = TEAM, by: str = "") -> str:
    """Return the share of replies that came within so many seconds."""
    over = rate("reply_wait_seconds_bucket", f'{labels}, le="{float(seconds)}"', by)
    return f"{over} / ({rate('reply_wait_seconds_count', labels, by)} > 0)"


def part_of(outcome: str) -> str:
    """Return the share of deliveries that ended in one way."""
    named = rate("deliveries_total", JOB + f', outcome="{outcome}"')
    return f"({named} or vector(0)) / ({rate('deliveries_total', JOB)} > 0)"


def within_own(by: str = "") -> str:
    """Return the share that came out in time by each shop's own platform's score."""
    shop = JOB + ', shop=~"$shop"' if by else JOB
    in_time = rate("shop_rounds_total", shop + ', within="true"', by)
    return f"{in_time} / ({rate('shop_rounds_total', shop, by)} > 0)"


SHARE = ((None, LOST), (0.8, LATE), (0.9, WARN), (0.95, OK))
WAIT = ((None, OK), (60, WARN), (180, LATE), (300, LOST))
ANY = ((None, OK), (1, LATE))

OVERVIEW = [
    Panel(
        "Longest wait",
        "How long the buyer who needs an answer longest has waited.",
        "s",
        {"": f"max (presales_oldest_wait_seconds{{{TEAM}}})"},
        big=True,
        limits=WAIT,
        wide=6,
    ),
    Panel(
        "Waiting now",
        "Buyers who need an answer now.",
        "short",
        {"": f"sum (presales_waits_open{{{TEAM}}})"},
        big=True,
        wide=6,
    ),
    Panel(
        "Answered within 3 minutes",
        "Share of human replies within 180 s, in the last hour. What a platform publishes counts differently.",
        "percentunit",
        {"": within(180).replace("$__rate_interval", "1h")},
        big=True,
        limits=SHARE,
        wide=6,
    ),
    Panel(
        "Past 3 minutes, last hour",
        "Waits that passed 180 s, courtesy left out.",
        "short",
        {"": f'sum (increase(presales_passed_total{{{TEAM}, stage="at_risk", courtesy="false"}}[1h])) or vector(0)'},
        big=True,
        limits=ANY,
        wide=6,
    ),
    Panel(
        "Waiting by stage",
        "Open waits by how far they have come.",
        "short",
        {"{{stage}}": f"sum by (stage) (presales_waits_open{{{TEAM}}})"},
        wide=12,
    ),
    Panel(
        "Replies within 60, 180, 300 s",
        "Share of human replies.",
        "percentunit",
        {f"≤ {s} s": within(s) for s in (60, 180, 300)},
        limits=SHARE,
        wide=12,
    ),
    Panel(
        "How long buyers wait",
        "Of the replies given: half, 9 of 10, 99 of 100.",
        "s",
        {
            "half": quantile(0.5, "reply_wait_seconds"),
            "9 of 10": quantile(0.9, "reply_wait_seconds"),
            "99 of 100": quantile(0.99, "reply_wait_seconds"),
        },
        limits=WAIT,
        wide=12,
    ),
    Panel(
        "Rounds by outcome",
        "Waits that ended, a second.",
        "ops",
        {"{{outcome}}": rate("rounds_total", by="outcome")},
        wide=12,
    ),
    Panel(
        "In time by the platforms' own scores",
        "Share that came out in time as each shop's own platform counts it, in the last hour.",
        "percentunit",
        {"": within_own().replace("$__rate_interval", "1h")},
        big=True,
        limits=SHARE,
        wide=6,
    ),
    Panel(
        "Shops nobody can serve",
        "Nobody could take a new chat there for too long.",
        "short",
        {"": f'sum (presales_unattended_shops{{{JOB}, platform=~"$platform"}})'},
        big=True,
        limits=ANY,
        wide=6,
    ),
    Panel(
        "Shops unseen",
        "No feed shows their chat now: nobody knows whether a buyer waits.",
        "short",
        {"": f'sum (presales_stale_shops{{{JOB}, platform=~"$platform"}})'},
        big=True,
        limits=ANY,
        wide=6,
    ),
    Panel(
        "People online",
        "Who may be given a new chat, as presence tells; who has not been heard of is not in it.",
        "short",
        {"": f'sum (presales_agents{{{TEAM_ONLY}, state="online"}})'},
        big=True,
        wide=6,
    ),
    Panel(
        "Error budget burn",
        "How fast the 5 % that may pass 3 minutes are used up: 1 is just in budget; above 6 somebody is paged.",
        "x",
        {"15 minutes": "presales:rounds_late:burn15m", "2 hours": "presales:rounds_late:burn2h"},
        limits=((None, OK), (1, WARN), (3, LATE), (6, LOST)),
        wide=12,
    ),
    Panel(
        "Messages",
        "What is said, a second, by who says it.",
        "ops",
        {"{{role}}": rate("messages_total", JOB + ', platform=~"$platform"', "role")},
        wide=12,
    ),
]
TEAMS = [
    Panel(
        "Waiting by team",
        "Open waits.",
        "short",
        {"{{team}}": f"sum by (team) (presales_waits_open{{{TEAM}}})"},
        wide=12,
    ),
    Panel(
        "Longest wait by team",
        "The buyer who needs an answer longest.",
        "s",
        {"{{team}}": f"max by (team) (presales_oldest_wait_seconds{{{TEAM}}})"},
        limits=WAIT,
        wide=12,
    ),
    Panel(
        "Within 3 minutes by team",
        "Share of replies.",
        "percentunit",
        {"{{team}}": within(180, by="team")},
        limits=SHARE,
        wide=12,
    ),
    Panel(
        "Half of the replies came within, by team",
        "Median wait.",
        "s",
        {"{{team}}": quantile(0.5, "reply_wait_seconds", by="team")},
        limits=WAIT,
        wide=12,
    ),
    Panel(
        "First and next replies",
        "Median wait of a session's first reply, and of the others.",
        "s",
        {"{{kind}}": quantile(0.5, "reply_wait_seconds", by="kind")},
        limits=WAIT,
        wide=12,
    ),
    Panel(
        "Owed answers",
        "Promises of holding replies that are still open.",
        "short",
        {"{{stage}}": f"sum by (stage) (presales_promises_open{{{TEAM}}})"},
        wide=12,
    ),
    Panel(
        "Most waits open, by shop",
        "The ten shops with most buyers waiting.",
        "short",
        {"{{shop}}": f'topk(10, sum by (shop) (presales_shop_waits_open{{{JOB}, shop=~"$shop"}}))'},
        wide=12,
    ),
    Panel(
        "In time by its own score, by shop",
        "The ten shops with the smallest share in the last hour, as each shop's own platform counts.",
        "percentunit",
        {"{{shop}}": f"bottomk(10, {within_own('shop').replace('$__rate_interval', '1h')})"},
        limits=SHARE,
        wide=12,
    ),
    Panel(
        "People by state",
        "Online, away, suspended, offline; unknown: on shift, and nothing heard.",
        "short",
        {"{{state}}": f"sum by (state) (presales_agents{{{TEAM_ONLY}}})"},
        wide=12,
    ),
    Panel(
        "Shops nobody can serve, by platform",
        "Nobody could take a new chat there for too long.",
        "short",
        {"{{platform}}": f'sum by (platform) (presales_unattended_shops{{{JOB}, platform=~"$platform"}})'},
        limits=ANY,
        wide=12,
    ),
    Panel(
        "Shops unseen, by platform",
        "No feed shows their chat now.",
        "short",
        {"{{platform}}": f'sum by (platform) (presales_stale_shops{{{JOB}, platform=~"$platform"}})'},
        limits=ANY,
        wide=12,
    ),
    Panel(
        "Broken promises",
        "Answers owed since a holding reply, by the limit they passed, an hour.",
        "short",
        {"{{stage}}": f"sum by (stage) (increase(presales_promises_passed_total{{{TEAM}}}[1h]))"},
        limits=ANY,
        wide=12,
    ),
    Panel(
        "Suggested replies",
        "Offered, nothing fitting, and what agents did with them, a minute.",
        "short",
        {"{{outcome}}": f"60 * {rate('suggestions_total', JOB, 'outcome')}"},
        wide=12,
    ),
    Panel(
        "Replies against a rule of quality",
        "By rule and level, an hour.",
        "short",
        {"{{rule}} ({{level}})": f"sum by (rule, level) (increase(presales_quality_hits_total{{{JOB}}}[1h]))"},
        limits=ANY,
        wide=12,
    ),
    Panel(
        "Limits passed",
        "An hour, by stage; courtesy apart.",
        "short",
        {"{{stage}}, courtesy {{courtesy}}": HOURLY},
        wide=12,
    ),
]
DELIVERY = [
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
        {"{{outcome}}": f"sum by (outcome) (increase(presales_canary_total{{{JOB}}}[1h]))"},
        wide=12,
    ),
]
SERVICE = [
    Panel(
        "Ready",
        "1 while what is sent can be stored.",
        "short",
        {"": f"min (presales_ready{{{JOB}}})"},
        big=True,
        limits=((None, LOST), (1, OK)),
        wide=6,
    ),
    Panel(
        "Sources unseen",
        "Feeds of which nothing proves that they still see the chat.",
        "short",
        {"": f"sum (presales_source_stale{{{JOB}}})"},
        big=True,
        limits=ANY,
        wide=6,
    ),
    Panel(
        "Rules in force",
        "0 while the rules on disk are wrong and the last good ones hold.",
        "short",
        {"": f"min (presales_rules_last_reload_successful{{{JOB}}})"},
        big=True,
        limits=((None, LOST), (1, OK)),
        wide=6,
    ),
    Panel(
        "Live pages",
        "Open wallboards, consoles and panels.",
        "short",
        {"": f"sum (presales_live_clients{{{JOB}}})"},
        big=True,
        wide=6,
    ),
    Panel(
        "Events",
        "By what became of them, a second.",
        "ops",
        {"{{outcome}}": rate("events_total", JOB, "outcome")},
        wide=12,
    ),
    Panel(
        "Lag of the sources",
        "How old events are when they arrive.",
        "s",
        {"{{source}}": f"topk(10, max by (source) (presales_source_lag_seconds{{{JOB}}}))"},
        limits=((None, OK), (30, WARN), (60, LATE)),
        wide=12,
    ),
    Panel(
        "Refused",
        "Events with something wrong, and what the doors turned away unread, an hour.",
        "short",
        {
            "events: {{reason}}": f"sum by (reason) (increase(presales_rejected_total{{{JOB}}}[1h]))",
            "{{door}}: {{reason}}": f"sum by (door, reason) (increase(presales_refused_total{{{JOB}}}[1h]))",
        },
        limits=ANY,
        wide=12,
    ),
    Panel(
        "Kept to be mended",
        "Refused inputs in the quarantine.",
        "short",
        {"": f"sum (presales_quarantined{{{JOB}}})"},
        limits=ANY,
        wide=12,
    ),
    Panel(
        "Corrected",
        "Rounds restated and alerts withdrawn because of what came late, an hour.",
        "short",
        {"{{kind}}": f"sum by (kind) (increase(presales_corrections_total{{{JOB}}}[1h]))"},
        wide=12,
    ),
    Panel(
        "Clocks",
        "How often the machine's clock was set back, and events a little in the future, an hour.",
        "short",
        {
            "clock set back": f"sum (increase(presales_clock_steps_total{{{JOB}}}[1h]))",
            "events of the future": f"sum (increase(presales_events_clamped_total{{{JOB}}}[1h]))",
        },
        limits=ANY,
        wide=12,
    ),
    Panel(
        "Commit",
        "How long a transaction takes until it is on the disk.",
        "s",
        {"half": quantile(0.5, "commit_seconds", JOB), "99 of 100": quantile(0.99, "commit_seconds", JOB)},
        wide=12,
    ),
    Panel(
        "Loop lag",
        "How late the loop wakes who asked to be woken.",
        "s",
        {"99 of 100": quantile(0.99, "loop_lag_seconds", JOB)},
        limits=((None, OK), (0.05, WARN), (0.5, LOST)),
        wide=12,
    ),
    Panel(
        "Scores behind",
        "How long the oldest change has been waiting to be scored: what only looks gives way to chat that comes in.",
        "s",
        {"behind": f"max (presales_scores_lag_seconds{{{JOB}}})"},
        limits=((None, OK), (60, WARN)),
        wide=12,
    ),
    Panel(
        "Journal",
        "Its size, and the room left on its disk.",
        "bytes",
        {"size": f"sum (presales_journal_bytes{{{JOB}}})", "room": f"min (presales_journal_free_bytes{{{JOB}}})"},
        wide=12,
    ),
    Panel(
        "Memory and processor",
        "Of the process.",
        "short",
        {
            "memory, MiB": f"sum (process_resident_memory_bytes{{{JOB}}}) / 1048576",
            "CPU, % of a core": f"100 * sum (rate(process_cpu_seconds_total{{{JOB}}}[$__rate_interval]))",
        },
        wide=12,
    ),
]
ALL = {
    "presales-overview": (
        "Presales: service level",
        "Who waits, and how much of the promise is kept.",
        OVERVIEW,
        ("platform", "team"),
    ),
    "presales-teams": ("Presales: teams and shops", "The same by team and shop.", TEAMS, ("platform", "team", "shop")),
    "presales-delivery": ("Presales: alerts", "Whether alerts are right, in time, and arrive.", DELIVERY, ("team",)),
    "presales-service": ("Presales: the service itself", "Sources, disk, loop, rules.", SERVICE, ()),
}
WHERE = {"platform": "presales_messages_total", "team": "presales_waits_open", "shop": "presales_shop_waits_open"}


def shown(panel: Panel) -> Any:
    """Return the builder of one panel."""
    steps = [Threshold(value=value, color=colour) for value, colour in panel.limits]
    thresholds = dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps)
    made: Any = stat.Panel() if panel.big else timeseries.Panel()
    made = made.title(panel.title).description(panel.about).unit(panel.unit).datasource(SOURCE)
    made = made.thresholds(thresholds).span(panel.wide).height(5 if panel.big else 8)
    if panel.big:
        made = made.color_mode(BigValueColorMode.BACKGROUND)
    else:
        legend = common.VizLegendOptions().display_mode(LegendDisplayMode.LIST).placement(LegendPlacement.BOTTOM)
        made = made.legend(legend.show_legend(True)).fill_opacity(8).line_width(2)
    for number, (legend_text, expr) in enumerate(panel.queries.items()):
        query = prometheus.Dataquery().expr(expr).ref_id(chr(ord("A") + number)).datasource(SOURCE)
        made = made.with_target(query.legend_format(legend_text or panel.title))
    return made


def variable(name: str, metric: str) -> Any:
    """Return a variable with the values of a label."""
    query = f"label_values({metric}, {name})"
    return (
        dashboard.QueryVariable(name).label(name).query(query).definition(query).datasource(SOURCE).multi(True)
        .include_all(True).all_value(".*").sort(VariableSort.ALPHABETICAL_ASC)
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .current(VariableOption(selected=True, text="All", value="$__all"))
    )  # fmt: skip


def built(uid: str) -> Any:
    """Return one dashboard."""
    title, about, panels, names = ALL[uid]
    made = (
        dashboard.Dashboard(title).uid(uid).description(about).tags([TAG]).readonly()
        .refresh("10s").time("now-3h", "now").tooltip(DashboardCursorSync.CROSSHAIR)
        .with_variable(dashboard.DatasourceVariable("datasource").label("data source").type("prometheus"))
        .with_variable(variable("job", "presales_build_info"))
        .with_variable(variable("instance", "presales_build_info"))
        .link(
            dashboard.DashboardLink("Presales").type("dashboards").tags([TAG])
            .as_dropdown(True).include_vars(True).keep_time(True)
        )
        .annotation(
            dashboard.AnnotationQuery().name("Alerts").datasource(SOURCE).enable(True).icon_color(LOST)
            .expr('max by (alertname) (ALERTS{alertname=~"Presales.+", alertstate="firing", severity="page"})')
        )
    )  # fmt: skip
    for name in names:
        made = made.with_variable(variable(name, WHERE[name]))
    for panel in panels:
        made = made.with_panel(shown(panel))
    return made.build()


def text(uid: str) -> str:
    """Return the JSON of one dashboard."""
    return (
        json.dumps(json.loads(JSONEncoder(sort_keys=True, indent=2).encode(built(uid))), indent=2, ensure_ascii=False)
        + "\n"
    )


def main() -> None:
    """Write all of them."""
    FOLDER.mkdir(exist_ok=True)
    for uid in ALL:
        (FOLDER / f"{uid.removeprefix('presales-')}.json").write_text(text(uid), "utf-8")
    sys.stdout.write(f"{len(ALL)} dashboards in {FOLDER}\n")


if __name__ == "__main__":
    main()
