"""The command ``simulate``."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from monitor.errors import UsageError
from monitor.simulator.command import simulate
from monitor.wire import decode_line
from tests.simulator.walk import walk


def call(*arguments: str) -> Result:
    return CliRunner().invoke(simulate, arguments)


def summary(*arguments: str) -> dict[str, Any]:
    result = call(*arguments, "--json")
    assert result.exit_code == 0, result.output
    parsed: dict[str, Any] = json.loads(result.stdout)
    return parsed


def test_a_file_and_its_truth(tmp_path: Path) -> None:
    log, truth = tmp_path / "log.jsonl", tmp_path / "truth.jsonl"
    said = summary(
        "--to", str(log), "--events", "4000", "--buyers-per-hour", "40", "--truth", str(truth), "--seed", "3"
    )
    lines = log.read_bytes().splitlines()
    assert said["events"] == len(lines) == 4000
    rounds = [json.loads(line) for line in truth.read_text("utf-8").splitlines()]
    assert {(wait["shop"], wait["opened_by"]) for wait in rounds} == walk(lines).keys()
    assert said["rounds"]["total"] + said["rounds"]["dismissed"] == len(rounds)
    assert said["passed"]["slow"] == sum(wait["stage"] != "fresh" for wait in rounds if wait["outcome"] != "dismissed")
    assert said["from"] == "2026-11-10T08:00:00.000Z"


def test_the_same_options_give_the_same_file(tmp_path: Path) -> None:
    options = ("--hours", "0.2", "--faults", "all", "--shops", "6")
    for name in ("a.jsonl.gz", "b.jsonl.gz"):
        assert call("--to", str(tmp_path / name), *options).exit_code == 0
    assert (tmp_path / "a.jsonl.gz").read_bytes() == (tmp_path / "b.jsonl.gz").read_bytes()
    for line in gzip.decompress((tmp_path / "a.jsonl.gz").read_bytes()).splitlines():
        decode_line(line)


def test_faults_add_what_is_the_collectors_own(tmp_path: Path) -> None:
    said = summary("--to", str(tmp_path / "log.jsonl"), "--hours", "0.5", "--faults", "all")
    lines = (tmp_path / "log.jsonl").read_bytes().splitlines()
    assert said["extra"] > 0
    assert len(lines) == said["events"] + said["extra"]


def test_flat_traffic_is_as_busy_by_night(tmp_path: Path) -> None:
    options = ("--to", str(tmp_path / "log.jsonl"), "--hours", "0.5", "--start")
    night, noon = "2026-11-10T03:00:00+08:00", "2026-11-10T12:00:00+08:00"
    assert summary(*options, night)["rounds"]["total"] < summary(*options, noon)["rounds"]["total"] / 3
    by_night, by_day = (summary(*options, start, "--flat")["rounds"] for start in (night, noon))
    assert by_night["total"] > by_day["total"] * 0.8
    assert by_night["total"] > summary(*options, night)["rounds"]["total"] * 3


def test_a_burst_brings_more(tmp_path: Path) -> None:
    options = ("--to", str(tmp_path / "log.jsonl"), "--start", "2026-11-10T19:50:00+08:00", "--hours", "0.5")
    plain, burst = summary(*options), summary(*options, "--burst", "20:00x10")
    assert burst["rounds"]["total"] > 2 * plain["rounds"]["total"]


def test_stdout_is_the_log_alone() -> None:
    result = call("--to", "-", "--events", "50")
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == 50
    assert "50 events" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--to", "x.jsonl", "--start", "yesterday"), "not an instant"),
        (("--to", "x.jsonl", "--start", "2026-11-10T20:00:00"), "no offset"),
        (("--to", "x.jsonl", "--speed", "2"), "for doors"),
        (("--to", "http://127.0.0.1:1", "--speed", "2", "--rate", "5"), "exclude"),
        (("--to", "-", "--json"), "stdout"),
        (("--to", "x.jsonl", "--burst", "25:00"), "20:00x8"),
        (("--to", "gopher://x", "--events", "1"), "must be"),
        (("--to", "nowhere/x.jsonl", "--events", "1"), "cannot write"),
        (("--to", "x.jsonl", "--truth", "nowhere/t.jsonl", "--events", "1"), "cannot write"),
    ],
)
def test_wrong_use_is_said(
    arguments: tuple[str, ...], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = call(*arguments)
    assert isinstance(result.exception, UsageError)
    assert words in str(result.exception)


@pytest.mark.parametrize("arguments", [("--to", "x.jsonl", "--shops", "0"), (), ("--to", "x", "--faults", "many")])
def test_click_refuses_the_rest(arguments: tuple[str, ...]) -> None:
    assert call(*arguments).exit_code == 2
