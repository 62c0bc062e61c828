"""The Grafana dashboards: built as committed, and by the rules of Grafana's own dashboard linter."""

import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent.parent
FOLDER = ROOT / "dashboards" / "grafana"


def builder() -> ModuleType:
    spec = importlib.util.spec_from_file_location("grafana_build", FOLDER / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


BUILD = builder()
BOARDS: dict[str, dict[str, Any]] = {
    path.stem: json.loads(path.read_text("utf-8")) for path in sorted((FOLDER / "dashboards").glob("*.json"))
}
PANELS = [(board, panel) for board, shown in BOARDS.items() for panel in shown["panels"]]
names = pytest.mark.parametrize("board", BOARDS)
each_panel = pytest.mark.parametrize(
    "panel", [panel for _, panel in PANELS], ids=[f"{board}: {panel['title']}" for board, panel in PANELS]
)


def test_what_is_committed_is_what_is_built() -> None:
    assert {f"presales-{name}" for name in BOARDS} == set(BUILD.ALL)
    for uid in BUILD.ALL:
        committed = (FOLDER / "dashboards" / f"{uid.removeprefix('presales-')}.json").read_text("utf-8")
        assert BUILD.text(uid) == committed, "make dashboards"


@names
def test_a_dashboard_has_its_data_source_job_and_instance_to_choose(board: str) -> None:
    shown = BOARDS[board]
    assert (shown["schemaVersion"], shown["editable"], shown["uid"]) == (42, False, f"presales-{board}")
    variables = {one["name"]: one for one in shown["templating"]["list"]}
    assert variables["datasource"]["type"] == "datasource"
    assert {"job", "instance"} <= variables.keys()
    for one in variables.values():
        if one["type"] == "query":
            assert (one["multi"], one["includeAll"], one["allValue"], one["refresh"]) == (True, True, ".*", 2)
            assert one["datasource"]["uid"] == "${datasource}"


@each_panel
def test_a_panel_says_what_it_shows_in_which_unit(panel: dict[str, Any]) -> None:
    assert panel["title"]
    assert panel["description"].endswith((".", "pages."))
    assert panel["fieldConfig"]["defaults"]["unit"]
    assert panel["datasource"]["uid"] == "${datasource}"
    assert panel["targets"]


@each_panel
def test_a_query_asks_the_chosen_job_and_sums_rates_over_the_right_interval(panel: dict[str, Any]) -> None:
    for target in panel["targets"]:
        expr = target["expr"]
        assert target["datasource"]["uid"] == "${datasource}"
        for selector in re.findall(r"presales_\w+(\{[^}]*\})?", expr):
            assert 'job=~"$job"' in selector, expr
            assert 'instance=~"$instance"' in selector, expr
        for window in re.findall(r"rate\([^\[]*\[([^\]]+)\]", expr):
            assert window in ("$__rate_interval", "1h"), expr
        for rated in re.finditer(r"(?:rate|increase)\(", expr):
            assert expr[: rated.start()].rstrip(" (").endswith(("sum", ")")), (
                f"a counter is summed over instances: {expr}"
            )


@each_panel
def test_a_histograms_limit_is_written_as_prometheus_writes_it(panel: dict[str, Any]) -> None:
    for target in panel["targets"]:
        for limit in re.findall(r'le="([^"]+)"', target["expr"]):
            assert "." in limit, 'le="180" finds nothing; le="180.0" does'


def test_no_two_panels_of_a_dashboard_lie_on_each_other() -> None:
    for shown in BOARDS.values():
        taken: set[tuple[int, int]] = set()
        for panel in shown["panels"]:
            at = panel["gridPos"]
            cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
            assert not cells & taken
            taken |= cells
