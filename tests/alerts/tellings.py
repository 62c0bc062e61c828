"""Messages to people for tests: an agent's waits at a step of the ladder."""

from typing import Any

from monitor.core.decisions import NamedWait, TellPeople
from tests.alerts.orders import ASKED_MS


def named(wait: int = 7, **more: Any) -> NamedWait:
    """One wait, two minutes old, the limit of three a minute away."""
    made: dict[str, Any] = {
        "wait": wait,
        "platform": "taobao",
        "shop": "senye",
        "conversation": f"c-{wait}",
        "buyer": "张小姐",
        "agent": "lin",
        "account": "senye:lin",
        "team": "a组",
        "stage": "slow",
        "since_ms": ASKED_MS,
        "opened_at_ms": ASKED_MS,
        "counted_ms": 120_000,
        "next_due_at_ms": ASKED_MS + 180_001,
        "messages": 1,
    } | more
    return NamedWait(**made)


def told(*waits: NamedWait, **more: Any) -> TellPeople:
    """What the group of a team is told at 120 s."""
    waits = waits or (named(),)
    first = waits[0]
    step = more.get("step", "120s")
    to = more.get("to", "team")
    made: dict[str, Any] = {
        "key": f"{first.wait}.{to}.{step}",
        "alert": str(first.wait),
        "kind": "waits",
        "step": step,
        "to": to,
        "team": first.team,
        "agent": first.agent,
        "waits": waits,
        "due_at_ms": ASKED_MS + 120_000,
        "decided_at_ms": ASKED_MS + 120_004,
        "expires_at_ms": ASKED_MS + 150_000,
    } | more
    return TellPeople(**made)
