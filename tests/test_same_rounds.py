"""The same chat, the same rounds: by file or by any door, late, twice, or with the service killed in the middle.

The service runs as a person starts it, with the clock of events, by which a log of
years ago is as good as today's. A receiver that asks for patience leaves every alert
in the outbox, where it is counted.
"""

import asyncio
import contextlib
import random
from bisect import bisect_left
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Any

import httpx
import pytest

from monitor.replay import Replay, round_line
from monitor.simulator.feed import FAULTS, Feed
from tests.alerts.channels.endpoint import SECRET, Endpoint, answering
from tests.brute_force import instant_ms
from tests.collectors import Batch, Tally, over_http, over_mqtt, over_socket
from tests.killable import Killable, is_ready, killable, lines_after, seeded
from tests.mosquitto import Mosquitto, mosquitto
from tests.plain import PLAIN
from tests.replays import encoded, late_by_up_to, read, sample
from tests.simulator.made import encoded as as_sent
from tests.simulator.made import plan, run
from tests.waiting import DEADLINE_SECONDS

Json = dict[str, Any]
MINUTE_MS = 60_000

DOORS = ("http", "socket", "mqtt")
FILES = ("ubuntu_irc", "uneed_presales_zh", "stripe_live", "twitter_care")
# Each by one service, one file after the other: the next begins when the one before is over.
CHAINS = (FILES[:3], FILES[3:])
TRANSITIONS = {"raise": "raised", "rise": "risen", "resolve": "resolved", "withdraw": "withdrawn"}


@dataclass(frozen=True)
class Expected:
    """What a replay makes of a log: the lines of its rounds, and what is told, by wait, stage and transition."""

    lines: list[Json]
    told: "Counter[str]"


def replayed(events: Sequence[Json], *, as_arrived: bool = False, before: int = 0) -> Expected:
    """Replay a log; ``before`` is how many events a service has had before it."""
    run = Replay(as_arrived=as_arrived, keep_rounds=True, keep_alerts=True)
    run.run(encoded(events))
    told = Counter(f"{a['wait'] + before}.{a['stage']}.{TRANSITIONS[a['transition']]}" for a in run.alerts())
    return Expected(list(run.rounds()), told)


@cache
def one_log() -> list[Json]:
    """Return all real chat as one log, as a replay takes several files."""
    return sorted((event for name in FILES for event in read(sample(name))), key=lambda event: instant_ms(event["ts"]))


@cache
def of_one_log() -> Expected:
    return replayed(one_log())


def cut(lines: Sequence[bytes], dice: random.Random, most: int = 60) -> Iterator[Batch]:
    """Cut a log into batches of any size."""
    at = 0
    while at < len(lines):
        size = dice.randrange(1, most)
        yield list(lines[at : at + size])
        at += size


@dataclass
class Stand:
    """A service with a door, and a receiver for its alerts that wants none of them now."""

    service: Killable
    door: str
    broker: Mosquitto | None

    async def send(self, batches: Iterable[Batch]) -> Tally | None:
        """Send through the door until all is confirmed; a broker's word does not mean that the service has it."""
        if self.broker is not None:
            await over_mqtt(self.broker.port, batches)
            return None
        return await (over_http if self.door == "http" else over_socket)(self.service.url, batches)

    async def until_listed(self, shops: set[str], waits: list[Json]) -> None:
        await self.service.until(lambda: listed(self.service, shops) == waits, f"listed: {waits}")

    def told(self, shops: Iterable[str]) -> "Counter[str]":
        """Return what lies in the outbox of these shops, as `Expected` has it."""
        shops, epoch, ours = set(shops), self.service.held.epoch(), self.service.held.ours()

        def number(alert: str) -> int:
            """The number of the wait, were there none of the service's own events before it."""
            position = int(alert.removeprefix(f"{epoch}-"))
            return position - bisect_left(ours, position)

        return Counter(
            f"{number(told.alert)}.{told.stage}.{told.transition}"
            for told in self.service.held.outbox("webhook").values()
            if told.data["shop"] in shops
        )


@contextlib.asynccontextmanager
async def stand(folder: Path, door: str) -> AsyncIterator[Stand]:
    """Run service, receiver and, for its door, a broker."""
    receiver = Endpoint()
    receiver.answer = answering(429, Retry_After="3600")
    await receiver.start()
    settings = {
        "CLOCK": "event",
        "JOURNAL__KEEP_DAYS": "10000",  # Of the events' time: the chat is of sixteen years.
        "PRIVACY__KEEP_DAYS": "10000",
        "WEBHOOK__URL": f"http://127.0.0.1:{receiver.port}/alerts",
        "WEBHOOK__SECRET": SECRET,
    }
    try:
        with contextlib.ExitStack() as stack:
            broker = stack.enter_context(mosquitto(folder / "broker")) if door == "mqtt" else None
            if broker is not None:
                settings |= {"MQTT__HOST": "127.0.0.1", "MQTT__PORT": str(broker.port), "MQTT__CLIENT_ID": "monitor"}
            service = stack.enter_context(killable(folder / "service", **settings))
            await service.until(lambda: is_ready(service), "ready")
            if broker is not None:  # Before it has subscribed, the broker keeps nothing for it.
                await service.until(lambda: "subscribed" in service.program.printed(), "subscribed")
            yield Stand(service, door, broker)
    finally:
        await receiver.stop()


def by_opening(lines: Iterable[Json]) -> list[Json]:
    return sorted(lines, key=lambda line: (line["opened_at"], line["opened_by"]))


def closed(lines: Iterable[Json]) -> list[Json]:
    return [line for line in lines if line["outcome"] != "open"]


def of(shops: set[str], lines: Iterable[Json]) -> list[Json]:
    return [line for line in lines if line["shop"] in shops]


def listed(service: Killable, shops: set[str]) -> list[Json]:
    """Return the open waits of shops as the service lists them, in the words of a replay's lines."""
    answer = httpx.get(
        f"{service.url()}/v1/waits", params={"limit": 2000}, timeout=DEADLINE_SECONDS, verify=PLAIN, trust_env=False
    )
    waits = [
        {name: wait[name] for name in SAME_NAME}
        | {"counted_seconds": wait["wait_seconds"], "buyer_messages": wait["messages"]}
        for wait in answer.json()["waits"]
    ]
    return by_opening(of(shops, waits))


SAME_NAME = ("platform", "shop", "conversation", "opened_by", "opened_at", "needs_answer_since", "agent", "account")


def to_be_listed(lines: Iterable[Json]) -> list[Json]:
    """Return what is to be listed of a replay's lines: a list has no waits of polite words."""
    return [
        {name: line[name] for name in (*SAME_NAME, "counted_seconds", "buyer_messages")}
        for line in lines
        if line["outcome"] == "open" and not line["courtesy"]
    ]


@pytest.mark.parametrize("door", DOORS)
async def test_real_chat_through_a_door_gives_the_rounds_of_its_file(door: str, tmp_path: Path) -> None:
    dice = seeded()
    logs = {name: read(sample(name)) for name in FILES}
    for number, chain in enumerate(CHAINS):
        async with stand(tmp_path / str(number), door) as s:
            log: list[Json] = []
            for name in chain:
                events = logs[name]
                expected = replayed(events, before=len(log))
                log += events
                await s.send(cut(encoded(events), dice))
                await s.service.until_stored(len(log))
                shops = {event["shop"] for event in events}
                written = [round_line(round_) for round_ in s.service.held.rounds() if round_.shop in shops]
                assert written == closed(expected.lines)
                assert s.told(shops) == expected.told
                await s.until_listed(shops, by_opening(to_be_listed(expected.lines)))
            assert s.service.held.ids() == [(event["shop"], event["id"]) for event in log]
            s.service.kill()
            assert of(shops, await lines_after(s.service.data)) == expected.lines


async def test_events_late_by_up_to_ten_minutes_change_no_round(tmp_path: Path) -> None:
    dice = seeded()
    log = one_log()
    arrived = late_by_up_to(10 * MINUTE_MS, log, dice)
    async with stand(tmp_path, "socket") as s:
        tally = await s.send(cut(encoded(arrived), dice))
        assert tally is not None
        assert (tally.accepted, tally.duplicates) == (len(log), 0)
        as_arrived = replayed(arrived, as_arrived=True)
        assert s.told({event["shop"] for event in log}) == as_arrived.told
        s.service.kill()
        lines = await lines_after(s.service.data)
        assert lines == as_arrived.lines
        assert by_opening(lines) == by_opening(of_one_log().lines)


def chat_after_chat(log: Iterable[Json]) -> list[Json]:
    """Return a log as a collector brings it that looks every ten minutes, and reads one chat after the other."""

    def place(event: Json) -> tuple[int, str, str]:
        return instant_ms(event["ts"]) // (10 * MINUTE_MS), event["shop"], event["conversation"]

    return sorted(log, key=place)


async def test_every_line_sent_twice_and_one_chat_after_the_other_changes_no_round(tmp_path: Path) -> None:
    dice = seeded()
    in_order = one_log()
    log = chat_after_chat(in_order)
    assert log != in_order
    expected = replayed(log, as_arrived=True)
    async with stand(tmp_path, "mqtt") as s:
        await s.send(again for batch in cut(encoded(log), dice) for again in (batch, batch))
        await s.service.until_stored(len(log))
        await s.service.until(lambda: counted(s.service, "duplicate") == len(log), "all of it known")
        assert counted(s.service, "accepted") == len(log)
        assert counted(s.service, "conflict") == 0
        assert s.service.held.ids() == [(event["shop"], event["id"]) for event in log]
        assert s.told({event["shop"] for event in log}) == expected.told
        s.service.kill()
        lines = await lines_after(s.service.data)
        assert lines == expected.lines
        assert by_opening(lines) == by_opening(of_one_log().lines)


def counted(service: Killable, outcome: str) -> int:
    """Return how many events the service says had an outcome, over all sources."""
    answer = httpx.get(f"{service.url()}/metrics", timeout=DEADLINE_SECONDS, verify=PLAIN, trust_env=False)
    lines = [line for line in answer.text.splitlines() if line.startswith("presales_events_total{")]
    return sum(int(line.rpartition(" ")[2]) for line in lines if f'outcome="{outcome}"' in line)


@pytest.mark.parametrize("door", DOORS)
async def test_a_service_killed_in_the_middle_gives_the_same_rounds_and_alerts(door: str, tmp_path: Path) -> None:
    dice = seeded()
    log = one_log()
    expected = of_one_log()
    async with stand(tmp_path, door) as s:
        await send_and_kill(s, list(cut(encoded(log), dice)), len(log), dice)
        assert s.service.held.ids() == [(event["shop"], event["id"]) for event in log]
        s.service.kill()
        assert await lines_after(s.service.data) == expected.lines
        assert s.told({event["shop"] for event in log}) == expected.told


async def send_and_kill(s: Stand, batches: list[Batch], events: int, dice: random.Random, kills: int = 2) -> None:
    """Send it all, and kill the service when it has stored so and so many events, wherever it is then.

    The end is held back until the last kill, which comes in the middle however late this process gets its turn.
    """
    lines = sum(map(len, batches))
    end = next(n for n, sent in enumerate(accumulate(map(len, batches))) if sent > lines * 17 // 20)
    async with asyncio.TaskGroup() as group:
        group.create_task(s.send(batches[:end]))
        for position in sorted(dice.sample(range(1, events * 7 // 10), kills)):
            await s.service.until_stored(position)
            s.service.kill()
            assert s.service.held.position() < events
            s.service.start()
    await s.send(batches[end:])
    await s.service.until_stored(events)


async def test_a_simulated_floor_with_every_fault_of_its_collectors_gives_the_rounds_that_were_played(
    tmp_path: Path,
) -> None:
    dice = seeded()
    seed = dice.randrange(1 << 16)
    played, truth, _ = run(plan(seed=seed, events=4000))
    feed = [event for _, event in Feed(played, faults=FAULTS["all"], seed=seed)]
    lines = as_sent(feed)
    events = len({(event.shop or event.source, event.id) for event in feed})
    async with stand(tmp_path, "http") as s:
        await send_and_kill(s, list(cut(lines, dice, most=200)), events, dice)
        s.service.kill()
        found = by_opening(await lines_after(s.service.data))
    in_order = Replay(keep_rounds=True)
    in_order.run_sorted(list(in_order.decoded(lines)))
    assert found == by_opening(in_order.rounds())
    names = ("opened_by", "ended_by", "wait_seconds", "counted_seconds", "outcome", "buyer_messages", "stage")
    assert [{name: line[name] for name in names} for line in found] == [
        {name: getattr(line, name) for name in names}
        for line in sorted(truth, key=lambda line: (line.opened_at, line.opened_by))
    ]
