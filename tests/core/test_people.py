"""Who is there, shops nobody can serve, shifts and what they leave open."""

import pytest

from monitor.core import decisions as d
from monitor.core import events as ev
from monitor.core import people
from monitor.core.presence import SHOPS_AT_MOST, Worker
from monitor.core.roster import Account, Person, Register, Team
from monitor.core.words import A_BOT, AUTOMATIC
from tests.core.ladders import LADDER
from tests.core.shifts import change_of_shifts
from tests.staffed import HOUR_MS, SAID, Floor, line, slot
from tests.timeline import at_ms, shown

# -- S3: the end of a shift, and one who does not come -----------------------------------------------------------------


def test_a_shop_is_unattended_while_the_shifts_change_and_the_one_who_comes_is_late() -> None:
    floor = change_of_shifts()
    assert [line(decision) for decision in floor.of(*SAID)] == [
        "chen late 0 early 40",
        "10:20 unattended nobody 1 waiting",
        "11:30 attended by zhou",
        "13:00 lin late by 180",
    ]
    [unattended] = floor.of(d.ShopUnattended)
    assert unattended.team == "south"
    assert unattended.absent == ("lin",)
    assert unattended.promises == 1
    assert at_ms("10:20") - unattended.oldest_since_ms == 110_000
    assert shown(unattended.since_ms) == "9:20"


def test_the_seconds_of_a_wait_are_those_of_who_was_there_or_should_have_been() -> None:
    floor = change_of_shifts()
    [b2] = [r for r in floor.rounds.values() if r.conversation == "b2"]
    assert [(h.agent, h.slot, h.held_ms // 1000) for h in b2.holders] == [
        ("chen", None, 50),
        ("chen", "early_leave", 40),
        ("lin", "absent", 90),
        ("zhou", None, 15),
    ]
    assert sum(h.held_ms for h in b2.holders) == 195_000
    assert b2.agent == "zhou"


def test_what_a_shift_leaves_open_has_a_receiver_by_name_and_is_received() -> None:
    floor = change_of_shifts()
    opened, at_the_end = floor.of(d.HandOverOpened)
    assert shown(opened.decided_at_ms) == "0:00"
    assert (opened.giver, opened.receiver, opened.left) == ("chen", "lin", ())
    assert shown(at_the_end.decided_at_ms) == "10:00"
    assert [(left.kind, left.conversation, shown(left.since_ms)) for left in at_the_end.left] == [
        ("promise", "b1", "5:00"),
        ("wait", "b2", "8:30"),
    ]
    [taken] = floor.of(d.HandOverTaken)
    assert (taken.by, shown(taken.decided_at_ms)) == ("lin", "13:00")
    assert floor.of(d.HandOverUnreceived) == []


# -- shops nobody can serve --------------------------------------------------------------------------------------------


def test_a_shop_no_presence_and_no_roster_names_is_unknown_and_never_unattended() -> None:
    floor = Floor()
    floor.buyer("0:00").agent("0:10", agent="lin").buyer("1:00")
    floor.presence("1:00", "mei", "offline", shops=["lvya"])
    assert floor.people_said("30:00") == []
    assert floor.staff.shop_row("senye", at_ms("30:00")).attended is None
    assert floor.staff.shop_row("lvya", at_ms("30:00")).attended is False


def test_names_without_end_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "PEOPLE_AT_MOST", 2)
    floor = Floor()
    floor.presence("0:00", "lin", "online")
    for number in range(5):
        floor.transferred("0:10", f"made up {number}", chat=f"c{number}")
        floor.buyer("0:20", chat=f"c{number}")
        floor.agent("0:30", chat=f"c{number}", agent=f"made up {number}")
        floor.presence("0:40", f"another {number}", "online")
    assert [worker.person for worker in floor.staff.workers()] == ["lin", "made up 0"]


def test_who_has_been_gone_for_a_month_is_forgotten() -> None:
    floor = Floor()
    floor.presence("0:00", "lin", "online").presence("0:00", "mei", "online").agent("1:00", agent="zhou")
    floor.presence("2:00", "mei", "offline")
    floor.until(f"{29 * 24 * 60}:00")
    assert [worker.person for worker in floor.staff.workers()] == ["lin", "mei"]
    assert floor.staff.posts.persons("senye") == ("lin", "mei")
    floor.until(f"{31 * 24 * 60}:00")
    assert [worker.person for worker in floor.staff.workers()] == ["lin"]
    assert floor.staff.posts.persons("senye") == ("lin",)


def test_people_who_come_and_go_for_months_are_no_more_than_those_of_the_last() -> None:
    """Also who stands at a new account each day, and whose collector died before it said that they left."""
    floor = Floor()
    for day in range(200):
        minute = day * 24 * 60
        floor.presence(f"{minute}:00", f"temp {day}", "online").presence(f"{minute + 9}:00", f"temp {day}", "offline")
        floor.presence(f"{minute}:00", "lin", "online", account=f"a{day}")
        floor.presence(f"{minute + 9}:00", "lin", "offline", account=f"a{day}")
        if day % 20 == 0:
            floor.presence(f"{minute}:00", f"lost {day}", "online")
    floor.until(f"{200 * 24 * 60}:00")
    known = [worker.person for worker in floor.staff.workers()]
    assert {name for name in known if name.startswith("temp")} == {f"temp {day}" for day in range(170, 200)}
    assert {name for name in known if name.startswith("lost")} == {f"lost {day}" for day in range(120, 200, 20)}
    [lin] = [worker for worker in floor.staff.workers() if worker.person == "lin"]
    assert len(lin.seats) == 31


def test_nobody_able_for_60_seconds_while_a_buyer_waits() -> None:
    floor = Floor()
    floor.presence("0:00", "lin", "online")
    floor.presence("1:00", "lin", "away")
    floor.buyer("1:20")
    assert floor.people_said("2:19.999") == []
    assert floor.people_said("3:00") == ["2:20 unattended nobody 1 waiting"]
    floor.presence("3:10", "lin", "online")
    assert floor.people_said("5:00")[1:] == ["3:10 attended by lin"]


def test_a_buyer_who_is_answered_in_time_leaves_the_shop_as_it_was() -> None:
    floor = Floor()
    floor.presence("0:00", "lin", "online")
    floor.buyer("0:50")
    floor.presence("1:00", "lin", "suspended")
    floor.agent("1:30", agent="lin")
    assert floor.people_said("10:00") == []  # Nothing says which hours the shop keeps.


def test_nobody_able_for_180_seconds_in_hours_though_nobody_waits() -> None:
    floor = Floor(Register(slots=(slot("lin", 8, 16),)))
    floor.presence("0:00", "lin", "online")
    floor.presence("1:00", "lin", "away")
    assert floor.people_said("3:59.999") == []
    assert floor.people_said("5:00") == ["4:00 unattended nobody 0 waiting"]


def test_online_but_full_is_unattended_and_a_chat_less_is_room() -> None:
    floor = Floor()
    floor.presence("0:00", "lin", "online", limit=2)
    for chat in ("a", "b"):
        floor.buyer("0:10", chat=chat, agent="lin").agent("0:20", chat=chat, agent="lin")
    floor.buyer("0:30", chat="c")
    assert floor.staff.load("lin") == (2, 2)
    assert floor.people_said("1:30") == ["1:30 unattended full 1 waiting"]
    floor.closed("1:40", "agent", chat="a")
    assert floor.people_said("2:00")[1:] == ["1:40 attended by lin"]


def test_a_chat_without_a_word_for_ten_minutes_is_room_too() -> None:
    floor = Floor()
    floor.presence("0:00", "lin", "online", limit=1)
    floor.buyer("0:10", chat="a", agent="lin").agent("0:20", chat="a", agent="lin")
    floor.buyer("9:00", chat="c")
    said = floor.people_said("12:00")
    assert said[0] == "10:00 unattended full 1 waiting"
    assert said[1].endswith("attended by lin")
    assert at_ms("10:20") <= floor.of(d.ShopAttended)[0].at_ms <= at_ms("10:30")


def test_who_wrote_within_ten_minutes_is_present_where_no_presence_is_newer() -> None:
    floor = Floor(Register(slots=(slot("lin", 8, 16),)))
    floor.presence("0:00", "lin", "offline")
    floor.buyer("0:10").agent("1:00", agent="lin")
    assert floor.staff.shop_row("senye", at_ms("11:00")).attended
    assert floor.people_said("30:00") == ["14:00.001 unattended nobody 0 waiting"]
    again = Floor(Register(slots=(slot("lin", 8, 16),)))
    again.buyer("0:10").agent("1:00", agent="lin")
    again.presence("1:10", "lin", "offline")
    assert again.people_said("30:00")[-1] == "4:10 unattended nobody 0 waiting"


def test_a_bot_under_a_persons_account_does_not_make_that_person_present() -> None:
    for words, there in ((0, True), (A_BOT, False), (AUTOMATIC, False)):
        floor = Floor(Register(slots=(slot("lin", 8, 16),)))
        floor.presence("0:00", "lin", "offline")
        said = ev.Message(
            id="b", ts_ms=at_ms("1:00"), shop="senye", conversation="c", role="agent", text="", agent="lin"
        )
        floor.buyer("0:10").event(said, words=words)
        assert floor.staff.shop_row("senye", at_ms("1:30")).attended == there


def test_a_roster_alone_is_believed_until_presence_is_heard() -> None:
    floor = Floor(Register(slots=(slot("lin", 8, 16),)))
    floor.buyer("0:00")
    assert floor.people_said("30:00") == []
    assert floor.staff.shop_row("senye", at_ms("30:00")).attended


def test_a_stale_shop_is_not_called_unattended() -> None:
    floor = Floor(wall=True)
    floor.presence("0:00", "lin", "online")
    floor.buyer("0:10", account="a")
    floor.event(
        ev.AccountStatus(
            type="account_status",
            id="s",
            ts_ms=at_ms("0:20"),
            source="collector",
            shop="senye",
            account="a",
            state="kicked",
        )
    )
    floor.presence("0:30", "lin", "offline")
    assert floor.people_said("5:00") == []


# -- shifts ------------------------------------------------------------------------------------------------------------


def test_rostered_and_not_there_five_minutes_after_the_start_is_absent() -> None:
    register = Register(slots=(slot("chen", 2, 16), slot("lin", 10.05, 16), slot("lin", 10.05, 16, "lvya")))
    floor = Floor(register)
    floor.presence("0:00", "chen", "online", shops=["senye", "lvya"])
    assert floor.people_said("7:59.999") == []
    assert floor.people_said("9:00") == ["8:00 absent lin"]
    [absent] = floor.of(d.AgentAbsent)
    assert absent.shops == ("senye", "lvya")  # One person, one message, whatever they serve.
    floor.presence("9:30", "lin", "online")
    assert floor.people_said("10:00")[1:] == ["9:30 lin late by 390"]


def test_who_is_in_time_is_not_late_and_away_is_there() -> None:
    floor = Floor(Register(slots=(slot("lin", 10.05, 10.5),)))
    floor.presence("2:00", "lin", "online")
    floor.presence("20:00", "lin", "away")
    floor.presence("25:00", "lin", "online")
    assert floor.people_said("31:00")[-1] == "lin late 0 early 0"
    assert floor.of(d.AgentAbsent, d.AgentArrived) == []
    [worked] = floor.of(d.ShiftWorked)
    assert worked.there_ms == worked.ends_at_ms - worked.starts_at_ms


def test_what_nobody_receives_is_told_five_minutes_after_the_end() -> None:
    floor = Floor(Register(slots=(slot("chen", 2, 10.1), slot("lin", 10.1, 18))))
    floor.presence("0:00", "chen", "online")
    floor.buyer("1:00", chat="a", agent="chen").buyer("2:00", chat="b", agent="chen")
    floor.agent("7:00", chat="b", agent="lin")
    floor.until("10:59.999")
    assert floor.of(d.HandOverUnreceived) == []
    floor.until("12:00")
    [unreceived] = floor.of(d.HandOverUnreceived)
    assert [left.conversation for left in unreceived.left] == ["a"]
    assert unreceived.receiver == "lin"


def test_with_nobody_on_the_next_slot_the_lead_receives() -> None:
    floor = Floor(
        Register(
            slots=(slot("temp", 2, 11),),
            persons=(Person(id="temp", ends_at_ms=at_ms("6:00")), Person(id="boss")),
            teams=(Team(id="default", leads=("boss",)),),
        )
    )
    floor.presence("0:00", "temp", "online")
    floor.buyer("1:00", chat="a", agent="temp")
    floor.until("8:00")
    last = floor.of(d.HandOverOpened)[-1]
    assert (last.receiver, last.to_lead, shown(last.ends_at_ms)) == ("boss", True, "6:00")
    assert [left.conversation for left in last.left] == ["a"]


def test_of_two_leads_the_one_who_is_there_receives() -> None:
    floor = Floor(
        Register(
            slots=(slot("temp", 2, 11),),
            persons=(Person(id="temp", ends_at_ms=at_ms("6:00")), Person(id="boss"), Person(id="second")),
            teams=(Team(id="default", leads=("boss", "second")),),
        )
    )
    floor.presence("-20:00", "boss", "offline", shops=[]).presence("-20:00", "temp", "online")
    floor.buyer("1:00", chat="a", agent="temp")
    floor.until("8:00")
    last = floor.of(d.HandOverOpened)[-1]
    assert (last.receiver, last.to_lead) == ("second", True)


def test_what_was_left_overnight_is_on_the_list_of_the_shift_that_begins_with_its_true_age() -> None:
    floor = Floor(Register(slots=(slot("lin", 10.5, 18),)))
    floor.buyer("1:00", chat="night")
    floor.until("31:00")
    [opened] = floor.of(d.HandOverOpened)
    assert (opened.giver, opened.receiver) == (None, "lin")
    assert [(left.conversation, shown(left.since_ms)) for left in opened.left] == [("night", "1:00")]


def test_a_list_is_received_once() -> None:
    floor = Floor(Register(slots=(slot("lin", 10.5, 18),)))
    floor.buyer("1:00", chat="night")
    floor.until("31:00")
    [one] = floor.staff.hand_overs.all()
    floor.received("31:00", one.id, "lin").received("31:05", one.id, "zhou").received("31:06", "no such", "zhou")
    assert [taken.by for taken in floor.of(d.HandOverTaken)] == ["lin"]
    floor.until("60:00")
    assert floor.of(d.HandOverUnreceived) == []


def test_what_comes_after_a_list_was_received_early_is_on_a_list_of_its_own() -> None:
    floor = Floor(Register(slots=(slot("chen", 2, 10.5), slot("lin", 10.5, 18))))
    floor.buyer("1:00", chat="a", agent="chen")
    floor.until("21:00")  # The shift ends at 30:00, and its list opens ten minutes before.
    [coming] = floor.staff.hand_overs.all()
    floor.received("21:00", coming.id, "lin").buyer("25:00", chat="b", agent="chen")
    floor.until("31:00")
    first, since = floor.staff.hand_overs.all()
    assert [one.conversation for one in first.left] == ["a"]
    assert (since.giver, since.receiver, [one.conversation for one in since.left]) == ("chen", "lin", ["b"])
    floor.until("40:00")
    [unreceived] = floor.of(d.HandOverUnreceived)
    assert (unreceived.id, shown(unreceived.decided_at_ms)) == (since.id, "35:00")


def test_what_is_on_a_list_already_is_on_no_other_under_whichever_account_it_is_by_then() -> None:
    floor = Floor(Register(slots=(slot("chen", 2, 10.5), slot("lin", 10.5, 18))))
    floor.buyer("1:00", chat="a", agent="chen", account="front").buyer("1:00", chat="b", agent="chen", account="front")
    floor.until("21:00")
    [coming] = floor.staff.hand_overs.all()
    floor.received("21:00", coming.id, "lin").buyer("22:00", "在吗", chat="a", agent="chen", account="back")
    floor.until("31:00")
    [received] = floor.staff.hand_overs.all()
    assert [one.conversation for one in received.left] == ["a", "b"]


# -- sums --------------------------------------------------------------------------------------------------------------


def test_occupancy_is_time_with_an_open_wait_over_time_online() -> None:
    floor = Floor()
    floor.presence("0:00", "lin", "online")
    floor.buyer("1:00", chat="a", agent="lin").buyer("2:00", chat="b", agent="lin")
    floor.agent("3:00", chat="a", agent="lin").agent("4:00", chat="b", agent="lin")
    floor.presence("6:00", "lin", "away").presence("8:00", "lin", "online").presence("10:00", "lin", "offline")
    floor.until("12:00")
    [row] = floor.staff.rows(at_ms("12:00"))
    today = row.today
    assert (today.online_ms, today.away_ms, today.offline_ms) == (480_000, 120_000, 120_000)
    assert today.busy_ms == 180_000  # From the first to open to the last to be answered, once.
    assert today.occupancy == 180 / 480
    assert row.waits == 0
    assert row.state == "offline"


def test_who_is_heard_of_while_a_buyer_waits_for_them_is_busy_from_then_on() -> None:
    floor = Floor()
    floor.presence("0:00", "zhou", "online")
    floor.buyer("0:30", chat="a", agent="lin")
    floor.presence("1:00", "lin", "online")
    floor.agent("3:00", chat="a", agent="lin")
    floor.until("5:00")
    [row] = [row for row in floor.staff.rows(at_ms("5:00")) if row.person == "lin"]
    assert (row.today.busy_ms, row.today.online_ms) == (120_000, 240_000)


def test_a_persons_load_is_over_all_shops_and_accounts() -> None:
    register = Register(
        persons=(Person(id="1007", nick="小林", names=("senye:lin", "lvya:lin")),),
        accounts=(Account(account="a1", persons=("1007",)), Account(account="a2", persons=("1007",))),
    )
    floor = Floor(register)
    floor.presence("0:00", "senye:lin", "online", limit=8)
    floor.buyer("0:10", chat="x", account="a1").buyer("0:20", chat="y", shop="lvya", account="a2")
    floor.agent("0:30", chat="z", agent="lvya:lin", shop="lvya")
    assert floor.staff.load("1007") == (3, 8)
    [row] = floor.staff.rows(at_ms("0:40"))
    assert (row.person, row.nick, row.chats) == ("1007", "小林", 3)
    assert floor.staff.room("senye", at_ms("0:40")) == [("1007", 3, 8)]


def test_a_day_ends_at_midnight_with_sums_that_stay_sums() -> None:
    floor = Floor()
    floor.presence("0:00", "lin", "online")
    floor.until(14 * 3600 + 60)
    [day] = floor.of(d.PersonDay)
    assert (day.person, day.day, day.online_ms) == ("lin", "2026-11-23", 14 * HOUR_MS)
    [row] = floor.staff.rows(at_ms(14 * 3600 + 60))
    assert row.today.online_ms == 60_000


def test_of_too_many_shops_the_newest_are_known_and_when_somebody_last_wrote_is_never_lost() -> None:
    worker = Worker("lin")
    for number in range(3 * SHOPS_AT_MOST):
        worker.spoke(f"shop-{number}", 1_000 + number)
        assert len(worker.wrote) <= SHOPS_AT_MOST
        assert worker.wrote_ms == worker.wrote[f"shop-{number}"] == 1_000 + number
    worker.spoke("shop-1", 5)
    assert worker.wrote_ms == 999 + 3 * SHOPS_AT_MOST, "what comes late is no later word"


# -- what people are told of it ----------------------------------------------------------------------------------------


def test_an_unattended_shop_stands_for_the_slow_wait_in_it_and_one_message_goes_out() -> None:
    floor = change_of_shifts(LADDER)
    assert floor.said_to("team", "lead") == ["10:20 lead south nobody"]
    [told] = [one for one in floor.of(d.TellPeople) if one.kind == "unattended"]
    assert (told.team, told.facts["waiting"], told.facts["promises"], told.facts["absent"]) == ("south", 1, 1, ["lin"])
    ended = [one for one in floor.of(d.AlertState) if one.kind == "unattended" and one.ended_at_ms is not None]
    assert [shown(one.ended_at_ms) for one in ended] == ["11:30"]


def test_how_many_more_chats_all_can_take_and_which_teams_are_full() -> None:
    register = Register(persons=(Person(id="lin", team="a"), Person(id="zhou", team="b"), Person(id="wu", team="b")))
    floor = Floor(register)
    assert floor.staff.spare(at_ms("0:00")) == (None, 0)
    floor.presence("0:00", "lin", "online", limit=1).presence("0:00", "zhou", "online", limit=3)
    floor.presence("0:00", "wu", "away", limit=9)
    floor.buyer("0:10", agent="lin", chat="x").buyer("0:10", agent="zhou", chat="y")
    assert floor.staff.spare(at_ms("0:20")) == (2, 1)
    floor.presence("0:30", "wu", "online")
    assert floor.staff.spare(at_ms("0:40")) == (11, 1)
