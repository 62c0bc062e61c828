"""What doors have handed over and the disk does not have yet: bounded, answered once."""

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from monitor.core.events import AnyEvent
from monitor.engine.changes import Receipt
from monitor.errors import Busy, StoreUnavailable
from monitor.wire.batch import Batch

WAITING_BYTES = 64 * 1024 * 1024  # What may wait to be stored; beyond it senders are told to come back.
WAITING_EVENTS = 100_000


@dataclass(slots=True)
class Submission:
    """A batch on its way to the disk, and who wants to know."""

    batch: Batch
    done: asyncio.Future[Receipt]
    receipt: Receipt
    at: int = 0  # The next of its events.
    refused: bool = False  # Its refusals are in the commit.

    def stored(self) -> None:
        """Tell the sender that it is stored."""
        if not self.done.done():
            self.done.set_result(self.receipt)

    def turn_away(self, error: StoreUnavailable) -> None:
        """Tell the sender that it is not stored. What is in hand is still tried: sent again, it is known."""
        if not self.done.done():
            self.done.set_exception(StoreUnavailable(str(error)))


class Queue:
    """Submissions in the order they came."""

    def __init__(self) -> None:
        self._queue: deque[Submission] = deque()
        self._bytes = 0
        self._events = 0

    def __len__(self) -> int:
        return len(self._queue)

    def put(self, batch: Batch, done: asyncio.Future[Receipt]) -> None:
        """Add a batch; one is always taken, however large.

        Raises:
            Busy: too much is waiting already; nothing of the batch was taken.
        """
        if self._queue and (
            self._bytes + batch.size > WAITING_BYTES or self._events + len(batch.events) > WAITING_EVENTS
        ):
            raise Busy
        self._queue.append(Submission(batch, done, Receipt(rejected=list(batch.refusals))))
        self._bytes += batch.size
        self._events += len(batch.events)

    def take(self, at_most: int) -> tuple[list[tuple[Submission, list[AnyEvent]]], list[Submission]]:
        """Take up to so many events off the queue; return them, and which submissions end with them."""
        room = at_most
        slices: list[tuple[Submission, list[AnyEvent]]] = []
        finished: list[Submission] = []
        while self._queue and room > 0:
            submission = self._queue[0]
            events = submission.batch.events[submission.at : submission.at + room]
            submission.at += len(events)
            room -= len(events) or 1
            self._events -= len(events)
            slices.append((submission, events))
            if submission.at >= len(submission.batch.events):
                self._queue.popleft()
                self._bytes -= submission.batch.size
                finished.append(submission)
        return slices, finished

    def turn_away(self, in_hand: Iterable[Submission], error: StoreUnavailable) -> None:
        """Tell all senders that what they sent is not stored: of what is in hand, and of what waits."""
        for submission in in_hand:
            submission.turn_away(error)
        while self._queue:
            submission = self._queue.popleft()
            self._bytes -= submission.batch.size
            self._events -= len(submission.batch.events) - submission.at
            submission.turn_away(error)
