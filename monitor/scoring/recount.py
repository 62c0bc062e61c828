"""Scores of a span from what the journal holds of it, apart from those that are kept up to date.

A shift or an hour that somebody asks for; and a shop's day long over into which something
was backfilled.
"""

import asyncio
from collections.abc import Callable, Iterable

from monitor.core.scores.board import Board, pack, sheet
from monitor.core.scores.chats import ShopChats
from monitor.core.views import CANARY
from monitor.scoring.basis import Basis
from monitor.scoring.logs import BATCH, BEFORE_MS, Key, heads_of, read_logs
from monitor.scoring.past import Past, chats_since
from monitor.spare import Pace
from monitor.store.scores import DayRow


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
        basis: what scores are made by.
    """

    def __init__(self, basis: Basis) -> None:
        self._basis = basis

    async def day(self, name: str, day: int) -> None:
        """Write down anew a shop's day that is long over."""
        basis = self._basis
        span = basis.days.numbered(day)
        keys, shops = await self._read_back(lambda shop: shop == name, span.start_ms, span.end_ms)
        board = Board(basis.book)
        await self._onto(board, keys, shops, span.start_ms)
        await basis.store.keep_day(day, await day_rows(board, day, basis.pace), shop=name)

    def heads(self, shop: str, buyers: Iterable[str]) -> dict[str, str]:
        """Return by each name of some buyers, as is known today, the one under which they are known."""
        known = self._basis.shops.get(shop)
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
        board = Board(self._basis.book)
        await self._onto(board, keys, shops, from_ms, from_ms=from_ms, to_ms=to_ms)
        return board

    async def _read_back(
        self, wanted: Callable[[str], bool], from_ms: int, to_ms: int
    ) -> tuple[set[Key], dict[str, ShopChats]]:
        """Return the chats that were spoken in since an instant, and what is known of their shops besides."""
        basis = self._basis
        if from_ms >= basis.start_of(basis.board.first_day):
            keys = await chats_since(basis.store, from_ms, wanted)
            return keys, {name: basis.shop(name) for name, _ in keys}
        past = Past(basis, wanted, from_ms, to_ms)
        await past.read(from_ms - BEFORE_MS)
        return past.keys, past.shops

    async def _onto(
        self, board: Board, keys: Iterable[Key], shops: dict[str, ShopChats], since_ms: int, **span: int
    ) -> None:
        """Score chats of the past onto a board of their own."""
        basis, now_ms = self._basis, self._basis.now_ms()
        heads = list(heads_of(keys, shops).items())
        for at in range(0, len(heads), BATCH):
            logs = await read_logs(basis, dict(heads[at : at + BATCH]), since_ms - BEFORE_MS)
            for key, (entries, buyer, platform) in logs.items():
                shop = shops[key[0]]
                if platform and shop.platform == "unknown":
                    shop.platform = platform
                if shop.platform == CANARY:
                    continue
                basis.rules.give(shop, now_ms)
                try:
                    made = sheet(shop, key[1], basis.book, now_ms, log=entries, buyer=buyer, **span)
                except Exception:
                    # One chat that a fault of ours cannot take must not keep all others from being scored.
                    basis.faults.note("chat", *key)
                    continue
                board.apply(made, 1)
            await asyncio.sleep(0)
