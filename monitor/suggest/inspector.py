"""Follows the engine, judges what the service says, writes down hits and counts.

Judging is put aside for a worker of its own, which takes the time that the loop can
spare: a burst of chat is judged a moment later, and no alert waits for it.
"""

import asyncio
import logging
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Collection, Sequence
from datetime import date
from functools import lru_cache
from time import monotonic
from typing import NamedTuple, Protocol

from monitor.core.decisions import Decision
from monitor.core.events import Message
from monitor.core.owed import JudgedBy, chat_of, is_judged_by, is_long, made_at_ms, round_of
from monitor.core.scores.days import days
from monitor.core.scores.floor import ZONE
from monitor.core.views import CANARY
from monitor.errors import StoreUnavailable
from monitor.metrics import Metrics
from monitor.spare import Pace, Spare
from monitor.store.entries import StoredEvent
from monitor.store.quality import Count, Owed, StoredHit
from monitor.suggest.quality import CHATS_AT_MOST, FACTS_MS, SERIOUS, Hit, Judge, Judged, Key, nothing
from monitor.suggest.talk import Change
from monitor.wire import decode_stored

log = logging.getLogger(__name__)

READ_AT_ONCE = 50  # Events read back from the journal.
FLUSH_SECONDS = 1.0
RETRY_SECONDS = 1.0  # Between two tries to read what the disk did not give.
HELD_AT_MOST = 2_000  # Hits and counts that wait to be written, before they are written at once.
WAITING_MESSAGES = 50_000  # Beyond it what waits is let go, and read back from the journal when there is time.
HISTORY_EVENTS = 100  # Of a chat that began before we did.


class Changes(Protocol):
    """What one commit changed."""

    @property
    def now_ms(self) -> int:
        """The step of the clock."""

    @property
    def events(self) -> Sequence[Change]:
        """The events that came in."""

    @property
    def decisions(self) -> Sequence[Decision]:
        """What was decided."""


class Store(Protocol):
    """Where what was judged is written."""

    async def position(self) -> int | None:
        """Up to which event was judged."""

    async def owed(self) -> Sequence[Owed]:
        """Decisions of which something hangs."""

    async def add(
        self,
        position: int,
        hits: Sequence[StoredHit],
        counts: Sequence[Count],
        withdrawn: Sequence[tuple[str, str, str]],
        *,
        commit: int,
        owing: Collection[tuple[str, str]],
    ) -> None:
        """Write what was judged."""


class Journal(Protocol):
    """What is stored of events."""

    @property
    def last_position(self) -> int:
        """Of the newest event."""

    @property
    def last_commit(self) -> int:
        """Of the newest commit."""

    async def history(
        self, shop: str, conversation: str, *, from_ms: int = 0, limit: int = 10_000
    ) -> Sequence[StoredEvent]:
        """The newest events of a conversation, in order of arrival."""

    async def beyond(self, position: int, limit: int) -> Sequence[StoredEvent]:
        """The next events after a position."""


class _Work(NamedTuple):
    noted: float  # When, by the loop's time.
    now_ms: int
    position: int
    commit: int
    messages: list[tuple[Message, int]]
    decisions: list[JudgedBy]


class Inspector:
    """Judges all that is said; hand `watch` to the engine.

    Args:
        judge: the rules.
        store: where hits go.
        journal: what was said before.
        metrics: counts hits by rule.
        team_of: whose shop it is.
        keep_words: write the words of a hit down; else only where they stand.
        spare: the loop's spare time; None: all of it.

    Attributes:
        judge: the rules; takes other word lists by its `reload`.
    """

    def __init__(
        self,
        judge: Judge,
        store: Store,
        journal: Journal,
        metrics: Metrics,
        *,
        team_of: Callable[[str], str],
        keep_words: bool = True,
        spare: Spare | None = None,
    ) -> None:
        self._pace = Pace(spare or Spare(), waited=self._waited_seconds, hurry=lambda: self._stopping)
        self.judge = judge
        self._store = store
        self._journal = journal
        self._metrics = metrics
        self._team_of = team_of
        self._keep_words = keep_words
        self._work: deque[_Work] = deque()
        self._news = asyncio.Event()
        self._stopping = False
        self._waiting = 0  # Messages in the work.
        self._began_with = journal.last_position  # 0: the journal was empty, and no chat began before us.
        self._began_ms = 0  # When the first message was said since.
        self._behind_to = self._began_with  # Up to here is to be judged what is only in the journal.
        self._behind_commit = journal.last_commit  # And the decisions up to here.
        self._behind_since = monotonic()
        self._position = 0
        self._commit = 0
        self._stuck = False  # The disk could not be read in the middle of that.
        self._taken_up = not self._began_with  # What decisions of an earlier run still owe.
        self._done = nothing()
        self._known: OrderedDict[Key, None] = OrderedDict()  # Chats whose beginning was looked for.
        self._serious: list[Callable[[StoredHit], None]] = []

    def on_serious(self, told: Callable[[StoredHit], None]) -> None:
        """Call ``told`` for each serious hit once it is written down."""
        self._serious.append(told)

    def watch(self, changes: Changes) -> None:
        """Take one commit."""
        messages = [
            (change.event, change.words)
            for change in changes.events
            if change.outcome == "accepted" and type(change.event) is Message and change.event.platform != CANARY
        ]
        decisions = [one for one in changes.decisions if is_judged_by(one)]
        now = (self._journal.last_position, self._journal.last_commit)
        self._work.append(_Work(monotonic(), changes.now_ms, *now, messages, decisions))
        self._waiting += len(messages)
        if self._waiting > WAITING_MESSAGES:
            if self._position >= self._behind_to:
                self._behind_since = self._work[0].noted
            self._work.clear()
            self._waiting = 0
            self._behind_to, self._behind_commit = now
        self._news.set()

    def stop(self) -> None:
        """Judge what was taken, write it down, end."""
        self._stopping = True
        self._news.set()

    async def run(self) -> None:
        """Judge until `stop`."""
        loop = asyncio.get_running_loop()
        if not self._began_with:
            await self._flush()  # From here on all is judged, whenever this run ends.
        flushed_at = loop.time()
        while True:
            if not self._work and self._position >= self._behind_to and not self._stopping:
                waiting = self._done.hits or self._done.tallies or self._done.withdrawn
                self._news.clear()
                try:
                    async with asyncio.timeout(FLUSH_SECONDS if waiting else None):
                        await self._news.wait()
                except TimeoutError:
                    pass
            await self._pace.begin()
            if self._position < self._behind_to and not await self._catch_up():
                if self._stopping:
                    return  # Nothing of it is written down: the next start judges it from where that was left off.
                await asyncio.sleep(RETRY_SECONDS)
                continue
            while self._work:
                await self._take(self._work.popleft())
                if len(self._done.hits) + len(self._done.tallies) >= HELD_AT_MOST:
                    await self._flush()
            if self._stopping or loop.time() - flushed_at >= FLUSH_SECONDS:
                await self._flush()
                flushed_at = loop.time()
            if self._stopping:
                return

    def _waited_seconds(self) -> float:
        if self._position < self._behind_to:
            return monotonic() - self._behind_since
        return monotonic() - self._work[0].noted if self._work else 0.0

    async def _take(self, work: _Work) -> None:
        self._waiting = max(0, self._waiting - len(work.messages))
        for message, words in work.messages:
            await self._say(message, words)
            await self._pace.rest()
        for decision in work.decisions:
            await self._decided(decision, work.position)
        self.judge.due(work.now_ms, self._done)
        self._position = max(self._position, work.position)
        self._commit = work.commit

    async def _say(self, message: Message, words: int) -> None:
        if message.role != "buyer":
            await self._recall(self.judge.chat_of(message), message.ts_ms, before=message.id)
        self.judge.take(message, words, self._done)

    async def _decided(self, decision: JudgedBy, position: int) -> None:
        await self._recall(chat_of(decision), made_at_ms(decision), up_to=position)
        self.judge.decide(decision, self._done)

    async def _recall(self, key: Key, at_ms: int, *, before: str = "", up_to: int | None = None) -> None:
        """Bring back what was said before in a chat that is not known from its beginning.

        Args:
            key: which chat.
            at_ms: when.
            before: the message that what is wanted was said before.
            up_to: the position up to which it was said.
        """
        if not self._began_with:
            return  # The journal was empty: no chat began before us.
        self._began_ms = self._began_ms or at_ms
        if key in self._known or at_ms - self._began_ms > FACTS_MS:
            return
        self._known[key] = None
        if len(self._known) > CHATS_AT_MOST:
            self._known.popitem(last=False)
        try:
            stored = await self._journal.history(*key, from_ms=max(0, at_ms - FACTS_MS), limit=HISTORY_EVENTS)
        except StoreUnavailable:
            return
        said = []
        for item in stored:
            event = decode_stored(item.body)
            if event.id == before or (up_to is not None and item.position > up_to):
                break
            if type(event) is Message:
                said.append((event, item.words))
        self.judge.remember(key, said)

    async def _catch_up(self) -> bool:
        """Judge what was stored and not yet judged: events and decisions in the order in which they were stored.

        Returns:
            Whether that is done; where the disk cannot be read now, it goes on from there the next time.
        """
        try:
            if not self._position:
                judged = await self._store.position()
                # The first time nothing was: what is older was said under no rules of ours.
                self._position = self._began_with if judged is None else judged
            last, last_commit = self._behind_to, self._behind_commit
            decided = await self._take_up(last_commit)
            while self._position < last:
                stored = await self._journal.beyond(self._position, READ_AT_ONCE)
                if not stored:
                    break
                for item in stored:
                    await self._decide_up_to(item.position - 1, decided)
                    event = decode_stored(item.body)
                    if type(event) is Message and event.platform != CANARY and item.position <= last:
                        await self._say(event, item.words)
                self._position = min(stored[-1].position, last)
                await self._pace.rest()
            self._position = last
            await self._decide_up_to(last, decided)
            self._commit = last_commit
            await self._flush()
        except StoreUnavailable as error:
            if not self._stuck:
                log.warning("quality: what is only in the journal is judged later: %s", error)
            self._stuck = True
            return False
        self._stuck = False
        return True

    async def _take_up(self, last_commit: int) -> deque[Owed]:
        """Return the decisions that are not judged yet; take up what those of an earlier run still owe."""
        decided: deque[Owed] = deque()
        for one in await self._store.owed():
            if not one.judged:
                # Where it goes on, those before the stretch that could not be read were judged by then.
                if self._commit < one.commit <= last_commit and (not self._stuck or one.position >= self._position):
                    decided.append(one)
            elif not self._taken_up and is_long(done := round_of(one.decision)):
                await self._recall(chat_of(one.decision), made_at_ms(one.decision), up_to=self._position)
                self.judge.owe(done)
        self._taken_up = True
        return decided

    async def _decide_up_to(self, position: int, decided: deque[Owed]) -> None:
        while decided and decided[0].position <= position:
            one = decided.popleft()
            await self._decided(one.decision, one.position)

    async def _flush(self) -> None:
        """Write down what was judged; where the disk takes nothing it stays for the next time, bounded."""
        done, self._done = self._done, nothing()
        hits = [self._stored(hit) for hit in done.hits]
        counts: Counter[tuple[str, str, str, str, str]] = Counter()
        for one in done.tallies:
            counts[_day(one.at_ms), one.shop, self._team_of(one.shop), one.agent, one.what] += one.times
        try:
            await self._store.add(
                self._position,
                hits,
                [(*key, count) for key, count in counts.items()],
                done.withdrawn,
                commit=self._commit,
                owing=self.judge.owing,
            )
        except StoreUnavailable as error:
            log.warning("quality: not written down: %s", error)
            if len(done.hits) + len(done.tallies) < 10 * HELD_AT_MOST:
                self._done = Judged(
                    done.hits + self._done.hits,
                    done.tallies + self._done.tallies,
                    done.withdrawn + self._done.withdrawn,
                )
            return
        for hit in hits:
            self._metrics.quality_hits.add(hit.rule, hit.level)
            if hit.level == SERIOUS:
                for told in self._serious:
                    told(hit)

    def _stored(self, hit: Hit) -> StoredHit:
        return StoredHit(
            at_ms=hit.at_ms,
            day=_day(hit.at_ms),
            shop=hit.shop,
            team=self._team_of(hit.shop),
            agent=hit.agent,
            conversation=hit.conversation,
            message=hit.message,
            rule=hit.rule,
            level=hit.level,
            start=hit.start,
            end=hit.end,
            word=hit.word if self._keep_words else "",
        )


def _day(at_ms: int) -> str:
    return _day_named(days(ZONE).of(at_ms).number)


@lru_cache(64)
def _day_named(number: int) -> str:
    return date.fromordinal(number).isoformat()
