"""The words of shop talk, Chinese and English, that ``words`` knows without any rules.

Phrases are regular expressions, matched in lower case after NFKC (full-width signs are
then half-width). Chinese is written in simplified characters; traditional text is
brought to them before matching. Every repetition is bounded or possessive.
"""

from dataclasses import dataclass

from monitor.core import phrases_en as en
from monitor.core import phrases_zh as zh


@dataclass(frozen=True, slots=True)
class Phrases:
    """The words the classifier knows, as tuples of regular expressions.

    ``*_zh`` match anywhere, ``*_en`` only as whole words. No capturing groups.

    Attributes:
        polite_zh: words that alone are courtesy; polite_en likewise.
        polite_with_zh: words that may stand beside them; polite_with_en likewise.
        emoticons: smileys written with ordinary characters.
        asks_zh: what makes a text a question, beside a question mark; asks_en likewise, at the start of a clause.
        asks_not_zh: statements that hold a question's words.
        holding_zh: holding words, with what they look up; holding_en likewise.
        holding_with_zh: words that go along with holding and say nothing further; holding_with_en likewise.
        empty_zh: words without weight; empty_en likewise.
        answers_zh: signs that what is left beside holding words is an answer; answers_en likewise.
        greeting_zh: words that only greet; greeting_en likewise.
        greeting_with_zh: words that may stand beside them; greeting_with_en likewise.
        not_understood: what a bot says that did not understand.
        holding_signs: plain strings, one of which is in every text that ``holding_zh`` or ``holding_en`` matches; they
            spare most texts the dearer search. Empty: search always.
    """

    polite_zh: tuple[str, ...]
    polite_en: tuple[str, ...]
    polite_with_zh: tuple[str, ...]
    polite_with_en: tuple[str, ...]
    emoticons: tuple[str, ...]
    asks_zh: tuple[str, ...]
    asks_en: tuple[str, ...]
    asks_not_zh: tuple[str, ...]
    holding_zh: tuple[str, ...]
    holding_en: tuple[str, ...]
    holding_with_zh: tuple[str, ...]
    holding_with_en: tuple[str, ...]
    empty_zh: tuple[str, ...]
    empty_en: tuple[str, ...]
    answers_zh: tuple[str, ...]
    answers_en: tuple[str, ...]
    greeting_zh: tuple[str, ...]
    greeting_en: tuple[str, ...]
    greeting_with_zh: tuple[str, ...]
    greeting_with_en: tuple[str, ...]
    not_understood: tuple[str, ...]
    holding_signs: tuple[str, ...] = ()


BUILT_IN = Phrases(
    polite_zh=zh.POLITE,
    polite_en=en.POLITE,
    polite_with_zh=zh.POLITE_WITH,
    polite_with_en=en.POLITE_WITH,
    emoticons=(
        r"[:;=x8][-'^o]?[)(dpo3/|*]+(?![a-z0-9])",
        r"[(<>=]{0,2}[\^t;]_+[\^t;][)=>]{0,2}|\^\^+|<3",
        r"/:[0-9]{3}|/:[-^_a-z<>$@%*]{1,4}",
        r":\+1:|:[a-z_]{2,20}:|emoji-[a-z-]{2,20}",
        (
            r"\[(?:微笑|笑脸|笑|大笑|呲牙|龇牙|偷笑|憨笑|坏笑|愉快|可爱|害羞|调皮|得意|开心|玫瑰|鲜花|"
            r"花|爱心|心|比心|爱你|飞吻|亲亲|么么哒|拥抱|抱抱|握手|抱拳|合十|谢谢|感谢|强|赞|点赞|棒|"
            r"鼓掌|胜利|耶|好的|ok|太阳|加油|再见|拜拜|流泪|大哭|捂脸|笑哭|破涕为笑|旺柴|嘿哈|哇|色|晕|"
            r"汗|尴尬|流汗|可怜|委屈|庆祝|礼物|蛋糕|红包|表情|smile|rose|heart|thumbs ?up|sticker)\]"
        ),
    ),
    asks_zh=zh.ASKS,
    asks_en=en.ASKS,
    asks_not_zh=zh.ASKS_NOT,
    holding_zh=zh.HOLDING,
    holding_en=en.HOLDING,
    holding_with_zh=zh.HOLDING_WITH,
    holding_with_en=en.HOLDING_WITH,
    empty_zh=zh.EMPTY,
    empty_en=en.EMPTY,
    answers_zh=zh.ANSWERS,
    answers_en=en.ANSWERS,
    greeting_zh=zh.GREETING,
    greeting_en=en.GREETING,
    greeting_with_zh=zh.GREETING_WITH,
    greeting_with_en=en.GREETING_WITH,
    not_understood=(
        (
            r"(?:没有?|未能?|不太?|没能|不能|无法|听不|看不|暂时?(?:没有?|无法|不能))(?:完全|很好地?|"
            r"正确|太|大)?(?:听懂|看懂|懂|听明白|明白|理解|识别)"
        ),
        (
            r"换[个一]?(?:种|个)?(?:说法|问法|方式|表达|描述)|重新(?:描述|输入|表述|提问)|(?:说|"
            r"描述)得?(?:更|再)?(?:详细|具体|清楚)(?:一?些|一?点)|还在学习|暂时(?:无法|不能|"
            r"没法)(?:回答|解答)|(?:回答|解答)不了|没有?找到(?:相关|合适|匹配)的?(?:答案|回答|内容|问题)"
        ),
        (
            r"(?:did ?n[o']?t|do ?n[o']?t|could ?n[o']?t|can ?n?[o']?t|unable to|not sure (?:i|"
            r"we))(?: quite| fully| really)? (?:understand|get that|catch that|follow|recogni[sz]e)"
        ),
        (
            r"re-?phrase|still learning|(?:not sure|don'?t know) (?:what you mean|how to (?:answer|"
            r"help with) that)|try (?:asking|saying|wording) (?:it|that|your question)|in (?:other|"
            r"different) words"
        ),
    ),
    holding_signs=zh.HOLDING_SIGNS + en.HOLDING_SIGNS,
)
