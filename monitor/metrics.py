"""Every metric, in one list.

Hot paths count in plain dicts and attributes of `Metrics`; `FAMILIES` says what
each one is called outside, with its help, labels and where it is read. The text
for Prometheus is written from these in slices, so that a scrape of many series
never holds the loop: ``generate_latest`` takes 4 µs a series in one go, which a
floor with a thousand series in each of many families would feel in its alerts.
What the process itself costs (CPU, memory, open files) comes from
``prometheus_client``'s own collectors.

Names in labels come from what sources send. Each family therefore holds a bounded
number of series; beyond it names are counted together under ``other``, and what
became of things stays told apart.

Counters count decisions as they were made, corrections beside them. The exact
numbers of a day are in the API, not here.
"""

import asyncio
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector, generate_latest

from monitor.core.decisions import (
    AlertOrder,
    AlertState,
    CloseRound,
    Decision,
    PassPromise,
    PassStage,
    RaiseAlert,
    ResolveAlert,
    RestateRound,
    RiseAlert,
    Round,
    TellPeople,
    WithdrawAlert,
)
from monitor.core.events import AnyEvent, Message
from monitor.core.views import CANARY

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

# Every edge of a platform's score, and the stages' limits up to an hour. A query reads `le` directly, so these stay.
REPLY_EDGES = (5, 10, 15, 20, 30, 45, 60, 80, 100, 120, 150, 180, 240, 300, 420, 600, 1800, 3600)
# How late we are ourselves: from one millisecond to the retries of a delivery.
LATENESS_EDGES = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

# Series a family may have: far over 20 platforms x 50 teams, far under what a scrape or the memory would feel.
SERIES_AT_MOST = 5_000
OTHER = "other"
UNKNOWN = "unknown"
SLICE_LINES = 2_000  # Lines written before others get the loop: about 1 ms.
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


def _other(key: Key, names: int) -> Key:
    return (OTHER,) * min(names, len(key)) + key[names:]


class Metrics:
    """The numbers themselves. Whoever does a thing counts it here.

    Attributes:
        events: by source and outcome accepted, duplicate, late, conflict, rejected.
        refused: what a door turned away before or instead of reading it, by door and reason.
        waits_open, shop_waits_open: kept by the floor as waits come and go.
        oldest_wait, promises_open, source_*, agents, unattended_shops, stale_shops: set when a scrape asks.
    """

    def __init__(self, *, version: str, rules_hash: str = "built-in") -> None:
        self.events = Counts()
        self.messages = Counts()
        self.rejected = Counts()
        self.clamped = 0
        self.refused = Counts()
        self.reply_wait = Histograms(REPLY_EDGES, names=2)
        self.waits_open = Counts(names=2)
        self.oldest_wait = Counts(names=2)
        self.shop_waits_open = Counts()
        self.promises_open = Counts(names=2)
        self.rounds = Counts(names=2)
        self.passed = Counts(names=2)
        self.shop_rounds = Counts()
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


class Accepted(Protocol):
    """One event as it went in."""

    @property
    def event(self) -> AnyEvent:
        """The event."""

    @property
    def outcome(self) -> str:
        """What became of it: accepted, late, duplicate, conflict."""


class Refusal(Protocol):
    """One thing that was refused."""

    @property
    def reason(self) -> str:
        """Why, in one word."""


class Changes(Protocol):
    """What a commit changed, as far as counting goes."""

    @property
    def decisions(self) -> Iterable[Decision]:
        """What was decided, in order."""

    @property
    def events(self) -> Iterable[Accepted]:
        """The events that came in."""

    @property
    def refused(self) -> Iterable[tuple[str, Refusal]]:
        """What was refused, with its source."""

    @property
    def clamped(self) -> int:
        """How many events came a little out of the future."""

    @property
    def commit_seconds(self) -> float:
        """How long the disk took; 0: nothing was written."""


class Watcher:
    """Counts what came in and what was decided, once it is stored; hand `watch` to the engine."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def watch(self, changes: Changes) -> None:
        """Count all of one commit."""
        metrics = self._metrics
        for accepted in changes.events:
            event, outcome = accepted.event, accepted.outcome
            metrics.events.add(event.source or UNKNOWN, outcome)
            if type(event) is Message and outcome in ("accepted", "late"):
                metrics.messages.add(event.platform or UNKNOWN, event.role)
        for source, refusal in changes.refused:
            metrics.events.add(source, "rejected")
            metrics.rejected.add(refusal.reason)
        metrics.clamped += changes.clamped
        if changes.commit_seconds:
            metrics.commit.observe(changes.commit_seconds)
        for decision in changes.decisions:
            match decision:
                case PassStage():
                    courtesy = "true" if decision.courtesy else "false"
                    metrics.passed.add(decision.platform, decision.team, decision.stage, courtesy)
                case CloseRound():
                    self._close(decision.round)
                case RestateRound():
                    metrics.corrections.add(f"round_{decision.reason}")
                case AlertOrder():
                    self._alert(decision)
                case AlertState():
                    for act in decision.acts:
                        counted = _outcome(act.what, decision)
                        if counted is not None:
                            metrics.alerts.add(decision.team, decision.stage, counted)
                case TellPeople() if decision.kind == "waits":
                    metrics.alert_lateness.observe(max(0, decision.decided_at_ms - decision.due_at_ms) / 1000)
                case PassPromise():
                    metrics.promises_passed.add(decision.platform, decision.team, decision.stage)

    def _close(self, done: Round) -> None:
        if done.platform == CANARY:
            return
        metrics = self._metrics
        metrics.rounds.add(done.platform, done.team, done.outcome)
        # Of an answer given elsewhere only two bounds are known.
        if done.outcome == "answered" and done.ended_at_ms is not None and done.ended_after_ms is None:
            seconds = (done.ended_at_ms - done.opened_at_ms) / 1000
            metrics.reply_wait.observe(seconds, done.platform, done.team, "first" if done.first else "next")

    def _alert(self, order: AlertOrder) -> None:
        metrics = self._metrics
        match order:
            case RaiseAlert():
                outcome = "raised"
            case RiseAlert():
                outcome = "risen"
            case ResolveAlert():
                outcome = "resolved"
            case WithdrawAlert():
                outcome = "withdrawn"
                metrics.corrections.add(f"alert_{order.reason}")
            case _:
                raise AssertionError(f"an alert order without a name: {order}")
        metrics.alerts.add(order.team, order.stage, outcome)
        if outcome in ("raised", "risen"):
            metrics.alert_lateness.observe(max(0, order.decided_at_ms - order.due_at_ms) / 1000)


def _outcome(act: str, alert: AlertState) -> str | None:
    """Return what an act is counted as; those of waits are counted as programs are told of them, but for claims."""
    if act == "claimed":
        return "claimed"
    if alert.kind == "wait":
        return None
    if act == "told":
        return "raised" if len({told.step for told in alert.told}) == 1 else "risen"
    return "resolved" if act == "resolved" else None


@dataclass(frozen=True, slots=True)
class Family:
    """One metric as the outside knows it, without the prefix."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    labels: tuple[str, ...]
    help: str
    read: Callable[[Metrics], Mapping[Key, float] | Mapping[Key, Histogram] | float]


FAMILIES = (
    Family(
        "events_total",
        "counter",
        ("source", "outcome"),
        "Events by what became of them: accepted, duplicate, late, conflict, rejected.",
        lambda m: m.events,
    ),
    Family("messages_total", "counter", ("platform", "role"), "Messages by who said them.", lambda m: m.messages),
    Family(
        "events_clamped_total",
        "counter",
        (),
        "Events whose time was a little in the future and was set to their arrival.",
        lambda m: m.clamped,
    ),
    Family(
        "rejected_total",
        "counter",
        ("reason",),
        "Refused events by what is wrong with them; they are in the quarantine.",
        lambda m: m.rejected,
    ),
    Family(
        "refused_total",
        "counter",
        ("door", "reason"),
        "What a door turned away before reading events in it: too large, too slow, not allowed.",
        lambda m: m.refused,
    ),
    Family(
        "reply_wait_seconds",
        "histogram",
        ("platform", "team", "kind"),
        "How long buyers waited for a human reply, first of a session and next ones.",
        lambda m: m.reply_wait,
    ),
    Family(
        "waits_open",
        "gauge",
        ("platform", "team", "stage"),
        "Buyers who need an answer now, by how far their wait has come.",
        lambda m: m.waits_open,
    ),
    Family(
        "oldest_wait_seconds",
        "gauge",
        ("platform", "team"),
        "How long the buyer who needs an answer longest has waited; 0 when nobody waits.",
        lambda m: m.oldest_wait,
    ),
    Family(
        "shop_waits_open", "gauge", ("shop",), "Buyers of a shop who need an answer now.", lambda m: m.shop_waits_open
    ),
    Family(
        "promises_open",
        "gauge",
        ("platform", "team", "stage"),
        "Holding replies that still owe an answer.",
        lambda m: m.promises_open,
    ),
    Family(
        "rounds_total",
        "counter",
        ("platform", "team", "outcome"),
        "Waits by how they ended: answered, expired, abandoned, dismissed.",
        lambda m: m.rounds,
    ),
    Family(
        "shop_rounds_total",
        "counter",
        ("shop", "within"),
        "Rounds (sessions, buyers of a day) that have come out, by the shop's own platform's score.",
        lambda m: m.shop_rounds,
    ),
    Family(
        "passed_total",
        "counter",
        ("platform", "team", "stage", "courtesy"),
        "Limits that waits have passed; courtesy: the buyer had said polite words only.",
        lambda m: m.passed,
    ),
    Family(
        "promises_passed_total",
        "counter",
        ("platform", "team", "stage"),
        "Limits that promises have passed: due, late, missed.",
        lambda m: m.promises_passed,
    ),
    Family(
        "corrections_total",
        "counter",
        ("kind",),
        "Decisions that what came later has corrected: rounds restated, alerts withdrawn.",
        lambda m: m.corrections,
    ),
    Family(
        "alerts_total",
        "counter",
        ("team", "stage", "outcome"),
        "Alerts raised, risen, claimed, resolved, withdrawn.",
        lambda m: m.alerts,
    ),
    Family(
        "alert_lateness_seconds",
        "histogram",
        (),
        "From the instant an alert was due until it was decided.",
        lambda m: m.alert_lateness,
    ),
    Family(
        "deliveries_total",
        "counter",
        ("channel", "outcome"),
        "Messages to people and machines: sent, retried, failed, dropped_answered, digested.",
        lambda m: m.deliveries,
    ),
    Family(
        "delivery_seconds",
        "histogram",
        ("channel",),
        "From the decision until the channel took the message.",
        lambda m: m.delivery,
    ),
    Family(
        "suggestions_total",
        "counter",
        ("outcome",),
        "Suggested replies: offered, abstained, shown, picked, edited, ignored; and what came of a model's rewording.",
        lambda m: m.suggestions,
    ),
    Family(
        "quality_hits_total",
        "counter",
        ("rule", "level"),
        "Replies whose words broke a rule of service quality.",
        lambda m: m.quality_hits,
    ),
    Family("outbox_pending", "gauge", ("channel",), "Messages not yet delivered.", lambda m: m.outbox_pending),
    Family(
        "source_last_event_timestamp_seconds",
        "gauge",
        ("source",),
        "When a source last brought something, Unix time.",
        lambda m: m.source_last_event,
    ),
    Family(
        "source_lag_seconds",
        "gauge",
        ("source",),
        "How old a source's events are when they arrive.",
        lambda m: m.source_lag,
    ),
    Family(
        "source_stale",
        "gauge",
        ("source",),
        "1 while nothing proves that a source still sees the chat.",
        lambda m: m.source_stale,
    ),
    Family(
        "agents",
        "gauge",
        ("team", "state"),
        "People who answer, by how they stand: online, away, suspended, offline; unknown: on shift, and nothing heard.",
        lambda m: m.agents,
    ),
    Family(
        "unattended_shops",
        "gauge",
        ("platform",),
        "Shops of which nobody could take a new chat for too long.",
        lambda m: m.unattended_shops,
    ),
    Family("stale_shops", "gauge", ("platform",), "Shops whose chat no feed shows now.", lambda m: m.stale_shops),
    Family("live_clients", "gauge", (), "Open live feeds (wallboards, consoles).", lambda m: m.live_clients),
    Family(
        "commit_seconds",
        "histogram",
        (),
        "How long one transaction took until it was on the disk.",
        lambda m: m.commit,
    ),
    Family(
        "loop_lag_seconds",
        "histogram",
        (),
        "How late the loop woke who had asked to be woken.",
        lambda m: m.loop_lag,
    ),
    Family(
        "canary_total",
        "counter",
        ("outcome",),
        "Artificial chats sent through the whole chain: in_time, late.",
        lambda m: m.canary,
    ),
    Family(
        "canary_seconds",
        "histogram",
        (),
        "How long an artificial chat took through the whole chain.",
        lambda m: m.canary_seconds,
    ),
    Family("journal_bytes", "gauge", (), "Size of the journal on the disk.", lambda m: m.journal_bytes),
    Family("journal_free_bytes", "gauge", (), "Room left on the journal's disk.", lambda m: m.journal_free_bytes),
    Family("quarantined", "gauge", (), "Refused inputs kept to be mended and sent again.", lambda m: m.quarantined),
    Family(
        "clock_steps_total",
        "counter",
        (),
        "How often the machine's clock was found set back.",
        lambda m: m.clock_steps,
    ),
    Family("ready", "gauge", (), "1 while the service can store what it is sent.", lambda m: m.ready),
    Family(
        "rules_last_reload_successful",
        "gauge",
        (),
        "0 while the rules on disk are wrong and the last good ones hold.",
        lambda m: m.rules_last_reload_successful,
    ),
    Family(
        "build_info", "gauge", ("version", "rules_hash"), "Which build runs on which rules.", lambda m: m.build_info
    ),
)


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
