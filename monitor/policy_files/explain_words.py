"""What is made of words, and why: courtesy, a holding reply, a greeting, a question, or what the rules say of a sender.

As it is decided when a message comes, without its neighbours: "好的" after a question is an answer all the same.
"""

from typing import Any, Literal, NamedTuple

from monitor.core import events as ev
from monitor.core import words as w
from monitor.core.senders import role_of
from monitor.policy_files import senders
from monitor.policy_files.rule_set import RuleSet
from monitor.yaml_files import parse

BUILT_IN = "built-in"
_SPEAKS: dict[str, str] = {"system": "noise", "bot": "bot", "auto": "auto"}


class Read(NamedTuple):
    """What is made of words.

    Attributes:
        means: ``courtesy``, ``greeting``, ``question`` or ``content`` of a buyer; ``holding``, ``greeting``,
            ``question`` or ``answer`` of an agent; ``noise``, ``bot`` or ``auto`` where the rules say so of the sender.
        words: by which it is that; none where nothing but the lack of other words tells it.
        said_by: ``file:line`` of the rule or of the word; ``built-in``.
        promised_ms: how soon a holding reply promised an answer; 0: it named no time.
    """

    means: str
    words: tuple[str, ...]
    said_by: str
    promised_ms: int = 0

    def as_json(self, text: str) -> dict[str, Any]:
        """Return it as ``explain --json`` prints it."""
        return {"text": text, "means": self.means, "words": list(self.words), "said_by": self.said_by}


def read_words(rules: RuleSet, *, platform: str, shop: str, role: Literal["buyer", "agent"], text: str) -> Read:
    """Return what is made of the words of a buyer, or of an agent's reply."""
    message = ev.Message(id="explained", ts_ms=0, platform=platform, shop=shop, role=role, text=text)
    words = rules.reader.read(message)
    speaks = _SPEAKS.get(role_of(message, words))
    if speaks is not None:
        rule = rules.reader.rule_of(message)
        return Read(speaks, (), BUILT_IN if rule is None else rule.rule)
    found = rules.reader.classifier.found(text, words)
    kind, means = _meant(words, of_buyer=role == "buyer")
    return Read(means, found, _said_by(rules, kind, found), w.promised_ms(words))


def _meant(words: int, *, of_buyer: bool) -> tuple[str, str]:
    """Return the kind of ``chat_words.yaml`` that tells it, and what a text means."""
    if words & w.HOLDING:
        return "holding", "holding"
    if words & w.GREETING:
        return "greeting", "greeting"
    if words & w.POLITE:
        return "courtesy", "courtesy"
    if words & w.ASKS:
        return "asks", "question"
    return "", "content" if of_buyer else "answer"


def _said_by(rules: RuleSet, kind: str, found: tuple[str, ...]) -> str:
    """Return where the first of the words is written that the floor has written itself."""
    text = rules.text.get(senders.WORDS)
    if text is None or not found:
        return BUILT_IN
    document = parse(text, senders.WordsFile, name=senders.WORDS)
    for part in ("add", "replace"):
        said = getattr(getattr(document.value, part), kind)
        for lang in ("zh", "en") if said is not None else ():
            for number, word in enumerate(getattr(said, lang)):
                if senders.normal(word) in found:
                    return f"{senders.WORDS}:{document.place(part, kind, lang, number)[0]}"
    return BUILT_IN
