"""爆单: far more buyers come than people can answer.

Then a group is told once in thirty seconds, whatever is due, and the floor manager is
told that it began, and at its end what came of it. Who is with a bot, has said polite
words only or writes out of hours counts from when a person is needed. Pure: time and
what happened are arguments. How it stands is kept (`Kept`), so that a restart in the
middle of a rush neither forgets it nor begins it anew.
"""

from collections import deque
from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from monitor.core.decisions import AlertState, Decision, PassStage, TellPeople
from monitor.core.views import CANARY, WaitRow

MINUTE_MS = 60_000
NEW_AT_LEAST = 60  # Waits a minute; a small floor is not in a storm because six come where one is usual.
NEW_FACTOR = 4  # Times what is usual.
DUE_AT_LEAST = 30  # Waits named to groups within a minute.
CALM_MS = 3 * MINUTE_MS  # So long without either, and it is over.
PACE_SECONDS = 30
REMEMBERS = 30  # Minutes that what is usual is an average of.
USUAL_FOR_MS = 30 * MINUTE_MS  # After longer away nobody knows what is usual now.
KEEP_MS = 10_000  # In a rush its sums are kept so often.
HELD_AT_MOST = 20_000  # Waits that do not need a person yet.
_NO_PERSON_YET = frozenset(("bot_held", "courtesy", "out_of_hours"))


class Kept(Struct, array_like=True, frozen=True):
    """How it stands, for a restart."""

    at_ms: int
    since_ms: int | None
    usual: float
    minutes: int
    sums: dict[str, int]
    held: list[int]


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
        self._held: dict[int, None] = {}  # Waits that do not need a person yet.
        self._calm_since_ms = now_ms
        self._sums: dict[str, int] = {}
        self._kept_at_ms = now_ms

    def keep(self, now_ms: int) -> Kept | None:
        """Return how it stands, for keeping; None: that is kept well enough."""
        every_ms = MINUTE_MS if self.since_ms is None else KEEP_MS
        if now_ms < self._kept_at_ms + every_ms:
            return None
        self._kept_at_ms = now_ms
        return Kept(now_ms, self.since_ms, self._usual, self._minutes, dict(self._sums), list(self._held))

    def resume(self, kept: Kept | None, newest: int, now_ms: int) -> None:
        """Go on after a restart; ``newest`` is the number of the newest event: its wait and older ones are known."""
        self._newest = newest
        if kept is None:
            return
        self._held = dict.fromkeys(kept.held)
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
        new, newest = 0, self._newest
        for row in rows:
            if row.wait > self._newest:
                newest = max(newest, row.wait)
                if "catching_up" in row.flags or row.platform == CANARY:
                    continue  # What a feed brings at once came over a while; a backlog is no rush.
            elif row.wait not in self._held:
                continue
            if _NO_PERSON_YET.isdisjoint(row.flags):
                self._held.pop(row.wait, None)
                new += 1
            elif len(self._held) < HELD_AT_MOST:
                self._held[row.wait] = None
        self._newest = newest
        if self._held:
            for number, _ in gone:
                self._held.pop(number, None)
        due = 0
        for one in decisions:
            if isinstance(one, TellPeople) and one.to == "team":
                due += len(one.waits)
            elif isinstance(one, PassStage) and not one.courtesy and one.stage in ("at_risk", "lost"):
                self._add("overdue" if one.stage == "at_risk" else "missed", 1)
            elif isinstance(one, AlertState) and one.outcome == "answered" and one.limit_at_ms is not None:
                self._add("saved", (one.ended_at_ms or 0) <= one.limit_at_ms)
        if new:
            self._new.append((now_ms, new))
            self._in_minute += new
            self._add("waits", new)
        if due:
            self._due.append((now_ms, due))

    def turn(self, now_ms: int, waiting: int) -> dict[str, Any] | None:
        """Return the facts of its beginning or end, where this is one."""
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

    def _add(self, name: str, number: int) -> None:
        if self.since_ms is not None:
            self._sums[name] = self._sums.get(name, 0) + number


def _within(counts: deque[tuple[int, int]], now_ms: int) -> int:
    while counts and counts[0][0] <= now_ms - MINUTE_MS:
        counts.popleft()
    return sum(number for _, number in counts)
