from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from monitor.core.roster import Account, Person, Register, ShopInfo, Slot, Team

HOUR_MS = 3_600_000


def at(day: int, clock: str, zone: str = "Asia/Shanghai") -> int:
    """An instant of November 2026, a Monday on the 23rd."""
    hour, minute = (int(part) for part in clock.split(":"))
    local = datetime(2026, 11, day, hour, minute, tzinfo=ZoneInfo(zone))
    return int(local.timestamp() * 1000)


def early(person: str, shop: str = "senye", **more: object) -> Slot:
    return Slot(person=person, shop=shop, starts_ms=8 * HOUR_MS, ends_ms=16 * HOUR_MS, seat="B07", **more)  # type: ignore[arg-type]


def late(person: str, shop: str = "senye") -> Slot:
    return Slot(person=person, shop=shop, starts_ms=16 * HOUR_MS, ends_ms=24 * HOUR_MS, seat="B08", shared=False)


def test_an_empty_register_knows_everybody_by_the_name_the_feeds_give() -> None:
    empty = Register()
    assert empty.who("lin", "senye:1", "senye", 0) == "lin"
    assert empty.who(None, "senye:1", "senye", 0) == "senye:1"
    assert empty.who(None, None, "senye", 0) is None
    assert empty.shop_name("senye") == "senye"
    assert empty.on_shift("senye", 0) == []
    assert empty.next_shift("senye", 0) is None
    assert empty.leads("default", 0) == ()
    assert not empty.rostered("senye")


def test_a_shift_runs_from_its_start_up_to_its_end() -> None:
    register = Register(slots=(early("A"), late("B")))
    before = at(25, "16:00") - 1
    assert [shift.slot.person for shift in register.on_shift("senye", before)] == ["A"]
    assert [shift.slot.person for shift in register.on_shift("senye", at(25, "16:00"))] == ["B"]
    assert register.on_shift("senye", at(25, "07:59")) == []
    assert register.on_shift("other", at(25, "09:00")) == []


def test_a_night_shift_runs_over_midnight_and_belongs_to_the_day_it_starts() -> None:
    night = Slot(
        person="C", shop="senye", starts_ms=22 * HOUR_MS, ends_ms=6 * HOUR_MS, weekdays=frozenset({2})
    )  # Wednesdays
    register = Register(slots=(night,))
    assert len(register.on_shift("senye", at(26, "05:59"))) == 1
    assert register.on_shift("senye", at(25, "05:00")) == []
    assert register.on_shift("senye", at(26, "22:00")) == []


def test_a_slot_holds_on_its_days_only() -> None:
    register = Register(slots=(early("A", first_day=date(2026, 11, 24), last_day=date(2026, 11, 25)),))
    days = [day for day in range(22, 28) if register.on_shift("senye", at(day, "09:00"))]
    assert days == [24, 25]


def test_the_next_shift_is_the_one_that_starts_first() -> None:
    register = Register(slots=(late("B"), early("A")))
    found = register.next_shift("senye", at(25, "09:00"))
    assert found is not None
    assert (found.slot.person, found.starts_at_ms) == ("B", at(25, "16:00"))
    found = register.next_shift("senye", at(25, "16:01"))
    assert found is not None
    assert (found.slot.person, found.starts_at_ms) == ("A", at(26, "08:00"))


def test_an_account_two_shifts_share_is_who_is_on_shift() -> None:
    account = Account(account="senye:1", shop="senye", persons=("A", "B"))
    register = Register(accounts=(account,), slots=(early("A"), late("B")))
    assert register.who(None, "senye:1", "senye", at(25, "15:00")) == "A"
    assert register.who(None, "senye:1", "senye", at(25, "17:00")) == "B"
    assert register.who(None, "senye:1", "senye", at(25, "07:00")) is None  # Either may have been early.
    assert register.who("X", "senye:1", "senye", at(25, "15:00")) == "X"  # The event names who.
    assert register.who(None, "senye:1", "other", at(25, "15:00")) is None


def test_a_person_is_known_by_every_name_and_an_id_goes_before_a_nick() -> None:
    register = Register(persons=(Person(id="1007", nick="小林", names=("senye:lin",)), Person(id="小林", nick="林")))
    for name in ("1007", "senye:lin"):
        assert register.who(name, None, None, 0) == "1007"
    assert register.who("小林", None, None, 0) == "小林"
    assert register.person_name("1007") == "小林"
    assert register.person_name("nobody known") == "nobody known"


def test_temporary_staff_is_gone_by_itself() -> None:
    ends = at(25, "12:00")
    register = Register(
        persons=(Person(id="T", ends_at_ms=ends), Person(id="L")),
        slots=(early("T"), late("T")),
        teams=(Team(id="south", leads=("T", "L")),),
        shops=(ShopInfo(shop="senye", name="森野旗舰店", team="south"),),
    )
    assert len(register.on_shift("senye", at(25, "11:00"))) == 1
    assert register.on_shift("senye", at(25, "17:00")) == []
    assert [lead.id for lead in register.leads("south", ends - 1)] == ["T", "L"]
    assert [lead.id for lead in register.leads("south", ends)] == ["L"]
    assert register.shop_name("senye") == "森野旗舰店"
    assert register.team_of_shop("senye") == "south"


def test_a_seat_is_that_of_the_shift_that_runs() -> None:
    register = Register(slots=(early("A"), Slot(person="A", shop="lvya", starts_ms=0, ends_ms=HOUR_MS, seat="C01")))
    assert register.seat_of("A", at(25, "00:30")) == "C01"
    assert register.seat_of("A", at(25, "09:00")) == "B07"
    assert register.seat_of("A", at(25, "20:00"), "lvya") == "C01"
    assert register.seat_of("B", at(25, "09:00")) is None


@given(
    st.integers(0, 2 * 365 * 24 * 60).map(
        lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    ),
    st.integers(0, 24 * 60 - 1),
    st.integers(0, 24 * 60),
    st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/New_York"]),
)
def test_a_shift_runs_when_the_clock_on_the_wall_says_so(instant: datetime, starts: int, ends: int, zone: str) -> None:
    """Held against the clock of the wall itself, minutes near a change of the clocks apart."""
    slot = Slot(person="A", shop="s", starts_ms=starts * 60_000, ends_ms=ends * 60_000, zone=zone)
    near = {(instant + timedelta(hours=h)).astimezone(ZoneInfo(zone)).utcoffset() for h in range(-48, 49, 6)}
    local = instant.astimezone(ZoneInfo(zone))
    minute = local.hour * 60 + local.minute
    on = starts <= minute < ends if ends > starts else minute >= starts or minute < ends
    if len(near) == 1:
        assert bool(Register(slots=(slot,)).on_shift("s", int(instant.timestamp() * 1000))) == on


def test_who_was_on_shift_in_past_weeks_does_not_fill_the_memory() -> None:
    register = Register(slots=tuple(one for shop in ("senye", "lvya") for one in (early("A", shop), late("B", shop))))
    for hour in range(60 * 24):
        for shop in ("senye", "lvya"):
            shifts = register.on_shift(shop, at(1, "08:00") + hour * HOUR_MS)
            assert len(shifts) == (hour % 24 < 16)
        assert register.on_shift("senye", at(1, "09:00")), "what is asked for of long ago is still told"
    assert len(register._of_hour) <= 2 * 49 + 1


def test_the_planned_shifts_are_those_of_the_day_else_all_there_are() -> None:
    slots = (
        Slot(person="a", shop="senye", starts_ms=8 * HOUR_MS, ends_ms=16 * HOUR_MS, weekdays=frozenset({0})),
        Slot(person="b", shop="lvya", starts_ms=8 * HOUR_MS, ends_ms=16 * HOUR_MS, shift="早班"),
        Slot(person="c", shop="senye", starts_ms=22 * HOUR_MS, ends_ms=6 * HOUR_MS, weekdays=frozenset({0, 1})),
        Slot(person="d", shop="senye", starts_ms=10 * HOUR_MS, ends_ms=18 * HOUR_MS, last_day=date(2026, 1, 1)),
    )
    register = Register(slots=slots)

    def hours(day: date, *shops: str) -> list[tuple[str | None, int, int]]:
        found = register.planned(day, lambda shop: not shops or shop in shops)
        return [(one.name, one.starts_ms // HOUR_MS, one.ends_ms // HOUR_MS) for one in found]

    monday, tuesday, wednesday = date(2026, 11, 23), date(2026, 11, 24), date(2026, 11, 25)
    assert hours(monday) == [("早班", 8, 16), (None, 22, 30)]
    assert hours(tuesday, "senye") == [(None, 22, 30)]
    assert hours(wednesday, "senye") == [(None, 8, 16), (None, 10, 18), (None, 22, 30)], "nobody is on it that day"
    assert hours(monday, "nowhere") == []
