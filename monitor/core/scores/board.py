"""All scores and figures of some days: cells by day and by who is asked for.

A conversation's sheet is what it has put into the cells. When it is scored again, the
old sheet is taken away and the new one added; so a correction needs no rule of its own,
and nothing is ever counted from two places.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

from msgspec import Struct, msgpack

from monitor.core.scores.cells import Cell, Sums
from monitor.core.scores.chats import ShopChats
from monitor.core.scores.figures import FigureCell, Figures, Part, Tally
from monitor.core.scores.floor import FLOOR
from monitor.core.scores.judge import MISS, UNDETERMINED, Mark, together
from monitor.core.scores.log import Said
from monitor.core.scores.profile import Profile, ProfileBook
from monitor.core.scores.rounds import NEVER_MS

Dim = Literal["shop", "agent", "account"]


class Entity(Struct, frozen=True, order=True, gc=False, cache_hash=True):
    """Whom a cell is about: a shop (its name is empty), or an agent or account in one shop."""

    dim: Dim
    shop: str
    name: str = ""


class Sheet(Struct, array_like=True, gc=False):
    """What one conversation has put into the cells."""

    shop: str
    buyer: str
    marks: dict[str, list[Mark]]
    parts: list[Part]
    next_ms: int = NEVER_MS  # When time alone changes something in it.

    @property
    def days(self) -> set[int]:
        """The days it counts on."""
        return {mark.day for marks in self.marks.values() for mark in marks} | {part.day for part in self.parts}


_encode = msgpack.Encoder().encode
_decode = msgpack.Decoder(Sheet).decode


def sheet(
    shop: ShopChats,
    key: str,
    book: ProfileBook,
    now_ms: int,
    *,
    log: list[Said] | None = None,
    buyer: str | None = None,
    from_ms: int = -NEVER_MS,
    to_ms: int = NEVER_MS,
    first_day: int = 0,
) -> Sheet:
    """Score one conversation.

    Args:
        shop: whose it is.
        key: which.
        book: the platforms' profiles; those of the floor are always scored.
        now_ms: how far time has come.
        log: its log; None: what `shop` has of it.
        buyer: whose chat it is, where the log is given.
        from_ms: what begins from then on counts.
        to_ms: what begins before then counts.
        first_day: what counts on a day before is left out.
    """
    judge = shop.judge(key, now_ms, log=log, buyer=buyer)
    marks: dict[str, list[Mark]] = {}
    next_ms = NEVER_MS
    for id, versions in profiles_of(shop.platform, book):
        kept = []
        for mark in judge.marks(versions):
            if mark.day >= first_day and from_ms <= mark.start_ms < to_ms:
                kept.append(mark)
                if mark.verdict == UNDETERMINED:
                    next_ms = min(next_ms, mark.due_ms)
        if kept:
            marks[id] = kept
    tally = Tally(judge, now_ms, from_ms, to_ms)
    parts = [part for part in tally.parts() if part.day >= first_day]
    return Sheet(shop.name, judge.buyer, marks, parts, min(next_ms, tally.next_ms))


def profiles_of(platform: str, book: ProfileBook) -> Iterator[tuple[str, tuple[Profile, ...]]]:
    """Yield what a shop of a platform is scored by: its platform's profiles and the floor's."""
    for id in book.of_platform(platform):
        yield id, book.versions[id]
    yield from FLOOR.versions.items()


class Row(NamedTuple):
    """What is known of somebody over a span: sums by profile, and the figures."""

    sums: dict[str, Sums]
    figures: Figures
    buyers: list[int]

    def add(self, other: "Row", by: int = 1) -> None:
        """Add what another has, or with ``by=-1`` take it away."""
        mine = self.sums
        for id, sums in other.sums.items():
            known = mine.get(id)
            if known is None:
                known = mine[id] = Sums()
            known.add(sums, by)
        self.figures.add(other.figures, by)
        for at, count in enumerate(other.buyers):
            self.buyers[at] += by * count


def empty_row() -> Row:
    """Return a row in which nothing is."""
    return Row({}, Figures(), [0] * 6)


class Board:
    """The cells of some days.

    Attributes:
        changed: who has changed since the caller last looked (and cleared it).
        touched: the days that have, the same.
        first_day: days before it are not kept here.
    """

    def __init__(self, book: ProfileBook) -> None:
        self.first_day = 0
        self._book = book
        self._known: dict[tuple[Dim, str, str], Entity] = {}
        self._cells: dict[int, dict[str, dict[Entity, Cell]]] = {}  # By day and profile.
        self._figures: dict[int, dict[Entity, FigureCell]] = {}
        self._sheets: dict[str, dict[str, bytes]] = {}  # By shop and conversation.
        self.changed: set[Entity] = set()
        self.touched: set[int] = set()

    def put(self, shop: str, key: str, new: Sheet) -> Sheet | None:
        """Take a conversation's new sheet in place of its old one; return the old one, None: there was none."""
        packed, sheets = _encode(new), self._sheets.setdefault(shop, {})
        old_packed = sheets.get(key)
        if old_packed == packed:
            return new
        old = None
        if old_packed is not None:
            old = _decode(old_packed)
            self.apply(old, -1)
        sheets[key] = packed
        self.apply(new, 1)
        if old is not None:
            self._let_go(old, new)
        return old

    def _let_go(self, old: Sheet, new: Sheet) -> None:
        """Let go of the cells a correction has left empty: nobody has a row for what was not theirs after all."""
        theirs = {(id, mark.day, mark.agent, mark.account) for id, marks in old.marks.items() for mark in marks}
        theirs -= {(id, mark.day, mark.agent, mark.account) for id, marks in new.marks.items() for mark in marks}
        for id, day, agent, account in theirs:
            cells = self._cells.get(day, {}).get(id, {})
            for entity in self._entities(old.shop, agent, account):
                if entity in cells and cells[entity].empty:
                    del cells[entity]
        hands = {part[:3] for part in old.parts} - {part[:3] for part in new.parts}
        for day, agent, account in hands:
            figures = self._figures.get(day, {})
            for entity in self._entities(old.shop, agent, account):
                if entity in figures and figures[entity].empty:
                    del figures[entity]

    def apply(self, sheet: Sheet, by: int) -> None:
        """Add a sheet to the cells, or with ``by=-1`` take it away."""
        first_day, shop = self.first_day, sheet.shop
        for id, marks in sheet.marks.items():
            for mark in marks:
                if mark.day >= first_day:
                    for entity in self._entities(shop, mark.agent, mark.account):
                        self._cell(mark.day, entity, id).add(mark, by)
        for part in sheet.parts:
            if part.day >= first_day:
                for entity in self._entities(shop, part.agent, part.account):
                    self._figure(part.day, entity).add(part, sheet.buyer, by)

    def _entities(self, shop: str, agent: str | None, account: str | None) -> Iterator[Entity]:
        yield self._entity(("shop", shop, ""))
        if agent is not None:
            yield self._entity(("agent", shop, agent))
        if account is not None:
            yield self._entity(("account", shop, account))

    def _entity(self, name: tuple[Dim, str, str]) -> Entity:
        """Return an entity by its name; one object each, for there are many and all hold on to them."""
        entity = self._known.get(name)
        if entity is None:
            entity = self._known[name] = Entity(*name)
        return entity

    def _cell(self, day: int, entity: Entity, id: str) -> Cell:
        self.changed.add(entity)
        self.touched.add(day)
        cells = self._cells.setdefault(day, {}).setdefault(id, {})
        cell = cells.get(entity)
        if cell is None:
            profile = self.profile(id)
            assert profile is not None, id
            cell = cells[entity] = Cell(profile)
        return cell

    def _figure(self, day: int, entity: Entity) -> FigureCell:
        self.changed.add(entity)
        self.touched.add(day)
        of_day = self._figures.setdefault(day, {})
        cell = of_day.get(entity)
        if cell is None:
            cell = of_day[entity] = FigureCell()
        return cell

    def profile(self, id: str) -> Profile | None:
        """Return the newest version of a profile; None: there is none of this name."""
        return self._book.newest(id) or FLOOR.newest(id)

    # -- reading -----------------------------------------------------------------------------------------------------

    def entities(self, days: Iterable[int]) -> set[Entity]:
        """Return of whom there is anything on these days."""
        found: set[Entity] = set()
        for day in days:
            found.update(*self._cells.get(day, {}).values(), self._figures.get(day, ()))
        return found

    def row(self, entity: Entity, days: Iterable[int]) -> Row:
        """Return what is known of one over some days."""
        row = empty_row()
        for day in days:
            for id, cells in self._cells.get(day, {}).items():
                cell = cells.get(entity)
                if cell is not None:
                    row.sums.setdefault(id, Sums()).add(cell.sums)
            figure = self._figures.get(day, {}).get(entity)
            if figure is not None:
                row.figures.add(figure.sums)
                for at, count in enumerate(figure.buyers):
                    row.buyers[at] += count
        return row

    def sums(self, entity: Entity, day: int, id: str) -> Sums | None:
        """Return the sums of one day under one profile; None: there are none."""
        cell = self._cells.get(day, {}).get(id, {}).get(entity)
        return None if cell is None else cell.sums

    def missed_at(self, shop: str, day: int, id: str) -> list[int]:
        """Return when each miss of a shop's day under a profile became one, in order of time."""
        profile = self.profile(id)
        found: list[int] = []
        parts: dict[str, list[Mark]] = {}
        for packed in self._sheets.get(shop, {}).values():
            for mark in _decode(packed).marks.get(id, ()):
                if mark.day == day and mark.unit:
                    parts.setdefault(mark.unit, []).append(mark)
                elif mark.day == day and mark.verdict == MISS:
                    found.append(mark.decided_ms)
        any_hit = profile is not None and profile.limit_ms is None
        for marks in parts.values():
            if together((mark.verdict for mark in marks), any_hit=any_hit) == MISS:
                at_ms = [mark.decided_ms for mark in marks if mark.verdict == MISS]
                found.append(max(at_ms) if any_hit else min(at_ms))
        return sorted(found)

    def hour(self, entity: Entity, hour_ms: int, id: str) -> tuple[int, int]:
        """Return hits and misses decided in an hour, under a profile that asks something of each hour."""
        hits = misses = 0
        for of_day in self._cells.values():  # What began before midnight may be decided after it.
            cell = of_day.get(id, {}).get(entity)
            if cell is not None:
                more = cell.hour(hour_ms)
                hits, misses = hits + more[0], misses + more[1]
        return hits, misses

    @property
    def days(self) -> Sequence[int]:
        """The days there is anything of."""
        return sorted(self._cells.keys() | self._figures.keys())

    def knows(self, entity: Entity, day: int) -> bool:
        """Whether there is anything of somebody on a day."""
        return entity in self._figures.get(day, ()) or any(entity in of for of in self._cells.get(day, {}).values())

    def keys(self, shop: str) -> list[tuple[str, str]]:
        """Return the conversations of a shop that have a sheet."""
        return [(shop, key) for key in self._sheets.get(shop, ())]

    def all_keys(self) -> list[tuple[str, str]]:
        """Return the conversations of all shops that have a sheet."""
        return [(shop, key) for shop, sheets in self._sheets.items() for key in sheets]

    def drop(self, before: int) -> None:
        """Let go of the days before one; `sweep` then lets go of the sheets that lie wholly in them."""
        self.first_day = before
        for day in [day for day in self.days if day < before]:
            self._cells.pop(day, None)
            self._figures.pop(day, None)
        kept = self.entities(self.days)
        self._known = {name: entity for name, entity in self._known.items() if entity in kept}

    def sweep(self) -> Iterator[None]:
        """Let go of the sheets that lie wholly in days that are not kept: of a large floor not at once, one a step."""
        for shop, sheets in list(self._sheets.items()):
            for key, packed in list(sheets.items()):
                if max(_decode(packed).days, default=0) < self.first_day and sheets.get(key) is packed:
                    del sheets[key]
                yield
            if not sheets:
                self._sheets.pop(shop, None)


_row_encoder = msgpack.Encoder()
_row_decoder = msgpack.Decoder(tuple[dict[str, Sums], Figures, list[int]])


def pack(row: Row) -> bytes:
    """Return a row as it is stored."""
    return _row_encoder.encode(tuple(row))


def unpack(packed: bytes) -> Row:
    """Return a row that `pack` gave."""
    return Row(*_row_decoder.decode(packed))
