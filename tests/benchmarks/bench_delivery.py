"""From the second an alert is due to its first byte on the wire; and ten thousand due at once.

    python -m tests.benchmarks.bench_delivery [--waits N] [--seconds N] [--due N] [--folder DIR]

Two parts, on the service's loop with a real journal on disk:

1. `--waits` buyers wait past their only limit, with no step to come; then 200 alerts a
   minute come due, over forty teams with a robot each on this machine. Measured: due to
   decided, to committed, to the first byte at the robot.
2. `--due` messages for one robot lie in the outbox at once. Measured: what the group gets,
   by when, and how long the loop is held meanwhile.
"""

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import uvloop
from msgspec.structs import replace

from monitor.alerts.channels.dingtalk import DingTalk
from monitor.alerts.delivery import Courier
from monitor.alerts.links import Links
from monitor.alerts.router import PEOPLE_EXPIRES_MS, Route, Router
from monitor.alerts.speaker import FloorSpeaker
from monitor.alerts.timer import WallTimer
from monitor.clock import Clock
from monitor.core.decisions import Decision, NamedWait, TellPeople
from monitor.core.people import People
from monitor.core.policy import BUILT_IN, BuiltIn, Resolved, Stage, Step
from monitor.core.tracker import Tracker
from monitor.core.views import WaitRow
from monitor.engine import JUDGED_A_COMMIT, Changes, Engine
from monitor.interpreter import spare_collector
from monitor.metrics import Metrics
from monitor.policy_files.channels import Plan
from monitor.store.entries import Commit
from monitor.store.journal import Journal
from monitor.suggest.talk import OpenTalk
from monitor.wire import decode
from tests.benchmarks import crowd
from tests.benchmarks.yardstick import percentile

A_MINUTE = 200
TEAMS = 40
LIMIT_MS = 3_000
AGO_MS = 20_000  # The crowd came so long ago: all are told of, and its feeds are not silent yet.
GOAL_MS, LOOP_GOAL_MS = 250, 50
PER_MINUTE = 6
POLICY = replace(BUILT_IN, window=(Stage("slow", LIMIT_MS),), steps=(Step(LIMIT_MS, "team"),))
THEIRS = "shop-"  # What the shops whose alerts are measured are called; the crowd's only wait.


class Book(BuiltIn):
    """The crowd is past its only limit and has no steps; the others have one step."""

    def resolve(self, platform: str, shop: str, phase: str | None, at_ms: int) -> Resolved:
        """Return the policy of a shop."""
        if shop.startswith(THEIRS):
            return Resolved(POLICY)
        return super().resolve(platform, shop, phase, at_ms)


BOOK = Book(replace(BUILT_IN, window=(Stage("slow", LIMIT_MS),)))


class Robots:
    """Robots that note when the first byte of each message came, and answer as DingTalk does."""

    def __init__(self) -> None:
        self.first: list[int] = []
        self.bodies: list[bytes] = []
        self.port = 0

    async def start(self) -> asyncio.Server:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while first := await reader.read(1):
                at_ms = time.time_ns() // 1_000_000
                head = first + await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
                self.bodies.append(await reader.readexactly(length))
                self.first.append(at_ms)
                writer.write(
                    b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 13\r\n\r\n{"errcode":0}'
                )
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


class Probe:
    """How long the loop was held."""

    def __init__(self) -> None:
        self.held: list[float] = []

    async def run(self) -> None:
        while True:
            began = time.perf_counter()
            await asyncio.sleep(0.001)
            self.held.append((time.perf_counter() - began - 0.001) * 1e3)


class Everybody:
    """A floor where everybody still waits."""

    def row(self, shop: str, conversation: str) -> WaitRow | None:  # noqa: ARG002
        return None


class Standing(FloorSpeaker):
    """Takes every wait for open: they are only in the messages."""

    def standing(self, told: TellPeople) -> TellPeople:
        """Return it."""
        return told


def shown(values: Sequence[float]) -> str:
    ordered = sorted(values)
    return f"p50 {percentile(ordered, 0.5):.0f} ms, p99 {percentile(ordered, 0.99):.0f} ms"


async def steady(folder: Path, waits: int, seconds: float) -> None:
    clock, robots = Clock(), Robots()
    server = await robots.start()
    people = People()
    tracker = Tracker(BOOK, rows=True, people=people)
    journal = await Journal.open(folder)
    now_ms = clock.now_ms()
    crowd.waiting(waits, now_ms - AGO_MS, tracker)
    while tracker.advance(now_ms - AGO_MS + LIMIT_MS + 20, JUDGED_A_COMMIT):
        tracker.decisions.clear()
    tracker.changed.clear()
    tracker.decisions.clear()
    names = [f"t{number}" for number in range(TEAMS)]
    plan = Plan.model_validate(
        {
            "version": 1,
            "channels": {name: {"type": "log"} for name in names},
            "routes": [{"match": {"shop": [f"{THEIRS}{name}"]}, "team": name} for name in names],
        },
        strict=False,
    )
    url = f"http://127.0.0.1:{robots.port}/robot"
    channels = [
        DingTalk(
            url,
            "SEC",
            clock,
            route=Route(channel=name, for_people=True, expires_ms=PEOPLE_EXPIRES_MS, per_minute=18),
            allow_private=True,
        )
        for name in names
    ]
    engine = Engine(journal, tracker, router=Router(epoch="b", machines=[], plan=plan), clock=clock)
    speaker = FloorSpeaker(engine, people, OpenTalk(engine, journal), Links(b"k" * 32, None), plan, "b")
    metrics = Metrics(version="bench")
    courier = Courier(journal.outbox, channels, WallTimer(clock), metrics, speaker=speaker)
    decided: list[float] = []
    committed: list[float] = []
    due: list[int] = []

    def watch(changes: Changes) -> None:
        at_ms = time.time_ns() // 1_000_000
        for one in changes.decisions:
            if isinstance(one, TellPeople) and one.to == "team":
                decided.append(one.decided_at_ms - one.due_at_ms)
                committed.append(at_ms - one.due_at_ms)
                due.append(one.due_at_ms)
        told: list[Decision] = list(changes.decisions)
        speaker.see(told)
        courier.see(told)

    engine.watch(watch)
    await engine.start()
    spare_collector()
    delivering = asyncio.create_task(courier.run())
    probe = Probe()
    probing = asyncio.create_task(probe.run())
    loop = asyncio.get_running_loop()
    begins, number = loop.time(), 0
    while loop.time() < begins + seconds:
        name = names[number % TEAMS]
        event = {
            "id": f"m-{number}", "ts": clock.now_ms(), "platform": "taobao", "shop": f"{THEIRS}{name}",
            "conversation": f"c-{number}", "role": "buyer", "agent": f"a-{number}", "text": "包邮吗",
        }  # fmt: skip
        await engine.submit(decode(json.dumps(event).encode(), door="http", source="bench", now_ms=clock.now_ms()))
        number += 1
        await asyncio.sleep(max(0.0, begins + number * 60 / A_MINUTE - loop.time()))
    await asyncio.sleep(LIMIT_MS / 1000 + 1)
    probing.cancel()
    courier.stop()
    await delivering
    await engine.stop()
    await journal.close()
    server.close()
    # Each message is of one wait, due one after the other, on robots with room: they come in the order they were due.
    on_wire = [first - at for first, at in zip(sorted(robots.first), sorted(due), strict=False)]
    print(f"{waits:,} waits open, {A_MINUTE} alerts a minute: {len(due)} due, {len(robots.first)} sent")
    print(f"due to decided: {shown(decided)}; to committed: {shown(committed)}; to the first byte: {shown(on_wire)}")
    print(
        f"(goal: p99 {GOAL_MS} ms to the first byte); loop held at most {max(probe.held):.0f} ms (goal {LOOP_GOAL_MS})"
    )


async def burst(folder: Path, due: int) -> None:
    clock, robots = Clock(), Robots()
    server = await robots.start()
    journal = await Journal.open(folder)
    plan = Plan.model_validate(
        {"version": 1, "channels": {"group": {"type": "log"}}, "routes": [{"team": "group"}]}, strict=False
    )
    router = Router(epoch="b", machines=[], plan=plan)
    now_ms = clock.now_ms()
    tellings = [message(number, now_ms, due) for number in range(due)]
    outbox = [delivery for one in tellings for delivery in router(one)]
    await journal.commit(Commit(now_ms=now_ms, rules="bench", outbox=outbox))
    route = Route(channel="group", for_people=True, expires_ms=PEOPLE_EXPIRES_MS, per_minute=PER_MINUTE)
    channel = DingTalk(f"http://127.0.0.1:{robots.port}/robot", "SEC", clock, route=route, allow_private=True)
    people = People()
    engine = Engine(journal, Tracker(BuiltIn(POLICY), rows=True, people=people), router=router, clock=clock)
    talk = OpenTalk(engine, journal)
    speaker = Standing(Everybody(), people, talk, Links(b"k" * 32, "https://monitor.example"), plan, "b")
    courier = Courier(journal.outbox, [channel], WallTimer(clock), Metrics(version="bench"), speaker=speaker)
    probe = Probe()
    probing = asyncio.create_task(probe.run())
    await asyncio.sleep(0.1)
    probe.held.clear()
    began = time.perf_counter()
    delivering = asyncio.create_task(courier.run())
    while (await journal.outbox.account("group")).get("pending"):  # noqa: ASYNC110 - the database changes
        await asyncio.sleep(0.05)
    took = time.perf_counter() - began
    probing.cancel()
    courier.stop()
    await delivering
    account = await journal.outbox.account("group")
    await journal.close()
    server.close()
    said = [json.loads(body) for body in robots.bodies]
    card = said[0]["actionCard"]
    print(
        f"{due:,} due at once for one robot of {PER_MINUTE} a minute: {len(said)} message(s) in {took:.1f} s, {account}"
    )
    print(f"  {card['title']}")
    print(f"  {card['text'].splitlines()[2]}")
    print(f"loop held at most {max(probe.held):.0f} ms (goal {LOOP_GOAL_MS})")


def message(number: int, now_ms: int, due: int) -> TellPeople:
    """Return a message whose wait has the less time left the later it comes."""
    wait = NamedWait(
        wait=number, platform="taobao", shop=f"shop-{number % 50}", conversation=f"c-{number}", buyer="张小姐",
        agent=f"a-{number % 200}", account=None, team="t", stage="slow", since_ms=now_ms - 120_000,
        opened_at_ms=now_ms - 120_000, counted_ms=120_000, next_due_at_ms=now_ms + 60_000 + due - number, messages=1,
    )  # fmt: skip
    return TellPeople(
        key=f"{number}.team.120s", alert=str(number), kind="waits", step="120s", to="team", team="t", agent=wait.agent,
        waits=(wait,), due_at_ms=now_ms, decided_at_ms=now_ms, expires_at_ms=now_ms + 30_000,
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description="from due to the first byte, and many at once")
    parser.add_argument("--waits", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--due", type=int, default=10_000)
    parser.add_argument("--folder", help="where to write; a real disk, for syncs to cost what they cost")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        uvloop.run(steady(Path(folder), arguments.waits, arguments.seconds))
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        uvloop.run(burst(Path(folder), arguments.due))


if __name__ == "__main__":
    main()
