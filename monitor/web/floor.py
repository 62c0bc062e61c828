"""Who waits now, as the board, the API and the metrics need it.

The tracker holds the waits; this keeps only what lets them be counted and put in
order without asking it about each of a million. A full row is asked for when it
is to be shown. Counts by place and stage go along with each commit; what needs a
look at every wait (the oldest, the most urgent) does so in slices, letting others
have the loop in between.
"""

import asyncio
import heapq
from bisect import bisect_left
from collections.abc import AsyncIterator, Callable
from itertools import chain

from msgspec import Struct

from monitor.core.views import WaitRow
from monitor.metrics import Metrics
from monitor.web.answered import AnsweredToday
from monitor.web.services import Changes, Engine

SHARDS = 1_024  # A million waits are looked at a shard at a time; none is copied whole.
SLICE = 1_000  # Entries looked at before others get the loop: about 1 ms.
# Between two slices. The journal's thread needs the interpreter some times for each row; beside a loop that never rests
# it gets it every 5 ms, and a commit took two seconds.
REST_SECONDS = 0.002
_NEVER = (3, 0)  # After every urgency.
STAGES = ("fresh", "slow", "at_risk", "lost")  # Always there in the counts, be there nobody.


class Entry(Struct, gc=False, eq=False):
    """One open wait, as far as it must be known at all times."""

    wait: int
    shop: str
    conversation: str
    place: tuple[str, str]  # platform, team; one object for all that are there
    agent: str | None
    stage: str
    since_ms: int  # needs_answer_since; 0: courtesy only, so not on the board
    lost_after_ms: int  # Its last limit, and how long its clock has stood; 0: it stands, or there is no limit.
    bot_held: bool

    def urgency(self, now_ms: int) -> tuple[int, int]:
        """Return what to sort by: savable first, by least time left; then bot-held; then lost, last lost first."""
        if not self.lost_after_ms:
            return 1, self.since_ms
        lost_at_ms = self.since_ms + self.lost_after_ms
        return (0, lost_at_ms) if lost_at_ms >= now_ms else (2, -lost_at_ms)


class Group(Struct, gc=False, eq=False):
    """The counts of one shop's waits with one team."""

    platform: str
    shop: str
    team: str
    stages: dict[str, int]
    on_board: int = 0
    courtesy: int = 0
    bot_held: int = 0
    answered_today: int = 0


BANDS_MS = (30_000, 60_000, 100_000, 180_000, 300_000)  # Up to and with each; more.


class Pending(Struct, gc=False, eq=False):
    """Who waits in one group: the oldest, how many by how long, and apart from these how many a bot holds."""

    since_ms: int
    bands: list[int]
    bot_held: int = 0


class Floor:
    """All open waits, counted.

    Attributes:
        on_board: how many need an answer.
        courtesy: how many have only been polite.
        bot_held: of those on the board, whom a bot talks to.
        answers: counts the rounds answered today.
        groups: the same by platform, shop and team, for boards and callers that see a part.
    """

    def __init__(self, engine: Engine, metrics: Metrics, now_ms: Callable[[], int]) -> None:
        self._engine = engine
        self._metrics = metrics
        self._now_ms = now_ms
        self._shards: list[dict[int, Entry]] = [{} for _ in range(SHARDS)]
        self._places: dict[tuple[str, str], tuple[str, str]] = {}
        self.stages: dict[str, int] = dict.fromkeys(STAGES, 0)
        self.on_board = self.courtesy = self.bot_held = 0
        self.answers = AnsweredToday(now_ms, self._group, self._none_answered)
        self.groups: dict[tuple[str, str, str], Group] = {}

    def begin(self) -> None:
        """Take the waits that are open at the start."""
        for row in self._engine.waits():
            self._put(row)

    def watch(self, changes: Changes) -> None:
        """Go along with one commit."""
        for wait, _why in changes.gone:
            self._drop(wait)
        for row in changes.rows:
            self._put(row)
        for decision in changes.decisions:
            self.answers.see(decision)

    @property
    def answered_today(self) -> int:
        """How many rounds were answered since this machine's midnight."""
        return self.answers.total

    def get(self, wait: int) -> Entry | None:
        """Return an open wait."""
        return self._shards[wait % SHARDS].get(wait)

    def row(self, wait: int) -> WaitRow | None:
        """Return all there is to show of an open wait."""
        entry = self.get(wait)
        if entry is None:
            return None
        row = self._engine.row(entry.shop, entry.conversation)
        return row if row is not None and row.wait == wait else None

    async def most_urgent(
        self, at_most: int, wanted: Callable[[Entry], bool] = lambda entry: entry.since_ms > 0
    ) -> tuple[list[Entry], int]:
        """Return the most urgent of those wanted, in order, and how many are wanted."""
        now_ms = self._now_ms()
        best: list[tuple[tuple[int, int], int, Entry]] = []
        last = _NEVER  # The urgency that still counts, once there are enough.
        found = 0
        better: list[tuple[tuple[int, int], int, Entry]] = []
        async for part in self._slices():
            for entry in part:
                if wanted(entry):
                    found += 1
                    urgency = entry.urgency(now_ms)
                    if urgency <= last:
                        better.append((urgency, entry.wait, entry))
            if len(better) >= at_most:  # Not sooner: each time costs as much as sorting all that are asked for.
                best = heapq.nsmallest(at_most, chain(best, better))
                better.clear()
                last = best[-1][0]
        return [entry for _, _, entry in heapq.nsmallest(at_most, chain(best, better))], found

    async def pending(self, name: Callable[[Entry], str | None]) -> dict[str, Pending]:
        """Count who waits now by how long, in groups.

        Args:
            name: returns the group of a wait; None: it is in none.
        """
        now_ms = self._now_ms()
        found: dict[str, Pending] = {}
        async for part in self._slices():
            for entry in part:
                group = name(entry) if entry.since_ms else None
                if group is None:
                    continue
                known = found.get(group)
                if known is None:
                    known = found[group] = Pending(entry.since_ms, [0] * (len(BANDS_MS) + 1))
                known.since_ms = min(known.since_ms, entry.since_ms)  # The buyer waits, bot or not.
                if entry.bot_held:
                    known.bot_held += 1
                    continue
                known.bands[bisect_left(BANDS_MS, now_ms - entry.since_ms)] += 1
        return found

    async def measure(self) -> None:
        """Set the gauges that need a look at every wait or source, for a scrape."""
        now_ms = self._now_ms()
        oldest: dict[tuple[str, str], int] = {}
        async for part in self._slices():
            for entry in part:
                if entry.since_ms:
                    oldest[entry.place] = min(entry.since_ms, oldest.get(entry.place, entry.since_ms))
        metrics = self._metrics
        for place in metrics.oldest_wait:
            metrics.oldest_wait[place] = 0
        for place, since_ms in oldest.items():
            metrics.oldest_wait.add(*place, n=max(0, now_ms - since_ms) / 1000)
        metrics.promises_open.clear()
        for key, count in self._engine.promises().items():
            metrics.promises_open.add(*key, n=count)
        for gauge in (metrics.source_last_event, metrics.source_lag, metrics.source_stale):
            gauge.clear()
        for source in self._engine.sources():
            if source.last_event_at_ms is not None:
                metrics.source_last_event.add(source.name, n=source.last_event_at_ms / 1000)
            metrics.source_lag.add(source.name, n=source.lag_ms / 1000)
            metrics.source_stale.add(source.name, n=source.state == "stale")
        metrics.ready = 0 if self._engine.ready.reason else 1

    async def _slices(self) -> AsyncIterator[list[Entry]]:
        """Yield all entries, shard by shard, each as it stands then."""
        looked_at = 0
        for shard in self._shards:
            if looked_at >= SLICE:
                looked_at = 0
                await asyncio.sleep(REST_SECONDS)
            entries = list(shard.values())
            looked_at += len(entries)
            yield entries

    def _put(self, row: WaitRow) -> None:
        self._drop(row.wait)
        place = (row.platform, row.team)
        entry = Entry(
            row.wait,
            row.shop,
            row.conversation,
            self._places.setdefault(place, place),
            row.agent,
            row.stage,
            row.needs_answer_since_ms or 0,
            _lost_after_ms(row),
            "bot_held" in row.flags,
        )
        self._shards[row.wait % SHARDS][row.wait] = entry
        self._count(entry, 1)

    def _drop(self, wait: int) -> None:
        entry = self._shards[wait % SHARDS].pop(wait, None)
        if entry is not None:
            self._count(entry, -1)

    def _group(self, platform: str, shop: str, team: str) -> Group:
        key = (platform, shop, team)
        group = self.groups.get(key)
        if group is None:
            group = self.groups[key] = Group(platform, shop, team, dict.fromkeys(STAGES, 0))
        return group

    def _count(self, entry: Entry, step: int) -> None:
        platform, team = entry.place
        group = self._group(platform, entry.shop, team)
        if not entry.since_ms:
            self.courtesy += step
            group.courtesy += step
            return
        self.on_board += step
        group.on_board += step
        group.stages[entry.stage] = group.stages.get(entry.stage, 0) + step
        self.stages[entry.stage] = self.stages.get(entry.stage, 0) + step
        if entry.bot_held:
            self.bot_held += step
            group.bot_held += step
        self._metrics.waits_open.add(*entry.place, entry.stage, n=step)
        self._metrics.shop_waits_open.add(entry.shop, n=step)

    def _none_answered(self) -> None:
        for group in self.groups.values():
            group.answered_today = 0


def _lost_after_ms(row: WaitRow) -> int:
    """How long after it needs an answer a wait is lost; 0 where that cannot be foreseen."""
    if row.standing_since_ms is not None or not row.limits:
        return 0
    last_ms = row.limits[-1][1]
    return last_ms + row.stood_ms if row.stood_ms else last_ms  # As it is: a million waits share the one number.
