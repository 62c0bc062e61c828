"""A day of a simulated floor with every fault of its collectors: live scores are those of a replay, over a crash."""

import random
from pathlib import Path
from typing import Any

from monitor.core.scores.board import Entity
from monitor.core.scores.cells import COUNTS, Sums
from monitor.metrics import Metrics
from monitor.replay import Replay
from monitor.scoring.scorer import Scorer
from monitor.simulator.feed import FAULTS, Feed
from monitor.wire import decode
from tests.core.scores.day import shipped
from tests.service import MovedClock, Service, doomed
from tests.simulator.made import encoded, plan, run
from tests.waiting import until


def scored(service: Service) -> Scorer:
    made = Scorer(service.journal.scores, now_ms=service.engine.now_ms, book=shipped, metrics=Metrics(version="test"))
    service.engine.watch(made.watch)
    return made


def summed(scorer: Scorer) -> dict[str, Any]:
    found: dict[str, Sums] = {}
    for shop in scorer.shops:
        for id, sums in scorer.board.row(Entity("shop", shop), scorer.board.days).sums.items():
            if id in shipped().versions:
                found.setdefault(id, Sums()).add(sums)
    return {id: (*sums.counts, sums.sum_ms) for id, sums in found.items()}


async def send(service: Service, lines: list[bytes]) -> None:
    """Send lines as one batch, and let all who watch see it: a large one is acknowledged first."""
    batch = decode(b"\n".join(lines), door="t", source="s", now_ms=None)
    seen = sum(len(changes.events) for changes in service.seen) + len(batch.events)
    await service.engine.submit(batch)
    await until(lambda: sum(len(changes.events) for changes in service.seen) == seen, "all who watch have seen it")


async def test_live_scores_of_a_faulty_feed_are_those_of_its_replay(tmp_path: Path) -> None:
    seed = random.randrange(1 << 16)
    print(f"seed {seed}")
    played, _, _ = run(plan(seed=seed, events=3000))
    lines = encoded([event for _, event in Feed(played, faults=FAULTS["all"], seed=seed)])
    replay = Replay(as_arrived=True, profiles=shipped())
    replay.run(lines)
    expected = {
        id: (*(score[name] for name in COUNTS), round(score["sum_seconds"] * 1000))
        for id, score in replay.tally.scores.items()
        if any(score[name] for name in COUNTS)
    }
    clock = MovedClock()
    half = len(lines) // 2
    async with doomed(tmp_path, clock, wall=False) as service:
        first = scored(service)
        await first.catch_up()
        for at in range(0, half, 100):
            await send(service, lines[at : min(half, at + 100)])
            await first.settle()
    async with doomed(tmp_path, clock, wall=False) as service:
        scorer = scored(service)
        await scorer.catch_up()
        assert summed(scorer) == summed(first)
        for at in range(half, len(lines), 100):
            await send(service, lines[at : at + 100])
        await scorer.settle()
        assert summed(scorer) == expected
