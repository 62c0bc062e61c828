"""Small runs of the simulator for the tests."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from monitor.core.events import Event
from monitor.simulator.doors import ENCODER
from monitor.simulator.simulation import Plan, Simulation
from monitor.simulator.traffic import Traffic
from monitor.simulator.truth import TrueRound

# 20:00 in Shanghai, the busiest hour.
EVENING_MS = 1_795_435_200_000
PLAN = Plan(seed=11, start_ms=EVENING_MS, hours=None, events=6000, shops=9, traffic=Traffic(per_hour=30))


def plan(**changes: Any) -> Plan:
    return replace(PLAN, **changes)


def encoded(events: Iterable[Event]) -> list[bytes]:
    return [ENCODER.encode(event) for event in events]


def run(plan: Plan) -> tuple[list[Event], list[TrueRound], Simulation]:
    """Return the events, the truth and the simulation, which is at its end."""
    rounds: list[TrueRound] = []
    simulation = Simulation(plan, rounds.append)
    return list(simulation), rounds, simulation


def by_opening(rounds: Iterable[TrueRound]) -> dict[tuple[str, str], TrueRound]:
    return {(one.shop, one.opened_by): one for one in rounds}


def count(events: Iterable[Event], what: Callable[[Any], bool]) -> int:
    return sum(1 for event in events if what(event))
