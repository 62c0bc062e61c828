"""The text for Prometheus, written in slices, so that a scrape of many series never holds the loop.

``generate_latest`` takes 4 µs a series in one go, which a floor with a thousand
series in each of many families would feel in its alerts.
"""

import asyncio
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector, generate_latest

from monitor.metrics.families import FAMILIES
from monitor.metrics.numbers import Histogram, Metrics

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SLICE_LINES = 500  # Lines written before others get the loop: about half a millisecond.


class Exposition:
    """The text a scrape gets."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._process = CollectorRegistry()
        ProcessCollector(registry=self._process)
        PlatformCollector(registry=self._process)
        GCCollector(registry=self._process)

    async def text(self) -> bytes:
        """Write every family, letting others have the loop between slices."""
        lines: list[str] = []
        for number, line in enumerate(self._lines(), start=1):
            lines.append(line)
            if number % SLICE_LINES == 0:
                await asyncio.sleep(0)
        return "".join(lines).encode() + generate_latest(self._process)

    def _lines(self) -> Iterator[str]:
        for family in FAMILIES:
            name = f"presales_{family.name}"
            yield f"# HELP {name} {family.help}\n"
            yield f"# TYPE {name} {family.kind}\n"
            series = family.read(self._metrics)
            if isinstance(series, int | float):
                yield f"{name} {series}\n"
                continue
            # A copy, for others may add a series while they have the loop.
            for key, value in list(series.items()):
                labels = ",".join(f'{label}="{_escaped(text)}"' for label, text in zip(family.labels, key, strict=True))
                if isinstance(value, Histogram):
                    yield from _histogram(name, labels, value)
                else:
                    yield f"{name}{{{labels}}} {value}\n" if labels else f"{name} {value}\n"


def _histogram(name: str, labels: str, histogram: Histogram) -> Iterator[str]:
    sep = "," if labels else ""
    running = 0
    for edge, count in zip((*map(float, histogram.edges), None), histogram.counts, strict=True):
        running += count
        le = "+Inf" if edge is None else repr(edge)
        yield f'{name}_bucket{{{labels}{sep}le="{le}"}} {running}\n'
    own = f"{{{labels}}}" if labels else ""
    yield f"{name}_count{own} {running}\n"
    yield f"{name}_sum{own} {histogram.total}\n"


def _escaped(text: str) -> str:
    if "\\" in text or '"' in text or "\n" in text:
        return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
    return text
