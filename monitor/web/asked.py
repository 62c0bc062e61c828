"""What the buyers of open waits ask about, in a word, for the rows of boards: 价格, 尺码, 库存.

Boards look at their rows every few seconds, and few of them have changed; what was read is kept
until the buyer writes more or the wait is over. What is not sure is left out.
"""

from collections import OrderedDict
from collections.abc import Iterable
from typing import Protocol

from monitor.core.views import WaitRow
from monitor.suggest.intents import Reading

KEPT = 20_000  # Ten whole boards; a few megabytes.


class Reader(Protocol):
    """Reads what buyers have said."""

    def reading(self, shop: str, conversation: str) -> Reading | None:
        """Return what the buyer of an open wait asks about; None: not known (yet)."""


class Asked:
    """Intents by wait, shared by all boards.

    Args:
        reader: reads them; None: nobody does, and no row has one.
    """

    def __init__(self, reader: Reader | None) -> None:
        self._reader = reader
        self._known: OrderedDict[int, tuple[int, str | None]] = OrderedDict()

    def over(self, gone: Iterable[tuple[int, str]]) -> None:
        """Forget waits that are open no more, each with why."""
        for wait, _why in gone:
            self._known.pop(wait, None)

    def intent(self, row: WaitRow) -> str | None:
        """Return what is asked about, surely enough to be built on; None: unclear, or not read yet."""
        if self._reader is None:
            return None
        known = self._known.get(row.wait)
        if known is not None and known[0] == row.messages:
            return known[1]
        reading = self._reader.reading(row.shop, row.conversation)
        if reading is None:
            return None if known is None else known[1]  # Being read back: asked again at the next look.
        self._known[row.wait] = row.messages, reading.intent
        if len(self._known) > KEPT:
            self._known.popitem(last=False)
        return reading.intent
