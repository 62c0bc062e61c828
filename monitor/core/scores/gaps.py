"""Gaps of feeds: what an account was blind for, and what was filled in later.

An account that its collector reports as anything but online sees nothing; the gap ends
when it is online again. A complete ``sync_range`` over all of it fills it.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable
from operator import attrgetter

from monitor.core import events as ev
from monitor.core.scores.judge import Gap
from monitor.core.scores.rounds import NEVER_MS

STATES_AT_MOST = 512  # Of one account, the newest.
GAPS_AT_MOST = 64  # Of one shop, the newest: more is a feed that flaps.

_start = attrgetter("from_ms")


class Feeds:
    """What the feeds of one shop have said of themselves; the order of arrival does not matter."""

    __slots__ = ("_made", "_states", "_synced")

    def __init__(self) -> None:
        self._states: dict[str, list[tuple[int, bool]]] = {}
        self._synced: list[Gap] = []
        self._made: list[Gap] | None = None

    def note(self, event: ev.AccountStatus | ev.SyncRange) -> None:
        """Take what a feed says of itself."""
        self._made = None
        if isinstance(event, ev.AccountStatus):
            states = self._states.setdefault(event.account or event.agent or "", [])
            insort(states, (event.ts_ms, event.state == "online"))
            del states[:-STATES_AT_MOST]
        elif event.complete:
            insort(self._synced, Gap(event.from_ms, event.to_ms, event.account or event.agent), key=_start)
            del self._synced[:-GAPS_AT_MOST]

    def forget(self, before_ms: int) -> None:
        """Let go of what was said before an instant, but for who was blind then."""
        self._made = None
        self._synced = [synced for synced in self._synced if synced.to_ms >= before_ms]
        for account, states in list(self._states.items()):
            at = bisect_left(states, (before_ms, False))
            kept = states[at - 1 :] if at and not states[at - 1][1] else states[at:]
            if kept:
                self._states[account] = kept
            else:
                del self._states[account]

    def gaps(self) -> list[Gap]:
        """Return the gaps that nothing has filled."""
        if self._made is None:
            found = [gap for gap in self._all() if not any(_fills(synced, gap) for synced in self._synced)]
            self._made = sorted(found, key=_start)[-GAPS_AT_MOST:]
        return self._made

    def _all(self) -> Iterable[Gap]:
        for account, states in self._states.items():
            since_ms = -1
            for at_ms, online in states:
                if not online and since_ms < 0:
                    since_ms = at_ms
                elif online and since_ms >= 0:
                    if at_ms > since_ms:
                        yield Gap(since_ms, at_ms, account or None)
                    since_ms = -1
            if since_ms >= 0:
                yield Gap(since_ms, NEVER_MS, account or None)


def _fills(synced: Gap, gap: Gap) -> bool:
    return synced.from_ms <= gap.from_ms and synced.to_ms >= gap.to_ms and synced.account in (None, gap.account)
