"""Live time: late feeds, silent ones, and what comes after the decision."""

from typing import Any

import pytest

from monitor.core import decisions as d
from monitor.core import events as ev
from monitor.core import watch
from monitor.core.shard_rows import ShardRows
from monitor.core.slices import SLICE
from tests.core.hours import in_hours
from tests.timeline import START_MS, Timeline, at_ms, shown, take_policies


def beat(chat: Timeline, when: str, accounts: dict[str, Any] | None = None, source: str = "collector") -> Timeline:
    return chat.event(
        ev.SourceHeartbeat(
            id=f"beat-{when}", ts_ms=at_ms(when), source=source, type="source_heartbeat", accounts=accounts
        )
    )


def status(
    chat: Timeline,
    when: str,
    state: Any,
    account: str = "a",
    source: str = "collector",
    arrives: str | None = None,
) -> Timeline:
    return chat.event(
        ev.AccountStatus(
            id=f"status-{when}",
            ts_ms=at_ms(when),
            source=source,
            shop="senye",
            account=account,
            type="account_status",
            state=state,
        ),
        arrives=arrives,
    )


def synced(
    chat: Timeline, when: str, start: str, end: str, account: str | None = "a", arrives: str | None = None
) -> Timeline:
    return chat.event(
        ev.SyncRange(
            id=f"sync-{when}",
            ts_ms=at_ms(when),
            source="collector",
            shop="senye",
            account=account,
            type="sync_range",
            from_ms=at_ms(start),
            to_ms=at_ms(end),
            complete=True,
        ),
        arrives=arrives,
    )


def test_a_backlog_raises_no_storm_and_what_is_still_open_is_told_once_at_its_highest_stage() -> None:
    chat = Timeline(wall=True)
    for n in range(20):
        chat.buyer(n, chat=f"c{n}", account="a", arrives="10:00")
        if n:
            chat.agent(n + 200, chat=f"c{n}", account="a", arrives="10:00.500")
    assert chat.until("10:02.400") == []
    assert chat.until("10:02.501") == ["10:02.499 lost"]


def test_a_lag_that_is_gone_is_judged_at_once() -> None:
    chat = Timeline(wall=True).buyer("0:00", account="a", arrives="1:30")
    chat.said("1:29", "note", account="a", arrives="1:30.500")
    assert chat.until("1:31") == ["1:30.499 slow"]


def test_one_straggler_does_not_hold_a_live_feed_back() -> None:
    chat = Timeline(wall=True).buyer("0:00", account="a").buyer("0:59", chat="d", account="a")
    chat.said("0:10", "note", chat="e", account="a", arrives="0:59.500")
    assert chat.until("1:01") == ["1:00 slow"]


def test_a_late_reply_withdraws_the_alert_it_disproves() -> None:
    chat = Timeline(wall=True).buyer("0:00", account="a").agent("0:50", account="a", arrives="1:05")
    assert chat.until("9:00") == ["1:00 slow", "1:05 withdrawn late"]
    assert chat.ended() == ["answered 50"]


def test_a_reply_known_late_but_given_late_too_resolves_it() -> None:
    chat = Timeline(wall=True).buyer("0:00", account="a").agent("1:02", account="a", arrives="1:05")
    assert chat.until("9:00") == ["1:00 slow", "1:05 resolved answered"]


def test_an_alert_resolved_already_is_withdrawn_when_an_earlier_reply_comes_to_light() -> None:
    chat = Timeline(wall=True).buyer("0:00", account="a").agent("1:10", account="a")
    chat.agent("0:40", account="a", id="phone", arrives="2:00")
    assert chat.until("9:00") == ["1:00 slow", "1:10 resolved answered", "2:00 withdrawn late"]
    assert chat.ended() == ["answered 40"]


def test_a_waits_number_stays_when_an_earlier_message_comes_late() -> None:
    chat = Timeline(wall=True).buyer("0:10", id="second", account="a")
    chat.buyer("0:00", id="first", account="a", arrives="0:20")
    [row] = chat.tracker.waits()
    assert (row.wait, row.opened_by) == (1, "first")
    assert chat.until("1:30") == ["1:00 slow"]


def test_what_comes_after_lateness_changes_nothing_and_is_counted() -> None:
    chat = Timeline(wall=True).buyer("0:00", account="a").agent("5:00", account="a").buyer("20:00", account="a")
    chat.agent("21:00", account="a").agent("4:00", account="a", arrives="22:00")
    assert chat.tracker.late == 1
    assert chat.ended() == ["answered 300", "answered 60"]


def test_late_by_less_than_the_opening_of_the_open_wait_still_counts() -> None:
    chat = Timeline(wall=True).buyer("0:00", account="a").buyer("30:00", account="a")
    chat.agent("5:00", account="a", arrives="30:05")
    assert chat.tracker.late == 0
    assert chat.ended() == ["answered 300"]


def test_a_source_that_misses_its_heartbeats_is_stale_and_its_waits_are_not_judged() -> None:
    chat = beat(Timeline(wall=True), "0:00").buyer("0:30", account="a")
    before = ["1:30 slow", "1:30.001 stale"]
    assert chat.until("6:00") == before
    [row] = chat.tracker.waits()
    assert "stale" in row.flags
    beat(chat, "6:10")
    assert chat.until("6:39") == [*before, "6:10 fresh"]
    # Nothing told what was missed, so it waits as long as it may; then the highest stage only.
    assert chat.until("6:41") == [*before, "6:10 fresh", "6:39.999 lost"]


def test_a_source_without_heartbeats_is_stale_after_ten_silent_minutes() -> None:
    chat = Timeline(wall=True).buyer("0:00", account="a").agent("0:10", account="a")
    assert chat.until("11:00") == ["10:10.001 stale"]


def test_of_those_minutes_only_the_hours_of_its_shops_count() -> None:
    policy = in_hours(("-60:00", "5:00"), ("60:00", "120:00"))
    chat = Timeline(policy, wall=True).buyer("0:00", account="a").agent("0:10", account="a")
    assert chat.until("66:00") == ["65:10.001 stale"]


def test_an_account_that_is_kicked_is_stale_at_once_and_the_others_are_not() -> None:
    chat = beat(Timeline(wall=True), "0:00").buyer("0:00", account="a").buyer("0:05", chat="d", account="b")
    status(chat, "0:20", "kicked")
    for n in range(1, 5):
        beat(chat, f"0:{n * 15}")
    assert chat.until("1:10") == ["0:20 stale", "1:05 slow"]


def test_an_account_that_comes_back_is_judged_once_the_gap_is_covered() -> None:
    chat = beat(Timeline(wall=True), "0:00").buyer("0:00", id="b1", account="a")
    status(chat, "0:20", "kicked")
    for n in range(1, 16):
        beat(chat, f"{n * 15 // 60}:{n * 15 % 60:02}")
    status(chat, "4:00", "online")
    chat.agent("1:30", account="a", arrives="4:03", backfill=True)
    chat.buyer("2:10", chat="d", account="a", arrives="4:03", backfill=True)
    synced(chat, "4:03.100", "0:20", "4:00")
    assert chat.ended() == ["answered 90"]
    chat.said("4:04", "note", chat="e", account="a")
    beat(chat, "4:10")
    assert chat.until("4:12") == ["0:20 stale", "4:00 fresh", "4:03.999 slow"]


def test_a_heartbeat_may_carry_the_states_of_its_accounts() -> None:
    chat = beat(Timeline(wall=True), "0:00", {"a": "online"}).buyer("0:01", account="a")
    beat(chat, "0:10", {"a": "login_expired"})
    [source] = chat.tracker.sources()
    assert (source.state, [row[:2] for row in source.accounts]) == ("stale", [("a", "login_expired")])


def test_after_a_start_waits_are_judged_when_the_gap_is_covered_or_half_a_minute_is_over() -> None:
    chat = Timeline(wall=True).buyer("0:00", account="a")
    blob, rows = chat.tracker.rows.encode_shard(), [ShardRows.encode(c) for c in chat.tracker.changed]
    for covered in (True, False):
        again = Timeline(wall=True)
        take_policies(again.tracker, chat.tracker)
        again.tracker.rows.restore_shard(blob)
        for row in rows:
            again.tracker.rows.restore(row)
        again.tracker.begin(at_ms("2:00"))
        again._number = 10
        if covered:
            synced(again, "2:05", "0:00", "2:00")
            assert again.until("2:06") == ["2:04.999 slow"]
        else:
            assert again.until("2:29") == []
            assert again.until("2:31") == ["2:29.999 slow"]


def test_a_gap_is_what_the_collector_missed_by_its_own_clock() -> None:
    # Everything takes half a second to come here.
    chat = Timeline(wall=True).buyer("0:00", account="a", arrives="0:00.500")
    status(chat, "0:20", "kicked", arrives="0:20.500")
    status(chat, "4:00", "online", arrives="4:00.500")
    synced(chat, "4:01", "0:20", "4:00", arrives="4:01.500")
    assert chat.until("4:02") == ["0:20.500 stale", "4:00.500 fresh", "4:01.499 at_risk"]


def test_the_gap_of_a_source_begins_with_its_last_sign_and_ends_where_a_range_says_so() -> None:
    for start, judged in (("0:30", "4:01.499 at_risk"), ("1:00", "4:31.499 at_risk")):
        chat = beat(Timeline(wall=True), "0:00").buyer("0:30", account="a")
        synced(chat, "4:01", start, "4:00", arrives="4:01.500")
        assert chat.until("4:32") == ["1:30 slow", "1:30.001 stale", "4:01.500 fresh", judged]


def test_what_names_a_shop_that_lost_an_account_before_any_chat_came_by_it() -> None:
    chat = status(Timeline(wall=True), "0:00", "kicked")
    chat.until("0:01")
    [turned] = [decision for decision in chat.decisions if isinstance(decision, d.SourceTurned)]
    assert (turned.shops, turned.account, turned.reason) == (("senye",), "a", "account")


def test_an_account_that_two_sources_bring_is_seen_while_one_of_them_lives() -> None:
    chat = beat(Timeline(wall=True), "0:00").buyer("0:30", account="a")
    chat.said("0:31", "note", account="a", source="second")
    assert chat.until("2:00") == ["1:30 slow", "1:30.001 stale"]
    assert "stale" not in next(chat.tracker.waits()).flags
    assert chat.until("3:40")[2:] == ["3:30 at_risk"]


def test_another_account_proves_nothing_about_one_whose_source_is_silent() -> None:
    chat = beat(Timeline(wall=True), "0:00").buyer("0:40", account="a")
    chat.said("0:41", "note", account="b", source="second").said("2:59", "note", account="b", source="second")
    assert chat.until("4:00") == ["1:40 slow", "1:40.001 stale"]
    assert "stale" in next(chat.tracker.waits()).flags


def test_an_order_from_elsewhere_does_not_prove_that_the_chat_is_seen() -> None:
    chat = beat(Timeline(wall=True), "0:00").buyer("0:30", account="a").said("0:31", "note", account="a")
    chat.event(
        ev.OrderEvent(
            type="order_paid", id="o", ts_ms=at_ms("2:00"), shop="senye", source="erp", order="1", conversation="c"
        )
    )
    assert chat.until("4:00") == ["1:30 slow", "1:31.001 stale"]


def test_a_second_source_that_begins_to_bring_the_account_lets_its_waits_be_judged() -> None:
    chat = beat(Timeline(wall=True), "0:00").buyer("0:30", account="a").said("0:31", "note", account="a")
    assert chat.until("4:00") == ["1:30 slow", "1:31.001 stale"]
    chat.said("4:00", "note", account="a", source="second")
    assert chat.until("4:01")[2:] == ["3:59.999 at_risk"]


def test_a_wait_held_back_for_one_feed_is_judged_once_its_chat_comes_by_another() -> None:
    chat = Timeline(wall=True).buyer("0:00", account="a", arrives="1:01")
    chat.buyer("1:02", account="b")
    assert chat.until("1:02.500") == ["1:01.999 slow"]


def test_an_answer_is_told_of_at_the_instant_it_came_though_nothing_was_due_before() -> None:
    chat = Timeline(wall=True).buyer("0:00", account="a")
    chat.until("1:01")
    reply = ev.Message(
        id="r", ts_ms=at_ms("1:30"), shop="senye", conversation="c", role="agent", text="有", source="collector"
    )
    chat.tracker.handle(reply, 99, at_ms("1:31"))
    [resolved] = [decision for decision in chat.tracker.decisions if isinstance(decision, d.ResolveAlert)]
    assert (resolved.due_at_ms, resolved.decided_at_ms) == (at_ms("1:30"), at_ms("1:31"))


def test_names_of_sources_and_accounts_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "SOURCES_AT_MOST", 300)
    monkeypatch.setattr(watch, "ACCOUNTS_AT_MOST", 100)
    chat = Timeline(wall=True)
    for n in range(150):
        chat.tracker.handle(_hello(n, source="collector", account=f"a{n}"), n + 1, START_MS)
    [source] = chat.tracker.sources()
    assert len(source.accounts) == 101
    for n in range(350):
        chat.tracker.handle(_hello(n, source=f"s{n}"), n + 2000, START_MS)
    assert len(chat.tracker.sources()) == 301
    assert len(list(chat.tracker.waits())) == 350


def test_a_wait_whose_feed_never_comes_back_is_given_up_in_its_time() -> None:
    chat = beat(Timeline(wall=True), "0:00").buyer("0:30", account="a").buyer("0:40", chat="d", account="a")
    day_min = 24 * 60
    assert chat.until(f"{7 * day_min}:00") == ["1:30 slow", "1:40 slow", "1:40.001 stale"]
    assert len(list(chat.tracker.waits())) == 2
    chat.until(f"{7 * day_min + 61}:00")
    assert chat.ended() == ["expired 604800", "expired 604800"]
    chat.until(f"{7 * day_min + 180}:00")
    chat.tracker.rows.forget_idle(())
    assert list(chat.tracker.talked()) == []


def test_sources_and_accounts_that_have_not_come_for_a_month_are_forgotten() -> None:
    """A PC is replaced, an agent leaves: for months on end there are never more than those of the last ones."""
    chat, day_ms = Timeline(wall=True), 86_400_000
    for day in range(70):
        for n, (source, account) in enumerate([("stays", f"a{day}"), ("stays", "stays"), (f"s{day}", "a")]):
            ts_ms = START_MS + day * day_ms + n * 60_000
            hello = ev.Message(
                id=f"{day}.{n}", ts_ms=ts_ms, shop="senye", conversation=f"{day}.{n}", role="buyer", text="?",
                source=source, account=account,
            )  # fmt: skip
            chat.event(hello)
    chat.until("101000:00")
    rows = {row.name: row for row in chat.tracker.sources()}
    assert set(rows) == {"stays", *(f"s{day}" for day in range(39, 70))}
    assert {one.account for one in rows["stays"].accounts} == {"stays", *(f"a{day}" for day in range(39, 70))}
    assert len(chat.tracker.incidents.standing("source")) == len(rows)
    waiting = {int(row.conversation.partition(".")[0]) for row in chat.tracker.waits()}
    assert waiting == {64, 65, 66, 67, 68, 69}


def test_an_account_that_its_collector_calls_offline_is_not_forgotten_and_told_anew() -> None:
    chat = Timeline(wall=True)
    for day in range(65):
        beat(chat, f"{day * 1440}:00", {"a": "offline", f"b{day}": "online"})
    [row] = chat.tracker.sources()
    assert len(row.accounts) == 1 + 31
    told = [one for one in chat.decisions if isinstance(one, d.SourceTurned) and one.account == "a"]
    assert len(told) == 1


def _hello(n: int, **fields: Any) -> ev.Message:
    return ev.Message(id=f"m{n}", ts_ms=START_MS, shop="senye", conversation=f"c{n}", role="buyer", text="?", **fields)


def test_a_chat_in_which_nothing_was_ever_open_leaves_the_memory_too() -> None:
    chat = Timeline(wall=True).agent("0:00").agent("30:00", chat="d").buyer("30:00", chat="e")
    chat.until("61:00")
    chat.tracker.rows.forget_idle(())
    assert {chat_id for _, chat_id in chat.tracker.talked()} == {"d", "e"}
    chat.until("91:00")
    chat.tracker.rows.forget_idle(())
    assert {chat_id for _, chat_id in chat.tracker.talked()} == {"e"}


def test_a_round_whose_end_came_out_of_order_is_closed_like_any_other() -> None:
    chat = Timeline(wall=True).buyer("0:00", account="a").buyer("2:00", account="a")
    chat.agent("1:30", account="a", arrives="2:00.500")
    [closed] = [decision for decision in chat.decisions if isinstance(decision, d.CloseRound)]
    assert (closed.round.passed, chat.ended(), chat.restated) == (("slow",), ["answered 90"], 0)
    assert len([decision for decision in chat.decisions if isinstance(decision, d.PassStage)]) == 1


def test_stages_passed_before_their_end_came_to_light_are_counted_once() -> None:
    # All of it comes when it is over, and not in order.
    chat = Timeline(wall=True).buyer("3:20", account="a", arrives="10:00")
    chat.agent("3:30", account="a", arrives="10:00.100").buyer("0:00", account="a", id="first", arrives="10:00.200")
    assert chat.until("11:00") == []
    passed = [decision.stage for decision in chat.decisions if isinstance(decision, d.PassStage)]
    # The round of 10 s is restated as one of 210 s: a correction, and no decision of ours.
    assert (passed, chat.restated, chat.ended()) == ([], 1, ["answered 210"])


def test_a_row_whose_feed_is_not_known_yet_is_judged_all_the_same() -> None:
    chat = Timeline(wall=True).buyer("0:00", account="a").buyer("0:01", account="b", chat="d")
    rows = [ShardRows.encode(c) for c in chat.tracker.changed]
    again = Timeline(wall=True)
    take_policies(again.tracker, chat.tracker)
    for row in rows:
        again.tracker.rows.restore(row)
    assert again.until("1:02") == ["1:00 slow", "1:01 slow"]


def gaps(chat: Timeline) -> list[tuple[str | None, str, str | None, bool]]:
    """The gaps as they stand at last: account, from, to, filled."""
    last = {
        (gap.shop, gap.account, gap.from_ms): (
            gap.account,
            shown(gap.from_ms),
            shown(gap.to_ms) if gap.to_ms is not None else None,
            gap.filled,
        )
        for gap in chat.decisions
        if isinstance(gap, d.FeedGap)
    }
    return list(last.values())


def test_a_gap_is_written_down_when_it_begins_when_it_ends_and_when_it_is_filled() -> None:
    chat = beat(Timeline(wall=True), "0:00").buyer("0:00", account="a").buyer("0:05", chat="d", account="b")
    status(chat, "0:20", "kicked")
    assert gaps(chat) == [("a", "0:20", None, False)]
    beat(chat, "0:50")
    status(chat, "1:30", "login_expired")  # Blind as before.
    for n in range(2, 8):
        beat(chat, f"{n // 2}:{n % 2 * 3}0")
    status(chat, "4:00", "online")
    assert gaps(chat) == [("a", "0:20", "4:00", False)]
    synced(chat, "4:03", "0:30", "4:00")
    assert gaps(chat) == [("a", "0:20", "4:00", False)]  # Not all of it.
    synced(chat, "4:05", "0:20", "4:00")
    assert gaps(chat) == [("a", "0:20", "4:00", True)]


def test_a_collector_that_was_silent_leaves_a_gap_of_each_of_its_accounts() -> None:
    chat = beat(Timeline(wall=True), "0:00").buyer("0:10", account="a").buyer("0:20", chat="d", account="b")
    chat.until("2:00")
    assert gaps(chat) == [("a", "0:20", None, False), ("b", "0:20", None, False)]
    beat(chat, "3:00")
    assert gaps(chat) == [("a", "0:20", "3:00", False), ("b", "0:20", "3:00", False)]
    synced(chat, "3:10", "0:00", "3:00", account=None)
    assert [filled for *_, filled in gaps(chat)] == [True, True]


def test_what_another_source_shows_is_no_gap() -> None:
    chat = beat(Timeline(wall=True), "0:00").buyer("0:10", account="a")
    beat(chat, "0:11", source="second")
    chat.agent("0:20", account="a", source="second")
    status(chat, "0:30", "kicked")
    assert gaps(chat) == []


def test_a_gap_is_over_once_another_source_shows_the_shop_again() -> None:
    chat = beat(Timeline(wall=True), "0:00").buyer("0:10", account="a").buyer("0:10", shop="other", account="a")
    beat(chat, "0:11", source="second").agent("0:20", account="a", source="second")
    for at in range(30, 150, 30):
        beat(chat, f"{at // 60}:{at % 60}")  # The second is silent from the beginning, the first from here on.
    chat.until("5:00")
    assert gaps(chat) == [("a", "2:00", None, False), ("a", "2:00", None, False)]
    beat(chat, "6:00", source="second")
    assert gaps(chat) == [("a", "2:00", "6:00", False), ("a", "2:00", None, False)]
    beat(chat, "8:00")  # The second has been silent since.
    assert gaps(chat) == [("a", "2:00", "6:00", False), ("a", "2:00", "8:00", False), ("a", "6:00", "8:00", False)]


def test_a_gap_is_over_once_a_source_that_is_new_shows_the_shop() -> None:
    chat = beat(Timeline(wall=True), "0:00").buyer("0:10", account="a").buyer("0:10", shop="other", account="a")
    chat.until("5:00")
    assert gaps(chat) == [("a", "0:10", None, False), ("a", "0:10", None, False)]
    status(chat, "5:30", "kicked", source="second")
    assert gaps(chat)[:2] == [("a", "0:10", None, False), ("a", "0:10", None, False)]
    chat.buyer("6:00", account=None, source="third")
    assert gaps(chat)[:2] == [("a", "0:10", "6:00", False), ("a", "0:10", None, False)]
    beat(chat, "8:00")
    assert gaps(chat)[:2] == [("a", "0:10", "6:00", False), ("a", "0:10", "8:00", False)]


def test_being_away_ourselves_is_a_gap_too() -> None:
    chat = beat(Timeline(wall=True), "0:00").buyer("0:10", account="a")
    blob = chat.tracker.rows.encode_shard()
    for away, found in (("0:40", []), ("5:00", [("a", "0:10", "5:00", False)])):
        again = Timeline(wall=True)
        again.tracker.rows.restore_shard(blob)
        again.tracker.begin(at_ms(away))
        again.take()
        assert gaps(again) == found


def test_a_heartbeat_says_what_a_collector_runs_on_and_how_far_it_is() -> None:
    chat = Timeline(wall=True).event(
        ev.SourceHeartbeat(
            id="beat",
            ts_ms=at_ms("0:00"),
            source="c12",
            type="source_heartbeat",
            version="1.4",
            host="PC-7",
            backlog=3,
            clock_ms=at_ms("0:01.500"),
        ),
        arrives="0:00.500",
    )
    [row] = chat.tracker.sources()
    assert (row.version, row.host, row.backlog, row.skew_ms) == ("1.4", "PC-7", 3, 1_000)


def test_a_big_source_that_goes_silent_is_shown_anew_in_slices() -> None:
    chat = beat(Timeline(wall=True), "0:00")
    for n in range(3 * SLICE):
        chat.buyer("0:30", chat=f"c{n}", account="a")
    tracker = chat.tracker
    tracker.changed.clear()
    tracker.advance(at_ms("1:30.001"), 1)
    assert 0 < len(tracker.changed) <= SLICE
    assert tracker.next_ms <= tracker.now_ms  # It wants to go on.
    assert not [one for one in tracker.decisions if isinstance(one, d.SourceTurned)]
    for _ in range(3):
        tracker.advance(at_ms("1:30.002"), 1)
    assert len(tracker.changed) == 3 * SLICE
    [turned] = [one for one in tracker.decisions if isinstance(one, d.SourceTurned)]
    assert (turned.waiting, turned.at_ms) == (3 * SLICE, at_ms("1:30.001"))
