"""Orders of the core for tests: one wait of one buyer."""

from typing import Any

from monitor.core.decisions import AlertOrder, RaiseAlert, ResolveAlert, RiseAlert, WithdrawAlert

ASKED_MS = 1_795_400_000_000  # 2026-11-23T02:13:20Z


def raised(*, wait: int = 7, **more: Any) -> RaiseAlert:
    return RaiseAlert(**_order(wait, "slow", 60, {"next_due_at_ms": ASKED_MS + 180_001} | more))


def risen(*, wait: int = 7, stage: str = "at_risk", **more: Any) -> RiseAlert:
    return RiseAlert(**_order(wait, stage, 180, {"next_due_at_ms": ASKED_MS + 300_001} | more))


def resolved(*, wait: int = 7, stage: str = "slow", after_seconds: int = 100, **more: Any) -> ResolveAlert:
    return ResolveAlert(reason="answered", **_order(wait, stage, after_seconds, more))


def withdrawn(*, wait: int = 7, stage: str = "slow", **more: Any) -> WithdrawAlert:
    return WithdrawAlert(reason="late", **_order(wait, stage, 61, more))


def _order(wait: int, stage: str, after_seconds: int, more: dict[str, Any]) -> dict[str, Any]:
    due_at_ms = ASKED_MS + after_seconds * 1000 + 1
    order: dict[str, Any] = {
        "wait": wait,
        "stage": stage,
        "due_at_ms": due_at_ms,
        "decided_at_ms": due_at_ms + 4,
        "platform": "taobao",
        "shop": "森野旗舰店",
        "conversation": "c-9",
        "buyer": "张小姐",
        "agent": "小林",
        "account": "senye:lin",
        "team": "a组",
        "waiting_since_ms": ASKED_MS,
        "opened_at_ms": ASKED_MS,
        "opened_by": "m-1",
        "buyer_messages": 2,
    }
    return order | more


__all__ = ["ASKED_MS", "AlertOrder", "raised", "resolved", "risen", "withdrawn"]
