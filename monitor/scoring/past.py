"""What the journal holds of days that have left the memory: their chats, and what was known of their shops besides.

Who was there, which feeds were blind, which buyers are one, who was on a list: without these
a day that is scored again would come out other than it did while it was today.
"""

from collections.abc import Callable

from monitor.core import events as ev
from monitor.core.scores.chats import ShopChats
from monitor.core.scores.staff import Staff
from monitor.core.units import HOUR_MS
from monitor.scoring.basis import Basis
from monitor.scoring.logs import Key, opened
from monitor.store.scores import ScoreStore

LISTS_AFTER_MS = 3 * HOUR_MS  # What a list names no more so long after was answered late anyway.


async def chats_since(store: ScoreStore, at_ms: int, wanted: Callable[[str], bool]) -> set[Key]:
    """Return the conversations of some shops that were spoken in since an instant."""
    after, found = await store.position_at(at_ms), set[Key]()
    while True:
        last, chats, _ = await store.active(after)
        if last == after:
            return found
        found.update(key for key in chats if wanted(key[0]))
        after = last


class Past:
    """A span of the past.

    Args:
        basis: what is known of shops today: their platform, and which of their buyers are one; who is who.
        wanted: whether a shop is asked for.
        from_ms, to_ms: the span; lists of who waits are looked at in it alone.

    Attributes:
        keys: the conversations.
        shops: what was known of each shop.
    """

    def __init__(self, basis: Basis, wanted: Callable[[str], bool], from_ms: int, to_ms: int) -> None:
        self.keys: set[Key] = set()
        self.shops: dict[str, ShopChats] = {}
        self._basis = basis
        self._wanted = wanted
        self._from_ms = from_ms
        self._to_ms = to_ms
        self._staff, self._register = Staff(), basis.register()

    async def read(self, since_ms: int) -> None:
        """Read the journal from an instant before the span up to now.

        Args:
            since_ms: from then on; how people stood is known of those who have changed since, or not at all.
        """
        basis = self._basis
        self._staff.begin(basis.workers(), self._register)
        after = await basis.store.position_at(since_ms)
        while True:
            last, chats, of_shops = await basis.store.active(after)
            if last == after:
                break
            after = last
            self.keys.update(key for key in chats if self._wanted(key[0]))
            for logged in of_shops:
                event = opened(logged, basis.faults)
                if event is not None:
                    self._note(event, logged.position)
        names = {name for name, _ in self.keys}
        for name, chat, into in await basis.store.merged(names):  # Also those that today's memory has let go of.
            self._shop(name, None).aliases.join(chat, into)
        for name in names:
            shop, today = self._shop(name, None), basis.shops.get(name)
            if today is not None:
                shop.aliases.take(today.aliases)
                shop.platform = today.platform

    def _note(self, event: ev.AnyEvent, position: int) -> None:
        if isinstance(event, ev.AgentPresence):
            self._staff.note(event, self._register)
        elif event.shop and self._wanted(event.shop):
            listed = isinstance(event, ev.WaitingSnapshot)
            if not listed or self._from_ms <= event.ts_ms < self._to_ms + LISTS_AFTER_MS:
                self._shop(event.shop, event.platform).note(event, position)

    def _shop(self, name: str, platform: str | None) -> ShopChats:
        shop = self.shops.get(name)
        if shop is None:
            shop = self.shops[name] = ShopChats(name, platform or "unknown", self._staff)
        return shop
