"""Gaps of feeds: what an account was blind for, and what was filled in later.

An account that its collector reports as anything but online sees nothing; the gap ends
when it is online again. A complete ``sync_range`` over all of it fills it.
"""

from collections.abc import Iterable

from monitor.core import events as ev
from monitor.core.scores.judge import Gap
from monitor.core.scores.rounds import NEVER_MS

STATES_AT_MOST = 512  # Of one account, the newest.
GAPS_AT_MOST = 64  # Of one shop, the newest: more is a feed that flaps.


class Feeds:
    """What the feeds of one shop have said of themselves; the order of arrival does not matter."""

    __slots__ = ("_made", "_states", "_synced")

    def __init__(self) -> None:
        self._states: dict[str, list[tuple[int, bool]]] = {}
        self._synced: list[Gap] = []
        self._made: list[Gap] | None = None

    def note(self, event: ev.AnyEvent) -> bool:
        """Take an event of a feed; return whether it was one."""
        if isinstance(event, ev.AccountStatus):
            account = event.account or event.agent or ""
            self._made = None
            states = self._states.setdefault(account, [])
            states.append((event.ts_ms, event.state == "online"))
            del states[:-STATES_AT_MOST]
            return True
        if isinstance(event, ev.SyncRange):
            if event.complete:
                self._made = None
                self._synced.append(Gap(event.from_ms, event.to_ms, event.account or event.agent))
                self._synced = self._synced[-GAPS_AT_MOST:]
            return True
        return False

    def gaps(self) -> list[Gap]:
        """Return the gaps that nothing has filled."""
        if self._made is None:
            found = [gap for gap in self._all() if not any(_fills(synced, gap) for synced in self._synced)]
            self._made = found[-GAPS_AT_MOST:]
        return self._made

    def _all(self) -> Iterable[Gap]:
        for account, states in self._states.items():
            since_ms = -1
            for at_ms, online in sorted(states):
                if not online and since_ms < 0:
                    since_ms = at_ms
                elif online and since_ms >= 0:
                    yield Gap(since_ms, at_ms, account or None)
                    since_ms = -1
            if since_ms >= 0:
                yield Gap(since_ms, NEVER_MS, account or None)


def _fills(synced: Gap, gap: Gap) -> bool:
    return synced.from_ms <= gap.from_ms and synced.to_ms >= gap.to_ms and synced.account in (None, gap.account)
