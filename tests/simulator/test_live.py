"""The floor of the demonstration: every stage at the first glance, then never dry and never over."""

from collections import Counter
from itertools import takewhile

import pytest

from monitor.core.events import AgentPresence, Message, SourceHeartbeat, SyncRange
from monitor.simulator.live import PAST_MS, live_simulation
from tests.simulator.made import EVENING_MS, encoded
from tests.simulator.walk import walk


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("hour", [0, 9])
def test_every_stage_is_there_at_once(seed: int, hour: int) -> None:
    now = EVENING_MS + hour * 3_600_000
    past = list(takewhile(lambda event: event.ts_ms < now, live_simulation(seed, now)))
    assert past[0].ts_ms >= now - PAST_MS
    # Brought to this very instant, as a board would.
    mark = SourceHeartbeat(type="source_heartbeat", id="now", ts_ms=now, source="collector-1")
    waits = [wait for wait in walk(encoded([*past, mark])).values() if wait["outcome"] == "open"]
    assert 25 <= len(waits) <= 60
    assert {wait["stage"] for wait in waits} == {"fresh", "slow", "at_risk", "lost"}
    last_said = {(event.shop, event.conversation): event for event in past if isinstance(event, Message)}
    last_roles = Counter(event.role for event in last_said.values())
    assert last_roles["bot"] >= 1, "no wait is held by a bot"
    texts = [event.text or "" for event in last_said.values()]
    assert any(
        text.startswith(("稍等", "亲稍等", "我看", "请稍等", "one moment", "just a", "let me", "please"))
        for text in texts
    )
    assert sum(isinstance(event, SyncRange) for event in past) == 12


def test_how_people_stand_is_told_once_the_past_is_over() -> None:
    simulation = live_simulation(1, EVENING_MS)
    begun = takewhile(lambda event: event.ts_ms <= EVENING_MS, simulation)
    told = [event for event in begun if isinstance(event, AgentPresence)]
    assert {event.ts_ms for event in told} == {EVENING_MS}
    assert {event.agent for event in told} == {agent.name for agent in simulation.centre.agents}


@pytest.mark.parametrize("seed", [1, 7])
def test_the_board_keeps_moving_for_hours(seed: int) -> None:
    simulation = live_simulation(seed, EVENING_MS)
    next_look, open_waits, shops = EVENING_MS, [], set[str]()
    for event in simulation:
        if event.ts_ms >= next_look:
            open_waits.append(simulation.ledger.waiting)
            next_look += 60_000
        shops.add(event.shop)
        if event.ts_ms > EVENING_MS + 5 * 3_600_000:
            break
    inside = sum(25 <= count <= 60 for count in open_waits)
    assert inside > 0.95 * len(open_waits), open_waits
    assert len(shops - {""}) == 12
    assert simulation.ledger.counts["answered"] > 3000
    assert simulation.ledger.passed["lost"] > 100


def test_the_same_seed_and_instant_give_the_same_floor() -> None:
    def start(seed: int) -> list[bytes]:
        return encoded(event for event, _ in zip(live_simulation(seed, EVENING_MS), range(3000), strict=False))

    assert start(4) == start(4)
    assert start(4) != start(5)
