"""The rules of "The wait", one time-line each."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from monitor.core.decisions import AlertOrder, PassPromise
from monitor.core.policy import BUILT_IN, Stage
from monitor.core.units import MINUTE_MS
from monitor.core.wait import HOLDERS_KEPT
from tests.timeline import START_MS, Timeline, at_ms

BOT_HOLDS = replace(BUILT_IN, bot="holds")


def test_a_wait_passes_its_stages_each_once() -> None:
    assert Timeline().buyer("0:00").until("20:00") == ["1:00 slow", "3:00 at_risk", "5:00 lost"]


def test_a_second_message_does_not_restart_the_wait() -> None:
    chat = Timeline().buyer("0:00").buyer("0:55").buyer("2:59")
    assert chat.until("4:00") == ["1:00 slow", "3:00 at_risk"]
    assert chat.open_rounds()[0].buyer_messages == 3


def test_a_reply_at_exactly_the_limit_is_in_time() -> None:
    chat = Timeline().buyer("0:00").agent("3:00.000")
    assert chat.until("9:00") == ["1:00 slow", "3:00 resolved answered"]
    assert chat.rounds[1].stage == "slow"


def test_a_reply_one_millisecond_later_is_not() -> None:
    chat = Timeline().buyer("0:00").agent("3:00.001")
    assert chat.until("9:00") == ["1:00 slow", "3:00 at_risk", "3:00.001 resolved answered"]


@pytest.mark.parametrize("role", ["bot", "auto", "note", "system", "assist"])
def test_only_a_person_ends_a_wait(role: str) -> None:
    chat = Timeline().buyer("0:00").said("0:01", role, "您好，欢迎光临")  # type: ignore[arg-type]
    assert chat.until("2:00") == ["1:00 slow"]


def test_assist_ends_a_wait_where_the_policy_says_so() -> None:
    policy = replace(BUILT_IN, ends_wait=frozenset({"agent", "assist"}))
    assert Timeline(policy).buyer("0:00").said("0:30", "assist", "有货").until("5:00") == []


def test_a_reaction_opens_and_ends_nothing() -> None:
    chat = Timeline().said("0:00", "buyer", "👍", kind="reaction").buyer("0:10")
    chat.said("0:20", "agent", "👍", kind="reaction")
    assert chat.until("2:00") == ["1:10 slow"]


def test_an_entry_card_opens_nothing_but_a_card_sent_by_hand_does() -> None:
    assert Timeline().said("0:00", "buyer", "", kind="card", entry=True).until("9:00") == []
    assert Timeline().said("0:00", "buyer", "", kind="card").until("2:00") == ["1:00 slow"]


def test_the_platforms_word_on_needing_a_reply_wins() -> None:
    chat = Timeline().buyer("0:00").agent("0:10").buyer("1:00", "好的", needs_reply=True)
    assert chat.until("3:00") == ["2:00 slow"]
    chat = Timeline().buyer("0:00", "多少钱", needs_reply=False)
    assert chat.until("9:00") == []
    assert chat.open_rounds()[0].courtesy


# Courtesy


def test_thanks_after_an_answer_alert_nobody_and_are_a_round_all_the_same() -> None:
    chat = Timeline().buyer("0:00").agent("0:10").buyer("0:20", "好的谢谢")
    assert chat.until("9:00") == []
    [thanks] = chat.open_rounds()
    assert thanks.courtesy
    assert thanks.stage == "lost"
    chat.agent("9:10")
    assert chat.ended() == ["answered 10", "answered 530"]


def test_okay_after_a_question_is_an_answer() -> None:
    chat = Timeline().buyer("0:00").agent("0:10", "您要M码吗？").buyer("0:20", "好的")
    assert chat.until("2:00") == ["1:20 slow"]


def test_hello_that_opens_a_chat_is_a_question() -> None:
    assert Timeline().buyer("0:00", "你好").until("2:00") == ["1:00 slow"]


def test_polite_words_with_a_question_in_them_are_a_question() -> None:
    chat = Timeline().buyer("0:00").agent("0:10").buyer("0:20", "好的，那有优惠吗")
    assert chat.until("2:00") == ["1:20 slow"]


@pytest.mark.parametrize(("text", "kind"), [("?", "text"), ("", "text"), ("", "image")])
def test_a_lone_question_mark_a_picture_and_a_withheld_text_are_questions(text: str, kind: str) -> None:
    chat = Timeline().buyer("0:00").agent("0:10").buyer("0:20", text, kind=kind)
    assert chat.until("2:00") == ["1:20 slow"]


def test_alerts_run_from_the_first_message_that_is_no_courtesy_and_scores_from_the_first() -> None:
    chat = Timeline().buyer("0:00").agent("0:10").buyer("0:20", "谢谢").buyer("2:00", "能便宜点吗").agent("3:10")
    assert chat.until("9:00") == ["3:00 slow", "3:10 resolved answered"]
    last = chat.rounds[3]
    assert (last.opened_at_ms, last.needs_answer_since_ms) == (at_ms("0:20"), at_ms("2:00"))
    assert last.passed == ("slow",)


# Holding replies and promises


def test_a_holding_reply_ends_the_wait_and_opens_a_promise() -> None:
    chat = Timeline().buyer("0:00").agent("0:30", "亲稍等，帮您看下库存")
    assert chat.until("20:00") == ["3:30 promise due", "10:30 promise late", "15:30 promise missed"]
    assert chat.rounds[1].held


def test_a_further_holding_reply_neither_renews_nor_keeps_the_promise() -> None:
    chat = Timeline().buyer("0:00").agent("0:30", "稍等").agent("2:00", "再稍等一下哦")
    assert chat.until("5:00") == ["3:30 promise due"]


def test_a_real_answer_keeps_it() -> None:
    assert Timeline().buyer("0:00").agent("0:30", "稍等").agent("3:30").until("30:00") == []


def test_a_holding_reply_with_the_answer_in_it_is_an_answer() -> None:
    chat = Timeline().buyer("0:00").agent("0:30", "有货的，稍等发您链接")
    assert chat.until("30:00") == []
    assert not chat.rounds[1].held


def test_a_promise_of_ten_minutes_is_due_then_and_the_rest_keeps_its_distance() -> None:
    chat = Timeline().buyer("0:00").agent("0:30", "我问下仓库，十分钟内回您")
    assert chat.until("60:00") == ["10:30 promise due", "17:30 promise late", "22:30 promise missed"]


def test_a_promise_given_up_beside_a_later_wait_is_in_no_ones_way() -> None:
    chat = Timeline(replace(BUILT_IN, give_up_ms=60 * MINUTE_MS)).buyer("0:00").agent("1:00", "稍等")
    chat.buyer("30:00").agent("62:00", "亲稍等，我看一下")
    [(conversation, _)] = chat.tracker.promises()
    assert conversation.state.promise is not None
    assert conversation.state.promise.opened_at_ms == at_ms("62:00")


def test_buyer_messages_open_waits_beside_the_promise() -> None:
    chat = Timeline().buyer("0:00").agent("0:30", "稍等").buyer("1:00", "还要多久")
    assert chat.until("3:40") == ["2:00 slow", "3:30 promise due"]
    chat.agent("3:45")
    assert chat.until("30:00")[2:] == ["3:45 resolved answered"]


def test_a_close_by_the_buyer_drops_the_promise() -> None:
    assert Timeline().buyer("0:00").agent("0:30", "稍等").closed("1:00", "buyer").until("30:00") == []


def test_a_greeting_alone_is_owed_for_a_minute_and_only_for_the_panel() -> None:
    chat = Timeline().buyer("0:00").agent("0:10", "在的亲")
    assert chat.until("30:00") == ["1:10 promise due"]
    assert chat.rounds[1].held


def test_a_greeting_answers_a_greeting() -> None:
    assert Timeline().buyer("0:00", "你好").agent("0:10", "在的亲").until("30:00") == []


def test_a_holding_reply_after_a_greeting_makes_the_promise_its_own() -> None:
    chat = Timeline().buyer("0:00").agent("0:10", "在的亲").agent("0:40", "稍等，我看一下")
    assert chat.until("5:00") == ["3:40 promise due"]


# Bots


def test_a_bot_that_holds_stands_the_clock_still_until_the_hand_off() -> None:
    chat = Timeline(BOT_HOLDS).buyer("0:00").bot("0:20").handed_off("2:00")
    # Twenty seconds before the bot, so forty more after the hand-off.
    assert chat.until("5:00") == ["2:40 slow", "4:40 at_risk"]
    assert chat.open_rounds()[0].opened_at_ms == START_MS


def test_silence_of_the_bot_lets_the_clock_run_on() -> None:
    chat = Timeline(BOT_HOLDS).buyer("0:00").bot("0:01").buyer("1:00", "能退吗")
    assert chat.until("5:00") == ["2:29 slow", "4:29 at_risk"]


def test_the_same_question_again_lets_it_run_on_for_good() -> None:
    chat = Timeline(BOT_HOLDS).buyer("0:00", "包邮吗").bot("0:01").buyer("1:00", "包邮吗？").bot("1:01")
    assert chat.until("2:30") == ["1:59 slow"]


def test_a_bot_that_did_not_understand_lets_it_run_on() -> None:
    chat = Timeline(BOT_HOLDS).buyer("0:00").bot("0:01").buyer("0:30", "那个呢").bot("0:31", "抱歉，我没听懂您的问题")
    assert chat.until("2:00") == ["1:30 slow"]


def test_a_hand_off_opens_a_wait_only_if_the_buyer_spoke_last() -> None:
    assert Timeline().buyer("0:00").agent("0:10").handed_off("0:20").until("9:00") == []
    chat = Timeline().buyer("0:00").closed("0:30", "buyer").handed_off("1:00")
    assert chat.until("2:30") == ["2:00 slow"]


def test_the_buyers_clock_never_stands() -> None:
    chat = Timeline(BOT_HOLDS).buyer("0:00").bot("0:20").handed_off("2:00").agent("2:30")
    done = chat.rounds[1]
    assert (done.ended_at_ms or 0) - done.opened_at_ms == 150_000
    assert done.counted_ms == 50_000


# Holders


def test_a_transfer_charges_each_holder_their_seconds_and_never_resets_the_clock() -> None:
    chat = Timeline().buyer("0:00", account="chen").transferred("0:50", "zhou").agent("1:30", agent="zhou")
    assert chat.until("5:00") == ["1:00 slow", "1:30 resolved answered"]
    held = chat.rounds[1].holders
    assert [(h.account or h.agent, h.held_ms) for h in held] == [("chen", 50_000), ("zhou", 40_000)]


def test_a_reply_is_credited_to_its_sender_and_the_wait_charged_to_its_holder() -> None:
    chat = Timeline().buyer("0:00", agent="amu").agent("5:20", agent="lead")
    done = chat.rounds[1]
    assert done.agent == "lead"
    assert [(h.agent, h.held_ms) for h in done.holders] == [("amu", 320_000)]


def test_a_wait_names_how_long_it_lay_unassigned() -> None:
    chat = Timeline().buyer("0:00").transferred("0:40", "lin").agent("1:00", agent="lin")
    assert [(h.agent, h.held_ms) for h in chat.rounds[1].holders] == [(None, 40_000), ("lin", 20_000)]


def test_who_passes_a_chat_on_has_held_it_though_nobody_told_of_that() -> None:
    chat = Timeline().buyer("0:00").transferred("0:40", "zhou", by="lin").agent("1:00", agent="zhou")
    assert [(h.agent, h.held_ms) for h in chat.rounds[1].holders] == [("lin", 40_000), ("zhou", 20_000)]


def test_the_seconds_of_holders_add_up_to_the_wait_however_often_it_is_passed_on() -> None:
    chat = Timeline().buyer("0:00", account="front")
    for second in range(1, 101):
        chat.transferred(second, f"agent {second}")
    [done] = chat.agent("3:00", agent="agent 100").rounds.values()
    assert sum(holding.held_ms for holding in done.holders) == 180_000
    assert (len(done.holders), done.holders[-1].agent, done.holders[-1].held_ms) == (HOLDERS_KEPT, "agent 100", 80_000)


def test_a_promise_is_a_matter_for_who_has_the_chat_now() -> None:
    chat = Timeline().buyer("0:00").agent("0:30", "稍等").transferred("1:00", "zhou", by="lin")
    chat.until("3:31")
    [passed] = [decision for decision in chat.decisions if isinstance(decision, PassPromise)]
    assert passed.agent == "zhou"


# Ends


def test_a_close_by_the_buyer_abandons_the_wait() -> None:
    chat = Timeline().buyer("0:00").closed("1:30", "buyer")
    assert chat.until("9:00") == ["1:00 slow", "1:30 resolved abandoned"]
    assert chat.ended() == ["abandoned 90"]


@pytest.mark.parametrize("by", ["agent", "system"])
def test_any_other_close_leaves_it_standing_and_marked(by: str) -> None:
    chat = Timeline().buyer("0:00").closed("0:30", by)  # type: ignore[arg-type]
    assert chat.until("2:00") == ["1:00 slow"]
    assert chat.open_rounds()[0].closed_unanswered
    chat.buyer("2:10", "人呢").agent("2:20")
    assert chat.ended() == ["answered 140"]


def test_a_wait_older_than_give_up_expires_and_a_later_reply_ends_nothing() -> None:
    policy = replace(BUILT_IN, give_up_ms=60 * MINUTE_MS)
    chat = Timeline(policy).buyer("0:00").agent("60:00.001").buyer("61:00")
    assert chat.ended() == ["expired 3600"]
    assert chat.open_rounds()[0].opened_at_ms == at_ms("61:00")


def test_a_reply_at_exactly_give_up_still_answers() -> None:
    policy = replace(BUILT_IN, give_up_ms=60 * MINUTE_MS)
    assert Timeline(policy).buyer("0:00").agent("60:00").ended() == ["answered 3600"]


def test_a_message_after_give_up_opens_a_new_wait() -> None:
    policy = replace(BUILT_IN, give_up_ms=60 * MINUTE_MS)
    chat = Timeline(policy).buyer("0:00").buyer("70:00")
    assert chat.ended() == ["expired 3600"]
    assert chat.open_rounds()[0].opened_at_ms == at_ms("70:00")


def test_a_person_may_dismiss_a_wait_and_the_next_message_opens_another() -> None:
    chat = Timeline().buyer("0:00", "加微信送礼品").dismissed("1:10", wait=1).handed_off("1:20").buyer("2:00")
    assert chat.until("2:30") == ["1:00 slow", "1:10 resolved dismissed"]
    assert [r.opened_at_ms for r in chat.open_rounds()] == [at_ms("2:00")]


def test_a_dismissal_drops_the_promise_and_means_one_wait_only() -> None:
    chat = Timeline().buyer("0:00").agent("0:10", "稍等").buyer("0:20").dismissed("0:30", wait=3)
    assert chat.until("30:00") == []
    chat = Timeline().buyer("0:00").agent("0:10").buyer("0:20").dismissed("0:30", wait=1)
    assert chat.until("1:30") == ["1:20 slow"]


def test_what_was_dismissed_stays_so_when_an_earlier_message_comes_late() -> None:
    chat = Timeline(wall=True).buyer("0:30").dismissed("0:40", wait=1).buyer("0:10", arrives="0:50")
    assert chat.until("9:00") == []
    assert chat.ended() == ["dismissed 30"]
    assert list(chat.rounds) == [1]


def test_the_recall_of_all_its_messages_dismisses_a_wait() -> None:
    chat = Timeline().buyer("0:00", id="a").buyer("0:10", id="b").recalled("0:20", "a").recalled("0:30", "b")
    assert chat.until("9:00") == []
    assert [end.split()[0] for end in chat.ended()] == ["dismissed"]


def test_a_recall_of_some_leaves_the_wait_to_the_others() -> None:
    chat = Timeline().buyer("0:00", id="a").buyer("0:10", id="b").recalled("0:20", "a")
    assert chat.until("2:00") == ["1:10 slow"]


def test_a_recall_may_come_before_its_message() -> None:
    chat = Timeline().recalled("0:20", "a").buyer("0:00", id="a", arrives="0:21")
    assert chat.until("9:00") == []


def test_what_was_taken_back_before_it_was_said_is_no_message_whatever_is_answered_after() -> None:
    """Both in one second, as platforms tell it, and the recall came first."""
    chat = Timeline().recalled("0:10", "a").buyer("0:10", id="a").agent("0:30")
    assert chat.ended() == []
    assert chat.transferred("0:05", "zhou").ended() == []  # Comes late, so all is folded again.


def test_a_recalled_reply_leaves_the_buyer_waiting() -> None:
    chat = Timeline().buyer("0:00").agent("0:10", id="wrong").recalled("0:20", "wrong")
    assert chat.until("2:00") == ["1:00 slow"]
    assert chat.ended() == []


def test_a_recalled_reply_is_told_when_it_is_recalled_and_the_highest_stage_only() -> None:
    chat = Timeline().buyer("0:00").agent("3:20", id="wrong").recalled("4:00", "wrong")
    assert chat.until("4:30") == ["1:00 slow", "3:00 at_risk", "3:20 resolved answered", "4:00 at_risk"]
    assert chat.until("9:00")[4:] == ["5:00 lost"]


def test_words_that_needed_no_answer_until_a_recall_are_told_then() -> None:
    chat = Timeline().agent("0:00", "在的亲", id="greeting").buyer("1:00", "好的").recalled("4:30", "greeting")
    assert chat.until("9:00") == ["4:30 at_risk", "6:00 lost"]


def test_messages_taken_back_one_by_one_leave_the_wait_to_a_later_one() -> None:
    chat = Timeline().buyer("0:00", id="a").buyer("0:10", id="b").recalled("0:20", "a")
    chat.buyer("0:30", id="c").recalled("0:40", "b")
    assert chat.until("2:00") == ["1:30 slow"]
    assert chat.ended() == []
    assert [round.wait for round in chat.open_rounds()] == [1]


def test_a_recall_after_the_answer_changes_nothing() -> None:
    chat = Timeline().buyer("0:00", id="a").agent("0:10").recalled("0:20", "a")
    assert chat.ended() == ["answered 10"]


# Sessions


def test_the_first_reply_of_a_session_may_have_limits_of_its_own() -> None:
    policy = replace(BUILT_IN, first_window=(Stage("slow", 30_000),))
    chat = Timeline(policy).buyer("0:00").agent("0:40").buyer("1:00").agent("1:50").buyer("40:00")
    assert chat.until("41:00") == ["0:30 slow", "0:40 resolved answered", "40:30 slow"]
    assert [r.first for r in chat.rounds.values()] == [True, False]


def test_an_alert_ends_under_the_stage_it_was_told_at() -> None:
    policy = replace(BUILT_IN, first_window=(Stage("soon", 10_000), Stage("first_reply", 30_000)))
    chat = Timeline(policy).buyer("0:00").agent("0:40")
    orders = [d for d in chat.decisions if isinstance(d, AlertOrder)]
    assert [order.stage for order in orders] == ["soon", "first_reply", "first_reply"]


def test_a_close_ends_the_session() -> None:
    chat = Timeline().buyer("0:00").agent("0:10").closed("0:20", "agent").buyer("0:30").agent("0:40")
    assert [r.first for r in chat.rounds.values()] == [True, True]


# For all times


@given(st.integers(1, 600_000))
def test_the_stage_changes_exactly_one_millisecond_past_each_limit(at: int) -> None:
    chat = Timeline().buyer("0:00")
    chat.later(START_MS + at)
    told = len([line for line in chat.told if "promise" not in line])
    assert told == sum(at > limit for limit in (60_000, 180_000, 300_000))


@given(st.lists(st.integers(0, 900_000), min_size=1, max_size=30), st.integers(0, 2**30))
def test_stages_only_move_forward(instants: list[int], seed: int) -> None:
    chat = Timeline()
    order = ["slow", "at_risk", "lost"]
    for n, at in enumerate(sorted(instants)):
        (chat.agent if seed >> (n % 30) & 1 else chat.buyer)(at / 1000)
    told: list[str] = []
    for line in chat.until("30:00"):
        stage = line.split()[1]
        if stage in order:
            assert order.index(stage) == len(told)
            told.append(stage)
        elif stage == "resolved":
            told.clear()
