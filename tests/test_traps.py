"""Where each trap around the figures is held: what makes a tool's numbers wrong, and the tests that would fail with it.

Numbers and words are those of the definitions (KPIs, "Traps"). A name behind a file of Python is a test in it; behind a
file of scenarios, the title of one, which `check-rules` and the tests run.
"""

import ast
from functools import cache

import pytest

from tests.test_repository import ROOT

CORE, SCORES, SCORING = "tests/core/test_", "tests/core/scores/test_", "tests/scoring/test_"
RULES = "rules/scenarios/"

TRAPS: dict[int, tuple[str, dict[str, tuple[str, ...]]]] = {
    1: (
        "the clock begins anew at the buyer's last message",
        {
            f"{CORE}wait.py": ("test_a_second_message_does_not_restart_the_wait",),
            f"{SCORES}worked_examples.py": ("test_taobao_two_asks_before_one_late_reply_are_one_round",),
            f"{RULES}traps.yaml": ("催问不重新计时",),
        },
    ),
    2: (
        "automatic replies stop the clock, or assist never does",
        {
            f"{CORE}wait.py": (
                "test_only_a_person_ends_a_wait",
                "test_assist_ends_a_wait_where_the_policy_says_so",
            ),
            f"{SCORES}traps.py": (
                "test_a_welcome_text_stops_no_clock",
                "test_assist_counts_as_a_person_where_the_platform_says_so",
                "test_what_only_a_bot_has_answered_is_in_no_rate_of_taobao_and_a_miss_of_pinduoduo",
            ),
        },
    ),
    3: (
        "a bot leaves a stale start behind, or a hand-off none",
        {
            f"{SCORES}traps.py": (
                "test_a_bot_that_answered_leaves_no_stale_start_behind",
                "test_a_bot_that_hands_over_leaves_a_round_of_people",
            ),
            f"{SCORES}figures.py": ("test_m24_a_hand_off_nobody_took_is_no_wait_of_weeks",),
            f"{CORE}wait.py": (
                "test_a_bot_that_holds_stands_the_clock_still_until_the_hand_off",
                "test_a_hand_off_opens_a_wait_only_if_the_buyer_spoke_last",
            ),
            f"{RULES}traps.yaml": ("转人工之后没人接，等待不会丢",),
        },
    ),
    4: (
        "one three-minute rate for all platforms",
        {
            f"{SCORES}worked_examples.py": ("test_the_same_chat_under_each_profile",),
            f"{RULES}traps.yaml": ("同一段对话，各平台算出来不一样",),
        },
    ),
    5: (
        "what is not due counts as missed, or what was never answered does not",
        {
            f"{SCORES}traps.py": ("test_open_and_not_yet_due_is_no_miss",),
            f"{SCORES}worked_examples.py": ("test_taobao_ten_asks_and_no_answer_are_one_miss_when_the_day_is_over",),
            f"{RULES}traps.yaml": ("还没到时的，不算没达标", "一直没回的，算没达标"),
        },
    ),
    6: (
        "a mean of what was answered, or without the longest gaps",
        {
            f"{SCORES}traps.py": (
                "test_a_mean_is_capped_and_holds_what_was_never_answered",
                "test_the_longest_waits_are_in_the_mean_however_long_the_silence",
                "test_a_mean_never_hides_that_somebody_waits",
            ),
            f"{SCORES}figures.py": ("test_m6_the_mean_names_beside_it_how_many_were_never_answered",),
        },
    ),
    7: (
        "thanks need no reply in the score, or a question is taken for thanks",
        {
            f"{SCORES}traps.py": (
                "test_courtesy_is_a_round_of_the_score",
                "test_what_begins_like_thanks_a_lone_mark_and_a_card_are_questions",
            ),
            f"{CORE}wait.py": (
                "test_thanks_after_an_answer_alert_nobody_and_are_a_round_all_the_same",
                "test_a_lone_question_mark_a_picture_and_a_withheld_text_are_questions",
            ),
            f"{RULES}traps.yaml": ("谢谢不提醒，但照样是一轮", "好的，那有优惠吗，是提问"),
        },
    ),
    8: (
        "hours looked at when the reply comes, their last second, other days than the calendar's",
        {
            f"{SCORES}traps.py": (
                "test_hours_look_at_the_start_of_the_round_and_end_before_their_end",
                "test_the_hours_of_a_session_are_those_of_its_start",
                "test_days_that_the_clock_is_changed_on",
                "test_daylight_saving_moves_the_hours_of_a_western_shop_with_its_wall",
                "test_an_etsy_report_has_the_days_of_utc",
            ),
            f"{SCORES}worked_examples.py": (
                "test_jd_a_session_that_opened_before_the_hours_is_not_counted",
                "test_lazada_the_day_runs_from_six_to_six_and_its_answers_are_due_at_seven",
            ),
        },
    ),
    9: (
        "midnight",
        {
            f"{SCORES}traps.py": ("test_midnight_ends_what_is_unanswered_and_the_next_day_begins_anew",),
            f"{SCORES}figures.py": (
                "test_m13_missed_is_what_the_day_leaves_open_and_the_last_question_has_three_minutes",
            ),
            f"{RULES}traps.yaml": ("过了零点，平台算漏接，买家还在等",),
        },
    ),
    10: (
        "a transfer resets the clock or charges the receiver",
        {
            f"{CORE}wait.py": ("test_a_transfer_charges_each_holder_their_seconds_and_never_resets_the_clock",),
            f"{SCORES}traps.py": (
                "test_a_transfer_neither_resets_the_clock_nor_charges_the_receiver",
                "test_taobao_leaves_an_unanswered_round_with_who_passed_the_chat_on",
                "test_two_accounts_of_one_buyer_are_two_rounds_of_taobao_and_one_of_the_buyer",
            ),
            f"{SCORES}figures.py": ("test_m15_who_passes_a_question_on_unanswered_is_named_and_no_other",),
        },
    ),
    11: (
        "the assignee is credited",
        {
            f"{CORE}wait.py": ("test_a_reply_is_credited_to_its_sender_and_the_wait_charged_to_its_holder",),
            f"{SCORES}traps.py": (
                "test_a_hit_is_the_senders_and_a_miss_is_theirs_who_held_the_chat_when_the_limit_passed",
            ),
            f"{RULES}traps.yaml": ("谁回的算谁的，不算分配给谁",),
        },
    ),
    12: (
        "replies from another client are not seen",
        {
            f"{CORE}lists.py": ("test_who_is_missing_from_a_later_complete_list_was_answered_elsewhere",),
            f"{SCORES}traps.py": ("test_an_answer_given_elsewhere_counts_where_both_bounds_agree",),
            f"{SCORES}floor_scenarios.py": ("test_an_account_that_was_kicked_and_answered_by_phone",),
            f"{RULES}floor.yaml": ("S2 账号被顶，手机回复",),
        },
    ),
    13: (
        "order, duplicates, recalls, and a backlog that raises a storm",
        {
            f"{CORE}order.py": ("test_any_order_of_arrival_gives_the_same_rounds",),
            f"{CORE}feeds.py": (
                "test_a_backlog_raises_no_storm_and_what_is_still_open_is_told_once_at_its_highest_stage",
            ),
            f"{SCORES}traps.py": (
                "test_a_message_taken_back_was_never_said",
                "test_order_duplicates_and_late_arrival_change_no_score",
            ),
            f"{SCORES}same_scores.py": ("test_any_order_of_arrival_gives_the_same_scores",),
            "tests/test_replay.py": ("test_lines_sent_twice_change_nothing",),
        },
    ),
    14: (
        "clocks are mixed, and a lag is taken for a wait",
        {
            f"{SCORING}scorer.py": ("test_a_feed_that_lags_eats_nothing_of_a_limit",),
            "tests/wire/test_decode.py": ("test_what_lies_a_little_ahead_of_its_arrival_is_set_to_it_and_counted",),
            f"{CORE}feeds.py": ("test_a_gap_is_what_the_collector_missed_by_its_own_clock",),
        },
    ),
    15: (
        "a silent source is a quiet shop",
        {
            f"{CORE}feeds.py": (
                "test_a_source_that_misses_its_heartbeats_is_stale_and_its_waits_are_not_judged",
                "test_a_source_without_heartbeats_is_stale_after_ten_silent_minutes",
            ),
            f"{SCORES}traps.py": ("test_a_feed_gap_that_nothing_fills_leaves_its_rounds_out",),
        },
    ),
    16: (
        "buyers of agents are added up, percentages averaged",
        {
            f"{SCORES}traps.py": (
                "test_buyers_of_agents_do_not_add_up_to_those_of_the_shop",
                "test_a_window_of_days_is_made_of_sums_never_of_rates",
                "test_a_rate_over_agents_and_days_is_made_of_sums",
            ),
            f"{SCORES}figures.py": ("test_m20_buyers_are_each_counted_once_whatever_their_chats_and_agents",),
        },
    ),
    17: (
        "a buyer once missed cannot be mended that day",
        {
            f"{SCORES}traps.py": (
                "test_one_miss_fails_the_buyer_for_the_day_and_not_for_the_next",
                "test_the_shipped_ladder_calls_people_before_the_first_miss_of_a_day_is_made",
            ),
            f"{RULES}traps.yaml": ("拼多多一次超时，当天这位买家就不达标",),
        },
    ),
    18: (
        "a holding reply makes the platform green",
        {
            f"{SCORES}traps.py": (
                "test_a_holding_reply_at_2_59_makes_the_platform_green_and_is_counted_against_the_agent",
            ),
            f"{SCORES}figures.py": (
                "test_m17_a_promise_is_missed_past_fifteen_minutes_or_past_what_was_promised",
                "test_m18_and_m19_replies_that_hold_off_and_messages_for_messages",
            ),
            f"{RULES}traps.yaml": ("两分五十九秒说稍等，平台达标，跟进照样要算",),
        },
    ),
    19: (
        "advertisers blocked without a reply, colleagues counted as buyers",
        {
            f"{SCORES}traps.py": ("test_blocking_without_a_reply_lowers_the_reply_rate",),
            f"{SCORES}figures.py": (
                "test_m20_buyers_are_each_counted_once_whatever_their_chats_and_agents",
                "test_m4_an_advertiser_whose_wait_was_dismissed_is_no_session_without_a_reply",
            ),
            f"{CORE}senders.py": ("test_noise_of_the_buyers_side_opens_nothing_and_is_no_last_word",),
        },
    ),
    20: (
        "what the shop began counts as asked, or the answer to it does not",
        {
            f"{SCORES}traps.py": (
                "test_what_the_shop_begins_has_no_first_reply_but_its_answers_are_rounds",
                "test_an_answer_to_our_campaign_begins_a_round_and_no_first_reply",
            ),
            f"{RULES}traps.yaml": ("主动跟进不是买家提问，买家回了才是",),
        },
    ),
    21: (
        "conversion told before it has settled",
        {
            f"{SCORES}traps.py": (
                "test_nothing_is_told_of_orders_before_they_can_have_settled_and_no_wait_is_blamed_for_them",
            ),
        },
    ),
    22: (
        "waits read as the cause of what was not bought",
        {
            f"{SCORES}traps.py": (
                "test_nothing_is_told_of_orders_before_they_can_have_settled_and_no_wait_is_blamed_for_them",
            ),
        },
    ),
    23: (
        "one limit and one siren for all",
        {
            f"{SCORES}traps.py": ("test_each_platform_is_asked_for_at_its_own_limit",),
            f"{CORE}escalation.py": (
                "test_one_message_names_all_waits_of_an_agent",
                "test_each_step_is_told_at_its_second",
                "test_what_came_due_under_a_claim_is_not_made_up",
            ),
            f"{SCORES}staff.py": ("test_what_is_asked_while_nobody_is_online_is_left_offline_and_answered_later",),
            f"{RULES}traps.yaml": ("京东首次三十秒，只提醒面板", "没人上班，不提醒；上班后半分钟，一条汇总"),
        },
    ),
    24: (
        "history counted by today's rule",
        {
            f"{SCORES}traps.py": ("test_history_keeps_the_rule_of_its_day",),
            f"{SCORES}worked_examples.py": (
                "test_jd_an_exempt_date_does_not_count",
                "test_tiktok_had_24_hours_until_2025_08_15_and_a_greeting_was_no_reply",
                "test_kuaishou_starts_when_the_bot_hands_over_and_before_2023_03_counted_bots",
            ),
            f"{CORE}policy_in_time.py": ("test_rules_changed_at_noon_change_what_opens_after_noon",),
        },
    ),
    25: (
        "no denominator is nought, or a hundred per cent",
        {
            f"{SCORES}traps.py": ("test_no_denominator_is_no_sample",),
            f"{SCORES}worked_examples.py": ("test_wecom_has_no_sample_rather_than_nought",),
            f"{SCORES}figures.py": ("test_where_nothing_was_said_no_figure_is_nought_or_whole",),
            f"{RULES}traps.yaml": ("没有人咨询，就没有达标率",),
        },
    ),
}


@cache
def named_in(path: str) -> frozenset[str]:
    """The tests of a file, or the titles of its scenarios."""
    text = (ROOT / path).read_text("utf-8")
    if path.endswith(".yaml"):
        return frozenset(line.split(":", 1)[1].strip() for line in text.splitlines() if "- title:" in line)
    found = ast.walk(ast.parse(text))
    return frozenset(node.name for node in found if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def test_every_trap_has_its_tests() -> None:
    assert list(TRAPS) == list(range(1, 26))
    assert all(held for _, held in TRAPS.values())


@pytest.mark.parametrize("number", TRAPS)
def test_the_tests_of_a_trap_are_there(number: int) -> None:
    words, held = TRAPS[number]
    missing = [(path, name) for path, names in held.items() for name in names if name not in named_in(path)]
    assert missing == [], words
