"""What the journal holds of days that have left the memory: their chats, and what was known of their shops besides.

Who was there, which feeds were blind, which buyers are one, who was on a list: without these
a day that is scored again would come out other than it did while it was today.
"""

from collections.abc import Callable, Mapping

from monitor.core import events as ev
from monitor.core.roster import Register
from monitor.core.scores.chats import ShopChats
from monitor.core.scores.staff import Staff
from monitor.core.units import HOUR_MS
from monitor.scoring.logs import Key
from monitor.store.scores import ScoreStore
from monitor.wire import decode_stored

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
        wanted: whether a shop is asked for.
        from_ms, to_ms: the span; lists of who waits are looked at in it alone.
        staff: who is there, as far as that is known without the journal.
        register: who is who.

    Attributes:
        keys: the conversations.
        shops: what was known of each shop.
    """

    def __init__(
        self, wanted: Callable[[str], bool], from_ms: int, to_ms: int, staff: Staff, register: Register
    ) -> None:
        self.keys: set[Key] = set()
        self.shops: dict[str, ShopChats] = {}
        self._wanted = wanted
        self._from_ms = from_ms
        self._to_ms = to_ms
        self._staff = staff
        self._register = register

    async def read(self, store: ScoreStore, since_ms: int, known: Mapping[str, ShopChats]) -> None:
        """Read the journal from an instant before the span up to now.

        Args:
            store: the part of the journal that scores stand on.
            since_ms: from then on; how people stood is known of those who have changed since, or not at all.
            known: what is known of shops today: their platform, and which of their buyers are one.
        """
        after = await store.position_at(since_ms)
        while True:
            last, chats, of_shops = await store.active(after)
            if last == after:
                break
            after = last
            self.keys.update(key for key in chats if self._wanted(key[0]))
            for logged in of_shops:
                self._note(decode_stored(logged.body), logged.position)
        for name in {name for name, _ in self.keys}:
            shop, today = self._shop(name, None), known.get(name)
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
