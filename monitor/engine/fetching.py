"""What has left the memory and is on the disk: rows of conversations, and the history behind them."""

import asyncio

from monitor.core.events import AnyEvent, BuyerMerged
from monitor.core.tracker import Tracker
from monitor.store.reading import Reading
from monitor.wire import decode_stored

DECODED_AT_ONCE = 1_000  # Events of a history, or rows of a buyer, between which the loop turns.


class Fetcher:
    """Gives the tracker what it needs of the disk before it handles an event.

    Attributes:
        keyed: the shops of which the rows on the disk can be looked for by buyer, as far as this run knows.
    """

    def __init__(self, journal: Reading, tracker: Tracker) -> None:
        self.keyed: set[str] = set()
        self._journal = journal
        self._tracker = tracker

    async def rows(self, identities: list[tuple[str, str]], events: list[AnyEvent]) -> dict[tuple[str, str], bytes]:
        """Bring back what the disk knows of these events' conversations; return the events that are stored already.

        A row may say that a conversation is part of another by now, which is brought back then.
        """
        asked = self._tracker.missing(events)
        known, rows = await self._journal.look_up(identities, list(asked))
        while rows:
            for row in rows:
                self._tracker.rows.restore(row)
            more = self._tracker.missing(events) - asked
            if not more:
                break
            asked |= more
            rows = (await self._journal.look_up([], list(more)))[1]
        if any(type(event) is BuyerMerged for event in events):
            rows = await self._journal.rows_of_buyers(list(self._tracker.merging(events)), self.keyed)
            for at, row in enumerate(rows, 1):
                self._tracker.rows.restore(row)
                if not at % DECODED_AT_ONCE:
                    await asyncio.sleep(0)
        return known

    async def history(self, shop: str, key: str, position: int) -> None:
        """Fetch what the journal knows of a conversation up to a position, so that something old finds its place."""
        stored, known = await self._journal.history(shop, key), []
        for at, item in enumerate(stored, 1):
            if item.folded and item.position < position:
                known.append((decode_stored(item.body), item.position, item.words, item.policy))
            if not at % DECODED_AT_ONCE:
                await asyncio.sleep(0)
        opened = await self._journal.waits_among([item.position for item in stored])
        self._tracker.corrections.rebuild(shop, key, known, opened)
