"""The loop itself: take, judge, store, tell, again and again.

While the disk takes nothing, the same commit is tried again and again, senders are
told to come back, and time stands, so that what was due then is judged once it goes on.

Time is the wall clock, or, with a tracker made so, the newest ``ts`` seen: then it
moves with events only, and after a restart it is where the journal ends.
"""

import asyncio
import contextlib
import logging
from collections.abc import Iterator

from monitor.clock import Clock
from monitor.core.decisions import Decision
from monitor.core.events import ServiceStarted, scope
from monitor.core.owed import is_judged_by
from monitor.core.policy import PolicyBook
from monitor.core.roster import Register
from monitor.core.senders import BUILT_IN, Reader
from monitor.core.silences import Silence
from monitor.core.tracker import Tracker
from monitor.core.views import SourceRow, WaitRow
from monitor.engine.board import Board
from monitor.engine.changes import Changes, Readiness, Receipt, Router, Watcher
from monitor.engine.fetching import Fetcher
from monitor.engine.queue import Queue, Submission
from monitor.engine.records import Recorder
from monitor.engine.recovery import read_back
from monitor.engine.saving import MANY_EVENTS, ROWS_AT_MOST, Saving
from monitor.engine.taking import Taker, Turn
from monitor.errors import Busy, StoreUnavailable
from monitor.spare import Spare
from monitor.store.entries import Commit, StoredEvent
from monitor.store.journal import Journal
from monitor.wire import encode_event
from monitor.wire.batch import Batch
from monitor.wire.privacy import KeptText

log = logging.getLogger(__name__)

# About 6 ms of deciding: the loop is held no longer, the disk has work soon, and of a burst little is left for the last
# commit, beside which nothing goes on. A commit of twice as many costs hardly less per event.
EVENTS_A_COMMIT = 500
JUDGED_A_COMMIT = 1_000  # Limits due at once fire in slices of this many.
RETRY_SECONDS = 1.0  # Between two tries of a commit that the disk did not take.


class Engine:
    """Drives one tracker.

    Args:
        journal: open; this is its only writer of events.
        tracker: fresh, one that keeps rows; `start` fills it from the journal.
        router: makes of what is to be told what is to be delivered.
        clock: the world's time.
        reader: says at acceptance who speaks in a message and what its words are.
        text: how much of what is said is kept on the disk.

    Attributes:
        spare: the time its turns leave, for work that may wait.
    """

    def __init__(
        self,
        journal: Journal,
        tracker: Tracker,
        *,
        router: Router,
        clock: Clock,
        reader: Reader = BUILT_IN,
        text: KeptText = "masked",
    ) -> None:
        self.journal = journal
        self.tracker = tracker
        self.ready = Readiness()
        self.spare = Spare()
        self._clock = clock
        self._new_rules: tuple[PolicyBook, Reader, Register | None] | None = None  # To be taken between two turns.
        self._queue = Queue()
        self._open: Turn | None = None  # What is being taken and decided,
        self._under_way: Turn | None = None  # and what the disk is at meanwhile,
        self._storing: asyncio.Task[None] | None = None  # by this task.
        self._wake = asyncio.Event()
        self._stopping = False
        self._watchers: list[Watcher] = []
        self._saving = Saving(tracker)
        self._board = Board(tracker)
        self._fetcher = Fetcher(journal, tracker)
        self._taker = Taker(tracker, self._fetcher, clock, text=text, reader=reader, position=journal.last_position)
        self._recorder = Recorder(tracker, router, clock)
        self._recovered: list[Decision] = []
        self._started: StoredEvent | None = None  # Of this start, until it is stored.
        self._task: asyncio.Task[None] | None = None

    # -- what doors and watchers use ---------------------------------------------------------------------------------

    def now_ms(self) -> int:
        """Return the time by which waits are judged."""
        return self._clock.now_ms() if self.tracker.wall else self.tracker.now_ms

    async def submit(self, batch: Batch) -> Receipt:
        """Store a batch; return when it is committed and synced.

        Raises:
            Busy: too much is waiting already; nothing of the batch was taken.
            StoreUnavailable: the disk takes nothing now; send it again later.
        """
        unable = self.ready.fault or self.ready.store_error
        if unable is not None:
            raise StoreUnavailable(unable)
        if self._stopping:
            raise StoreUnavailable("the service is stopping")
        done: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        self._queue.put(batch, done)
        self.spare.came(len(batch.events))
        self._wake.set()
        return await done

    async def turn(self) -> bool:
        """Return once the loop has turned; False when a fault has ended it. A disk that takes nothing is no fault."""
        while self.ready.fault is None:
            try:
                await self.submit(Batch(door="engine", source="engine"))
            except Busy:
                await asyncio.sleep(1)
            except StoreUnavailable:
                return self.ready.fault is None
            else:
                return True
        return False

    def watch(self, watcher: Watcher) -> None:
        """Call ``watcher`` on the loop after each commit. It must be quick; what it raises is logged."""
        self._watchers.append(watcher)

    def waits(self) -> Iterator[WaitRow]:
        """Yield every open wait as it stands."""
        return self.tracker.waits()

    def row(self, shop: str, conversation: str) -> WaitRow | None:
        """Return the open wait of one conversation."""
        found = self.tracker.conversation(shop, conversation)
        return self.tracker.row(found) if found is not None else None

    def stands_for(self, shop: str, conversation: str) -> str:
        """Return the conversation that a chat is part of, where its buyer turned out to be another; else itself."""
        found = self.tracker.conversation(shop, conversation)
        return found.id if found is not None else conversation

    def holds_off(self, shop: str, conversation: str) -> bool:
        """Return whether the last a person said to a buyer is a holding reply that still owes an answer."""
        found = self.tracker.conversation(shop, conversation)
        promise = found.state.promise if found is not None else None
        return promise is not None and not promise.greeting

    def sources(self) -> list[SourceRow]:
        """Return how every source stands."""
        return self.tracker.sources()

    def silences(self) -> list[Silence]:
        """Return the silences that were set, some of them perhaps over."""
        return list(self.tracker.silences.values())

    def promises(self) -> dict[tuple[str, str, str], int]:
        """Return how many promises stand open, by (platform, team, stage)."""
        return self._board.promises.counts

    # -- life --------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Read back what the journal holds, then begin to work."""
        await self._recover()
        self.ready.started = True
        self._task = asyncio.create_task(self._run(), name="engine")

    async def take_rules(
        self, policies: PolicyBook, reader: Reader, text: bytes, register: Register | None = None
    ) -> None:
        """Hold against these rules what is taken from the next turn on; what stands open keeps its own.

        Args:
            policies: the rules.
            reader: their senders and phrases.
            text: all of them as they are written, kept in the journal under their name.
            register: who is who; None: as it was.

        Raises:
            StoreUnavailable: the text cannot be kept now; the rules stay as they were.
        """
        await self.journal.keep_rules(policies.rules, text)
        self._new_rules = policies, reader, register
        self._wake.set()

    async def stop(self) -> None:
        """Store what was submitted, save every row, stop."""
        self._stopping = True
        self._wake.set()
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)  # A fault was logged, and `wait` raises it.

    async def wait(self) -> None:
        """Return when the loop ends: after `stop`, or by a fault of ours.

        Raises:
            Exception: the fault.
        """
        assert self._task is not None
        await asyncio.shield(self._task)

    async def _recover(self) -> None:
        tracker = self.tracker
        await read_back(tracker, self.journal, self._fetcher, self._saving, self.journal.saved_position)
        seen_ms = tracker.now_ms
        if tracker.wall:
            self._note_start(self._clock.now_ms())
        else:
            self._advance(tracker.now_ms)
        if tracker.people is not None and tracker.now_ms:
            tracker.people.resume(tracker.now_ms, seen_ms)
        for conversation, promise in tracker.promises():
            self._board.promises.note(conversation, promise)
        self._recovered = tracker.decisions[:]
        tracker.decisions.clear()

    def _note_start(self, now_ms: int) -> None:
        """Begin what was not seen up to now, and have the journal know of it with the first commit."""
        if not self.tracker.follows_feeds:
            self.tracker.begin(now_ms)
            return
        self._taker.position += 1
        position = self._taker.position
        event = ServiceStarted(type="service_started", id=f"start-{position}", ts_ms=now_ms, source="presales-monitor")
        self.tracker.handle(event, position, now_ms)
        self._started = StoredEvent(
            position=position,
            shop=scope(event),
            id=event.id,
            conversation=None,
            ts_ms=now_ms,
            arrived_at_ms=now_ms,
            door="start",
            words=0,
            folded=False,
            body=encode_event(event),
        )

    async def _run(self) -> None:
        try:
            await self._work()
        except Exception as fault:
            # The tracker may have decided what is not stored: nothing more may come of it. A restart reads the truth.
            self.ready.fault = f"a fault of the program has stopped its work: {fault!r}"
            log.exception("the loop has ended by a fault; nothing is taken until a restart")
            self._queue.turn_away(self._in_hand(), StoreUnavailable(self.ready.fault))
            raise
        finally:
            if self._storing is not None:
                self._storing.cancel()

    def _in_hand(self) -> list[Submission]:
        """Return what is off the queue, and may not be answered yet."""
        return [one for turn in (self._under_way, self._open) if turn is not None for one in turn.finished]

    async def _work(self) -> None:
        try:
            while True:
                await self._wait()
                if self._stopping and not self._queue:
                    break
                await self._cycle()
            await self._landed()
            while len(self._saving):
                commit = Commit(now_ms=self.now_ms(), rules=self.tracker.rules)
                self._saving.put_into(commit, ROWS_AT_MOST, self._taker.position, self._clock.now_ms(), all_rows=True)
                await self._store(commit)
        except StoreUnavailable:
            # Stopping, and the disk takes nothing: what is not stored was not acknowledged. Rows must not be saved
            # either, even if the disk takes them now: they are of events that it does not have.
            return

    async def _wait(self) -> None:
        """Sleep until something has come, or is due, or rows want to be saved."""
        while not (self._queue or self._stopping or self._new_rules is not None):
            self._wake.clear()
            if self._storing is not None and self._storing.done():
                await self._landed()
            now_ms = self._clock.now_ms()
            until_ms = self._saving.next_ms(now_ms) or now_ms + 60_000
            if self.tracker.wall:
                until_ms = min(until_ms, self.tracker.next_ms)
            if until_ms <= now_ms:
                return
            try:
                # One millisecond more: a timer that fires early would spin.
                async with asyncio.timeout(self._clock.seconds(until_ms - now_ms + 1)):
                    await self._wake.wait()
            except TimeoutError:
                return

    # -- one turn ----------------------------------------------------------------------------------------------------

    async def _cycle(self) -> None:
        """Take what waits, judge it and the time; once the commit before is on the disk, send this one on its way.

        What comes while the disk is at the commit before joins this one.
        """
        if self._new_rules is not None:
            policies, self._taker.reader, register = self._new_rules
            self._new_rules = None
            self.tracker.take_rules(policies)
            if self.tracker.people is not None and register is not None:
                self.tracker.people.take(register)
        turn = Turn(Commit(now_ms=self.now_ms(), rules=self.tracker.rules), Changes(self.now_ms()))
        if self._started is not None:
            turn.commit.events.append(self._started)
            self._started = None
        before = self._taker.position
        self._open = turn
        await self._take(turn)
        while self._storing is not None and not self._storing.done():
            self._wake.clear()
            if self._queue and len(turn.changes.events) < EVENTS_A_COMMIT:
                await self._take(turn)
            else:
                await self._wake.wait()
        await self._landed()
        self._decide(turn, before)
        self._under_way, self._open = turn, None
        self._storing = asyncio.create_task(self._finish(turn), name="engine: a commit")
        self._storing.add_done_callback(lambda _: self._wake.set())

    async def _take(self, turn: Turn) -> None:
        """Take a slice of what waits into a turn."""
        began = self.spare.seconds()
        slices, finished = self._queue.take(EVENTS_A_COMMIT - len(turn.changes.events))
        turn.finished += finished
        if self.tracker.wall:
            turn.commit.now_ms = max(turn.commit.now_ms, self.now_ms())
        try:
            await self._taker.take(turn, slices, {} if self._under_way is None else self._under_way.bodies)
        except StoreUnavailable as error:
            self._queue.turn_away([submission for submission, _ in slices], error)
        if turn.changes.events:
            self.spare.took(self.spare.seconds() - began)

    def _decide(self, turn: Turn, before: int) -> None:
        """Judge the time, and put into the commit what comes of the turn; ``before`` is the position it began at."""
        began = self.spare.seconds()
        commit, changes = turn.commit, turn.changes
        if self.tracker.wall:
            commit.now_ms = max(commit.now_ms, self.now_ms())
        self._advance(commit.now_ms)
        changes.now_ms, changes.position = commit.now_ms, self._taker.position
        changes.decisions = self.tracker.decisions[:]
        self.tracker.decisions.clear()
        told = self._recorder.write_down([*self._recovered, *changes.decisions], commit)
        self._recovered.clear()
        commit.judged_by = [decision for decision in changes.decisions if is_judged_by(decision)]
        told += (merged := self.tracker.merged)
        commit.named = [(None if c.merged_into else c.buyer, c.merged_into, c.shop, c.id) for c in merged]
        commit.keyed = list({c.shop for c in merged if self.tracker.merges_buyers(c.shop)} - self._fetcher.keyed)
        self.tracker.merged.clear()
        touched = self._board.see(changes)
        for conversation in touched:
            self._saving.note(conversation, before, self._clock.now_ms())
        # No row is under way now: what is not noted is on the disk.
        self.tracker.rows.forget_idle(self._saving)
        turn.work = bool(
            commit.events or commit.rounds or commit.outbox or commit.quarantine or touched or changes.decisions
        )
        if turn.work or len(self._saving):
            turn.stores = True
            self._saving.put_into(commit, self._saving.a_turn, self._taker.position, self._clock.now_ms(), told)
        if changes.events:
            self.spare.took(self.spare.seconds() - began)

    async def _finish(self, turn: Turn) -> None:
        """Store a turn, tell its senders, then all who watch."""
        changes = turn.changes
        began = self.spare.seconds()
        if turn.stores:
            await self._store(turn.commit)
            self._fetcher.keyed.update(turn.commit.keyed)
            changes.commit_seconds = self.spare.seconds() - began
            began += changes.commit_seconds  # The wait for the disk is others' time.
        for submission in turn.finished:
            submission.stored()
        if len(changes.events) >= MANY_EVENTS:
            await asyncio.sleep(0)  # Their senders have the answer before others take their time to look.
        if turn.work or changes.events:
            for watcher in self._watchers:
                try:
                    watcher(changes)
                except Exception:
                    # They only watch: what is decided and stored stands without them.
                    log.exception("a watcher of decisions has failed")
        if changes.events:
            self.spare.took(self.spare.seconds() - began)

    async def _landed(self) -> None:
        """Return once the commit under way is on the disk, and told of.

        Raises:
            StoreUnavailable: it is not, and we are stopping.
        """
        if self._storing is not None:
            await self._storing
            self._storing = self._under_way = None

    def _advance(self, now_ms: int) -> None:
        """Judge what is due: a slice of it; all of it where time stands until the next event."""
        if self.tracker.wall:
            self.tracker.advance(now_ms, JUDGED_A_COMMIT)
        else:
            self.tracker.advance(now_ms)

    async def _store(self, commit: Commit) -> None:
        """Commit, again and again until the disk takes it; senders are not kept waiting for that."""
        while True:
            try:
                await self.journal.commit(commit)
            except StoreUnavailable as error:
                if self.ready.store_error is None:
                    log.error("nothing can be stored: %s; trying again every %g s", error, RETRY_SECONDS)
                self.ready.store_error = str(error)
                self._queue.turn_away(self._in_hand(), error)
                if self._stopping:
                    raise
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(RETRY_SECONDS):
                        await self._until_stopping()
            else:
                if self.ready.store_error is not None:
                    log.warning("the disk takes events again")
                self.ready.store_error = None
                return

    async def _until_stopping(self) -> None:
        while not self._stopping:
            self._wake.clear()
            await self._wake.wait()
