"""The miss budget (达标余量): how many more rounds a shop may miss today and still keep its target."""

from math import floor

from msgspec import Struct

from monitor.core.roster import Register
from monitor.core.scores.judge import HIT, MISS, UNDETERMINED
from monitor.core.scores.profile import Profile, ProfileBook
from monitor.scoring.scorer import Scorer


class Budget(Struct, frozen=True):
    """How a shop stands today against what its contract promises.

    Attributes:
        target: the share promised; None: none is written down, and none is made up.
        open: units that are not decided yet; each may still become a miss.
        left: how many more may be missed; below 0 the target is lost unless more hits come. None: no target, or no
            sample yet: before the first hit or miss of the day there is nothing to be spent.
    """

    shop: str
    profile: str
    target: float | None
    hits: int
    misses: int
    open: int
    rate: float | None
    left: int | None

    @property
    def at_risk(self) -> bool:
        """Whether what is open now could cost the target."""
        return self.left is not None and (self.left < 0 or (self.open > 0 and self.open > self.left))


def own_profile(book: ProfileBook, register: Register, shop: str, platform: str) -> Profile | None:
    """Return the profile a shop is held to: that of its contract, else the first rate of its platform."""
    info = register.shop(shop)
    for id in info.targets if info is not None else ():
        profile = book.newest(id)
        if profile is not None and profile.statistic == "rate":
            return profile
    return book.own(platform)


def budget(scorer: Scorer, register: Register, shop: str) -> Budget | None:
    """Return how a shop stands today; None: its platform has no rate."""
    known = scorer.shops.get(shop)
    profile = own_profile(scorer.book, register, shop, known.platform if known is not None else "unknown")
    if profile is None:
        return None
    counts = scorer.counts_today(shop, profile)
    hits, misses = counts[HIT], counts[MISS]
    info = register.shop(shop)
    target = info.targets.get(profile.id) if info is not None else None
    left = None
    determined = hits + misses
    if target and determined:
        # Of hits / (hits + misses + left) the smallest that is still the target; a hair for shares such as 0.95.
        left = floor(hits / target - hits + 1e-9) - misses
    rate = hits / determined if determined else None
    return Budget(shop, profile.id, target, hits, misses, counts[UNDETERMINED], rate, left)
