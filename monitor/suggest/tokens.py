"""From a normal text to what is looked up: characters and pairs of them in Chinese, stems of words in English."""

import re

_RUN = re.compile(r"[\u3400-\u9fff]+|[a-z]+|[0-9]+(?:\.[0-9]+)?")
_SUFFIXES = ("ingly", "edly", "ings", "ing", "ied", "ies", "ed", "es", "ly", "s")
_SHORTEST_STEM = 3
# Words of English that say nothing of what is asked.
_STOP_EN = (
    "a an the i you he she it we they me my your our is are am was were be been do does did can could will would "
    "shall should may might have has had to of in on at for with by from as and or but if so that this these "
    "those there here what which who how when where why please hi hello hey thanks thank just any some get got "
    "im ill id dont s t m ve re not no yes up out about"
)
STOP_EN = frozenset(_STOP_EN.split())
# Characters of Chinese that only hold a sentence together.
STOP_ZH = frozenset("的了呢吗吧啊哦呀嘛亲您你我他她它是在就都也还有和与及这那个一下请问想要会能可以么哈哟啦")

# Pairs that alone tell nothing of what is asked.
_VAGUE_ZH = (
    "今天 明天 昨天 现在 刚才 时候 什么 怎么 多少 可以 有没 没有 这个 那个 这款 那款 一下 请问 你们 我们 需要 想要 "
    "问题 东西 商品 产品 宝贝 知道 真的 真好 是不 不是 还有 一个 两个 就是"
)
VAGUE = frozenset(_VAGUE_ZH.split()) | {
    "good",
    "need",
    "want",
    "know",
    "one",
    "thing",
    "today",
    "now",
    "item",
    "product",
}


def stem(word: str) -> str:
    """Return a word without its commonest endings."""
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= _SHORTEST_STEM:
            word = word[: -len(suffix)]
            if suffix in ("ied", "ies"):
                return word + "y"
            # "shipping" → "ship", as "ships" and "shipped"; "sizes" and "size" meet without the e.
            if suffix in ("ing", "ed", "ings") and word[-1] == word[-2] and word[-1] not in "ls":
                word = word[:-1]
            break
    return word.removesuffix("e") if len(word) > _SHORTEST_STEM else word


def tokens(text: str) -> list[str]:
    """Return the tokens of a normal text, in order, again as often as they come."""
    found: list[str] = []
    for run in _RUN.findall(text):
        if "a" <= run[0] <= "z":
            if run not in STOP_EN:
                found.append(stem(run))
        elif run[0].isdigit():
            found.append(run)
        else:
            found += [char for char in run if char not in STOP_ZH]
            found += [run[at : at + 2] for at in range(len(run) - 1)]
    return found
