"""The waits of the board and the rounds of the scores are the same, where lists of who waits say that some are over."""

import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core import events as ev
from monitor.core.scores.chats import Chats
from monitor.core.scores.floor import ROUNDS
from monitor.core.scores.rounds import shape
from monitor.core.words import classify
from tests.timeline import START_MS, Timeline


def _event(dice: random.Random, at: int) -> ev.AnyEvent:
    of: dict[str, Any] = {"id": f"e{at}", "ts_ms": START_MS + at * 1000, "shop": "senye"}
    what = dice.choices(["buyer", "agent", "bot", "auto", "list", "close", "pass"], [5, 2, 2, 2, 5, 1, 1])[0]
    account = dice.choice([None, "front", "back"])
    if what == "list":
        rows = [ev.WaitingRow(buyer=name) for name in "cd" if dice.random() < 0.5]
        return ev.WaitingSnapshot(type="waiting_snapshot", rows=rows, complete=True, account=account, **of)
    of["buyer"] = dice.choice("cd")
    if what == "close":
        by: Any = dice.choice(["buyer", "agent", "system"])
        return ev.ConversationClosed(type="conversation_closed", by=by, **of)
    if what == "pass":
        return ev.ConversationTransferred(type="conversation_transferred", account=account or "front", **of)
    role: Any = what
    return ev.Message(role=role, text="有货", account=account, **of)


def _waits(events: list[ev.AnyEvent]) -> list[Any]:
    chat = Timeline()
    for event in events:
        words = 0
        if isinstance(event, ev.Message):
            words = classify(event.text or "", event.kind, by_buyer=event.role == "buyer", bot=event.role == "bot")
        chat.event(event, words=words)
    return sorted(
        (r.conversation, r.opened_at_ms, r.outcome, r.ended_at_ms or 0, r.ended_after_ms or -1)
        for r in [*chat.rounds.values(), *chat.open_rounds()]
    )


def _rounds(events: list[ev.AnyEvent]) -> list[Any]:
    chats = Chats()
    for number, event in enumerate(events, 1):
        chats.note(event, number)
    shop = chats.shops["senye"]
    return sorted(
        (key, one.start_ms, one.how, one.end_ms if one.how != "open" else 0, one.after_ms)
        for key in shop.heads()
        for one in shop.judge(key, events[-1].ts_ms).walk(shape(ROUNDS)).rounds
    )


@given(st.integers(0, 2**32))
@settings(max_examples=200, deadline=None)
def test_what_a_list_says_is_over_is_over_on_the_board_and_in_the_scores(seed: int) -> None:
    dice = random.Random(seed)
    events = [_event(dice, at) for at in sorted(dice.sample(range(1, 3600), 14))]
    assert _rounds(events) == _waits(events)
