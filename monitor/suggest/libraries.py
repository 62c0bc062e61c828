"""The libraries of all shops, each read and indexed when its shop is first asked about.

Shops without phrases of their own share the library of their category. What has not
been asked for lately is let go: it can be read again.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Collection, Container, Sequence
from typing import NamedTuple, Protocol

from monitor.suggest.library import Library
from monitor.suggest.phrases import FILLED, Phrase, layered
from monitor.suggest.reader import Reader

log = logging.getLogger(__name__)

PHRASES_AT_MOST = 60_000  # Held in all libraries together: about 150 MB.


class Layer(Protocol):
    """A layer of phrases as it was read."""

    @property
    def phrases(self) -> list[Phrase]:
        """Its phrases."""

    @property
    def values(self) -> dict[str, str]:
        """What it gives variables."""

    @property
    def category(self) -> str | None:
        """Which category lies below it."""

    def unfilled(self, values: Collection[str]) -> Sequence[object]:
        """Which of its phrases have a variable without a value, each to be shown."""


class Files(Protocol):
    """Where phrases are read from; `policy_files.phrases.PhraseFiles`. A file with faults is left out whole."""

    @property
    def shops(self) -> Container[str]:
        """Shops that have phrases of their own."""

    def general_layer(self) -> tuple[Layer, Sequence[object]]:
        """What is for every shop."""

    def category_layer(self, category: str) -> tuple[Layer, Sequence[object]]:
        """What is for a category."""

    def shop_layer(self, shop: str) -> tuple[Layer, Sequence[object]]:
        """What is a shop's own."""


class Source(NamedTuple):
    """Files, what reads them, and which category a shop is of."""

    files: Files
    reader: Reader
    category_of: Callable[[str], str | None]


Key = tuple[str, str]  # The shop if it has phrases of its own, else ""; its category, or "".


class Libraries:
    """All shops' libraries.

    Args:
        source: what they are made of.
        phrases_at_most: how many phrases are held in all.
    """

    def __init__(self, source: Source, *, phrases_at_most: int = PHRASES_AT_MOST) -> None:
        self._source = source
        self._at_most = phrases_at_most
        self._held: OrderedDict[Key, Library] = OrderedDict()
        self._making: dict[Key, asyncio.Task[Library]] = {}
        self._size = 0

    @property
    def reader(self) -> Reader:
        """What questions are read with."""
        return self._source.reader

    def held(self, shop: str) -> Library | None:
        """Return a shop's library if it is ready."""
        key = self._key(shop)
        library = self._held.get(key)
        if library is not None:
            self._held.move_to_end(key)
        return library

    async def of(self, shop: str) -> Library:
        """Return a shop's library, made on another thread if need be."""
        held = self.held(shop)
        return held if held is not None else await asyncio.shield(self.begin(shop))

    def begin(self, shop: str) -> "asyncio.Task[Library]":
        """Make a shop's library ready."""
        key = self._key(shop)
        task = self._making.get(key)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._make(key), name="phrases of a shop")
            self._making[key] = task
            task.add_done_callback(lambda _: self._making.pop(key, None))
        return task

    async def _make(self, key: Key) -> Library:
        library = self._held.get(key)
        if library is None:
            library = await asyncio.to_thread(made, self._source, *key)
            self._held[key] = library
            self._size += library.size
            while self._size > self._at_most and len(self._held) > 1:
                _, old = self._held.popitem(last=False)
                self._size -= old.size
        return library

    def _key(self, shop: str) -> Key:
        own = shop in self._source.files.shops
        return (shop if own else "", self._source.category_of(shop) or "")


def made(source: Source, shop: str, category: str) -> Library:
    """Read and index the phrases of a shop that has its own, or of a category's shops; faults are logged.

    A shop's file may name the category itself; what the register says of the shop goes before it.
    """
    general, faults = source.files.general_layer()
    own, wrong = source.files.shop_layer(shop)
    faults = [*faults, *wrong]
    between, wrong = source.files.category_layer(category or own.category or "")
    faults += wrong
    values = {**general.values, **between.values, **own.values}
    for fault in (*faults, *own.unfilled(FILLED | values.keys())):
        log.warning("phrases: %s", fault)
    return Library(layered(general.phrases, between.phrases, own.phrases), values, source.reader)
