"""Keeping the journal in order while the service runs: measured, warned of in time, pruned of what is old.

The machine's clock is looked at on the same round.
"""

import asyncio
import logging
from collections.abc import Callable

from monitor.clock import STEP_MS, Clock
from monitor.core.units import DAY_MS
from monitor.errors import StoreUnavailable
from monitor.metrics import Metrics
from monitor.settings import Settings
from monitor.store.journal import Journal
from monitor.store.retention import Ages

log = logging.getLogger(__name__)

UPKEEP_SECONDS = 30.0
PRUNE_PAUSE_SECONDS = 0.05  # Between two slices, so that commits come in between.


class Housekeeping:
    """Looks after the journal, a slice of a few milliseconds at a time.

    Args:
        journal: what is looked after.
        settings: how long things are kept, and how much room its disk should have.
        metrics: where its size is told.
        clock: says how often it was found set back.
        now_ms: the time that ages are reckoned by; the engine's.
    """

    def __init__(
        self, journal: Journal, settings: Settings, metrics: Metrics, clock: Clock, now_ms: Callable[[], int]
    ) -> None:
        self._journal = journal
        self._settings = settings
        self._metrics = metrics
        self._clock = clock
        self._now_ms = now_ms
        self._warned = False

    async def run(self) -> None:
        """Measure, warn, prune; again after a while, until cancelled."""
        while True:
            self._look_at_clock()
            try:
                await self._measure()
                await self._prune()
            except (StoreUnavailable, OSError) as error:
                log.debug("not measured or pruned: %s", error)
            await asyncio.sleep(UPKEEP_SECONDS)

    def _look_at_clock(self) -> None:
        """Count the steps of the machine's clock; tell what a new one does, and how to mend it."""
        steps = self._clock.steps
        if steps > self._metrics.clock_steps and self._clock.ahead_ms > STEP_MS:
            log.warning(
                "this machine's clock was set back: time stands here for another %d s, and nothing new is due until "
                "then; if the clock is right now, restart the service",
                self._clock.ahead_ms // 1000,
            )
        self._metrics.clock_steps = steps

    async def _measure(self) -> None:
        """Tell how large it is, and warn once when its disk runs low."""
        metrics = self._metrics
        metrics.journal_bytes, metrics.journal_free_bytes = await self._journal.size()
        low = metrics.journal_free_bytes < self._settings.journal.warn_free_bytes
        if low and not self._warned:
            log.warning(
                "the disk of %s has %d MiB left: when it is full, nothing is acknowledged any more",
                self._settings.data,
                metrics.journal_free_bytes >> 20,
            )
        self._warned = low

    async def _prune(self) -> None:
        """Delete what is older than it is kept, and forget words and names; paced: each turn does one slice."""
        privacy = self._settings.privacy
        while await self._journal.prune(self._now_ms(), self._settings.journal.keep_days * DAY_MS):  # noqa: ASYNC110
            await asyncio.sleep(PRUNE_PAUSE_SECONDS)
        ages = Ages(privacy.keep_days * DAY_MS, privacy.keep_flagged_days * DAY_MS)
        while await self._journal.forget(self._now_ms(), ages):  # noqa: ASYNC110 - paced, as above
            await asyncio.sleep(PRUNE_PAUSE_SECONDS)
