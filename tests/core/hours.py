"""Hours written on a time-line."""

from typing import Any

from msgspec.structs import replace

from monitor.core.hours import UTC, Hours, Windows
from monitor.core.policy import BUILT_IN, Policy
from monitor.core.units import DAY_MS
from tests.timeline import START_MS, at_ms

MIDNIGHT_MS = START_MS % DAY_MS


def on_wall(*spans: tuple[str, str]) -> Windows:
    """Windows written on the time-line: ``("0:00", "5:00")``."""
    return tuple((at_ms(start) - START_MS + MIDNIGHT_MS, at_ms(end) - START_MS + MIDNIGHT_MS) for start, end in spans)


def in_hours(*spans: tuple[str, str], run_on: float = 0, **fields: Any) -> Policy:
    """The built-in policy with these hours, every day; ``run_on`` in seconds."""
    hours = Hours(UTC, (on_wall(*spans),) * 7)
    return replace(BUILT_IN, hours=hours, run_on_ms=round(run_on * 1000), **fields)
