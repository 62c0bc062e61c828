"""爆单: far more buyers come than people can answer.

Then a group is told once in thirty seconds, whatever is due, and the floor manager is
told that it began, and at its end what came of it. A wait counts once it has needed a
person for some seconds: not while a bot has it, nor before the bot has had its turn.
Pure: time and what happened are arguments. How it stands is kept (`Kept`), so that a
restart in the middle of a rush neither forgets it nor begins it anew.
"""

from collections import deque
from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from monitor.core.decisions import AlertState, Decision, PassStage, TellPeople
from monitor.core.units import MINUTE_MS
from monitor.core.views import CANARY, WaitRow

NEW_AT_LEAST = 60  # Waits a minute; a small floor is not in a storm because six come where one is usual.
NEW_FACTOR = 4  # Times what is usual.
DUE_AT_LEAST = 30  # Waits named to groups within a minute.
CALM_MS = 3 * MINUTE_MS  # So long without either, and it is over.
PACE_SECONDS = 30
REMEMBERS = 30  # Minutes that what is usual is an average of.
USUAL_FOR_MS = 30 * MINUTE_MS  # After longer away nobody knows what is usual now.
KEEP_MS = 10_000  # In a rush its sums are kept so often.
SETTLES_MS = 5_000  # A bot answers sooner.
PENDING_AT_MOST = 20_000
_NO_PERSON_YET = frozenset(("bot_held", "courtesy", "out_of_hours"))


class Kept(Struct, array_like=True, frozen=True):
    """How it stands, for a restart."""

    at_ms: int
    since_ms: int | None
    usual: float
    minutes: int
    sums: dict[str, int]
    pending: dict[int, int]


class Storm:
    """Whether there is one, and what it came to.

    Attributes:
        since_ms: when it began; None: there is none.
    """

    def __init__(self, now_ms: int) -> None:
        self.since_ms: int | None = None
        self._usual = 0.0
        self._minutes = 0
        self._minute_ms = now_ms
        self._in_minute = 0
        self._new: deque[tuple[int, int]] = deque()
        self._due: deque[tuple[int, int]] = deque()
        self._newest = 0  # Wait numbers only grow.
        self._pending: dict[int, int] = {}  # Waits not counted yet, since when each needs a person; 0: it does not.
        self._calm_since_ms = now_ms
        self._sums: dict[str, int] = {}
        self._kept_at_ms = now_ms

    def keep(self, now_ms: int) -> Kept | None:
        """Return how it stands, for keeping; None: that is kept well enough."""
        every_ms = MINUTE_MS if self.since_ms is None else KEEP_MS
        if now_ms < self._kept_at_ms + every_ms:
            return None
        self._kept_at_ms = now_ms
        return Kept(now_ms, self.since_ms, self._usual, self._minutes, dict(self._sums), dict(self._pending))

    def resume(self, kept: Kept | None, newest: int, now_ms: int) -> None:
        """Go on after a restart; ``newest`` is the number of the newest event: its wait and older ones are known."""
        self._newest = newest
        if kept is None:
            return
        self._pending = dict(kept.pending)
        self.since_ms, self._sums = kept.since_ms, dict(kept.sums)
        self._calm_since_ms = now_ms  # Whether it is over is seen after three quiet minutes.
        if now_ms - kept.at_ms <= USUAL_FOR_MS:
            self._usual, self._minutes = kept.usual, kept.minutes

    def see(
        self,
        rows: Iterable[WaitRow],
        decisions: Iterable[Decision],
        now_ms: int,
        gone: Iterable[tuple[int, str]] = (),
    ) -> None:
        """Take in what a commit changed."""
        newest = self._newest
        for row in rows:
            if row.wait > self._newest:
                newest = max(newest, row.wait)
                if "catching_up" in row.flags or row.platform == CANARY or len(self._pending) >= PENDING_AT_MOST:
                    continue  # What a feed brings at once came over a while; a backlog is no rush.
            elif row.wait not in self._pending:
                continue
            needed = _NO_PERSON_YET.isdisjoint(row.flags)
            self._pending[row.wait] = (self._pending.get(row.wait) or now_ms) if needed else 0
        self._newest = newest
        if self._pending:
            for number, _ in gone:
                self._pending.pop(number, None)
        due = 0
        for one in decisions:
            if isinstance(one, TellPeople) and one.to == "team":
                due += len(one.waits)
            elif isinstance(one, PassStage) and not one.courtesy and one.stage in ("at_risk", "lost"):
                self._add("overdue" if one.stage == "at_risk" else "missed", 1)
            elif isinstance(one, AlertState) and one.outcome == "answered" and one.limit_at_ms is not None:
                self._add("saved", (one.ended_at_ms or 0) <= one.limit_at_ms)
        if due:
            self._due.append((now_ms, due))

    def turn(self, now_ms: int, waiting: int) -> dict[str, Any] | None:
        """Return the facts of its beginning or end, where this is one."""
        self._count(now_ms)
        new, due = _within(self._new, now_ms), _within(self._due, now_ms)
        while now_ms >= self._minute_ms + MINUTE_MS:
            if self.since_ms is None:  # What a storm brings is not usual.
                self._minutes = min(REMEMBERS, self._minutes + 1)
                self._usual += (self._in_minute - self._usual) / self._minutes
            self._in_minute = 0
            self._minute_ms += MINUTE_MS
        # In the first minute after a start nobody knows what is usual, and a backlog may be coming in.
        rush = self._minutes > 0 and new >= NEW_AT_LEAST and new >= NEW_FACTOR * self._usual
        rough = rush or due >= DUE_AT_LEAST
        if rough:
            self._calm_since_ms = now_ms
        if self.since_ms is None and rough:
            self.since_ms = now_ms
            self._kept_at_ms = 0  # To be kept at once.
            self._sums = {"waits": new}
            return {"rate": new, "usual": round(self._usual), "waiting": waiting}
        if self.since_ms is not None and now_ms >= self._calm_since_ms + CALM_MS:
            sums, self._sums, self.since_ms = self._sums, {}, None
            self._kept_at_ms = 0
            return {"ended": True, "waits": 0, "overdue": 0, "missed": 0, "saved": 0} | sums
        return None

    def _count(self, now_ms: int) -> None:
        """Count the waits that have needed a person for long enough."""
        ready = [number for number, since_ms in self._pending.items() if 0 < since_ms <= now_ms - SETTLES_MS]
        for number in ready:
            del self._pending[number]
        if ready:
            self._new.append((now_ms, len(ready)))
            self._in_minute += len(ready)
            self._add("waits", len(ready))

    def _add(self, name: str, number: int) -> None:
        if self.since_ms is not None:
            self._sums[name] = self._sums.get(name, 0) + number


def _within(counts: deque[tuple[int, int]], now_ms: int) -> int:
    while counts and counts[0][0] <= now_ms - MINUTE_MS:
        counts.popleft()
    return sum(number for _, number in counts)
