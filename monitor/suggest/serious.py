"""Serious hits of service quality, handed to the core so that the lead is told.

Words are judged beside the loop, so what was found is told as an event of ours: stored, and
handled in its place. Merged per agent: the first is told at once, what the same person does
within the next ten minutes together at their end. A missed promise has an alert of its own.
"""

import asyncio
import logging
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable

from monitor.core.events import QualityBroken
from monitor.errors import Busy, StoreUnavailable
from monitor.store.quality import StoredHit
from monitor.wire.batch import Batch

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
EVERY_MS = 600_000
WORTH_MS = 1_800_000  # Nobody is called for what was said longer ago: it is in the list of hits.
AGENTS_AT_MOST = 10_000  # Names come from outside.
HELD_AT_MOST = 500  # Hits of one person, told together.
NAMED_AT_MOST = 20
APART = frozenset({"promise_missed"})

Who = tuple[str, str]  # Team and agent.


class SeriousHits:
    """Gathers serious hits and tells them.

    Args:
        submit: stores what it says.
        now_ms: the time.
    """

    def __init__(self, submit: Callable[[Batch], Awaitable[object]], now_ms: Callable[[], int]) -> None:
        self._submit = submit
        self._now_ms = now_ms
        self._held: dict[Who, list[StoredHit]] = {}
        self._told_ms: dict[Who, int] = {}

    def take(self, hit: StoredHit) -> None:
        """Take one serious hit."""
        if hit.rule in APART or hit.at_ms < self._now_ms() - WORTH_MS:
            return
        who = (hit.team, hit.agent)
        if who in self._held or len(self._held) < AGENTS_AT_MOST:
            held = self._held.setdefault(who, [])
            if len(held) < HELD_AT_MOST:
                held.append(hit)

    async def run(self) -> None:
        """Tell what has come, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self.look()
            except (Busy, StoreUnavailable) as error:
                log.debug("serious hits are told later: %s", error)

    async def look(self) -> None:
        """Tell what is due."""
        now_ms = self._now_ms()
        self._told_ms = {who: at_ms for who, at_ms in self._told_ms.items() if now_ms < at_ms + EVERY_MS}
        for who in [who for who in self._held if who not in self._told_ms]:
            await self._submit(_batch(self._held[who], now_ms))
            del self._held[who]
            self._told_ms[who] = now_ms


def _batch(hits: list[StoredHit], now_ms: int) -> Batch:
    event = QualityBroken(
        type="quality_broken",
        id=f"quality-{secrets.token_hex(8)}",
        ts_ms=now_ms,
        source="quality",
        shop=hits[0].shop,
        agent=hits[0].agent,
        rules=dict(sorted(Counter(hit.rule for hit in hits).items())),
        messages=list(dict.fromkeys(hit.message for hit in hits))[:NAMED_AT_MOST],
        shops=list(dict.fromkeys(hit.shop for hit in hits))[:NAMED_AT_MOST],
        count=len(hits),
    )
    return Batch(door="quality", source="quality", events=[event], indices=[0], size=500)
