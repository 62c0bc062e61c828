"""What is known of a shop besides its chats does not grow with the days: feeds, merged ids, who was there."""

from typing import Any

from monitor.core import events as ev
from monitor.core.scores.board import Board, Sheet
from monitor.core.scores.chats import ShopChats
from monitor.core.scores.gaps import Feeds
from monitor.core.scores.staff import Staff
from monitor.core.units import DAY_MS, HOUR_MS
from tests.core.scores.day import at_ms, shipped

KEPT_MS = 11 * DAY_MS  # As the scores do: three days, and the eight before them.


def status(ts_ms: int, state: Any, account: str) -> ev.AccountStatus:
    return ev.AccountStatus(
        type="account_status", id=f"{ts_ms}", ts_ms=ts_ms, shop="senye", account=account, state=state
    )  # fmt: skip


def test_an_account_that_flaps_for_months_leaves_the_gaps_of_the_last_days() -> None:
    shop, start_ms = ShopChats("senye", "jd"), at_ms("09:00:00")
    for day in range(120):
        ts_ms = start_ms + day * DAY_MS
        for account in ("flaps", f"once {day}"):
            shop.note(status(ts_ms, "kicked", account), 2 * day)
            shop.note(status(ts_ms + HOUR_MS, "online", account), 2 * day + 1)
        shop.forget(ts_ms - KEPT_MS)
    assert shop.feeds is not None
    assert len(shop.feeds.gaps()) == 2 * 12
    assert len(shop.feeds._states) == 1 + 12
    assert max(map(len, shop.feeds._states.values())) == 2 * 12


def test_who_was_blind_before_is_blind_still() -> None:
    feeds, start_ms = Feeds(), at_ms("09:00:00")
    feeds.note(status(start_ms, "kicked", "a"))
    feeds.note(status(start_ms, "online", "b"))
    feeds.forget(start_ms + 50 * DAY_MS)
    feeds.note(status(start_ms + 60 * DAY_MS, "online", "a"))
    [gap] = feeds.gaps()
    assert (gap.from_ms, gap.to_ms) == (start_ms, start_ms + 60 * DAY_MS)


def test_a_merged_id_is_remembered_as_long_as_anything_was_said_under_it() -> None:
    shop, start_ms = ShopChats("senye", "ownsite"), at_ms("09:00:00")
    for day in range(60):
        ts_ms = start_ms + day * DAY_MS
        buyer, into = f"visitor {day}", f"customer {day}"
        merged = ev.BuyerMerged(
            type="buyer_merged", id=f"m{day}", ts_ms=ts_ms, shop="senye", buyer=buyer, into=into
        )  # fmt: skip
        shop.note(merged, day)
        shop.spoken("visitor 0", ts_ms)
        shop.forget(ts_ms - KEPT_MS)
    assert set(shop.aliases) == {"visitor 0", *(f"visitor {day}" for day in range(48, 60))}
    assert shop.one("visitor 0") == "customer 0"
    assert shop.members("customer 59") == ["customer 59", "visitor 59"]


def test_a_shop_that_is_served_no_more_leaves_no_sheets() -> None:
    board = Board(shipped())
    for day in range(50):
        board.put("stays", f"c{day}", Sheet("stays", f"c{day}", {}, []))
        board.put(f"stall {day}", "c", Sheet(f"stall {day}", "c", {}, []))
        board.drop(day)
        if day % 10 == 9:
            assert len(board.all_keys()) == 20
            assert sum(1 for _ in board.sweep()) == 20
            assert board.all_keys() == []
            assert board._sheets == {}


def test_who_has_left_for_good_is_nobody_of_a_shop_any_more() -> None:
    staff, start_ms = Staff(), at_ms("09:00:00")
    for day in range(120):
        ts_ms = start_ms + day * DAY_MS
        for who, shops in ((f"temp {day}", ["senye", f"stall {day}"]), (f"at large {day}", [])):
            staff.stand((who, ""), ts_ms, "online", shops)
            staff.stand((who, ""), ts_ms + HOUR_MS, "offline", ())
        staff.stand(("stays", ""), start_ms, "online", ["senye"])
        staff.forget(ts_ms - KEPT_MS)
    assert len(staff._states) == 1 + 2 * 42
    assert set(staff.shops()) == {"senye", *(f"stall {day}" for day in range(78, 120))}
    assert len(staff._shops) == 1 + 2 * 42
    assert not staff.of("senye").nobody(start_ms + 119 * DAY_MS)
