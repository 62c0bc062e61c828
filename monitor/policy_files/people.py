"""Loads who is who: ``shops.yaml``, ``people.yaml`` and the tables, such as ``shops.csv`` and ``roster.csv``.

What contradicts itself is a fault here (an account twice, a lead whom nobody knows); whether shops and
people are named rightly by the other rules is asked in ``links``.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from monitor.core.roster import Account, Person, Register, ShopInfo, Slot, Team
from monitor.core.units import DAY_MS
from monitor.policy_files import tables, where
from monitor.policy_files.people_tables import (
    SHAPES,
    AccountRow,
    PeopleFile,
    PersonRow,
    RosterRow,
    ShopRow,
    ShopsFile,
    TeamRow,
)
from monitor.yaml_files import BadFiles, Document, Fault, did_you_mean, read

WEEK = 7
FILES = ("shops.yaml", "people.yaml", *(f"{table}.csv" for table in SHAPES))


class Found(NamedTuple):
    """One row, and where it stands."""

    row: Any
    file: str
    line: int
    column: int
    key_places: Any  # Called with a key: its line and column.

    def fault(self, message: str, key: str | None = None) -> Fault:
        """Return a fault at the row, or at one of its values."""
        line, column = self.key_places(key) if key else (self.line, self.column)
        return Fault(self.file, line, column, message)

    @property
    def place(self) -> str:
        """Where it stands, ``people.yaml:12``."""
        return f"{Path(self.file).name}:{self.line}"


def load(folder: Path) -> tuple[Register, list[Fault]]:
    """Read the register, and all that is wrong with it."""
    faults: list[Fault] = []
    rows: dict[str, list[Found]] = {table: [] for table in SHAPES}
    zone = ZoneInfo("Asia/Shanghai")
    for name, model in (("shops.yaml", ShopsFile), ("people.yaml", PeopleFile)):
        path = where.find(folder, name)
        if not path.exists():
            continue
        try:
            document = read(path, model)
        except BadFiles as bad:
            faults += bad.faults
            continue
        zone = ZoneInfo(getattr(document.value, "zone", zone.key))
        for table in SHAPES:
            rows[table] += _of_document(document, table)
    for table, (row_model, shape) in SHAPES.items():
        path = where.find(folder, f"{table}.csv")
        if not path.exists():
            continue
        try:
            found, wrong = tables.read(path, row_model, shape)
        except BadFiles as bad:
            faults += bad.faults
            continue
        faults += wrong
        rows[table] += [_of_table(path, row) for row in found]
    names = _Names(rows["people"])
    faults += _twice(rows, names)
    faults += _unknown(rows, names)
    return by_id(_register(rows, zone)), faults


def _of_document(document: Document[Any], table: str) -> Iterator[Found]:
    for at, row in enumerate(getattr(document.value, table, ())):
        yield Found(row, document.file, *document.place(table, at), lambda key, at=at: document.place(table, at, key))


def _of_table(path: Path, row: tables.Row) -> Found:
    return Found(row.value, str(path), row.line, 1, lambda key: (row.line, row.cells.get(key, 1)))


def _register(rows: dict[str, list[Found]], zone: ZoneInfo) -> Register:
    return Register(
        shops=tuple(_shop(found.row, found.place) for found in rows["shops"]),
        persons=tuple(_person(found.row, zone, found.place) for found in rows["people"]),
        accounts=tuple(_account(found.row, found.place) for found in rows["accounts"]),
        slots=tuple(slot for found in rows["roster"] for slot in _slots(found.row, zone, found.place)),
        teams=tuple(_team(found.row, found.place) for found in rows["teams"]),
    )


def register_of(
    shops: Iterable[ShopRow],
    people: Iterable[PersonRow],
    accounts: Iterable[AccountRow],
    roster: Iterable[RosterRow],
    teams: Iterable[TeamRow],
    zone: ZoneInfo,
) -> Register:
    """Return a register of rows that stand in no file of it, as those of a scenario."""
    return Register(
        shops=tuple(_shop(row, None) for row in shops),
        persons=tuple(_person(row, zone, None) for row in people),
        accounts=tuple(_account(row, None) for row in accounts),
        slots=tuple(slot for row in roster for slot in _slots(row, zone, None)),
        teams=tuple(_team(row, None) for row in teams),
    )


def by_id(register: Register) -> Register:
    """Return a register whose roster and accounts name people by their ids, however they are written there.

    Load, presence and pay go by the id; a roster is mostly written with 花名.
    """
    id_of = register.id_of
    return replace(
        register,
        slots=tuple(replace(slot, person=id_of(slot.person)) for slot in register.slots),
        accounts=tuple(
            replace(account, persons=tuple(dict.fromkeys(map(id_of, account.persons)))) for account in register.accounts
        ),
    )


def _shop(row: ShopRow, place: str | None) -> ShopInfo:
    said = row.model_dump(exclude={"brand_words"})
    return ShopInfo(**said, brand_words=tuple(row.brand_words), place=place)


def _person(row: PersonRow, zone: ZoneInfo, place: str | None) -> Person:
    return Person(
        id=row.id,
        nick=row.nick,
        team=row.team,
        names=tuple(row.names),
        mentions=row.mentions,
        limit=row.limit,
        ends_at_ms=None if row.ends is None else instant_ms(row.ends, zone),
        place=place,
    )


def _account(row: AccountRow, place: str | None) -> Account:
    return Account(account=row.account, shop=row.shop, platform=row.platform, persons=tuple(row.people), place=place)


def _slots(row: RosterRow, zone: ZoneInfo, place: str | None) -> Iterator[Slot]:
    for shop in row.shop:
        for window in row.hours:
            yield Slot(
                person=row.person,
                shop=shop,
                starts_ms=window.from_ms,
                ends_ms=window.until_ms if window.until_ms <= DAY_MS else window.until_ms - DAY_MS,
                seat=row.seat,
                shared=row.kind == "shared",
                shift=row.shift,
                account=row.account,
                weekdays=row.days,
                first_day=row.from_,
                last_day=row.until,
                zone=zone.key,
                place=place,
            )


def _team(row: TeamRow, place: str | None) -> Team:
    said = {"leads": tuple(row.leads), "channels": tuple(row.channels)}
    return Team(id=row.id, name=row.name, floor=row.floor, **said, place=place)


def instant_ms(local: datetime, zone: ZoneInfo) -> int:
    """Return the instant of a time on the wall."""
    return round(local.replace(tzinfo=zone).timestamp() * 1000)


# -- what contradicts itself --------------------------------------------------------------------------------------


class _Names:
    """Whom a name means: an id before a nick, a nick before what feeds call somebody."""

    def __init__(self, people: Iterable[Found]) -> None:
        self.called: dict[str, list[str]] = {}
        self._ids = {found.row.id for found in people}
        for found in people:
            for name in dict.fromkeys((found.row.nick, *found.row.names)):
                if name and name not in self._ids:
                    self.called.setdefault(name, []).append(found.row.id)

    def known(self) -> set[str]:
        """Return every name somebody has."""
        return self._ids | set(self.called)

    def id_of(self, name: str) -> str:
        """Return the id of a name; of one that several have, that of the first."""
        return name if name in self._ids else self.called.get(name, [name])[0]

    def several(self, name: str) -> list[str]:
        """Return the ids of those who share a name; nothing where one alone has it."""
        ids = self.called.get(name, [])
        return ids if len(ids) > 1 else []


def _twice(rows: dict[str, list[Found]], known: _Names) -> Iterator[Fault]:
    keys = {"shops": "shop", "teams": "id", "people": "id"}
    for table, key in keys.items():
        yield from _again(rows[table], key, lambda row, key=key: getattr(row, key))
    yield from _again(rows["accounts"], "account", lambda row: (row.shop, row.account))
    names: dict[str, Found] = {}
    for found in rows["people"]:
        row: PersonRow = found.row
        for name in row.names:
            other = names.setdefault(name, found)
            if other is not found:
                yield found.fault(f"the feeds' name {name} is already that of {other.row.id} ({other.place})", "names")
    ids = {found.row.id: found for found in rows["people"]}
    for found in rows["people"]:
        for key, name in (("nick", found.row.nick), *(("names", name) for name in found.row.names)):
            if name in ids and ids[name] is not found and name != found.row.id:
                yield found.fault(f"{name} is the id of another ({ids[name].place})", key)
    yield from _double_booked(rows["roster"], known)
    yield from _account_of_two(rows["roster"], known)


def _again(rows: Iterable[Found], key: str, name_of: Any) -> Iterator[Fault]:
    first: dict[Any, Found] = {}
    for found in rows:
        name = name_of(found.row)
        other = first.setdefault(name, found)
        if other is not found:
            shown = getattr(found.row, key)
            yield found.fault(f"{key} {shown} is there already ({other.place}); join the two lines", key)


def _double_booked(rows: list[Found], known: _Names) -> Iterator[Fault]:
    """Yield the lines that put one person twice on the same shop at the same hours of the same days."""
    seen: dict[Any, list[Found]] = {}
    for found in rows:
        row: RosterRow = found.row
        person = known.id_of(row.person)
        for shop in row.shop:
            for other in seen.setdefault((person, shop), []):
                if overlap(row, other.row):
                    yield found.fault(f"{row.person} is on {shop} at these hours already ({other.place})", "hours")
                    break
            seen[person, shop].append(found)


def _account_of_two(rows: list[Found], known: _Names) -> Iterator[Fault]:
    """Yield the lines that give one account to two people at the same time: the platform would throw one of them out.

    Shifts that follow one another may share an account.
    """
    seen: dict[Any, list[Found]] = {}
    for found in rows:
        row: RosterRow = found.row
        for shop in row.shop if row.account is not None else ():
            for other in seen.setdefault((row.account, shop), []):
                if known.id_of(other.row.person) != known.id_of(row.person) and overlap(row, other.row):
                    said = f"account {row.account} is {other.row.person}'s at these hours already ({other.place})"
                    yield found.fault(said, "account")
                    break
            seen[row.account, shop].append(found)


def overlap(one: RosterRow, other: RosterRow) -> bool:
    """Whether two lines are ever on at the same time. A shift over midnight belongs to the day it begins on."""
    return any(
        a.from_ms < b.until_ms + ahead * DAY_MS
        and b.from_ms + ahead * DAY_MS < a.until_ms
        and _both_begin(one, other, ahead)
        for ahead in (-1, 0, 1)
        for a in one.hours
        for b in other.hours
    )


def _both_begin(one: RosterRow, other: RosterRow, ahead: int) -> bool:
    """Whether one begins on some date, and the other so many days after it."""
    weekdays = {day for day in one.days if (day + ahead) % 7 in other.days}
    after = timedelta(days=ahead)
    first = max((day for day in (one.from_, other.from_ and other.from_ - after) if day), default=None)
    last = min((day for day in (one.until, other.until and other.until - after) if day), default=None)
    if first is None or last is None or (last - first).days >= WEEK - 1:
        return bool(weekdays)
    return any((first + timedelta(days=n)).weekday() in weekdays for n in range((last - first).days + 1))


def _unknown(rows: dict[str, list[Found]], names: _Names) -> Iterator[Fault]:
    """Yield where a person, team or shop is named that is not written down, if any of its kind is."""
    shops = {found.row.shop for found in rows["shops"]}
    teams = {found.row.id for found in rows["teams"]}
    people = names.known()
    accounts = {found.row.account for found in rows["accounts"]}
    named = (
        ("shops", "team", teams, "team"),
        ("people", "team", teams, "team"),
        ("teams", "leads", people, "person"),
        ("accounts", "shop", shops, "shop"),
        ("accounts", "people", people, "person"),
        ("roster", "person", people, "person"),
        ("roster", "shop", shops, "shop"),
        ("roster", "account", accounts, "account"),
    )
    for table, key, known, kind in named:
        if not known:
            continue
        for found in rows[table]:
            value = getattr(found.row, key)
            for name in value if isinstance(value, list) else [value]:
                if name is not None and name not in known:
                    yield found.fault(f"{name} is no {kind} we know{did_you_mean(name, sorted(known))}", key)
                elif kind == "person" and names.several(name):
                    yield found.fault(
                        f"{name} is what several are called; write the id: {_or(names.several(name))}", key
                    )


def _or(names: list[str]) -> str:
    return " or ".join(names)
