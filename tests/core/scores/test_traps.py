"""What makes figures disagree with a platform's: each is a test. `tests/test_traps.py` lists what holds each trap."""

from typing import Any

import pytest
from msgspec.structs import replace

from monitor.core import events as ev
from monitor.core.scores.cells import Cell, Sums, at_share, rolling
from monitor.core.scores.chats import Chats
from monitor.core.scores.days import days
from monitor.core.scores.gaps import GAPS_AT_MOST, Feeds
from monitor.core.scores.judge import HIT, MISS
from monitor.core.scores.profile import Profile
from monitor.core.scores.totals import kpis
from monitor.policy_files.rule_set import load as load_rules
from monitor.policy_files.where import default_folder
from tests.core.scores.day import Chatter, at_ms, shipped, snapshot


def cells(chat: Chatter, profile: str, by: str, until: str = "23:59:59") -> dict[Any, list[int]]:
    """The counts of a score by agent or account."""
    found: dict[Any, Cell] = {}
    shop = chat.chats().shops["senye"]
    versions = shipped().versions[profile]
    for key in shop.chats:
        for mark in shop.judge(key, at_ms(until)).marks(versions):
            found.setdefault(getattr(mark, by), Cell(versions[-1])).add(mark)
    return {name: cell.sums.counts for name, cell in found.items()}


def test_a_welcome_text_stops_no_clock() -> None:
    chat = Chatter().b("10:00:00").say("auto", "10:00:01", "亲，欢迎光临").a("10:04:00")
    assert chat.of("taobao_3min") == "0/1"


def test_assist_counts_as_a_person_where_the_platform_says_so() -> None:
    for profile, result in (("taobao_3min", "1/1"), ("douyin_3min_message", "1/1"), ("pinduoduo_3min", "0/1")):
        chat = Chatter().b("10:00:00").say("assist", "10:00:05")
        assert chat.of(profile, "10:10:00") == result


def test_a_word_taken_back_takes_no_other_with_it() -> None:
    chat = Chatter().b("10:00:00").a("10:01:00", id="r1").b("10:05:00").a("10:06:00", id="r2").b("10:10:00", id="m")
    chat.event(ev.MessageRecalled, "10:10:30", type="message_recalled", message="m")
    assert chat.of("taobao_3min", "10:20:00") == "2/2"


def test_a_day_with_misses_alone_is_not_empty_and_one_that_was_taken_back_is() -> None:
    chat = Chatter().b("10:00:00")
    [key] = chat.chats().shops["senye"].chats
    versions = shipped().versions["taobao_3min"]
    [mark] = chat.chats().shops["senye"].judge(key, at_ms("2026-11-24 10:00")).marks(versions)
    cell = Cell(versions[-1])
    cell.add(mark)
    assert (mark.verdict, cell.empty) == (MISS, False)
    cell.add(mark, by=-1)
    assert cell.empty


def test_what_only_a_bot_has_answered_is_in_no_rate_of_taobao_and_a_miss_of_pinduoduo() -> None:
    chat = Chatter().b("10:00:00").say("bot", "10:00:01")
    assert chat.of("taobao_3min", "2026-11-24 10:00") == "0/0 1 excluded"
    assert chat.score("taobao_3min", "2026-11-24 10:00")["left_out"] == {"bot": 1}
    assert chat.of("taobao_reply_day", "2026-11-24 10:00") == "0/1"
    assert chat.of("pinduoduo_3min", "2026-11-24 10:00") == "0/1"
    assert chat.a("10:02:00").of("taobao_3min") == "1/1"


def test_a_bot_that_hands_over_leaves_a_round_of_people() -> None:
    chat = Chatter().b("10:00:00").say("bot", "10:00:01")
    chat.event(ev.ConversationHandedOff, "10:00:30", type="conversation_handed_off")
    assert chat.of("taobao_3min", "10:10:00") == "0/1"


def test_open_and_not_yet_due_is_no_miss() -> None:
    chat = Chatter().b("10:00:00")
    assert chat.of("taobao_3min", "10:03:00") == "0/0 1 undetermined"
    assert chat.of("taobao_3min", "10:03:01") == "0/1"


def test_a_reply_at_exactly_the_limit_is_in_time() -> None:
    assert Chatter().b("10:00:00").a("10:03:00").of("taobao_3min") == "1/1"
    assert Chatter().b("10:00:00").a("10:03:00.001").of("taobao_3min") == "0/1"


def test_courtesy_is_a_round_of_the_score() -> None:
    chat = Chatter().b("10:00:00").a("10:01:00").b("10:02:00", text="好的谢谢")
    assert chat.of("taobao_3min", "10:10:00") == "1/2"


@pytest.mark.parametrize(
    ("asked", "result"),
    [
        ("07:59:59.999", "0/0 1 excluded"),
        ("08:00:00", "1/1"),
        ("22:59:59.999", "1/1"),
        ("23:00:00", "0/0 1 excluded"),
    ],
)
def test_hours_look_at_the_start_of_the_round_and_end_before_their_end(asked: str, result: str) -> None:
    chat = Chatter().b(asked)
    ms = at_ms(asked) + 60_000
    chat.a("12:00:00")
    chat.events[-1][0].ts_ms = ms
    assert chat.of("taobao_3min") == result


def test_either_takes_what_is_asked_before_the_hours_and_answered_in_them() -> None:
    chat = Chatter().b("07:58:30").a("08:00:30")
    assert chat.of("taobao_3min") == "0/0 1 excluded"
    assert chat.of("taobao_3min", hours_by="either") == "1/1"


def test_the_hours_of_a_session_are_those_of_its_start() -> None:
    chat = Chatter("xiaohongshu").b("22:50:00").a("22:51:00").b("23:05:00").a("23:10:00")
    assert chat.of("xiaohongshu_3min") == "0/1"
    before = Chatter("xiaohongshu").b("08:59:59").a("09:00:30").b("09:05:00").a("09:10:00")
    assert before.of("xiaohongshu_3min") == "0/0 1 excluded"


def test_midnight_ends_what_is_unanswered_and_the_next_day_begins_anew() -> None:
    chat = Chatter("pinduoduo").b("22:58:00", "2026-11-24 09:00:00").a("2026-11-24 09:01:00")
    assert chat.of("pinduoduo_3min") == "1/2"
    assert chat.of("taobao_mean") == "1/2"
    assert chat.score("taobao_mean")["sum_seconds"] == 600 + 60
    # To the buyer it is one wait: a profile without a day's end says so.
    assert chat.of("shopee_12h") == "1/1"


def test_a_transfer_neither_resets_the_clock_nor_charges_the_receiver() -> None:
    chat = Chatter("pinduoduo").b("10:00:00").a("10:00:20")
    chat.b("10:01:00").passed("10:03:30", "zhou").a("10:04:30", agent="zhou")
    assert chat.of("pinduoduo_3min") == "0/1"  # keep: one round of 210 s.
    assert cells(chat, "shopee_12h", "agent") == {"lin": [1, 0, 0, 0], "zhou": [1, 0, 0, 0]}


def test_taobao_leaves_an_unanswered_round_with_who_passed_the_chat_on() -> None:
    chat = Chatter().b("10:00:00", account="A").passed("10:00:20", "zhou", account="B")
    chat.a("10:01:00", agent="zhou", account="B")
    assert chat.of("taobao_3min", "11:00:00") == "1/2"
    assert cells(chat, "taobao_3min", "account") == {"A": [0, 1, 0, 0], "B": [1, 0, 0, 0]}
    assert chat.score("taobao_3min")["sum_seconds"] == 40
    # Under one account nobody has passed anything on.
    shared = Chatter().b("10:00:00", account="A").passed("10:00:20", "zhou", account="A")
    shared.a("10:01:00", agent="zhou", account="A")
    assert shared.of("taobao_3min", "11:00:00") == "1/1"


def test_two_accounts_of_one_buyer_are_two_rounds_of_taobao_and_one_of_the_buyer() -> None:
    chat = Chatter().b("10:00:00", account="A").b("10:00:30", account="B").a("10:01:00", agent=None, account="B")
    assert chat.of("taobao_3min", "11:00:00") == "1/2"
    assert chat.of("shopee_12h", "11:00:00") == "1/1"


def test_a_hit_is_the_senders_and_a_miss_is_theirs_who_held_the_chat_when_the_limit_passed() -> None:
    chat = Chatter("pinduoduo").event(ev.ConversationAssigned, "09:59:00", type="conversation_assigned", agent="lin")
    chat.b("10:00:00").a("10:01:00", agent="lead").b("10:02:00")
    chat.passed("10:02:10", "mu").passed("10:06:00", "zhou").a("10:07:00", agent="zhou")
    assert cells(chat, "walmart_48h", "agent") == {"lead": [1, 0, 0, 0], "zhou": [1, 0, 0, 0]}
    assert cells(chat, "douyin_3min_message", "agent") == {"lead": [1, 0, 0, 0], "mu": [0, 1, 0, 0]}


def test_a_message_taken_back_was_never_said() -> None:
    chat = Chatter().b("10:00:00", id="m").event(ev.MessageRecalled, "10:00:30", type="message_recalled", message="m")
    assert chat.of("taobao_3min", "11:00:00") == "0/0"
    wrong = Chatter().b("10:00:00").a("10:01:00", id="r")
    wrong.event(ev.MessageRecalled, "10:01:10", type="message_recalled", message="r").a("10:05:00")
    assert wrong.of("taobao_3min") == "0/1"


def test_abandoned_before_the_limit_is_left_out_and_after_it_is_a_miss() -> None:
    assert Chatter().b("10:00:00").closed("10:02:00", "buyer").of("taobao_3min") == "0/0 1 excluded"
    assert Chatter().b("10:00:00").closed("10:03:01", "buyer").of("taobao_3min") == "0/1"
    assert Chatter().b("10:00:00").closed("10:02:00", "buyer").of("taobao_3min", abandoned="missed") == "0/1"
    assert Chatter().b("10:00:00").closed("10:02:00").a("10:02:30").of("taobao_3min") == "1/1"


def test_dismissed_before_the_limit_is_left_out() -> None:
    chat = Chatter().b("10:00:00")
    chat.event(ev.WaitDismissed, "10:01:00", type="wait_dismissed", wait=1, by="lead", reason="an advertisement")
    assert chat.of("taobao_3min", "11:00:00") == "0/0 1 excluded"


@pytest.mark.parametrize(
    ("seen", "gone", "result"),
    [
        ("10:01:25", "10:01:40", "1/1"),
        ("10:03:10", "10:03:30", "0/1"),
        ("10:02:50", "10:03:10", "0/0 1 undetermined"),
    ],
)
def test_an_answer_given_elsewhere_counts_where_both_bounds_agree(seen: str, gone: str, result: str) -> None:
    chat = Chatter("pinduoduo").b("10:00:00")
    snapshot(chat, seen, "c")
    snapshot(chat, gone)
    assert chat.of("pinduoduo_3min", "11:00:00") == result


def test_the_list_of_another_account_does_not_hide_that_of_who_has_the_chat() -> None:
    chat = Chatter().b("10:00:00", account="A")
    for when in ("10:00:20", "10:00:40"):
        snapshot(chat, when, account="B")
    assert chat.of("taobao_3min", "11:00:00") == "0/1"
    snapshot(chat, "10:01:00", account="A")
    assert chat.of("taobao_3min", "11:00:00") == "1/1"


def test_a_chat_that_has_changed_hands_is_over_by_a_list_too() -> None:
    chat = Chatter().b("10:00:00").passed("10:00:20", "zhou")
    snapshot(chat, "10:01:00")
    assert chat.of("taobao_3min", "11:00:00") == "1/1"


def test_a_list_that_names_a_buyer_by_another_id_names_them() -> None:
    chat = Chatter().b("10:00:00", conversation="b1", buyer="b1")
    chat.event(ev.BuyerMerged, "10:00:10", type="buyer_merged", buyer="b1", into="b2", conversation=None)
    row = ev.WaitingRow(conversation="b1", since_ms=at_ms("10:00:00"))
    for when in ("10:00:30", "10:01:00", "10:59:00"):
        chat.event(ev.WaitingSnapshot, when, type="waiting_snapshot", rows=[row], complete=True)
    assert chat.of("taobao_3min", "11:00:00") == "0/1"


def kicked(back: str | None, synced: tuple[str, str] | None) -> Chatter:
    chat = Chatter().b("14:02:00", account="A")
    chat.event(ev.AccountStatus, "14:02:20", type="account_status", account="A", state="kicked")
    if back:
        chat.event(ev.AccountStatus, back, type="account_status", account="A", state="online")
    if synced:
        chat.a("14:03:30", agent="jie", account="A")
        chat.event(
            ev.SyncRange, "14:06:03", type="sync_range", account="A", complete=True,
            from_ms=at_ms(synced[0]), to_ms=at_ms(synced[1]),
        )  # fmt: skip
    return chat


def test_a_feed_gap_that_nothing_fills_leaves_its_rounds_out() -> None:
    assert kicked("14:06:00", ("14:02:20", "14:06:00")).of("taobao_3min", "15:00:00") == "1/1"
    assert kicked("14:06:00", ("14:03:00", "14:06:00")).of("taobao_3min", "2026-11-24 01:00") == "0/0 1 excluded"
    unfilled = kicked("14:06:00", None)
    assert unfilled.of("taobao_3min", "15:00:00") == "0/0 1 undetermined"  # It may still be filled today.
    assert unfilled.score("taobao_3min", "2026-11-24 01:00")["left_out"] == {"feed gap": 1}
    after = kicked("14:06:00", None).b("14:10:00", conversation="d", account="A")
    after.a("14:11:00", conversation="d", account="A")
    assert after.of("taobao_3min", "2026-11-24 01:00") == "1/1 1 excluded"


def test_of_a_feed_that_flaps_the_newest_gaps_are_known_whatever_the_account() -> None:
    feeds = Feeds()

    turns: tuple[tuple[ev.AccountState, int], ...] = (("kicked", 0), ("online", 30))

    def flaps(account: str, hour: int, times: int) -> None:
        for n in range(times):
            for state, second in turns:
                at = at_ms(f"{hour:02}:{n:02}:{second:02}")
                feeds.note(
                    ev.AccountStatus(
                        type="account_status", id=f"{at}", ts_ms=at, shop="s", account=account, state=state
                    )
                )

    flaps("later", 12, 20)
    flaps("earlier", 10, 60)
    flaps("earlier", 11, 10)
    found = feeds.gaps()
    assert len(found) == GAPS_AT_MOST
    assert sum(gap.account == "later" for gap in found) == 20
    assert found[0].from_ms == at_ms("10:26:00")


def test_a_feed_that_is_back_within_the_same_instant_has_missed_nothing() -> None:
    chat = Chatter().b("10:00:00", account="A")
    chat.event(ev.AccountStatus, "10:01:00", type="account_status", account="A", state="kicked")
    chat.event(ev.AccountStatus, "10:01:00", type="account_status", account="A", state="online")
    assert chat.a("10:02:00", account="A").of("taobao_3min", "2026-11-24 10:00") == "1/1"


def test_buyers_of_agents_do_not_add_up_to_those_of_the_shop() -> None:
    chat = Chatter("pinduoduo").b("10:00:00").a("10:01:00", agent="lin").b("11:00:00").a("11:01:00", agent="zhou")
    assert chat.of("pinduoduo_3min") == "1/1"
    assert cells(chat, "pinduoduo_3min", "agent") == {"lin": [1, 0, 0, 0], "zhou": [1, 0, 0, 0]}


def test_a_buyer_with_two_chats_and_two_ids_is_one() -> None:
    chat = Chatter("pinduoduo")
    for name, reply in (("c1", "10:01:00"), ("c2", "10:09:00")):
        chat.b("10:00:00", conversation=name, buyer="b").a(reply, conversation=name)
    assert chat.of("pinduoduo_3min") == "0/1"
    other = Chatter("pinduoduo").b("10:00:00", conversation="c1", buyer="b1").a("10:01:00", conversation="c1")
    other.b("10:00:00", conversation="c2", buyer="b2").a("10:01:00", conversation="c2")
    assert other.of("pinduoduo_3min") == "2/2"
    other.event(ev.BuyerMerged, "10:02:00", type="buyer_merged", buyer="b2", into="b1")
    assert other.of("pinduoduo_3min") == "1/1"


@pytest.mark.parametrize(("one", "other"), [("b1", "b2"), ("c1", "c2"), ("c1", "b1")])
def test_the_answer_under_a_buyers_other_id_ends_the_round(one: str, other: str) -> None:
    chat = Chatter().b("10:00:00", conversation=one, buyer="b1").b("10:01:00", conversation=other, buyer="b2")
    chat.a("10:02:00", conversation=other)
    assert chat.of("taobao_3min", "11:00:00") == "1/2"
    chat.event(ev.BuyerMerged, "10:03:00", type="buyer_merged", buyer="b1", into="b2", conversation=None)
    assert chat.of("taobao_3min", "11:00:00") == "1/1"
    chat.b("10:04:00", conversation="new", buyer="b1").a("10:08:00", conversation=other)
    assert chat.of("taobao_3min", "11:00:00") == "1/2"


def test_a_merge_that_comes_first_or_in_a_chain_joins_the_chats_all_the_same() -> None:
    chat = Chatter()
    for buyer, into in (("b2", "b3"), ("b1", "b2"), ("b3", "b1"), ("b1", "b1")):
        chat.event(ev.BuyerMerged, "09:59:00", type="buyer_merged", buyer=buyer, into=into, conversation=None)
    for at in (1, 2, 3):
        chat.b(f"10:00:0{at}", conversation=f"c{at}", buyer=f"b{at}")
    assert chat.a("10:01:00", conversation="c2", buyer="b2").of("taobao_3min", "11:00:00") == "1/1"


def test_one_miss_fails_the_buyer_for_the_day_and_not_for_the_next() -> None:
    chat = Chatter("pinduoduo").b("10:00:00").a("10:05:00").b("11:00:00").a("11:01:00")
    chat.b("2026-11-24 11:00:00").a("2026-11-24 11:01:00")
    assert chat.of("pinduoduo_3min") == "1/2"


def test_blocking_without_a_reply_lowers_the_reply_rate() -> None:
    chat = Chatter().b("10:00:00", text="加微信领红包").closed("10:00:30")
    assert chat.of("taobao_reply_day", "2026-11-24 00:00") == "0/1"
    assert chat.of("taobao_reply_day", "23:59:59") == "0/0 1 undetermined"


def test_asked_late_and_answered_after_midnight_is_no_reply_of_the_day() -> None:
    chat = Chatter().b("23:50:00").a("2026-11-24 00:05:00")
    assert chat.of("taobao_reply_day") == "0/1"
    assert chat.of("wecom_reply") == "0/1"
    assert Chatter().b("23:50:00").a("23:59:59").of("taobao_reply_day") == "1/1"


def test_what_the_shop_begins_has_no_first_reply_but_its_answers_are_rounds() -> None:
    chat = Chatter("jd").a("10:00:00").b("10:00:30").a("10:05:00")
    assert chat.of("jd_first_30s") == "0/0"
    assert chat.of("taobao_3min") == "0/1"


def test_what_is_given_up_after_seven_days_is_over_whether_anybody_speaks_again_or_not() -> None:
    mean = replace(shipped().versions["taobao_mean"][-1], day_starts_ms=None, cap_ms=None, unanswered_as_ms=None)
    quiet = Chatter().b("10:00:00")
    assert quiet.of(mean, "2026-11-30 10:00:00") == "0/0 1 undetermined"
    assert quiet.of(mean, "2026-11-30 10:00:00.001") == "0/1"
    spoken = Chatter().b("10:00:00").b("2026-11-30 10:00:01").a("2026-11-30 10:00:02")
    assert spoken.of(mean) == "1/2"


def test_a_mean_is_capped_and_holds_what_was_never_answered() -> None:
    chat = Chatter().b("10:00:00").a("10:30:00").b("11:00:00").a("11:01:00").b("12:00:00")
    assert chat.score("taobao_mean", "2026-11-24 00:00")["mean_seconds"] == (600 + 60 + 600) / 3
    # It is known as soon as the cap is reached: the mean is not flattered while buyers wait.
    assert chat.score("taobao_mean", "12:10:01")["waits"] == 3
    assert chat.score("taobao_mean", "12:09:00")["undetermined"] == 1


def test_the_fastest_share_and_the_middle() -> None:
    assert at_share({10: 1, 20: 1, 90: 1}, 0.5) == 20
    assert at_share({}, 0.5) is None
    assert at_share({5: 99, 600: 1}, 0.95) == 5


def test_a_window_of_days_is_made_of_sums_never_of_rates() -> None:
    quiet, busy = Sums([1, 0, 0, 0]), Sums([0, 9, 0, 0])
    profile = Profile(id="p")
    assert rolling(profile, [quiet, busy])[0] == 0.1
    few = Profile(id="p", min_sample=11)
    assert rolling(few, [quiet, busy])[0] is None
    newest_weighs = Profile(id="p", weights=((0.5, 3.0),))
    assert rolling(newest_weighs, [quiet, busy])[0] == 3 / 12
    assert rolling(profile, [None, None])[0] is None


def test_days_that_the_clock_is_changed_on() -> None:
    zone = days("America/New_York")
    spring, autumn = (
        zone.of(at_ms("2026-03-08 12:00", "America/New_York")),
        zone.of(at_ms("2026-11-01 12:00", "America/New_York")),
    )
    assert (spring.end_ms - spring.start_ms, autumn.end_ms - autumn.start_ms) == (23 * 3_600_000, 25 * 3_600_000)
    chat = Chatter("own", "America/New_York").b("2026-03-08 01:59:00").a("2026-03-08 03:00:00")
    own = Profile(id="own", limit_ms=90_000, zone="America/New_York", hours=((0, 2 * 3_600_000),))
    assert chat.of(own) == "1/1"


def test_a_ts_of_any_year_has_a_day() -> None:
    for when in (at_ms("2000-01-01 00:00:00"), at_ms("9999-12-31 23:59:59"), 1 << 60):
        day = days("Asia/Shanghai", 18 * 3_600_000).of(when)
        assert day.start_ms < day.end_ms
    chat = Chatter().b("9999-12-31 22:00:00").a("9999-12-31 22:01:00")
    assert chat.of("taobao_3min") == "0/0 1 excluded"


def test_an_etsy_report_has_the_days_of_utc() -> None:
    chat = Chatter("etsy", "Asia/Shanghai").b("2026-11-24 07:00:00").a("2026-11-24 08:30:00")
    shop = chat.chats().shops["senye"]
    marks = shop.judge("c", at_ms("2026-11-25 12:00")).marks(shipped().versions["etsy_24h"])
    assert [mark.day for mark in marks] == [days("UTC").of(at_ms("2026-11-23 12:00")).number]


def test_history_keeps_the_rule_of_its_day() -> None:
    old = Profile(id="p", limit_ms=300_000, valid_from=1)
    new = Profile(id="p", limit_ms=60_000, valid_from=days("Asia/Shanghai").of(at_ms("2026-11-24 12:00")).number)
    chat = Chatter().b("10:00:00").a("10:02:00").b("2026-11-24 10:00:00").a("2026-11-24 10:02:00")
    marks = chat.chats().shops["senye"].judge("c", at_ms("2026-11-25 00:00")).marks((old, new))
    assert [mark.verdict for mark in marks] == [HIT, MISS]


def test_what_is_given_back_leaves_nothing() -> None:
    chat = Chatter("pinduoduo").b("10:00:00").a("10:01:00").b("11:00:00").a("11:30:00")
    marks = chat.chats().shops["senye"].judge("c", at_ms("12:00:00")).marks(shipped().versions["pinduoduo_3min"])
    cell = Cell(shipped().versions["pinduoduo_3min"][-1])
    for mark in marks:
        cell.add(mark)
    assert cell.sums.counts == [0, 1, 0, 0]
    for mark in marks:
        cell.add(mark, -1)
    assert cell.empty


def test_no_denominator_is_no_sample() -> None:
    found = Chatter().a("10:00:00").score("taobao_3min")
    assert (found["rate"], found["mean_seconds"]) == (None, None)
    assert Chats().shops == {}


def test_a_bot_that_answered_leaves_no_stale_start_behind() -> None:
    chat = Chatter("shopee").b("2026-11-01 10:00:00").say("bot", "2026-11-01 10:00:01")
    chat.b("2026-11-15 20:00:00").a("2026-11-15 20:01:00")  # 14 days later, and answered within the minute.
    assert chat.of("shopee_12h") == "1/1 1 excluded"
    assert chat.score("shopee_12h")["sum_seconds"] == 60


def test_the_longest_waits_are_in_the_mean_however_long_the_silence() -> None:
    chat = Chatter("douyin").b("10:00:00").a("10:45:00").b("11:00:00").a("11:00:20")
    found = chat.score("douyin_mean")
    assert (found["waits"], found["mean_seconds"]) == (2, (2700 + 20) / 2)
    session = Chatter("xiaohongshu").b("10:00:00").a("10:45:00")
    assert session.of("xiaohongshu_3min") == "0/1"


def test_a_mean_never_hides_that_somebody_waits() -> None:
    chat = Chatter("douyin").b("10:00:00").a("10:00:10").b("11:00:00")
    assert chat.score("douyin_mean", "12:00:00")["undetermined"] == 1
    assert chat.score("taobao_mean", "12:00:00")["mean_seconds"] == (10 + 600) / 2


@pytest.mark.parametrize(
    ("text", "more"),
    [("好的，那有优惠吗", {}), ("?", {}), ("？", {}), ("", {"kind": "card"}), ("", {"kind": "image"})],
)
def test_what_begins_like_thanks_a_lone_mark_and_a_card_are_questions(text: str, more: dict[str, Any]) -> None:
    chat = Chatter().b("10:00:00").a("10:01:00").b("10:02:00", text=text, **more)
    found = chat.score("taobao_3min", "10:10:00")
    assert (found["hits"], found["misses"], found["courtesy_misses"]) == (1, 1, 0)


def test_daylight_saving_moves_the_hours_of_a_western_shop_with_its_wall() -> None:
    zone = "America/New_York"
    own = Profile(id="own", limit_ms=60_000, zone=zone, hours=((9 * 3_600_000, 18 * 3_600_000),))
    for day in ("2026-03-07", "2026-03-08", "2026-11-01", "2026-11-02"):
        for asked, result in (("08:59:59", "0/0 1 excluded"), ("09:00:00", "1/1"), ("18:00:00", "0/0 1 excluded")):
            chat = Chatter("own", zone).b(f"{day} {asked}").a(f"{day} {asked[:5]}:59.999")
            assert chat.of(own) == result, (day, asked)


def test_order_duplicates_and_late_arrival_change_no_score() -> None:
    chat = Chatter().b("10:00:00").a("10:01:00").b("10:05:00", "10:05:20").a("10:09:00").b("10:15:00").a("10:15:30")
    expected = chat.score("taobao_3min")
    chat.events.reverse()
    assert chat.score("taobao_3min") == expected


def test_the_shipped_ladder_calls_people_before_the_first_miss_of_a_day_is_made() -> None:
    book = load_rules(default_folder()).book
    for id, versions in shipped().versions.items():
        profile = versions[-1]
        if not profile.platforms or not profile.limit_ms or profile.limit_ms < 180_000:
            continue  # No shop is held to it; or of a first reply in 30 s the panel alone can tell in time.
        policy = book.resolve(profile.platforms[0], "any", None, at_ms("10:00:00")).policy
        called = {step.to: step.at_ms for step in reversed(policy.steps)}
        assert called["popup"] < called["team"] < called["lead"] < profile.limit_ms, id


def test_a_holding_reply_at_2_59_makes_the_platform_green_and_is_counted_against_the_agent() -> None:
    chat = Chatter().b("10:00:00").a("10:02:59", text="稍等，我看一下")
    assert chat.of("taobao_3min", "11:00:00") == "1/1"
    (row,) = kpis(chat.chats(), shipped(), at_ms("10:30:00"), "agent", lambda _, shop: shop)
    assert row["figures"]["followups"] == {"missed": 1, "of": 1, "rate": 1.0, "open": 0}
    assert row["figures"]["holding"] == {"held": 1, "of": 1, "rate": 1.0}


def test_an_answer_to_our_campaign_begins_a_round_and_no_first_reply() -> None:
    chat = Chatter().a("10:00:00").a("10:00:05").b("10:10:00").a("10:10:40")
    assert chat.of("taobao_3min") == "1/1"
    assert chat.score("taobao_3min")["sum_seconds"] == 40
    (row,) = kpis(chat.chats(), shipped(), at_ms("11:00:00"), "all", lambda _, shop: shop)
    first = row["figures"]["first_response"]
    assert (first["count"], first["unanswered"], row["scores"].get("first_30s")) == (0, 0, None)
    # Nor has what a buyer answers to a follow-up after the chat was closed, be it at once or two days later.
    for follows_up in ("10:20:00", "2026-11-25 10:00:00"):
        back = Chatter().b("10:00:00").a("10:00:40").closed("10:05:00").a(follows_up)
        back.b("10:22:00" if "-" not in follows_up else "2026-11-25 10:02:00")
        (row,) = kpis(back.chats(), shipped(), at_ms("2026-11-25 11:00:00"), "all", lambda _, shop: shop)
        first = row["figures"]["first_response"]
        assert (first["count"], first["unanswered"]) == (1, 0)
        assert row["scores"]["first_30s"]["misses"] == 1
    # What nobody has answered is no consultation at all.
    nobody = Chatter().a("10:00:00")
    assert nobody.of("taobao_reply_day", "2026-11-24 10:00") == "0/0"


def test_nothing_is_told_of_orders_before_they_can_have_settled_and_no_wait_is_blamed_for_them() -> None:
    chat = Chatter().b("10:00:00").a("10:01:00").b("11:00:00").a("11:09:00")
    before = kpis(chat.chats(), shipped(), at_ms("12:00:00"), "all", lambda _, shop: shop)
    chat.event(ev.OrderEvent, "10:30:00", type="order_paid", order="o1", amount="99.00")
    after = kpis(chat.chats(), shipped(), at_ms("12:00:00"), "all", lambda _, shop: shop)
    assert after == before
    assert not {"conversion", "sales", "payers", "orders"} & set(after[0]["figures"])


def test_each_platform_is_asked_for_at_its_own_limit() -> None:
    limits = {id: versions[-1].limit_ms for id, versions in shipped().versions.items()}
    assert len(set(limits.values())) >= 8
    assert (limits["jd_first_30s"], limits["taobao_3min"], limits["amazon_24h"]) == (30_000, 180_000, 86_400_000)


def test_a_rate_over_agents_and_days_is_made_of_sums() -> None:
    chat = Chatter().b("10:00:00").a("10:01:00", agent="lin")
    for n in range(3):
        chat.b(f"1{n + 1}:00:00").a(f"1{n + 1}:09:00", agent="zhou")
    chat.b("2026-11-24 10:00:00").a("2026-11-24 10:01:00", agent="lin")
    (row,) = kpis(chat.chats(), shipped(), at_ms("2026-11-24 12:00"), "all", lambda _, shop: shop)
    assert row["scores"]["taobao_3min"]["rate"] == 2 / 5  # The mean of the agents' rates, or of the days', is another.
