"""How many rounds were answered today: counted as they close, and read back after a start.

Today begins at this machine's midnight. Rounds that ended before the start are read from
the journal beside everything else, in the order they opened; one that changes meanwhile
is counted as it stands then, and passed over when its place in that order comes.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import Protocol

from monitor.core.decisions import CloseRound, Decision, RestateRound, Round
from monitor.core.views import CANARY
from monitor.web.brief_rounds import BriefRound, brief_round

_NEVER = (1 << 62, 0)  # After every round.
_NOTHING_READ = (0, 0)


class Group(Protocol):
    """What belongs together: a shop's rounds with one team."""

    answered_today: int


class AnsweredToday:
    """Counts them, in all and by group.

    Args:
        now_ms: the time.
        group: returns a group by (platform, shop, team), made if need be.
        begin_anew: sets the counts of all groups to nothing.

    Attributes:
        total: how many in all.
    """

    def __init__(
        self, now_ms: Callable[[], int], group: Callable[[str, str, str], Group], begin_anew: Callable[[], None]
    ) -> None:
        self.total = 0
        self._now_ms = now_ms
        self._group = group
        self._begin_anew = begin_anew
        self._from_ms = self._to_ms = 0
        self._read_to = _NEVER  # Of what ended before the start: (opened, wait) of the last that is counted.
        self._seen: set[int] = set()  # Rounds that were closed or changed since, while the rest is read back.

    @property
    def since_ms(self) -> int:
        """When today began."""
        self._turn()
        return self._from_ms

    def see(self, decision: Decision) -> None:
        """Count what was decided."""
        self._turn()
        if isinstance(decision, CloseRound):
            self._add(decision.round)
        elif isinstance(decision, RestateRound):
            was = decision.was
            if was is not None and (was.wait in self._seen or (was.opened_at_ms, was.wait) <= self._read_to):
                self._count(was, -1)
            self._add(decision.now)
            if was is not None and self._read_to < _NEVER:
                self._seen.add(was.wait)

    def reading_back(self) -> None:
        """From now on rounds are read back: those that close meanwhile are noted."""
        self._read_to = _NOTHING_READ

    async def read_back(self, rounds: AsyncIterator[list[bytes]]) -> None:
        """Count what ended today before `reading_back`: all rounds that may have, by their opening."""
        async for part in rounds:
            self._turn()
            for body in part:
                one = brief_round(body)
                if one.wait not in self._seen:
                    self._count(one, 1)
                self._read_to = (one.opened_at_ms, one.wait)
            await asyncio.sleep(0)
        self._read_to = _NEVER
        self._seen.clear()

    def _add(self, done: Round | None) -> None:
        if done is not None:
            self._count(done, 1)
            if self._read_to < _NEVER:
                self._seen.add(done.wait)

    def _count(self, done: Round | BriefRound, step: int) -> None:
        if done.outcome != "answered" or done.ended_at_ms is None or done.platform == CANARY:
            return
        if self._from_ms <= done.ended_at_ms < self._to_ms:
            self.total += step
            self._group(done.platform, done.shop, done.team).answered_today += step

    def _turn(self) -> None:
        """Begin again at midnight."""
        now_ms = self._now_ms()
        if self._from_ms <= now_ms < self._to_ms:
            return
        midnight = datetime.fromtimestamp(now_ms / 1000).astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
        # Through local time, for a day may have 23 or 25 hours.
        following = (midnight.replace(tzinfo=None) + timedelta(days=1)).astimezone()
        self._from_ms, self._to_ms = int(midnight.timestamp() * 1000), int(following.timestamp() * 1000)
        self.total = 0
        self._begin_anew()
