"""The real program, started as a person starts it, on a free port and a folder of its own."""

import contextlib
import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import httpx

from tests.plain import PLAIN
from tests.waiting import DEADLINE_SECONDS

ALL_HOURS = Path(__file__).parent / "all_hours"  # Without it a test would fail at night, when nobody is told.


_given: set[int] = set()


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on now, and that nobody is given before it is used.

    Below those that a system hands out for port 0 and for connections; each only once.
    """
    while True:
        port = random.SystemRandom().randrange(20_000, 32_000)
        with contextlib.suppress(OSError), socket.socket() as taken:
            taken.bind(("127.0.0.1", port))
            if port not in _given:
                _given.add(port)
                return port


class Program:
    """A running ``presales-monitor run``.

    Attributes:
        url: where it listens, without a slash at the end.
        process: to be killed, waited for, asked for its id.
    """

    def __init__(
        self,
        folder: Path,
        *arguments: str,
        settings: Mapping[str, str] | None = None,
        port: int | None = None,
        shift_ms: int | None = None,
        counted_at: Path | None = None,
    ) -> None:
        """Start it.

        Args:
            folder: its data is ``folder / "data"``, what it prints ``folder / "printed"``.
            arguments: more of the command line.
            settings: by their variable in the environment; those of the caller's environment do not count.
            port: where it listens; None: a free one.
            shift_ms: how much later than the machine it is for it, see `tests.at_ten`.
            counted_at: where it tells how many objects it holds, see `tests.counted`.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._printed = folder / "printed"
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PRESALES_")}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # Many are started: compiled once is enough.
        environment |= {"PRESALES_LISTEN__PORT": str(self.port), "PRESALES_RULES": str(ALL_HOURS), **(settings or {})}
        command = ["monitor"] if shift_ms is None else ["tests.at_ten", str(shift_ms)]
        if counted_at is not None:
            command = ["tests.counted", str(counted_at)]
        with self._printed.open("ab") as printed:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *command, "run", "--data", folder / "data", *arguments],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=printed,
            )

    def until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait until something is so; fail after the deadline, or when the program has ended."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not condition():
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(0.05)
                raise AssertionError(f"it ended ({self.process.returncode}) before {what}:\n{self.printed()}")
            assert time.monotonic() < deadline, f"not {what} in time:\n{self.printed()}"

    def until_ready(self) -> None:
        """Wait until it says that it can store."""
        self.until(self._is_ready, "ready")

    def _is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz", timeout=DEADLINE_SECONDS, verify=PLAIN).status_code == 200
        except httpx.TransportError:
            return False

    def printed(self) -> str:
        """Return what it has printed, on both streams."""
        return self._printed.read_text("utf-8", errors="replace")


@contextlib.contextmanager
def running(
    folder: Path,
    *arguments: str,
    settings: Mapping[str, str] | None = None,
    port: int | None = None,
    shift_ms: int | None = None,
    counted_at: Path | None = None,
) -> Iterator[Program]:
    """Run the program for the length of a block, ready at its start."""
    program = Program(folder, *arguments, settings=settings, port=port, shift_ms=shift_ms, counted_at=counted_at)
    try:
        program.until_ready()
        yield program
    finally:
        program.process.kill()
        program.process.wait(DEADLINE_SECONDS)
