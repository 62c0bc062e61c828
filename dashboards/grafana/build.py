"""Writes the Grafana dashboards: ``python dashboards/grafana/build.py``; a test holds the files against this.

Classic JSON, schemaVersion 42: what Grafana's file provider takes, also in 12 and 13. What each shows is in `boards`.
Each is there twice, in English and, its uid and file ending in ``-zh``, in Chinese: the same queries, other words.
"""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from boards import chinese, delivery, overview, service, teams
from boards.panel import LOST, Panel
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
TAG = "presales-monitor"
ZH = "-zh"
# By uid: title, about, panels, and what may be chosen beside job and instance.
BOARDS = {
    "presales-overview": ("service level", overview.__doc__, overview.PANELS, ("platform", "team")),
    "presales-teams": ("teams and shops", teams.__doc__, teams.PANELS, ("platform", "team", "shop")),
    "presales-delivery": ("alerts", delivery.__doc__, delivery.PANELS, ("team",)),
    "presales-service": ("the service itself", service.__doc__, service.PANELS, ()),
}
ALL = [uid + language for language in ("", ZH) for uid in BOARDS]
WHERE = {"platform": "presales_messages_total", "team": "presales_waits_open", "shop": "presales_shop_waits_open"}


def in_chinese(panel: Panel) -> Panel:
    """Return a panel with other words."""
    title, about = chinese.PANELS[panel.title]
    queries = {chinese.LEGENDS.get(legend, legend): expr for legend, expr in panel.queries.items()}
    return replace(panel, title=title, about=about, queries=queries)


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


def variable(name: str, metric: str, labels: dict[str, str]) -> Any:
    """Return a variable with the values of a label."""
    query, label = f"label_values({metric}, {name})", name.title()
    return (
        dashboard.QueryVariable(name).label(labels.get(label, label)).query(query).definition(query)
        .datasource(SOURCE).multi(True)
        .include_all(True).all_value(".+" if name in ("job", "instance") else ".*").sort(VariableSort.ALPHABETICAL_ASC)
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .current(VariableOption(selected=True, text="All", value="$__all"))
    )  # fmt: skip


def built(uid: str) -> Any:
    """Return one dashboard."""
    zh = uid.endswith(ZH)
    title, about, panels, names = BOARDS[uid.removesuffix(ZH)]
    labels, tag, link = (chinese.LABELS, TAG + ZH, "售前") if zh else ({}, TAG, "Presales")
    if zh:
        title, about = chinese.BOARDS[title]
    source, alerts = (labels.get(label, label) for label in ("Data source", "Alerts"))
    made = (
        dashboard.Dashboard(f"{link}{'：' if zh else ': '}{title}").uid(uid).description(about).tags([tag]).readonly()
        .refresh("10s").time("now-3h", "now").tooltip(DashboardCursorSync.CROSSHAIR)
        .with_variable(dashboard.DatasourceVariable("datasource").label(source).type("prometheus"))
        .with_variable(variable("job", "presales_build_info", labels))
        .with_variable(variable("instance", "presales_build_info", labels))
        .link(
            dashboard.DashboardLink(link).type("dashboards").tags([tag])
            .as_dropdown(True).include_vars(True).keep_time(True)
        )
        .annotation(
            dashboard.AnnotationQuery().name(alerts).datasource(SOURCE).enable(True).icon_color(LOST)
            .expr('max by (alertname) (ALERTS{alertname=~"Presales.+", alertstate="firing", severity="page"})')
        )
    )  # fmt: skip
    for name in names:
        made = made.with_variable(variable(name, WHERE[name], labels))
    for panel in panels:
        made = made.with_panel(shown(in_chinese(panel) if zh else panel))
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
