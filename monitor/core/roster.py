"""Who is who: shops, persons, the accounts they answer with, who sits where when, and who leads.

All of it is optional. A floor that has written nothing down has an empty register:
everybody is known by the name the feeds give, every shop is of the team its policy
names, and no shop is called unattended before presence is heard of for it.

A slot is a line of the roster: a person on a seat for a shop, on certain days, at
certain hours of the shop's clock. A shift is one such slot on one day, between two
instants. Nothing here reads a clock: the days asked for are arguments.
"""

from collections.abc import Callable, Collection, Iterable
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import NamedTuple
from zoneinfo import ZoneInfo

from msgspec import Struct, field

from monitor.core.units import DAY_MS, HOUR_MS

HOURS_KEPT = 50_000  # Of shops: a day of 2,000. Who is on shift is asked often, and laying a roster out takes a while.
NEAR_HOURS = 48  # Those further from the hour asked for go, one with each that comes: nobody asks for them again.
EVERY_DAY = frozenset(range(7))
DEFAULT_TEAM = "default"


class ShopInfo(Struct, frozen=True, kw_only=True):
    """What is written down about one shop."""

    shop: str  # As the events name it.
    platform: str | None = None
    name: str | None = None  # As people see it: 森野旗舰店.
    category: str | None = None
    brand: str | None = None  # Groups one seller's shops on several platforms.
    team: str | None = None
    targets: dict[str, float] = field(default_factory=dict)  # By score profile: what the contract promises, 0.9.
    contract_hours: str | None = None  # The name of its hours in the rules.
    chat_link: str | None = None  # Template of a link into the chat: {shop}, {account}, {buyer}, {conversation}.
    brand_words: tuple[str, ...] = ()  # Another shop's, in a shared seat's reply, are 串店.
    place: str | None = None  # "shops.yaml:12"


class Person(Struct, frozen=True, kw_only=True):
    """Somebody who answers or leads."""

    id: str  # 工号: what load, occupancy and pay go by.
    nick: str | None = None  # 花名
    team: str | None = None
    names: tuple[str, ...] = ()  # What the feeds call this person as `agent`, besides id and nick.
    mentions: dict[str, str] = field(default_factory=dict)  # By kind of channel: phone, user id, ... to mention.
    limit: int | None = None  # Chats at once, where no presence names it.
    ends_at_ms: int | None = None  # Temporary staff (临时客服): gone from then on.
    place: str | None = None

    def employed(self, at_ms: int) -> bool:
        """Whether this person still works here at an instant."""
        return self.ends_at_ms is None or at_ms < self.ends_at_ms


class Account(Struct, frozen=True, kw_only=True):
    """A sub-account of a platform, and who answers with it: two shifts may share one."""

    account: str
    shop: str | None = None
    platform: str | None = None
    persons: tuple[str, ...] = ()
    place: str | None = None


class PlannedShift(NamedTuple):
    """The hours in which people work together, as the roster has them."""

    name: str | None
    starts_ms: int  # Of the day, by the zone's clock.
    ends_ms: int  # Past 24 hours: on the next day.
    zone: str


class Slot(Struct, frozen=True, kw_only=True):
    """A line of the roster: a person on a seat for a shop."""

    person: str
    shop: str
    starts_ms: int  # Of the day, by the zone's clock.
    ends_ms: int  # At or before the start: on the next day.
    seat: str | None = None  # 工位: B07
    shared: bool = True  # 拼席; False: 专席
    shift: str | None = None  # 早班
    account: str | None = None
    weekdays: frozenset[int] = EVERY_DAY  # Monday is 0.
    first_day: date | None = None
    last_day: date | None = None
    zone: str = "Asia/Shanghai"
    place: str | None = None

    def on(self, day: date) -> bool:
        """Whether it holds on a day."""
        return (
            day.weekday() in self.weekdays
            and (self.first_day is None or day >= self.first_day)
            and (self.last_day is None or day <= self.last_day)
        )

    def shift_of(self, day: date) -> "Shift":
        """Return the shift of a day on which it holds."""
        zone = ZoneInfo(self.zone)
        ends_ms = self.ends_ms if self.ends_ms > self.starts_ms else self.ends_ms + DAY_MS
        return Shift(_instant_ms(day, self.starts_ms, zone), _instant_ms(day, ends_ms, zone), self)


class Shift(NamedTuple):
    """One slot on one day."""

    starts_at_ms: int
    ends_at_ms: int
    slot: Slot


class Team(Struct, frozen=True, kw_only=True):
    """A group of the floor: who leads it, where its alerts go."""

    id: str
    name: str | None = None
    leads: tuple[str, ...] = ()  # Persons; the first who is there is mentioned.
    channels: tuple[str, ...] = ()  # Names of channels; the rules say what they are.
    floor: str | None = None  # Where it sits: 二楼, Chengdu. Boards may be of a floor.
    place: str | None = None


class Register(Struct, frozen=True, kw_only=True, dict=True):
    """All that is written down of who is who, with what is asked of it."""

    shops: tuple[ShopInfo, ...] = ()
    persons: tuple[Person, ...] = ()
    accounts: tuple[Account, ...] = ()
    slots: tuple[Slot, ...] = ()
    teams: tuple[Team, ...] = ()

    # -- who and what ------------------------------------------------------------------------------------------------

    def shop(self, shop: str) -> ShopInfo | None:
        """Return what is written down about a shop."""
        return self._shops.get(shop)

    def shop_name(self, shop: str) -> str:
        """Return a shop's name as people see it."""
        found = self._shops.get(shop)
        return found.name if found is not None and found.name else shop

    def person(self, name: str | None) -> Person | None:
        """Return a person by id, nick or what the feeds call them."""
        return self._persons.get(name) if name else None

    def id_of(self, name: str) -> str:
        """Return the id of somebody, whichever of their names is given; of who is not written down the name."""
        found = self._persons.get(name)
        return name if found is None else found.id

    def person_name(self, name: str) -> str:
        """Return a person as people see them: 花名, else the id or the feed's name."""
        found = self._persons.get(name)
        return found.nick if found is not None and found.nick else name

    def team(self, team: str) -> Team | None:
        """Return a team by its id."""
        return self._teams.get(team)

    def teams_on(self, floors: Collection[str]) -> frozenset[str]:
        """Return the teams that sit on some floors."""
        return frozenset(team.id for team in self.teams if team.floor in floors)

    def team_of_shop(self, shop: str) -> str | None:
        """Return whose shop it is; None where nobody wrote it down: its policy names the team then."""
        found = self._shops.get(shop)
        return found.team if found is not None else None

    def leads(self, team: str, at_ms: int) -> tuple[Person, ...]:
        """Return who leads a team, first the one to be told first."""
        found = self._teams.get(team)
        named = (self._persons.get(name) for name in found.leads) if found is not None else ()
        return tuple(person for person in named if person is not None and person.employed(at_ms))

    def account(self, account: str, shop: str | None = None) -> Account | None:
        """Return an account; that of the shop where two shops have one of the same name."""
        return self._accounts.get((shop, account)) or self._accounts.get((None, account))

    def who(self, agent: str | None, account: str | None, shop: str | None, at_ms: int) -> str | None:
        """Return the person behind an event's agent and account.

        The agent named stands, by the register's id where it knows the name. An account
        alone is its one person, or the one of several who is on shift for the shop; None
        while that is open.
        """
        if agent and agent != account:
            found = self._persons.get(agent)
            return found.id if found is not None else agent
        if not account:
            return None
        known = self.account(account, shop) if self.accounts else None
        if known is None or not known.persons:
            found = self._persons.get(account)
            return found.id if found is not None else account  # Default: the account is the agent.
        return self._one_of(known.persons, shop, at_ms)

    def _one_of(self, persons: tuple[str, ...], shop: str | None, at_ms: int) -> str | None:
        """Return the one of an account's persons whose it is now; apart from `who`, which is asked for each message."""
        there = [name for name in persons if (p := self._persons.get(name)) is None or p.employed(at_ms)]
        if len(there) > 1 and shop is not None:
            on_shift = {shift.slot.person for shift in self.on_shift(shop, at_ms)}
            there = [name for name in there if name in on_shift] or there
        return there[0] if len(there) == 1 else None

    # -- who sits where when -----------------------------------------------------------------------------------------

    def shifts(self, from_ms: int, until_ms: int, shop: str | None = None) -> list[Shift]:
        """Return the shifts, of a shop or of all, that touch the time between two instants, by their start."""
        slots = self.slots if shop is None else self._slots.get(shop, ())
        days = _days(from_ms, until_ms)
        found = [
            shift
            for slot in slots
            for day in days
            if slot.on(day)
            for shift in (slot.shift_of(day),)
            if shift.starts_at_ms < until_ms and shift.ends_at_ms > from_ms and self._works(slot.person, shift)
        ]
        return sorted(found, key=lambda shift: (shift.starts_at_ms, shift.ends_at_ms, shift.slot.person))

    def on_shift(self, shop: str, at_ms: int) -> list[Shift]:
        """Return the shifts of a shop that run at an instant."""
        if shop not in self._slots:
            return []
        hour, of_hour = at_ms // HOUR_MS, self._of_hour
        found = of_hour.get((shop, hour))
        if found is None:
            if len(of_hour) >= HOURS_KEPT:
                of_hour.clear()
            first = next(iter(of_hour), None)
            if first is not None and abs(first[1] - hour) > NEAR_HOURS:
                del of_hour[first]
            found = of_hour[shop, hour] = self.shifts(hour * HOUR_MS, (hour + 1) * HOUR_MS, shop)
        return [shift for shift in found if shift.starts_at_ms <= at_ms < shift.ends_at_ms]

    def on_shift_of(self, person: str, shop: str, at_ms: int) -> bool:
        """Whether a person is on a shift of a shop at an instant."""
        return any(shift.slot.person == person for shift in self.on_shift(shop, at_ms))

    def next_shift(self, shop: str, at_ms: int, within_ms: int = 2 * DAY_MS) -> Shift | None:
        """Return the shift of a shop that starts first at or after an instant; None if none does for a while."""
        later = (shift for shift in self.shifts(at_ms, at_ms + within_ms, shop) if shift.starts_at_ms >= at_ms)
        return next(later, None)

    def seat_of(self, person: str, at_ms: int, shop: str | None = None) -> str | None:
        """Return where a person sits, for a shop or any: on the shift that runs, else on the seat they mostly have."""
        mine = [slot for slot in self._slots_of.get(person, ()) if slot.seat and shop in (None, slot.shop)]
        for slot in mine:
            if any(shift.slot is slot for shift in self.on_shift(slot.shop, at_ms)):
                return slot.seat
        return mine[0].seat if mine else None

    def rostered(self, shop: str) -> bool:
        """Whether a roster names a shop at all."""
        return shop in self._slots

    def planned(self, day: date, may: Callable[[str], bool]) -> list[PlannedShift]:
        """Return the shifts there are: of the roster as it holds on a day, or if nobody is on it then, as it ever does.

        Args:
            day: on the clock of the floor.
            may: whether a shop is asked for.
        """
        slots = [slot for slot in self.slots if may(slot.shop)]
        found: dict[tuple[int, int, str], PlannedShift] = {}
        for slot in [slot for slot in slots if slot.on(day)] or slots:
            ends_ms = slot.ends_ms if slot.ends_ms > slot.starts_ms else slot.ends_ms + DAY_MS
            key = (slot.starts_ms, ends_ms, slot.zone)
            known = found.get(key)
            if known is None or (known.name is None and slot.shift is not None):
                found[key] = PlannedShift(slot.shift, *key)
        return [found[key] for key in sorted(found)]

    def shops_of(self, person: str) -> tuple[str, ...]:
        """Return the shops a roster names a person for."""
        return self._rostered.get(person, ())

    def _works(self, person: str, shift: Shift) -> bool:
        found = self._persons.get(person)
        return found is None or found.employed(shift.starts_at_ms)

    # -- indices, made when first asked for --------------------------------------------------------------------------

    @cached_property
    def _shops(self) -> dict[str, ShopInfo]:
        return {shop.shop: shop for shop in self.shops}

    @cached_property
    def _persons(self) -> dict[str, Person]:
        """By every name; an id goes before another's nick."""
        found: dict[str, Person] = {}
        for person in self.persons:
            for name in (person.nick, *person.names):
                if name:
                    found.setdefault(name, person)
        return found | {person.id: person for person in self.persons}

    @cached_property
    def _teams(self) -> dict[str, Team]:
        return {team.id: team for team in self.teams}

    @cached_property
    def _accounts(self) -> dict[tuple[str | None, str], Account]:
        found = {(account.shop, account.account): account for account in self.accounts}
        for account in self.accounts:
            found.setdefault((None, account.account), account)
        return found

    @cached_property
    def _slots_of(self) -> dict[str, list[Slot]]:
        """By person."""
        found: dict[str, list[Slot]] = {}
        for slot in self.slots:
            found.setdefault(slot.person, []).append(slot)
        return found

    @cached_property
    def _rostered(self) -> dict[str, tuple[str, ...]]:
        return {person: tuple(dict.fromkeys(slot.shop for slot in slots)) for person, slots in self._slots_of.items()}

    @cached_property
    def _of_hour(self) -> dict[tuple[str, int], list[Shift]]:
        return {}

    @cached_property
    def _slots(self) -> dict[str, tuple[Slot, ...]]:
        found: dict[str, list[Slot]] = {}
        for slot in self.slots:
            found.setdefault(slot.shop, []).append(slot)
        return {shop: tuple(slots) for shop, slots in found.items()}


NOBODY_WRITTEN_DOWN = Register()


def _instant_ms(day: date, in_day_ms: int, zone: ZoneInfo) -> int:
    """Return the instant of a time of the day on the wall, which may be on the next day."""
    local = datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(milliseconds=in_day_ms)
    return round(local.timestamp() * 1000)


def _days(from_ms: int, until_ms: int) -> Iterable[date]:
    """Return the days, of any zone, whose shifts may touch the time between two instants."""
    first = datetime.fromtimestamp(from_ms / 1000, UTC).date() - timedelta(days=2)
    last = datetime.fromtimestamp(until_ms / 1000, UTC).date() + timedelta(days=1)
    return [first + timedelta(days=at) for at in range((last - first).days + 1)]
