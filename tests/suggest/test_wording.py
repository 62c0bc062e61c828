"""Words that are a fault in a reply, in the ways people write them, and what looks like them and is none."""

import pytest

from monitor.suggest.wording import Wording, WordList
from tests.suggest.shop import shipped


def found(text: str, *, platform: str = "taobao", shop: str = "senye") -> list[tuple[str, str]]:
    return [(hit.rule, text[hit.start : hit.end]) for hit in shipped().check(text, platform=platform, shop=shop)]


@pytest.mark.parametrize(
    ("text", "rule", "span"),
    [
        ("亲，这是最好的面料", "ad_law", "最好"),
        ("国家级品质", "ad_law", "国家级"),
        ("這是最高級的", "ad_law", "最高級"),
        ("全 网 最 低 价", "ad_law", "全 网 最 低"),
        ("销量第一哦", "ad_law", "销量第一"),
        ("我们是顶级做工", "ad_law", "顶级"),
        ("详情页有，你自己看", "forbidden", "你自己看"),
        ("爱买不买", "forbidden", "爱买不买"),
        ("說了多少遍了", "forbidden", "說了多少遍"),
        ("That's not my problem", "forbidden", "not my problem"),
        ("亲加我微信详聊", "contact", "加我微信"),
        ("加微 信哦", "contact", "加微 信"),
        ("微.信.号发我", "contact", "微.信.号"),
        ("v x：abc123", "contact", "v x"),
        ("vx123456", "contact", "vx"),
        ("ＶＸ：abc", "contact", "ＶＸ"),
        ("加V❤详谈", "contact", "加V"),
        ("V❤：abc", "contact", "V❤"),
        ("薇❤联系", "contact", "薇❤"),
        ("➕V优惠", "contact", "➕V"),
        ("+V 详聊", "contact", "+V"),
        ("QQ 123456789", "contact", "QQ"),
        ("加扣扣", "contact", "加扣扣"),
        ("线下转账更便宜", "contact", "线下转账"),
        ("add me on WhatsApp", "contact", "add me on"),
        ("南风家居的沙发也不错", "other_shop", "南风"),
        ("南 风 家居", "other_shop", "南 风"),
    ],
)
def test_it_is_found_and_the_span_is_what_was_written(text: str, rule: str, span: str) -> None:
    assert (rule, span) in found(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "🙂🙂",
        "亲，支持微信支付哦",
        "微信和支付宝都可以付款的",
        "请不要加微信哦，谨防受骗",
        "QQ糖有货的",
        "软qq弹弹的口感",
        "第一时间给您发货",
        "最近有活动，最后一件啦",
        "最晚今天18点发货",
        "最好是手洗，最大码是XL",
        "滚筒洗衣机可以用",
        "垃圾袋一卷50只",
        "型号VX200有货",
        "不清楚的地方可以问我",
        "森野的货都是现货",
        "how are you, dear",
        "亲，身高165建议选M码哦~",
    ],
)
def test_what_only_looks_like_it_is_none(text: str) -> None:
    assert found(text) == []


def test_where_a_platform_allows_contact_it_is_none() -> None:
    assert found("加我微信", platform="wechat") == []
    assert found("加我微信", platform="taobao") != []


def test_shops_of_one_brand_may_say_each_other_s_name() -> None:
    assert found("南风旗舰店", shop="nanfeng-jd") == []
    assert found("森野的柜子", shop="nanfeng-jd") == [("other_shop", "森野")]


def test_of_overlapping_words_the_longest_counts_and_one_place_is_one_hit() -> None:
    wording = Wording([WordList("r", "warn", ("最好", "最好的", "好的"), ("最好是",))])
    assert [hit.word for hit in wording.check("这是最好的，最好是买")] == ["最好的"]


@pytest.mark.parametrize("piece", ["微", "微 信", "v", "最好", "❤", "\u202e", "İ", "한", "a ", "＋", "1"])
def test_a_huge_text_is_read_to_its_bound(piece: str) -> None:
    assert len(shipped().check((piece * 100_000)[:100_000], platform="taobao", shop="senye")) <= 2_000
