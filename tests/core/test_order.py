"""Within lateness the order of arrival does not change the result."""

import random
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core import events as ev
from monitor.core.policy import BUILT_IN, BuiltIn
from monitor.core.shard_rows import ShardRows
from monitor.core.tracker import Tracker
from monitor.core.words import classify
from tests.core.chance import random_chat
from tests.timeline import Timeline, take_policies


def _run(events: list[ev.AnyEvent], policy: Any, *, wall: bool = False) -> list[dict[str, Any]]:
    chat = Timeline(policy, wall=wall)
    for event in events:
        if isinstance(event, ev.Message):
            words = classify(event.text, event.kind, by_buyer=event.role == "buyer", bot=event.role == "bot")
            chat.event(event, words=words)
        else:
            chat.event(event)
    chat.later(max(event.ts_ms for event in events) + 1)
    rounds = [*chat.rounds.values(), *chat.open_rounds()]
    return sorted(
        ({k: v for k, v in msgspec.structs.asdict(r).items() if k not in ("wait", "counted_ms")} for r in rounds),
        key=lambda r: (r["opened_at_ms"], r["outcome"]),
    )


@given(st.integers(0, 10**9), st.integers(2, 90), st.sampled_from(["ignored", "holds"]))
@settings(max_examples=300, deadline=None)
def test_any_order_of_arrival_gives_the_same_rounds(seed: int, length: int, bot: str) -> None:
    rng = random.Random(seed)
    policy = msgspec.structs.replace(BUILT_IN, bot=bot)
    events = random_chat(rng, length, span_ms=599_000)
    expected = _run(events, policy)
    shuffled = list(events)
    rng.shuffle(shuffled)
    assert _run(shuffled, policy) == expected


@given(st.integers(0, 10**9), st.integers(50, 300))
@settings(max_examples=60, deadline=None)
def test_long_chats_permuted_within_lateness_give_the_same_rounds(seed: int, length: int) -> None:
    rng = random.Random(seed)
    events = random_chat(rng, length, span_ms=length * 20_000)
    expected = _run(events, BUILT_IN)
    shuffled = sorted(events, key=lambda event: event.ts_ms + rng.randrange(590_000))
    assert _run(shuffled, BUILT_IN) == expected


def test_rounds_survive_being_saved_and_read_back_after_every_event() -> None:
    rng = random.Random(7)
    events = random_chat(rng, 120, span_ms=2_000_000)
    rng.shuffle(events)
    events.sort(key=lambda event: event.ts_ms // 500_000)
    whole, pieces = Tracker(BuiltIn()), Tracker(BuiltIn())
    for number, event in enumerate(events, 1):
        for tracker in (whole, pieces):
            tracker.advance(event.ts_ms)
            tracker.handle(event, number, event.ts_ms)
        rows = [ShardRows.encode(c) for shop in pieces.by_name.values() for c in shop.conversations.values()]
        decisions, shard, before = pieces.decisions, pieces.rows.encode_shard(), pieces
        pieces = Tracker(BuiltIn())
        take_policies(pieces, before)
        pieces.rows.restore_shard(shard)
        for row in rows:
            pieces.rows.restore(row)
        pieces.decisions = decisions
    assert pieces.decisions == whole.decisions
    assert len(whole.decisions) > 20
