"""The rounds of a log, counted the plain way: group by conversation, sort, walk.

Shares no code with the monitor or with the simulator, and reads the encoded
lines as an outsider would.
"""

import json
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

WEEK = 7 * 86_400_000
LIMITS = {"slow": 60_000, "at_risk": 180_000, "lost": 300_000}
COMPARED = (
    "opened_at", "ended_by", "ended_at", "wait_seconds", "counted_seconds", "outcome", "buyer_messages", "stage",
    "transfers", "closed_unanswered",
)  # fmt: skip


def walk(lines: Iterable[bytes]) -> dict[tuple[str, str], dict[str, Any]]:
    """Return every round by shop and opening message; instants are epoch milliseconds."""
    chats: dict[tuple[str, str], dict[str, dict[str, Any]]] = defaultdict(dict)
    last = 0
    for line in lines:
        event = json.loads(line)
        last = max(last, event["ts"])
        if "conversation" in event:
            # What comes twice counts once.
            chats[event["shop"], event["conversation"]].setdefault(event["id"], event)
    rounds: dict[tuple[str, str], dict[str, Any]] = {}
    for (shop, _), events in chats.items():
        wait: dict[str, Any] | None = None
        for event in sorted(events.values(), key=lambda e: e["ts"]):
            ts, kind, role = event["ts"], event.get("type", "message"), event.get("role")
            if wait is not None and ts - wait["opened_at"] > WEEK:
                _end(wait, "expired", wait["opened_at"] + WEEK)
                wait = None
            if role == "buyer" and not event.get("entry") and event.get("kind") != "reaction":
                if wait is None:
                    wait = {"opened_at": ts, "said": [], "transfers": 0, "closed_unanswered": False}
                    wait |= {"ended_by": None, "ended_at": None, "wait_seconds": None}
                    rounds[shop, event["id"]] = wait
                wait["said"].append(event["id"])
            elif wait is None:
                continue
            elif role in ("agent", "seller"):
                wait |= {"ended_by": event["id"], "ended_at": ts, "wait_seconds": (ts - wait["opened_at"]) / 1000}
                _end(wait, "answered", ts)
                wait = None
            elif kind == "message_recalled" and event["message"] in wait["said"]:
                if wait["said"] == [event["message"]]:
                    _end(wait, "dismissed", ts)
                    wait = None
                else:
                    wait["said"].remove(event["message"])
            elif kind == "conversation_transferred":
                wait["transfers"] += 1
            elif kind == "conversation_closed" and event["by"] == "buyer":
                _end(wait, "abandoned", ts)
                wait = None
            elif kind == "conversation_closed":
                wait["closed_unanswered"] = True
        if wait is not None:
            old = last - wait["opened_at"] > WEEK
            _end(wait, "expired" if old else "open", wait["opened_at"] + WEEK if old else last)
    return rounds


def _end(wait: dict[str, Any], outcome: str, at: int) -> None:
    length = at - wait["opened_at"]
    passed = [name for name, limit in LIMITS.items() if length > limit]
    wait |= {
        "outcome": outcome,
        "counted_seconds": length / 1000,
        "buyer_messages": len(wait["said"]),
        "stage": passed[-1] if passed else "fresh",
    }
