"""When the tracker's own state is saved: often, the larger the more rarely, and always before what names it."""

from typing import Any, cast

import pytest

from monitor.core.conversation import Conversation
from monitor.core.wait import State
from monitor.engine.saving import SHARD_BYTES_A_SECOND, SHARD_OLDEST_MS, Saving
from monitor.store.entries import Commit
from tests.timeline import START_MS


class Small:
    """A tracker as far as its own state goes, of some size."""

    def __init__(self, size: int) -> None:
        self.rows = self
        self.known = 1
        self.unsaved = False
        self._size = size

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
