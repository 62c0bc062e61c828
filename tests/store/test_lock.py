import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from monitor.errors import DataInUse
from monitor.store.journal import Journal
from monitor.store.lock import FolderLock
from tests.waiting import DEADLINE_SECONDS

HOLD = """
import sys
from pathlib import Path
from monitor.store.lock import FolderLock
lock = FolderLock(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def hold(folder: Path) -> subprocess.Popen[str]:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    return holder


async def test_a_second_start_is_told_who_holds_the_folder(tmp_path: Path) -> None:
    with hold(tmp_path) as holder:
        with pytest.raises(DataInUse, match=f"in use by process {holder.pid} on {socket.gethostname()}"):
            await Journal.open(tmp_path)
        holder.kill()


async def test_one_process_cannot_open_a_folder_twice(journal: Journal) -> None:
    with pytest.raises(DataInUse, match=f"process {os.getpid()} "):
        await Journal.open(journal._folder)


def test_a_killed_holder_holds_nothing(tmp_path: Path) -> None:
    with hold(tmp_path) as holder:
        with pytest.raises(DataInUse):
            FolderLock(tmp_path)
        holder.send_signal(signal.SIGKILL)
        holder.wait(DEADLINE_SECONDS)
    FolderLock(tmp_path).release()


def test_a_released_folder_can_be_taken_again(tmp_path: Path) -> None:
    for _ in range(2):
        lock = FolderLock(tmp_path)
        with pytest.raises(DataInUse):
            FolderLock(tmp_path)
        lock.release()


def test_an_unreadable_name_is_another_process(tmp_path: Path) -> None:
    lock = FolderLock(tmp_path)
    (tmp_path / "journal.lock").write_text("[1")
    with pytest.raises(DataInUse, match="in use by another process"):
        FolderLock(tmp_path)
    lock.release()


async def test_a_start_that_fails_lets_the_folder_go(tmp_path: Path) -> None:
    (tmp_path / "journal.db").write_text("no database" * 100)
    for _ in range(2):
        with pytest.raises(Exception, match="not a database"):
            await Journal.open(tmp_path)
    FolderLock(tmp_path).release()
