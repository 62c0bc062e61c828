"""How waits, sources and instants look outside: on the live feed and in the API."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import msgspec
from msgspec import Struct

from monitor.core.decisions import ToldStep
from monitor.core.masking import masked_name
from monitor.core.views import SourceRow, WaitRow

encode = msgspec.json.Encoder().encode


def instant(at_ms: int | None) -> str | None:
    """RFC 3339, UTC with Z, milliseconds."""
    if at_ms is None:
        return None
    seconds, ms = divmod(at_ms, 1000)
    return f"{_to_the_second(seconds)}.{ms:03d}Z"


@lru_cache(maxsize=4096)
def _to_the_second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def seconds(length_ms: int) -> float | int:
    """A length as a number of seconds, whole where it is."""
    return length_ms // 1000 if length_ms % 1000 == 0 else length_ms / 1000


def wait_id(epoch: str, wait: int) -> str:
    """The id a wait has outside."""
    return f"{epoch}-{wait}"


def wait_number(epoch: str, wait: str) -> int | None:
    """The number of a wait by its id outside; None: no id of ours."""
    of, _, number = wait.rpartition("-")
    return int(number) if of == epoch and number.isascii() and number.isdigit() and len(number) < 19 else None


class LiveWait(Struct, gc=False, omit_defaults=True):
    """A wait on the live feed: instants only, so that it stays true while nothing happens."""

    id: str
    platform: str
    shop: str
    conversation: str
    buyer: str
    agent: str | None
    account: str | None
    team: str
    opened_at: str | None
    waiting_since: str | None
    stages: msgspec.Raw
    stood_seconds: float | int
    standing_since: str | None
    messages: int
    flags: tuple[str, ...]
    person: str | None = None  # Whose it is, by the name in the list of agents; left out: `agent`.
    alert: dict[str, Any] | None = None  # What people were told and did, as `alert_of`; left out: nothing.
    intent: str | None = None  # What is asked about, in a word and never in the buyer's; left out: unclear.
    stale_since: str | None = None  # Since when nobody can tell how it stands; left out: it is seen.


@lru_cache(maxsize=1024)
def _stages(limits: tuple[tuple[str, int], ...]) -> msgspec.Raw:
    return msgspec.Raw(encode([(name, seconds(after_ms)) for name, after_ms in limits]))


def live_wait(
    row: WaitRow,
    epoch: str,
    person: str | None = None,
    intent: str | None = None,
    stale_since_ms: int | None = None,
) -> bytes:
    """A wait as the live feed sends it."""
    return encode(
        LiveWait(
            wait_id(epoch, row.wait),
            row.platform,
            row.shop,
            row.conversation,
            masked_name(row.buyer),
            row.agent,
            row.account,
            row.team,
            instant(row.opened_at_ms),
            instant(row.needs_answer_since_ms),
            _stages(row.limits),
            seconds(row.stood_ms),
            instant(row.standing_since_ms),
            row.messages,
            row.flags,
            person,
            alert_of(row),
            intent,
            instant(stale_since_ms),
        )
    )


def counted_ms(row: WaitRow, now_ms: int) -> int | None:
    """What the counted clock shows of an open wait; None while all of it is courtesy."""
    if row.needs_answer_since_ms is None:
        return None
    upto_ms = now_ms if row.standing_since_ms is None else row.standing_since_ms
    return max(0, upto_ms - row.needs_answer_since_ms - row.stood_ms)


def api_wait(row: WaitRow, epoch: str, now_ms: int) -> dict[str, Any]:
    """A wait as the API answers it."""
    counted = counted_ms(row, now_ms)
    return {
        "id": wait_id(epoch, row.wait),
        "platform": row.platform,
        "shop": row.shop,
        "conversation": row.conversation,
        "buyer": masked_name(row.buyer),
        "agent": row.agent,
        "account": row.account,
        "team": row.team,
        "opened_by": row.opened_by,
        "opened_at": instant(row.opened_at_ms),
        "needs_answer_since": instant(row.needs_answer_since_ms),
        "wait_seconds": seconds(max(0, now_ms - row.opened_at_ms)),
        "counted_seconds": None if counted is None else seconds(counted),
        "stage": row.stage,
        "next_due_at": instant(row.next_due_at_ms),
        "messages": row.messages,
        "flags": list(row.flags),
        "alert": alert_of(row),
    }


def alert_of(row: WaitRow) -> dict[str, Any] | None:
    """What people were told of a wait and did about it; None: nothing so far."""
    if not (row.told or row.claimed_by or row.muted_until_ms or row.stopped):
        return None
    return {
        "claimed_by": row.claimed_by,
        "claimed_at": instant(row.claimed_at_ms),
        "hold_until": instant(row.hold_until_ms),
        "muted_until": instant(row.muted_until_ms),
        "stopped": row.stopped,
        "told": [told_step(told) for told in row.told],
    }


def told_step(told: ToldStep) -> dict[str, Any]:
    """One step at which people were told."""
    return {
        "step": told.step,
        "to": told.to,
        "due_at": instant(told.due_at_ms),
        "decided_at": instant(told.decided_at_ms),
        "named": told.named,
    }


def live_source(source: SourceRow) -> dict[str, Any]:
    """A source as the live feed sends it."""
    return _source(source) | {
        "accounts": len(source.accounts),
        "accounts_out": sum(row.state != "online" for row in source.accounts),
    }


def _source(source: SourceRow) -> dict[str, Any]:
    return {
        "name": source.name,
        "state": source.state,
        "last_event_at": instant(source.last_event_at_ms),
        "lag_seconds": seconds(source.lag_ms),
        "reason": source.reason,
    }


def api_source(source: SourceRow, fault: tuple[int, str, str] | None = None) -> dict[str, Any]:
    """A source as the API answers it."""
    return _source(source) | {
        "newest_ts": instant(source.newest_ts_ms),
        "stale_since": instant(source.stale_since_ms),
        "host": source.host,
        "version": source.version,
        "backlog": source.backlog,
        "clock_skew_seconds": None if source.skew_ms is None else seconds(source.skew_ms),
        "accounts": [
            {
                "account": row.account,
                "state": row.state,
                "shops": list(row.shops),
                "newest_ts": instant(row.newest_ts_ms),
                "stale_since": instant(row.stale_since_ms),
                "catching_up": row.catching_up,
                "open_gaps": row.gaps,
            }
            for row in source.accounts
        ],
        "shops": list(source.shops),
        "last_fault": None if fault is None else {"at": instant(fault[0]), "reason": fault[1], "error": fault[2]},
    }
