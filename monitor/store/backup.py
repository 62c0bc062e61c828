"""A copy of a data folder, made while the service runs, and put back elsewhere.

SQLite copies its pages consistently while others write. The copy is one ``.tar.gz`` with what it is, checked
when it is put back, so that a damaged one is found before it is needed.
"""

import contextlib
import hashlib
import io
import json
import sqlite3
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from monitor import __version__
from monitor.clock import Clock
from monitor.errors import UsageError
from monitor.wire import instant_text

PAGES_A_STEP = 2048  # 8 MiB: a commit waits for no longer than such a step.
PAUSE_SECONDS = 0.005
_ABOUT = "about.json"
# Nor anything hidden: it is no file of ours but of who looked into the folder (.DS_Store).
_LEFT_OUT = ("journal.db", "journal.db-wal", "journal.db-shm", "journal.lock")


def backup(folder: Path, to: Path, progress: Callable[[int, int], None] = lambda _done, _all: None) -> dict[str, Any]:
    """Copy a data folder into a file; return what the file says about itself.

    Args:
        folder: of a service, running or not.
        to: a file that is not there yet.
        progress: called with pages copied and pages in all.

    Raises:
        UsageError: there is no data, or the file is there already or cannot be written.
    """
    path = folder / "journal.db"
    if not path.is_file():
        raise UsageError(f"{path} is not there; is {folder} the data folder of a service?")
    if to.exists():
        raise UsageError(f"{to} is there already; name another file")
    try:
        with tempfile.TemporaryDirectory(prefix=".presales-backup-", dir=to.absolute().parent) as scratch:
            copy = Path(scratch) / "journal.db"
            _copied(path, copy, progress)
            about = _about(copy)
            packed = Path(scratch) / "packed"
            with tarfile.open(packed, "w:gz", compresslevel=3) as tar:
                told = json.dumps(about, indent=2).encode()
                entry = tarfile.TarInfo(_ABOUT)
                entry.size, entry.mtime = len(told), int(time.time())
                tar.addfile(entry, io.BytesIO(told))
                tar.add(copy, "journal.db")
                for file in sorted(folder.iterdir()):
                    if file.is_file() and file.name not in _LEFT_OUT and not file.name.startswith("."):
                        tar.add(file, file.name)
            packed.chmod(0o600)
            packed.rename(to)
    except (OSError, sqlite3.Error) as error:
        raise UsageError(f"{to} cannot be written: {getattr(error, 'strerror', None) or error}") from error
    return about


def restore(file: Path, folder: Path) -> dict[str, Any]:
    """Put a copy back into a folder that holds no data; return what the copy says about itself.

    Raises:
        UsageError: the file is no copy or is damaged, or the folder holds data.
    """
    if folder.exists() and any(folder.iterdir()):
        raise UsageError(f"{folder} is not empty; restore into a new folder, look at it, then use it with --data")
    try:
        with tarfile.open(file, "r:gz") as tar:
            folder.mkdir(0o700, parents=True, exist_ok=True)
            members = tar.getmembers()
            if any(not member.isfile() or "/" in member.name or member.name.startswith(".") for member in members):
                raise UsageError(f"{file} is no copy that `backup` has made")
            with _empty_unless_good(folder):
                tar.extractall(folder, members, filter="data")
                about: dict[str, Any] = json.loads((folder / _ABOUT).read_text("utf-8"))
                (folder / _ABOUT).unlink()
                if _sha256(folder / "journal.db") != about["sha256"]:
                    raise UsageError(f"{file} is damaged: its journal is not what was copied")
    except (OSError, EOFError, tarfile.TarError, KeyError, ValueError) as error:
        raise UsageError(f"{file} cannot be put back: {getattr(error, 'strerror', None) or error}") from error
    return about


@contextlib.contextmanager
def _empty_unless_good(folder: Path) -> Iterator[None]:
    """Take away again what was put into an empty folder, if it is no good: a service might be started on it."""
    try:
        yield
    except BaseException:
        for left in folder.iterdir():
            left.unlink()
        raise


def _copied(path: Path, to: Path, progress: Callable[[int, int], None]) -> None:
    source = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    to.touch(0o600)  # As it will be where it is put back.
    target = sqlite3.connect(to)
    try:
        source.backup(
            target,
            pages=PAGES_A_STEP,
            progress=lambda _status, remaining, total: progress(total - remaining, total),
            sleep=PAUSE_SECONDS,
        )
        (verdict,) = target.execute("PRAGMA quick_check").fetchone()
        if verdict != "ok":
            raise UsageError(f"the copy of {path} is not sound: {verdict}")
    finally:
        target.close()
        source.close()


def _about(copy: Path) -> dict[str, Any]:
    db = sqlite3.connect(copy)
    try:
        (events,) = db.execute("SELECT count(*) FROM events").fetchone()
        (epoch,) = db.execute("SELECT epoch FROM journal").fetchone()
        (schema,) = db.execute("PRAGMA user_version").fetchone()
    finally:
        db.close()
    return {
        "made_at": instant_text(Clock().now_ms()),
        "version": __version__,
        "schema": schema,
        "journal": epoch,
        "events": events,
        "sha256": _sha256(copy),
    }


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
