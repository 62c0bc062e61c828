"""All of it running: broker, service, Prometheus and Alertmanager on the files that docker-compose.yml mounts.

Simulated chat goes in by MQTT; every query of every dashboard must find something.
"""

import contextlib
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from monitor.metrics import FAMILIES
from monitor.simulator import floor_rules
from monitor.simulator.centre import build_centre
from tests import needs
from tests.plain import PLAIN
from tests.program import Program, free_port
from tests.waiting import DEADLINE_SECONDS

ROOT = Path(__file__).parent.parent.parent
CONFIGS = ROOT / "dashboards"
TOKEN = "a-token-for-this-test-only"  # noqa: S105 - of a service that lives as long as the test
PASSWORD = "a-password-for-this-test"  # noqa: S105 - of a broker that lives as long as the test


@contextlib.contextmanager
def program(folder: Path, *command: str | Path) -> Iterator[subprocess.Popen[bytes]]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "printed").open("ab") as printed:
        process = subprocess.Popen([*command], stdout=printed, stderr=printed, cwd=folder)
    try:
        yield process
    finally:
        process.kill()
        process.wait(DEADLINE_SECONDS)


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=DEADLINE_SECONDS, verify=PLAIN).is_success
    except httpx.TransportError:
        return False


class Whole:
    """The stack, with traffic through all of it."""

    def __init__(self, service: Program, prometheus: str, alertmanager: str) -> None:
        self.service = service
        self.prometheus = prometheus
        self.alertmanager = alertmanager

    def scrape(self) -> str:
        """What Prometheus gets."""
        answer = httpx.get(
            f"{self.service.url}/metrics",
            headers={"Authorization": f"Bearer {TOKEN}"},
            timeout=DEADLINE_SECONDS,
            verify=PLAIN,
        )
        return answer.raise_for_status().text

    def query(self, expr: str) -> list[dict[str, Any]]:
        answer = httpx.get(
            f"{self.prometheus}/api/v1/query", params={"query": expr}, timeout=DEADLINE_SECONDS, verify=PLAIN
        ).json()
        assert answer["status"] == "success", f"{expr}: {answer}"
        found: list[dict[str, Any]] = answer["data"]["result"]
        return found

    def finds(self, expr: str) -> bool:
        """Whether a query of a dashboard finds something with everything chosen: now, or a moment ago.

        What nobody owes just now was owed a moment ago.
        """
        expr = re.sub(r"\$(job|instance|platform|team|shop)\b", ".*", expr).replace("$__rate_interval", "5m")
        return bool(self.query(expr) or self.query(f"last_over_time(({expr})[5m:1s])"))


def broker_config(folder: Path, port: int) -> Path:
    """The mounted file, with this machine's folder and port."""
    (passwd,) = needs.programs("mosquitto_passwd", packages="mosquitto")
    passwords = folder / "passwords"
    subprocess.run([passwd, "-b", "-c", passwords, "presales", PASSWORD], check=True, capture_output=True)
    passwords.chmod(0o644)
    text = (CONFIGS / "mosquitto" / "mosquitto.conf").read_text()
    text = text.replace("listener 1883", f"listener {port} 127.0.0.1").replace(
        "/mosquitto/data/passwords", str(passwords)
    )
    path = folder / "mosquitto.conf"
    path.write_text(text.replace("/mosquitto/data/", f"{folder}/") + "user root\n")
    return path


def prometheus_config(folder: Path, service: int, alertmanager: int) -> Path:
    """The mounted files, with this machine's ports and a faster pace."""
    for name in ("rules.yml", "alerts.yml"):
        (folder / name).write_text((CONFIGS / "prometheus" / name).read_text("utf-8"), "utf-8")
    (folder / "presales_token").write_text(TOKEN)
    text = (CONFIGS / "prometheus" / "prometheus.yml").read_text()
    for was, now in {
        "monitor:8480": f"127.0.0.1:{service}",
        "alertmanager:9093": f"127.0.0.1:{alertmanager}",
        "/run/secrets/presales_token": str(folder / "presales_token"),
        "_interval: 10s": "_interval: 1s",
    }.items():
        assert was in text
        text = text.replace(was, now)
    path = folder / "prometheus.yml"
    path.write_text(text)
    return path


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    mosquitto, prometheus, alertmanager = needs.programs(
        "mosquitto", "prometheus", "prometheus-alertmanager",
        packages="mosquitto prometheus prometheus-alertmanager",
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("whole")
    floor_rules.write(folder / "rules", build_centre(seed=1, shops=8, agents=26, always_on=True))
    mqtt, prom, alert = free_port(), free_port(), free_port()
    settings = {
        "PRESALES_LISTEN__TOKEN": TOKEN, "PRESALES_MQTT__HOST": "127.0.0.1", "PRESALES_MQTT__PORT": str(mqtt),
        "PRESALES_MQTT__USERNAME": "presales", "PRESALES_MQTT__PASSWORD": PASSWORD,
        "PRESALES_RULES": str(folder / "rules"), "PRESALES_ALERTS__CANARY": "true",
    }  # fmt: skip
    with contextlib.ExitStack() as stack:
        stack.enter_context(program(folder, mosquitto, "-c", broker_config(folder, mqtt)))
        service = Program(folder / "service", settings=settings)
        stack.callback(service.process.wait, DEADLINE_SECONDS)
        stack.callback(service.process.kill)
        service.until(lambda: "board and API" in service.printed(), "listening")
        stack.enter_context(
            program(
                folder / "am",
                *(alertmanager, f"--config.file={CONFIGS / 'alertmanager' / 'alertmanager.yml'}"),
                *(f"--storage.path={folder / 'am'}", f"--web.listen-address=127.0.0.1:{alert}"),
                "--cluster.listen-address=",
            )
        )
        config = prometheus_config(folder, service.port, alert)
        stack.enter_context(
            program(
                folder / "prom",
                *(prometheus, f"--config.file={config}", f"--storage.tsdb.path={folder / 'prom'}"),
                # It finds Alertmanager a little after its first alert, and would send that again in a minute.
                *(f"--web.listen-address=127.0.0.1:{prom}", "--rules.alert.resend-delay=1s"),
            )
        )
        made = Whole(service, f"http://127.0.0.1:{prom}", f"http://127.0.0.1:{alert}")
        service.until(lambda: answers(f"{made.prometheus}/-/ready"), "Prometheus is ready")
        oddities(service)
        simulate(f"mqtt://presales:{PASSWORD}@127.0.0.1:{mqtt}", seed=1)
        service.until(lambda: bool(made.query("sum(presales_events_total) > 1000")), "the first hour is scraped")
        more = iter(range(2, 50))
        again_at = 0.0

        def filled() -> bool:
            """What is counted is seen to grow only from one scrape to the next: more comes until all has."""
            nonlocal again_at
            if time.monotonic() >= again_at:
                simulate(f"mqtt://presales:{PASSWORD}@127.0.0.1:{mqtt}", seed=next(more))
                again_at = time.monotonic() + 5
            wanted = ("sum(increase(presales_alerts_total[5m])) > 0", "presales_quality_hits_total")
            return all(made.query(expr) for expr in (*wanted, "presales:rounds_late:burn2h")) and all(
                made.finds(expr) for expr in QUERIES.values()
            )

        with contextlib.suppress(AssertionError):  # What stays empty is told by the test of its query.
            service.until(filled, "every query finds something")
        yield made


def simulate(to: str, *, seed: int) -> None:
    """The chat of the last hour, as fast as it goes; by night as much as by day, as nobody knows when the tests run."""
    command = [sys.executable, "-m", "monitor", "simulate", "--to", to, "--seed", str(seed), "--flat"]
    subprocess.run([*command, "--hours", "1", "--shops", "8"], check=True, capture_output=True, timeout=120)


def oddities(service: Program) -> None:
    """What a good floor has none of: words that are forbidden, and events with something wrong."""
    now_ms = time.time_ns() // 1_000_000
    chat = {"platform": "taobao", "shop": "odd", "conversation": "c", "source": "odd"}
    said = [
        chat | {"id": "odd-1", "ts": now_ms - 5_000, "role": "buyer", "text": "怎么还不发货?"},
        chat | {"id": "odd-2", "ts": now_ms - 4_000, "role": "agent", "agent": "lin", "text": "爱买不买，你自己看"},
        chat | {"id": "odd-3", "ts": "yesterday", "role": "buyer", "text": "?"},
    ]
    door, own = f"{service.url}/v1/events", {"Authorization": f"Bearer {TOKEN}"}
    assert httpx.post(door, headers=own, json=said, timeout=DEADLINE_SECONDS, verify=PLAIN).json()["accepted"] == 2
    other = {"Authorization": "Bearer wrong"}
    assert httpx.post(door, headers=other, json=said, timeout=DEADLINE_SECONDS, verify=PLAIN).status_code == 401


BOARDS = {
    path.stem: json.loads(path.read_text("utf-8"))
    for path in sorted((CONFIGS / "grafana" / "dashboards").glob("*.json"))
    if not path.stem.endswith("-zh")  # They ask the same.
}


def asked() -> Iterator[tuple[str, str]]:
    """Every query of every panel, variable and annotation, as Grafana would ask it with everything chosen."""
    for board, shown in BOARDS.items():
        for panel in shown["panels"]:
            for target in panel["targets"]:
                yield f"{board}: {panel['title']}: {target['legendFormat']}", target["expr"]
        for one in shown["templating"]["list"]:
            if one["type"] == "query":
                metric, label = re.fullmatch(r"label_values\((\w+), (\w+)\)", one["query"]).groups()  # type: ignore[union-attr]
                yield f"{board}: ${one['name']}", f"count by ({label}) ({metric})"


QUERIES = dict(asked())


@pytest.mark.parametrize("name", QUERIES)
def test_each_query_of_each_dashboard_finds_something(whole: Whole, name: str) -> None:
    assert whole.finds(QUERIES[name]), QUERIES[name]


def test_prometheus_has_the_rules_and_alertmanager_hears_of_them(whole: Whole) -> None:
    told = httpx.get(f"{whole.prometheus}/api/v1/rules", timeout=DEADLINE_SECONDS, verify=PLAIN).json()["data"][
        "groups"
    ]
    rules = [rule for group in told for rule in group["rules"]]
    assert [rule["name"] for rule in rules if rule["health"] == "err"] == []
    assert len(rules) == 28
    found = f"{whole.alertmanager}/api/v2/alerts"

    def firing() -> set[str]:
        alerts = httpx.get(found, timeout=DEADLINE_SECONDS, verify=PLAIN).json()
        return {alert["labels"]["alertname"] for alert in alerts}

    whole.service.until(lambda: "PresalesWatchdog" in firing(), "Alertmanager has the watchdog")
    assert not firing() & {"PresalesDown", "PresalesNotReady", "PresalesRulesNotReloaded"}


def test_promtool_has_nothing_to_say_of_a_real_scrape(whole: Whole) -> None:
    (promtool,) = needs.programs("promtool", packages="prometheus")
    checked = subprocess.run(
        [promtool, "check", "metrics"], input=whole.scrape().encode(), capture_output=True, check=False
    )
    said = (checked.stdout + checked.stderr).decode().splitlines()
    assert [line for line in said if line.startswith("presales_") or "error" in line] == []


def test_every_metric_is_filled_by_a_floor_at_work(whole: Whole) -> None:
    """One that stays empty would be a promise only."""

    def empty() -> set[str]:
        """Those that hold nothing, and held nothing of late: empty for a moment is no fault."""
        shown = re.findall(r"^(presales_\w+?)(?:_bucket|_count|_sum)?[{ ]", whole.scrape(), re.MULTILINE)
        missing = {f"presales_{family.name}" for family in FAMILIES}.difference(shown)
        return {name for name in missing if not whole.query(f"last_over_time({name}[5m])")}

    with contextlib.suppress(AssertionError):  # Which is told below, by name.
        whole.service.until(lambda: not empty(), "filled")
    assert empty() == set()


def test_annotations_ask_for_alerts_that_there_are(whole: Whole) -> None:
    alerts = [
        rule
        for group in yaml.safe_load((CONFIGS / "prometheus" / "alerts.yml").read_text())["groups"]
        for rule in group["rules"]
    ]
    for shown in BOARDS.values():
        [annotation] = shown["annotations"]["list"]
        pattern = re.search(r'alertname=~"([^"]+)"', annotation["expr"])
        assert pattern is not None
        assert any(re.fullmatch(pattern[1], rule["alert"]) for rule in alerts)
        assert isinstance(whole.query(annotation["expr"]), list)
