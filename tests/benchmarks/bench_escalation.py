"""Ten thousand steps due in one second: when they are decided, and how long the loop is held.

    python -m tests.benchmarks.bench_escalation [--waits N] [--folder DIR]

The service's engine on the service's loop with a real journal on disk. So many
buyers write within one second to forty agents of four teams, and nobody answers: a
second on the panel is due for all, then the team's message, which names an
agent's other waits, then the lead's, then the digest. A probe on the same loop,
woken every millisecond, says how long it was held; on a busy machine that includes
what others took, so what the loop's thread computed meanwhile is told beside it.
"""

import argparse
import asyncio
import random
import tempfile
from collections import defaultdict
from pathlib import Path

import uvloop
from msgspec.structs import replace

from monitor.clock import Clock
from monitor.core.decisions import TellPeople
from monitor.core.events import AnyEvent, Message
from monitor.core.policy import BUILT_IN, Policy, Resolved, Step
from monitor.core.tracker import Tracker
from monitor.engine import Changes, Engine
from monitor.interpreter import spare_collector
from monitor.metrics import Metrics, Watcher
from monitor.store.entries import Delivery
from monitor.store.journal import Journal
from monitor.web.floor import Floor
from monitor.wire.batch import Batch
from tests.benchmarks.bench_lateness import GOAL_MS, Watch
from tests.benchmarks.yardstick import percentile

TEAMS, AGENTS, SHOPS = 4, 40, 400
BATCH = 100
STEPS = (
    Step(3_000, "panel"),
    Step(6_000, "team", gather_ms=2_000),
    Step(9_000, "lead", if_unclaimed=True),
    Step(12_000, "digest"),
)
SECONDS = 16


class Book:
    """A policy for each team, by the number in the shop's name."""

    rules = "bench"

    def __init__(self) -> None:
        self._resolved = [Resolved(replace(BUILT_IN, team=f"team-{team}", steps=STEPS)) for team in range(TEAMS)]

    def phases_of(self, platform: str, shop: str) -> tuple[str, ...]:  # noqa: ARG002
        return ()

    def resolve(self, platform: str, shop: str, phase: str | None, at_ms: int) -> Resolved:  # noqa: ARG002
        return self._resolved[int(shop[1:]) % TEAMS]

    @property
    def policy(self) -> Policy:
        return self._resolved[0].policy


class People(Watch):
    """What people were told, and when that was decided."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.late: dict[str, list[float]] = defaultdict(list)
        self.named: dict[str, int] = defaultdict(int)

    def see(self, changes: Changes) -> None:
        for decision in changes.decisions:
            if isinstance(decision, TellPeople):
                self.late[decision.to].append(decision.decided_at_ms - decision.due_at_ms)
                self.named[decision.to] += len(decision.waits)


def asked(number: int, now_ms: int) -> AnyEvent:
    agent = number % AGENTS
    shop = (agent % TEAMS) + TEAMS * (number // AGENTS % (SHOPS // TEAMS))
    return Message(
        id=f"m{number}",
        ts_ms=now_ms,
        source="collector",
        platform="taobao",
        shop=f"s{shop}",
        conversation=f"c{number}",
        buyer=f"b{number}",
        agent=f"agent-{agent}",
        role="buyer",
        text="这件有XL吗",
    )


async def run(folder: Path, waits: int) -> None:
    clock = Clock()
    journal = await Journal.open(folder)
    engine = Engine(journal, Tracker(Book(), wall=True), router=lambda _: list[Delivery](), clock=clock)
    metrics = Metrics(version="bench")
    floor = Floor(engine, metrics, clock.now_ms)
    watch = People(clock)
    for watcher in (Watcher(metrics).watch, floor.watch, watch.watch, watch.see):
        engine.watch(watcher)
    await engine.start()
    floor.begin()
    spare_collector()
    probe = asyncio.create_task(watch.probe())
    loop = asyncio.get_running_loop()
    rng = random.Random(1)
    numbers = list(range(waits))
    rng.shuffle(numbers)
    begins = loop.time()
    watch.on = True
    for start in range(0, waits, BATCH):
        await asyncio.sleep(begins + start / waits - loop.time())
        events = [asked(number, clock.now_ms()) for number in numbers[start : start + BATCH]]
        await engine.submit(Batch("http", "bench", events, list(range(len(events))), size=30_000))
    print(f"{waits:,} buyers wrote within {loop.time() - begins:.1f} s")
    await asyncio.sleep(begins + SECONDS - loop.time())
    probe.cancel()
    await engine.stop()
    await journal.close()
    report(watch)


def report(watch: People) -> None:
    for to, late in watch.late.items():
        late.sort()
        print(
            f"{to}: {len(late):,} messages naming {watch.named[to]:,} waits; due to decided: p50 "
            f"{percentile(late, 0.5):.0f} ms, p99 {percentile(late, 0.99):.0f} ms, at most {late[-1]:.0f} ms"
        )
    watch.commits.sort()
    held, computing = max(watch.held)
    over = sum(1 for wall, _ in watch.held if wall > GOAL_MS)
    print(
        f"{len(watch.commits):,} commits, p99 {percentile(watch.commits, 0.99):.0f} ms; the loop was held for "
        f"{held:.0f} ms at most (of which it computed {computing:.0f} ms; goal {GOAL_MS} ms), {over} times longer than "
        f"the goal; longest computing {max(cpu for _, cpu in watch.held):.0f} ms"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="many steps due at once, and how long the loop is held")
    parser.add_argument("--waits", type=int, default=10_000)
    parser.add_argument("--folder", help="where to write; a real disk, for syncs to cost what they cost")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        uvloop.run(run(Path(folder), arguments.waits))


if __name__ == "__main__":
    main()
