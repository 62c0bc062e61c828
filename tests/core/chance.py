"""Chats made up by chance."""

import random
from typing import Any

from monitor.core import events as ev
from tests.timeline import START_MS

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
