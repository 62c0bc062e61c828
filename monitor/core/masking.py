"""What must not be read later taken out of a text: phone numbers, ID and bank cards, addresses, order numbers, e-mail.

A text is masked before it goes to alerts, logs, models or a disk. What stays lets
people recognise it ("尾号 5678"): the last four digits of a phone, a bank card or an
order; nothing of an ID card or an address. Masking a masked text changes nothing.

When in doubt a number is masked: one star too many costs an agent a glance at the
chat, a phone number in a group chat cannot be taken back. What shop talk is made of
stays readable: prices, sizes, dates, heights and weights, cities, links to products.
"""

import re

# Same length as what they stand for, so that a place found in the one is the place in the other.
_WIDE = "０１２３４５６７８９＠．－（）＃＋ＸｘＡＢＣ"
_FLAT = str.maketrans(_WIDE, "0123456789@.-()#+XxABC")
_ANY_WIDE = re.compile(f"[{_WIDE}]")
# A text without any of these holds nothing to mask; without any of the first, and most have none, none of these.
_SIGN = re.compile(r"[0-9０-９@＠零〇一二三四五六七八九幺]")
_SIGNS = re.compile(
    r"[0-9０-９][^0-9０-９]{0,4}[0-9０-９]|[@＠]|[零〇一二三四五六七八九幺]{11}|[路街道巷弄村里胡同]\s{0,2}[0-9０-９]"
)

# Between the digits of one number: what people and programs put there, some of it without width.
_SEP = r"[ \t.\-·—–_/*()\u00a0\u00ad\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]"
_BEFORE = r"(?<![0-9A-Za-z])"
_END = r"(?![0-9])"

_EMAIL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@[A-Za-z0-9][A-Za-z0-9-]{0,62}(?:\.[A-Za-z0-9-]{1,62}){1,4}")
_ID_CARD = re.compile(
    rf"{_BEFORE}[1-9][0-9]{{5}}{_SEP}{{0,2}}(?:18|19|20)[0-9]{{2}}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"
    rf"{_SEP}{{0,2}}[0-9]{{3}}[0-9Xx]{_END}"
)
_PHONE = re.compile(
    rf"(?<![0-9])(?:\+?(?:00)?86{_SEP}{{0,2}})?1[3-9][0-9](?:{_SEP}{{0,3}}[0-9]){{8}}{_END}"
    rf"|(?<![0-9])1{_SEP}{{1,3}}[3-9](?:{_SEP}{{1,3}}[0-9]){{9}}{_END}"
    rf"|(?<![0-9])0[1-9][0-9]{{1,2}}{_SEP}{{1,2}}[1-9][0-9]{{6,7}}(?:{_SEP}[0-9]{{1,6}})?{_END}"
    rf"|(?<![0-9])400{_SEP}[0-9]{{3,4}}{_SEP}[0-9]{{3,4}}{_END}"
    rf"|\+[1-9][0-9]{{0,2}}(?:{_SEP}{{0,2}}[0-9]){{6,12}}{_END}"
    rf"|(?<![0-9])\(?[2-9][0-9]{{2}}\)?[ .-]{{1,2}}[0-9]{{3}}[ .-][0-9]{{4}}{_END}"
)
_PHONE_ZH = re.compile(r"[一幺][零〇一二三四五六七八九幺]{10}(?![零〇一二三四五六七八九幺])")
_BANK_CARD = re.compile(
    rf"(?<![0-9])[3-6][0-9]{{3}}(?:{_SEP}{{1,2}}[0-9]{{4}}){{3}}(?:{_SEP}{{0,2}}[0-9]{{1,3}})?{_END}"
)
# Order, parcel and account numbers: nine digits and more in a row, letters in front and hyphens between included.
_LONG = re.compile(
    r"(?<![0-9A-Za-z*])[A-Za-z]{0,5}[0-9]{2,8}-[0-9]{6,}(?:-[0-9]{4,})?|[0-9]{9,}|[0-9]{3}-[0-9]{7}-[0-9]{7}"
)
# Shorter ones, where the text says what they are.
_NAMED = re.compile(
    r"(?:订单(?:编?号)?|单号|運單號|订單(?:編?號)?|訂單(?:編?號)?|运单(?:编?号)?|快递(?:单?号)|会员号|卡号|账号|帳號|身份证(?:号码?)?|尾号以?外|"
    r"order|tracking|parcel|invoice|account|card|ssn|passport)(?: ?(?:number|num|no|id|code|号码?|編號))?\.?"
    r"[\s:：#是为為]{0,4}(?:is )?#?([A-Za-z]{0,4}-?[0-9][0-9A-Za-z-]{4,31})",
    re.IGNORECASE,
)
# A product's number in a link is what the link is for.
_PRODUCT = re.compile(
    r"(?:[?&](?:id|item_?id|goods_?id|sku(?:_?id)?|product_?id|spm)=|/(?:dp|item|goods|product)s?/)[0-9]{0,20}$",
    re.IGNORECASE,
)
_LINK = re.compile(r"https?://[\x21-\x7e]{1,2000}")

# An address begins to tell where somebody lives with a house, a building or a flat; a city alone does not.
_STREET_ZH = (
    r"路|街|大道|道|巷|弄|胡同|村|屯|里|镇|鎮|乡|鄉|园|園|苑|小区|小區|公寓|大厦|大廈|广场|廣場|家园|工业区|工業區"
)
_HOUSE_ZH = r"号楼|號樓|栋|棟|幢|座"
_FLAT_ZH = r"室|号|號|户|戶|房"
_UNIT_ZH = r"[0-9]{1,3}[ ]{0,2}(?:单元|單元)[ ]{0,2}"
_PLACE_ZH = re.compile(
    rf"(?:{_STREET_ZH})[ ]{{0,2}}[0-9]{{1,5}}[ ]{{0,2}}(?:[-之][0-9]{{1,4}}[ ]{{0,2}})?"
    rf"(?:{_HOUSE_ZH}|号|號|弄|巷|组|組|单元|單元|#)"
    rf"|[0-9A-Za-z]{{1,4}}[ ]{{0,2}}(?:{_HOUSE_ZH})[ ]{{0,2}}(?:{_UNIT_ZH})?[0-9]{{1,5}}(?:{_FLAT_ZH})?"
    rf"|{_UNIT_ZH}[0-9]{{1,5}}(?:{_FLAT_ZH})?"
)
# One of these is in every place. A size, a height or a price is in many texts, and looking for a place takes long.
_PLACE_SIGN_ZH = re.compile(r"[号號楼樓栋棟幢座弄巷组組单單#]")
_MORE_OF_PLACE_ZH = re.compile(
    rf"(?:[ ,，]?[A-Za-z\u4e00-\u9fff]{{0,10}}[0-9A-Za-z]{{1,5}}[ ]{{0,2}}"
    rf"(?:{_HOUSE_ZH}|{_FLAT_ZH}|单元|單元|层|層|楼|樓)(?:[0-9]{{1,5}}(?:{_FLAT_ZH})?)?){{0,5}}"
)
_PART_OF_PLACE_ZH = re.compile(r"[0-9A-Za-z\u4e00-\u9fff-]")
_BEFORE_PLACE_ZH = re.compile(
    r".*(?:地址|住址|寄到|寄往|寄给|送到|送去|发到|发往|發到|收货|收貨|住在|我家|住|[是在到往寄：:])"
)
_PLACE_CHARS = 40  # How far left of its house number an address may begin.
_PLACE_EN = re.compile(
    r"(?<![\w.])[0-9]{1,6}[A-Za-z]?,? (?:[NSEW]\.? )?(?:[A-Z0-9][A-Za-z0-9'.-]{0,20} ){1,4}"
    r"(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Place|Pl|Square|Sq|Terrace|Close|Parkway|Pkwy|Highway|Hwy|Way)\b\.?"
    r"(?:,? (?:Apt|Apartment|Suite|Ste|Unit|Flat|Floor|#)\.? ?[A-Za-z0-9-]{1,6})?"
    r"(?:, ?[A-Z][A-Za-z .]{1,25}){0,2}(?:,? [A-Z]{2})?(?:,? [0-9]{5}(?:-[0-9]{4})?)?"
    r"|\bP\.? ?O\.? ?Box [0-9]{1,8}",
)
_ANY_ZH = re.compile(r"[\u4e00-\u9fff]")
_DIGIT = re.compile(r"[0-9]")

# The fewest digits with which each can be.
ID_DIGITS = 17
NUMBER_DIGITS = 7
NAMED_DIGITS = 5

PLACE_ZH = "[地址]"
PLACE_EN = "[address]"
CARD_ZH = "[证件号]"
CARD_EN = "[ID]"


def mask(text: str) -> str:
    """Return a text with what tells who and where somebody is made unreadable.

    Steps: leave alone what has no sign of it; e-mail and ID cards; addresses, while their numbers stand; then
    phones, cards and long numbers down to their last four digits, save a product's number in a link.
    """
    if not _SIGN.search(text) or not _SIGNS.search(text):
        return text
    flat = text.translate(_FLAT) if _ANY_WIDE.search(text) else text
    if len(flat) != len(text):  # No table of ours changes a length; were it so, nothing found would be in its place.
        text = flat
    spans = _found(flat)
    if not spans:
        return text
    spans.sort()
    parts: list[str] = []
    at = 0
    for start, end, instead in spans:
        if start < at:
            if end <= at:
                continue
            start = at
        parts += (text[at:start], instead)
        at = end
    parts.append(text[at:])
    return "".join(parts)


def _found(flat: str) -> list[tuple[int, int, str]]:
    """Return what is to be masked: from, to, what stands there instead."""
    zh = _ANY_ZH.search(flat) is not None
    digits = len(_DIGIT.findall(flat))  # Most texts have a size or a price in them, and no number as long as a phone's.
    spans: list[tuple[int, int, str]] = []
    if "@" in flat:
        spans += (
            (m.start(), m.end(), f"{m[0][0]}***@{m[0].rpartition('@')[2]}")
            for m in _EMAIL.finditer(flat)
            if "***@" not in m[0]
        )
    if digits >= ID_DIGITS:
        spans += ((m.start(), m.end(), CARD_ZH if zh else CARD_EN) for m in _ID_CARD.finditer(flat))
    taken = list(spans)
    if zh:
        if digits and _PLACE_SIGN_ZH.search(flat):
            spans += _places_zh(flat)
        spans += ((m.start(), m.end(), "*" * 7 + m[0][-4:]) for m in _PHONE_ZH.finditer(flat))
    elif digits:
        spans += ((m.start(), m.end(), PLACE_EN) for m in _PLACE_EN.finditer(flat))
    if digits < NAMED_DIGITS:
        return spans
    links = [(m.start(), m.end()) for m in _LINK.finditer(flat)] if "://" in flat else []
    for pattern in (_PHONE, _BANK_CARD, _LONG) if digits >= NUMBER_DIGITS else ():
        for m in pattern.finditer(flat):
            if any(start <= m.start() < end for start, end, _ in taken):
                continue
            if any(start <= m.start() < end for start, end in links) and _PRODUCT.search(
                flat, max(0, m.start() - 40), m.end()
            ):
                continue
            spans.append((m.start(), m.end(), _stars(m[0])))
            taken.append(spans[-1])
    for m in _NAMED.finditer(flat):
        if len(_DIGIT.findall(m[1])) >= NAMED_DIGITS and not any(start <= m.start(1) < end for start, end, _ in taken):
            spans.append((m.start(1), m.end(1), _stars(m[1])))
    return spans


def _stars(number: str) -> str:
    """Return a number with only its last four digits left, and none of them where it is short."""
    digits = "".join(_DIGIT.findall(number))
    shown = 4 if len(digits) >= 9 else 2
    return "*" * min(len(digits) - shown, 8) + digits[-shown:]


def _places_zh(flat: str) -> list[tuple[int, int, str]]:
    """Return Chinese addresses: from the city or street left of the house number to the flat right of it."""
    spans: list[tuple[int, int, str]] = []
    at = 0
    while (m := _PLACE_ZH.search(flat, at)) is not None:
        start = m.start()
        while start > max(at, m.start() - _PLACE_CHARS) and _PART_OF_PLACE_ZH.match(flat, start - 1):
            start -= 1
        before = _BEFORE_PLACE_ZH.match(flat, start, m.start())
        if before is not None:
            start = before.end()
        more = _MORE_OF_PLACE_ZH.match(flat, m.end())
        end = more.end() if more is not None else m.end()
        spans.append((start, end, PLACE_ZH))
        at = end
    return spans


def masked_name(buyer: str) -> str:
    """Return a buyer's name as others may see it: 张*. What could do harm on a screen is left out."""
    return f"{buyer[0]}*" if buyer and buyer[0].isprintable() else "*"
