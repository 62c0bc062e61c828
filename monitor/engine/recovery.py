"""A start: what the journal holds comes back, by the same code that runs live."""

import asyncio

from monitor.core.tracker import Tracker
from monitor.engine.fetching import Fetcher
from monitor.engine.saving import Saving
from monitor.store.reading import Reading
from monitor.wire import decode_stored


async def read_back(tracker: Tracker, journal: Reading, fetcher: Fetcher, saving: Saving, before: int) -> None:
    """Rows first, then what the journal holds after them, in the order it was handled.

    Nothing is judged by time until all of it is back: what was told lies in the rows, which were saved with it,
    and the rest of the feeds' state is not known for each instant in between. Rows are saved up to a position,
    ``before``.
    """
    for number, rules, policy in await journal.policies():
        tracker.policies.restore(number, rules, policy)
    shard = await journal.shard()
    if shard is not None:
        tracker.rows.restore_shard(shard)
    tracker.now_ms = 0  # The journal's steps bring time back; the shard is from later.
    async for rows in journal.open_rows():
        for row in rows:
            tracker.rows.restore(row)
        await asyncio.sleep(0)
    if tracker.people is not None:
        tracker.people.take_waits()
    async for step, stored in journal.since(before):
        events = [decode_stored(item.body) for item in stored]
        await fetcher.rows([], events)
        for item, event in zip(stored, events, strict=True):
            if not tracker.wall:
                tracker.now_ms = max(tracker.now_ms, event.ts_ms)
            for key in tracker.wants_history(event):
                await fetcher.history(event.shop, key, item.position)
            tracker.handle(event, item.position, item.arrived_at_ms, item.words, item.policy)
        tracker.now_ms = step.now_ms
        for conversation in tracker.changed:
            saving.note(conversation, before, 0)
        tracker.changed.clear()
        await asyncio.sleep(0)
