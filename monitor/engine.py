"""The one loop: take what has arrived, decide, commit, and only then say so.

    doors ── submit ──► queue ─► look up duplicates ─► tracker ─► one commit ─► acknowledge
                                                                            └► watchers (board, metrics, courier)

Events, decisions, changed rows and what is to be told go to disk in one
transaction. A door is told "stored" after it, a watcher sees a decision after it,
so nothing is told that a crash could take back. While the disk takes nothing, the
same commit is tried again and again, senders are told to come back, and time
stands, so that what was due then is judged once it goes on.

Time is the wall clock, or, with a tracker made so, the newest ``ts`` seen: then it
moves with events only, and after a restart it is where the journal ends.
"""

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import msgspec
from msgspec.structs import replace

from monitor.clock import Clock
from monitor.core.conversation import Conversation
from monitor.core.decisions import (
    AlertOrder,
    AlertState,
    CloseRound,
    Decision,
    FeedGap,
    PersonDay,
    RestateRound,
    ShiftWorked,
    TellPeople,
    WithdrawAlert,
)
from monitor.core.events import AnyEvent, BuyerMerged, Message, ServiceStarted, scope
from monitor.core.ladder import ON_PAGES
from monitor.core.lists import places
from monitor.core.policy import PolicyBook
from monitor.core.roster import Register
from monitor.core.senders import BUILT_IN, Reader
from monitor.core.silences import Silence
from monitor.core.tracker import Folded, Tracker
from monitor.core.views import SourceRow, WaitRow
from monitor.errors import Busy, StoreUnavailable
from monitor.store.entries import Commit, Delivery, Quarantined, StoredEvent
from monitor.store.journal import Journal
from monitor.wire import decode_stored, encode_event, same
from monitor.wire.batch import Batch, Refusal
from monitor.wire.privacy import KeptText, keeping

log = logging.getLogger(__name__)

EVENTS_A_COMMIT = 1_000  # About 15 ms of deciding: the loop is held no longer, and a commit costs little per event.
JUDGED_A_COMMIT = 1_000  # Limits due at once fire in slices of this many.
WAITING_BYTES = 64 * 1024 * 1024  # What may wait to be stored; beyond it senders are told to come back.
WAITING_EVENTS = 100_000
ROWS_A_COMMIT = 200  # Rows saved along with each commit: a few milliseconds.
ROWS_AT_MOST = 2_000  # When very many have changed at once; the loop is held no longer than by a commit's events.
ROW_AGE_MS = 1_000  # A row that has just changed will change again; it is saved when it is this old.
# The tracker's own state is saved so often. Where there are thousands of feeds it takes some milliseconds and a
# megabyte; a restart handles again what came since. No older than a row when that is saved, so that the shop and the
# feed a row names are always there.
SHARD_AGE_MS = ROW_AGE_MS
MERGED_AT_MOST = 64  # Ids of one buyer whose histories are read for one event.
RETRY_SECONDS = 1.0  # Between two tries of a commit that the disk did not take.


@dataclass(slots=True)
class Receipt:
    """What became of a batch that is stored.

    Attributes:
        accepted: stored for the first time, ``late`` ones included.
        duplicates: known already, the same or not.
        late: came after their conversation's horizon: stored, not counted.
        conflicts: duplicates that say something else; also in quarantine.
        rejected: what was refused, kept in quarantine.
    """

    accepted: int = 0
    duplicates: int = 0
    late: int = 0
    conflicts: int = 0
    rejected: list[Refusal] = field(default_factory=list)


@dataclass(slots=True, frozen=True)
class Accepted:
    """One event as it went in, for watchers that count."""

    event: AnyEvent  # As it came; what of its words is kept is less.
    outcome: str  # accepted, late, duplicate, conflict
    words: int = 0  # What a message's words are, and who speaks, as it was decided.


@dataclass(slots=True)
class Changes:
    """What one commit changed; watchers see it after the commit.

    Attributes:
        rows: open waits that are new or changed.
        gone: (wait number, why) of waits that are not open any more.
        commit_seconds: how long the disk took.
    """

    now_ms: int
    decisions: list[Decision]
    rows: list[WaitRow]
    gone: list[tuple[int, str]]
    events: list[Accepted]
    refused: list[tuple[str, Refusal]]
    clamped: int
    commit_seconds: float


@dataclass(slots=True)
class Readiness:
    """Whether the service does its work.

    Attributes:
        started: the journal has been read back.
        store_error: why nothing can be stored now; None when all is well.
        fault: what in our own code has ended the loop; nothing is taken any more. None when all is well.
    """

    started: bool = False
    store_error: str | None = None
    fault: str | None = None

    @property
    def store_ok(self) -> bool:
        """Whether the journal takes what is written."""
        return self.store_error is None and self.fault is None

    @property
    def reason(self) -> str | None:
        """What keeps the service from being ready; None: nothing."""
        return self.fault or self.store_error or (None if self.started else "the journal is being read back")


Watcher = Callable[[Changes], None]
Router = Callable[[AlertOrder | TellPeople], Sequence[Delivery]]


@dataclass(slots=True)
class _Submission:
    batch: Batch
    done: asyncio.Future[Receipt]
    receipt: Receipt
    at: int = 0  # The next of its events.
    refused: bool = False  # Its refusals are in the commit.


class _Saving:
    """Which rows have changed since they were saved, oldest change first."""

    def __init__(self) -> None:
        # In order: the row, the journal position before the change, when. A dictionary alone would keep the order, but
        # to find its first entry again and again it passes over all that were taken out before.
        self._order: deque[tuple[Conversation, int, int]] = deque()
        self._noted: set[Conversation] = set()

    def __len__(self) -> int:
        return len(self._noted)

    def __contains__(self, conversation: object) -> bool:
        return conversation in self._noted

    def note(self, conversation: Conversation, position: int, now_ms: int) -> None:
        """Note that a row has changed by what came after ``position``."""
        if conversation not in self._noted:
            self._noted.add(conversation)
            self._order.append((conversation, position, now_ms))

    def take(self, at_most: int, now_ms: int, at_once: Iterable[Conversation] = ()) -> list[Conversation]:
        """Return the rows to save now: those ``at_once``, and up to ``at_most`` at least ``ROW_AGE_MS`` old."""
        order = self._order
        taken: list[Conversation] = []
        for conversation in at_once:
            if conversation in self._noted:
                self._noted.remove(conversation)  # Its place in the order is passed over when its turn comes.
                taken.append(conversation)
        at_most += len(taken)
        while order and len(taken) < at_most and order[0][2] <= now_ms - ROW_AGE_MS:
            conversation = order.popleft()[0]
            if conversation in self._noted:
                self._noted.remove(conversation)
                taken.append(conversation)
        return taken

    def saved_position(self, position: int) -> int:
        """Return a position up to which every row is saved."""
        while self._order and self._order[0][0] not in self._noted:
            self._order.popleft()
        return self._order[0][1] if self._order else position


class _Promises:
    """How many promises stand open, by (platform, team, stage): kept, as a look at every conversation takes long."""

    def __init__(self) -> None:
        self.counts: dict[tuple[str, str, str], int] = {}
        self._of: dict[Conversation, tuple[str, str, str]] = {}

    def note(self, conversation: Conversation, key: tuple[str, str, str] | None) -> None:
        """Note how a conversation's promise stands; None: it has none."""
        was = self._of.get(conversation)
        if was == key:
            return
        if was is not None:
            self.counts[was] -= 1
            if not self.counts[was]:
                del self.counts[was]
        if key is None:
            del self._of[conversation]
        else:
            self._of[conversation] = key
            self.counts[key] = self.counts.get(key, 0) + 1


class Engine:
    """Drives one tracker.

    Args:
        journal: open; this is its only writer of events.
        tracker: fresh, one that keeps rows; `start` fills it from the journal.
        router: makes of what is to be told what is to be delivered.
        clock: the world's time.
        reader: says at acceptance who speaks in a message and what its words are.
        text: how much of what is said is kept on the disk.
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
        self._router = router
        self._clock = clock
        self._reader = reader
        self._keep, self._keep_body = keeping(text)
        self._new_rules: tuple[PolicyBook, Reader, Register | None] | None = None  # To be taken between two turns.
        self._position = journal.last_position
        self._queue: deque[_Submission] = deque()
        self._in_hand: list[_Submission] = []  # Of the cycle that runs: off the queue, and not answered yet.
        self._waiting_bytes = 0
        self._waiting_events = 0
        self._wake = asyncio.Event()
        self._stopping = False
        self._watchers: list[Watcher] = []
        self._saving = _Saving()
        self._promises = _Promises()
        self._shard_saved_at_ms = 0
        self._shard_knew = 0  # How many feeds and shops it had.
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
        if self._queue and (
            self._waiting_bytes + batch.size > WAITING_BYTES
            or self._waiting_events + len(batch.events) > WAITING_EVENTS
        ):
            raise Busy
        done: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        self._queue.append(_Submission(batch, done, Receipt(rejected=list(batch.refusals))))
        self._waiting_bytes += batch.size
        self._waiting_events += len(batch.events)
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
        return self._promises.counts

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
        """Rows first, then what the journal holds after them, in the order it was handled.

        Nothing is judged by time until all of it is back: what was told lies in the rows, which were saved with it,
        and the rest of the feeds' state is not known for each instant in between.
        """
        tracker, journal = self.tracker, self.journal
        for number, rules, policy in await journal.policies():
            tracker.policies.restore(number, rules, policy)
        shard = await journal.shard()
        if shard is not None:
            tracker.restore_shard(shard)
        tracker.now_ms = 0  # The journal's steps bring time back; the shard is from later.
        async for rows in journal.open_rows():
            for row in rows:
                tracker.restore(row)
            await asyncio.sleep(0)
        before = journal.saved_position
        async for step, stored in journal.since(before):
            events = [decode_stored(item.body) for item in stored]
            await self._bring_rows([], events)
            for item, event in zip(stored, events, strict=True):
                if not tracker.wall:
                    tracker.now_ms = max(tracker.now_ms, event.ts_ms)
                for key in tracker.wants_history(event):
                    await self._bring_history(event.shop, key, item.position)
                tracker.handle(event, item.position, item.arrived_at_ms, item.words, item.policy)
            tracker.now_ms = step.now_ms
            for conversation in tracker.changed:
                self._saving.note(conversation, before, 0)
            tracker.changed.clear()
            await asyncio.sleep(0)
        if tracker.wall:
            self._note_start(self._clock.now_ms())
        else:
            self._advance(tracker.now_ms)
        if tracker.people is not None and tracker.now_ms:
            tracker.people.resume(tracker.now_ms)
        for conversation, promise in tracker.promises():
            self._promises.note(conversation, promise)
        self._recovered = tracker.decisions[:]
        tracker.decisions.clear()

    def _note_start(self, now_ms: int) -> None:
        """Begin what was not seen up to now, and have the journal know of it with the first commit."""
        if not self.tracker.follows_feeds:
            self.tracker.begin(now_ms)
            return
        self._position += 1
        event = ServiceStarted(
            type="service_started", id=f"start-{self._position}", ts_ms=now_ms, source="presales-monitor"
        )
        self.tracker.handle(event, self._position, now_ms)
        self._started = StoredEvent(
            position=self._position,
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
            self._turn_away(self._in_hand, StoreUnavailable(self.ready.fault))
            raise

    async def _work(self) -> None:
        while True:
            await self._wait()
            if self._stopping and not self._queue:
                break
            try:
                await self._cycle()
            except StoreUnavailable:
                # Stopping, and the disk takes nothing: what is not stored was not acknowledged. Rows must not be saved
                # either, even if the disk takes them now: they are of events that it does not have.
                return
        with contextlib.suppress(StoreUnavailable):
            while len(self._saving):
                await self._store(
                    Commit(now_ms=self.now_ms(), rules=self.tracker.rules), rows=ROWS_AT_MOST, all_rows=True
                )

    async def _wait(self) -> None:
        """Sleep until something has come, or is due, or rows want to be saved."""
        if self._queue or self._stopping:
            return
        self._wake.clear()
        now_ms = self._clock.now_ms()
        until_ms = now_ms + (ROW_AGE_MS if len(self._saving) else 60_000)
        if self.tracker.wall:
            until_ms = min(until_ms, self.tracker.next_ms)
        if until_ms <= now_ms:
            return
        with contextlib.suppress(TimeoutError):
            # One millisecond more: a timer that fires early would spin.
            await asyncio.wait_for(self._wake.wait(), self._clock.seconds(until_ms - now_ms + 1))

    # -- one turn ----------------------------------------------------------------------------------------------------

    async def _cycle(self) -> None:
        """Take a slice of what waits, judge it and the time, store, tell."""
        if self._new_rules is not None:
            policies, self._reader, register = self._new_rules
            self._new_rules = None
            self.tracker.take_rules(policies)
            if self.tracker.people is not None and register is not None:
                self.tracker.people.take(register)
        slices, finished = self._take()
        self._in_hand = finished
        commit = Commit(now_ms=self.now_ms(), rules=self.tracker.rules)
        changes = Changes(commit.now_ms, [], [], [], [], [], 0, 0.0)
        if self._started is not None:
            commit.events.append(self._started)
            self._started = None
        before = self._position
        try:
            await self._handle(slices, commit, changes)
        except StoreUnavailable as error:
            self._turn_away([submission for submission, _ in slices], error)
        self._advance(commit.now_ms)
        changes.now_ms = commit.now_ms
        changes.decisions = self.tracker.decisions[:]
        self.tracker.decisions.clear()
        told = self._write_down([*self._recovered, *changes.decisions], commit)
        self._recovered.clear()
        told += self.tracker.merged
        self.tracker.merged.clear()
        touched = self._see(changes)
        for conversation in touched:
            self._saving.note(conversation, before, self._clock.now_ms())
        work = commit.events or commit.rounds or commit.outbox or commit.quarantine or touched or changes.decisions
        if work or len(self._saving):
            started = time.perf_counter()
            rows = min(max(ROWS_A_COMMIT, len(self._saving) // 32), ROWS_AT_MOST)
            await self._store(commit, rows=rows, at_once=told, waiting=finished)
            changes.commit_seconds = time.perf_counter() - started
        self.tracker.forget_idle(self._saving)
        for submission in finished:
            if not submission.done.done():
                submission.done.set_result(submission.receipt)
        if work or changes.events:
            for watcher in self._watchers:
                try:
                    watcher(changes)
                except Exception:
                    # They only watch: what is decided and stored stands without them.
                    log.exception("a watcher of decisions has failed")

    def _take(self) -> tuple[list[tuple[_Submission, list[AnyEvent]]], list[_Submission]]:
        """Take up to a commit's worth of events off the queue; return them, and which submissions end with them."""
        room = EVENTS_A_COMMIT
        slices: list[tuple[_Submission, list[AnyEvent]]] = []
        finished: list[_Submission] = []
        while self._queue and room > 0:
            submission = self._queue[0]
            events = submission.batch.events[submission.at : submission.at + room]
            submission.at += len(events)
            room -= len(events) or 1
            self._waiting_events -= len(events)
            slices.append((submission, events))
            if submission.at >= len(submission.batch.events):
                self._queue.popleft()
                self._waiting_bytes -= submission.batch.size
                finished.append(submission)
        return slices, finished

    def _advance(self, now_ms: int) -> None:
        """Judge what is due: a slice of it; all of it where time stands until the next event."""
        if self.tracker.wall:
            self.tracker.advance(now_ms, JUDGED_A_COMMIT)
        else:
            self.tracker.advance(now_ms)

    def _handle_one(self, event: AnyEvent, position: int, arrived_at_ms: int, words: int) -> Folded:
        """Hand an event to the tracker; where it moves time, what is due by then is judged first.

        So each limit is judged before what comes after it, however the events were cut into commits.
        """
        if not self.tracker.wall:
            self.tracker.advance(event.ts_ms)
        return self.tracker.handle(event, position, arrived_at_ms, words)

    async def _handle(self, slices: list[tuple[_Submission, list[AnyEvent]]], commit: Commit, changes: Changes) -> None:
        """Give each event that is new to the tracker; set duplicates and refusals aside."""
        events = [event for _, part in slices for event in part]
        known: dict[tuple[str, str], bytes] = {}
        if events:
            known = await self._bring_rows([_identity(event) for event in events], events)
        for submission, part in slices:
            batch, receipt = submission.batch, submission.receipt
            if not submission.refused:
                submission.refused = True
                changes.clamped += batch.clamped
                for refusal in batch.refusals:
                    commit.quarantine.append(_quarantined(batch, refusal, self._clock.now_ms(), self._keep_body))
                    changes.refused.append((batch.source, refusal))
            for event in part:
                identity = _identity(event)
                kept = self._keep(event)
                body = known.get(identity)
                if body is not None:
                    receipt.duplicates += 1
                    outcome = "duplicate"
                    if not same(kept, decode_stored(body)):
                        outcome = "conflict"
                        receipt.conflicts += 1
                        commit.quarantine.append(_quarantined(batch, _conflict(kept), self._clock.now_ms()))
                    changes.events.append(Accepted(event, outcome))
                    continue
                known[identity] = body = encode_event(kept)
                for key in self.tracker.wants_history(event):
                    await self._bring_history(event.shop, key, self._position + 1)
                self._position += places(event)
                words = self._reader.read(event) if type(event) is Message else 0
                if not self.tracker.wall:
                    commit.now_ms = max(commit.now_ms, event.ts_ms)
                folded = self._handle_one(event, self._position, commit.now_ms, words)
                receipt.accepted += 1
                receipt.late += folded == "late"
                changes.events.append(Accepted(event, "late" if folded == "late" else "accepted", words))
                commit.events.append(
                    StoredEvent(
                        position=self._position,
                        shop=identity[0],
                        id=event.id,
                        conversation=_conversation_of(event),
                        ts_ms=event.ts_ms,
                        arrived_at_ms=commit.now_ms,
                        door=batch.door,
                        words=words,
                        folded=folded == "folded",
                        body=body,
                        policy=self.tracker.taken_under,
                    )
                )

    async def _bring_rows(
        self, identities: list[tuple[str, str]], events: list[AnyEvent]
    ) -> dict[tuple[str, str], bytes]:
        """Bring back what the disk knows of these events' conversations; return the events that are stored already.

        A row may say that a conversation is part of another by now, which is brought back then.
        """
        asked = self.tracker.missing(events)
        known, rows = await self.journal.look_up(identities, list(asked))
        while rows:
            for row in rows:
                self.tracker.restore(row)
            more = self.tracker.missing(events) - asked
            if not more:
                break
            asked |= more
            rows = (await self.journal.look_up([], list(more)))[1]
        return known

    async def _bring_history(self, shop: str, key: str, position: int) -> None:
        """Fetch what the journal knows of a conversation up to a position, so that something old finds its place.

        What came under the ids of a buyer that were merged is part of it.
        """
        keys, stored, history = [key], [], []
        for one in keys:
            found = await self.journal.history(shop, one)
            stored += found
            for item in found:
                event = decode_stored(item.body)
                if isinstance(event, BuyerMerged):
                    if item.position < position and event.buyer not in keys and len(keys) < MERGED_AT_MOST:
                        keys.append(event.buyer or "")
                elif item.folded and item.position < position:
                    history.append((event, item.position, item.words, item.policy))
        opened = await self.journal.waits_among([item.position for item in stored])
        self.tracker.rebuild(shop, key, history, opened)

    def _write_down(self, decisions: list[Decision], commit: Commit) -> list[Conversation]:
        """Put rounds and deliveries into the commit; return the conversations of which something is told.

        Their rows are saved with it: a restart would not come to the same orders, for what a feed's lag or a gap held
        back, and for how long, is not in the journal.
        """
        rounds: dict[int, bytes | None] = {}
        told: list[Conversation] = []
        for decision in decisions:
            if isinstance(decision, CloseRound):
                rounds[decision.round.wait] = _round_encoder.encode(decision.round)
            elif isinstance(decision, RestateRound):
                if decision.was is not None:
                    rounds[decision.was.wait] = None
                if decision.now is not None:
                    rounds[decision.now.wait] = _round_encoder.encode(decision.now)
            elif isinstance(decision, AlertOrder):
                commit.outbox.extend(self._to_deliver(decision))
                conversation = self.tracker.conversation(decision.shop, decision.conversation)
                if conversation is not None:
                    told.append(conversation)
            elif isinstance(decision, AlertState):
                commit.alerts.append(decision)
                if decision.conversation is not None:
                    conversation = self.tracker.conversation(decision.shop, decision.conversation)
                    if conversation is not None:
                        told.append(conversation)
            elif isinstance(decision, FeedGap | ShiftWorked | PersonDay):
                commit.records.append(decision)
            elif isinstance(decision, TellPeople) and decision.to not in ON_PAGES:
                commit.outbox.extend(self._to_deliver(decision))
                for wait in decision.waits:
                    conversation = self.tracker.conversation(wait.shop, wait.conversation)
                    if conversation is not None:
                        told.append(conversation)
        commit.rounds = list(rounds.items())
        commit.policies = self.tracker.policies.new[:]
        self.tracker.policies.new.clear()
        return told

    def _to_deliver(self, decided: AlertOrder | TellPeople) -> Sequence[Delivery]:
        """Return what is to be told. Receivers live in the world's time: where ours is another, it is decided now."""
        deliveries = self._router(decided)
        if self.tracker.wall:
            return deliveries
        now_ms = self._clock.now_ms()
        return [
            replace(told, decided_at_ms=now_ms, expires_at_ms=now_ms + told.expires_at_ms - told.decided_at_ms)
            for told in deliveries
        ]

    def _see(self, changes: Changes) -> list[Conversation]:
        """Collect what changed on the board; return the conversations that were touched."""
        touched = list(self.tracker.changed)
        if not touched:
            return touched
        why: dict[int, str] = {}
        for decision in changes.decisions:
            if isinstance(decision, CloseRound):
                why[decision.round.wait] = decision.round.outcome
            elif isinstance(decision, RestateRound) and decision.now is not None:
                why[decision.now.wait] = decision.now.outcome
            elif isinstance(decision, WithdrawAlert):
                why.setdefault(decision.wait, "withdrawn")
        for conversation, was in self.tracker.changed.items():
            row = self.tracker.row(conversation)
            self._promises.note(conversation, self.tracker.promise(conversation))
            if was and (row is None or row.wait != was):
                changes.gone.append((was, why.get(was, "withdrawn")))
            if row is not None:
                changes.rows.append(row)
        self.tracker.changed.clear()
        return touched

    async def _store(
        self,
        commit: Commit,
        *,
        rows: int,
        at_once: Iterable[Conversation] = (),
        waiting: Sequence[_Submission] = (),
        all_rows: bool = False,
    ) -> None:
        """Commit, again and again until the disk takes it; senders are not kept waiting for that."""
        now_ms = self._clock.now_ms()
        saved = self._saving.take(rows, now_ms + (ROW_AGE_MS if all_rows else 0), at_once)
        commit.rows = [
            (
                c.shop,
                c.id,
                c.number,
                c.state.wait is not None or c.state.promise is not None,
                self.tracker.encode(c),
            )
            for c in saved
        ]
        known = self.tracker.known
        is_old = abs(now_ms - self._shard_saved_at_ms) >= SHARD_AGE_MS
        if all_rows or is_old or (at_once and known != self._shard_knew) or self.tracker.unsaved:
            commit.saved_position = self._saving.saved_position(self._position)
            commit.shard = self.tracker.encode_shard()
            self._shard_saved_at_ms, self._shard_knew = now_ms, known
        while True:
            try:
                await self.journal.commit(commit)
            except StoreUnavailable as error:
                if self.ready.store_error is None:
                    log.error("nothing can be stored: %s; trying again every %g s", error, RETRY_SECONDS)
                self.ready.store_error = str(error)
                self._turn_away(waiting, error)
                if self._stopping:
                    raise
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._until_stopping(), RETRY_SECONDS)
            else:
                if self.ready.store_error is not None:
                    log.warning("the disk takes events again")
                self.ready.store_error = None
                return

    async def _until_stopping(self) -> None:
        while not self._stopping:
            self._wake.clear()
            await self._wake.wait()

    def _turn_away(self, waiting: Sequence[_Submission], error: StoreUnavailable) -> None:
        """Tell senders that what they sent is not stored. What is in hand is still tried: sent again, it is known."""
        for submission in waiting:
            if not submission.done.done():
                submission.done.set_exception(StoreUnavailable(str(error)))
        while self._queue:
            submission = self._queue.popleft()
            self._waiting_bytes -= submission.batch.size
            self._waiting_events -= len(submission.batch.events) - submission.at
            if not submission.done.done():
                submission.done.set_exception(StoreUnavailable(str(error)))


_round_encoder = msgspec.json.Encoder()


def _conversation_of(event: AnyEvent) -> str | None:
    """Return which conversation's history an event is of; of a merge, that which stands for both from then on."""
    return event.into if isinstance(event, BuyerMerged) else event.conversation or event.buyer


def _identity(event: AnyEvent) -> tuple[str, str]:
    return (scope(event), event.id)


def _conflict(event: AnyEvent) -> Refusal:
    body = encode_event(event)
    return Refusal(
        index=0,
        path="$",
        error=f"another event with id {event.id!r} is stored for this shop and says something else; the first stands",
        reason="conflict",
        body=body,
        length=len(body),
        sha256="",
    )


def _as_it_is(body: bytes) -> bytes:
    return body


def _quarantined(
    batch: Batch, refusal: Refusal, now_ms: int, keep_body: Callable[[bytes], bytes] = _as_it_is
) -> Quarantined:
    return Quarantined(
        at_ms=now_ms,
        door=batch.door,
        source=batch.source,
        index=refusal.index,
        path=refusal.path,
        error=refusal.error,
        reason=refusal.reason,
        body=keep_body(refusal.body),
        length=refusal.length,
        sha256=refusal.sha256,
    )
