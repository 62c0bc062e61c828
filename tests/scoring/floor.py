"""A service that keeps scores, on a real journal, at the time the test says."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from monitor.core.presence import Worker
from monitor.core.roster import NOBODY_WRITTEN_DOWN, Register
from monitor.core.scores.board import Entity
from monitor.engine import Changes
from monitor.metrics import Metrics
from monitor.scoring.reading import Reading
from monitor.scoring.scorer import Scorer
from monitor.wire import encode_event
from monitor.wire.batch import Batch
from tests.core.scores.day import Chatter, at_ms, shipped
from tests.service import MovedClock, Service, doomed

SENYE = Entity("shop", "senye")


class Floor:
    """One service with its scores."""

    def __init__(self, service: Service, workers: Sequence[Worker] = ()) -> None:
        self.service = service
        self.metrics = Metrics(version="test")
        self.register = NOBODY_WRITTEN_DOWN
        self.scorer = Scorer(
            service.journal.scores,
            now_ms=service.engine.now_ms,
            book=shipped,
            metrics=self.metrics,
            workers=lambda: workers,
            register=lambda: self.register,
        )
        service.engine.watch(self._watch)

    def _watch(self, changes: Changes) -> None:
        self.scorer.watch(changes)

    async def tell(self, chat: Chatter) -> None:
        """Send what was written down, in that order, as if each came when it was said (and never before the clock)."""
        for event, _ in chat.events:
            self.service.clock.at_ms = max(self.service.clock.at_ms, event.ts_ms)
            await self.service.engine.submit(Batch("test", "c1", [event], size=len(encode_event(event))))
        chat.events.clear()

    async def at(self, when: str) -> None:
        """Let time pass, and the scores be made."""
        self.service.clock.at_ms = at_ms(when)
        await self.scorer.settle()
        await self.scorer.keep()

    def counts(self, profile: str, entity: Entity = SENYE, day: str = "12:00:00") -> list[int]:
        """Hits, misses, undetermined, excluded of a day."""
        number = self.scorer._days.of(at_ms(day)).number
        sums = self.scorer.board.sums(entity, number, profile)
        return [0, 0, 0, 0] if sums is None else sums.counts


@asynccontextmanager
async def floor(folder: Path, when: str = "09:00:00", workers: Sequence[Worker] = ()) -> AsyncIterator[Floor]:
    clock = MovedClock()
    clock.at_ms = at_ms(when)
    async with doomed(folder, clock) as service:
        made = Floor(service, workers)
        await made.scorer.catch_up()
        yield made


def reading(f: Floor, register: Register = NOBODY_WRITTEN_DOWN) -> Reading:
    return Reading(f.scorer, register=lambda: register, team_of=lambda _platform, shop: f"team of {shop}")
