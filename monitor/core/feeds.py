"""Where events come from, and whether silence means quiet.

A feed is what one source delivers for one account. It is *catching up* while its
newest event is long past when it arrives, and for a while after a gap; then the
waits it brought are not judged, so that a backlog raises no storm. It is *stale*
when nothing proves that it still sees the chat; then its shops are UNKNOWN.
Neither changes a round.
"""

from typing import Literal

from msgspec import Struct

from monitor.core.timers import NEVER_MS

LAG_OVER_MS = 2_000  # A lag counts as gone when nothing has come for so long.
GAP_MS = 30_000  # After a start or a stale time: at most so long until waits are judged again.
MISSED_HEARTBEATS_MS = 60_000
GAPS_KEPT = 32  # Of one feed, until they are filled: one that flaps more needs no exact list.
RESTART_MS = 60_000  # We were away for longer: a gap that is written down.
SILENT_MS = 600_000  # Without heartbeats: so long without an event.

StaleReason = Literal["heartbeat", "silent", "account"]


class Gap(Struct, array_like=True, frozen=True, gc=False):
    """What a feed did not see, and nothing has filled so far."""

    from_ms: int
    to_ms: int  # 0: it does not see yet.
    reason: Literal["account", "heartbeat", "start"]
    shops: tuple[str, ...]


class Source(Struct, array_like=True, eq=False):
    """One named feed of events."""

    name: str
    beats: bool = False  # It has sent heartbeats, so missing ones mean something.
    seen_ms: int = 0  # When it last gave a sign, by the time of arrival.
    newest_ts_ms: int = 0
    lag_ms: int = 0  # Of the last event: arrival less ts.
    stale_since_ms: int = 0
    feeds: tuple[int, ...] = ()  # Indices of its feeds.
    wake_at_ms: int = NEVER_MS
    host: str | None = None  # The machine it runs on, as its heartbeats say.
    version: str | None = None  # And what else its last heartbeat said.
    backlog: int | None = None
    skew_ms: int | None = None  # Its clock less ours.

    def stale_at_ms(self) -> int:
        """Return when it is stale if nothing more comes."""
        return self.seen_ms + (MISSED_HEARTBEATS_MS if self.beats else SILENT_MS) + 1


class Feed(Struct, array_like=True, eq=False):
    """What one source delivers for one account."""

    index: int
    source: str
    account: str | None
    newest_ts_ms: int = 0
    arrived_ms: int = 0  # When its newest event came.
    lag_until_ms: int = 0  # Catching up on a backlog; over when nothing comes until then. 0: no lag.
    gap_until_ms: int = 0  # Catching up after a gap, at the latest until then. 0: no gap.
    gap_from_ms: int = 0
    gap_to_ms: int = 0
    state: str = "online"  # What the collector said of the account.
    stale_since_ms: int = 0
    shops: tuple[str, ...] = ()
    wake_at_ms: int = NEVER_MS
    gaps: tuple[Gap, ...] = ()  # Not filled, oldest first.
    told_ms: int = 0  # When its source last said how the account stands.

    @property
    def catching_up(self) -> bool:
        """Whether the waits it brought are not judged now."""
        return bool(self.lag_until_ms or self.gap_until_ms)

    def arrive(self, ts_ms: int, arrived_at_ms: int, catch_up_ms: int) -> bool:
        """Note an event; return whether this ends a lag."""
        if ts_ms > self.newest_ts_ms:
            self.newest_ts_ms = ts_ms
        self.arrived_ms = arrived_at_ms
        if arrived_at_ms - self.newest_ts_ms > catch_up_ms:
            self.lag_until_ms = arrived_at_ms + LAG_OVER_MS
            return False
        over = self.lag_until_ms > 0
        self.lag_until_ms = 0
        return over

    def begin_gap(self, from_ms: int, to_ms: int, now_ms: int) -> None:
        """Catch up on what happened between two instants, for a while from now at most.

        The instants are those of the collector where it names them: it knows by its own
        clock what it has caught up on.
        """
        self.gap_from_ms = min(from_ms, self.gap_from_ms) if self.gap_until_ms else from_ms
        self.gap_to_ms = to_ms
        self.gap_until_ms = now_ms + GAP_MS

    def covers(self, from_ms: int, to_ms: int) -> bool:
        """Note a complete range the collector has caught up on; return whether this ends the gap."""
        if self.gap_until_ms and from_ms <= self.gap_from_ms and to_ms >= self.gap_to_ms:
            self.gap_until_ms = 0
            return True
        return False

    def next_ms(self) -> int:
        """Return when it stops catching up by itself."""
        return min(self.lag_until_ms or NEVER_MS, self.gap_until_ms or NEVER_MS)

    def settle(self, now_ms: int) -> None:
        """End what is over by ``now_ms``."""
        if self.lag_until_ms and now_ms >= self.lag_until_ms:
            self.lag_until_ms = 0
        if self.gap_until_ms and now_ms >= self.gap_until_ms:
            self.gap_until_ms = 0
