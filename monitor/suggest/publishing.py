"""Suggestions over MQTT, for programs beside the agents' chat windows.

Told for each open wait when it opens, when its buyer writes again and when it becomes
slow; once more, empty, when it is over. The newest counts: what could not be sent while
the broker was away is not made up.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable
from typing import Protocol
from urllib.parse import quote

import msgspec

from monitor.core.views import WaitRow
from monitor.mqtt import Backoff, Broker, Link, keep_connected
from monitor.suggest.service import Suggester
from monitor.suggest.shapes import told

WAITING_AT_MOST = 5_000  # Beyond it the oldest are dropped: they are of waits others have been added to since.
ANSWER_SECONDS = 5.0

Key = tuple[str, str, str]  # platform, shop, conversation


class Changes(Protocol):
    """What one commit changed."""

    @property
    def rows(self) -> Iterable[WaitRow]:
        """Open waits that are new or changed."""

    @property
    def gone(self) -> Iterable[tuple[int, str]]:
        """Waits that are open no more."""


class Publisher:
    """Publishes; hand `watch` to the engine.

    Args:
        broker: where to.
        topic: what topics begin with.
        suggester: makes the suggestions.
        epoch: what the ids of waits begin with.
    """

    def __init__(self, broker: Broker, topic: str, suggester: Suggester, epoch: str) -> None:
        self._broker = broker
        self._tls = broker.tls_context()
        self._topic = topic
        self._suggester = suggester
        self._epoch = epoch
        self._wanted: OrderedDict[Key, int] = OrderedDict()  # The wait; 0: it is over.
        self._of: OrderedDict[int, tuple[Key, int, str]] = OrderedDict()  # What was last seen of a wait.
        self._news = asyncio.Event()

    def watch(self, changes: Changes) -> None:
        """Note what is to be told."""
        for wait, _why in changes.gone:
            seen = self._of.pop(wait, None)
            if seen is not None:
                self._want(seen[0], 0)
        for row in changes.rows:
            if row.needs_answer_since_ms is None:
                continue
            key = (row.platform, row.shop, row.conversation)
            state = (key, row.messages, "fresh" if row.stage == "fresh" else "slow")
            if self._of.get(row.wait) != state:
                self._of[row.wait] = state
                if len(self._of) > 4 * WAITING_AT_MOST:
                    self._of.popitem(last=False)
                self._want(key, row.wait)

    def _want(self, key: Key, wait: int) -> None:
        self._wanted.pop(key, None)
        self._wanted[key] = wait
        if len(self._wanted) > WAITING_AT_MOST:
            self._wanted.popitem(last=False)
        self._news.set()

    async def run(self) -> None:
        """Stay connected and publish, until cancelled."""
        await keep_connected(self._broker, self._publish_all, name="suggest", tls=self._tls, backoff=Backoff())

    async def _publish_all(self, link: Link) -> None:
        lost = asyncio.create_task(link.arrived())  # Nothing is subscribed: it only ends when the connection does.
        try:
            while True:
                news = asyncio.create_task(self._news.wait())
                await asyncio.wait((lost, news), return_when=asyncio.FIRST_COMPLETED)
                news.cancel()
                if lost.done():
                    lost.result()
                self._news.clear()
                await self._publish_wanted(link)
        finally:
            lost.cancel()
            await asyncio.gather(lost, return_exceptions=True)

    async def _publish_wanted(self, link: Link) -> None:
        while self._wanted:
            key, wait = self._wanted.popitem(last=False)
            body = await self._body(key, wait)
            if body is not None:
                topic = "/".join((self._topic, *(quote(part, safe="") for part in key)))
                await link.publish(topic, body, ANSWER_SECONDS)

    async def _body(self, key: Key, wait: int) -> bytes | None:
        """Return what is told of a wait; None: it is another one by now, and told of by itself."""
        platform, shop, conversation = key
        if not wait:
            return msgspec.json.encode(
                {"shop": shop, "platform": platform, "conversation": conversation, "wait": None, "suggestions": []}
            )
        offer = await self._suggester.suggest(shop, conversation)
        if offer is None or offer.wait != wait:
            return None
        return msgspec.json.encode({**told(offer, self._epoch), "platform": platform})
