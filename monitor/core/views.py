"""What watchers see of the open waits: plain rows, made when asked for."""

from msgspec import Struct


class WaitRow(Struct, frozen=True, kw_only=True, gc=False):
    """An open wait as the board shows it.

    The stage and ``next_due_at_ms`` run from ``needs_answer_since_ms``. The clock
    has stood ``stood_ms`` so far and, where a bot holds it, stands since
    ``standing_since_ms``: counted = now - needs_answer_since - stood (- now +
    standing_since while it stands).
    """

    wait: int
    platform: str
    shop: str
    conversation: str
    buyer: str
    agent: str | None
    account: str | None
    team: str
    opened_by: str
    opened_at_ms: int
    needs_answer_since_ms: int | None  # None: courtesy only; not on the board.
    stage: str
    limits: tuple[tuple[str, int], ...]
    stood_ms: int
    standing_since_ms: int | None
    next_due_at_ms: int | None
    messages: int
    flags: tuple[str, ...]  # courtesy, bot_held, closed_unanswered, catching_up, stale, first


class SourceRow(Struct, frozen=True, kw_only=True, gc=False):
    """One source as the board and ``/v1/sources`` show it."""

    name: str
    state: str  # ok, catching_up, stale
    reason: str | None
    last_event_at_ms: int | None
    newest_ts_ms: int | None
    lag_ms: int
    accounts: tuple[tuple[str | None, str], ...]  # (account, its state)
    shops: tuple[str, ...]
