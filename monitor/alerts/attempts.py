"""What the courier reads of the outbox, and what it writes down of its tries."""

from collections.abc import Collection, Sequence
from typing import Literal, Protocol

from msgspec import structs

from monitor.store.entries import Attempt, Delivery, DueDelivery, Rest


class Outbox(Protocol):
    """What of the journal's outbox is used here."""

    async def due(self, now_ms: int, limit: int, busy: Collection[str] = ()) -> list[DueDelivery]:
        """Return what may be sent now, leaving out the channels that are busy."""

    async def due_for_people(self, channel: str, now_ms: int, limit: int, *, high_only: bool) -> list[DueDelivery]:
        """Return what people may be told now on a channel."""

    async def merge(self, digest: Delivery, members: Sequence[str]) -> None:
        """Let one delivery stand for many; raises StoreUnavailable."""

    async def members(self, digest: str) -> list[Delivery]:
        """Return what a digest stands for."""

    async def tries_since(self, channel: str, since_ms: int) -> list[int]:
        """Return when something was tried on a channel."""

    async def used_since(self, channel: str, hour_ms: int) -> int:
        """Return how often something was tried on a channel since an hour."""

    async def standing(self, channel: str) -> list[Delivery]:
        """Return what was told last of each alert that stands."""

    async def record_attempts(self, attempts: Sequence[Attempt], rests: Sequence[Rest] = ()) -> None:
        """Write down what came of it, and which channels are left alone; raises StoreUnavailable."""

    async def rest(self, channel: str) -> Rest | None:
        """Return until when a channel is left alone."""

    async def expire(self, now_ms: int) -> dict[str, int]:
        """Give up what has expired; return how many by channel."""

    async def pending(self) -> dict[str, int]:
        """Return how many wait, by channel."""


def untried(delivery_id: str, outcome: Literal["failed", "dropped_answered", "withdrawn"], reason: str) -> Attempt:
    """Return what came of a delivery that was not tried."""
    return Attempt(delivery_id=delivery_id, outcome=outcome, sent_at_ms=None, answered_at_ms=None, reason=reason)


def failed(delivery: Delivery, reason: str, then: Delivery | None) -> Attempt:
    """Return that a delivery has failed here without a try of its own, and what is told elsewhere instead."""
    return structs.replace(untried(delivery.delivery_id, "failed", reason), then=then)
