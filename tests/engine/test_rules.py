"""Rules and the journal: what stands open keeps its policy over a reload and a restart, and a replay agrees."""

import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from monitor.core.book import Book, Layer
from monitor.core.decisions import RaiseAlert
from monitor.core.hours import UTC, Hours
from monitor.core.policy import BUILT_IN, Policy, PolicyBook, Stage
from monitor.core.senders import Reader, Sender
from monitor.core.tracker import Tracker
from monitor.engine import Engine
from monitor.replay import Replay, round_line
from monitor.store.journal import Journal
from monitor.wire import decode
from tests.core.hours import on_wall
from tests.service import MovedClock, Service, killed, rounds_of, routed, said
from tests.timeline import START_MS, at_ms


def policy(name: str, after: int, **fields: Any) -> Policy:
    return replace(BUILT_IN, name=name, window=(Stage(name, after * 1000),), **fields)


OLD, NEW = Book(policy("old", 60), (), "v1"), Book(policy("new", 20), (), "v2")


@asynccontextmanager
async def ruled(folder: Path, clock: MovedClock, book: PolicyBook, *, dies: bool = False) -> AsyncIterator[Service]:
    """A service under rules; one that ``dies`` saves nothing more at its end."""
    journal = await Journal.open(folder)
    made = Service(journal, clock)
    made.engine = Engine(journal, Tracker(book, rows=True), router=routed, clock=clock)
    made.engine.watch(made._watch)
    await made.engine.start()
    try:
        yield made
    finally:
        if dies:
            await killed(made.engine)
        else:
            await made.engine.stop()
        await journal.close()


@pytest.mark.parametrize("dies", [False, True])
async def test_a_restart_with_other_rules_leaves_open_waits_their_policy(tmp_path: Path, dies: bool) -> None:
    clock = MovedClock()
    async with ruled(tmp_path, clock, OLD, dies=dies) as s:
        await s.send(said(0))
        clock.at_ms += 5_000
        await s.send(said(5, chat="d"), said(5, "agent", "d"), said(5, chat="e"))
    async with ruled(tmp_path, clock, NEW) as s:
        clock.at_ms += 2_000
        await s.send(said(7, chat="f"))
        await s.move(30)
        await s.move(40)
        told = [(d.conversation, d.stage) for d in s.decided(RaiseAlert)]
        assert told == [("f", "new"), ("c", "old"), ("e", "old")]
        rules = s.engine.tracker.policies.rules
        assert [rules[d.policy] for d in s.decided(RaiseAlert)] == ["v2", "v1", "v1"]
        assert [number for number, _, _ in await s.journal.policies()] == [0, 1]
        assert [(r.conversation, rules[r.policy]) for r in await rounds_of(s.journal)] == [("d", "v1")]


async def test_what_comes_late_after_a_restart_is_folded_by_the_rules_it_was_taken_under(tmp_path: Path) -> None:
    clock = MovedClock()
    clock.at_ms += 110_000
    async with ruled(tmp_path, clock, OLD) as s:
        await s.send(said(0), said(50, "agent"), said(55), said(100, "agent"))
    async with ruled(tmp_path, clock, NEW) as s:
        await s.send(said(10, "agent"))
        lines = sorted((r.opened_at_ms - START_MS, r.passed, r.policy) for r in await rounds_of(s.journal))
        assert lines == [(0, (), 0), (55_000, (), 0)]


async def test_rules_taken_while_it_runs_hold_for_what_comes_then(tmp_path: Path) -> None:
    clock = MovedClock()
    noise = Reader(senders=(Sender(rule="s:1", says="noise", roles=frozenset({"buyer"}), texts=frozenset({"广告"})),))
    async with ruled(tmp_path, clock, OLD) as s:
        await s.send(said(0), said(0, chat="x", text="广告"))
        await s.engine.take_rules(NEW, noise, b"all of it")
        await s.send(said(1, chat="d"), said(1, chat="y", text="广告"))
        assert {row.conversation: row.limits[0][0] for row in s.engine.waits()} == {"c": "old", "x": "old", "d": "new"}
        assert await s.journal.rules_text("v2") == b"all of it"
        steps = [step.rules async for step, _ in s.journal.since(0)]
        assert steps[0] == "v1"
        assert steps[-1] == "v2"
        stored = await s.journal.history("senye", "x") + await s.journal.history("senye", "y")
        assert [event.words >> 5 & 7 for event in stored] == [0, 1]


HOURS = Hours(UTC, (on_wall(("-60:00", "20:00"), ("25:00", "60:00")),) * 7)
RUSH = Layer(
    rule="r:1",
    sets={"name": "rush", "window": (Stage("rush", 45_000),)},
    from_ms=at_ms("8:00"),
    until_ms=at_ms("15:00"),
)
AFTER = Layer(rule="r:2", sets={"name": "after", "bot": "holds", "hours": HOURS}, phases=frozenset({"aftersale"}))
MANY = Book(policy("base", 60, bot_within_ms=2_000), ([AFTER], [RUSH]), "many")
READER = Reader(
    senders=(
        Sender(rule="s:1", says="latency"),
        Sender(rule="s:2", says="noise", roles=frozenset({"buyer"}), patterns=("转交给",)),
    )
)


def chats(rng: random.Random, count: int) -> list[dict[str, Any]]:
    """Random chats of two phases over forty minutes, in order of time."""
    texts = {"buyer": ["有货吗", "谢谢", "由小林转交给小周", "多大的"], "seller": ["有的", "稍等", "您好"]}
    texts |= {"bot": ["请选择尺码"], "agent": ["有的亲", "在的亲"]}
    instants = sorted(rng.sample(range(2_400_000), count))
    return [
        {
            "id": f"m{n}", "ts": START_MS + ms, "shop": "senye", "platform": "taobao",
            "conversation": f"c{rng.randrange(6)}",
            "role": (role := rng.choice(["buyer", "buyer", "seller", "bot", "agent"])),
            "text": rng.choice(texts[role]), "phase": rng.choice([None, "presale", "aftersale"]),
        }
        for n, ms in enumerate(instants)
    ]  # fmt: skip


def lines_of(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    run = Replay(keep_rounds=True, policies=MANY, reader=READER)
    run.run([json.dumps(event).encode() for event in events])
    return [line for line in run.rounds() if line["outcome"] != "open"]


@pytest.mark.parametrize("seed", range(4))
async def test_live_late_killed_and_replayed_make_the_same_rounds(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    events = chats(rng, 240)
    clock = MovedClock()
    clock.at_ms = START_MS + 2_400_000
    late = sorted(events, key=lambda event: event["ts"] + rng.randrange(300_000))
    at = 0
    told = 0
    while at < len(late):
        journal = await Journal.open(tmp_path)
        tracker = Tracker(MANY, wall=False, rows=True)
        engine = Engine(journal, tracker, router=routed, clock=clock, reader=READER)
        await engine.start()
        for _ in range(rng.randrange(1, 6)):
            part = late[at : at + rng.randrange(1, 30)]
            at += len(part)
            if part:
                body = msgspec.json.encode(part)
                await engine.submit(decode(body, door="http", source="c1", now_ms=clock.at_ms))
        rounds = await rounds_of(journal)
        told += len(await journal.outbox.due(clock.at_ms, 10_000))
        if rng.random() < 0.5:
            await killed(engine)
        else:
            await engine.stop()
        await journal.close()
    lines = [round_line(done) for done in sorted(rounds, key=lambda r: (r.opened_at_ms, r.wait))]
    expected = lines_of(events)
    named = [(line.pop("rules_version", ""), line.pop("rule", "")) for line in expected]
    assert set(named) == {("", ""), ("many", "r:1"), ("many", "r:2")}
    assert lines == expected
    assert len(expected) > 20
    assert told > 0
    assert {"rush", "base"} <= {line["stage"] for line in expected}
    assert any(line["counted_seconds"] != line["wait_seconds"] for line in expected)
