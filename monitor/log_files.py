"""Logs as files: events, or what came of them, one a line; packed or not; ``-`` is standard input."""

import gzip
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import msgspec

from monitor.errors import UsageError
from monitor.wire import events_of_log


def open_log(path: str) -> AbstractContextManager[Iterable[bytes]]:
    """Open a log for reading: ``-`` is standard input, ``.gz`` is unpacked.

    Raises:
        UsageError: it cannot be read.
    """
    if path == "-":
        return open(sys.stdin.fileno(), "rb", closefd=False)
    try:
        if path.endswith(".gz"):
            return gzip.open(path, "rb")
        return Path(path).open("rb")
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error


def lines_of(paths: Sequence[str]) -> Iterator[bytes]:
    """Yield the lines of files, or what arrays in them hold, one after the other.

    Raises:
        UsageError: one cannot be read.
    """
    try:
        for path in paths:
            with open_log(path) as log:
                yield from events_of_log(log)
    except (OSError, EOFError, gzip.BadGzipFile) as error:
        raise UsageError(f"the log cannot be read: {error}") from error


def write_lines(path: str, rows: Iterable[dict[str, Any]]) -> None:
    """Write rows as JSON lines; ``.gz`` is packed.

    Raises:
        UsageError: it cannot be written.
    """
    encode = msgspec.json.encode
    try:
        with gzip.open(path, "wb") if path.endswith(".gz") else Path(path).open("wb") as out:
            for row in rows:
                out.write(encode(row) + b"\n")
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from error
