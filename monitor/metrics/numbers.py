"""The numbers themselves, as hot paths count them: plain dicts and attributes.

Names in labels come from what sources send. Each family therefore holds a bounded
number of series; beyond it names are counted together under ``other``, and what
became of things stays told apart.
"""

import asyncio
from bisect import bisect_left
from collections.abc import Callable, Iterable
from typing import Protocol

# Every edge of a platform's score, and the shipped stages' limits. A query reads `le` directly, so these stay.
REPLY_EDGES = (5, 10, 15, 20, 30, 45, 60, 80, 100, 120, 150, 180, 240, 300, 420, 600, 1800, 3600)
# With the rules' own limits, fixed at start: an edge that came later would begin at nought.
REPLY_EDGES_AT_MOST = 24
# How late we are ourselves: from one millisecond to the retries of a delivery.
LATENESS_EDGES = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

# Series a family may have: far over 20 platforms x 50 teams, far under what a scrape or the memory would feel.
SERIES_AT_MOST = 5_000
OTHER = "other"
UNKNOWN = "unknown"
LAG_PROBE_SECONDS = 0.25

Key = tuple[str, ...]


class Counts(dict[Key, float]):
    """Numbers by label values; the number of series is bounded.

    The first ``names`` labels are names that sources make up, the others come from short lists of ours.
    """

    def __init__(self, names: int = 1) -> None:
        super().__init__()
        self._names = names

    def add(self, *key: str, n: float = 1) -> None:
        """Add to one series."""
        try:
            self[key] += n
        except KeyError:
            if len(self) >= SERIES_AT_MOST:
                key = _other(key, self._names)
            self[key] = self.get(key, 0) + n


class Histogram:
    """How often values fell under each edge, and their sum."""

    __slots__ = ("counts", "edges", "total")

    def __init__(self, edges: tuple[float, ...]) -> None:
        self.edges = edges
        self.counts = [0] * (len(edges) + 1)
        self.total = 0.0

    def observe(self, value: float) -> None:
        """Count one value; an edge belongs to what is at most so much."""
        self.counts[bisect_left(self.edges, value)] += 1
        self.total += value


class Histograms(dict[Key, Histogram]):
    """Histograms by label values; the number of series is bounded."""

    def __init__(self, edges: tuple[float, ...], names: int = 1) -> None:
        super().__init__()
        self._edges = edges
        self._names = names
        self._at_most = SERIES_AT_MOST // (len(edges) + 3)

    def observe(self, value: float, *key: str) -> None:
        """Count one value in one series."""
        histogram = self.get(key)
        if histogram is None:
            if len(self) >= self._at_most:
                key = _other(key, self._names)
            histogram = self.setdefault(key, Histogram(self._edges))
        histogram.observe(value)


def reply_edges(limits_ms: Iterable[int]) -> tuple[float, ...]:
    """Return the edges for replies: beside ours the limits of the rules up to an hour, as far as there is room."""
    own = sorted({ms / 1000 for ms in limits_ms} - set(REPLY_EDGES))
    own = [seconds for seconds in own if 0 < seconds <= REPLY_EDGES[-1]]
    return tuple(sorted([*REPLY_EDGES, *own[: REPLY_EDGES_AT_MOST - len(REPLY_EDGES)]]))


def _other(key: Key, names: int) -> Key:
    return (OTHER,) * min(names, len(key)) + key[names:]


class MqttStatus(Protocol):
    """How the subscription to a broker is doing."""

    connected: bool
    connects: int
    payloads: int


class MqttDoor(Protocol):
    """The door that subscribes, as far as it is counted."""

    @property
    def status(self) -> MqttStatus:
        """How it is doing."""

    @property
    def held_bytes(self) -> int:
        """What has been read and is not stored yet."""


class Metrics:
    """The numbers themselves. Whoever does a thing counts it here.

    Args:
        version: of the build.
        rules_hash: of the rules in force.
        limits_ms: of their stages; how many replies came within each can be read.

    Attributes:
        events: by source and outcome accepted, duplicate, late, conflict, rejected.
        refused: what a door turned away before or instead of reading it, by door and reason.
        waits_open, shop_waits_open: kept by the floor as waits come and go.
        oldest_wait, promises_open, source_*, agents, unattended_shops, stale_shops: set when a scrape asks.
        mqtt: the door that subscribes; None: there is no broker, and nothing is said of one.
    """

    def __init__(self, *, version: str, rules_hash: str = "built-in", limits_ms: Iterable[int] = ()) -> None:
        self.events = Counts()
        self.messages = Counts()
        self.rejected = Counts()
        self.clamped = 0
        self.refused = Counts()
        self.reply_wait = Histograms(reply_edges(limits_ms), names=2)
        self.waits_open = Counts(names=2)
        self.oldest_wait = Counts(names=2)
        self.shop_waits_open = Counts()
        self.promises_open = Counts(names=2)
        self.rounds = Counts(names=2)
        self.passed = Counts(names=2)
        self.shop_rounds = Counts()
        self.score_faults = 0
        self.promises_passed = Counts(names=2)
        self.corrections = Counts()
        self.alerts = Counts()
        self.alert_lateness = Histograms(LATENESS_EDGES)
        self.deliveries = Counts()
        self.delivery = Histograms(LATENESS_EDGES)
        self.outbox_pending = Counts()
        self.suggestions = Counts()
        self.quality_hits = Counts()
        self.source_last_event = Counts()
        self.source_lag = Counts()
        self.source_stale = Counts()
        self.agents = Counts()
        self.unattended_shops = Counts()
        self.stale_shops = Counts()
        self.live_clients = 0
        self.commit = Histograms(LATENESS_EDGES)
        self.loop_lag = Histograms(LATENESS_EDGES)
        self.mqtt: MqttDoor | None = None
        self.scores_lag: Callable[[], float] = lambda: 0.0
        self.canary = Counts()
        self.canary_seconds = Histograms(LATENESS_EDGES)
        self.journal_bytes = 0
        self.journal_free_bytes = 0
        self.quarantined = 0
        self.clock_steps = 0
        self.ready = 0
        self.rules_last_reload_successful = 1
        self.build_info = Counts()
        self.set_rules(version, rules_hash)

    def set_rules(self, version: str, rules_hash: str) -> None:
        """Say which build runs on which rules."""
        self.build_info.clear()
        self.build_info[version, rules_hash] = 1

    async def watch_loop(self) -> None:
        """Measure, until cancelled, how late the loop wakes who asked to be woken."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + LAG_PROBE_SECONDS
            await asyncio.sleep(LAG_PROBE_SECONDS)
            self.loop_lag.observe(max(0.0, loop.time() - due))
