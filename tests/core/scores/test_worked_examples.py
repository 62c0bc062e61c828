"""The worked examples of the definitions: one chat, many rates."""

import pytest

from monitor.core import events as ev
from monitor.core.scores.profile import Profile
from tests.core.scores.day import Chatter, shipped

IDS = (
    "taobao_3min", "taobao_mean", "taobao_reply_day", "jd_first_30s", "pinduoduo_3min", "pinduoduo_5min",
    "douyin_3min_message", "douyin_3min_session", "douyin_mean", "kuaishou_3min", "xiaohongshu_3min", "wecom_reply",
    "shopee_12h", "lazada_day", "tiktok_12h", "amazon_24h", "etsy_24h", "facebook_15min", "walmart_48h",
)  # fmt: skip


def one_chat(platform: str = "taobao") -> Chatter:
    chat = Chatter(platform)
    return chat.b("10:00:00").a("10:01:00").b("10:05:00", "10:05:20").a("10:09:00").b("10:15:00").a("10:15:30")


@pytest.mark.parametrize(
    ("profile", "result"),
    [
        ("taobao_3min", "2/3"),
        ("pinduoduo_3min", "0/1"),
        ("kuaishou_3min", "0/1"),
        ("xiaohongshu_3min", "0/1"),
        ("douyin_3min_session", "0/1"),
        ("douyin_3min_message", "2/4"),
        ("jd_first_30s", "0/1"),
        ("pinduoduo_5min", "1/1"),
        ("taobao_reply_day", "1/1"),
        ("wecom_reply", "1/1"),
        ("shopee_12h", "3/3"),
        ("lazada_day", "1/1"),
        ("tiktok_12h", "3/3"),
        ("amazon_24h", "4/4"),
        ("etsy_24h", "1/1"),
        ("facebook_15min", "1/1"),
        ("walmart_48h", "4/4"),
    ],
)
def test_the_same_chat_under_each_profile(profile: str, result: str) -> None:
    assert one_chat().of(profile) == result


def test_the_mean_of_the_rounds() -> None:
    for profile in ("taobao_3min", "taobao_mean", "douyin_mean"):
        assert one_chat().score(profile)["mean_seconds"] == 110.0


def test_the_units_and_sums_are_those_of_the_contract() -> None:
    found = one_chat().score("taobao_3min")
    assert found == {
        "unit": "round", "hits": 2, "misses": 1, "undetermined": 0, "excluded": 0, "sum_seconds": 330.0, "waits": 3,
        "rate": pytest.approx(2 / 3), "mean_seconds": 110.0, "left_out": {},
        "courtesy_misses": 0,
    }  # fmt: skip
    assert one_chat().score("douyin_3min_message")["sum_seconds"] == 60 + 240 + 220 + 30


def test_taobao_two_asks_before_one_late_reply_are_one_round() -> None:
    chat = Chatter().b("10:10:15", "10:15:20").a("10:18:10")
    assert chat.of("taobao_3min") == "0/1"
    assert chat.b("10:18:30").a("10:19:00").of("taobao_3min") == "1/2"


def test_taobao_ten_asks_and_no_answer_are_one_miss_when_the_day_is_over() -> None:
    chat = Chatter()
    for second in range(0, 180, 18):
        chat.b(f"10:{second // 60:02}:{second % 60:02}")
    assert chat.of("taobao_3min") == "0/0 1 undetermined"
    assert chat.of("taobao_3min", "2026-11-24 00:10") == "0/1"
    late = chat.score("taobao_mean", "2026-11-24 00:10")
    assert (late["misses"], late["mean_seconds"]) == (1, 600.0)


def test_every_profile_of_the_contract_is_shipped_with_its_source() -> None:
    assert set(shipped().versions) == {*IDS, "tiktok_24h"}
    for versions in shipped().versions.values():
        for profile in versions:
            assert profile.source
            assert profile.sure in ("official", "reproduced", "blog", "unverified")
            assert profile.valid_from


def test_jd_a_session_that_opened_before_the_hours_is_not_counted() -> None:
    assert Chatter("jd").b("8:56:00".zfill(8)).a("09:01:00").of("jd_first_30s") == "0/0 1 excluded"
    assert Chatter("jd").b("09:00:00").a("09:00:30").of("jd_first_30s") == "1/1"


def test_jd_a_question_within_ten_minutes_of_the_close_belongs_to_the_old_session() -> None:
    chat = Chatter("jd").b("10:00:00").a("10:00:20").closed("10:01:00").b("10:10:59").a("10:15:00")
    assert chat.of("jd_first_30s") == "1/1"
    later = Chatter("jd").b("10:00:00").a("10:00:20").closed("10:01:00").b("10:11:00").a("10:15:00")
    assert later.of("jd_first_30s") == "1/2"


def test_jd_an_exempt_date_does_not_count() -> None:
    chat = Chatter("jd").b("2024-02-10 10:00:00").a("2024-02-10 10:05:00")
    assert chat.of("jd_first_30s") == "0/0 1 excluded"


def test_lazada_the_day_runs_from_six_to_six_and_its_answers_are_due_at_seven() -> None:
    chat = Chatter("lazada", "Asia/Manila")
    chat.b("17:59:00", conversation="in time").a("19:00:00", conversation="in time")
    chat.b("17:59:00", conversation="late").a("19:00:01", conversation="late")
    chat.b("18:00:00", conversation="of the next day").a("2026-11-24 18:30:00", conversation="of the next day")
    assert chat.of("lazada_day") == "2/3"
    # One reply serves what two days are owed.
    both = Chatter("lazada", "Asia/Manila").b("17:50:00", "18:10:00").a("18:20:00")
    assert both.of("lazada_day") == "2/2"


def test_facebook_counts_what_comes_first_after_a_day_of_silence_and_the_fastest_of_it() -> None:
    chat = Chatter("facebook", "UTC")
    chat.b("10:00:00").a("10:10:00").b("10:20:00").a("11:00:00")
    chat.b("2026-11-24 10:59:59")  # A second less than 24 hours.
    chat.b("2026-11-25 10:59:59").a("2026-11-25 11:20:01")
    assert chat.of("facebook_15min") == "1/2"
    # That the shop closes the chat meanwhile is no word: the silence goes on.
    closed = Chatter("facebook", "UTC").b("10:00:00").a("10:10:00").closed("20:00:00")
    assert closed.b("2026-11-24 10:10:00").a("2026-11-24 10:11:00").of("facebook_15min") == "2/2"
    many = Chatter("facebook", "UTC")
    for minute in range(1, 11):
        many.b("10:00:00", conversation=f"c{minute}").a(f"10:{minute:02}:00", conversation=f"c{minute}")
    assert many.score("facebook_15min")["mean_seconds"] == 60 * sum(range(1, 10)) / 9


def test_etsy_takes_an_automatic_reply_and_looks_at_the_first_message_only() -> None:
    chat = Chatter("etsy", "UTC").b("10:00:00").say("auto", "10:00:01").b("10:05:00").a("2026-11-30 10:00:00")
    assert chat.of("etsy_24h") == "1/1"
    assert Chatter("etsy", "UTC").b("10:00:00").of("etsy_24h", "12:00:00") == "0/0 1 undetermined"


def test_amazon_takes_out_what_needs_no_response() -> None:
    chat = Chatter("amazon", "UTC").b("10:00:00").b("10:01:00", needs_reply=False, conversation="d")
    assert chat.of("amazon_24h", "2026-11-25 10:00:00") == "0/1 1 excluded"


def test_wecom_has_no_sample_rather_than_nought() -> None:
    found = Chatter("wecom").a("10:00:00").score("wecom_reply", "2026-11-25 10:00:00")
    assert (found["rate"], found["mean_seconds"], found["hits"]) == (None, None, 0)


def test_kuaishou_starts_when_the_bot_hands_over_and_before_2023_03_counted_bots() -> None:
    chat = Chatter("kuaishou").b("10:00:00").say("bot", "10:00:01")
    assert chat.of("kuaishou_3min", "11:00:00") == "0/0 1 excluded"
    chat.event(ev.ConversationHandedOff, "10:10:00", type="conversation_handed_off").a("10:12:00")
    assert chat.of("kuaishou_3min") == "1/1"
    old = Chatter("kuaishou").b("2023-02-01 10:00:00").say("bot", "2023-02-01 10:00:01")
    assert old.of("kuaishou_3min", "2023-02-02 10:00:00") == "1/1"


def test_tiktok_had_24_hours_until_2025_08_15_and_a_greeting_was_no_reply() -> None:
    def asked(day: str, *replies: tuple[str, str]) -> Chatter:
        chat = Chatter("tiktok", "Asia/Bangkok").b(f"{day} 10:00:00")
        for when, text in replies:
            chat.a(when, text=text)
        return chat

    later = ("2025-08-15 09:00:00", "Yes, it is in stock")
    assert asked("2025-08-14", later).of("tiktok_24h") == "1/1"
    assert asked("2025-08-14", later).of("tiktok_12h") == "0/1", "who names 12 hours gets 12 hours"
    assert asked("2025-08-15", ("2025-08-15 22:00:01", "Yes, it is")).of("tiktok_12h") == "0/1"
    assert asked("2025-08-15", ("2025-08-15 22:00:00", "Hi")).of("tiktok_12h") == "1/1"
    greeted = asked("2025-08-13", ("2025-08-13 10:01:00", "Hello"), ("2025-08-14 10:00:01", "Yes, it is"))
    assert greeted.of("tiktok_24h") == "0/1"
    assert shipped().of_platform("tiktok") == ("tiktok_12h",)


@pytest.mark.parametrize(
    ("asked", "bot", "replied", "result"),
    [
        ("2025-08-09 10:00:00", True, "2025-08-11 12:00:00", "1/1"),  # Saturday until Monday noon.
        ("2025-08-10 23:59:59", True, "2025-08-11 12:00:01", "1/1"),  # Sunday night: its 24 hours go on longer.
        ("2025-08-09 10:00:00", True, "2025-08-11 12:00:01", "0/1"),
        ("2025-08-09 10:00:00", False, "2025-08-11 09:00:00", "0/1"),  # No chatbot, no weekend.
        ("2025-08-08 10:00:00", True, "2025-08-11 09:00:00", "0/1"),  # A Friday.
    ],
)
def test_tiktok_under_a_chatbot_the_weekend_was_due_on_monday_at_noon(
    asked: str, bot: bool, replied: str, result: str
) -> None:
    chat = Chatter("tiktok", "Asia/Bangkok").b(asked)
    if bot:
        chat.say("bot", asked)
    assert chat.a(replied).of("tiktok_24h") == result


def test_shopee_showed_a_window_of_90_days_before() -> None:
    assert [one.rolling_days for one in shipped().versions["shopee_12h"]] == [90, 30]


def test_a_profile_is_data_and_needs_no_code() -> None:
    own = Profile(id="own", unit="round", limit_ms=45_000, statistic="median")
    found = one_chat().score(own)
    assert (found["hits"], found["misses"], found["mean_seconds"]) == (1, 2, 60.0)
