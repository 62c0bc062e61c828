"""What the words of one message are: courtesy, a question, a holding reply, a greeting.

Decided once, at acceptance, from the text alone, and stored with the event as one
integer: restarts, re-folds and purged texts never change it. What hangs on the
neighbours (is "好的" courtesy or an answer?) is decided in the fold from these bits.

When in doubt a message is content. A polite word taken for a question costs one
needless alert; a question taken for courtesy costs a buyer.

The words themselves are in ``phrases``. Long texts are cut before matching, so none
takes more than a few milliseconds.
"""

import re
from dataclasses import fields
from unicodedata import is_normalized, normalize
from zlib import crc32

from monitor.core.phrases import BUILT_IN, Phrases

ASKS = 1  # Asks something: "好的" after it is an answer.
POLITE = 2  # Polite words or a lone emoji only: courtesy, if the neighbour allows.
HOLDING = 4  # "稍等": ends the wait and owes an answer.
GREETING = 8  # "在的亲", "你好", and nothing else.
NOT_UNDERSTOOD = 16  # A bot's text that says it did not understand.

# Who speaks, where the rules know better than the role the message came with; 0: as it came.
SPEAKER = 224
SPEAKER_SHIFT = 5
NOISE, A_BOT, AUTOMATIC, A_PERSON, ASSISTED, BY_LATENCY = (code << SPEAKER_SHIFT for code in range(1, 7))

_PROMISED_SHIFT = 8
_KEY_SHIFT = 32
_PROMISED_MASK = (1 << 24) - 1
_KEY_MASK = (1 << 31) - 1

# Of a longer text only its two ends are read: what it asks stands there, and the cost is bounded.
# (Sorting 1,000 combining marks in NFKC is quadratic, and takes 1 ms.)
_END_CHARS = 512
# A longer text is no courtesy, no greeting and no holding reply.
_POLITE_CHARS = 80
_GREETING_CHARS = 120
_HOLDING_CHARS = 160
# What is cached: short texts repeat, long ones would fill the memory. 8,192 of them are about 4 MB.
_CACHED_CHARS = 160
_CACHED_TEXTS = 8192
_TEXT_MODES = {"buyer": 5, "agent": 4, "assist": 4, "seller": 4, "bot": 6}  # As `classify` puts them together.
# What may be left beside holding words in all; a character of Chinese is 1, a word of Latin letters 2.
_LEFT = 3
# A longer promise is no promise for a chat.
_PROMISED_MAX_S = 24 * 3600


# Traditional characters that shop talk uses, and the simplified ones the phrases are written in.
_TRADITIONAL = (
    "謝對沒問題見麼嗎馬幫為給請務貨現來庫倉確認實詢話處聯繫復應訴講號勞煩費關厲圓滿樂開個這們邊樣鐘時內間還聽說過換種輸識別詳細學習暫無結發專業員圖視頻點紹熱歡臨顧選購進榮繼續愛親貝師讓總長兩廠財領導轉傳測"
    "試運達區遠寬贊萬節歲碼塊幾誰氣動豈龍紅興願壽喲噠後盡會從東車體廣書買賣價單門電線網證據顯該級約經紀記錄許論設評譯諾讀課談誼貴資質賞賠趕趨躍蹤輕較載輯遷遲適遺郵鄭釋鑒針鐵銀銷鎖錯鍵閉閒聞閱隊陽陰際陸陳險"
    "隨隱難霧靜頂項順須頓預顆顏額風飛飯飲飾飽館驅驗騙驟魚鮮鳥妳裡隻臺瞭"
)
_SIMPLIFIED = (
    "谢对没问题见么吗马帮为给请务货现来库仓确认实询话处联系复应诉讲号劳烦费关厉圆满乐开个这们边样钟时内间还听说过换种输识别详细学习暂无结发专业员图视频点绍热欢临顾选购进荣继续爱亲贝师让总长两厂财领导转传测"
    "试运达区远宽赞万节岁码块几谁气动岂龙红兴愿寿哟哒后尽会从东车体广书买卖价单门电线网证据显该级约经纪记录许论设评译诺读课谈谊贵资质赏赔赶趋跃踪轻较载辑迁迟适遗邮郑释鉴针铁银销锁错键闭闲闻阅队阳阴际陆陈险"
    "随隐难雾静顶项顺须顿预颗颜额风飞饭饮饰饱馆驱验骗骤鱼鲜鸟你里只台了"
)

_TO_SIMPLIFIED = str.maketrans(_TRADITIONAL, _SIMPLIFIED)
_ANY_TRADITIONAL = re.compile(f"[{_TRADITIONAL}]")
_PLAIN_ZH = re.compile(r"[\u4e00-\u9fff]")
_URL = re.compile(r"https?://\S++|www\.\S++")
_MENTION = re.compile(r"(?<![^\s.])@[\w.-]{1,50}:?")
_NO_WORD = re.compile(r"[\W_]+")
# Python before 3.11.5 matches a group repeated so wrongly; a single character repeated so is fine.
_POSSESSIVE_GROUP = re.compile(r"\)(?:[*+?]|\{[0-9,]+\})\+")
# Signs part clauses, and so do spaces in Chinese.
_CLAUSE = re.compile(r"[,.!?;:~|()\[\]{}<>\"…。、·*/\n\r\t-]+|(?<=[\u4e00-\u9fff]) +| +(?=[\u4e00-\u9fff])")
_LEFT_WORD = re.compile(r"[a-z0-9_][a-z0-9'_]*|[^\W\d_a-z]")
# "u018: let me look": whom a line is meant for, where many write in one room.
_ADDRESSED = re.compile(r"[a-z0-9_-]{1,20}: ")
_WIDE = (("，", ","), ("？", "?"), ("！", "!"), ("：", ":"), ("；", ";"), ("（", "("), ("）", ")"), ("…", "..."))
# Words that a clause may begin with before its question.
_BEFORE_QUESTION = "and|but|so|ok|okay|hi|hey|hello|well|sorry|also|please|then|just|sure|thanks|dear|btw"
# Question marks that NFKC leaves as they are.
_ODD_QUESTION_MARKS = re.compile("[❓❔¿⸮؟]")
_PICTOGRAM = re.compile(
    "[\u2190-\u21ff\u2300-\u23ff\u2460-\u27bf\u2900-\u297f\u2b00-\u2bff\u3030\u303d\U0001f000-\U0001faff]"
)
_ACKNOWLEDGED_BY_NUMBER = re.compile(r"1{1,3}|6{1,6}|88+")

_PROMISE_ZH = re.compile(
    r"(?:(?P<from>[0-9]{1,3}|[一二两三四五六七八九十]{1,3}|半)[-~至到])?"
    r"(?P<n>[0-9]{1,3}|[一二两三四五六七八九十]{1,3}|半)(?P<half>个半)?个?(?P<unit>秒|分|小时|钟头|刻)"
)
_PROMISE_EN = re.compile(
    r"(?<![a-z0-9])(?:[0-9]{1,3} ?(?:-|to|or) ?)?"
    r"(?P<n>[0-9]{1,3}|half an|an?|one|two|three|four|five|six|seven|eight|ten|fifteen|twenty|thirty)"
    r" ?(?P<unit>sec|min|hour|hr)(?:ond|ute)?s?(?![a-z0-9])"
)
_IDIOM_EN = re.compile(r"(?:with)?in (?:about |the next )?$")
_DIGITS_ZH = {c: n for n, c in enumerate("一二三四五六七八九", start=1)} | {"两": 2}
_NUMBERS_EN = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "ten": 10, "fifteen": 15, "twenty": 20, "thirty": 30,
}  # fmt: skip
_UNIT_S = {"秒": 1, "分": 60, "刻": 900, "小时": 3600, "钟头": 3600, "sec": 1, "min": 60, "hour": 3600, "hr": 3600}


def to_simplified(text: str) -> str:
    """Return a text with the traditional characters of shop talk written simplified."""
    return text.translate(_TO_SIMPLIFIED) if _ANY_TRADITIONAL.search(text) else text


def _as_matched(text: str) -> str:
    """Return a text cut and normalised, as the phrases are written."""
    if len(text) > 2 * _END_CHARS:
        text = f"{text[:_END_CHARS]}\n{text[-_END_CHARS:]}"
    if not text.isascii():
        # The usual full-width signs by hand: NFKC of a whole text takes 3 µs, and is then seldom needed.
        for wide, narrow in _WIDE:
            if wide in text:
                text = text.replace(wide, narrow)
        if not is_normalized("NFKC", text):
            # One character can become 18.
            text = normalize("NFKC", text)[: 2 * _END_CHARS]
        text = to_simplified(text)
        if _ODD_QUESTION_MARKS.search(text):
            text = _ODD_QUESTION_MARKS.sub("?", text)
    return text.lower()


def promised_ms(words: int) -> int:
    """Return how soon a holding reply promised an answer, in milliseconds; 0 if it named no time."""
    return (words >> _PROMISED_SHIFT & _PROMISED_MASK) * 1000


def text_key(words: int) -> int:
    """Return a key that is equal for texts that say the same; 0 for a text without any word."""
    return words >> _KEY_SHIFT & _KEY_MASK


def _number_zh(text: str) -> float:
    """Return the value of digits or of Chinese numerals up to 99; 半 is one half."""
    if text == "半":
        return 0.5
    if text.isascii():
        return int(text)
    tens, ten, ones = text.rpartition("十")
    if not ten:
        # "三五分钟" is three to five: the longer one is meant to be kept.
        return _DIGITS_ZH.get(text[-1], 10)
    return _DIGITS_ZH.get(tens[-1:], 1) * 10 + _DIGITS_ZH.get(ones[:1], 0)


def _promised_seconds(text: str) -> int:
    """Return the longest time a holding text names; 0 if none, or one that is only a manner of speaking."""
    longest = 0.0
    for found in _PROMISE_ZH.finditer(text):
        count = _number_zh(found["n"]) + (0.5 if found["half"] else 0)
        seconds = count * _UNIT_S[found["unit"]]
        if seconds >= 10:  # "等我一秒" is no promise.
            longest = max(longest, seconds)
    if text.isascii() or "min" in text or "hour" in text:
        for found in _PROMISE_EN.finditer(text):
            name = found["n"]
            count = 0.5 if name == "half an" else int(name) if name[0].isdigit() else _NUMBERS_EN[name]
            # "One minute please" asks for patience; "within one minute" promises.
            if count == 1 and found["unit"] in ("sec", "min") and not _IDIOM_EN.search(text, 0, found.start()):
                continue
            longest = max(longest, count * _UNIT_S[found["unit"]])
    return int(min(longest, _PROMISED_MAX_S))


def _any(zh: tuple[str, ...], en: tuple[str, ...]) -> str:
    """Return one alternation of both, English only as whole words."""
    parts = [*zh]
    if en:
        parts.append(rf"(?<![a-z0-9])(?:{'|'.join(en)})(?![a-z0-9])")
    return "|".join(parts) if parts else r"(?!)"


def _longest_first(zh: tuple[str, ...], en: tuple[str, ...]) -> str:
    """Return an alternation for reading a text token by token.

    English comes first: no Chinese phrase begins with a Latin letter that one of its words begins with.
    """
    return rf"(?:{'|'.join(en)})(?![a-z0-9])|{'|'.join(zh)}" if en else "|".join(zh)


class Classifier:
    """Reads single messages by a set of phrases.

    One message of 40 characters not seen before takes about 5 µs; one seen before, a look-up.

    Attributes:
        phrases: what it knows.
        known: the classes of ``text`` messages read so far, by role and text; of roles whose words are of consequence.
    """

    __slots__ = (
        "_asks_en_first",
        "_asks_en_later",
        "_asks_not",
        "_asks_zh",
        "_empty",
        "_greeting",
        "_greets",
        "_holding",
        "_holding_signs",
        "_holding_with",
        "_is_answer",
        "_known",
        "_not_understood",
        "_polite",
        "_polite_word",
        "known",
        "phrases",
    )

    def __init__(self, phrases: Phrases) -> None:
        for field in fields(phrases):
            for pattern in () if field.name.endswith("_signs") else getattr(phrases, field.name):
                if re.compile(pattern).groups:
                    raise ValueError(f"{field.name}: {pattern!r}: use (?:…) instead of a capturing group")
                if _POSSESSIVE_GROUP.search(pattern):
                    raise ValueError(f"{field.name}: {pattern!r}: use (?>(?:…)*) instead of (?:…)*+")
        p = self.phrases = phrases
        self._asks_zh = re.compile("|".join(p.asks_zh) or r"(?!)")
        # At the start of the text by match, at that of a further clause by search: the search begins with a plain sign.
        start = rf"(?>(?:(?:{_BEFORE_QUESTION})[ ,]+){{0,3}})(?:{'|'.join(p.asks_en) or '(?!)'})"
        self._asks_en_first = re.compile(start)
        self._asks_en_later = re.compile(rf"[\n,.!?;:…。-] ?{start}")
        self._asks_not = re.compile("|".join(p.asks_not_zh) or r"(?!)")
        emoticons = "|".join(p.emoticons)
        word = _longest_first(p.polite_zh, p.polite_en)
        beside = _longest_first(p.polite_with_zh, p.polite_with_en)
        self._polite = re.compile(rf"(?>(?>{emoticons}|[\W_]|{word}|{beside})*)")
        self._polite_word = re.compile(_any((*p.polite_zh, *p.emoticons), p.polite_en))
        self._holding_signs = re.compile("|".join(map(re.escape, p.holding_signs)))
        self._holding = re.compile(_any(p.holding_zh, p.holding_en))
        self._holding_with = re.compile(_any(p.holding_with_zh, p.holding_with_en))
        self._empty = re.compile(_any(p.empty_zh, p.empty_en))
        self._is_answer = re.compile(_any(p.answers_zh, p.answers_en))
        self._greeting = re.compile(
            rf"(?>(?>[\W_]|{_longest_first(p.greeting_zh, p.greeting_en)}"
            rf"|{_longest_first(p.greeting_with_zh, p.greeting_with_en)})*)"
        )
        self._greets = re.compile(_any(p.greeting_zh, p.greeting_en))
        self._not_understood = re.compile("|".join(p.not_understood) or r"(?!)")
        # A plain dictionary for each mode: half of what `lru_cache` with two arguments costs, on every message.
        self._known: tuple[dict[str, int], ...] = tuple({} for _ in range(16))
        self.known = {role: self._known[mode] for role, mode in _TEXT_MODES.items()}

    def classify(self, text: str | None, kind: str, *, by_buyer: bool, bot: bool = False) -> int:
        """Return the classes of a message as one integer.

        Args:
            text: what was said; None or empty if nothing or if it was withheld.
            kind: the message's kind. Words of a picture or card can ask and be asked again; only a ``text`` can be
                courtesy, a greeting or a holding reply. A ``sticker`` without words is what a lone emoji is.
            by_buyer: said by the buyer, else by the shop's side.
            bot: said by a bot or an automatic reply.

        Returns:
            Bits 0 to 4 ASKS, POLITE, HOLDING, GREETING, NOT_UNDERSTOOD; from bit 8 the promised seconds; from bit 32
            the key of the text.
        """
        if not text:
            return POLITE if kind == "sticker" and by_buyer else 0
        if kind == "reaction":
            return 0
        mode = (1 if by_buyer else 0) | (2 if bot else 0) | (4 if kind == "text" else 8 if kind == "sticker" else 0)
        return self._remembered(text, mode)

    def words_of(self, role: str, kind: str, text: str | None) -> int:
        """Return the classes of a message by who says it: the way on the hot path; see `classify`.

        What notes, system lines and automatic replies say is of no consequence: 0.
        """
        mode = _TEXT_MODES.get(role)
        if mode is None:
            return 0
        if kind == "text" and text:
            words = self._known[mode].get(text)
            return self._remembered(text, mode) if words is None else words
        return self.classify(text, kind, by_buyer=role == "buyer", bot=role == "bot")

    def _remembered(self, text: str, mode: int) -> int:
        """Return the classes of a text, read once."""
        known = self._known[mode]
        words = known.get(text)
        if words is None:
            words = self._read(text, mode)
            if len(text) <= _CACHED_CHARS:
                if len(known) >= _CACHED_TEXTS:
                    known.clear()
                known[text] = words
        return words

    def _read(self, text: str, mode: int) -> int:
        """Return the classes of a text.

        Steps: cut, normalise, key; then question, and by who spoke: what a bot did not understand; greeting or
        courtesy of a buyer; holding reply or greeting of the shop.
        """
        text = _as_matched(text)
        plain = _NO_WORD.sub("", text)
        words = 0
        if plain:
            words = (crc32(plain.encode("utf-8", "surrogatepass")) & _KEY_MASK or 1) << _KEY_SHIFT
        if "://" in text or "www." in text:
            text = _URL.sub(" link ", text)
        if "@" in text:
            text = _MENTION.sub(" ", text)
        text = text.strip()

        asks = self._asks_something(text)
        if mode & 2:
            if asks:
                words |= ASKS
            if self._not_understood.search(text):
                words |= NOT_UNDERSTOOD
            return words
        if mode & 1:
            if mode & 12 and len(text) <= _GREETING_CHARS:
                if mode & 4 and self._only_greets(text):
                    words |= GREETING
                elif not asks and len(text) <= _POLITE_CHARS and self._only_polite(text, plain):
                    words |= POLITE
        elif mode & 4:
            if len(text) <= _HOLDING_CHARS and self._only_holds(text):
                words |= HOLDING | _promised_seconds(text) << _PROMISED_SHIFT
                # "帮您看下有没有货" asks the warehouse, not the buyer.
                asks = asks and "?" in text
            elif len(text) <= _GREETING_CHARS and self._only_greets(text):
                words |= GREETING
        return words | ASKS if asks else words

    def found(self, text: str, words: int) -> tuple[str, ...]:
        """Return the words by which a text is courtesy, holding, a greeting or a question: for who asks why.

        Args:
            text: what was said.
            words: its classes, as `classify` gave them.
        """
        text = _as_matched(text)
        if words & HOLDING:
            patterns: tuple[re.Pattern[str], ...] = (self._holding,)
        elif words & GREETING:
            patterns = (self._greets,)
        elif words & POLITE:
            patterns = (self._polite_word, _PICTOGRAM, _ACKNOWLEDGED_BY_NUMBER)
        elif words & ASKS:
            patterns = (re.compile(r"\?"), self._asks_zh, self._asks_en_first, self._asks_en_later)
        else:
            return ()
        for pattern in patterns:
            found = dict.fromkeys(one[0].strip(" \n,.!;:…。-") for one in pattern.finditer(text))
            if told := tuple(filter(None, found)):
                return told
        return ()

    def _asks_something(self, text: str) -> bool:
        """Return whether a text has a question mark, or a question's words that are no phrase of a statement."""
        if "?" in text or self._asks_en_first.match(text) or self._asks_en_later.search(text):
            return True
        if not self._asks_zh.search(text):
            return False
        rest, left_out = self._asks_not.subn(" ", text)
        return not left_out or self._asks_zh.search(rest) is not None

    def _only_polite(self, text: str, plain: str) -> bool:
        """Return whether a text is polite words, or emoji, and nothing else."""
        if not plain:
            return bool(_PICTOGRAM.search(text) or self._polite_word.search(text))
        if self._polite.fullmatch(text):
            return self._polite_word.search(text) is not None or _PICTOGRAM.search(text) is not None
        return _ACKNOWLEDGED_BY_NUMBER.fullmatch(plain) is not None

    def _only_greets(self, text: str) -> bool:
        """Return whether a text greets and says nothing else."""
        return self._greeting.fullmatch(text) is not None and self._greets.search(text) is not None

    def _only_holds(self, text: str) -> bool:
        """Return whether little is left of a text without its holding words.

        A clause without any holding word must have nothing left at all: "黑色，稍等" is an answer.
        """
        if not self._holding_signs.search(text) or not self._holding.search(text):
            return False
        # The marks: \x01 a holding word, \x02 a word that goes along, a space for a word without weight.
        left = self._holding.sub("\x01", _ADDRESSED.sub("", text, 1) if _ADDRESSED.match(text) else text)
        left = self._holding_with.sub("\x02", left)
        left = self._empty.sub("\x03", left)
        total = 0
        for clause in _CLAUSE.split(left):
            weight = sum(1 if _PLAIN_ZH.match(word) else 2 for word in _LEFT_WORD.findall(clause))
            if not weight:
                continue
            total += weight
            if total > _LEFT or ("\x01" not in clause and "\x02" not in clause) or self._is_answer.search(clause):
                return False
        return True


built_in = Classifier(BUILT_IN)
classify = built_in.classify
"""What the built-in phrases make of a message; see Classifier.classify."""
