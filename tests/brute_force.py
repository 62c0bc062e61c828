"""A second count of the same chat, written to be read, not to be fast.

It shares no code with the program and knows only the built-in policy: everybody's
hours count, a person's reply ends a wait, bots are ignored, 60, 180 and 300 s,
given up after 7 days. Group by conversation, sort, walk, apply give-up.

What a message's words are is no part of the walk: whoever counts passes a function
for it (`Classes`), so that the walk can be right or wrong by itself.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

Json = dict[str, Any]
# (message) -> the names that fit it, of "polite", "asks", "holding", "greeting".
Classes = Callable[[Json], frozenset[str]]

LIMITS_MS = {"slow": 60_000, "at_risk": 180_000, "lost": 300_000}
GIVE_UP_MS = 7 * 86_400_000
# Who is a person of the shop without rules. `assist` becomes one by policy only.
A_PERSON = ("agent", "seller")
ID_IS_OF_ITS_SOURCE = ("source_heartbeat", "agent_presence")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def no_classes(_: Json) -> frozenset[str]:
    """Read no words at all."""
    return frozenset()


@dataclass
class Wait:
    """One wait, while it is walked and when it is over."""

    first: Json
    messages: list[Json]
    needing: list[Json]  # those that are no courtesy
    agent: str | None = None
    account: str | None = None
    outcome: str = "open"
    ended_ms: int | None = None
    reply: Json | None = None
    held: bool = False


@dataclass
class Count:
    """What ``presales-monitor replay`` must print of the same events."""

    conversations: int = 0
    accepted: int = 0
    duplicates: int = 0
    rounds: dict[str, int] = field(default_factory=dict)
    passed: dict[str, int] = field(default_factory=dict)
    alerts: dict[str, int] = field(default_factory=dict)
    lines: list[Json] = field(default_factory=list)


def instant_ms(value: str | int | float) -> int:
    """Return an RFC 3339 text or epoch milliseconds as whole milliseconds, cut."""
    if isinstance(value, int | float):
        return int(value)
    return (datetime.fromisoformat(value) - EPOCH) // timedelta(milliseconds=1)


def instant(ms: int) -> str:
    """Return an instant as the contract writes it."""
    return (EPOCH + timedelta(milliseconds=ms)).strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03d}Z"


def brute_force(
    events: Iterable[Json],
    classes: Classes = no_classes,
    *,
    limits_ms: dict[str, int] = LIMITS_MS,
    give_up_ms: int | None = GIVE_UP_MS,
) -> Count:
    """Count the rounds of some events, given as the contract's JSON.

    Steps: drop duplicates; group by conversation and sort each by time; walk each; count.
    """
    count = Count()

    seen: set[tuple[str, str | None, str]] = set()
    log: list[Json] = []
    for event in events:
        by_source = event.get("type") in ID_IS_OF_ITS_SOURCE
        name = ("source", event.get("source"), event["id"]) if by_source else ("shop", event["shop"], event["id"])
        if name in seen:
            count.duplicates += 1
            continue
        seen.add(name)
        log.append({**event, "ms": instant_ms(event["ts"]), "arrival": len(log)})
    count.accepted = len(log)
    last_ms = max((event["ms"] for event in log), default=0)

    conversations: dict[tuple[str, str], list[Json]] = {}
    for event in log:
        chat_name = event.get("conversation") or event.get("buyer")
        if chat_name and event.get("shop"):
            conversations.setdefault((event["shop"], chat_name), []).append(event)

    waits: list[Wait] = []
    for chat in conversations.values():
        if any(event.get("type", "message") == "message" for event in chat):
            count.conversations += 1
        waits += walk(in_order(chat), last_ms, classes, give_up_ms)

    waits.sort(key=lambda wait: (wait.first["ms"], wait.first["arrival"]))
    count.lines = [line(wait, last_ms, limits_ms, give_up_ms) for wait in waits]

    in_total = [row for row in count.lines if row["outcome"] != "dismissed"]
    count.rounds = {"total": len(in_total)}
    for outcome in ("answered", "open", "expired", "abandoned", "dismissed"):
        count.rounds[outcome] = sum(row["outcome"] == outcome for row in count.lines)
    count.rounds["courtesy"] = sum(row["courtesy"] for row in in_total)
    for stage, limit_ms in limits_ms.items():
        count.passed[stage] = sum(row["counted_seconds"] * 1000 > limit_ms for row in in_total)
        count.alerts[stage] = sum(
            clock_end_ms(wait, last_ms, give_up_ms) - min(message["ms"] for message in wait.needing) > limit_ms
            for wait in waits
            if wait.needing
        )
    return count


def in_order(chat: list[Json]) -> list[Json]:
    """Sort by time; equal times by the platform's own number where all have one, else as they came."""
    chat = sorted(chat, key=lambda event: event["ms"])
    times: dict[int, list[Json]] = {}
    for event in chat:
        times.setdefault(event["ms"], []).append(event)
    for equal in times.values():
        if all(event.get("seq") is not None for event in equal):
            equal.sort(key=lambda event: event["seq"])
    return [event for equal in times.values() for event in equal]


def walk(chat: list[Json], last_ms: int, classes: Classes, give_up_ms: int | None) -> list[Wait]:
    """Walk one conversation in order of time and return its waits."""
    waits: list[Wait] = []
    wait: Wait | None = None
    last_said: Json | None = None  # by a person of the shop
    agent: str | None = None
    account: str | None = None
    # A recall may arrive, and even be dated, before what it takes back.
    recalled_at = {event["message"]: event["ms"] for event in chat if event.get("type") == "message_recalled"}

    for event in chat:
        now_ms = event["ms"]
        if wait and give_up_ms is not None and now_ms - wait.first["ms"] > give_up_ms:
            wait.outcome, wait.ended_ms = "expired", wait.first["ms"] + give_up_ms
            wait = None

        what = event.get("type", "message")
        if what in ("conversation_assigned", "conversation_transferred"):
            agent, account = event.get("agent") or None, event.get("account") or event.get("agent") or None
            if wait:
                wait.agent, wait.account = agent, account
        elif what == "conversation_closed":
            if event["by"] == "buyer" and wait:
                wait.outcome, wait.ended_ms = "abandoned", now_ms
                wait = None
            if wait is None:
                agent = account = None  # Nobody has what is asked next, until somebody takes it.
        elif what == "message_recalled":
            if wait and any(message["id"] == event["message"] for message in wait.messages):
                left = [message for message in wait.messages if message["id"] != event["message"]]
                if left:
                    wait.first, wait.messages = left[0], left
                    wait.needing = [message for message in wait.needing if message["id"] != event["message"]]
                else:
                    wait.outcome, wait.ended_ms = "dismissed", now_ms
                    wait = None
        elif what == "message" and event.get("kind", "text") != "reaction":
            if recalled_at.get(event["id"], now_ms + 1) <= now_ms:
                continue
            if event["role"] == "buyer":
                needs_reply = event.get("needs_reply")
                if event.get("entry") and not needs_reply:
                    continue
                polite = last_said is not None and "polite" in classes(event) and "asks" not in classes(last_said)
                courtesy = polite if needs_reply is None else not needs_reply
                written_to = event.get("agent") or None, event.get("account") or event.get("agent") or None
                if written_to[1] and not (written_to[0] is None and written_to[1] == account):
                    agent, account = written_to  # else: the same account, its person not named this time
                if wait is None:
                    wait = Wait(event, [], [])
                    waits.append(wait)
                wait.agent, wait.account = agent, account
                wait.messages.append(event)
                if not courtesy:
                    wait.needing.append(event)
            elif event["role"] in A_PERSON:
                last_said = event
                if event.get("agent") or event.get("account"):
                    agent, account = event.get("agent") or None, event.get("account") or event.get("agent") or None
                if wait:
                    wait.outcome, wait.ended_ms, wait.reply = "answered", now_ms, event
                    wait.agent, wait.account = agent, account
                    wait.held = bool(classes(event) & {"holding", "greeting"})
                    wait = None

    if wait and give_up_ms is not None and last_ms - wait.first["ms"] > give_up_ms:
        wait.outcome, wait.ended_ms = "expired", wait.first["ms"] + give_up_ms
    return waits


def clock_end_ms(wait: Wait, last_ms: int, give_up_ms: int | None) -> int:
    """Return when the wait's clock stopped, or the input's last instant."""
    end_ms = wait.ended_ms if wait.ended_ms is not None else last_ms
    return end_ms if give_up_ms is None else min(end_ms, wait.first["ms"] + give_up_ms)


def line(wait: Wait, last_ms: int, limits_ms: dict[str, int], give_up_ms: int | None) -> Json:
    """Return a wait as a line of ``--rounds``."""
    clock_ms = clock_end_ms(wait, last_ms, give_up_ms) - wait.first["ms"]
    answered = wait.outcome == "answered"
    return {
        "platform": wait.first.get("platform") or "unknown",
        "shop": wait.first["shop"],
        "conversation": wait.first.get("conversation") or wait.first["buyer"],
        "opened_by": wait.first["id"],
        "opened_at": instant(wait.first["ms"]),
        "needs_answer_since": instant(min(message["ms"] for message in wait.needing)) if wait.needing else None,
        "ended_by": wait.reply["id"] if wait.reply else None,
        "ended_at": instant(wait.ended_ms) if answered and wait.ended_ms is not None else None,
        "agent": wait.agent,
        "account": wait.account,
        "wait_seconds": clock_ms / 1000 if answered else None,
        "counted_seconds": clock_ms / 1000,
        "outcome": wait.outcome,
        "buyer_messages": len(wait.messages),
        "courtesy": not wait.needing,
        "held": wait.held,
        "stage": next((name for name, limit in reversed(limits_ms.items()) if clock_ms > limit), "fresh"),
    }
