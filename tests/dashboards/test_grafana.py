"""The Grafana dashboards: built as committed, and by the rules of Grafana's own dashboard linter."""

import importlib.util
import json
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent.parent
FOLDER = ROOT / "dashboards" / "grafana"


def builder() -> ModuleType:
    spec = importlib.util.spec_from_file_location("grafana_build", FOLDER / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(FOLDER))  # As when it is run: what the boards show lies beside it.
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(FOLDER))
    return module


BUILD = builder()
COMMITTED = {path.stem: path.read_text("utf-8") for path in sorted((FOLDER / "dashboards").glob("*.json"))}
BOARDS: dict[str, dict[str, Any]] = {
    name: json.loads(text) for name, text in COMMITTED.items() if not name.endswith(BUILD.ZH)
}
PANELS = [(board, panel) for board, shown in BOARDS.items() for panel in shown["panels"]]
names = pytest.mark.parametrize("board", BOARDS)
each_panel = pytest.mark.parametrize(
    "panel", [panel for _, panel in PANELS], ids=[f"{board}: {panel['title']}" for board, panel in PANELS]
)


def test_what_is_committed_is_what_is_built() -> None:
    built = {uid.removeprefix("presales-"): BUILD.text(uid) for uid in BUILD.ALL}
    assert built == COMMITTED, "make dashboards"


def asked(board: dict[str, Any]) -> list[tuple[Any, ...]]:
    """What a dashboard asks and how it lies, without its words."""
    return [
        (panel["gridPos"], panel["fieldConfig"], [target["expr"] for target in panel["targets"]])
        for panel in board["panels"]
    ]


@names
def test_a_dashboard_in_chinese_asks_the_same_and_no_word_of_it_is_english(board: str) -> None:
    chinese, english = json.loads(COMMITTED[f"{board}-zh"]), BOARDS[board]
    assert asked(chinese) == asked(english)
    assert chinese["uid"] == f"{english['uid']}-zh"
    told = [chinese["title"], chinese["description"]]
    for panel in chinese["panels"]:
        told += [panel["title"], panel["description"]]
        told += [target["legendFormat"] for target in panel["targets"]]
    words = [re.sub(r"\{\{\w+\}\}|≤ \d+ s", "", text) for text in told]
    assert [text for text in words if re.search("[A-Za-z]", text) and not re.search("[一-龥]", text)] == []


@names
def test_a_dashboard_may_not_be_edited_in_the_browser(board: str) -> None:
    shown = BOARDS[board]
    assert (shown["schemaVersion"], shown["editable"], shown["uid"]) == (42, False, f"presales-{board}")


# The rules of dashboard-linter, each by its name there.


@names
def test_template_rules(board: str) -> None:
    variables = {one["name"]: one for one in BOARDS[board]["templating"]["list"]}
    source = variables.pop("datasource")  # template-datasource-rule
    assert (source["type"], source["query"], source["label"]) == ("datasource", "prometheus", "Data source")
    for name in ("job", "instance"):  # template-job-rule, template-instance-rule
        one = variables[name]
        assert (one["label"], one["multi"], one["allValue"]) == (name.title(), True, ".+")
    for name, one in variables.items():
        assert (one["type"], one["includeAll"]) == ("query", True)
        assert one["datasource"]["uid"] == "${datasource}"
        assert re.fullmatch(rf"label_values\(\w+, {name}\)", one["query"])  # template-label-promql-rule
        assert one["refresh"] == 2  # template-on-time-change-reload-rule


@each_panel
def test_panel_rules(panel: dict[str, Any]) -> None:
    assert panel["datasource"]["uid"] == "${datasource}"  # panel-datasource-rule
    assert panel["title"]  # panel-title-description-rule
    assert panel["description"].endswith(".")
    assert panel["fieldConfig"]["defaults"]["unit"] in ("bytes", "ops", "percentunit", "s", "short")  # panel-units-rule
    assert panel["targets"]  # panel-no-targets-rule


EXCLUDED = yaml.safe_load((FOLDER / "dashboards" / ".lint").read_text("utf-8"))["exclusions"]


def is_excluded(rule: str, title: str) -> bool:
    return title in [entry["panel"] for entry in EXCLUDED[rule]["entries"]]


@each_panel
def test_target_rules(panel: dict[str, Any]) -> None:
    for target in panel["targets"]:
        expr = target["expr"]
        assert target["datasource"]["uid"] == "${datasource}"
        for name in ("job", "instance"):  # target-job-rule, target-instance-rule
            has = [
                f'{name}=~"${name}"' in labels for labels in re.findall(r"(?:presales|process)_\w+(\{[^}]*\})?", expr)
            ]
            assert bool(has and all(has)) is not is_excluded(f"target-{name}-rule", panel["title"]), expr
        for function, window in re.findall(r"(\w+)\([^\[(]*\[([^\]]+)\]", expr):  # target-rate-interval-rule
            assert (function, window) in (("rate", "$__rate_interval"), ("increase", "1h")), expr
        counters = re.findall(r"(\w+)\(presales_\w+_total\b", expr)  # target-counter-agg-rule
        assert len(counters) == len(re.findall(r"\w+_total\b", expr.replace("process_cpu_seconds_total", ""))), expr
        assert set(counters) <= {"rate", "increase"}, expr
        for rated in re.finditer(r"(?:rate|increase)\(", expr):
            assert expr[: rated.start()].rstrip(" (").endswith(("sum", ")")), (
                f"a counter is summed over instances: {expr}"
            )


def test_what_is_left_out_of_the_rules_is_there_and_has_its_reason() -> None:
    for rule in EXCLUDED.values():
        assert rule["reason"]
        for entry in rule["entries"]:
            [shown] = [one for one in BOARDS.values() if one["title"] == entry["dashboard"]]
            assert entry["panel"] in [panel["title"] for panel in shown["panels"]]


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
