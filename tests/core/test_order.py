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
from tests.timeline import START_MS, Timeline, take_policies

TEXTS = {
    "buyer": ["有货吗", "好的", "谢谢", "你好", "?", ""],
    "agent": ["有的亲", "亲稍等，帮您看下库存", "要M码吗？", "在的亲"],
    "bot": ["您可以看尺码表", "没听懂"],
}


ROLES: list[ev.Role] = ["buyer", "agent", "bot"]


def random_chat(rng: random.Random, length: int, span_ms: int) -> list[ev.AnyEvent]:
    """A random chat of two conversations with distinct instants, and recalls of some of its messages."""
    instants = sorted(rng.sample(range(span_ms), length))
    events: list[ev.AnyEvent] = []
    for n, at in enumerate(instants):
        base: dict[str, Any] = {
            "id": f"m{n}",
            "ts_ms": START_MS + at,
            "shop": "s",
            "conversation": rng.choice("cd"),
            "source": "x",
        }
        kind = rng.random()
        if kind < 0.85 or not events:
            role: ev.Role = rng.choices(ROLES, [5, 3, 2])[0]
            events.append(ev.Message(role=role, text=rng.choice(TEXTS[role]), agent=rng.choice([None, "lin"]), **base))
        elif kind < 0.9:
            events.append(ev.ConversationClosed(type="conversation_closed", by=rng.choice(["buyer", "agent"]), **base))
        elif kind < 0.93:
            events.append(ev.ConversationHandedOff(type="conversation_handed_off", **base))
        elif kind < 0.97:
            events.append(ev.ConversationTransferred(type="conversation_transferred", agent="zhou", **base))
        else:
            said = rng.choice(events)
            base["conversation"] = said.conversation
            events.append(ev.MessageRecalled(type="message_recalled", message=said.id, **base))
    return events


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
