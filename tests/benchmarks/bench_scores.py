"""Scores: all live figures of a large floor at once, what following a commit costs, what a chat costs to score.

Run it beside nothing else:

    python -m tests.benchmarks.bench_scores
"""

import argparse
import asyncio
import gc
import random
import time
from statistics import median
from typing import Any

from monitor.core import events as ev
from monitor.core.roster import NOBODY_WRITTEN_DOWN
from monitor.core.scores.board import sheet
from monitor.core.scores.days import days
from monitor.core.scores.floor import ZONE
from monitor.core.scores.log import Said, said
from monitor.core.scores.profile import ProfileBook
from monitor.core.scores.totals import BYS
from monitor.core.words import built_in
from monitor.engine import Accepted, Changes
from monitor.metrics import Metrics
from monitor.policy_files.profiles import load
from monitor.policy_files.where import default_folder
from monitor.replay import Replay
from monitor.scoring.reading import Reading
from monitor.scoring.scorer import Scorer
from tests.benchmarks.bench_replay import made_up_log
from tests.benchmarks.yardstick import pairs, percentile

NOW_MS = days(ZONE).of(1_795_399_200_000).start_ms + 15 * 3_600_000
GOAL_SECONDS, HOLD_SECONDS = 0.100, 0.020
PLATFORMS = ("taobao", "tmall", "pinduoduo", "jd", "douyin", "kuaishou", "xiaohongshu")


class NoStore:
    """Today's figures need no store."""


def profiles() -> ProfileBook:
    book, faults = load(default_folder())
    assert not faults
    return book


def a_chat(dice: random.Random, start_ms: int, agent: str) -> list[Said]:
    """Five to fifteen messages of two people."""
    log = []
    at_ms = start_ms
    for number in range(dice.randrange(5, 16)):
        role: Any = "buyer" if number == 0 or dice.random() < 0.5 else "agent"
        event = ev.Message(
            id=f"m{number}",
            ts_ms=at_ms,
            shop="s",
            conversation="c",
            role=role,
            text="有货吗" if role == "buyer" else "有的亲",
            agent=agent if role == "agent" else None,
        )
        entry = said(event, number, built_in.words_of(role, "text", event.text))
        assert entry is not None
        log.append(entry)
        at_ms += round(dice.expovariate(1 / 60_000))
    return log


async def held_longest(work: Any) -> tuple[float, float, float]:
    """Return how long a piece of work took, how long it held the loop at most, and of that our own computing."""
    loop = asyncio.get_running_loop()
    longest = own = 0.0
    done = False

    async def probe() -> None:
        nonlocal longest, own
        last, last_own = time.perf_counter(), time.thread_time()
        while not done:
            await asyncio.sleep(0)
            now, now_own = time.perf_counter(), time.thread_time()
            longest, own = max(longest, now - last), max(own, now_own - last_own)
            last, last_own = now, now_own

    watching = loop.create_task(probe())
    await asyncio.sleep(0)
    began = time.perf_counter()
    await work()
    took = time.perf_counter() - began
    await asyncio.sleep(0)
    done = True
    await watching
    return took, longest, own


async def live(shops: int, agents: int, chats: int) -> None:
    dice = random.Random(7)
    book = profiles()
    scorer = Scorer(NoStore(), now_ms=lambda: NOW_MS, book=lambda: book, metrics=Metrics(version="bench"))  # type: ignore[arg-type]
    scorer.board.first_day = scorer.today - 2
    reading = Reading(
        scorer, register=lambda: NOBODY_WRITTEN_DOWN, team_of=lambda _platform, shop: f"t{hash(shop) % 50}"
    )
    for number in range(shops):
        scorer.basis.shop(f"s{number}", PLATFORMS[number % len(PLATFORMS)])
    names = list(scorer.shops)
    gc.collect()
    gc.freeze()  # As the service does once it has started.
    began = time.process_time()

    def score(number: int) -> None:
        shop = scorer.shops[names[number % shops]]
        agent = f"a{(number * 7) % agents}"
        log = a_chat(dice, NOW_MS - dice.randrange(6 * 3_600_000), agent)
        made = sheet(shop, f"c{number}", book, NOW_MS, log=log, buyer=f"b{number}", first_day=scorer.board.first_day)
        scorer.board.put(shop.name, f"c{number}", made)

    for number in range(chats):
        score(number)
    each = (time.process_time() - began) / chats
    print(f"{chats:,} chats of {shops:,} shops and {agents:,} agents: {each * 1e6:.0f} µs to score one")
    today = scorer.today

    async def all_of_it() -> None:
        for by in BYS:
            await reading.rows(reading.day_span(today, today), by)

    took, longest, own = await held_longest(all_of_it)
    print(
        f"all rows made for the first time: {took * 1000:.0f} ms, the loop held {longest * 1000:.1f} ms at most, by "
        f"our own computing {own * 1000:.1f}"
    )
    fresh: list[float] = []
    times: list[float] = []
    holds: list[float] = []
    owns: list[float] = []
    for turn in range(20):
        for number in range(300):  # What a second of a very large floor changes.
            score(chats + turn * 300 + number)
        took, longest, own = await held_longest(reading.refresh)  # As it does by itself, once a second.
        fresh.append(took)
        holds.append(longest)
        owns.append(own)
        score(chats + turn)
        took, longest, own = await held_longest(all_of_it)
        times.append(took)
        holds.append(longest)
        owns.append(own)
    print(
        f"300 chats taken into the rows: median {median(fresh) * 1000:.0f} ms; all rows asked for: median "
        f"{median(times) * 1000:.0f} ms, worst {max(times) * 1000:.0f} (goal {GOAL_SECONDS * 1000:.0f}); the loop held "
        f"{percentile(sorted(holds), 0.5) * 1000:.1f} ms, at most {max(holds) * 1000:.1f} "
        f"(goal {HOLD_SECONDS * 1000:.0f}), by our own computing at most {max(owns) * 1000:.1f}"
    )


def following(count: int) -> None:
    """What the watcher costs the loop, against walking over the same events."""
    book = profiles()
    scorer = Scorer(NoStore(), now_ms=lambda: NOW_MS, book=lambda: book, metrics=Metrics(version="bench"))  # type: ignore[arg-type]
    events = [
        Accepted(
            ev.Message(id=f"m{n}", ts_ms=NOW_MS, shop=f"s{n % 2000}", conversation=f"c{n % 30_000}", role="buyer"),
            "accepted",
        )
        for n in range(100_000)
    ]
    changes = Changes(NOW_MS, [], [], [], events)

    def walk() -> None:
        for accepted in changes.events:
            if accepted.outcome == "accepted" and type(accepted.event) is ev.Message:
                pass

    ours, bare, _ = pairs(lambda: scorer.watch(changes), walk, count)
    print(f"the watcher: {(ours - bare) / len(events) * 1e6:.2f} µs an event")


def replaying(events: int, count: int) -> None:
    book = profiles()
    lines = made_up_log(events)
    ours, bare, ratio = pairs(
        lambda: Replay(profiles=book, scores=["taobao_3min"]).run(lines), lambda: Replay().run(lines), count
    )
    print(
        f"replay with one score: {ours / len(lines) * 1e6:.2f} µs an event, without {bare / len(lines) * 1e6:.2f}: "
        f"{ratio:.2f} times"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="scores of a large floor")
    parser.add_argument("--shops", type=int, default=2_000)
    parser.add_argument("--agents", type=int, default=5_000)
    parser.add_argument("--chats", type=int, default=20_000)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--pairs", type=int, default=5)
    arguments = parser.parse_args()
    asyncio.run(live(arguments.shops, arguments.agents, arguments.chats))
    following(arguments.pairs)
    replaying(arguments.events, arguments.pairs)


if __name__ == "__main__":
    main()
