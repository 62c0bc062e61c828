"""Which phrases fit a question, and when none is offered."""

import pytest

from monitor.core.words import HOLDING, built_in
from monitor.suggest.learning import Learned
from monitor.suggest.library import Library
from tests.suggest.shop import NOW_MS, ask, asked, ids, library, phrase, shipped_library

PRICE = phrase("p", "亲，价格以页面显示为准", "多少钱", intent="price")
STOCK = phrase("s", "亲，有货的，今天发", "有货吗", intent="stock")
SIZE = phrase("z", "亲，按尺码表选就好", "穿什么码", intent="size")


@pytest.mark.parametrize(
    ("said", "first"),
    [
        ("包邮吗", "fee-page"),
        ("优惠券哪里领呀", "discount-coupon"),
        ("我165 120斤穿什么码合适", "size-got"),
        ("能开专票吗", "invoice-kind"),
        ("沙发包安装吗", "use-install"),
        ("付不了款怎么回事", "pay-fail"),
        ("可以一件代发吗", "bulk-dropship"),
        ("怎么还不发货", "after-hurry"),
        ("质量怎么样啊", "quality-how"),
        ("is it machine washable?", "en-care"),
        ("do you ship to Canada?", "en-region"),
        ("my card was declined", "en-pay-fail"),
    ],
)
def test_the_shipped_library_answers_what_buyers_ask(said: str, first: str) -> None:
    assert ids(ask(said))[0] == first


@pytest.mark.parametrize(
    ("said", "like"),
    [
        ("優惠劵在哪領", "优惠券在哪领"),
        ("ｙｏｕｈｕｏ吗", "有货吗"),
        ("youhuoma", "有货吗"),
        ("有  货  吗", "有货吗"),
        ("有货吗🥺🥺", "有货吗"),
        ("有货吗？？？？？？", "有货吗"),
        ("木有货了嘛", "没有货了嘛"),
        ("質量咋樣", "质量怎么样"),
        ("\u202e\u200b有货吗\u202c", "有货吗"),
        ("FREE SHIPPING?", "free shipping"),
        ("is it avaliable", "is it available"),
    ],
)
def test_the_same_question_written_otherwise_finds_the_same(said: str, like: str) -> None:
    assert ids(ask(said)) == ids(ask(like)) != []


def test_several_short_bubbles_are_one_question() -> None:
    assert ids(ask("在吗\n这件\n有货不\n要L码"))[0].startswith("stock")


def test_it_says_which_words_it_answers() -> None:
    (found, *_) = ask("亲 优惠券在哪领啊")
    assert any("优惠券" in word for word in found.why)


@pytest.mark.parametrize("said", ["", "🙂🙂", "???", "今天天气真好", "asdf qwer", "١٢٣", "1", "\u202e", "啊" * 100_000])
def test_what_says_nothing_of_a_purchase_gets_one_question_and_no_answer(said: str) -> None:
    found = ask(said)
    assert len(found) == 1
    assert found[0].phrase.question
    assert found[0].phrase.intent == "need"


def test_a_library_without_questions_abstains() -> None:
    assert ask("今天天气真好", of=library(PRICE, STOCK)) == []
    assert ask("有货吗", of=library()) == []


def test_a_huge_text_is_read_at_its_end() -> None:
    assert ids(ask("无关的话。" * 20_000 + "包邮吗", of=library(PRICE, phrase("f", "亲，包邮的", "包邮吗"))))[:1] == [
        "f"
    ]


def test_an_answer_is_in_the_language_of_the_question() -> None:
    assert {found.phrase.lang for found in ask("is this in stock?")} == {"en"}
    assert {found.phrase.lang for found in ask("有货吗")} == {"zh"}


def test_three_at_most_and_none_says_the_same_as_another() -> None:
    many = [phrase(f"s{n}", "亲，这款有货的，今天就发", "有货吗", intent="stock") for n in range(5)]
    found = ask("有货吗", of=library(*many, phrase("o", "页面能拍下的都有库存哦", "有货吗", intent="stock")))
    assert len(found) == 2
    assert len(ask("有货吗")) == 3


def test_a_phrase_without_a_value_for_its_variable_is_withheld() -> None:
    free = phrase("f", "满{free_shipping_from}元包邮", "包邮吗", intent="shipping_cost")
    assert ask("包邮吗", of=library(free)) == []
    (found,) = ask("包邮吗", of=library(free, free_shipping_from="99"))
    assert found.text == "满99元包邮"


def test_a_phrase_counts_in_its_days_and_for_its_products() -> None:
    over = phrase("o", "双11满减进行中", "有优惠吗", valid_to_ms=NOW_MS)
    later = phrase("l", "年货节满减", "有优惠吗", valid_from_ms=NOW_MS + 1)
    shoes = phrase("x", "这双鞋有优惠", "有优惠吗", products=("跑鞋",))
    shelf = library(over, later, shoes)
    assert shelf.search(asked("有优惠吗"), Learned()) == []
    assert ids(shelf.search(asked("有优惠吗", product="男士跑鞋 624"), Learned())) == ["x"]


def test_a_question_before_the_purchase_is_not_answered_as_after_it() -> None:
    shelf = library(
        phrase("b", "签收七天内可以退", "退货", phase="presale"),
        phrase("a", "我帮您申请退货", "退货", phase="aftersale"),
    )
    assert ids(shelf.search(asked("退货", phase="presale"), Learned()))[0] == "b"
    assert ids(shelf.search(asked("退货", phase="aftersale"), Learned()))[0] == "a"


class TestHolding:
    HOLD = phrase("h", "亲稍等，马上回复您", intent="holding", holding=True)
    PASS = phrase("t", "亲，我请同事来帮您", intent="transfer", holding=True)
    shelf = Library([PRICE, STOCK, HOLD, PASS], {}, shipped_library()._reader)

    def test_it_leads_once_the_wait_is_slow(self) -> None:
        assert ids(ask("有货吗", of=self.shelf, slow=True)) == ["h", "s"]
        assert ids(ask("有货吗", of=self.shelf)) == ["s"]

    def test_it_leads_before_a_transfer(self) -> None:
        assert ids(ask("有货吗", of=self.shelf, transferring=True)) == ["t", "s"]

    def test_never_two_running(self) -> None:
        assert ids(ask("有货吗", of=self.shelf, slow=True, held=True)) == ["s"]
        assert ids(ask("有货吗", of=self.shelf, transferring=True, held=True)) == ["s"]

    def test_it_comes_also_where_nothing_else_fits(self) -> None:
        assert ids(ask("今天天气真好", of=self.shelf, slow=True)) == ["h"]

    def test_a_shop_s_own_goes_before_the_general_one(self) -> None:
        own = phrase("own", "稍等哦～", intent="holding", holding=True, layer=2)
        assert ids(ask("有货吗", of=library(STOCK, self.HOLD, own), slow=True)) == ["own", "s"]


class TestLearning:
    one = phrase("one", "亲，页面能拍的都有货", "有货吗", intent="stock")
    two = phrase("two", "麻烦说下颜色，我查库存", "有货吗", intent="stock")

    def order(self, learned: Learned) -> list[str]:
        return ids(ask("有货吗", of=library(self.one, self.two), learned=learned))

    def test_what_agents_take_rises(self) -> None:
        before = self.order(Learned())
        learned = Learned()
        for _ in range(20):
            learned.note("stock", before[1], "shown", position=2)
            learned.note("stock", before[1], "picked", position=2)
            learned.note("stock", before[0], "shown", position=1)
        assert self.order(learned) == before[::-1]

    def test_one_pick_proves_nothing(self) -> None:
        learned = Learned()
        learned.note("stock", "two", "shown")
        learned.note("stock", "two", "picked")
        assert learned.factor("stock", "two") < 1.25

    def test_no_phrase_rises_or_sinks_without_bound(self) -> None:
        learned = Learned()
        for _ in range(10_000):
            learned.note("stock", "two", "shown")
            learned.note("stock", "two", "picked")
            learned.note("stock", "one", "shown")
        assert learned.factor("stock", "two") == 1.5
        assert learned.factor("stock", "one") == pytest.approx(1 / 1.5)

    def test_not_being_taken_counts_less_further_down(self) -> None:
        first, last = Learned(), Learned()
        for _ in range(20):
            first.note("stock", "one", "shown", position=1)
            last.note("stock", "one", "shown", position=3)
        assert first.factor("stock", "one") < last.factor("stock", "one") < 1

    def test_the_time_to_a_reply_is_that_of_offers_that_were_taken(self) -> None:
        learned = Learned()
        learned.note("stock", "one", "picked", send_ms=4_000)
        learned.note("stock", "one", "edited", send_ms=9_000)
        learned.note("stock", "one", "ignored", send_ms=60_000)
        tally = learned.tally("stock", "one")
        assert tally is not None
        assert (tally.picked, tally.edited, tally.ignored, tally.send_ms) == (1, 1, 1, 13_000)

    def test_what_is_learnt_counts_for_the_intent_that_was_asked_also_of_another_s_phrase(self) -> None:
        other = phrase("other", "亲，有货的，今天发", "有货吗", intent="delivery_time")
        learned = Learned()
        for _ in range(20):
            learned.note("stock", "other", "shown")
            learned.note("stock", "other", "picked")
        scores = [
            {one.phrase.id: one.score for one in library(self.one, other).search(asked("有货吗"), known)}["other"]
            for known in (Learned(), learned)
        ]
        assert scores[1] == pytest.approx(scores[0] * learned.factor("stock", "other"))

    def test_what_is_learnt_of_one_intent_says_nothing_of_another(self) -> None:
        learned = Learned()
        for _ in range(50):
            learned.note("price", "one", "shown")
        assert learned.factor("stock", "one") == 1

    def test_a_seldom_offered_phrase_gets_the_last_place_now_and_then_and_the_same_wait_the_same(self) -> None:
        texts = ["页面能拍的有货", "说下颜色我查库存", "仓库今天盘点", "现货当天走", "灰色的没有了"]
        shelf = library(*(phrase(f"p{n}", f"亲，{text}", "有货吗", intent="stock") for n, text in enumerate(texts)))
        learned = Learned()
        usual = ids(shelf.search(asked("有货吗"), learned))
        for one in usual:
            for _ in range(10):
                learned.note("stock", one, "shown")
                learned.note("stock", one, "picked")
        places = [ids(shelf.search(asked("有货吗", seed=str(wait)), learned)) for wait in range(1_000)]
        explored = [found for found in places if found[2] not in usual]
        assert 50 <= len(explored) <= 150
        assert all(found[:2] == places[0][:2] for found in places)
        assert ids(shelf.search(asked("有货吗", seed="7"), learned)) == places[7]


def test_two_questions_in_one_wait_are_both_answered() -> None:
    found = ask("在吗\n这件有XL吗\n今天能发吗")
    assert [one.phrase.intent for one in found[:2]] == ["delivery_time", "stock"]


def test_a_vague_word_in_common_is_no_reason() -> None:
    assert [one.phrase.intent for one in ask("有没有味道")] == ["material"]


def test_what_the_shipped_library_calls_holding_is_told_as_holding_and_nothing_else_is() -> None:
    library = shipped_library()
    told = {
        phrase.id: bool(built_in.words_of("agent", "text", phrase.text) & HOLDING) for phrase in library._by_id.values()
    }
    assert {phrase for phrase, holds in told.items() if holds} == {phrase.id for phrase in library.holding}
