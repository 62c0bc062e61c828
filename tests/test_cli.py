"""The commands, as a person types them."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import jsonschema  # type: ignore[import-untyped]
import pytest

from monitor.policy_files.where import default_folder
from tests.plain import PLAIN
from tests.program import Program, free_port, running
from tests.typed import typed
from tests.waiting import DEADLINE_SECONDS

LINE = '{"id": "m%d", "ts": %d, "shop": "senye", "conversation": "c", "role": "%s", "text": "有货吗"}\n'
TEN_MS = 1_795_399_200_000


def log_file(folder: Path, *lines: str) -> str:
    path = folder / "chat.jsonl"
    path.write_text("".join(lines), "utf-8")
    return str(path)


def test_a_replay_prints_one_object_and_nothing_else_on_stdout(tmp_path: Path) -> None:
    log = log_file(tmp_path, LINE % (1, TEN_MS, "buyer"), LINE % (2, TEN_MS + 70_000, "agent"))
    done = typed("replay", log, "--json")
    assert done.exit_code == 0
    counted = json.loads(done.stdout)
    assert counted["rounds"]["answered"] == 1
    assert counted["passed"] == {"slow": 1, "at_risk": 0, "lost": 0}
    assert counted["alerts"]["slow"] == 1


def test_a_replay_goes_by_the_rules_it_is_given_and_by_no_others(tmp_path: Path) -> None:
    log = log_file(tmp_path, LINE % (1, TEN_MS, "buyer"), LINE % (2, TEN_MS + 70_000, "agent"))
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "default.yaml").write_text("version: 1\ndefault: {hours: all, stages: {slow: 70s, at_risk: 3m}}\n")
    counted = json.loads(typed("replay", log, "--rules", str(rules), "--json").stdout)
    assert counted["passed"] == {"slow": 0, "at_risk": 0, "lost": 0}
    (rules / "default.yaml").write_text("version: 1\ndefault: {stages: {slow: 70}}\n")
    wrong = typed("replay", log, "--rules", str(rules), "--json")
    assert (wrong.exit_code, wrong.stdout) == (2, "")
    assert "default.yaml:2" in wrong.stderr


def test_a_log_shown_from_a_pipe_holds_no_board_while_its_next_line_is_long_in_coming(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{(port := free_port())}"
    command = [sys.executable, "-m", "monitor", "replay", "-", "--as-arrived", "--speed", "1", "--port", str(port)]
    said = tmp_path / "said"
    with (
        said.open("wb") as out,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=out, stderr=out) as process,
    ):
        assert process.stdin is not None
        try:
            process.stdin.write((LINE % (1, TEN_MS, "buyer") + LINE % (2, TEN_MS + 1, "buyer")).encode())
            process.stdin.flush()
            wait_until(lambda: messages_waiting(url) == [2], said)
            process.stdin.write((LINE % (3, TEN_MS + 2, "buyer")).encode())
            process.stdin.close()
            wait_until(lambda: b"the log is through" in said.read_bytes(), said)
            assert messages_waiting(url) == [3]
            process.send_signal(signal.SIGINT)
            assert process.wait(DEADLINE_SECONDS) == 0
        finally:
            process.kill()


def wait_until(true: Callable[[], bool], said: Path) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not true():
        assert time.monotonic() < deadline, said.read_text("utf-8")
        time.sleep(0.05)


def messages_waiting(url: str) -> list[int]:
    """Return how many messages each open wait holds; none while nobody answers."""
    try:
        return [wait["messages"] for wait in httpx.get(f"{url}/v1/waits", verify=PLAIN).json()["waits"]]
    except httpx.TransportError:
        return []


def test_a_replay_that_refuses_something_says_what_and_exits_1(tmp_path: Path) -> None:
    log = log_file(tmp_path, LINE % (1, TEN_MS, "buyer"), "{}\n")
    done = typed("replay", log, "--json")
    assert done.exit_code == 1
    assert "line 2" in done.stderr
    assert json.loads(done.stdout)["events"]["rejected"] == 1


def test_a_replay_sorts_what_is_out_of_order_and_says_so(tmp_path: Path) -> None:
    log = log_file(tmp_path, LINE % (2, TEN_MS + 70_000, "agent"), LINE % (1, TEN_MS, "buyer"))
    done = typed("replay", log, "--json")
    assert "sorting" in done.stderr
    assert json.loads(done.stdout)["rounds"]["answered"] == 1


def test_rounds_and_alerts_are_written_where_asked(tmp_path: Path) -> None:
    log = log_file(tmp_path, LINE % (1, TEN_MS, "buyer"), LINE % (2, TEN_MS + 70_000, "agent"))
    assert typed("replay", log, "--rounds", str(tmp_path / "r"), "--alerts", str(tmp_path / "a")).exit_code == 0
    [row] = [json.loads(line) for line in (tmp_path / "r").read_text("utf-8").splitlines()]
    assert (row["opened_by"], row["ended_by"], row["wait_seconds"], row["stage"]) == ("m1", "m2", 70.0, "slow")
    told = [json.loads(line)["transition"] for line in (tmp_path / "a").read_text("utf-8").splitlines()]
    assert told == ["raise", "resolve"]


def test_a_ts_that_leaps_ahead_is_warned_of(tmp_path: Path) -> None:
    year_ms = 366 * 86_400_000
    log = log_file(tmp_path, LINE % (1, TEN_MS, "buyer"), LINE % (2, TEN_MS + year_ms, "buyer"))
    assert "leaps" in typed("replay", log).stderr


@pytest.mark.parametrize(
    "words", [("replay", "no-such-file"), ("replay",), ("run", "--config", "no-such-file"), ("nope",)]
)
def test_wrong_words_exit_2_with_a_line_that_says_why(words: tuple[str, ...]) -> None:
    done = typed(*words)
    assert done.exit_code == 2
    assert done.stderr
    assert "Traceback" not in done.stderr


def test_the_schema_takes_the_contracts_event_and_refuses_another() -> None:
    schema = json.loads(typed("schema").stdout)
    jsonschema.validate(json.loads(LINE % (1, TEN_MS, "buyer")), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"id": "m1"}, schema)


def test_config_shows_what_holds_and_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PRESALES_MQTT__HOST", "broker.example")
    monkeypatch.setenv("PRESALES_MQTT__USERNAME", "monitor")
    monkeypatch.setenv("PRESALES_MQTT__PASSWORD", "dont-tell")
    done = typed("config", "--show", "--json")
    assert json.loads(done.stdout)["mqtt"]["host"] == "broker.example"
    assert "dont-tell" not in done.output


def test_a_second_start_on_the_same_data_says_who_holds_it_and_the_first_stops_cleanly_when_asked(
    tmp_path: Path,
) -> None:
    with running(tmp_path) as first:
        second = Program(tmp_path / "b", "--data", str(tmp_path / "data"))
        assert second.process.wait(DEADLINE_SECONDS) == 2
        assert str(first.process.pid) in second.printed()
        if sys.platform != "win32":  # Which has no signals to stop by.
            first.process.send_signal(signal.SIGTERM)
            assert first.process.wait(DEADLINE_SECONDS) == 0
            assert "everything that was acknowledged is stored" in first.printed()


def test_to_look_for_tokens_makes_no_data_folder(tmp_path: Path) -> None:
    looked = typed("token", "list", "--data", str(tmp_path / "data"))
    assert (looked.exit_code, looked.stdout, looked.stderr) == (0, "", f"no token has been made in {tmp_path}/data\n")
    assert not (tmp_path / "data").exists()


def test_an_export_that_is_not_there_leaves_no_empty_file(tmp_path: Path) -> None:
    done = typed("import", str(tmp_path / "no.csv"), "--to", str(tmp_path / "out"), "--shop", "s")
    assert (done.exit_code, "no.csv is no file that can be read" in done.stderr) == (2, True)
    assert not (tmp_path / "out").exists()


def test_a_token_made_while_it_runs_shuts_the_port_to_everybody_else(tmp_path: Path) -> None:
    with running(tmp_path) as program:
        made = typed("token", "add", "me", "--data", str(tmp_path / "data"))
        secret = made.stdout.strip()

        def answer(path: str, headers: dict[str, str] | None = None) -> int:
            return httpx.get(
                f"{program.url}{path}", headers=headers, timeout=DEADLINE_SECONDS, verify=PLAIN
            ).status_code

        program.until(lambda: answer("/v1/waits") == 401, "shut")
        header = {"Authorization": f"Bearer {secret}"}
        assert answer("/v1/waits", header) == 200
        assert answer("/livez") == 200
        assert typed("token", "revoke", "me", "--data", str(tmp_path / "data")).exit_code == 0
        program.until(lambda: answer("/v1/waits", header) == 401, "revoked")


def test_a_source_is_bound_to_shops_and_cannot_be_to_teams(tmp_path: Path) -> None:
    wrong = typed("token", "add", "c", "--role", "source", "--team", "a", "--data", str(tmp_path / "data"))
    assert wrong.exit_code == 2
    assert "--shop" in wrong.stderr
    made = typed("token", "add", "c", "--role", "source", "--shop", "senye", "--data", str(tmp_path / "data"))
    assert made.exit_code == 0
    [told] = json.loads(typed("token", "list", "--json", "--data", str(tmp_path / "data")).stdout)
    assert (told["name"], told["role"], told["shops"], told["revoked_at"]) == ("c", "source", ["senye"], None)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals to stop by")
def test_the_demo_takes_a_free_port_when_its_own_is_taken_and_shows_every_stage() -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PRESALES_")}
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", free_port()))
        taken.listen()
        port = taken.getsockname()[1]
        code = f"from monitor.cli import main, service; service.DEMO_PORT = {port}; main(['demo'])"
        command = [sys.executable, "-c", code]
        root = Path(__file__).parent.parent
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, cwd=root) as demo:
            try:
                assert demo.stdout is not None
                url = ""
                while not url:
                    line = demo.stdout.readline()
                    assert line, "it has ended"
                    found = re.search(r"http://127\.0\.0\.1:\d+", line)
                    url = found[0] if found else ""
                assert not url.endswith(f":{port}")
                stages: set[str] = set()
                waiting = Waiting(demo)
                while not stages >= {"fresh", "slow", "at_risk", "lost"}:
                    waiting.check()
                    told = httpx.get(f"{url}/v1/waits?limit=200", timeout=DEADLINE_SECONDS, verify=PLAIN).json()
                    stages |= {row["stage"] for row in told["waits"]}
                demo.send_signal(signal.SIGINT)
                assert demo.wait(DEADLINE_SECONDS) == 0
            finally:
                demo.kill()


class Waiting:
    """Gives up on a process that has ended or takes too long."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._give_up_at = time.monotonic() + DEADLINE_SECONDS

    def check(self) -> None:
        try:
            self._process.wait(0.1)
        except subprocess.TimeoutExpired:
            assert time.monotonic() < self._give_up_at, "not every stage was to be seen"
        else:
            raise AssertionError("it has ended")


def test_a_replay_gives_figures_by_shop_and_what_people_would_have_been_told(tmp_path: Path) -> None:
    at = datetime(2026, 11, 23, 10, tzinfo=ZoneInfo("Asia/Shanghai"))
    said = [("b1", 0, "buyer"), ("b2", 20, "buyer"), ("b2", 200, "agent"), ("b1", 210, "agent")]
    log = tmp_path / "log.jsonl"
    log.write_text(
        "".join(
            json.dumps(
                {
                    "id": f"m-{number}", "ts": (at + timedelta(seconds=after)).isoformat(), "shop": "senye",
                    "platform": "taobao", "conversation": chat, "role": role, "agent": "lin", "text": "这款有货吗"
                    if role == "buyer" else "有货的，今天发",
                }
            )
            + "\n"
            for number, (chat, after, role) in enumerate(said)
        )
    )  # fmt: skip
    done = typed("replay", log, "--rules", default_folder(), "--kpis", "agent", "--told", "--json")
    assert done.exit_code == 0, done.output
    printed = json.loads(done.stdout)
    # Two waits passed a limit each on their own; the team reads of both in one message.
    assert printed["alerts"]["slow"] + printed["alerts"]["at_risk"] > 2
    assert printed["told"]["team"] == 1
    (row,) = printed["kpis"]["rows"]
    assert (printed["kpis"]["by"], row["name"], row["figures"]["buyers"]["received"]) == ("agent", "lin", 2)
    assert row["figures"]["round_response"]["mean_seconds"] == 195
    lines = typed("replay", log, "--rules", default_folder(), "--kpis", "all", "--told").stdout
    assert "all: 2 received, first reply 195.0 s, mean reply 195.0 s, within 3 min 50.0%, 0 missed" in lines
    assert "told     " in lines
    assert "--told needs --rules" in typed("replay", log, "--told").stderr
