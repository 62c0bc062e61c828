"""What the service writes about itself: JSON lines for machines, plain lines for people.

A line never holds what a buyer or an agent said. What is said again and again (a
disk that fails, a broker that is away) is written a few times a minute, then
counted: the log of a bad night must be readable, and must not fill the disk it tells of.
"""

import json
import logging
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any, Literal, TextIO

from monitor.wire.instants import instant_text

Format = Literal["auto", "json", "text"]

SAME_A_MINUTE = 10  # Lines of one kind; enough to see a pattern.
WINDOW_SECONDS = 60.0
KINDS_AT_MOST = 1_000  # Kinds are places in our own code; there are some dozens.

# What a line may say beside its message, in the field's words.
FIELDS = ("channel", "delivery", "attempt", "source", "shop", "conversation", "rules", "reason", "team", "step")


class JsonLines(logging.Formatter):
    """One JSON object a line: ``at``, ``level``, ``part``, ``message``, and what of `FIELDS` is known."""

    def format(self, record: logging.LogRecord) -> str:
        """Write one line."""
        told: dict[str, Any] = {
            "at": instant_text(round(record.created * 1000)),
            "level": record.levelname.lower(),
            "part": record.name,
            "message": record.getMessage(),
        }
        told |= {name: value for name in FIELDS if (value := getattr(record, name, None)) is not None}
        if record.exc_info and record.exc_info[1] is not None:
            told["fault"] = "".join(traceback.format_exception(record.exc_info[1]))
        return json.dumps(told, ensure_ascii=False, default=str)


class NotTooOften(logging.Filter):
    """Lets a few lines of one kind pass a minute; the first of the next minute says how many were left out.

    Args:
        seconds: the time, by any clock that only goes on.
    """

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._seconds = seconds
        self._kinds: dict[tuple[str, str], tuple[float, int]] = {}  # Since when, how many.

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a line is written."""
        kind = (record.name, str(record.msg))
        now = self._seconds()
        since, count = self._kinds.get(kind, (now, 0))
        left_out = 0
        if now - since >= WINDOW_SECONDS:
            left_out, since, count = max(0, count - SAME_A_MINUTE), now, 0
        if len(self._kinds) >= KINDS_AT_MOST:
            self._kinds.clear()
        self._kinds[kind] = (since, count + 1)
        if left_out:
            record.msg = f"{record.getMessage()} (and {left_out} like this before, left out)"
            record.args = ()
        return count < SAME_A_MINUTE


def to_stderr(form: Format = "auto", level: int = logging.INFO, stream: TextIO | None = None) -> None:
    """Write what is logged to standard error, from now on.

    Args:
        form: ``auto`` is plain on a terminal, JSON elsewhere.
        level: what is less grave is left out.
        stream: another place than standard error.
    """
    out = stream or sys.stderr
    handler = logging.StreamHandler(out)
    if form == "text" or (form == "auto" and out.isatty()):
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    else:
        handler.setFormatter(JsonLines())
    handler.addFilter(NotTooOften())
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
