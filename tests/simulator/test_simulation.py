"""What is simulated: the same from the same seed, valid, as a floor has it, and with the true rounds."""

import hashlib
import os
import subprocess
import sys
from collections import Counter
from itertools import islice, pairwise

import pytest

from monitor.core.events import AgentPresence, Message, SourceHeartbeat
from monitor.core.words import GREETING, HOLDING, POLITE, classify
from monitor.simulator.buyers import Manners
from monitor.simulator.simulation import Simulation
from monitor.simulator.traffic import Traffic
from monitor.wire import decode_line, same
from tests.simulator.made import EVENING_MS, by_opening, encoded, plan, run
from tests.simulator.walk import COMPARED, walk


def test_a_seed_gives_the_same_bytes_in_any_process() -> None:
    program = (
        "import hashlib; from tests.simulator.made import *; "
        "print(hashlib.sha256(b'\\n'.join(encoded(Simulation(plan(events=2000))))).hexdigest())"
    )
    here = hashlib.sha256(b"\n".join(encoded(Simulation(plan(events=2000))))).hexdigest()
    there = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONHASHSEED": "77"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert there.stdout.strip() == here
    assert encoded(Simulation(plan(events=2000, seed=12))) != encoded(Simulation(plan(events=2000)))


def test_a_shorter_run_is_the_beginning_of_a_longer_one() -> None:
    assert encoded(Simulation(plan(events=500))) == encoded(islice(Simulation(plan(events=2000)), 500))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("events", [400, 10_000])
def test_the_truth_is_what_a_plain_walk_counts(seed: int, events: int) -> None:
    log, truth, simulation = run(plan(seed=seed, events=events))
    counted, known = walk(encoded(log)), by_opening(truth)
    assert len(known) == len(truth)
    assert known.keys() == counted.keys(), f"{seed=}"
    for key, wait in known.items():
        expected = counted[key]
        assert {name: getattr(wait, name) for name in COMPARED} == {name: expected[name] for name in COMPARED}, (
            f"{seed=}"
        )
    outcomes = Counter(wait.outcome for wait in truth)
    assert {name: n for name, n in simulation.ledger.counts.items() if n and name != "courtesy"} == dict(outcomes)
    if events == 10_000:
        assert {"answered", "open", "abandoned", "dismissed"} <= outcomes.keys()
        assert {wait.stage for wait in truth} == {"fresh", "slow", "at_risk", "lost"}
        assert any(wait.transfers for wait in truth)
        assert any(wait.closed_unanswered for wait in truth)


def test_waits_are_given_up_after_seven_days_and_buyers_come_back() -> None:
    weeks = plan(
        events=None,
        hours=24 * 16,
        shops=1,
        agents=2,
        traffic=Traffic(per_hour=1),
        manners=Manners(never=0.3),
        returning=0.7,
    )
    log, truth, _ = run(weeks)
    counted, known = walk(encoded(log)), by_opening(truth)
    assert known.keys() == counted.keys()
    for key, wait in known.items():
        assert {name: getattr(wait, name) for name in COMPARED} == {name: counted[key][name] for name in COMPARED}
    assert sum(wait.outcome == "expired" for wait in truth) > 5
    again = Counter((wait.shop, wait.conversation) for wait in truth if wait.outcome == "expired")
    reopened = {(wait.shop, wait.conversation) for wait in truth if wait.outcome != "expired"}
    assert again.keys() & reopened, "no buyer came back after a wait was given up"


def test_the_words_mean_what_the_truth_says_of_them() -> None:
    log, truth, _ = run(plan(seed=5))
    known = by_opening(truth)
    by_id = {(event.shop, event.id): event for event in log if isinstance(event, Message)}
    seen = Counter[str]()
    for (shop, opened_by), wait in known.items():
        opening = by_id[shop, opened_by]
        if wait.courtesy:
            assert classify(opening.text, opening.kind, by_buyer=True) & POLITE, opening.text
            seen["courtesy"] += 1
        elif wait.needs_answer_since == wait.opened_at:
            assert not classify(opening.text, opening.kind, by_buyer=True) & POLITE, opening.text
            seen["question"] += 1
        if wait.ended_by is not None:
            reply = by_id[shop, wait.ended_by]
            held = bool(classify(reply.text, reply.kind, by_buyer=False) & (HOLDING | GREETING))
            assert held == wait.held, reply.text
            seen["held" if held else "answer"] += 1
    assert min(seen[name] for name in ("courtesy", "question", "held", "answer")) > 50


def test_every_event_is_valid_and_survives_the_wire() -> None:
    log, _, _ = run(plan())
    for event in log:
        decoded = decode_line(encoded([event])[0])
        assert same(decoded, event)  # type: ignore[arg-type]
        assert decoded.source == event.source
        assert decoded.source is not None
        assert decoded.source.startswith("collector-")


def test_ids_are_unique_and_instants_within_a_conversation_differ() -> None:
    log, _, _ = run(plan())
    keys = Counter((event.shop or event.source, event.id) for event in log)
    assert max(keys.values()) == 1
    instants = Counter((event.shop, event.conversation, event.ts_ms) for event in log if event.conversation)
    assert max(instants.values()) == 1
    assert [event.ts_ms for event in log] == sorted(event.ts_ms for event in log)
    assert max(len(event.id) for event in log) <= 32


def test_every_kind_of_event_and_of_talk_is_there() -> None:
    log, _, _ = run(plan(events=30_000, shops=16))
    types = Counter(getattr(event, "type") for event in log)  # noqa: B009 - only the subclasses have it
    assert set(types) == {
        "message", "message_recalled", "conversation_assigned", "conversation_transferred", "conversation_handed_off",
        "conversation_closed", "agent_presence", "order_placed", "order_paid", "rating", "source_heartbeat",
    }  # fmt: skip
    messages = [event for event in log if isinstance(event, Message)]
    assert {message.role for message in messages} == {"buyer", "agent", "seller", "bot", "auto", "note", "system"}
    assert {message.kind for message in messages} == {"text", "image", "card", "reaction"}
    assert any(message.entry for message in messages)
    assert any(message.needs_reply is False for message in messages)
    assert any((message.text or "").isascii() for message in messages)
    assert {message.platform for message in messages} == {
        "taobao", "tmall", "jd", "pinduoduo", "douyin", "kuaishou", "xiaohongshu", "ownsite",
    }  # fmt: skip


def test_collectors_beat_every_ten_seconds() -> None:
    log, _, _ = run(plan(hours=0.1, events=None))
    beats = [event.ts_ms for event in log if isinstance(event, SourceHeartbeat) and event.source == "collector-1"]
    assert len(beats) == 36
    assert {after - before for before, after in pairwise(beats)} == {10_000}


def test_people_come_and_go_by_their_shift() -> None:
    log, _, simulation = run(plan(hours=24, events=None, shops=3, agents=8, traffic=Traffic(per_hour=1)))
    shifts = {agent.name: agent.shift for agent in simulation.centre.agents}
    states: dict[str, list[tuple[int, str]]] = {}
    for event in log:
        if isinstance(event, AgentPresence):
            assert event.agent is not None
            assert event.limit
            assert event.shops
            states.setdefault(event.agent, []).append((event.ts_ms, event.state))
    assert states.keys() == shifts.keys()
    for agent, told in states.items():
        for ts_ms, state in told:
            hour = (ts_ms + 8 * 3_600_000) % 86_400_000 / 3_600_000
            if state == "offline":
                # Mostly a few minutes after the end; midnight is an end like any other.
                assert (hour - shifts[agent][1]) % 24 < 0.06, (agent, hour)
        names = [state for _, state in told]
        assert "offline" in names, agent
        assert all(before != after for before, after in pairwise(names)), names


def test_answers_take_longer_where_few_people_serve_many() -> None:
    def slow_share(agents: int) -> float:
        _, _, simulation = run(plan(agents=agents, events=12_000))
        return simulation.ledger.passed["slow"] / simulation.ledger.counts["answered"]

    assert slow_share(8) > 1.5 * slow_share(60)


def test_a_stream_is_lazy() -> None:
    endless = Simulation(plan(hours=None, events=None))
    first = list(islice(endless, 10))
    assert len(first) == 10
    assert first[0].ts_ms >= EVENING_MS
    assert endless.count == 10
