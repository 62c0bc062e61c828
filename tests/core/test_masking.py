"""What must not be read later, in the ways people write it; and what must stay readable."""

import re

import pytest

from monitor.core.masking import mask, masked_name


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("我电话13812345678", "13812345678"),
        ("电话：138 1234 5678 晚上打", "138 1234 5678"),
        ("138-1234-5678", "1234-5678"),
        ("+86 13812345678", "13812345678"),
        ("+86-138-1234-5678", "1234"),
        ("1３8１2３4５6７8", "1３8"),
        ("１３８１２３４５６７８", "１３８"),
        ("加我1 3 8 1 2 3 4 5 6 7 8", "1 3 8 1 2 3 4"),
        ("138\u200b1234\u200b5678", "138\u200b1234"),
        ("138.1234.5678", "138.1234"),
        ("幺三八一二三四五六七八", "幺三八一"),
        ("座机0571-88886666", "88886666"),
        ("(0571) 88886666", "88886666"),
        ("call 415-555-2671 please", "415-555"),
        ("my number is +1 (415) 555-2671", "415"),
        ("+44 20 7946 0958", "7946"),
        ("身份证330106199003078888", "330106"),
        ("33010619900307888X", "33010619900307"),
        ("330106 19900307 888x", "19900307"),
        ("卡号6222 0210 0111 2345 678", "6222"),
        ("6222021001112345678", "6222021"),
        ("pay with 4111-1111-1111-1111", "4111-1111-1111"),
        ("订单3214567890123456789什么时候发", "321456789012345"),
        ("订单号：231123-123456789012345", "12345678901"),
        ("单号 12345678", "123456"),
        ("快递SF1234567890123到哪了", "SF123456"),
        ("order 111-1234567-1234567", "1234567-123"),
        ("Order number: AB-98765432", "AB-98765"),
        ("mail me at jane.doe+shop@example.co.uk", "jane.doe"),
        ("邮箱zhangsan@example.com", "zhangsan"),
        ("zhangsan＠example.com", "zhangsan"),
        ("寄到浙江省杭州市西湖区文三路478号华星时代广场A座1203室 张三", "文三路478"),
        ("寄到浙江省杭州市西湖区文三路478号华星时代广场A座1203室 张三", "1203"),
        ("地址：广东省深圳市南山区科技园南区3栋502", "3栋502"),
        ("我住阳光小区12号楼3单元601", "601"),
        ("臺北市大安區忠孝東路100號5樓", "100號"),
        ("村里的：李家村3组18号", "18号"),
        ("Ship to 221B Baker Street, London", "Baker"),
        ("1600 Pennsylvania Ave NW, Washington, DC 20500", "Pennsylvania"),
        ("my address is PO Box 1234", "1234"),
    ],
)
def test_what_tells_who_or_where_is_not_left(text: str, gone: str) -> None:
    masked = mask(text)
    assert gone not in masked
    assert mask(masked) == masked


@pytest.mark.parametrize(
    "text",
    [
        "",
        "包邮吗？",
        "身高165体重120穿什么码",
        "身高 165 体重 120 斤",
        "尺码38 39 40 41 42都有吗",
        "M L XL XXL 100-120斤",
        "这个199.00元，那个2999",
        "满300减50，满1000减200",
        "2026-11-23发货吗",
        "11月11日20:00开卖",
        "20261111到货吗",
        "能发到浙江省杭州市吗",
        "发杭州多少钱运费",
        "2号色和3号色哪个好",
        "30号能到吗",
        "要3楼的柜子",
        "180*200cm的床单",
        "220v 50hz 1500w",
        "型号A1234有货吗",
        "https://item.taobao.com/item.htm?id=624123456789",
        "https://www.amazon.com/dp/0123456789",
        "I am 5 feet 11, size 10.5 please",
        "do you have 20 of these in stock, 15% off?",
        "in 2 Days or 3",
        "🙂🙂🙂",
    ],
)
def test_shop_talk_stays_as_it_is(text: str) -> None:
    assert mask(text) == text


def test_the_last_four_digits_stay_so_that_people_know_which_one() -> None:
    assert mask("打13812345678") == "打*******5678"
    assert mask("订单3214567890123456789") == "订单********6789"


def test_nothing_of_an_id_card_or_an_address_stays() -> None:
    assert mask("身份证330106199003078888") == "身份证[证件号]"
    assert mask("寄到杭州市文三路478号5楼，谢谢") == "寄到[地址]，谢谢"


def test_several_in_one_text_each_go() -> None:
    masked = mask("张三 13812345678 杭州市文三路478号 备用13987654321 zs@example.com")
    assert not re.search(r"1381234|1398765|478|zs@", masked)
    assert masked.startswith("张三 ")


@pytest.mark.parametrize(
    "piece", ["1", "1 ", "138", "a@", "路1", "一", "(", "1-", "a.", "12栋", "\u200b1", "A ", "9 A"]
)
def test_a_huge_text_is_masked_to_its_end(piece: str) -> None:
    text = (piece * 100_000)[:100_000] + "，电话：13812345678"
    assert "12345678" not in mask(text)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("33010619900307888X", "[ID]"),  # The fewest digits of an ID card…
        ("+1234567", "*****67"),  # …of a phone…
        ("订单号 12345", "订单号 ***45"),  # …of a number that is named…
        ("订单号 1234", "订单号 1234"),
        ("123456789", "*****6789"),  # …and of one of which four may stay.
        ("单号 12345678", "单号 ******78"),
        ("测" * 60 + "路12号", "测" * 20 + "[地址]"),
    ],
)
def test_the_least_that_is_masked_and_how_far(text: str, masked: str) -> None:
    assert mask(text) == masked


def test_of_a_buyers_name_the_first_letter_stays_unless_it_could_do_harm() -> None:
    assert [masked_name(name) for name in ("张三", "t", "", "\u202e张三")] == ["张*", "t*", "*", "*"]
