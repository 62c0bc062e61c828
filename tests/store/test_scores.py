"""What scores are made again from after a start."""

import pytest

from monitor.store.journal import Journal
from tests.store.made import commit, event


@pytest.mark.parametrize(
    ("at_ms", "before"), [(0, 0), (1_000, 0), (1_001, 1), (2_000, 1), (2_001, 2), (3_000, 2), (3_001, 3), (10**9, 3)]
)
async def test_a_position_is_the_one_before_the_first_event_that_arrived_at_or_after_an_instant(
    journal: Journal, at_ms: int, before: int
) -> None:
    await journal.commit(commit(*(event(n, arrived_at_ms=1_000 * n) for n in (1, 2, 3))))
    assert await journal.scores.position_at(at_ms) == before


async def test_of_an_empty_journal_nothing_is_before(journal: Journal) -> None:
    assert await journal.scores.position_at(10**9) == 0
