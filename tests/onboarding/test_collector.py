"""The sample collector against the real service: nothing is lost while the service is away."""

import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import httpx

from tests.plain import PLAIN
from tests.program import Program, running
from tests.typed import typed
from tests.waiting import DEADLINE_SECONDS

COLLECTOR = Path(__file__).parent.parent.parent / "docs" / "collector" / "collector.py"


def command(folder: Path, url: str) -> list[str | Path]:
    return [
        *(sys.executable, "-W", "error", COLLECTOR, "--url", url, "--queue", folder / "queue.db", "--once"),
        *("--source", "pc-12", "--shop", "senye", "--account", "senye:lin"),
    ]


def as_lines(messages: list[dict[str, object]]) -> str:
    return "".join(json.dumps(message) + "\n" for message in messages)


def collect(folder: Path, program: Program, messages: list[dict[str, object]]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(folder, program.url),
        input=as_lines(messages),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def asked(number: int, at_ms: int, **more: object) -> dict[str, object]:
    return {"id": f"m-{number}", "ts": at_ms, "buyer": f"b-{number}", "role": "buyer", "text": "在吗"} | more


def test_what_the_collector_reads_is_on_the_board_or_said_to_be_refused_and_the_feed_can_be_looked_over(
    tmp_path: Path,
) -> None:
    with running(tmp_path) as program:
        now_ms = _now_ms(program)
        done = collect(tmp_path, program, [asked(n, now_ms - n) for n in range(250)])
        assert done.returncode == 0, done.stderr
        told = httpx.get(f"{program.url}/v1/waits", timeout=DEADLINE_SECONDS, verify=PLAIN).json()
        assert told["total"] == 250
        assert {wait["account"] for wait in told["waits"]} == {"senye:lin"}
        looked = typed("check-source", "--data", str(tmp_path / "data"), "--source", "pc-12", "--json")
        found = {one["check"]: one["colour"] for one in json.loads(looked.output)}
        assert (found["ids"], found["roles"], looked.exit_code) == ("green", "red", 1)
        wrong: dict[str, object] = {"id": "x", "ts": "gestern", "buyer": "b", "role": "buyer"}
        done = collect(tmp_path, program, [wrong, asked(250, now_ms)])
        assert "refused: $.ts" in done.stderr
        told = httpx.get(f"{program.url}/v1/waits", timeout=DEADLINE_SECONDS, verify=PLAIN).json()
        assert told["total"] == 251, "what is refused does not stop the rest"


def test_what_is_read_while_the_service_is_away_is_sent_when_it_is_back(tmp_path: Path) -> None:
    with running(tmp_path) as program:
        now_ms = _now_ms(program)
    away = subprocess.Popen(
        command(tmp_path, program.url), stdin=subprocess.PIPE, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert away.stdin is not None
    assert away.stderr is not None
    away.stdin.write(as_lines([asked(n, now_ms - n) for n in range(300)]))
    away.stdin.close()
    assert "tried again later" in away.stderr.readline()
    with running(tmp_path, port=program.port) as back:
        assert away.wait(DEADLINE_SECONDS) == 0
        assert httpx.get(f"{back.url}/v1/waits", timeout=DEADLINE_SECONDS, verify=PLAIN).json()["total"] == 300
    away.stderr.close()
    assert away.stdout is not None
    away.stdout.close()


def _now_ms(program: Program) -> int:
    told = httpx.get(f"{program.url}/v1/waits", timeout=DEADLINE_SECONDS, verify=PLAIN).json()
    return round(datetime.fromisoformat(told["now"]).timestamp() * 1000)
