"""systemd is told that the service is ready, lives and stops; the unit asks only for what there is."""

import configparser
import os
import re
import shlex
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.cli import main
from monitor.service_manager import ServiceManager
from tests import needs
from tests.program import running
from tests.waiting import DEADLINE_SECONDS

UNIT = Path(__file__).parent.parent / "docs" / "deploy" / "presales-monitor.service"


@pytest.fixture
def address() -> Iterator[str]:
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:  # A name of 103 bytes is the longest on macOS.
        yield f"{folder}/notify"


def listening(address: str) -> socket.socket:
    line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    line.bind(address)
    line.settimeout(DEADLINE_SECONDS)
    return line


def test_the_service_says_when_it_is_ready_that_it_lives_and_that_it_stops(tmp_path: Path, address: str) -> None:
    with listening(address) as line:
        told = {"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "300000"}
        with running(tmp_path / "service", settings=told) as program:
            ready = line.recv(4096).decode()
            assert ready.startswith("READY=1\nSTATUS=rules: ")
            assert program.url in ready
            assert [line.recv(4096) for _ in range(3)] == [b"WATCHDOG=1"] * 3
            program.process.send_signal(signal.SIGTERM)
            while (said := line.recv(4096)) == b"WATCHDOG=1":
                pass
            assert said == b"STOPPING=1"
            assert program.process.wait(DEADLINE_SECONDS) == 0


async def test_a_loop_that_has_ended_gives_no_sign_of_life(address: str) -> None:
    async def never_again() -> bool:
        return False

    with listening(address) as line:
        await ServiceManager(address, 1.0).keep_alive(never_again)
        line.setblocking(False)
        with pytest.raises(BlockingIOError):
            line.recv(100)


def test_a_watch_over_another_process_is_not_ours(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "1000000")
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid() + 1))
    monkeypatch.setenv("NOTIFY_SOCKET", "@nobody-listens-here")
    line = ServiceManager.of_environment()
    assert line._limit_seconds is None
    line.ready("x")
    assert "cannot be told READY=1" in caplog.text


def test_the_unit_is_one_that_systemd_takes_and_starts_a_command_there_is(tmp_path: Path) -> None:
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(UNIT)
    service = unit["Service"]
    assert (service["Type"], service["WatchdogSec"], service["ProtectSystem"]) == ("notify", "30", "strict")
    command = shlex.split(service["ExecStart"])
    options = {option for one in main.commands[command[1]].params for option in one.opts}
    assert {word for word in command if word.startswith("--")} <= options
    (analyze,) = needs.programs("systemd-analyze", packages="systemd")
    there = re.sub(r"/opt/\S+/presales-monitor", "/bin/true", UNIT.read_text())
    (tmp_path / "presales-monitor.service").write_text(there)
    checked = subprocess.run(
        [analyze, "verify", tmp_path / "presales-monitor.service"], capture_output=True, text=True, check=False
    )
    assert "presales-monitor.service:" not in checked.stderr
