"""Events as a source would write them."""

import json
from typing import Any

from monitor.core.events import AnyEvent
from monitor.wire import Refused, decode_line

TEN = 1_795_399_200_000  # 2026-11-23T10:00:00+08:00
NOTHING: Any = object()  # For a field that is not written at all.

# One of each type, with no more than it must have.
LEAST: dict[str, dict[str, Any]] = {
    "message": {"role": "buyer", "conversation": "c-9"},
    "message_recalled": {"conversation": "c-9", "message": "m-0"},
    "conversation_assigned": {"conversation": "c-9", "agent": "lin"},
    "conversation_transferred": {"conversation": "c-9"},
    "conversation_handed_off": {"conversation": "c-9"},
    "conversation_closed": {"conversation": "c-9", "by": "agent"},
    "agent_presence": {"agent": "lin", "state": "away"},
    "account_status": {"account": "senye:lin", "state": "kicked"},
    "waiting_snapshot": {"rows": [{"buyer": "b-7", "waited_seconds": 12.5}], "complete": True},
    "sync_range": {"from": "2026-11-23T09:00:00+08:00", "to": "2026-11-23T10:00:00+08:00", "complete": True},
    "buyer_merged": {"buyer": "b-7", "into": "b-8"},
    "order_placed": {"conversation": "c-9", "order": "o-1"},
    "order_paid": {"conversation": "c-9", "order": "o-1", "amount": 29.9},
    "order_refunded": {"buyer": "b-7", "order": "o-1", "amount": "29.90"},
    "rating": {"conversation": "c-9", "score": 5},
    "source_heartbeat": {"source": "collector-7"},
}
NO_SHOP = ("agent_presence", "source_heartbeat")


def written(type: str = "message", **fields: Any) -> bytes:
    """Return an event as JSON: the least of its type, with some fields set or, by `NOTHING`, left out."""
    event: dict[str, Any] = {"id": "m-1", "ts": "2026-11-23T10:00:00.000+08:00"}
    if type not in NO_SHOP:
        event["shop"] = "senye"
    event |= {"type": type, **LEAST.get(type, {}), **{name.removesuffix("_"): fields[name] for name in fields}}
    return json.dumps({name: value for name, value in event.items() if value is not NOTHING}).encode()


def taken(type: str = "message", **fields: Any) -> AnyEvent:
    """Return the event that the door makes of it."""
    return decode_line(written(type, **fields))


def refused(line: bytes) -> tuple[str, str, str]:
    """Return reason, path and words of the refusal of a line."""
    try:
        event = decode_line(line)
    except Refused as refusal:
        return refusal.reason, refusal.path, refusal.error
    raise AssertionError(f"was taken: {event}")
