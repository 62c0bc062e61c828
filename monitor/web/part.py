"""What stands in one part of the floor: the waits that belong to it, its counts, its sources and promises."""

from collections.abc import Sequence

from monitor.core.views import SourceRow
from monitor.web.floor import STAGES, Entry, Floor, Group
from monitor.web.scope import WHOLE, Scope
from monitor.web.services import Services

SOURCES_AT_MOST = 200

_WORST_FIRST = {"stale": -2, "catching_up": -1}


class Part:
    """One part of the floor.

    Args:
        services: what it stands on.
        floor: who waits.
        scope: which part.

    Attributes:
        shops: how many shops its sources name, as it was last looked at.
        sources: its sources, the worst first and only so many.
        last_event_at_ms: when one of them brought something last; None: none ever did.
        promises: how many stand open; None: of single shops nothing is known.
    """

    def __init__(self, services: Services, floor: Floor, scope: Scope) -> None:
        self._services = services
        self._floor = floor
        self._scope = scope
        self._groups_known = -1
        self._own_groups: list[Group] = []
        self.shops = 0
        self.sources: Sequence[SourceRow] = ()
        self.last_event_at_ms: int | None = None
        self.promises: int | None = 0
        self._all_sources: Sequence[SourceRow] = ()
        self._out: dict[str, list[tuple[str | None, int]]] | None = None

    def holds(self, entry: Entry) -> bool:
        """Whether a wait is of this part."""
        return self._scope is WHOLE or self._scope.holds(entry.place[0], entry.shop, entry.place[1])

    def wants(self, entry: Entry) -> bool:
        """Whether a wait belongs on a board of this part."""
        return entry.since_ms > 0 and self.holds(entry)

    @property
    def on_board(self) -> int:
        """How many waits belong on a board of this part."""
        return self._floor.on_board if self._scope is WHOLE else sum(group.on_board for group in self._groups())

    def counted(self) -> Floor | Group:
        """Return the counts of this part."""
        if self._scope is WHOLE:
            return self._floor
        total = Group("", "", "", dict.fromkeys(STAGES, 0))
        for group in self._groups():
            total.on_board += group.on_board
            total.courtesy += group.courtesy
            total.bot_held += group.bot_held
            total.answered_today += group.answered_today
            for stage, count in group.stages.items():
                total.stages[stage] = total.stages.get(stage, 0) + count
        return total

    def look_at_sources(self) -> None:
        """Take its sources anew. Stale ones first, for only so many are shown."""
        sources = self._services.engine.sources()
        shops = {shop for source in sources for shop in source.shops}
        if self._scope is not WHOLE:
            shops = {shop for shop in shops if self._holds_shop(shop)}
            sources = [source for source in sources if not shops.isdisjoint(source.shops)]
        self._all_sources, self._out = sources, None
        self.shops = len(shops)
        self.last_event_at_ms = max((s.last_event_at_ms for s in sources if s.last_event_at_ms), default=None)
        self.sources = sorted(sources, key=lambda s: (_WORST_FIRST.get(s.state, 0), s.name))[:SOURCES_AT_MOST]

    def stale_since_ms(self, shop: str, account: str | None) -> int | None:
        """Return since when nobody can tell how a shop's chats stand that come by an account; None: unknown.

        Whoever opens a board later sees the same time standing still as who looked on.
        """
        if self._out is None:  # Seldom is anything stale: made when it is first asked for.
            self._out = _out_since(self._all_sources)
        out = self._out.get(shop, [])
        # What names no account speaks for all accounts of the shop.
        own = [since for other, since in out if account is None or other is None or other == account]
        return max(own or [since for _, since in out], default=None)

    def look_at_promises(self) -> None:
        """Count its promises anew: they are counted by platform and team."""
        scope = self._scope
        if scope.shops is not None:
            self.promises = None
            return
        self.promises = sum(
            count
            for (platform, team, _stage), count in self._services.engine.promises().items()
            if (scope.platforms is None or platform in scope.platforms) and (scope.teams is None or team in scope.teams)
        )

    def _groups(self) -> list[Group]:
        """The counts of this part; which those are is looked up again only when a shop is new."""
        known = self._floor.groups
        if len(known) != self._groups_known:
            self._groups_known = len(known)
            self._own_groups = [g for g in known.values() if self._scope.holds(g.platform, g.shop, g.team)]
        return self._own_groups

    def _holds_shop(self, shop: str) -> bool:
        scope, people = self._scope, self._services.people
        if scope.shops is not None and shop not in scope.shops:
            return False
        if scope.teams is None and scope.platforms is None:
            return True
        if people is None:
            return any(group.shop == shop for group in self._groups())
        return scope.holds(people.platform(shop), shop, people.team_of_shop(shop, self._services.now_ms()))


def _out_since(sources: Sequence[SourceRow]) -> dict[str, list[tuple[str | None, int]]]:
    """Return by shop the accounts nothing is seen of, each with since when."""
    found: dict[str, list[tuple[str | None, int]]] = {}
    for source in sources:
        for row in source.accounts:
            out = [at_ms for at_ms in (source.stale_since_ms, row.stale_since_ms) if at_ms is not None]
            for shop in row.shops if out else ():
                found.setdefault(shop, []).append((row.account, min(out)))
    return found
