"""Each person's own numbers of today, for `/v1/agents`: made of the rows of the scores, kept for some seconds."""

import asyncio

import msgspec
from msgspec import Struct

from monitor.scoring.reading import Reading
from monitor.web.services import Services

FRESH_MS = 9_000  # As a day's figures on the boards; several ask.
ROWS_A_SLICE = 200


class _Mean(Struct):
    count: int = 0
    sum_seconds: float = 0.0

    def add(self, other: "_Mean") -> None:
        self.count += other.count
        self.sum_seconds += other.sum_seconds

    @property
    def mean(self) -> float | None:
        return self.sum_seconds / self.count if self.count else None


class _Held(Struct):
    held: int = 0


class _Missed(Struct):
    missed: int = 0


class _Figures(Struct):
    first_response: _Mean
    round_response: _Mean
    holding: _Held
    followups: _Missed


class _Row(Struct):
    name: str
    figures: _Figures | None = None


_row = msgspec.json.Decoder(_Row).decode


class OwnDay(Struct):
    """One person's day so far."""

    first: _Mean
    all: _Mean
    held: int = 0
    promises_missed: int = 0

    def as_json(self) -> dict[str, int | float | None]:
        """Return the numbers as they are shown."""
        return {
            "replies": self.all.count,
            "first_reply_seconds": self.first.mean,
            "mean_reply_seconds": self.all.mean,
            "held": self.held,
            "promises_missed": self.promises_missed,
        }


class OwnDays:
    """The day of each person.

    Args:
        services: what they stand on.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._made_ms = -FRESH_MS
        self._days: dict[str, OwnDay] = {}

    async def by_person(self) -> dict[str, OwnDay]:
        """Return them by person: over all shops, as is all that is shown of people."""
        reading = self._services.scores
        if reading is None:
            return {}
        now_ms = self._services.now_ms()
        if not self._made_ms <= now_ms < self._made_ms + FRESH_MS:
            self._days = await self._made(reading, now_ms)
            self._made_ms = now_ms
        return self._days

    async def _made(self, reading: Reading, now_ms: int) -> dict[str, OwnDay]:
        register, today = reading.register(), reading.scorer.today
        found: dict[str, OwnDay] = {}
        for number, packed in enumerate(await reading.rows(reading.day_span(today, today), "agent"), 1):
            row = _row(packed)
            figures = row.figures
            person = register.who(row.name, None, None, now_ms)
            if figures is not None and person is not None:
                own = found.setdefault(person, OwnDay(_Mean(), _Mean()))
                own.first.add(figures.first_response)
                own.all.add(figures.round_response)
                own.held += figures.holding.held
                own.promises_missed += figures.followups.missed
            if number % ROWS_A_SLICE == 0:
                await asyncio.sleep(0)
        return found
