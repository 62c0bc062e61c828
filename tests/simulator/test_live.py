"""The floor of the demonstration: every stage at the first glance, then never dry and never over."""

import asyncio
import json
from collections import Counter
from itertools import takewhile

import aiohttp.web
import pytest

from monitor.core.events import Message, SourceHeartbeat, SyncRange
from monitor.simulator.live import PAST_MS, live_events, live_simulation, play_live
from tests.simulator.made import EVENING_MS, encoded
from tests.simulator.walk import walk


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("hour", [0, 9])
def test_every_stage_is_there_at_once(seed: int, hour: int) -> None:
    now = EVENING_MS + hour * 3_600_000
    past = list(takewhile(lambda event: event.ts_ms < now, live_events(seed, now)))
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
        return encoded(event for event, _ in zip(live_events(seed, EVENING_MS), range(3000), strict=False))

    assert start(4) == start(4)
    assert start(4) != start(5)


async def test_the_live_floor_comes_through_a_door() -> None:
    """The past comes at once; what is ahead waits for its time."""
    lines: list[bytes] = []
    enough = asyncio.Event()

    async def take(request: aiohttp.web.Request) -> aiohttp.web.Response:
        body = (await request.read()).splitlines()
        lines.extend(body)
        if any(json.loads(line)["ts"] >= EVENING_MS - 5000 for line in body):
            enough.set()
        return aiohttp.web.json_response({"accepted": len(body), "duplicates": 0, "rejected": []}, status=202)

    app = aiohttp.web.Application()
    app.router.add_post("/v1/events", take)
    runner = aiohttp.web.AppRunner(app)
    await runner.setup()
    await aiohttp.web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    playing = asyncio.create_task(play_live(f"http://{host}:{port}", seed=1, now_ms=lambda: EVENING_MS))
    try:
        async with asyncio.timeout(30):
            await enough.wait()
        playing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await playing
    finally:
        await runner.cleanup()
    past = encoded(takewhile(lambda event: event.ts_ms < EVENING_MS, live_events(1, EVENING_MS)))
    assert lines[: len(past)] == past[: len(lines)]
    assert all(json.loads(line)["ts"] <= EVENING_MS + 100 for line in lines)
    assert len(lines) > 1000
