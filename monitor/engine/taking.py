"""The first half of a turn: events that have come are looked up and given to the tracker, and go into its commit."""

import asyncio
from dataclasses import dataclass, field

from monitor.clock import Clock
from monitor.core.events import AnyEvent, BuyerMerged, Message, scope
from monitor.core.lists import places
from monitor.core.senders import Reader
from monitor.core.shard import Folded
from monitor.core.tracker import Tracker
from monitor.engine.changes import Accepted, Changes
from monitor.engine.fetching import Fetcher
from monitor.engine.queue import Submission
from monitor.engine.records import conflict, conversation_of, identity, quarantined
from monitor.store.entries import Commit, StoredEvent
from monitor.wire import decode_stored, encode_event, same
from monitor.wire.privacy import KeptText, keeping

Slices = list[tuple[Submission, list[AnyEvent]]]
Bodies = dict[tuple[str, str], bytes]


@dataclass(slots=True)
class Turn:
    """What one turn of the loop takes, decides and stores.

    Attributes:
        finished: submissions that end with it.
        bodies: of its new events, which the disk does not have yet.
        work: it has something to store, and to be seen.
        stores: it has that, or rows of earlier turns to save.
    """

    commit: Commit
    changes: Changes
    finished: list[Submission] = field(default_factory=list)
    bodies: Bodies = field(default_factory=dict)
    work: bool = False
    stores: bool = False


class Taker:
    """Gives each event that is new to the tracker; sets duplicates and refusals aside.

    Args:
        tracker: takes them.
        fetcher: brings what it needs of the disk.
        clock: the world's time.
        text: how much of what is said is kept on the disk.
        reader: says who speaks in a message and what its words are; another one may be set between two turns.
        position: of the newest event taken.
    """

    def __init__(
        self, tracker: Tracker, fetcher: Fetcher, clock: Clock, *, text: KeptText, reader: Reader, position: int
    ) -> None:
        self._tracker = tracker
        self._fetcher = fetcher
        self._clock = clock
        self._keep, self._keep_body = keeping(text)
        self.reader = reader
        self.position = position

    async def take(self, turn: Turn, slices: Slices, under_way: Bodies) -> None:
        """Take some events into a turn.

        Args:
            turn: which has room for them.
            slices: of which submissions they are.
            under_way: bodies of the events in the commit that may not have reached the disk when they are looked up.

        Raises:
            StoreUnavailable: the disk cannot be read now; of what is new, only a part was taken.
        """
        events = [event for _, part in slices for event in part]
        keys = [identity(event) for event in events]
        known: Bodies = {}
        made: list[tuple[AnyEvent, bytes, int]] = []
        if events:
            looked_up = asyncio.ensure_future(self._fetcher.rows(keys, events))
            await asyncio.sleep(0)  # On its way to the disk's thread; meanwhile is made what does not hang on it.
            made = [self._make(event) for event in events]
            known = await looked_up
        each = iter(zip(keys, made, strict=True))
        for submission, part in slices:
            self._set_refused_aside(turn, submission)
            for event in part:
                key, (kept, body, words) = next(each)
                was = known.get(key) or turn.bodies.get(key) or under_way.get(key)
                if was is not None:
                    self._set_known_aside(turn, submission, event, kept, was)
                    continue
                if type(event) is not Message or event.backfill:
                    for chat in self._tracker.wants_history(event):
                        await self._fetcher.history(event.shop, chat, self.position + 1)
                turn.bodies[key] = body
                self._take_new(turn, submission, event, body, words)
                if type(event) is BuyerMerged:
                    await asyncio.sleep(0)  # It may have folded long chats from their first word: one at a time.

    def _make(self, event: AnyEvent) -> tuple[AnyEvent, bytes, int]:
        """Return an event as it is kept, encoded, and what its words are."""
        kept = self._keep(event)
        return kept, encode_event(kept), self.reader.read(event) if type(event) is Message else 0

    def _set_refused_aside(self, turn: Turn, submission: Submission) -> None:
        """Put what was refused of a batch into the commit, once."""
        if submission.refused:
            return
        submission.refused = True
        batch = submission.batch
        turn.changes.clamped += batch.clamped
        for refusal in batch.refusals:
            turn.commit.quarantine.append(quarantined(batch, refusal, self._clock.now_ms(), self._keep_body))
            turn.changes.refused.append((batch.source, refusal))

    def _set_known_aside(
        self, turn: Turn, submission: Submission, event: AnyEvent, kept: AnyEvent, body: bytes
    ) -> None:
        receipt = submission.receipt
        receipt.duplicates += 1
        outcome = "duplicate"
        if not same(kept, decode_stored(body)):
            outcome = "conflict"
            receipt.conflicts += 1
            turn.commit.quarantine.append(quarantined(submission.batch, conflict(kept), self._clock.now_ms()))
        turn.changes.events.append(Accepted(event, outcome))

    def _take_new(self, turn: Turn, submission: Submission, event: AnyEvent, body: bytes, words: int) -> None:
        commit, receipt, tracker = turn.commit, submission.receipt, self._tracker
        if type(event) is Message:  # As most are.
            self.position += 1
            conversation = event.conversation or event.buyer
        else:
            self.position += places(event)
            conversation = conversation_of(event)
        if not tracker.wall:
            commit.now_ms = max(commit.now_ms, event.ts_ms)
        folded = self._handle(event, self.position, commit.now_ms, words)
        receipt.accepted += 1
        receipt.late += folded == "late"
        turn.changes.events.append(Accepted(event, "late" if folded == "late" else "accepted", words))
        commit.events.append(
            StoredEvent(  # By place: with names, making it takes twice as long.
                self.position,
                scope(event),
                event.id,
                conversation,
                event.ts_ms,
                commit.now_ms,
                submission.batch.door,
                words,
                folded == "folded",
                body,
                tracker.taken_under,
            )
        )

    def _handle(self, event: AnyEvent, position: int, arrived_at_ms: int, words: int) -> Folded:
        """Hand an event to the tracker; where it moves time, what is due by then is judged first.

        So each limit is judged before what comes after it, however the events were cut into commits.
        """
        if not self._tracker.wall:
            self._tracker.advance(event.ts_ms)
        return self._tracker.handle(event, position, arrived_at_ms, words)
