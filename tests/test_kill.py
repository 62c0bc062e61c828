"""The service killed again and again while a floor is at work: nothing acknowledged is lost, nothing told is untrue.

Real time: a simulated centre as it was for some minutes, then as it goes on. Some of
its collectors post, some publish, many chats come by two of them; a receiver takes
the alerts, now and then badly.
"""

import asyncio
import json
import random
from collections import defaultdict
from itertools import pairwise
from pathlib import Path

import httpx
from aiohttp import web
from standardwebhooks import Webhook

from monitor.core.conversation import FIRING, RESOLVED, WITHDRAWN
from monitor.core.policy import BUILT_IN
from monitor.policy_files.rule_set import load
from tests.alerts.channels.endpoint import SECRET, Answer, Endpoint
from tests.brute_force import instant_ms
from tests.collectors import over_http, over_mqtt
from tests.killable import Held, Killable, is_ready, killable, seeded
from tests.kills import Floor, assert_rounds_are_those_of_a_replay
from tests.mosquitto import mosquitto
from tests.plain import PLAIN
from tests.program import ALL_HOURS
from tests.replays import Json
from tests.waiting import DEADLINE_SECONDS

KILLS_IN_THE_BACKLOG = 2
KILLS_LATER = 3
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
    answer = httpx.get(waiting, timeout=DEADLINE_SECONDS, verify=PLAIN, trust_env=False).json()
    outbox = service.held.outbox("webhook")
    stage_told = {told.alert: told.stage for told in outbox.values()}
    waits = {wait["id"]: wait["stage"] for wait in answer["waits"] if wait["stage"] != "fresh"}
    return (
        len(answer["waits"]) == answer["total"]
        and all(stage_told.get(wait) == stage for wait, stage in waits.items())
        and all(told.state == "sent" for told in outbox.values())
    )


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
