"""One process at a time holds a data folder.

The lock is the kernel's (``flock``), so it is gone with its process, however
that ends; the file's text only tells people who holds it. Where there is no
``flock`` (Windows) a byte far behind the text is locked instead.
"""

import contextlib
import json
import os
import socket
import sys
from pathlib import Path

from monitor.errors import DataInUse

_FAR = 1 << 30  # Where the byte lies that Windows locks: locked bytes cannot be read.


class FolderLock:
    """Holds ``journal.lock`` of a folder until released."""

    def __init__(self, folder: Path) -> None:
        """Make the folder, for its owner only, if it is missing, and take its lock.

        Raises:
            DataInUse: somebody holds it; the message says who.
            OSError: the folder or the file cannot be made or opened.
        """
        folder.mkdir(0o700, parents=True, exist_ok=True)
        self._released = False
        path = folder / "journal.lock"
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            _lock(self._file)
        except OSError as error:
            holder = _holder(self._file)
            os.close(self._file)
            raise DataInUse(f"{folder} is in use by {holder}; stop it, or take another folder with --data") from error
        # Without room on the disk the name stays unwritten; the lock holds all the same.
        with contextlib.suppress(OSError):
            os.ftruncate(self._file, 0)
            os.write(self._file, json.dumps({"pid": os.getpid(), "host": socket.gethostname()}).encode())

    def release(self) -> None:
        """Let go; a second time does nothing.

        The file stays: taking it away could take it from the next holder.
        """
        if not self._released:
            self._released = True
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, 0)
            os.close(self._file)


def _holder(file: int) -> str:
    """Say in words who wrote the file."""
    try:
        said = json.loads(os.read(file, 4096))
        return f"process {int(said['pid'])} on {said['host']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"


if sys.platform == "win32":
    import msvcrt

    def _lock(file: int) -> None:
        os.lseek(file, _FAR, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        os.lseek(file, 0, os.SEEK_SET)
else:
    import fcntl

    def _lock(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
