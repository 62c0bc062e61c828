"""What collectors do to the stream: later, twice, out of order, afterwards; nothing else and nothing less."""

from collections import Counter
from typing import Any

import pytest

from monitor.core.events import AccountStatus, Event, Message, SourceHeartbeat, SyncRange
from monitor.simulator.feed import FAULTS, TWIN, Faults, Feed
from monitor.wire import same
from tests.simulator.made import encoded, plan, run
from tests.simulator.walk import walk

MINUTE = 60_000
LAG = Faults(lag_every_ms=5 * MINUTE, lag_ms=(20_000, 60_000))
TWICE = Faults(doubled=0.7)
KICK = Faults(kick_every_ms=15 * MINUTE, kick_ms=(MINUTE, 12 * MINUTE))
SHUFFLE = Faults(shuffle_ms=9 * MINUTE)


@pytest.fixture(scope="module")
def log() -> list[Event]:
    return run(plan(events=8000))[0]


def fed(log: list[Event], faults: Faults, seed: int = 4) -> list[tuple[int, Event]]:
    return list(Feed(log, faults=faults, seed=seed))


def key(event: Event) -> tuple[Any, ...]:
    return (event.shop or event.source, event.id)


def own(events: list[tuple[int, Event]]) -> list[Event]:
    """The centre's own events, first copies only."""
    first: dict[tuple[Any, ...], Event] = {}
    for _, event in events:
        extra = isinstance(event, AccountStatus | SyncRange) or (event.source or "").endswith(TWIN)
        if not extra:
            assert key(event) not in first
            first[key(event)] = event
    return list(first.values())


def test_without_faults_the_stream_is_untouched(log: list[Event]) -> None:
    assert fed(log, FAULTS["none"]) == [(event.ts_ms, event) for event in log]


@pytest.mark.parametrize("faults", [LAG, TWICE, KICK, SHUFFLE, FAULTS["some"], FAULTS["all"]])
def test_nothing_is_lost_or_changed(log: list[Event], faults: Faults) -> None:
    feed = Feed(log, faults=faults, seed=4)
    came = list(feed)
    assert [at for at, _ in came] == sorted(at for at, _ in came)
    assert all(at >= event.ts_ms for at, event in came)
    known = {key(event): event for event in log}
    ours = own(came)
    assert {key(event) for event in ours} == known.keys()
    for event in ours:
        # A heartbeat tells the backlog of its collector.
        assert isinstance(event, SourceHeartbeat) or same(event, known[key(event)])  # type: ignore[arg-type]
    assert feed.extra == len(came) - len(log)


@pytest.mark.parametrize("faults", [LAG, TWICE, KICK, SHUFFLE, FAULTS["all"]])
def test_the_rounds_are_the_same(log: list[Event], faults: Faults) -> None:
    bare = walk(encoded(log))
    came = walk(encoded(event for _, event in fed(log, faults)))
    assert came == bare


def test_a_seed_gives_the_same_faults(log: list[Event]) -> None:
    def stream(seed: int) -> list[bytes]:
        return encoded(event for _, event in fed(log, FAULTS["all"], seed))

    assert stream(4) == stream(4)
    assert stream(4) != stream(5)


def test_a_lagging_collector_brings_all_at_once_in_its_order(log: list[Event]) -> None:
    came = [(at, event) for at, event in fed(log, LAG) if not isinstance(event, SourceHeartbeat)]
    delays = [at - event.ts_ms for at, event in came]
    assert 10_000 < max(delays) < 61_500
    assert sum(delay > 5000 for delay in delays) > 20
    for source in {event.source for event in log}:
        of_one = [event.ts_ms for _, event in came if event.source == source]
        assert of_one == sorted(of_one)


def test_a_lagging_collectors_heart_beats_on_and_tells_its_backlog(log: list[Event]) -> None:
    beats = [(at, event) for at, event in fed(log, LAG) if isinstance(event, SourceHeartbeat)]
    assert max(at - event.ts_ms for at, event in beats) < 1000
    assert any(event.backlog for _, event in beats)


def test_a_twin_reports_the_same_a_little_later(log: list[Event]) -> None:
    came = fed(log, TWICE)
    copies = [(at, event) for at, event in came if (event.source or "").endswith(TWIN)]
    messages = {key(event): event for event in log}
    assert sum(isinstance(event, Message) for _, event in copies) > 1000
    for at, copy in copies:
        if not isinstance(copy, SourceHeartbeat):
            assert same(copy, messages[key(copy)])  # type: ignore[arg-type]
            assert 0 < at - copy.ts_ms < 2000


@pytest.mark.parametrize("shuffle_ms", [0, 30_000])
def test_conflicting_copies_come_second_and_only_if_asked(log: list[Event], shuffle_ms: int) -> None:
    came = fed(log, Faults(doubled=1.0, conflicts=0.2, shuffle_ms=shuffle_ms))
    first: dict[tuple[Any, ...], Event] = {}
    conflicts = 0
    for _, event in came:
        before = first.setdefault(key(event), event)
        if not same(before, event):  # type: ignore[arg-type]
            conflicts += 1
            assert isinstance(event, Message)
            assert isinstance(before, Message)
            assert event.role == "agent"
            assert len(event.text or "") < len(before.text or "")
    assert conflicts > 50


def test_a_kicked_account_is_silent_and_is_filled_in_afterwards(log: list[Event]) -> None:
    came = fed(log, KICK)
    out: dict[tuple[str, str | None], int] = {}
    filled = Counter[bool]()
    spans = 0
    for at, event in came:
        name = (event.shop, event.account)
        if isinstance(event, AccountStatus):
            if event.state == "kicked":
                out[name] = at
            else:
                assert event.state == "online"
                out.pop(name)
        elif isinstance(event, SyncRange):
            assert event.complete
            assert event.from_ms <= event.to_ms <= at
            spans += 1
        elif event.account is not None:
            # Whoever was written before the kick may still be on its way.
            assert name not in out or event.ts_ms <= out[name]
            filled[event.backfill] += 1
            if event.backfill:
                assert at > event.ts_ms
    assert spans > 5
    assert filled[True] > 50
    assert not out, "an account never came back"
