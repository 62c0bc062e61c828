"""When the tracker's own state is saved: often, the larger the more rarely, and always before what names it."""

from typing import Any, cast

import pytest

from monitor.core.conversation import Conversation
from monitor.core.wait import State
from monitor.engine.saving import (
    MANY_EVENTS,
    PAUSE_MS,
    ROW_AGE_MS,
    ROW_OLDEST_MS,
    SHARD_BYTES_A_SECOND,
    SHARD_OLDEST_MS,
    Saving,
)
from monitor.store.entries import Commit, StoredEvent
from tests.timeline import START_MS


class Small:
    """A tracker as far as its own state goes, of some size."""

    def __init__(self, size: int) -> None:
        self.rows = self
        self.known = 1
        self.unsaved = False
        self._size = size

    def merges_buyers(self, shop: str) -> bool:
        return shop == ""

    def encode_shard(self) -> bytes:
        return bytes(self._size)

    def encode(self, _conversation: Conversation) -> bytes:
        return b"row"


def saved(saving: Saving, after_ms: int) -> bool:
    commit = Commit(now_ms=START_MS + after_ms, rules="r")
    saving.put_into(commit, 10, 7, START_MS + after_ms)
    assert (commit.shard is None) == (commit.saved_position is None)
    return commit.shard is not None


@pytest.mark.parametrize(
    ("size", "every_ms"),
    [(100, 1_000), (SHARD_BYTES_A_SECOND * 3, 3_000), (SHARD_BYTES_A_SECOND * 100, SHARD_OLDEST_MS)],
)
def test_the_larger_it_is_the_more_rarely_it_is_saved(size: int, every_ms: int) -> None:
    saving = Saving(cast("Any", Small(size)))
    assert [ms for ms in range(0, 2 * every_ms + 1, 250) if saved(saving, ms)] == [0, every_ms, 2 * every_ms]


def test_a_row_that_may_name_what_it_does_not_know_is_not_saved_without_it() -> None:
    tracker = Small(SHARD_BYTES_A_SECOND * 100)
    saving = Saving(cast("Any", tracker))
    assert saved(saving, 0)
    saving.note(Conversation("new shop", "c", None, 1, 0, State()), 0, START_MS)
    tracker.known += 1
    assert not saved(saving, 500), "the row is not old enough, and waits"
    assert saved(saving, 1_000)
    assert not saved(saving, 1_500)


EVENT = StoredEvent(1, "senye", "e", "c", START_MS, START_MS, "http", 0, True, b"{}")


def put(saving: Saving, after_ms: int, events: int = 0) -> Commit:
    commit = Commit(now_ms=START_MS + after_ms, rules="r", events=[EVENT] * events)
    saving.put_into(commit, 10, 7, START_MS + after_ms)
    return commit


def test_a_commit_of_many_events_leaves_rows_to_a_calmer_moment_but_not_for_long() -> None:
    saving = Saving(cast("Any", Small(100)))
    assert put(saving, 0, MANY_EVENTS).shard is not None, "the first is always saved"
    for after_ms in (0, 10):
        saving.note(Conversation("senye", f"c{after_ms}", None, 1, 0, State()), 0, START_MS + after_ms)
    storm = put(saving, ROW_OLDEST_MS - 1, MANY_EVENTS)
    assert (storm.rows, storm.shard) == ([], None)
    assert len(put(saving, ROW_OLDEST_MS, MANY_EVENTS).rows) == 1
    assert len(put(saving, ROW_OLDEST_MS, MANY_EVENTS - 1).rows) == 1, "few events leave room for what is a second old"


def test_rows_are_saved_once_they_are_old_enough_and_nothing_has_come_for_a_moment() -> None:
    saving = Saving(cast("Any", Small(100)))
    assert saving.next_ms(START_MS) is None
    saving.note(Conversation("senye", "c", None, 1, 0, State()), 0, START_MS)
    assert saving.next_ms(START_MS) == START_MS + ROW_AGE_MS
    assert saving.next_ms(START_MS + 2 * ROW_AGE_MS) == START_MS + 2 * ROW_AGE_MS + PAUSE_MS
    assert len(put(saving, ROW_AGE_MS).rows) == 1
    assert saving.next_ms(START_MS + ROW_AGE_MS) is None


def test_at_the_end_all_rows_are_saved_whatever_the_clock_says_by_then() -> None:
    saving = Saving(cast("Any", Small(100)))
    saving.note(Conversation("senye", "c", None, 1, 0, State()), 0, START_MS)
    commit = Commit(now_ms=START_MS, rules="r")
    saving.put_into(commit, 10, 7, START_MS - 3_600_000, all_rows=True)
    assert (len(commit.rows), len(saving)) == (1, 0)
