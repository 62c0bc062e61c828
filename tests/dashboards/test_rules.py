"""Recording and alert rules: what promtool says, and that each alert has its page."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from monitor.metrics import FAMILIES
from tests import needs

ROOT = Path(__file__).parent.parent.parent
FOLDER = ROOT / "dashboards" / "prometheus"
RULES = [
    rule
    for name in ("rules.yml", "alerts.yml")
    for group in yaml.safe_load((FOLDER / name).read_text())["groups"]
    for rule in group["rules"]
]
ALERTS: list[dict[str, Any]] = [rule for rule in RULES if "alert" in rule]


def promtool(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    (program,) = needs.programs("promtool", packages="prometheus")
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=False)


def test_promtool_takes_the_rules_and_their_tests_hold() -> None:
    checked = promtool("check", "rules", FOLDER / "rules.yml", FOLDER / "alerts.yml")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    tested = promtool("test", "rules", FOLDER / "tests" / "alerts.test.yml")
    assert tested.returncode == 0, tested.stdout + tested.stderr


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.get("alert") or rule["record"])
def test_a_rule_asks_for_metrics_that_there_are(rule: dict[str, Any]) -> None:
    known = {f"presales_{family.name}" for family in FAMILIES}
    known |= {f"{name}_{part}" for name in known for part in ("bucket", "count", "sum")}
    asked = set(re.findall(r"(?<![\w:])presales_\w+", rule["expr"]))
    assert asked <= known


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_an_alert_says_what_is_wrong_and_has_a_page_that_says_what_to_do(alert: dict[str, Any]) -> None:
    assert alert["labels"]["severity"] in ("page", "ticket", "none")
    assert alert["annotations"]["summary"]
    page = ROOT / alert["annotations"]["runbook_url"]
    assert page.name == f"{alert['alert']}.md"
    text = page.read_text("utf-8")
    assert text.startswith(f"# {alert['alert']}\n")
    assert {"## What it means", "## What to do"} <= set(text.splitlines())
    chinese = page.with_suffix(".zh-CN.md").read_text("utf-8")
    assert {"## 意思", "## 怎么办"} <= set(chinese.splitlines())
    assert len(re.findall(r"^\d\.", chinese, re.MULTILINE)) == len(re.findall(r"^\d\.", text, re.MULTILINE))


def test_there_is_no_page_of_an_alert_that_is_gone() -> None:
    pages = {page.name.partition(".")[0] for page in (ROOT / "docs" / "runbooks").glob("*.md")}
    assert pages == {alert["alert"] for alert in ALERTS}
