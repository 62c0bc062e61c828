"""The service killed again and again while a floor is at work: nothing acknowledged is lost, nothing told is untrue.

Real time: a simulated centre as it was for some minutes, then as it goes on. Some of
its collectors post, some publish, many chats come by two of them; a receiver takes
the alerts, now and then badly.
"""

import asyncio
import contextlib
import json
import random
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from itertools import pairwise
from pathlib import Path

import httpx
from aiohttp import web
from standardwebhooks import Webhook

from monitor.core.conversation import FIRING, RESOLVED, WITHDRAWN
from monitor.core.events import Event, SyncRange
from monitor.core.policy import BUILT_IN
from monitor.policy_files.rule_set import RuleSet, load
from monitor.replay import Replay, round_line
from monitor.simulator.feed import TWIN, Faults, Feed
from monitor.simulator.simulation import Plan, Simulation
from monitor.simulator.traffic import Traffic
from tests.alerts.channels.test_webhook import SECRET, Answer, Endpoint
from tests.brute_force import ID_IS_OF_ITS_SOURCE, instant_ms
from tests.collectors import Batch, Homes, over_http, over_mqtt
from tests.killable import Held, Killable, killable, recovered
from tests.mosquitto import mosquitto
from tests.program import ALL_HOURS
from tests.simulator.made import encoded, plan
from tests.test_same_rounds import Json, is_ready, seeded
from tests.waiting import DEADLINE_SECONDS

MINUTE_MS = 60_000
PAST_MS = 8 * MINUTE_MS
KILLS_IN_THE_BACKLOG = 2
KILLS_LATER = 3
FAULTS = Faults(doubled=0.6, shuffle_ms=400)
STAGES = [stage.name for stage in BUILT_IN.window]
# What may be told of an alert after what; None: nothing was.
FOLLOWS = {
    None: {"raised"},
    "raised": {"risen", "resolved", "withdrawn"},
    "risen": {"risen", "resolved", "withdrawn"},
    "resolved": {"withdrawn", "raised"},
    "withdrawn": {"raised"},
}
ENDS_WITH = {FIRING: {"raised", "risen"}, RESOLVED: {"resolved"}, WITHDRAWN: {"withdrawn"}}


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


async def test_killed_at_any_moment_nothing_is_lost_doubled_or_told_in_vain(tmp_path: Path) -> None:
    dice = seeded()
    floor = Floor(dice.randrange(1 << 16))
    receiver = Endpoint()
    receiver.answer = now_and_then_badly(dice)
    await receiver.start()
    try:
        with mosquitto(tmp_path / "broker") as broker:
            settings = {
                "MQTT__HOST": "127.0.0.1",
                "MQTT__PORT": str(broker.port),
                "WEBHOOK__URL": f"http://127.0.0.1:{receiver.port}/alerts",
                "WEBHOOK__SECRET": SECRET,
            }
            with killable(tmp_path / "service", **settings) as service:
                await service.until(lambda: "subscribed" in service.program.printed(), "subscribed")
                async with asyncio.TaskGroup() as group:
                    by_http = over_http(service.url, floor.batches("http"), floor.confirm)
                    by_mqtt = over_mqtt(broker.port, floor.batches("mqtt"), floor.confirm, homes=floor.homes)
                    group.create_task(by_http)
                    group.create_task(by_mqtt)
                    await kill_at_random(service, floor, dice)
                    floor.over.set()
                await service.until_stored(len(floor.sent))
                await service.until(lambda: all_is_told(service), "all told that is due", every_seconds=0.1)
                service.kill()
    finally:
        await receiver.stop()
    assert set(service.held.ids()) == floor.sent >= floor.confirmed
    assert len(service.held.ids()) == len(floor.sent)
    await assert_rounds_are_those_of_a_replay(service, load(ALL_HOURS))
    assert_alerts_have_their_deliveries(service.held)
    assert_told(receiver, service.held)


async def kill_at_random(service: Killable, floor: Floor, dice: random.Random) -> None:
    """Kill and start again, first while the backlog comes in, then between any two events."""
    for position in sorted(dice.sample(range(1, 3000), KILLS_IN_THE_BACKLOG)):
        await service.until_stored(position)
        service.kill()
        service.start()
    for _ in range(KILLS_LATER):
        await service.until(lambda: is_ready(service), "ready", every_seconds=0.05)
        await floor.caught_up(service)
        await floor.until_confirmed(service, dice.randrange(1, 25))
        service.kill()
        service.start()
    await service.until(lambda: is_ready(service), "ready", every_seconds=0.05)
    await floor.caught_up(service)


def now_and_then_badly(dice: random.Random) -> Answer:
    async def answer(_request: web.Request) -> web.StreamResponse:
        chance = dice.random()
        if chance < 0.05:
            await asyncio.sleep(0.2)
        return web.Response(status=500 if chance > 0.9 else 204)

    return answer


def all_is_told(service: Killable) -> bool:
    """Whether every open wait that is past a limit is told at its stage, and all that is told has been sent."""
    waiting = f"{service.url()}/v1/waits?limit=2000"
    answer = httpx.get(waiting, timeout=DEADLINE_SECONDS, trust_env=False).json()
    outbox = service.held.outbox("webhook")
    stage_told = {told.alert: told.stage for told in outbox.values()}
    waits = {wait["id"]: wait["stage"] for wait in answer["waits"] if wait["stage"] != "fresh"}
    return (
        len(answer["waits"]) == answer["total"]
        and all(stage_told.get(wait) == stage for wait, stage in waits.items())
        and all(told.state == "sent" for told in outbox.values())
    )


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


def assert_alerts_have_their_deliveries(held: Held) -> None:
    """What the service knows that it has told is what lies in the outbox, and each was true when it was decided."""
    alerts: dict[str, list[tuple[str, str, Json]]] = defaultdict(list)
    for told in held.outbox("webhook").values():
        alerts[told.alert].append((told.transition, told.stage, told.data))
    known = {f"{held.epoch()}-{told.wait}": told for row in held.conversations() for told in row.told}
    assert known.keys() == alerts.keys()
    assert len(alerts) > 50
    answered = {f"{held.epoch()}-{r.wait}": r.ended_by for r in held.rounds() if r.ended_by is not None}
    for alert, deliveries in alerts.items():
        transitions = [transition for transition, _, _ in deliveries]
        assert all(after in FOLLOWS[before] for before, after in pairwise([None, *transitions])), (alert, transitions)
        assert transitions[-1] in ENDS_WITH[known[alert].state], (alert, transitions)
        if known[alert].state == FIRING:
            assert deliveries[-1][1] == STAGES[known[alert].stages - 1], (alert, deliveries)
        for transition, _, data in deliveries:
            if transition in ("raised", "risen") and alert in answered:
                answered_at_ms = held.arrived_at_ms(data["shop"], answered[alert])
                assert instant_ms(data["decided_at"]) <= answered_at_ms, f"{alert} told after its answer had come"


def assert_told(receiver: Endpoint, held: Held) -> None:
    """Everything in the outbox arrived, nothing else did, and what came twice was the same under the same name."""
    arrived: dict[str, set[bytes]] = defaultdict(set)
    for headers, body in zip(receiver.headers, receiver.bodies, strict=True):
        Webhook(SECRET).verify(body, headers)
        arrived[headers["webhook-id"]].add(body)
    outbox = held.outbox("webhook")
    assert {name: [told.data] for name, told in outbox.items() if told.state == "sent" or name in arrived} == {
        name: [json.loads(body)["data"] for body in bodies] for name, bodies in arrived.items()
    }
    assert not {told.state for told in outbox.values()} - {"sent", "pending"}
