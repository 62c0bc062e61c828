"""What the routes about quality read."""

from collections.abc import Collection
from typing import Protocol

from monitor.store.quality import Count, StoredHit


class QualityStore(Protocol):
    """Where what was judged lies."""

    async def counts(self, from_day: str, to_day: str, shops: Collection[str] | None) -> list[Count]:
        """What rates are over, and hits."""

    async def hits(
        self,
        from_day: str,
        to_day: str,
        *,
        rule: str | None = None,
        level: str | None = None,
        shop: str | None = None,
        agent: str | None = None,
        before: int | None = None,
        limit: int = 100,
    ) -> list[tuple[int, StoredHit]]:
        """Single hits."""
