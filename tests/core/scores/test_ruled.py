"""The floor's own rates look at what begins in the hours that the rules count for a shop; platforms have their own."""

from typing import Any

from msgspec.structs import replace

from monitor.core.hours import NEVER, UTC, Hours
from monitor.core.policy import BUILT_IN, BuiltIn
from monitor.core.scores.chats import ShopChats
from monitor.core.scores.ruled import WITHOUT_RULES, ShopRules
from monitor.core.scores.totals import kpis
from monitor.core.units import HOUR_MS
from monitor.policy_files.rule_set import load
from monitor.policy_files.where import default_folder
from monitor.replay import Replay
from monitor.wire import encode_event
from tests.core.scores.day import Chatter, at_ms, shipped

BY_DAY = ShopRules(BuiltIn(replace(BUILT_IN, hours=Hours(UTC, (((0, 16 * HOUR_MS),),) * 7))))  # 08:00 to 24:00 there.
THE_MERCHANTS = ShopRules(BuiltIn(replace(BUILT_IN, hours=NEVER, responsible="merchant", bot_within_ms=2000)))


def scores(chat: Chatter, rules: ShopRules, until: str = "23:59:59") -> dict[str, Any]:
    chats = chat.chats()
    for shop in chats.shops.values():
        rules.give(shop, at_ms("12:00:00"))
    (row,) = kpis(chats, shipped(), at_ms(until), "all", lambda _, shop: shop)
    found: dict[str, Any] = row["scores"]
    return found


def of(score: dict[str, Any]) -> tuple[int, int, dict[str, int]]:
    return score["hits"], score["misses"], score["left_out"]


def test_m5_and_m8_to_m11_look_at_what_began_in_the_hours_of_the_shop() -> None:
    chat = Chatter("own").b("03:00:00").a("08:30:00")
    chat.b("07:59:59.999", conversation="d").b("08:00:30", conversation="d").a("08:04:00", conversation="d")
    chat.b("08:00:00", conversation="e").a("08:00:20", conversation="e")
    found = scores(chat, BY_DAY)
    for id in ("rate_3min_round", "rate_3min_session", "rate_3min_buyer", "first_30s", "capped_mean"):
        hits, misses, left_out = of(found[id])
        assert (hits, misses, left_out["hours"]) == (1, 0, 2), id
    # The second message of d was written in the hours.
    assert of(found["rate_3min_message"]) == (1, 1, {"hours": 2})
    assert of(found["reply_rate_day"]) == (3, 0, {})
    everything = scores(chat, WITHOUT_RULES)
    assert of(everything["rate_3min_round"]) == (1, 2, {})


def test_what_the_merchant_answers_for_is_in_no_rate_of_ours_and_in_the_platforms() -> None:
    chat = Chatter("taobao").b("10:00:00").a("10:10:00")
    found = scores(chat, THE_MERCHANTS)
    assert of(found["rate_3min_round"]) == (0, 0, {"hours": 1})
    assert of(found["taobao_3min"]) == (0, 1, {})


def test_the_shipped_rules_count_a_floors_day() -> None:
    rules = ShopRules(load(default_folder()).book)
    asked = [rules.in_hours("taobao", "senye", at_ms(when)) for when in ("07:59:59", "08:00:00", "23:59:59")]
    assert asked == [False, True, True]


def test_a_shop_of_which_other_rules_ask_the_same_need_not_be_scored_anew() -> None:
    shop, span = ShopChats("senye", "taobao"), (at_ms("00:00:00"), at_ms("23:00:00"))
    assert BY_DAY.asks_the_same(ShopRules(BY_DAY.book), shop, *span)
    assert not BY_DAY.asks_the_same(WITHOUT_RULES, shop, *span)
    assert not THE_MERCHANTS.asks_the_same(
        ShopRules(BuiltIn(replace(BUILT_IN, hours=NEVER, bot_within_ms=1000))), shop, *span
    )


def test_a_replay_judges_chats_by_its_rules_as_the_service_does() -> None:
    replay = Replay(profiles=shipped(), policies=THE_MERCHANTS.book)
    replay.run(encode_event(event) for event, _ in Chatter("taobao").b("10:00:00", conversation="c").events)
    shop = replay.chats.shops["senye"]
    assert shop.bot_within_ms == 2000
    assert shop.in_hours is not None
    assert not shop.in_hours(at_ms("10:00:00"))
