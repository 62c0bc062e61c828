"""A simulated floor whose service is killed again and again, and what must be so after each end."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Iterator

from monitor.core.events import Event, SyncRange
from monitor.policy_files.rule_set import RuleSet
from monitor.replay import Replay, round_line
from monitor.simulator.feed import TWIN, Faults, Feed
from monitor.simulator.simulation import Plan, Simulation
from monitor.simulator.traffic import Traffic
from tests.brute_force import ID_IS_OF_ITS_SOURCE
from tests.collectors import Batch, Homes, over_http
from tests.killable import Killable, recovered
from tests.replays import Json
from tests.simulator.made import encoded, plan

MINUTE_MS = 60_000
PAST_MS = 8 * MINUTE_MS
FAULTS = Faults(doubled=0.6, shuffle_ms=400)


class Floor:
    """A centre's traffic, and what of it was sent and confirmed."""

    def __init__(self, seed: int) -> None:
        self._plan: Plan = plan(
            seed=seed,
            start_ms=now_ms() - PAST_MS,
            hours=None,
            events=None,
            shops=12,
            agents=12,  # Too few: many buyers wait for minutes.
            traffic=Traffic(per_hour=300, flat=True),
            always_on=True,
        )
        homes = Simulation(self._plan).centre.homes()
        self.homes: Homes = homes | {name + TWIN: home for name, home in homes.items()}
        self.over = asyncio.Event()
        self.sent: set[tuple[str, str]] = set()
        self.confirmed: set[tuple[str, str]] = set()

    async def batches(self, door: str) -> AsyncIterator[Batch]:
        """Yield what the collectors of a door see: what is past at once, the rest on time, until it is over."""
        batch: list[Event] = []
        for arrival_ms, event in self._feed(door):
            ahead_ms = arrival_ms - now_ms()
            if batch and (ahead_ms > 0 or len(batch) == 100):
                yield self._encoded(batch)
                batch = []
            if ahead_ms > 0:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(ahead_ms / 1000):
                        await self.over.wait()
            if self.over.is_set():
                return
            batch.append(event)

    def _feed(self, door: str) -> Iterator[tuple[int, Event]]:
        # One centre, played once for each door; a collector and its twin use different ones.
        by_http = set(sorted(self.homes)[::2])
        for arrival_ms, event in Feed(Simulation(self._plan), faults=FAULTS, seed=self._plan.seed):
            if ("http" if event.source in by_http else "mqtt") == door:
                yield arrival_ms, event

    def _encoded(self, batch: list[Event]) -> Batch:
        lines = encoded(batch)
        self.sent.update(map(identity, lines))
        return lines

    def confirm(self, batch: Batch) -> None:
        self.confirmed.update(map(identity, batch))

    async def until_confirmed(self, service: Killable, more: int) -> None:
        """Wait until so many more events are confirmed."""
        enough = len(self.confirmed) + more
        await service.until(lambda: len(self.confirmed) >= enough, f"{more} more events confirmed")

    async def caught_up(self, service: Killable) -> None:
        """Say for every collector that all has come, as they do after a gap; without it all is held back."""
        ranges: list[Event] = [
            SyncRange(
                type="sync_range",
                id=f"sync-{source}-{service.deaths}",
                ts_ms=now_ms(),
                source=source,
                shop=shop,
                from_ms=self._plan.start_ms,
                to_ms=now_ms(),
                complete=True,
            )
            for source, (_, shop) in self.homes.items()
        ]
        await over_http(service.url, [self._encoded(ranges)], self.confirm)


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def identity(line: bytes) -> tuple[str, str]:
    """Return by what an event is known: its shop and id; heartbeats and presence by their source's."""
    event = json.loads(line)
    of_source = event.get("type") in ID_IS_OF_ITS_SOURCE
    return event["source"] if of_source else event["shop"], event["id"]


async def assert_rounds_are_those_of_a_replay(service: Killable, rules: RuleSet, *, acts: int = 0) -> None:
    """Replay what is stored under the rules of the service, and compare; ``acts`` of people are no events of a file."""
    replay = Replay(as_arrived=True, keep_rounds=True, policies=rules.book, reader=rules.reader)
    replay.run(service.held.bodies())
    assert replay.tally.rejected == acts
    async with recovered(service.data, wall=True, policies=rules.book) as tracker:
        still_open = list(tracker.open_rounds(tracker.now_ms))
        policies = tracker.policies
    rounds = sorted([*service.held.rounds(), *still_open], key=lambda r: (r.opened_at_ms, r.wait))
    found = [without_now(round_line(one)) for one in rounds]
    for line, one in zip(found, rounds, strict=True):
        if policies[one.policy].rule:
            line |= {"rules_version": policies.rules[one.policy], "rule": policies[one.policy].rule}
    assert found == [without_now(line) for line in replay.rounds()]
    assert len(found) > 500


def without_now(line: Json) -> Json:
    """Return a line less what goes on while its wait is open."""
    grows = {"counted_seconds", "stage", "holders"} if line["outcome"] == "open" else set()
    return {name: value for name, value in line.items() if name not in grows}
