"""What the service itself has to tell the floor manager; the core decides none of it."""

from typing import Any, Literal

from monitor.core.decisions import TellPeople


def to_manager(
    kind: Literal["storm", "canary"], step: str, facts: dict[str, Any], now_ms: int, *, worth_ms: int
) -> TellPeople:
    """Return one message to the floor manager.

    Args:
        kind: what it is about; one alert for each instant it is told of.
        step: what of it.
        facts: what it says, see `TellPeople`.
        now_ms: when it is decided.
        worth_ms: how long telling it helps.
    """
    return TellPeople(
        key=f"{kind}.{now_ms}.{step}",
        alert=f"{kind}.{now_ms}",
        kind=kind,
        step=step,
        to="digest",
        team="",
        agent=None,
        waits=(),
        due_at_ms=now_ms,
        decided_at_ms=now_ms,
        expires_at_ms=now_ms + worth_ms,
        facts=facts,
    )
