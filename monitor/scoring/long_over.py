"""Days long over that are scored again: their sums were written down, and something has come to light since.

What was backfilled into one; buyers of one who turned out to be one buyer, for a buyer with two names was counted
twice; agents of one who turned out to be one person, for whom both served is one too. As far as the journal holds all
of the day; after that its sums stay as they are.
"""

import logging
from collections.abc import Callable

from monitor.core.roster import Register
from monitor.core.scores.days import Days
from monitor.errors import StoreUnavailable
from monitor.scoring.logs import BEFORE_MS
from monitor.scoring.recount import Recount
from monitor.store.scores import ScoreStore

log = logging.getLogger(__name__)

MERGED_AT_MOST = 10_000  # Names of buyers of one shop that are looked for at once.


class LongOver:
    """What is to be scored again, one shop's day at a time.

    Args:
        store: the part of the journal that scores stand on.
        days: the floor's.
        recount: scores them.
        register: returns who is who.
        first_day: returns the first day that is in memory, and needs no looking after here.
        kept_from_ms: returns from when on the journal holds all that was said.
    """

    def __init__(
        self,
        store: ScoreStore,
        days: Days,
        recount: Recount,
        *,
        register: Callable[[], Register],
        first_day: Callable[[], int],
        kept_from_ms: Callable[[], int],
    ) -> None:
        self._store = store
        self._days = days
        self._recount = recount
        self._register = register
        self._first_day = first_day
        self._kept_from_ms = kept_from_ms
        self._redo: dict[tuple[str, int], None] = {}  # In order.
        self._merged: dict[str, set[str]] = {}  # By shop: the names of buyers who turned out to be others.
        self._days_to_look_at: list[int] = []  # Whether two of their agents are one person.

    @property
    def waiting(self) -> bool:
        """Whether there is anything to do."""
        return bool(self._redo or self._merged or self._days_to_look_at)

    def backfilled(self, shop: str, at_ms: int) -> None:
        """Note that something was backfilled which was said at an instant."""
        day = self._days.of(at_ms).number
        if day >= self._first_day():
            return
        if self._is_held(day):
            self._redo[shop, day] = None
        else:
            log.info("a day is not scored again, for the journal no longer holds all of it: %s %s", shop, day)

    def merged(self, shop: str, buyer: str) -> None:
        """Note that a buyer has turned out to be another."""
        names = self._merged.setdefault(shop, set())
        if len(names) < MERGED_AT_MOST:
            names.add(buyer)

    def renamed(self) -> None:
        """Note that it may be other names now by which people are known."""
        last = self._first_day() - 1
        first = max(self._days.of(self._kept_from_ms() + BEFORE_MS).number, last - 400)
        self._days_to_look_at = [day for day in range(first, last + 1) if self._is_held(day)]

    async def settle(self) -> None:
        """Do one thing of what is to be done: other chats are not kept waiting for all of it.

        Raises:
            StoreUnavailable: it is done the next time.
        """
        if self._redo:
            one = next(iter(self._redo))
            del self._redo[one]  # First: what comes to light meanwhile has it scored once more.
            try:
                await self._recount.day(*one)
            except StoreUnavailable:
                self._redo[one] = None
                raise
        elif self._merged:
            shop = next(iter(self._merged))
            await self._look_for_merged(shop, self._merged[shop].copy())
        elif self._days_to_look_at:
            await self._look_for_renamed(self._days_to_look_at[-1])
            self._days_to_look_at.pop()

    async def _look_for_merged(self, shop: str, names: set[str]) -> None:
        """Find the days on which a buyer was seen under two names, or from the one day to the next."""
        first_day, heads = self._first_day(), self._recount.heads(shop, names)
        seen: dict[str, dict[int, set[str]]] = {}
        after = ""
        while True:
            rows = await self._store.buyers(shop, after)
            if not rows:
                break
            after = rows[-1].id
            for row in rows:
                day = self._days.of(row.ts_ms).number
                name = row.conversation if row.conversation in heads else row.buyer  # A chat by one name alone.
                if name in heads and day < first_day:
                    seen.setdefault(heads[name], {}).setdefault(day, set()).add(name)
        for by_day in seen.values():
            for day, here in by_day.items():
                if len(here | by_day.get(day - 1, set()) | by_day.get(day + 1, set())) > 1 and self._is_held(day):
                    self._redo[shop, day] = None
        self._merged[shop] -= names
        if not self._merged[shop]:
            del self._merged[shop]

    async def _look_for_renamed(self, day: int) -> None:
        """Find the shops of a day in which two names are one person's."""
        known: set[tuple[str, str]] = set()
        id_of = self._register().id_of
        for shop, name in await self._store.agents(day):
            person = (shop, id_of(name))
            if person in known:
                self._redo[shop, day] = None
            known.add(person)

    def _is_held(self, day: int) -> bool:
        return self._days.numbered(day).start_ms - BEFORE_MS >= self._kept_from_ms()
