"""A real Prometheus Alertmanager for tests, on a free port."""

import contextlib
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from tests import needs
from tests.plain import PLAIN
from tests.program import free_port
from tests.waiting import DEADLINE_SECONDS

CONFIG = """
route: {receiver: nobody}
receivers: [{name: nobody}]
"""


class Alertmanager:
    """One on 127.0.0.1, with its files in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start and return when it answers."""
        # Its makers call it alertmanager, Debian otherwise.
        program = needs.find("alertmanager")
        if program is None:
            (program,) = needs.programs("prometheus-alertmanager", packages="prometheus-alertmanager")
        self.folder.mkdir(parents=True, exist_ok=True)
        config = self.folder / "alertmanager.yml"
        config.write_text(CONFIG)
        log = self.folder / "alertmanager.log"
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                [
                    program,
                    f"--config.file={config}",
                    f"--storage.path={self.folder / 'data'}",
                    f"--web.listen-address=127.0.0.1:{self.port}",
                    "--cluster.listen-address=",
                ],
                stdout=out,
                stderr=out,
            )
        deadline = time.monotonic() + DEADLINE_SECONDS
        while time.monotonic() < deadline:
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(f"{self.url}/-/ready", timeout=1, verify=PLAIN, trust_env=False).status_code == 200:
                    return
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(0.05)
                break
        raise AssertionError(f"alertmanager did not start: {log.read_text()}")

    def stop(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            process.wait(DEADLINE_SECONDS)

    def alerts(self) -> list[dict[str, Any]]:
        """Return what it shows as standing."""
        answer = httpx.get(f"{self.url}/api/v2/alerts", timeout=DEADLINE_SECONDS, verify=PLAIN, trust_env=False)
        found: list[dict[str, Any]] = answer.json()
        return found


@contextlib.contextmanager
def alertmanager(folder: Path) -> Iterator[Alertmanager]:
    """Run one for the length of a block."""
    manager = Alertmanager(folder)
    try:
        manager.start()
        yield manager
    finally:
        manager.stop()
