"""What has left the memory and is on the disk: rows of conversations, and the history behind them."""

from monitor.core.events import AnyEvent, BuyerMerged
from monitor.core.tracker import Tracker
from monitor.store.reading import Reading
from monitor.wire import decode_stored

MERGED_AT_MOST = 64  # Ids of one buyer whose histories are read for one event.


class Fetcher:
    """Gives the tracker what it needs of the disk before it handles an event."""

    def __init__(self, journal: Reading, tracker: Tracker) -> None:
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
        return known

    async def history(self, shop: str, key: str, position: int) -> None:
        """Fetch what the journal knows of a conversation up to a position, so that something old finds its place.

        What came under the ids of a buyer that were merged is part of it.
        """
        keys, stored, known = [key], [], []
        for one in keys:
            found = await self._journal.history(shop, one)
            stored += found
            for item in found:
                event = decode_stored(item.body)
                if isinstance(event, BuyerMerged):
                    if item.position < position and event.buyer not in keys and len(keys) < MERGED_AT_MOST:
                        keys.append(event.buyer or "")
                elif item.folded and item.position < position:
                    known.append((event, item.position, item.words, item.policy))
        opened = await self._journal.waits_among([item.position for item in stored])
        self._tracker.corrections.rebuild(shop, key, known, opened)
