"""The truth against the monitor itself: a replay finds the same rounds, also through faulty collectors."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from monitor.replay import Replay
from monitor.simulator.doors import ENCODER
from monitor.simulator.feed import FAULTS, Faults, Feed
from monitor.simulator.simulation import Simulation
from monitor.simulator.truth import TrueRound
from tests.simulator.made import by_opening, plan

# All a line of ``--rounds`` has, but for who holds a wait that nobody answered: a feed may not say.
EXACT = (
    "platform", "conversation", "opened_by", "ended_by", "wait_seconds", "counted_seconds", "outcome", "buyer_messages",
    "courtesy", "held", "stage",
)  # fmt: skip
INSTANTS = ("opened_at", "needs_answer_since", "ended_at")
DISORDER = Faults(shuffle_ms=9 * 60_000)


def milliseconds(instant: str | None) -> int | None:
    return None if instant is None else round(datetime.fromisoformat(instant).timestamp() * 1000)


@pytest.mark.parametrize("faults", ["none", "some", "all", "disorder"])
@pytest.mark.parametrize("seed", [1, 2])
def test_a_replay_finds_the_truth(faults: str, seed: int) -> None:
    truth: list[TrueRound] = []
    simulation = Simulation(plan(seed=seed, events=10_000), truth.append)
    kind = DISORDER if faults == "disorder" else FAULTS[faults]
    # Within the hour of the log each account is to be out about once.
    kind = replace(kind, kick_every_ms=kind.kick_every_ms and 30 * 60_000)
    feed = Feed(simulation, faults=kind, seed=seed)
    run = Replay(as_arrived=True, keep_rounds=True)
    tally = run.run([ENCODER.encode(event) for _, event in feed])
    found: dict[Any, dict[str, Any]] = {(line["shop"], line["opened_by"]): line for line in run.rounds()}
    known = by_opening(truth)
    assert found.keys() == known.keys(), f"{seed=}"
    for key, wait in known.items():
        line = found[key]
        assert {name: line[name] for name in EXACT} == {name: getattr(wait, name) for name in EXACT}, f"{seed=}"
        assert {name: milliseconds(line[name]) for name in INSTANTS} == {name: getattr(wait, name) for name in INSTANTS}
        if wait.outcome == "answered":
            assert line["account"] == wait.account
    summary = tally.as_json()
    assert summary["events"]["late"] == 0
    assert summary["passed"] == simulation.ledger.passed
    assert {name: summary["rounds"][name] for name in simulation.ledger.counts} == simulation.ledger.counts
