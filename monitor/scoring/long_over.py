"""Days long over that are scored again: their sums were written down, and something has come to light since.

What was backfilled; buyers of one who turned out to be one buyer, for a buyer with two names was counted twice; agents
of one who turned out to be one person, for whom both served is one too. As far as the journal holds all of the day;
after that its sums stay as they are.

Nothing of it is held in memory alone: what has come since all was last written down is found in the journal, in which
a start looks where the one before had got to. Only that something may be found there is noted as it comes.
"""

import logging
from collections.abc import Awaitable, Callable, Iterable

from monitor.core.scores.board import profiles_of
from monitor.core.scores.days import Days, days
from monitor.core.units import DAY_MS, MINUTE_MS
from monitor.errors import StoreUnavailable
from monitor.scoring.basis import DAYS_KEPT, LATE_MS, Basis
from monitor.scoring.logs import BEFORE_MS, Key
from monitor.scoring.recount import Recount
from monitor.store.scores import Late

log = logging.getLogger(__name__)

STRETCH = 32_768  # Positions of the journal that are looked through at once.
CHATS_AT_ONCE = 2_000
APART_MS = 15 * MINUTE_MS  # Days of any zone begin at a multiple of it.
FAR = 100_000  # A start looks through so much of the journal at most, where nothing was found in it.


class LongOver:
    """What is to be scored again, one shop's day at a time.

    Args:
        basis: what scores are made by.
        recount: scores them.
    """

    def __init__(self, basis: Basis, recount: Recount) -> None:
        self._basis = basis
        self._recount = recount
        self._redo: dict[tuple[str, int], None] = {}  # In order.
        self._days_to_look_at: list[int] = []  # Whether two of their agents are one person.
        self._begun = False  # Whether it is known from where to look.
        self._at = 0  # The position up to which the journal was looked through,
        self._to = 0  # that up to which it is to be,
        self._noted = 0  # and that from which a start begins.
        self._scored = False  # Whether any day was scored since that was noted.
        self._failed = False  # Whether any could not be: the next start tries again.

    @property
    def waiting(self) -> bool:
        """Whether there is anything to do."""
        return self._begun and bool(self._redo or self._days_to_look_at or self._at < self._to)

    def follow(self, position: int, *, found: bool) -> None:
        """Note a commit.

        Args:
            position: of its newest event.
            found: whether it may have something to do with a day that is over.
        """
        if found or self._at < self._to:
            self._to = position
        else:
            self._at = self._to = position

    async def begin(self, position: int) -> None:
        """Look through what has come up to a position since that was last done to the end."""
        self._at = self._noted = await self._basis.store.looked_through()
        self._to = max(self._to, position)
        self._begun = True
        self.renamed()

    def renamed(self) -> None:
        """Note that it may be other names now by which people are known."""
        basis = self._basis
        last = basis.first_day - 1
        first = max(basis.days.of(basis.kept_from_ms() + BEFORE_MS).number, last - 400)
        self._days_to_look_at = [day for day in range(first, last + 1) if self._is_held(day)]

    async def settle(self) -> None:
        """Look through a stretch and score one day again: other chats are not kept waiting for all of it.

        Raises:
            StoreUnavailable: it is done the next time.
        """
        if not self._begun:  # To note how far we are would have the next start miss what lies before it.
            return
        if self._at < self._to:
            last = min(self._at + STRETCH, self._to)
            await self._try(lambda: self._look_through(last), "stretch", self._at, last)
            self._at = last
        # A day that is let go of just now is written down once more before that.
        one = next((one for one in self._redo if one[1] < self._basis.board.first_day), None)
        if one is not None:
            shop, day = one
            del self._redo[one]  # First: what comes to light meanwhile has it scored once more.
            try:
                await self._try(lambda: self._recount.day(shop, day), "day", shop, day)
            except StoreUnavailable:
                self._redo[one] = None
                raise
            self._scored = True
        elif self._days_to_look_at:
            day = self._days_to_look_at[-1]
            await self._try(lambda: self._look_for_renamed(day), "agents")
            self._days_to_look_at.pop()
        if not self.waiting and not self._failed and (self._scored or self._at - self._noted >= FAR):
            await self._basis.store.note_looked_through(self._at)
            self._noted, self._scored = self._at, False

    async def _try(self, work: Callable[[], Awaitable[None]], what: str, *name: object) -> None:
        """Do a piece of work. What a fault of ours ends must not be in the way of all others, nor be tried for ever."""
        try:
            await work()
        except StoreUnavailable:
            raise
        except Exception:
            self._basis.faults.note(what, *name)
            self._failed = True

    async def _look_through(self, last: int) -> None:
        """Find what a stretch of the journal, up to a position, has to do with days long over."""
        basis = self._basis
        first_day = basis.first_day
        before_ms = basis.start_of(first_day + DAYS_KEPT - 1)
        late, merged = await basis.store.come_late(self._at, last, before_ms, LATE_MS)
        if late:
            await self._look_for_changed(late, first_day)
        names: dict[str, set[str]] = {}
        for shop, buyer in merged:
            names.setdefault(shop, set()).add(buyer)
        for shop, of_shop in names.items():
            await self._look_for_merged(shop, of_shop)

    async def _look_for_changed(self, late: Iterable[Late], first_day: int) -> None:
        """Find the days that what came late may have changed: on which its chat was spoken in, around when it was said.

        It may answer what was asked up to two days before, or be the first of a wait that begins with it instead of
        the day after.
        """
        around: dict[Key, tuple[int, int]] = {}
        for shop, conversation, first_ms, last_ms in late:
            known = self._basis.shops.get(shop)
            ids = [conversation] if known is None else known.members(known.one(conversation))
            for id in ids:
                from_ms, to_ms = around.get((shop, id), (first_ms, last_ms))
                around[shop, id] = min(from_ms, first_ms), max(to_ms, last_ms)
        spans = [
            (shop, id, from_ms - (DAYS_KEPT - 1) * DAY_MS, to_ms + DAY_MS)
            for (shop, id), (from_ms, to_ms) in around.items()
        ]
        found: set[tuple[str, int]] = set()
        for at in range(0, len(spans), CHATS_AT_ONCE):
            found |= await self._basis.store.said_in(
                spans[at : at + CHATS_AT_ONCE], self._basis.start_of(first_day + 1), APART_MS
            )
        by_shop: dict[str, set[int]] = {}
        for shop, said_ms in found:
            by_shop.setdefault(shop, set()).add(said_ms)
        for shop, instants in sorted(by_shop.items()):
            calendars = self._calendars(shop)
            found_days = {calendar.of(said_ms).number for said_ms in instants for calendar in calendars}
            for day in sorted(day for day in found_days if day < first_day):
                self._score_again(shop, day)

    def _calendars(self, shop: str) -> list[Days]:
        """Return by which days a shop is scored."""
        known = self._basis.shops.get(shop)
        found = {self._basis.days}
        for _, versions in profiles_of("unknown" if known is None else known.platform, self._basis.book):
            found.update(days(one.zone, one.day_starts_ms or 0) for one in versions)
        return list(found)

    async def _look_for_merged(self, shop: str, names: set[str]) -> None:
        """Find the days on which a buyer was seen under two names, or from the one day to the next."""
        basis = self._basis
        first_day, heads = basis.first_day, self._recount.heads(shop, names)
        seen: dict[str, dict[int, set[str]]] = {}
        after = ""
        while True:
            rows = await basis.store.buyers(shop, after)
            if not rows:
                break
            after = rows[-1].id
            for row in rows:
                day = basis.days.of(row.ts_ms).number
                name = row.conversation if row.conversation in heads else row.buyer  # A chat by one name alone.
                if name in heads and day < first_day:
                    seen.setdefault(heads[name], {}).setdefault(day, set()).add(name)
        for by_day in seen.values():
            for day, here in by_day.items():
                if len(here | by_day.get(day - 1, set()) | by_day.get(day + 1, set())) > 1:
                    self._score_again(shop, day)

    async def _look_for_renamed(self, day: int) -> None:
        """Find the shops of a day in which two names are one person's."""
        known: set[tuple[str, str]] = set()
        id_of = self._basis.register().id_of
        for shop, name in await self._basis.store.agents(day):
            person = (shop, id_of(name))
            if person in known:
                self._redo[shop, day] = None
            known.add(person)

    def _score_again(self, shop: str, day: int) -> None:
        if self._is_held(day):
            self._redo[shop, day] = None
        else:
            log.info("a day is not scored again, for the journal no longer holds all of it: %s %s", shop, day)

    def _is_held(self, day: int) -> bool:
        return self._basis.start_of(day) - BEFORE_MS >= self._basis.kept_from_ms()
