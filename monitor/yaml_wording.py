"""What is wrong in a file, in words of who wrote it: no types, no patterns, what was meant where it can be guessed.

Chinese keyboards write ``，：“”`` where YAML wants ``, : "``, and many write ``3分钟``: both are told as what they are,
with what to write instead.
"""

import json
import re
from collections.abc import Collection, Mapping
from typing import Any

from pydantic_core import PydanticCustomError

# What pydantic calls a fault, and what it is to who wrote the file.
_KINDS = {
    "dict_type": "keys are meant here, each with its value: key: value",
    "model_type": "keys are meant here, each with its value: key: value",
    "model_attributes_type": "keys are meant here, each with its value: key: value",
    "list_type": "a list is meant here: [a, b], or one a line after a dash",
    "string_type": "a text is meant here",
    "int_type": "a whole number is meant here",
    "int_from_float": "a whole number is meant here",
    "float_type": "a number is meant here",
    "bool_type": "true or false is meant here",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be {ge} or more",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be {le} or less",
    "too_short": "must not be empty",
    "too_long": "holds more than {max_length}",
    "string_too_short": "must not be empty",
    "string_too_long": "is longer than {max_length} characters",
}
_FULL_WIDTH = {
    "：": ": and a space", "，": ",", "、": ",", "“": '"', "”": '"', "‘": "'", "’": "'", "｛": "{", "｝": "}",
    "［": "[", "］": "]", "【": "[", "】": "]", "＃": "#", "－": "-", "\u3000": "a space",
}  # fmt: skip
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'|#.*")
SHOWN_CHARS = 120  # Of a wrong value, in what is said of it.
_LINES_LOOKED_AT = 3  # Where YAML notices it, and the lines before: a key with ： in it is noticed a line later.
_UNITS = (
    ("毫秒", "ms"), ("小时", "h"), ("分钟", "m"), ("秒钟", "s"), ("hours", "h"), ("hour", "h"), ("minutes", "m"),
    ("minute", "m"), ("mins", "m"), ("min", "m"), ("seconds", "s"), ("second", "s"), ("secs", "s"), ("sec", "s"),
    ("days", "d"), ("day", "d"), ("天", "d"), ("时", "h"), ("分", "m"), ("秒", "s"),
)  # fmt: skip
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_TRUTH = {"yes": "true", "on": "true", "是": "true", "no": "false", "off": "false", "否": "false"}
_PART = re.compile(r"(\d{1,6}\.\d{1,3})([dhm])")  # 1.5m: only seconds have parts.
_SECONDS = {"d": 86_400, "h": 3_600, "m": 60}
_LENGTH = re.compile(r"(\d+d)?(\d+h)?(\d+m)?(\d+s)?(\d+ms)?")
_CLOCK = re.compile(r"(?:(\d{1,2}):)?(\d{1,2}):(\d{2})")


def misplaced(message: str, *loc: int | str, key: bool = False) -> PydanticCustomError:
    """Return the error of a validator that knows where in its value the fault lies.

    Args:
        message: what is wrong.
        loc: from the value that is validated to the one at fault.
        key: the key itself is at fault, not what it holds.
    """
    return PydanticCustomError("misplaced", "{said}", {"said": message, "at": loc, "key": key})


def kind_in_words(kind: str, message: str, context: Mapping[str, Any], value: Any = None) -> str:
    """Return a fault as pydantic found it, in words; ``value`` is what was written."""
    words = _KINDS.get(kind)
    if words is None:
        # Our own sentences may begin with a name, which stays as it is written.
        return message if kind in ("value_error", "misplaced") else message[:1].lower() + message[1:]
    if isinstance(value, str) and kind in ("int_type", "float_type") and _NUMBER.fullmatch(value):
        return f"{words}, without quotes"
    if isinstance(value, int | float) and kind == "string_type":
        return f"{words}, in quotes"
    if isinstance(value, str) and kind == "bool_type" and value.strip().lower() in _TRUTH:
        return f"{words}; did you mean {_TRUTH[value.strip().lower()]}?"
    if kind in ("too_short", "string_too_short") and context.get("min_length", 1) > 1:
        return f"needs at least {context['min_length']}"
    return words.format_map(context)


def as_written(value: Any) -> str:
    """Return a value as it stands in a file, cut where it is long."""
    said = json.dumps(value) if value is None or isinstance(value, bool) else repr(value)
    return said if len(said) <= SHOWN_CHARS else f"{said[:SHOWN_CHARS]}…"


def full_width(text: str, line: int) -> tuple[int, int, str] | None:
    """Return line, column and words of a full-width sign that YAML may have stumbled over; None: there is none near.

    Args:
        text: of the file.
        line: where YAML noticed, from 1.
    """
    lines = text.splitlines()[:line]
    for number in range(len(lines), max(0, len(lines) - _LINES_LOOKED_AT), -1):
        bare = _QUOTED.sub(lambda found: " " * len(found[0]), lines[number - 1])
        for column, sign in enumerate(bare, 1):
            if sign in _FULL_WIDTH:
                return number, column, f"{sign} is full-width; write {_FULL_WIDTH[sign]}"
    return None


def length_of(text: str) -> str:
    """Return a length of time as it is to be written, of 3分钟, 180, 3:00, 3 min; empty: it is none."""
    said = text.strip().lower().replace(" ", "")
    clock = _CLOCK.fullmatch(said)
    if clock is not None:
        parts = zip((clock[1], clock[2], clock[3]), "hms", strict=True)
        said = "".join(f"{int(part)}{unit}" for part, unit in parts if part and int(part))
    for word, unit in _UNITS:
        said = said.replace(word, unit)
    part = _PART.fullmatch(said)
    if part is not None:
        said = shown(round(float(part[1]) * _SECONDS[part[2]]) * 1000)
    if said.isdecimal() and said.isascii():
        said += "s"
    return said if said and _LENGTH.fullmatch(said) else ""


def shown(length_ms: int) -> str:
    """Return a length of time as people write it here: 90s, 3m, 1h30m."""
    if length_ms % 1000:
        return f"{length_ms}ms"
    seconds = length_ms // 1000
    if seconds % 60 and seconds < 600:
        return f"{seconds}s"
    parts = ((seconds // 86400, "d"), (seconds // 3600 % 24, "h"), (seconds // 60 % 60, "m"), (seconds % 60, "s"))
    return "".join(f"{count}{unit}" for count, unit in parts if count) or "0s"


def length_meant(text: str) -> str:
    """Return ``; did you mean 3m?`` for a length of time that is written otherwise."""
    length = length_of(text)
    return f"; did you mean {length}?" if length and length != text else ""


def meant_by(word: str, known: Collection[str]) -> list[str]:
    """Return the known word that another says, most often in Chinese; empty: nothing is known of it."""
    meant = _MEANT.get(word.strip().lower(), ())
    return [one for one in meant if one in known][:1]


# What a floor calls things that the rules call otherwise; of several the first that is known at the place.
_MEANT: dict[str, tuple[str, ...]] = {
    "阶段": ("stages",), "时限": ("stages",), "limits": ("stages",), "windows": ("stages",), "升级": ("steps",),
    "步骤": ("steps",), "ladder": ("steps",), "首响": ("first_reply",), "首次回复": ("first_reply",),
    "first": ("first_reply",), "安抚": ("promises", "holding"), "安抚语": ("promises", "holding"),
    "待跟进": ("promises", "due"), "跟进超时": ("late",), "漏跟进": ("missed",), "仅问候": ("greeting",),
    "问候": ("greeting",), "收尾": ("courtesy",), "尾语": ("courtesy",), "机器人": ("bot",), "时间": ("hours",),
    "时段": ("hours",), "营业时间": ("hours", "daily"), "值班时间": ("hours", "daily"), "每天": ("daily",),
    "每周": ("weekly",), "节假日": ("dates",), "放假": ("closed", "dates"), "休息": ("closed",), "全天": ("all",),
    "会话间隔": ("session_gap",), "认领": ("claim",), "无人接待": ("unattended",), "缺岗": ("absent",),
    "交接": ("hand_over",), "负责": ("responsible",), "我们": ("ours",), "商家": ("merchant", "merchant_hours"),
    "默认": ("default",), "平台": ("platforms", "platform"), "店铺": ("shops", "shop"), "大促": ("campaigns",),
    "活动": ("campaigns",), "名称": ("name",), "条件": ("match",), "品牌": ("brand",), "类目": ("category",),
    "团队": ("team",), "售前": ("presale",), "售后": ("aftersale",), "开始": ("from",), "结束": ("until",),
    "to": ("until",), "end": ("until",), "ends": ("until",), "start": ("from",), "group": ("team",), "组": ("team",),
    "群": ("team",), "组群": ("team",), "组长": ("lead",), "leader": ("lead",), "主管": ("digest",),
    "manager": ("digest",), "客服": ("agent", "panel"), "面板": ("panel",), "弹窗": ("popup",), "控制台": ("console",),
    "偏慢": ("slow",), "超时": ("at_risk",), "将超时": ("at_risk",), "疑似流失": ("lost",), "噪声": ("noise",),
    "自动回复": ("auto",), "智能辅助": ("assist",), "买家": ("buyer",), "工号": ("id", "person"), "花名": ("nick",),
    "手机": ("mobile",), "手机号": ("mobile",), "电话": ("mobile",), "phone": ("mobile",), "飞书": ("feishu",),
    "钉钉": ("dingtalk",), "dingding": ("dingtalk",), "企业微信": ("wecom",), "企微": ("wecom",), "邮件": ("email",),
    "工位": ("seat",), "班次": ("shift",), "子账号": ("account",), "拼席": ("shared",), "专席": ("dedicated",),
    "在线": ("online",), "小休": ("away",), "挂起": ("suspended",), "离线": ("offline",), "被顶下线": ("kicked",),
}  # fmt: skip
