# ruff: noqa: E501 - lists of messages are read by the line
"""Messages of our own making with labels, for precision and recall of what words are told to be.

Nobody said these: they are put together by hand-written parts, several hundred a class, with near misses as negatives
("有货的，稍等发您链接" is an answer). The label follows from the parts, not from the program. Half of each class is kept aside:
`tried` may be looked at while lists are mended, `aside` only when figures are told.
"""

import random
from collections.abc import Sequence
from itertools import product
from zlib import crc32

A_CLASS = 320  # Of each class and answer: half of it is kept aside.

Labelled = tuple[str, bool]


def _all(*parts: Sequence[str]) -> list[str]:
    return ["".join(found).strip(" ，") for found in product(*parts)]


def _drawn(texts: Sequence[str], count: int, seed: int) -> list[str]:
    found = sorted(set(texts))
    random.Random(seed).shuffle(found)
    return found[:count]


_CALL = ("", "亲，", "您好，", "宝，", "亲亲，", "不好意思，", "好的亲，", "嗯嗯，", "收到，")
_TAIL = ("", "哦", "哈", "~", "呢", "！", "哦亲", "，马上", " 🙏")

HOLDING = (
    _all(
        _CALL,
        ("稍等", "请稍等", "稍等一下", "等一下下", "您稍等片刻", "麻烦等我一下", "请稍候", "稍等我看看", "我看一下", "我帮您查一下", "这边帮您核实一下", "正在为您查询",
         "我问下仓库", "帮您问一下", "我确认一下", "马上帮您看", "我去看下库存", "这就给您查", "在帮您看了", "稍后回复您"),
        _TAIL,
    )
    + _all(
        ("", "Hi, ", "Sure, ", "Ok, ", "Hello dear, ", "Sorry, "),
        ("one moment please", "let me check", "please hold on", "give me a second", "let me look into that", "just a moment", "I am checking", "bear with me",
         "I'll check for you", "please wait a moment", "checking now", "give me a minute please"),
        ("", ".", "...", "!", " 🙏", ", thanks"),
    )
)  # fmt: skip
NOT_HOLDING = (
    _all(
        ("有货的，", "包邮的亲，", "M码合适，", "纯棉的，", "今天发，", "黑色还有，", "满99减10，", "可以开票的，", "是正品哦，", "运费8元，"),
        ("稍等发您链接", "我帮您备注", "您看一下", "等会儿拍就行", "稍后付款也可以", "您确认一下地址", "我看好了"),
        _TAIL,
    )
    + _all(
        _CALL,
        ("48小时内发货", "您等快递电话就行", "等三天左右到", "活动等到周五就没了", "一下买两件更划算", "请问您要什么颜色", "这款面料透气", "身高多少呢", "不支持货到付款", "您看详情页第三屏"),
        ("", "哦", "呢", "~"),
    )
    + _all(
        ("", "Hi, ", "Yes, "),
        ("it ships within two days", "the moment you pay we ship", "you can wait for the sale on Friday", "check the size chart on the page", "it is cotton", "we have it in black",
         "hold the button for two seconds", "one minute in the microwave is enough"),
        ("", ".", "!", " 🙂"),
    )
)  # fmt: skip

GREETING = _all(
    ("你好", "您好", "在吗", "在不在", "有人吗", "哈喽", "嗨", "亲在吗", "早上好", "晚上好", "客服在吗", "hello", "hi", "hey there", "good morning", "anyone there", "is anybody here"),
    ("", "？", "!", "～", " 🙂", "呀", "。", "??"),
) + _all(("你好", "您好", "hi", "hello", "亲", "哈喽"), ("，", " ", "！"), ("在吗", "有人吗", "客服在不在", "在不", "are you there", "anyone there"), ("", "？", "～", "呀"))  # fmt: skip
NOT_GREETING = _all(
    ("你好，", "在吗，", "您好 ", "hi, ", "hello! ", "", "亲 ", "有人吗 "),
    ("这个有货吗", "包邮不", "什么时候发货", "能便宜点吗", "穿什么码", "我要两件", "发票能开吗", "怎么退", "is it in stock", "how much is it", "I need a size M", "do you ship to Spain", "165 110斤",
     "想买沙发", "快递到哪了", "质量好不好", "有黑色吗", "几天能到"),
    ("", "？", "呀", " 🙂"),
)  # fmt: skip

COURTESY = _all(
    ("谢谢", "好的", "好的谢谢", "嗯嗯", "好嘞", "知道了", "收到", "明白了", "ok", "OK谢谢", "thanks", "thank you", "great, thanks", "got it", "多谢", "辛苦了", "好的好的", "嗯好", "行", "可以的谢谢", "没问题",
     "好哒", "谢谢亲", "麻烦了", "alright", "perfect", "cool", "thx"),
    ("", "！", "~", "。", " 🙏", "哈", "啦", "👌", "!!", " 🌹", "😊", "哦"),
)  # fmt: skip
NOT_COURTESY = _all(
    ("好的，", "谢谢，", "嗯嗯 ", "ok ", "知道了，", "thanks, ", "收到，", "好的谢谢，"),
    ("那有优惠吗", "什么时候发", "我要黑色", "再要一件", "地址要改一下", "能今天发吗", "怎么付款", "但是尺码不对", "is it washable", "can you send it today", "I will take two", "还有别的颜色吗", "怎么还没到",
     "我想退", "帮我备注下", "which size", "退款呢", "给我留一件"),
    ("", "？", "～", " 🙏"),
)  # fmt: skip

NEED = _all(
    ("", "亲，", "您好，", "好的亲，", "嗯呢，", "亲亲，"),
    ("请问您身高体重多少呢", "您平时穿什么码呢", "您是自己用还是送人呢", "您预算大概多少呢", "请问喜欢什么风格呢", "您想要什么颜色呢", "宝宝几岁了呢", "您是什么肤质呢", "主要什么场合穿呢", "大概需要几件呢",
     "您家客厅多少平呢", "喜欢宽松还是修身呢", "请问寄到哪个城市呢", "您手机是什么型号呢", "您比较在意哪方面呢", "什么时候要用呢", "您需要什么功能呢", "脚背高不高呢", "麻烦说下身高体重", "方便说下年龄和用途吗"),
    ("", "？", "~", "哦"),
) + _all(
    ("", "Hi, ", "Sure, "),
    ("what size do you usually wear", "what is your budget", "who is it for", "which color do you prefer", "when do you need it", "what will you use it for, which occasion", "what is your skin type",
     "how many do you need, what quantity", "are you looking for something warm", "which features matter to you"),
    ("?", "? Thanks", " exactly?"),
)  # fmt: skip
NOT_NEED = _all(
    ("", "亲，", "您好，", "好的亲，", "亲亲，"),
    ("给您推荐这款", "身高165建议M码", "黑色有现货", "这款适合送人的", "详情页有尺码表", "您看这个颜色可以吗", "今天拍今天发", "还有什么可以帮您", "请问还有其他问题吗", "收到货了吗", "地址对吗", "是这款吗", "满意吗亲",
     "按您的身高体重穿M码", "风格偏休闲的", "这个价位就这款", "材质是纯棉的", "两件一起更划算"),
    ("", "哦", "~", "！", "呢"),
) + _all(
    ("", "Hi, ", "Sure, "),
    ("I recommend this one", "size M fits most people", "is this the one", "did it arrive", "anything else I can help with", "the black one is in stock", "it is a great gift", "is the address right"),
    (".", "!", "?"),
)  # fmt: skip

CLASSES = {
    "holding": (HOLDING, NOT_HOLDING),
    "greeting": (GREETING, NOT_GREETING),
    "courtesy": (COURTESY, NOT_COURTESY),
    "need discovery": (NEED, NOT_NEED),
}


def labelled(name: str) -> list[Labelled]:
    """Return the messages of a class with their labels, the same ones each time."""
    yes, no = CLASSES[name]
    drawn = [(text, True) for text in _drawn(yes, A_CLASS, 1)] + [(text, False) for text in _drawn(no, A_CLASS, 2)]
    return sorted(drawn)


def aside(name: str) -> list[Labelled]:
    """Return the half kept aside."""
    return [one for one in labelled(name) if crc32(one[0].encode()) % 2]


def tried(name: str) -> list[Labelled]:
    """Return the half that may be looked at."""
    return [one for one in labelled(name) if not crc32(one[0].encode()) % 2]
