"""What holds of people whatever happens on the floor."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core import decisions as d
from monitor.core.roster import Account, Register
from tests.staffed import Floor, slot
from tests.timeline import at_ms

AGENTS = ("chen", "lin", "zhou")
SHOPS = ("senye", "lvya")
PRESENCE = st.tuples(
    st.just("presence"), st.sampled_from(AGENTS), st.sampled_from(["online", "away", "suspended", "offline"])
)
WORDS = st.tuples(
    st.sampled_from(["buyer", "agent", "closed"]), st.sampled_from(AGENTS), st.sampled_from(["a", "b", "c", "d"])
)
STEPS = st.lists(st.tuples(st.integers(1, 400), PRESENCE | WORDS), max_size=60)


def register() -> Register:
    shared = Account(account="front", persons=AGENTS)
    return Register(
        accounts=(shared,), slots=(slot("chen", 2, 10.5), slot("lin", 10.5, 12), slot("zhou", 2, 20, "lvya"))
    )


def lived(steps: list[tuple[int, tuple[str, str, str]]]) -> tuple[Floor, float]:
    """Live through some steps; return also the end."""
    floor = Floor(register())
    at = 0.0
    for gap, (what, agent, detail) in steps:
        at += gap
        if what == "presence":
            floor.presence(at, agent, detail, limit=2, shops=list(SHOPS))
        elif what == "closed":
            floor.closed(at, "agent", chat=detail)
        else:
            more: dict[str, Any] = {"agent": agent} if what == "agent" else {"account": "front"}
            floor.said(at, what, "有货吗" if what == "buyer" else "有的", chat=detail, **more)
    at += 1_000
    floor.until(at)
    return floor, at


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_every_second_of_a_wait_is_charged_to_somebody_once(steps: list[tuple[int, tuple[str, str, str]]]) -> None:
    floor, _ = lived(steps)
    for done in floor.rounds.values():
        assert sum(one.held_ms for one in done.holders) == (done.ended_at_ms or 0) - done.opened_at_ms
        assert all(one.held_ms >= 0 for one in done.holders)


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_a_shop_is_unattended_and_attended_by_turns(steps: list[tuple[int, tuple[str, str, str]]]) -> None:
    floor, at = lived(steps)
    for shop in SHOPS:
        said = [one for one in floor.of(d.ShopUnattended, d.ShopAttended) if one.shop == shop]
        assert [isinstance(one, d.ShopUnattended) for one in said] == [n % 2 == 0 for n in range(len(said))]
        assert floor.staff.unattended(shop) == (len(said) % 2 == 1)
        if floor.staff.unattended(shop):
            assert floor.staff.shop_row(shop, at_ms(at)).attended is False
        for one in said:
            if isinstance(one, d.ShopUnattended):
                least_ms = 60_000 if one.waiting else 180_000
                assert one.decided_at_ms - one.since_ms >= least_ms


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_the_sums_of_a_day_are_the_time_since_somebody_was_first_heard_of(
    steps: list[tuple[int, tuple[str, str, str]]],
) -> None:
    floor, at = lived(steps)
    first: dict[str, float] = {}
    now = 0.0
    for gap, (what, agent, _) in steps:
        now += gap
        if what == "presence":
            first.setdefault(agent, now)
    for row in floor.staff.rows(at_ms(at)):
        today = row.today
        total = today.online_ms + today.away_ms + today.suspended_ms + today.offline_ms
        known = first.get(row.person)
        assert total == (0 if known is None else at_ms(at) - at_ms(known))
        assert 0 <= today.busy_ms <= today.online_ms
        assert row.chats <= 4
        assert today.most_chats >= row.chats
