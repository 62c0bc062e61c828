"""Texts brought into one form, so that the same question written in many ways is the same.

Full-width signs, capitals and traditional characters go; slips of the keyboard and of
pinyin input (a table people can edit) are mended; emoji and signs part words.
"""

import re
from collections.abc import Mapping
from unicodedata import is_normalized, normalize

from monitor.core.words import to_simplified

CHARS_AT_MOST = 1_000  # Of one text; of a longer one the end is read, where the question stands.
# Beyond those of `core.words`: what only suggestions need to read.
_MORE_TRADITIONAL = (
    "優減劃雙區臉髮鬆緊絲綢純剛舊紙處夾條絨襯褲裝襪帶釦顏該薦暢銷齡歲軟擔鏡櫃燈機傷極"
    "獎聲檢夠賺億滾頁歸擴輔週補噸參協幣屬層嗎銹憂異則寶"
)
_MORE_SIMPLIFIED = (
    "优减划双区脸发松紧丝绸纯刚旧纸处夹条绒衬裤装袜带扣颜该荐畅销龄岁软担镜柜灯机伤极"
    "奖声检够赚亿滚页归扩辅周补吨参协币属层吗锈忧异则宝"
)
_MORE = str.maketrans(_MORE_TRADITIONAL, _MORE_SIMPLIFIED)
_ANY_MORE = re.compile(f"[{_MORE_TRADITIONAL}]")
_NO_WIDTH = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufe00-\ufe0f\ufeff]+")
_NO_WORD = re.compile(r"(?:[^\w%]|_)+")
_LONG_RUN = re.compile(r"(\D)\1{3,}")  # "有吗吗吗吗吗": what is repeated says no more. 10000 is no 100.

# "有 货 吗": one character a word is no word.
_ZH = r"[\u3400-\u9fff]"
_SPACED = re.compile(rf"(?<!{_ZH}){_ZH}(?: {_ZH})+(?!{_ZH})")


def plain(text: str) -> str:
    """Return a text with letters and digits in one form only, words parted by one space."""
    if len(text) > CHARS_AT_MOST:
        text = text[-CHARS_AT_MOST:]
    if not text.isascii():
        if not is_normalized("NFKC", text):
            text = normalize("NFKC", text)[-CHARS_AT_MOST:]
        text = _NO_WIDTH.sub("", text)
        text = to_simplified(text)
        if _ANY_MORE.search(text):
            text = text.translate(_MORE)
    text = _NO_WORD.sub(" ", text.lower())
    if _SPACED.search(text):
        text = _SPACED.sub(lambda found: found[0].replace(" ", ""), text)
    return _LONG_RUN.sub(r"\1\1", text).strip()


class Normaliser:
    """`plain`, with slips mended.

    Args:
        slips: what people write by mistake or in pinyin, and what they mean.
    """

    def __init__(self, slips: Mapping[str, str]) -> None:
        self._slips = {plain(wrong): plain(right) for wrong, right in slips.items()}
        zh = sorted((s for s in self._slips if s and not s.isascii()), key=len, reverse=True)
        en = sorted((s for s in self._slips if s.isascii() and s), key=len, reverse=True)
        parts = [*map(re.escape, zh)]
        if en:
            parts.append(rf"(?<![a-z0-9])(?:{'|'.join(map(re.escape, en))})(?![a-z0-9])")
        self._pattern = re.compile("|".join(parts) or r"(?!)")
        # A look at all characters that a slip begins with is far cheaper than the search itself.
        self._signs = re.compile(
            f"[{re.escape(''.join(sorted({s[0] for s in self._slips if s})))}]" if parts else r"(?!)"
        )

    def __call__(self, text: str) -> str:
        """Return a text in the form that tokens are made of."""
        text = plain(text)
        if self._signs.search(text):
            text = self._pattern.sub(lambda found: self._slips[found[0]], text)
        return text
