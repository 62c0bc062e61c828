"""The floor: counts that go along with commits, and order by urgency."""

import random
from typing import Any

from monitor.core.decisions import CloseRound, RestateRound
from monitor.core.views import WaitRow
from monitor.metrics import Metrics
from monitor.web.floor import SLICE, Floor
from tests.rounds import a_round
from tests.web.stand import NOW_MS, Commit, ScriptedEngine, a_row, a_source

EDGES = (29, 30, 30.001, 100, 180, 300, 300.001)


def a_floor(*rows: WaitRow) -> tuple[Floor, ScriptedEngine, Metrics]:
    engine, metrics = ScriptedEngine(), Metrics(version="1")
    engine.rows = {row.wait: row for row in rows}
    floor = Floor(engine, metrics, lambda: NOW_MS)
    floor.begin()
    engine.watch(floor.watch)
    return floor, engine, metrics


def waiting(wait: int, seconds: float, **more: Any) -> WaitRow:
    return a_row(wait, needs_answer_since_ms=NOW_MS - int(seconds * 1000), **more)


async def order(floor: Floor, at_most: int = 100) -> list[int]:
    return [entry.wait for entry in (await floor.most_urgent(at_most))[0]]


async def test_savable_waits_come_by_least_time_left_then_bot_held_then_lost_ones_last_lost_first() -> None:
    floor, _, _ = a_floor(
        waiting(1, 10),
        waiting(2, 299),
        waiting(3, 10, limits=(("slow", 5_000), ("lost", 11_000))),
        waiting(4, 900),
        waiting(5, 301),
        waiting(6, 500, stood_ms=400_000),
        waiting(7, 5_000, standing_since_ms=NOW_MS - 4_999_000, flags=("bot_held",)),
        waiting(8, 300),
    )
    assert await order(floor) == [8, 2, 3, 6, 1, 7, 5, 4], "at exactly its last limit a wait can still be saved"


async def test_only_so_many_are_returned_and_all_are_counted() -> None:
    rows = [waiting(number, number % 280) for number in range(1, 2 * SLICE + 10)]
    floor, _, _ = a_floor(*rows)
    entries, found = await floor.most_urgent(50)
    assert found == len(rows)
    assert [entry.wait for entry in entries] == sorted(
        (row.wait for row in rows), key=lambda wait: (-(wait % 280), wait)
    )[:50]


async def test_m3_who_waits_is_in_the_band_up_to_its_edge_and_the_oldest_wait_is_the_buyers_though_a_bot_talks() -> (
    None
):
    bot = waiting(1, 400, flags=("bot_held",), standing_since_ms=NOW_MS)
    for rows in ((bot, *(waiting(n, at) for n, at in enumerate(EDGES, 2))), (*map(waiting, range(2, 9), EDGES), bot)):
        floor, _, _ = a_floor(*rows)
        (found,) = (await floor.pending(lambda _: "all")).values()
        assert found.bands == [2, 1, 1, 1, 1, 1]
        assert (found.bot_held, NOW_MS - found.since_ms) == (1, 400_000)


def test_counts_go_along_with_what_comes_changes_and_goes() -> None:
    floor, engine, metrics = a_floor(waiting(1, 10))
    engine.commit(rows=[waiting(2, 70, stage="slow"), a_row(3, needs_answer_since_ms=None)])
    assert (floor.on_board, floor.courtesy) == (2, 1)
    assert floor.stages == {"fresh": 1, "slow": 1, "at_risk": 0, "lost": 0}
    engine.commit(rows=[waiting(1, 60.1, stage="slow", team="b")])
    assert metrics.waits_open == {("taobao", "a", "fresh"): 0, ("taobao", "a", "slow"): 1, ("taobao", "b", "slow"): 1}
    engine.commit(gone=[(1, "answered"), (2, "answered"), (99, "answered")])
    assert floor.on_board == 0
    assert set(metrics.waits_open.values()) == {0}
    assert metrics.shop_waits_open == {("senye",): 0}


def test_a_wait_that_goes_and_comes_again_in_one_commit_is_open() -> None:
    floor, engine, _ = a_floor(waiting(1, 10))
    engine.commit(gone=[(1, "withdrawn")], rows=[waiting(1, 20)])
    assert floor.on_board == 1
    assert floor.get(1) is not None


def test_counts_are_those_of_the_open_waits_whatever_happened() -> None:
    seed = random.randrange(1 << 30)
    print("seed", seed)
    dice = random.Random(seed)
    floor, engine, metrics = a_floor()
    for _ in range(500):
        wait = dice.randrange(60)
        if dice.random() < 0.3 and wait in engine.rows:
            engine.commit(gone=[(wait, "answered")])
        else:
            engine.commit(
                rows=[
                    a_row(
                        wait,
                        needs_answer_since_ms=dice.choice([None, NOW_MS - 1]),
                        stage=dice.choice(["fresh", "slow", "at_risk", "lost", "own"]),
                        team=dice.choice("ab"),
                        shop=dice.choice("xyz"),
                        flags=dice.choice([(), ("bot_held",), ("out_of_hours",)]),
                    )
                ]
            )
    on_board = [row for row in engine.rows.values() if row.needs_answer_since_ms is not None]
    assert floor.on_board == len(on_board)
    assert floor.courtesy == len(engine.rows) - len(on_board)
    assert floor.bot_held == sum("bot_held" in row.flags for row in on_board), "out of hours no bot talks"
    for stage, of_stage in floor.stages.items():
        assert of_stage == sum(row.stage == stage for row in on_board)
    for (_, team, stage), of_team in metrics.waits_open.items():
        assert of_team == sum((row.team, row.stage) == (team, stage) for row in on_board)
    for (shop,), of_shop in metrics.shop_waits_open.items():
        assert of_shop == sum(row.shop == shop for row in on_board)


async def test_a_scrape_measures_the_oldest_wait_of_each_place_and_each_source() -> None:
    floor, engine, metrics = a_floor(
        waiting(1, 10), waiting(2, 70), waiting(3, 5, team="b"), a_row(4, team="c", needs_answer_since_ms=None)
    )
    engine.known_promises = {("taobao", "a", "due"): 2}
    engine.known_sources = [a_source("x"), a_source("y", state="stale", last_event_at_ms=None)]
    await floor.measure()
    assert metrics.oldest_wait == {("taobao", "a"): 70, ("taobao", "b"): 5}
    assert metrics.promises_open == {("taobao", "a", "due"): 2}
    assert metrics.source_stale == {("x",): 0, ("y",): 1}
    assert metrics.source_last_event == {("x",): NOW_MS / 1000 - 1}
    assert metrics.ready == 1
    engine.commit(gone=[(2, "answered"), (3, "answered")])
    engine.ready.reason = "the disk is full"
    engine.known_promises = {}
    await floor.measure()
    assert metrics.oldest_wait == {("taobao", "a"): 10, ("taobao", "b"): 0}
    assert metrics.promises_open == {}
    assert metrics.ready == 0


def test_rounds_answered_today_are_counted_with_their_corrections() -> None:
    floor, _, _ = a_floor()
    today = a_round(waited_ms=NOW_MS - 1_000_000)
    long_ago = a_round(waited_ms=1_000)
    floor.watch(Commit(decisions=[CloseRound(today), CloseRound(today), CloseRound(long_ago)]))
    assert floor.answered_today == 2
    floor.watch(Commit(decisions=[RestateRound(today, None, "late"), RestateRound(None, today, "late")]))
    assert floor.answered_today == 2
    floor.watch(Commit(decisions=[RestateRound(today, long_ago, "late")]))
    assert floor.answered_today == 1


def test_at_midnight_the_count_begins_again() -> None:
    now_ms = NOW_MS
    floor = Floor(ScriptedEngine(), Metrics(version="1"), lambda: now_ms)
    floor.watch(Commit(decisions=[CloseRound(a_round(waited_ms=now_ms - 1_000_000))]))
    floor.watch(Commit(decisions=[CloseRound(a_round(waited_ms=now_ms - 1_000_000))]))
    assert floor.answered_today == 2
    now_ms += 26 * 3_600_000
    floor.watch(Commit(decisions=[CloseRound(a_round(waited_ms=now_ms - 1_000_000))]))
    assert floor.answered_today == 1
