"""Things to put into a journal, made of little."""

from hashlib import sha256
from typing import Any

import msgspec

from monitor.store.entries import Commit, Delivery, Quarantined, StoredEvent, StoredRound


def event(position: int, *, shop: str = "senye", conversation: str | None = "c-1", **other: Any) -> StoredEvent:
    """Make an event whose ``ts`` and arrival follow from its position."""
    given: dict[str, Any] = {
        "position": position,
        "shop": shop,
        "id": f"m-{position}",
        "conversation": conversation,
        "ts_ms": 1_000 * position,
        "arrived_at_ms": 1_000 * position + 5,
        "door": "http",
        "words": (1 << 62) + position,
        "folded": True,
        "body": f'{{"id":"m-{position}"}}'.encode(),
    }
    return StoredEvent(**given | other)


def commit(*events: StoredEvent, now_ms: int | None = None, rules: str = "r1", **other: Any) -> Commit:
    """Make a commit judged just after its last event arrived."""
    if now_ms is None:
        now_ms = events[-1].arrived_at_ms + 1
    return Commit(now_ms=now_ms, rules=rules, events=list(events), **other)


def delivery(delivery_id: str, *, decided_at_ms: int = 1_000, **other: Any) -> Delivery:
    """Make a delivery that is of use for half a minute."""
    given: dict[str, Any] = {
        "delivery_id": delivery_id,
        "alert_id": "k3f9-1",
        "channel": "webhook",
        "transition": "raised",
        "stage": "slow",
        "due_at_ms": decided_at_ms - 10,
        "decided_at_ms": decided_at_ms,
        "expires_at_ms": decided_at_ms + 30_000,
        "body": b"{}",
    }
    return Delivery(**given | other)


def refused(body: bytes, *, at_ms: int = 1_000, reason: str = "json") -> Quarantined:
    """Make a refused input."""
    return Quarantined(
        at_ms=at_ms,
        door="http",
        source="collector-7",
        index=3,
        path="$",
        error="not JSON",
        reason=reason,
        body=body,
        length=len(body),
        sha256=sha256(body).hexdigest(),
    )


def round_of(wait: int, *, opened_at_ms: int = 1_000, outcome: str = "answered") -> tuple[int, StoredRound]:
    """Make a round as the engine writes it down: more fields than the journal looks at."""
    body = msgspec.json.encode(
        {"wait": wait, "platform": "taobao", "shop": "senye", "opened_at_ms": opened_at_ms, "outcome": outcome}
    )
    return wait, StoredRound("senye", opened_at_ms, outcome, body)
