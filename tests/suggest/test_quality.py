"""Replies judged with what was said before in mind: each rule as a chat."""

from functools import cache
from typing import Any

import pytest

from monitor.core.decisions import CloseRound, PassPromise, RestateRound, Round
from monitor.core.events import Message, Role
from monitor.core.words import built_in
from monitor.policy_files import words
from monitor.policy_files.where import default_folder
from monitor.suggest.quality import Judge, Judged, brands, nothing
from monitor.suggest.reply import ServiceWords
from monitor.suggest.wording import Wording
from tests.timeline import START_MS


@cache
def lists() -> tuple[Wording, ServiceWords]:
    wording, service, faults = words.load_quality(default_folder(), {})
    assert faults == []
    return wording, service


class Chat:
    """One conversation and what was judged of it."""

    def __init__(self, *, chat: str = "c", judge: Judge | None = None) -> None:
        self.judge = judge or Judge(*lists())
        self.out: Judged = nothing()
        self.chat = chat
        self._count = 0

    def _said(self, role: Role, at_s: float, text: str | None, **more: Any) -> "Chat":
        self._count += 1
        event = Message(
            id=f"{self.chat}{self._count}", ts_ms=START_MS + round(at_s * 1000), platform="taobao", shop="senye",
            conversation=self.chat, role=role, text=text, agent=None if role == "buyer" else "lin", **more,
        )  # fmt: skip
        self.judge.take(event, built_in.words_of(role, event.kind, event.text), self.out)
        return self

    def buyer(self, at_s: float, text: str) -> "Chat":
        return self._said("buyer", at_s, text)

    def agent(self, at_s: float, text: str | None, **more: Any) -> "Chat":
        return self._said("agent", at_s, text, **more)

    def assist(self, at_s: float, text: str) -> "Chat":
        return self._said("assist", at_s, text)

    def answered(self, opened_s: float, ended_s: float, ended_by: str, **more: Any) -> "Chat":
        self.judge.decide(CloseRound(a_round(self.chat, opened_s, ended_s, ended_by, **more)), self.out)
        return self

    def at(self, at_s: float) -> "Chat":
        self.judge.due(START_MS + round(at_s * 1000), self.out)
        return self

    @property
    def hits(self) -> list[tuple[str, str]]:
        return [(hit.message, hit.rule) for hit in self.out.hits]

    def count(self, what: str) -> int:
        return sum(one.what == what for one in self.out.tallies)


def a_round(chat: str, opened_s: float, ended_s: float, ended_by: str, **more: Any) -> Round:
    opened, ended = START_MS + round(opened_s * 1000), START_MS + round(ended_s * 1000)
    fields: dict[str, Any] = {
        "wait": 1, "platform": "taobao", "shop": "senye", "conversation": chat, "buyer": "b", "team": "a",
        "opened_by": f"{chat}1", "opened_at_ms": opened, "needs_answer_since_ms": opened, "ended_by": ended_by,
        "ended_at_ms": ended, "agent": "lin", "account": None, "counted_ms": ended - opened, "outcome": "answered",
        "buyer_messages": 1, "held": False, "first": True, "closed_unanswered": False, "stage": "fresh", "passed": (),
        "holders": (),
    }  # fmt: skip
    return Round(**(fields | more))


class TestApology:
    def test_none_after_a_wait_over_180_s_is_a_hit_on_the_reply(self) -> None:
        chat = Chat().buyer(0, "有货吗").agent(181, "有的亲").answered(0, 181, "c2").at(181 + 599)
        assert chat.hits == []
        assert chat.at(181 + 600).hits == [("c2", "no_apology")]
        assert chat.count("long_waits") == 1

    def test_exactly_180_s_owes_none(self) -> None:
        chat = Chat().buyer(0, "有货吗").agent(180, "有的亲").answered(0, 180, "c2").at(9_999)
        assert chat.hits == []
        assert chat.count("long_waits") == 0

    @pytest.mark.parametrize("later", ["抱歉亲，让您久等了", "不好意思哈刚才在忙", "Sorry for the wait!", "久等啦亲"])
    def test_one_in_the_next_replies_will_do(self, later: str) -> None:
        chat = Chat().buyer(0, "有货吗").agent(200, "有的亲").answered(0, 200, "c2").agent(230, later).at(9_999)
        assert chat.hits == []

    def test_none_is_a_hit_also_where_nobody_looked_for_a_week(self) -> None:
        chat = Chat().buyer(0, "有货吗").agent(200, "有的亲").answered(0, 200, "c2").at(7 * 86_400)
        assert chat.hits == [("c2", "no_apology")]
        assert chat.judge.remembered == 0

    def test_in_the_sixth_reply_it_is_too_late(self) -> None:
        chat = Chat().buyer(0, "有货吗").agent(200, "有的亲").answered(0, 200, "c2")
        for n in range(4):
            chat.agent(210 + n, f"第{n}种颜色也有的亲")
        assert chat.at(220).agent(230, "抱歉久等").hits == [("c2", "no_apology")]

    def test_in_the_reply_itself_it_counts(self) -> None:
        chat = Chat().buyer(0, "有货吗").agent(200, "亲抱歉久等了，有的").answered(0, 200, "c2").at(9_999)
        assert chat.hits == []

    def test_a_round_that_was_not_so_withdraws_it(self) -> None:
        chat = Chat().buyer(0, "有货吗").agent(200, "有的亲").answered(0, 200, "c2")
        late = a_round("c", 0, 200, "c2")
        chat.judge.decide(RestateRound(late, None, "late"), chat.out)
        assert chat.at(9_999).hits == []
        assert chat.out.withdrawn == [("senye", "c2", "no_apology")]


class TestAskingAgain:
    @pytest.mark.parametrize(
        ("told", "asked"),
        [
            ("我165 120斤", "亲麻烦说下身高体重呢"),
            ("身高165，体重60kg", "请问您体重多少？"),
            ("平时穿L码", "您平时穿什么码呢"),
            ("要黑色的", "请问要什么颜色呢"),
            ("I wear size M", "What size do you usually wear?"),
            ("I want the black one", "Which color would you like?"),
        ],
    )
    def test_what_the_buyer_has_said_is_a_hit(self, told: str, asked: str) -> None:
        assert ("c2", "asks_again") in Chat().buyer(0, told).agent(5, asked).hits

    @pytest.mark.parametrize(
        ("told", "asked"),
        [
            ("有货吗", "亲麻烦说下身高体重呢"),
            ("我165", "您平时穿什么码呢"),
            ("有黑色吗", "请问要什么颜色呢"),
            ("要黑色的", "黑色有的亲，您身高多少呢"),
            ("我165 120斤", "您的身高体重穿M码合适哦"),
            ("199元的这个", "请问您身高体重多少呢"),
        ],
    )
    def test_what_was_not_said_or_is_not_asked_is_none(self, told: str, asked: str) -> None:
        assert Chat().buyer(0, told).agent(5, asked).hits == []

    def test_the_next_day_it_may_be_asked(self) -> None:
        assert Chat().buyer(0, "我165 120斤").agent(90_000, "请问您身高体重多少呢").hits == []


class TestNeedDiscovery:
    def test_recommending_without_having_asked(self) -> None:
        chat = Chat().buyer(0, "有什么推荐").agent(5, "亲，给您推荐这款哦")
        assert chat.hits == [("c2", "recommends_unasked")]
        assert (chat.count("recommended"), chat.count("recommended_after_asking")) == (1, 0)

    def test_asking_first(self) -> None:
        chat = Chat().buyer(0, "有什么推荐").agent(5, "请问您是自己用还是送人，预算多少呢")
        chat.buyer(9, "送人").agent(12, "那给您推荐这款")
        assert chat.hits == []
        assert (chat.count("need_asked"), chat.count("recommended_after_asking")) == (1, 1)

    def test_a_card_is_a_recommendation_and_what_the_buyer_told_unasked_will_do(self) -> None:
        assert Chat().buyer(0, "有裙子吗").agent(5, None, kind="card").hits == [("c2", "recommends_unasked")]
        assert Chat().buyer(0, "我165 110斤").agent(5, None, kind="card").hits == []

    def test_it_is_counted_once_a_session(self) -> None:
        chat = (
            Chat().buyer(0, "推荐一下").agent(5, "推荐这款亲").agent(6, "也推荐这款哦亲").agent(9_000, "推荐新款给您")
        )
        assert [rule for _, rule in chat.hits] == ["recommends_unasked", "recommends_unasked"]


class TestAnswers:
    @pytest.mark.parametrize("text", ["有", "嗯", "没有", "看详情", "不", "yes", "哦"])
    def test_a_word_or_two_to_a_question_is_curt(self, text: str) -> None:
        assert Chat().buyer(0, "这个有L码吗").agent(5, text).hits == [("c2", "curt")]

    @pytest.mark.parametrize("text", ["有的亲", "170", "您好", "稍等", "在的", "hi"])
    def test_a_short_answer_can_be_good(self, text: str) -> None:
        assert Chat().buyer(0, "这个有L码吗").agent(5, text).hits == []

    def test_no_question_no_curt_answer(self) -> None:
        assert Chat().buyer(0, "好的").agent(5, "嗯").hits == []

    def test_an_answer_that_commits_to_nothing(self) -> None:
        assert Chat().buyer(0, "会掉色吗").agent(5, "应该吧").hits == [("c2", "unclear")]

    def test_the_same_text_again_to_one_buyer(self) -> None:
        text = "亲，详情页有尺码表可以对照看下哦"
        chat = Chat().buyer(0, "L码多大").agent(5, text).buyer(9, "我看不懂").agent(12, text)
        assert chat.hits == [("c4", "copied")]

    def test_the_same_text_to_another_buyer_is_none(self) -> None:
        one = Chat().buyer(0, "L码多大").agent(5, "亲，详情页有尺码表可以对照看下哦")
        other = Chat(chat="d", judge=one.judge).buyer(0, "多大").agent(5, "亲，详情页有尺码表可以对照看下哦")
        assert one.hits == other.hits == []


def test_polite_replies_are_counted_over_all_replies() -> None:
    chat = Chat().buyer(0, "有货吗").agent(5, "有的亲").agent(6, "今天发货").agent(7, "Thank you!")
    assert (chat.count("replies"), chat.count("polite")) == (3, 2)


def test_of_an_assistant_s_text_only_the_words_count() -> None:
    chat = Chat().buyer(0, "这个有L码吗").assist(5, "有").assist(6, "加我微信")
    assert chat.hits == [("c3", "contact")]
    assert chat.count("replies") == 0


def test_what_buyers_and_bots_say_is_not_judged() -> None:
    chat = Chat().buyer(0, "加个微信呗，你们最便宜吗")._said("bot", 1, "国家级品质")
    assert chat.hits == []


def test_a_promise_nobody_kept_is_serious_and_names_the_holding_reply() -> None:
    chat = Chat().buyer(0, "定制能加急吗").agent(20, "亲稍等，我问下仓库")
    at_ms = START_MS + 920_000
    missed = PassPromise("taobao", "senye", "c", "a", "lin", None, "missed", False, START_MS + 20_000, at_ms, at_ms)
    chat.judge.decide(missed, chat.out)
    assert chat.hits == [("c2", "promise_missed")]
    assert chat.out.hits[0].level == "serious"


def test_chats_silent_for_three_days_are_forgotten_and_no_others() -> None:
    judge, day_s = Judge(*lists()), 86_400
    always = Chat(chat="always", judge=judge)
    for day in range(8):
        for chat in range(5):
            Chat(chat=f"{day}.{chat}", judge=judge).buyer(day * day_s, "有货吗").agent(day * day_s + 9, "有的亲")
        always.buyer(day * day_s + 10, "有货吗").at(day * day_s + 10)
        assert judge.remembered == 5 * min(day + 1, 3) + 1
    assert always.hits == []
    assert always.at(11 * day_s).judge.remembered == 0


def test_what_was_said_before_can_be_remembered_without_judging_it() -> None:
    judge = Judge(*lists())
    event = Message(id="m1", ts_ms=START_MS, shop="senye", conversation="c", role="buyer", text="我165 120斤")
    judge.remember(("senye", "c"), [(event, built_in.words_of("buyer", "text", event.text))])
    chat = Chat(judge=judge).agent(5, "请问您身高体重多少呢")
    assert chat.hits == [("c1", "asks_again")]


def test_brand_words_belong_to_all_shops_of_a_brand() -> None:
    found = brands([("a", "森野", ["森野"]), ("b", "森野", []), ("c", None, ["南风"]), ("d", None, ["南风"])])
    assert found == {"森野": frozenset({"a", "b"}), "南风": frozenset({"c", "d"})}


@pytest.mark.parametrize(
    "text", ["", "🙂" * 1000, "\u202e我要", "嗯" * 100_000, "1" * 100_000, "a b " * 25_000, "身高" * 50_000]
)
def test_odd_and_huge_texts_are_judged(text: str) -> None:
    chat = Chat().buyer(0, text or "?").agent(5, text)
    assert chat.count("replies") == 1


@pytest.mark.parametrize(
    ("reply", "hits"), [("让您久等了，非常抱歉", []), ("好的，给您备注一下", [("c12", "no_apology")])]
)
def test_an_apology_in_any_chat_of_a_buyer_with_two_ids_is_one(reply: str, hits: list[tuple[str, str]]) -> None:
    judge = Judge(*lists(), lambda _shop, chat: "b" if chat in {"c1", "c2"} else chat)
    one, other = Chat(chat="c1", judge=judge), Chat(chat="c2", judge=judge)
    one.buyer(0, "包邮吗").agent(200, "包邮的，全场包邮哦")
    judge.decide(CloseRound(a_round("b", 0, 200, "c12")), one.out)
    other.agent(230, reply)
    assert [hit for hit in one.at(200 + 601).hits if hit[1] == "no_apology"] == hits
