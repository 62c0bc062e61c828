"""Rows of conversations on their way to the disk: a few with each commit, those that have waited longest first.

A commit of many events, whose sender waits for it, leaves them to a calmer moment, for
some seconds at most: a restart handles again what came since.
"""

from collections import deque
from collections.abc import Collection, Iterable

from monitor.core.conversation import Conversation
from monitor.core.timers import NEVER_MS
from monitor.core.tracker import Tracker
from monitor.store.entries import Commit

ROWS_A_COMMIT = 200  # Rows saved along with each commit: a few milliseconds.
ROWS_AT_MOST = 2_000  # When very many have changed at once; the loop is held no longer than by a commit's events.
ROW_AGE_MS = 1_000  # A row that has just changed will change again; it is saved when it is this old.
MANY_EVENTS = 50  # A commit of so many takes no rows along…
ROW_OLDEST_MS = 5_000  # …and not the tracker's own state, that are younger.
PAUSE_MS = 50  # Nothing has come for so long: a calm moment.
# The tracker's own state is saved so often, and with a row that names a shop or a feed it did not know yet. Where there
# are thousands of feeds and chats it takes some milliseconds and megabytes, so the larger it is, the more rarely: a
# restart handles again what came since.
SHARD_AGE_MS = ROW_AGE_MS
SHARD_BYTES_A_SECOND = 512 * 1024
SHARD_OLDEST_MS = 20_000  # A storm's events of so long are handled again in some seconds.


class Saving:
    """Which rows have changed since they were saved, oldest change first; and when the tracker's own state was."""

    def __init__(self, tracker: Tracker) -> None:
        self._tracker = tracker
        # In order: the row, the journal position before the change, when. A dictionary alone would keep the order, but
        # to find its first entry again and again it passes over all that were taken out before.
        self._order: deque[tuple[Conversation, int, int]] = deque()
        self._noted: set[Conversation] = set()
        self._shard_saved_at_ms = 0
        self._shard_knew = 0  # How many feeds and shops it had.
        self._shard_bytes = 0

    def __len__(self) -> int:
        return len(self._noted)

    def __contains__(self, conversation: object) -> bool:
        return conversation in self._noted

    def note(self, conversation: Conversation, position: int, now_ms: int) -> None:
        """Note that a row has changed by what came after ``position``."""
        if conversation not in self._noted:
            self._noted.add(conversation)
            self._order.append((conversation, position, now_ms))

    @property
    def a_turn(self) -> int:
        """How many rows to save with the next commit: more when very many have changed at once."""
        return min(max(ROWS_A_COMMIT, len(self._noted) // 32), ROWS_AT_MOST)

    def next_ms(self, now_ms: int) -> int | None:
        """Return when to save rows if nothing comes meanwhile; None: there are none."""
        if not self._noted:
            return None
        return max(self._oldest()[2] + ROW_AGE_MS, now_ms + PAUSE_MS)

    def put_into(
        self,
        commit: Commit,
        at_most: int,
        position: int,
        now_ms: int,
        at_once: Collection[Conversation] = (),
        *,
        all_rows: bool = False,
    ) -> None:
        """Put the rows to save now into a commit, and the tracker's own state if it is time for that.

        Args:
            commit: which takes them.
            at_most: rows of those noted.
            position: of the newest event handled.
            now_ms: the time.
            at_once: rows that must go with this commit.
            all_rows: the end has come: however fresh they are.
        """
        tracker = self._tracker
        youngest_ms = ROW_OLDEST_MS if len(commit.events) >= MANY_EVENTS else ROW_AGE_MS
        commit.rows = [
            (
                c.shop,
                c.id,
                c.number,
                c.state.wait is not None or c.state.promise is not None,
                tracker.rows.encode(c),
                c.buyer if c.logged >= 0 else None,
                tracker.merges_buyers(c.shop),
            )
            for c in self._take(at_most, at_once, NEVER_MS if all_rows else now_ms - youngest_ms)
        ]
        known = tracker.known
        age_ms = max(SHARD_AGE_MS, min(1_000 * self._shard_bytes // SHARD_BYTES_A_SECOND, SHARD_OLDEST_MS))
        if self._shard_bytes and len(commit.events) >= MANY_EVENTS:
            age_ms = max(age_ms, ROW_OLDEST_MS)
        is_old = abs(now_ms - self._shard_saved_at_ms) >= age_ms
        if all_rows or is_old or (commit.rows and known != self._shard_knew) or tracker.unsaved:
            commit.saved_position = self._saved_position(position)
            commit.shard = tracker.rows.encode_shard()
            self._shard_saved_at_ms, self._shard_knew, self._shard_bytes = now_ms, known, len(commit.shard)

    def _take(self, at_most: int, at_once: Iterable[Conversation], noted_by_ms: int) -> list[Conversation]:
        """Return the rows to save now: those ``at_once``, and up to ``at_most`` of those noted by an instant."""
        order = self._order
        taken: list[Conversation] = []
        for conversation in at_once:
            if conversation in self._noted:
                self._noted.remove(conversation)  # Its place in the order is passed over when its turn comes.
                taken.append(conversation)
        at_most += len(taken)
        while order and len(taken) < at_most and order[0][2] <= noted_by_ms:
            conversation = order.popleft()[0]
            if conversation in self._noted:
                self._noted.remove(conversation)
                taken.append(conversation)
        return taken

    def _oldest(self) -> tuple[Conversation, int, int]:
        """Return the oldest of those noted; there is one."""
        while self._order[0][0] not in self._noted:
            self._order.popleft()
        return self._order[0]

    def _saved_position(self, position: int) -> int:
        """Return a position up to which every row is saved."""
        return self._oldest()[1] if self._noted else position
