import asyncio
import sqlite3
import threading
from pathlib import Path

import pytest

from monitor.store.database import Line

TRIES = 30  # Before it was waited for, every second try left a thread that spoke to a closed loop.


def test_what_cannot_be_opened_leaves_no_thread_that_speaks_to_a_closed_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults: list[BaseException | None] = []
    monkeypatch.setattr(threading, "excepthook", lambda fault: faults.append(fault.exc_value))
    known = set(threading.enumerate())

    def refused() -> sqlite3.Connection:
        raise sqlite3.OperationalError("unable to open database file")

    async def opened() -> None:
        with pytest.raises(sqlite3.OperationalError, match="unable to open"):
            await Line(tmp_path / "journal.db", refused).open()

    for _ in range(TRIES):
        asyncio.run(opened())
    for thread in set(threading.enumerate()) - known:
        thread.join()
    assert faults == []
