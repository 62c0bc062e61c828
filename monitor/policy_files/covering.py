"""Rules that can never match, for those before them match all of it: one alone, or several between them.

Decided exactly, over what a rule can ask for: shop, platform, phase and time. Where a rule asks for none of a kind,
only rules that ask for none of it either can cover what nobody names; where it asks for some, each is looked at, and
shops that the same rules name together. Time is that of a campaign, else the year to come.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise, product

from monitor.core.book import Layer
from monitor.core.hours import ALWAYS_MS, BLOCK_MS, BLOCKS_AHEAD, Calendar, Hours, without
from monitor.core.units import DAY_MS
from monitor.policy_files.policies import Placed

UNNAMED = ""  # A platform or shop that no rule names.
LONGEST_MS = 3 * 366 * DAY_MS  # Of a campaign that is looked at by its hours; longer ones are none.


def ever(hours: Hours, from_ms: int, until_ms: int = ALWAYS_MS) -> bool:
    """Whether any instant counts between two, or of the year to come where they have no end."""
    calendar = Calendar(hours)
    if until_ms == ALWAYS_MS:
        return calendar.next_open(from_ms) < ALWAYS_MS
    while from_ms < until_ms:
        if calendar.next_open(from_ms) < until_ms:
            return True
        from_ms += BLOCKS_AHEAD * BLOCK_MS  # It has looked so far.
    return False


class Before:
    """The rules so far, by section and shop, so that ten thousand rules are not each compared with all.

    Args:
        now_ms: where the year to come begins.
    """

    def __init__(self, now_ms: int) -> None:
        self._now_ms = now_ms
        self._rules: dict[tuple[str, str], list[Placed]] = {}

    def add(self, placed: Placed) -> None:
        """Take one rule after the other, as they stand."""
        for shop in placed.layers[-1].shops or (UNNAMED,):
            self._rules.setdefault((placed.section, shop), []).append(placed)

    def covering(self, later: Placed) -> list[Placed]:
        """Return rules that between them match all that a later one could, as few as will do; none: something is left.

        1. Look at one shop, which settles it for nearly all rules. What matches nothing by itself is not asked for.
        2. Look at all of them.
        3. Take one that does it alone, else leave out one after the other while the rest still does.
        """
        layer = later.layers[-1]
        shops = sorted(layer.shops) if layer.shops is not None else [UNNAMED]
        if not shops or not self._covered(layer, self._naming(later.section, shops[:1]), shops[:1]):
            return []
        if self._covered(layer, [], shops[:1]):
            return []
        needed = self._naming(later.section, shops)
        if not self._covered(layer, needed, shops):
            return []
        for one in needed:
            if self._covered(layer, [one], shops):
                return [one]
        for one in reversed(needed):
            rest = [other for other in needed if other is not one]
            if self._covered(layer, rest, shops):
                needed = rest
        return needed

    def _naming(self, section: str, shops: Iterable[str]) -> list[Placed]:
        """Return the rules that name one of some shops, or none at all, each once."""
        found = {id(one): one for shop in (UNNAMED, *shops) for one in self._rules.get((section, shop), ())}
        return list(found.values())

    def _covered(self, layer: Layer, rules: Sequence[Placed], shops: Iterable[str]) -> bool:
        firsts = [placed.layers[-1] for placed in rules]
        naming = {
            tuple([at for at, first in enumerate(firsts) if first.shops is None or shop in first.shops])
            for shop in shops
        }
        return all(
            self._in_time(layer, [firsts[at] for at in named if _takes(firsts[at], platform, phase)])
            for named in naming
            for platform, phase in product(layer.platforms or (UNNAMED,), layer.phases or (None,))
        )

    def _in_time(self, later: Layer, firsts: Sequence[Layer]) -> bool:
        """Whether some hold between them whenever a later one would."""
        edges = {later.from_ms, later.until_ms}
        edges.update(edge for one in firsts for edge in (one.from_ms, one.until_ms))
        inside = sorted(edge for edge in edges if later.from_ms <= edge <= later.until_ms)
        for since_ms, before_ms in pairwise(inside):
            hold = [one.hours for one in firsts if one.from_ms <= since_ms and before_ms <= one.until_ms]
            if not self._at_all_hours(later.hours, hold, since_ms, before_ms):
                return False
        return True

    def _at_all_hours(self, hours: Hours | None, hold: Sequence[Hours | None], since_ms: int, before_ms: int) -> bool:
        if None in hold or hours in hold:
            return True
        ends = before_ms < ALWAYS_MS
        if ends and before_ms - since_ms > LONGEST_MS:
            return False
        if not ends and any(map(_dated, (hours, *hold))):
            return False  # Days of their own may lie years ahead, and are not looked for.
        for one in filter(None, hold):
            hours = without(hours, one)
        return hours is not None and not ever(hours, since_ms if ends else self._now_ms, before_ms)


def _takes(layer: Layer, platform: str, phase: str | None) -> bool:
    return (layer.platforms is None or platform in layer.platforms) and (layer.phases is None or phase in layer.phases)


def _dated(hours: Hours | None) -> bool:
    return hours is not None and (bool(hours.dates) or any(map(_dated, hours.less)))
