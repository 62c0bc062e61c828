"""Scores and figures as they are asked for: over which days, by whom, for whose eyes.

Finished days come from the journal's sums, the last days from the cells in memory. The
rows of today are kept encoded and made anew only where something has changed, for boards
and scrapers ask again and again; making them is done in slices, so that nobody who waits
for an alert notices.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from time import monotonic as now
from typing import Any, NamedTuple

import msgspec

from monitor.core.roster import Register
from monitor.core.scores.board import Board, Dim, Entity, Row, empty_row, unpack
from monitor.core.scores.cells import Sums, as_json, rolling
from monitor.core.scores.days import days
from monitor.core.scores.floor import ZONE
from monitor.core.scores.shown import told_row
from monitor.core.scores.totals import BYS, By
from monitor.scoring.budget import budget
from monitor.scoring.scorer import Scorer
from monitor.spare import Pace, Spare
from monitor.store.scores import DayRow

log = logging.getLogger(__name__)

_DIM: dict[By, Dim] = {
    "all": "shop", "shop": "shop", "team": "shop", "platform": "shop", "agent": "agent", "account": "account",
}  # fmt: skip

GROUPS: tuple[By, ...] = ("all", "team", "platform")  # Made of shops.
FRESH_SECONDS = 1.0

_encode = msgspec.json.Encoder().encode


class Span(NamedTuple):
    """What is asked for: some days, or what began between two instants."""

    from_ms: int
    to_ms: int
    days: tuple[int, int] | None  # First and last, both among them; None: it is no span of whole days.


class Reading:
    """Reads the scores.

    Args:
        scorer: keeps them.
        register: returns who is who.
        team_of: returns the team of a shop by its policy, by (platform, shop).
        spare: the loop's spare time; None: all of it.
    """

    def __init__(
        self,
        scorer: Scorer,
        *,
        register: Callable[[], Register],
        team_of: Callable[[str, str], str],
        spare: Spare | None = None,
    ) -> None:
        self.scorer = scorer
        self._spare = spare or Spare()
        self._asking = 0  # How many wait for the rows of today.
        self._fresh_at = now()  # When these were last all made.
        self.register = register
        self._team_of = team_of
        self._board: Board | None = None
        self._day = 0
        self._making = asyncio.Lock()
        self._changed: set[Entity] = set()
        self._members: dict[By, dict[str, set[Entity]]] = {}
        self._stale: dict[By, set[str]] = {}
        self._rows: dict[By, dict[str, bytes]] = {}
        self._totals: dict[By, dict[str, Row]] = {}
        # What each shop has put into these, and under which names.
        self._last: dict[Entity, tuple[Row, dict[By, str]]] = {}

    def team_of(self, shop: str) -> str:
        """Return the team of a shop."""
        return self.register().team_of_shop(shop) or self._team_of(self._platform(shop), shop)

    def day_span(self, first: int, last: int) -> Span:
        """Return the span of some days of the floor."""
        calendar = days(ZONE)
        return Span(calendar.numbered(first).start_ms, calendar.numbered(last).end_ms, (first, last))

    async def rows(
        self,
        span: Span,
        by: By,
        *,
        ids: Sequence[str] = (),
        may: Callable[[str, str], bool] | None = None,
    ) -> list[bytes]:
        """Return the rows of a span as JSON, by name.

        Args:
            span: over which time.
            by: of whom each row is.
            ids: these profiles only; none: all.
            may: whether a (shop, team) may be shown; None: every one.
        """
        today = self.scorer.today
        if span.days == (today, today) and not ids and may is None:
            self._asking += 1
            try:
                await self.refresh()
            finally:
                self._asking -= 1
            rows = self._rows[by]
            return [rows[name] for name in sorted(rows)]
        found: dict[str, Row] = {}
        shops: dict[str, set[str]] = {}
        if span.days is None:

            def wanted(shop: str) -> bool:
                return may is None or may(shop, self.team_of(shop))

            board = await self.scorer.recount.between(span.from_ms, span.to_ms, wanted)
            await self._collect(board, board.days, by, may, found, shops)
        else:
            first, last = span.days
            board = self.scorer.board
            if first < board.first_day:
                stored = await self.scorer.store.days(first, min(last, board.first_day - 1), _DIM[by], _summed)
                for (shop, name), row in stored.items():
                    self._put(Entity(_DIM[by], shop, name), row, by, may, found, shops)
            live = [day for day in board.days if first <= day <= last and day >= board.first_day]
            await self._collect(board, live, by, may, found, shops)
        made = []
        pace = Pace(self._spare, hurry=lambda: True)
        for name in sorted(found):
            if ids and not any(id in found[name].sums for id in ids):
                continue
            made.append(
                _encode(self._shown(by, name, found[name], shops[name], ids, today=span.days == (today, today)))
            )
            await pace.rest()
        return made

    async def _collect(
        self,
        board: Board,
        which: Iterable[int],
        by: By,
        may: Callable[[str, str], bool] | None,
        found: dict[str, Row],
        shops: dict[str, set[str]],
    ) -> None:
        which = list(which)
        pace = Pace(self._spare, hurry=lambda: True)
        for entity in board.entities(which):
            if entity.dim == _DIM[by]:
                self._put(entity, board.row(entity, which), by, may, found, shops)
            await pace.rest()

    def _put(
        self,
        entity: Entity,
        row: Row,
        by: By,
        may: Callable[[str, str], bool] | None,
        found: dict[str, Row],
        shops: dict[str, set[str]],
    ) -> None:
        if may is not None and not may(entity.shop, self.team_of(entity.shop)):
            return
        name = self._name(by, entity)
        found.setdefault(name, empty_row()).add(row)
        shops.setdefault(name, set()).add(entity.shop)

    def name_of(self, by: By, shop: str, agent: str) -> str:
        """Return the row that something of a shop and an agent belongs to."""
        return self._name(by, Entity(_DIM[by], shop, agent))

    def _name(self, by: By, entity: Entity) -> str:
        if by == "shop":
            return entity.shop
        if by == "team":
            return self.team_of(entity.shop)
        if by == "platform":
            return self._platform(entity.shop)
        if by == "agent":
            return self.register().id_of(entity.name)  # Old days may know them by what a feed called them.
        return "all" if by == "all" else entity.name

    def _platform(self, shop: str) -> str:
        known = self.scorer.shops.get(shop)
        if known is not None:
            return known.platform
        info = self.register().shop(shop)
        return (info.platform if info is not None else None) or "unknown"

    # -- today -------------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Keep the rows of today made, until cancelled: who asks then waits for the last second's changes only.

        While the loop is busy it takes longer, and who asks has the rest of it hurried on.
        """
        while True:
            await asyncio.sleep(FRESH_SECONDS)
            try:
                await self.refresh()
            except Exception:
                log.exception("the rows of today could not be made")  # Who asks is told; nothing else stops for it.

    async def refresh(self) -> None:
        """Make anew the rows of today in which something has changed."""
        async with self._making:
            pace = Pace(self._spare, waited=lambda: now() - self._fresh_at, hurry=lambda: self._asking > 0)
            await pace.begin()
            self._take_changes()
            while self._changed:
                self._include(self._changed.pop())
                if await pace.rest():
                    self._take_changes()
            for by, stale in self._stale.items():
                while stale:
                    name = stale.pop()
                    rows, members = self._rows[by], self._members[by][name]
                    if not members:
                        rows.pop(name, None)
                        continue
                    row = self._totals[by][name] if by in self._totals else await self._together(members, pace)
                    told = self._shown(by, name, row, {entity.shop for entity in members}, (), today=True)
                    rows[name] = _encode(told)
                    await pace.rest()
            self._fresh_at = now()

    def _take_changes(self) -> None:
        """Note who has changed since the last look; where a day or other profiles have begun, all begin anew."""
        board, today = self.scorer.board, self.scorer.today
        if board is not self._board or today != self._day:
            self._board, self._day = board, today
            self._members = {by: {} for by in BYS}
            self._stale = {by: set() for by in BYS}
            self._rows = {by: {} for by in BYS}
            self._totals = {by: {} for by in GROUPS}
            self._last = {}
            self._changed = board.entities([today])
            board.changed.clear()
        elif board.changed:
            self._changed |= board.changed
            board.changed = set()

    def _include(self, entity: Entity) -> None:
        """Take a change of one into the rows it is part of."""
        here = self.scorer.board.knows(entity, self._day)
        if entity.dim != "shop":
            by: By = "agent" if entity.dim == "agent" else "account"
            self._touch(by, self._name(by, entity), entity, here=here)
            return
        self._touch("shop", entity.shop, entity, here=here)
        row = self.scorer.board.row(entity, [self._day])
        old = self._last.get(entity)
        names = {by: self._name(by, entity) for by in GROUPS}
        self._last[entity] = (row, names)
        for by in GROUPS:
            totals = self._totals[by]
            if old is not None:
                totals[old[1][by]].add(old[0], -1)
                if old[1][by] != names[by]:  # It has another team now.
                    self._members[by][old[1][by]].discard(entity)
                    self._stale[by].add(old[1][by])
            totals.setdefault(names[by], empty_row()).add(row)
            self._touch(by, names[by], entity, here=here)

    def _touch(self, by: By, name: str, entity: Entity, *, here: bool) -> None:
        """Note that a row has changed by one of its members; not ``here``: a correction has left nothing of it."""
        members = self._members[by].setdefault(name, set())
        (members.add if here else members.discard)(entity)
        self._stale[by].add(name)

    async def _together(self, members: set[Entity], pace: Pace) -> Row:
        row = empty_row()
        for entity in list(members):
            row.add(self.scorer.board.row(entity, [self._day]))
            await pace.rest()
        return row

    # -- as the platform shows it ------------------------------------------------------------------------------------

    async def windows(self, may: Callable[[str, str], bool] | None = None) -> list[dict[str, Any]]:
        """Return each shop's scores over the days its platform shows: so many days, up to some days ago."""
        scorer = self.scorer
        board, book, today = scorer.board, scorer.book, scorer.today
        profiles = {id: versions[-1] for id, versions in book.versions.items()}
        first = min((today - one.lag_days - one.rolling_days + 1 for one in profiles.values()), default=today)
        by_day: dict[str, dict[int, dict[str, Sums]]] = {}
        if first < board.first_day:
            by_day = await scorer.store.days(first, board.first_day - 1, "shop", _sums_by_day)
        pace = Pace(self._spare, hurry=lambda: True)
        for entity in board.entities(board.days):
            if entity.dim == "shop":
                for day in board.days:
                    by_day.setdefault(entity.shop, {})[day] = board.row(entity, [day]).sums
            await pace.rest()
        told = []
        for shop in sorted(by_day):
            if may is not None and not may(shop, self.team_of(shop)):
                continue
            for id in book.of_platform(self._platform(shop)):
                profile = profiles[id]
                last = today - profile.lag_days
                window = range(last, last - profile.rolling_days, -1)
                rate, sums = rolling(profile, [by_day[shop].get(day, {}).get(id) for day in window])
                told.append(
                    {
                        "shop": shop,
                        "profile": id,
                        "first_day": date.fromordinal(window[-1]).isoformat(),
                        "last_day": date.fromordinal(last).isoformat(),
                        "platform_target": profile.target,
                    }
                    | as_json(profile, sums)
                    | {"rate": rate}
                )
            await pace.rest()
        return told

    # -- one row -----------------------------------------------------------------------------------------------------

    def _shown(
        self, by: By, name: str, row: Row, shops: set[str], ids: Sequence[str], *, today: bool
    ) -> dict[str, Any]:
        told: dict[str, Any] = {"name": name}
        if by == "shop":
            told |= {"platform": self._platform(name), "team": self.team_of(name)}
            left = budget(self.scorer, self.register(), name) if today else None
            if left is not None:
                told["budget"] = msgspec.to_builtins(left) | {"at_risk": left.at_risk}
        else:
            told["shops"] = len(shops)
            person = self.register().person(name) if by == "agent" else None
            if person is not None and person.nick:
                told["nick"] = person.nick
        return told | told_row(row, self.scorer.board.profile, ids)


def _summed(rows: Iterable[DayRow]) -> dict[tuple[str, str], Row]:
    """Add up stored days, on the reader's thread."""
    found: dict[tuple[str, str], Row] = {}
    for stored in rows:
        row = unpack(stored.body)
        known = found.get((stored.shop, stored.name))
        if known is None:
            found[stored.shop, stored.name] = row
        else:
            known.add(row)
    return found


def _sums_by_day(rows: Iterable[DayRow]) -> dict[str, dict[int, dict[str, Sums]]]:
    """Put stored days in order by shop, on the reader's thread."""
    found: dict[str, dict[int, dict[str, Sums]]] = {}
    for stored in rows:
        found.setdefault(stored.shop, {})[stored.day] = unpack(stored.body).sums
    return found
