"""What the rules ask of shops, as far as scores go: in which hours they are ours, how soon an answer is a bot's.

Scores of today and of the days kept beside it go by the rules in force, as they go by the register: so a start comes to
the same as what was there before it. A day that is written down keeps what was in force then.
"""

from functools import partial

from monitor.core.hours import Calendar, Hours
from monitor.core.policy import BuiltIn, PolicyBook, Resolved
from monitor.core.scores.chats import ShopChats


class ShopRules:
    """One version of the rules.

    Args:
        book: the policies.
    """

    def __init__(self, book: PolicyBook) -> None:
        self.book = book
        self._resolved: dict[tuple[str, str], Resolved] = {}  # What was last asked for of each shop.
        self._calendars: dict[Hours, Calendar] = {}

    def give(self, shop: ShopChats, at_ms: int) -> None:
        """Let a shop's chats be judged by them, from an instant on."""
        shop.bot_within_ms = self._of(shop.platform, shop.name, at_ms).policy.bot_within_ms
        shop.in_hours = partial(self.in_hours, shop.platform, shop.name)

    def in_hours(self, platform: str, shop: str, at_ms: int) -> bool:
        """Whether what begins at an instant is ours to answer: the merchant's hours, and closed ones, are not."""
        hours = self._of(platform, shop, at_ms).policy.hours
        if hours is None:
            return True
        calendar = self._calendars.get(hours)
        if calendar is None:
            calendar = self._calendars[hours] = Calendar(hours)
        return calendar.is_open(at_ms)

    def asks_the_same(self, other: "ShopRules", shop: ShopChats, from_ms: int, to_ms: int) -> bool:
        """Whether other rules ask the same of a shop between two instants."""
        return self._asked(shop, from_ms, to_ms) == other._asked(shop, from_ms, to_ms)

    def _asked(self, shop: ShopChats, from_ms: int, to_ms: int) -> list[tuple[int, Hours | None, int]]:
        asked: list[tuple[int, Hours | None, int]] = []
        at_ms = from_ms
        while at_ms < to_ms:
            found = self._of(shop.platform, shop.name, at_ms)
            policy = found.policy
            if not asked or asked[-1][1:] != (policy.hours, policy.bot_within_ms):
                asked.append((at_ms, policy.hours, policy.bot_within_ms))
            at_ms = found.until_ms
        return asked

    def _of(self, platform: str, shop: str, at_ms: int) -> Resolved:
        key = (platform, shop)
        found = self._resolved.get(key)
        if found is None or not found.from_ms <= at_ms < found.until_ms:
            found = self._resolved[key] = self.book.resolve(platform, shop, None, at_ms)
        return found


WITHOUT_RULES = ShopRules(BuiltIn())
