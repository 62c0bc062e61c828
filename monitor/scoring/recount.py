"""Scores of a span from what the journal holds of it, apart from those that are kept up to date.

A shift or an hour that somebody asks for; and a shop's day long over into which something
was backfilled.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping

from monitor.core.presence import Worker
from monitor.core.roster import Register
from monitor.core.scores.board import Board, pack, sheet
from monitor.core.scores.chats import ShopChats
from monitor.core.scores.days import Days
from monitor.core.scores.profile import ProfileBook
from monitor.core.scores.ruled import ShopRules
from monitor.core.scores.staff import Staff
from monitor.core.views import CANARY
from monitor.scoring.logs import BATCH, BEFORE_MS, Key, heads_of, read_logs
from monitor.scoring.past import Past, chats_since
from monitor.spare import Pace
from monitor.store.scores import DayRow, ScoreStore


async def day_rows(board: Board, day: int, pace: Pace) -> list[DayRow]:
    """Return the sums of a day as they are written down, made in slices."""
    rows = []
    for entity in sorted(board.entities([day])):
        rows.append(DayRow(day, entity.dim, entity.shop, entity.name, pack(board.row(entity, [day]))))
        await pace.rest()
    return rows


class Recount:
    """Scores spans from the journal.

    Args:
        store: the part of the journal that scores stand on.
        days: the floor's.
        now_ms: the time.
        book: returns the profiles all is scored by.
        first_day: returns the first day that is in memory.
        shops: what is known today of each shop besides its chats.
        shop: returns that of one, by its name and platform.
        rules: returns what the rules ask of shops.
        register: returns who is who.
        workers: returns what is known of people without the journal.
        pace: between slices of work.
    """

    def __init__(
        self,
        store: ScoreStore,
        days: Days,
        *,
        now_ms: Callable[[], int],
        book: Callable[[], ProfileBook],
        first_day: Callable[[], int],
        shops: Mapping[str, ShopChats],
        shop: Callable[[str, str | None], ShopChats],
        rules: Callable[[], ShopRules],
        register: Callable[[], Register],
        workers: Callable[[], Iterable[Worker]],
        pace: Pace,
    ) -> None:
        self._store = store
        self._days = days
        self._now_ms = now_ms
        self._book = book
        self._first_day = first_day
        self._shops = shops
        self._shop = shop
        self._rules = rules
        self._register = register
        self._workers = workers
        self._pace = pace

    async def day(self, name: str, day: int) -> None:
        """Write down anew a shop's day that is long over."""
        span = self._days.numbered(day)
        keys, shops = await self._read_back(lambda shop: shop == name, span.start_ms, span.end_ms)
        board = Board(self._book())
        await self._onto(board, keys, shops, span.start_ms)
        await self._store.keep_day(day, await day_rows(board, day, self._pace), shop=name)

    def heads(self, shop: str, buyers: Iterable[str]) -> dict[str, str]:
        """Return by each name of some buyers, as is known today, the one under which they are known."""
        known = self._shops.get(shop)
        if known is None:
            return {}
        return {name: head for head in map(known.one, buyers) for name in known.members(head)}

    async def between(self, from_ms: int, to_ms: int, wanted: Callable[[str], bool]) -> Board:
        """Score what began from, and before, some instants.

        Args:
            from_ms: from then on.
            to_ms: before then.
            wanted: whether a shop is asked for.
        """
        keys, shops = await self._read_back(wanted, from_ms, to_ms)
        board = Board(self._book())
        await self._onto(board, keys, shops, from_ms, from_ms=from_ms, to_ms=to_ms)
        return board

    async def _read_back(
        self, wanted: Callable[[str], bool], from_ms: int, to_ms: int
    ) -> tuple[set[Key], dict[str, ShopChats]]:
        """Return the chats that were spoken in since an instant, and what is known of their shops besides."""
        if from_ms >= self._days.numbered(self._first_day()).start_ms:
            keys = await chats_since(self._store, from_ms, wanted)
            return keys, {name: self._shop(name, None) for name, _ in keys}
        staff, register = Staff(), self._register()
        staff.begin(self._workers(), register)
        past = Past(wanted, from_ms, to_ms, staff, register)
        await past.read(self._store, from_ms - BEFORE_MS, self._shops)
        return past.keys, past.shops

    async def _onto(
        self, board: Board, keys: Iterable[Key], shops: dict[str, ShopChats], since_ms: int, **span: int
    ) -> None:
        """Score chats of the past onto a board of their own."""
        now_ms = self._now_ms()
        heads = list(heads_of(keys, shops).items())
        for at in range(0, len(heads), BATCH):
            logs = await read_logs(self._store, dict(heads[at : at + BATCH]), since_ms - BEFORE_MS, self._register())
            for key, (entries, buyer, platform) in logs.items():
                shop = shops[key[0]]
                if platform and shop.platform == "unknown":
                    shop.platform = platform
                if shop.platform == CANARY:
                    continue
                self._rules().give(shop, now_ms)
                board.apply(sheet(shop, key[1], self._book(), now_ms, log=entries, buyer=buyer, **span), 1)
            await asyncio.sleep(0)
