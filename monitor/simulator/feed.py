"""What the collectors make of what happened: later, twice, out of order, afterwards.

Nothing is ever lost for good. Beside the centre's own events, each unchanged but
for ``backfill`` and a heartbeat's backlog, a faulty feed brings ``account_status`` and
``sync_range``, the heartbeats of twin collectors, and, only where ``conflicts``
are asked for, second copies whose text is cut short (the first copy stands).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from heapq import heappop, heappush
from random import Random

from msgspec.structs import replace

from monitor.core.events import AccountState, AccountStatus, AgentPresence, Event, Message, SourceHeartbeat, SyncRange
from monitor.core.units import HOUR_MS, MINUTE_MS

TWIN = "-b"  # Added to a collector's name.


@dataclass(slots=True, frozen=True, kw_only=True)
class Faults:
    """What goes wrong how often. Spans are (least, most) milliseconds.

    Attributes:
        lag_every_ms: mean time between two delay bursts of one collector; 0: never.
        lag_ms: how long one lasts; all of it comes at its end. Less than the lateness of ten minutes.
        doubled: which part of the collectors has a twin that reports the same, a little later.
        conflicts: which part of the twins' copies of agents' messages has its text cut short.
        kick_every_ms: mean time between two log-outs of one account; 0: never.
        kick_ms: how long nothing of the account is seen; it is sent afterwards, marked ``backfill``.
        shuffle_ms: every event comes up to so much later, each by its own, so order is lost within it.
    """

    lag_every_ms: int = 0
    lag_ms: tuple[int, int] = (15_000, 60_000)
    doubled: float = 0.0
    conflicts: float = 0.0
    kick_every_ms: int = 0
    kick_ms: tuple[int, int] = (MINUTE_MS, 6 * MINUTE_MS)
    shuffle_ms: int = 0

    @property
    def any(self) -> bool:
        """Whether anything goes wrong at all."""
        return bool(self.lag_every_ms or self.doubled or self.kick_every_ms or self.shuffle_ms)


FAULTS = {
    "none": Faults(),
    "some": Faults(lag_every_ms=30 * MINUTE_MS, doubled=0.25, kick_every_ms=3 * HOUR_MS),
    "all": Faults(
        lag_every_ms=10 * MINUTE_MS,
        lag_ms=(20_000, 90_000),
        doubled=0.5,
        conflicts=0.01,
        kick_every_ms=HOUR_MS,
        kick_ms=(2 * MINUTE_MS, 20 * MINUTE_MS),
        shuffle_ms=5000,
    ),
}


@dataclass(slots=True)
class _Collector:
    """One source: how far behind it always is, whether it hangs, whether it has a twin."""

    rng: Random
    latency_ms: int
    twin: str | None
    lag_from_ms: int
    lag_to_ms: int
    held: int = 0


@dataclass(slots=True)
class _Account:
    """One sub-account: when it is next kicked out, and what has not been seen since."""

    shop: str
    platform: str | None
    account: str
    source: str
    rng: Random
    kicked_ms: int
    back_ms: int
    kicks: int = 0
    out: bool = False
    unseen: list[Event] = field(default_factory=list)


class Feed:
    """The collectors between the centre and us.

    Iterate it for (arrival, event) in order of arrival; the arrival is in the
    same milliseconds as ``ts``.

    Attributes:
        extra: how many events it brought that are not the centre's own, copies included.
    """

    def __init__(self, events: Iterable[Event], *, faults: Faults, seed: int) -> None:
        self._events = events
        self._faults = faults
        self._seed = seed
        self._collectors: dict[str, _Collector] = {}
        self._accounts: dict[tuple[str, str], _Account] = {}
        self._pending: list[tuple[int, int, Event]] = []  # By arrival.
        self._turns: list[tuple[int, int, _Account]] = []  # When an account is kicked or comes back.
        self._order = 0
        self.extra = 0

    def __iter__(self) -> Iterator[tuple[int, Event]]:
        """Bring everything, in order of arrival."""
        if not self._faults.any:
            for event in self._events:
                yield event.ts_ms, event
            return
        pending, turns = self._pending, self._turns
        now_ms = 0
        for event in self._events:
            now_ms = event.ts_ms
            while turns and turns[0][0] <= now_ms:
                self._turn(heappop(turns)[2])
            self._take(event)
            while pending and pending[0][0] <= now_ms:
                at_ms, _, known = heappop(pending)
                yield at_ms, known
        # The stream ends; who is out comes back by then, so that its last instant stays what it was.
        for account in self._accounts.values():
            if account.out:
                account.back_ms = min(account.back_ms, now_ms)
                self._turn(account)
        while pending:
            at_ms, _, known = heappop(pending)
            yield at_ms, known

    def _take(self, event: Event) -> None:
        """Decide when one event of the centre comes, and what comes with it."""
        assert event.source is not None
        collector = self._collectors.get(event.source) or self._collector(event.source, event.ts_ms)
        if event.account is not None and self._faults.kick_every_ms and collector.twin is None:
            account = self._accounts.get((event.shop, event.account)) or self._account(event)
            if account.out:
                account.unseen.append(event)
                return
        at_ms = event.ts_ms + collector.latency_ms
        if event.ts_ms >= collector.lag_to_ms:
            self._next_lag(collector, event.ts_ms)
        if event.ts_ms >= collector.lag_from_ms:
            if isinstance(event, SourceHeartbeat):
                # The collector lives; it is the platform's side that hangs.
                event = replace(event, backlog=collector.held, newest_ts_ms=collector.lag_from_ms)
            else:
                collector.held += 1
                # All at once, in their order.
                at_ms = collector.lag_to_ms + collector.latency_ms + collector.held // 4
        came_ms = self._bring(at_ms, event, collector)
        if collector.twin is not None and not isinstance(event, AgentPresence):
            self.extra += 1
            copied_ms = event.ts_ms + collector.latency_ms + 40 + int(collector.rng.random() * 1500)
            copy = self._copy(event, collector)
            if isinstance(copy, Message) and isinstance(event, Message) and copy.text != event.text:
                copied_ms = max(copied_ms, came_ms)  # What comes first stands.
            self._bring(copied_ms, copy, collector)

    def _copy(self, event: Event, collector: _Collector) -> Event:
        """Return what the twin reports."""
        if isinstance(event, SourceHeartbeat):
            return replace(
                event, source=collector.twin, id=f"{collector.twin}{event.id.removeprefix(event.source or '')}"
            )
        copy = replace(event, source=collector.twin)
        if (
            isinstance(copy, Message)
            and copy.role == "agent"
            and copy.text
            and collector.rng.random() < self._faults.conflicts
        ):
            copy.text = copy.text[: len(copy.text) // 2]
        return copy

    def _bring(self, at_ms: int, event: Event, collector: _Collector) -> int:
        """Let an event come at an instant, or somewhat later; return when."""
        if self._faults.shuffle_ms:
            at_ms += int(collector.rng.random() * self._faults.shuffle_ms)
        self._order += 1
        heappush(self._pending, (at_ms, self._order, event))
        return at_ms

    def _collector(self, name: str, now_ms: int) -> _Collector:
        """Meet a source for the first time."""
        rng = Random(f"{self._seed}/feed/{name}")
        # Spread evenly, from the second one on: also a few collectors have both kinds among them.
        doubled = self._faults.doubled
        twin = f"{name}{TWIN}" if (len(self._collectors) - 1) * doubled % 1 < doubled else None
        collector = self._collectors[name] = _Collector(rng, 20 + int(rng.random() * 300), twin, 0, 0)
        self._next_lag(collector, now_ms)
        return collector

    def _next_lag(self, collector: _Collector, now_ms: int) -> None:
        """Draw the next delay burst."""
        collector.held = 0
        every = self._faults.lag_every_ms
        if not every:
            collector.lag_from_ms = collector.lag_to_ms = 1 << 62
            return
        least, most = self._faults.lag_ms
        collector.lag_from_ms = now_ms + int(collector.rng.expovariate(1 / every))
        collector.lag_to_ms = collector.lag_from_ms + least + int(collector.rng.random() * (most - least))

    def _account(self, event: Event) -> _Account:
        """Meet an account for the first time."""
        assert event.account is not None
        assert event.source is not None
        rng = Random(f"{self._seed}/feed/{event.shop}/{event.account}")
        account = _Account(event.shop, event.platform, event.account, event.source, rng, 0, 0)
        self._accounts[event.shop, event.account] = account
        self._next_kick(account, event.ts_ms)
        return account

    def _next_kick(self, account: _Account, now_ms: int) -> None:
        least, most = self._faults.kick_ms
        account.kicked_ms = now_ms + 1 + int(account.rng.expovariate(1 / self._faults.kick_every_ms))
        account.back_ms = account.kicked_ms + least + int(account.rng.random() * (most - least))
        self._order += 1
        heappush(self._turns, (account.kicked_ms, self._order, account))

    def _turn(self, account: _Account) -> None:
        """An account is kicked out, or comes back and its collector sends what it has missed."""
        collector = self._collectors[account.source]
        if not account.out:
            account.out = True
            account.kicks += 1
            self.extra += 1
            at_ms = account.kicked_ms
            self._bring(at_ms + collector.latency_ms, self._status(account, "kicked", at_ms), collector)
            self._order += 1
            heappush(self._turns, (account.back_ms, self._order, account))
            return
        account.out = False
        self.extra += 2
        back_ms = account.back_ms
        at_ms = back_ms + collector.latency_ms
        self._bring(at_ms, self._status(account, "online", back_ms), collector)
        at_ms += 2000
        for n, event in enumerate(account.unseen):
            self._bring(at_ms + n // 4, replace(event, backfill=True), collector)
        synced = SyncRange(
            type="sync_range",
            id=f"sync-{account.account}-{account.kicks}",
            ts_ms=back_ms,
            source=account.source,
            platform=account.platform,
            shop=account.shop,
            account=account.account,
            from_ms=account.kicked_ms,
            to_ms=back_ms,
            complete=True,
        )
        # After all of the backfill, shuffled or not.
        self._order += 1
        synced_ms = at_ms + len(account.unseen) // 4 + 1 + self._faults.shuffle_ms
        heappush(self._pending, (synced_ms, self._order, synced))
        account.unseen = []
        self._next_kick(account, back_ms)

    def _status(self, account: _Account, state: AccountState, at_ms: int) -> AccountStatus:
        return AccountStatus(
            type="account_status",
            id=f"{state}-{account.account}-{account.kicks}",
            ts_ms=at_ms,
            source=account.source,
            platform=account.platform,
            shop=account.shop,
            account=account.account,
            state=state,
        )
