"""Days long over, whose sums are written down: what comes to light later is counted all the same."""

from pathlib import Path

import pytest

from monitor.core import events as ev
from monitor.core.roster import Person, Register
from monitor.core.scores.board import Row, unpack
from monitor.errors import StoreUnavailable
from tests.core.scores.day import Chatter, at_ms
from tests.scoring.floor import Floor, floor, reading
from tests.scoring.test_reading import rows


async def stored(f: Floor, dim: str) -> dict[str, Row]:
    day = f.scorer._days.of(at_ms("12:00:00")).number
    return {row.name: unpack(row.body) for row in await f.scorer.store.days(day, day, dim, list)}


async def settle_all(f: Floor) -> None:
    await f.scorer.settle()
    while f.scorer._long_over.waiting:
        await f.scorer.settle()


@pytest.mark.parametrize("own_ids", [False, True])
async def test_a_buyer_who_was_seen_under_two_names_is_counted_once_on_days_long_over_too(
    tmp_path: Path, *, own_ids: bool
) -> None:
    async with floor(tmp_path) as f:
        chat = Chatter()
        for buyer, minute in (("b1", 0), ("b2", 10), ("b3", 20)):
            where = f"chat of {buyer}" if own_ids else buyer
            chat.b(f"10:{minute:02}:00", conversation=where, buyer=buyer)
            chat.a(f"10:{minute + 1:02}:00", conversation=where, buyer=buyer)
        await f.tell(chat)
        await f.at("2026-11-24 00:01")
        await f.at("2026-11-28 12:00")
        assert (await stored(f, "shop"))[""].buyers[0] == 3
        merged = Chatter().event(
            ev.BuyerMerged, "2026-11-28 12:01", id="m", type="buyer_merged", buyer="b1", into="b2", conversation=None
        )
        await f.tell(merged)
        await settle_all(f)
        row = (await stored(f, "shop"))[""]
        assert row.buyers[0] == 2
        assert row.sums["rate_3min_buyer"].counts == [2, 0, 0, 0]
        assert row.sums["taobao_3min"].counts == [3, 0, 0, 0]
        assert (await stored(f, "agent"))["lin"].buyers[0] == 2


async def test_an_answer_in_the_other_chat_ends_the_round_of_a_day_long_over(tmp_path: Path) -> None:
    async with floor(tmp_path) as f:
        chat = Chatter().b("10:00:00", conversation="c1", buyer="b1").a("10:30:00", conversation="c1", buyer="b1")
        await f.tell(chat.b("10:01:00", conversation="c2", buyer="b2").a("10:02:00", conversation="c2", buyer="b2"))
        await f.at("2026-11-24 00:01")
        await f.at("2026-11-28 12:00")
        assert (await stored(f, "shop"))[""].sums["taobao_3min"].counts == [1, 1, 0, 0]
        merged = Chatter().event(
            ev.BuyerMerged, "2026-11-28 12:01", id="m", type="buyer_merged", buyer="b1", into="b2", conversation=None
        )
        await f.tell(merged)
        await settle_all(f)
        assert (await stored(f, "shop"))[""].sums["taobao_3min"].counts == [1, 0, 0, 0]


async def test_a_buyer_served_under_two_names_of_one_person_is_one_of_theirs_on_days_long_over_too(
    tmp_path: Path,
) -> None:
    async with floor(tmp_path) as f:
        chat = Chatter().b("10:00:00", buyer="x").a("10:00:30", agent="lin", buyer="x")
        await f.tell(chat.b("11:00:00", buyer="x").a("11:00:30", agent="B07", buyer="x"))
        await f.at("2026-11-24 00:01")
        await f.at("2026-11-28 12:00")
        assert set(await stored(f, "agent")) == {"lin", "B07"}
        f.register = Register(persons=(Person(id="1007", names=("lin", "B07")),))
        await settle_all(f)
        assert set(await stored(f, "agent")) == {"1007"}
        read = reading(f, f.register)
        day = f.scorer.today - 5
        found = (await rows(read, read.day_span(day, day), by="agent"))["1007"]
        assert found["figures"]["buyers"] == {"consulted": 1, "received": 1, "valid": 1, "filtered": 0}
        assert found["scores"]["rate_3min_buyer"]["hits"] == 1


async def test_what_the_journal_holds_no_more_stays_as_it_was_written_down(tmp_path: Path) -> None:
    async with floor(tmp_path) as f:
        await f.tell(Chatter().b("10:00:00", conversation="b1").b("10:00:00", conversation="b2"))
        await f.at("2026-11-24 00:01")
        await f.at("2026-11-28 12:00")
        f.scorer._kept_from_ms = lambda: at_ms("2026-11-16 00:00")
        merged = Chatter().event(
            ev.BuyerMerged, "2026-11-28 12:01", id="m", type="buyer_merged", buyer="b1", into="b2", conversation=None
        )
        await f.tell(merged)
        f.register = Register(persons=(Person(id="1007", names=("lin",)),))
        await settle_all(f)
        assert (await stored(f, "shop"))[""].buyers[0] == 2


async def test_a_day_is_scored_again_until_it_is_done_and_once_more_for_what_comes_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with floor(tmp_path, "2026-11-28 12:00") as f:
        redone: list[int] = []
        long_over = f.scorer._long_over

        async def day(shop: str, day: int) -> None:
            redone.append(day)
            if len(redone) == 1:
                raise StoreUnavailable
            if len(redone) == 2:
                long_over.backfilled(shop, at_ms("12:30:00"))
            if len(redone) == 4:
                raise ValueError("cannot be scored")

        monkeypatch.setattr(f.scorer.recount, "day", day)
        long_over.backfilled("senye", at_ms("12:00:00"))
        with pytest.raises(StoreUnavailable):
            await f.scorer.settle()
        await settle_all(f)
        assert len(redone) == 3
        long_over.backfilled("senye", at_ms("12:00:00"))
        with pytest.raises(ValueError, match="cannot be scored"):
            await f.scorer.settle()
        assert not long_over.waiting, "or it would be in the way of all other days"
