"""Answers of today: read back after a start, while others come in and correct them."""

from collections.abc import AsyncIterator

import msgspec
from msgspec.structs import replace

from monitor.core.decisions import CloseRound, RestateRound, Round
from monitor.metrics import Metrics
from monitor.web.floor import Floor
from tests.rounds import a_round
from tests.web.stand import NOW_MS, ScriptedEngine


def answered(wait: int, **more: object) -> Round:
    opened_ms = NOW_MS - 100_000 + wait
    round_ = a_round(waited_ms=0)
    return replace(round_, wait=wait, opened_at_ms=opened_ms, ended_at_ms=opened_ms + 30, **more)


YESTERDAY = replace(answered(1), ended_at_ms=NOW_MS - 86_400_000)


class Reading:
    """A floor that reads back rounds, a chunk whenever it is told to."""

    def __init__(self, *chunks: list[Round]) -> None:
        self.floor = Floor(ScriptedEngine(), Metrics(version="1"), lambda: NOW_MS)
        self.floor.answers.reading_back()
        self._chunks = chunks
        self._between: dict[int, list[CloseRound | RestateRound]] = {}

    def before(self, chunk: int, *decisions: CloseRound | RestateRound) -> "Reading":
        """Have this decided before a chunk is read."""
        self._between.setdefault(chunk, []).extend(decisions)
        return self

    async def _rounds(self) -> AsyncIterator[list[bytes]]:
        for number, chunk in enumerate([*self._chunks, []]):
            for decision in self._between.get(number, ()):
                self.floor.answers.see(decision)
            yield [msgspec.json.encode(one) for one in chunk]

    async def total(self) -> int:
        await self.floor.answers.read_back(self._rounds())
        assert self.floor.answered_today == sum(group.answered_today for group in self.floor.groups.values())
        return self.floor.answered_today


async def test_what_was_answered_today_before_the_start_is_counted() -> None:
    abandoned = answered(3, outcome="abandoned")
    assert await Reading([YESTERDAY, answered(2)], [abandoned, answered(4, shop="b")]).total() == 2


async def test_what_is_answered_meanwhile_counts_once_read_back_or_not() -> None:
    reading = Reading([answered(2)], [answered(4), answered(5)])
    assert await reading.before(0, CloseRound(answered(4))).before(1, CloseRound(answered(9))).total() == 4


async def test_what_is_corrected_meanwhile_counts_as_it_stands_then() -> None:
    first, second = answered(2), answered(4)
    for chunk in (0, 1, 2):  # Before either is read, between the two, after both.
        moved = [RestateRound(one, replace(one, ended_at_ms=one.opened_at_ms + 99), "late") for one in (first, second)]
        assert await Reading([first], [second]).before(chunk, *moved).total() == 2
        gone = [RestateRound(one, None, "recalled") for one in (first, second)]
        reading = Reading([first], [second]).before(chunk, *gone)
        assert await reading.total() == 0
        reading.floor.answers.see(RestateRound(None, first, "late"))
        assert reading.floor.answered_today == 1
