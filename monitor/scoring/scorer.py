"""Keeps the scores of the last days up to date, beside the loop and never in its way.

After each commit the conversations it touched are noted, which is all that the hot path
pays. A moment later, in time that the loop can spare, each is read back from the journal
and scored anew, once for all that came meanwhile, in slices of a few milliseconds; its old
sheet leaves the cells, the new one enters. So a late message, a recall or a backfill is
nothing special.

Nothing here is state that a crash could lose: a start scores again what the journal
holds of the days that were kept before it, and until that is done says so (`complete`).
The sums of a day are written down once it is over, and again if something still changes
them. What comes to light of a day longer over (`long_over`) has that shop's day scored
from the journal alone, who was there and what feeds told of themselves read back with it.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from heapq import heappop, heappush

from monitor.core import events as ev
from monitor.core.decisions import CloseRound, JoinChats, RestateRound
from monitor.core.presence import Worker
from monitor.core.roster import Register
from monitor.core.scores.board import Board, Entity, Sheet, sheet
from monitor.core.scores.chats import ShopChats
from monitor.core.scores.days import days
from monitor.core.scores.floor import ZONE
from monitor.core.scores.judge import HIT, MISS
from monitor.core.scores.profile import Profile, ProfileBook
from monitor.core.scores.rounds import NEVER_MS
from monitor.core.scores.ruled import WITHOUT_RULES, ShopRules
from monitor.core.scores.staff import NOBODY_WRITTEN_DOWN
from monitor.core.views import CANARY
from monitor.errors import StoreUnavailable
from monitor.metrics import Metrics
from monitor.scoring.basis import DAYS_KEPT, LATE_MS, Basis, Faults
from monitor.scoring.following import Changes, Seen
from monitor.scoring.logs import BATCH, BEFORE_MS, Key, heads_of, opened, read_logs
from monitor.scoring.long_over import LongOver
from monitor.scoring.manning import Manning
from monitor.scoring.recount import Recount, day_rows
from monitor.spare import Pace, Spare
from monitor.store.scores import ScoreStore

log = logging.getLogger(__name__)

SETTLE_SECONDS = 1.0  # A chat in which much is said is scored once a second.
KEEP_SECONDS = 60.0  # Between two looks at whether a day is over, or one that was over has changed.


class Scorer:
    """Scores of the last days.

    Args:
        store: the part of the journal that scores stand on.
        now_ms: the time.
        book: returns the profiles in force.
        metrics: where rounds of shops are counted.
        rules: returns what the rules in force ask of shops.
        register: returns who is who.
        workers: returns what is known of people when this begins.
        kept_from_ms: returns from when on the journal holds all that was said.
        spare: the loop's spare time; None: all of it.

    Attributes:
        basis: what all is scored by.
        store: the part of the journal that scores stand on.
        complete: whether all of them are scored: not yet after a start, nor while other profiles have them scored anew.
        seen: how fresh the feeds of each shop are.
        recount: scores what has left the memory, and spans of it, from the journal.
        hours_told: the last hour of which it was said that its rate is low, by shop and profile.
    """

    def __init__(
        self,
        store: ScoreStore,
        *,
        now_ms: Callable[[], int],
        book: Callable[[], ProfileBook],
        metrics: Metrics,
        rules: Callable[[], ShopRules] = lambda: WITHOUT_RULES,
        register: Callable[[], Register] = lambda: NOBODY_WRITTEN_DOWN,
        workers: Callable[[], Iterable[Worker]] = lambda: (),
        kept_from_ms: Callable[[], int] = lambda: -NEVER_MS,
        spare: Spare | None = None,
    ) -> None:
        self._manning = Manning()
        self._dirty: set[Key] = set()
        self._dirty_since = self._scoring_since = 0.0  # When the oldest change was noted; 0: there is none.
        self.basis = Basis(
            store,
            now_ms,
            kept_from_ms,
            register,
            workers,
            days(ZONE),
            Pace(spare or Spare(), waited=lambda: self.lag_seconds),
            Faults(metrics),
            self._manning.staff,
            book(),
            rules(),
            Board(book()),
        )
        self.store = store
        self._now_ms = now_ms
        self._book = book
        self._metrics = metrics
        metrics.scores_lag = lambda: self.lag_seconds
        self._rules = rules
        self._register = register
        self._credited_by = register()
        self.complete = False
        self.seen: dict[str, Seen] = {}
        self.hours_told: dict[tuple[str, str], int] = {}
        self._due: list[tuple[int, Key]] = []
        self._wake = asyncio.Event()
        self._caught_up = False
        self._through = 0  # The day up to which it was noted that sums are written down.
        self._number = 1 << 50  # Of what has no place in the journal here; after all that has.
        self._days = self.basis.days
        self.recount = Recount(self.basis)
        self._long_over = LongOver(self.basis, self.recount)

    @property
    def board(self) -> Board:
        """The cells of the days that are kept."""
        return self.basis.board

    @property
    def shops(self) -> dict[str, ShopChats]:
        """What is known of each shop besides its chats."""
        return self.basis.shops

    @property
    def book(self) -> ProfileBook:
        """The profiles all is scored by."""
        return self.basis.book

    @property
    def today(self) -> int:
        """The floor's day."""
        return self._days.of(self._now_ms()).number

    @property
    def lag_seconds(self) -> float:
        """For how long the oldest change waits that is not in the scores."""
        since = self._scoring_since or self._dirty_since
        return time.monotonic() - since if since else 0.0

    # -- what the loop calls -----------------------------------------------------------------------------------------

    def watch(self, changes: Changes) -> None:
        """Note what a commit has touched."""
        dirty, seen = self._dirty, self.seen
        now_ms, found = changes.now_ms, False
        late_ms = now_ms - LATE_MS
        for accepted in changes.events:
            if accepted.outcome != "accepted" or accepted.event.platform == CANARY:
                continue
            event = accepted.event
            shop = event.shop
            if type(event) is ev.Message:
                dirty.add((shop, event.conversation or event.buyer or ""))
                fresh = seen.get(shop)
                if fresh is None:
                    fresh = seen[shop] = Seen()
                    self.basis.shop(shop, event.platform)
                fresh.hear(event, now_ms)
                if event.ts_ms < late_ms:
                    found = True
            else:
                self._note(event)
                found = found or event.ts_ms < late_ms or type(event) is ev.BuyerMerged
        for decision in changes.decisions:
            if isinstance(decision, CloseRound):
                if decision.round.platform != CANARY:
                    dirty.add((decision.round.shop, decision.round.conversation))
            elif isinstance(decision, RestateRound):
                one = decision.now or decision.was
                assert one is not None
                dirty.add((one.shop, one.conversation))
            elif isinstance(decision, JoinChats):
                dirty.add((decision.shop, decision.into))
                for chat in decision.chats:
                    self.basis.shop(decision.shop).join(chat, decision.into, now_ms)
                    dirty.add((decision.shop, chat))
        self._long_over.follow(changes.position, found=found)
        if dirty:
            self._dirty_since = self._dirty_since or time.monotonic()
        if dirty or self._manning.waiting or self._long_over.waiting:
            self._wake.set()

    def _note(self, event: ev.AnyEvent) -> None:
        """Take an event that is no message."""
        if isinstance(event, ev.AgentPresence):
            self._manning.note(event, self._register())
            return
        if isinstance(event, ev.ScoreStood):
            self._said(event)
            return
        if not event.shop:
            return
        key = event.conversation or event.buyer
        shop = self.basis.shop(event.shop, event.platform)
        if isinstance(event, ev.WaitingSnapshot | ev.AccountStatus | ev.SyncRange | ev.BuyerMerged):
            self._number += 1
            shop.note(event, self._number)
            if isinstance(event, ev.WaitingSnapshot):
                self._dirty.update((event.shop, row.conversation or row.buyer or "") for row in event.rows)
            elif not isinstance(event, ev.BuyerMerged):  # Which chats those are is decided: `JoinChats`.
                self._dirty.update(self.board.keys(event.shop))  # Rare, and any of its chats may read otherwise now.
        elif key:
            self._dirty.add((event.shop, key))

    def _said(self, event: ev.ScoreStood) -> None:
        """Remember what we have said ourselves of an hour, also after a start: it is said once."""
        if event.level == "hour":
            name = (event.shop, event.profile)
            self.hours_told[name] = max(event.hour_ms, self.hours_told.get(name, 0))

    # -- life --------------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Keep the scores until cancelled."""
        await self._until_done(self.catch_up)
        kept_at = time.monotonic()
        while True:
            with_time = self._due[0][0] - self._now_ms() if self._due else NEVER_MS
            seconds = max(SETTLE_SECONDS, min(with_time / 1000, KEEP_SECONDS))
            try:
                async with asyncio.timeout(seconds):  # Python 3.11's `wait_for` may miss that we are to stop.
                    await self._wake.wait()
            except TimeoutError:
                pass
            else:
                await asyncio.sleep(SETTLE_SECONDS)
            await self._until_done(self.settle)
            due = time.monotonic() - kept_at >= KEEP_SECONDS
            if due:
                kept_at = time.monotonic()
                if not self._caught_up:
                    await self._until_done(self.catch_up)
            # What is not all scored would be written down in place of what is.
            if self.complete and (due or self.basis.first_day > self.board.first_day):
                await self._until_done(self.keep)

    async def _until_done(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do a piece of work; where the disk cannot be read now, a little later."""
        while True:
            try:
                await work()
            except StoreUnavailable as error:
                log.debug("scores wait for the disk: %s", error)
                await asyncio.sleep(SETTLE_SECONDS)
            except Exception as error:
                # They only watch: waits and alerts go on without them.
                self.basis.faults.note("all", repr(error))
                return
            else:
                return

    async def catch_up(self) -> None:
        """Score the days that are kept, and those over that are not written down yet."""
        through = await self.store.through()
        self.basis.lately = self._days.of(self._now_ms() - LATE_MS).number
        first = self.basis.first_day
        if through:
            # What was in memory when the sums were last written down may have changed after that.
            first = max(min(first, through + 2 - DAYS_KEPT), self.today - 40)
            # Of a day that the journal has begun to delete only what was written down is whole.
            first = max(first, min(self._days.of(self.basis.kept_from_ms()).number + 1, through + 1))
        self.board.first_day = first
        staff = self._manning.staff
        staff.begin(self.basis.workers(), self._register())
        after = await self.store.position_at(self._days.numbered(first).start_ms)
        while True:
            last, chats, of_shops = await self.store.active(after)
            if last == after:
                break
            after = last
            self._dirty |= chats
            for logged in of_shops:
                event = opened(logged, self.basis.faults)
                if event is None:
                    continue
                if isinstance(event, ev.AgentPresence):
                    staff.note(event, self._register())
                elif isinstance(event, ev.ScoreStood):
                    self._said(event)
                elif event.shop:
                    self.basis.shop(event.shop, event.platform).note(event, logged.position)
                    if isinstance(event, ev.WaitingSnapshot):
                        self._dirty.update((event.shop, row.conversation or row.buyer or "") for row in event.rows)
        for name, chat, into in await self.store.merged():
            self.basis.shop(name).join(chat, into, self._now_ms())
        self._manning.begin()
        await self._long_over.begin(after)
        await self.settle()
        await self.keep()
        self._caught_up = self.complete = True

    async def settle(self) -> None:
        """Score anew what has been touched, or is due.

        What is touched meanwhile has its turn the next time: where chat never ends, days are let go all the same.
        """
        fresh = self._book()
        if fresh is not self.basis.book:
            self._take_profiles(fresh)
        register = self._register()
        if register is not self._credited_by:
            self._take_register(register)
        rules = self._rules()
        if rules is not self.basis.rules:
            self._take_rules(rules)
        now_ms = self._now_ms()
        # Before what is to be scored is looked at: what is said of a day that is let go of is scored by then.
        self.basis.lately = self._days.of(now_ms - LATE_MS).number
        while self._due and self._due[0][0] <= now_ms:
            self._dirty.add(heappop(self._due)[1])
        self._wake.clear()
        self._dirty |= await self._manning.look(self.board)
        todo, self._dirty = list(self._dirty), set()
        if todo:
            self._scoring_since, self._dirty_since = self._dirty_since or time.monotonic(), 0.0
        for at in range(0, len(todo), BATCH):
            try:
                await self._score(todo[at : at + BATCH])
            except BaseException:
                self._dirty.update(todo[at:])
                self._dirty_since = self._scoring_since
                raise
        self._scoring_since = 0.0
        self.complete = self._caught_up
        await self._long_over.settle()
        if self._long_over.waiting:
            self._wake.set()

    def _take_profiles(self, book: ProfileBook) -> None:
        """Score all that is kept by other profiles: each unit still by the version of its day."""
        same = book.same_as(self.basis.book)
        self.basis.book = book
        if same:
            return
        fresh = Board(book)
        fresh.first_day = self.board.first_day
        self._dirty.update(self.board.all_keys())
        self.basis.board, self.complete = fresh, False

    def _take_register(self, register: Register) -> None:
        """Score all that is kept anew where it is others' by who is who now."""
        before, self._credited_by = self._credited_by, register
        if any(getattr(before, part) != getattr(register, part) for part in ("persons", "accounts", "slots")):
            self._dirty.update(self.board.all_keys())
            self._long_over.renamed()

    def _take_rules(self, rules: ShopRules) -> None:
        """Score all that is kept of the shops anew of which other rules ask something else."""
        before, self.basis.rules = self.basis.rules, rules
        span = self._days.numbered(self.board.first_day).start_ms, self._now_ms()
        for shop in self.shops.values():
            if not before.asks_the_same(rules, shop, *span):
                self._dirty.update(self.board.keys(shop.name))

    async def _score(self, keys: list[Key]) -> None:
        """Score some chats from what the journal holds of them."""
        basis, board = self.basis, self.board
        await basis.pace.begin()
        heads = heads_of(keys, self.shops)
        for key in keys:
            if (shop := self.shops.get(key[0])) is not None:
                shop.spoken(key[1], self._now_ms())
            if key not in heads:  # It is part of another now.
                board.put(*key, Sheet(key[0], key[1], {}, []))
        logs = await read_logs(basis, heads, basis.start_of(board.first_day) - BEFORE_MS)
        now_ms = self._now_ms()
        for key, (entries, buyer, platform) in logs.items():
            if platform == CANARY:
                continue
            shop = basis.shop(key[0], platform)
            basis.rules.give(shop, now_ms)
            try:
                new = sheet(shop, key[1], basis.book, now_ms, log=entries, buyer=buyer, first_day=board.first_day)
            except Exception:
                # One chat that a fault of ours cannot take must not keep all others from being scored.
                basis.faults.note("chat", *key)
                continue
            old = board.put(*key, new)
            self._manning.scored(key, now_ms)
            if new.next_ms < NEVER_MS:
                heappush(self._due, (new.next_ms, key))
            if self.complete:
                self._count(shop, old, new)
            await basis.pace.rest()

    def _count(self, shop: ShopChats, old: Sheet | None, new: Sheet) -> None:
        """Count what has come out by the shop's own profile; what is corrected later is in the API, not here."""
        own = self.book.own(shop.platform)
        id = own.id if own is not None else "rate_3min_round"
        for verdict, within in ((HIT, "true"), (MISS, "false")):
            was = () if old is None else old.marks.get(id, ())
            more = sum(m.verdict == verdict for m in new.marks.get(id, ())) - sum(m.verdict == verdict for m in was)
            if more > 0:
                self._metrics.shop_rounds.add(shop.name, within, n=more)

    # -- days --------------------------------------------------------------------------------------------------------

    async def keep(self) -> None:
        """Write down the sums of days that are over; let go of what is older than is kept.

        A day is let go of when nothing comes any more, but late, that may change it.
        """
        board, pace = self.board, self.basis.pace
        self._manning.let_go(self._now_ms())
        await pace.begin()
        today, first, through = self.today, self.basis.first_day, self.basis.lately - 1
        for day in [day for day in sorted(board.touched) if day < today]:
            board.touched.discard(day)  # What changes meanwhile is written down the next time.
            try:
                await self.store.keep_day(day, await day_rows(board, day, pace))
            except BaseException:
                board.touched.add(day)
                raise
        if self._through != through:
            await self.store.note_through(through)
            self._through = through
        if first > board.first_day:
            board.drop(first)
            from_ms = self.basis.start_of(first) - BEFORE_MS
            for shop in self.shops.values():
                shop.forget(from_ms)
            self._manning.staff.forget(from_ms)
            for _ in board.sweep():
                await pace.rest()

    def counts_today(self, shop: str, profile: Profile) -> list[int]:
        """Return what a shop's units of this day, as the profile has it, came to."""
        sums = self.board.sums(Entity("shop", shop), self._day_of(profile), profile.id)
        return [0, 0, 0, 0] if sums is None else sums.counts

    def missed_today(self, shop: str, profile: Profile) -> list[int]:
        """Return when each miss of a shop's units of this day, as the profile has it, became one."""
        return self.board.missed_at(shop, self._day_of(profile), profile.id)

    def _day_of(self, profile: Profile) -> int:
        return days(profile.zone, profile.day_starts_ms or 0).of(self._now_ms()).number
