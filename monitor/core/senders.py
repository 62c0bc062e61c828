"""Who speaks, where the role a message came with does not say, and what its words are.

Some feeds say no more than "the shop's side" (``seller``), bring a bot's text under a
person's account, or transfer notes and advertisements as lines of the buyer. The rules
of a floor (``senders.yaml``) compile into `Sender` objects; the first that fits decides.
Without rules a ``seller`` is a person, and nothing is noise.

Decided once, at acceptance, and stored with the event in its `words`, so that a rule
added tomorrow changes no figure of yesterday. Who is told by how soon an answer came
is marked here and decided in the fold, which knows the message before it.
"""

import re
from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from monitor.core import events as ev
from monitor.core import words as w

Speaker = Literal["noise", "bot", "auto", "agent", "assist", "latency"]

# What the rules say, as it lies in `words`, and the role by which the words are then read.
_CODES: dict[Speaker, tuple[int, str]] = {
    "noise": (w.NOISE, "system"),
    "bot": (w.A_BOT, "bot"),
    "auto": (w.AUTOMATIC, "auto"),
    "agent": (w.A_PERSON, "agent"),
    "assist": (w.ASSISTED, "assist"),
    "latency": (w.BY_LATENCY, "agent"),
}
_ROLE_OF: dict[int, ev.Role] = {
    w.NOISE: "system", w.A_BOT: "bot", w.AUTOMATIC: "auto", w.A_PERSON: "agent", w.ASSISTED: "assist",
    w.BY_LATENCY: "agent",
}  # fmt: skip
_TEXTS_KEPT = 8192  # Of each role: whether a text may fit any rule.
_KEPT_CHARS = 160
# Of a longer text only the beginning and the end are searched, so that no pattern takes long.
_END_CHARS = 512


class Sender(Struct, frozen=True, kw_only=True):
    """One rule: which messages, and who speaks in them.

    All that is given must fit; of several texts, accounts … any one.

    Attributes:
        rule: where it stands, ``file:line``.
        says: ``noise`` opens and ends nothing (a platform's reminder, an advertisement, a transfer note; also of the
            buyer's side); ``bot`` and ``auto`` end nothing; ``agent`` and ``assist`` are people, as far as the policy
            lets them end a wait; ``latency`` is a person unless the answer came within the policy's ``bot_within_ms``.
        roles: it is asked of messages that came in these roles.
        platforms, shops: of these only; None: all.
        accounts: the account, or where none is named the agent, is one of these.
        prefixes: the text begins with one of these.
        texts: the text is one of these, spaces around it aside.
        patterns: regular expressions, one of which is found in the text, in small letters or capitals; see
            `check_pattern`.
        templates: the message names one of these templates.
        kinds: the message is of one of these kinds.
    """

    rule: str
    says: Speaker
    roles: frozenset[ev.Role] = frozenset({"seller"})
    platforms: frozenset[str] | None = None
    shops: frozenset[str] | None = None
    accounts: frozenset[str] = frozenset()
    prefixes: tuple[str, ...] = ()
    texts: frozenset[str] = frozenset()
    patterns: tuple[str, ...] = ()
    templates: frozenset[str] = frozenset()
    kinds: frozenset[ev.Kind] = frozenset()

    @property
    def reads(self) -> bool:
        """Whether it looks at the text."""
        return bool(self.prefixes or self.texts or self.patterns)


class _Ready:
    """A rule made ready to ask."""

    __slots__ = ("_pattern", "code", "role", "rule")

    def __init__(self, rule: Sender) -> None:
        self.rule = rule
        self._pattern = re.compile(_any(rule.patterns), re.IGNORECASE) if rule.patterns else None
        self.code, self.role = _CODES[rule.says]

    def fits(self, event: ev.Message, text: str) -> bool:
        """Whether it fits a message of its role; ``text`` is cut and stripped."""
        rule = self.rule
        return (
            (rule.platforms is None or (event.platform or "unknown") in rule.platforms)
            and (rule.shops is None or event.shop in rule.shops)
            and (not rule.accounts or (event.account or event.agent) in rule.accounts)
            and (not rule.templates or event.template in rule.templates)
            and (not rule.kinds or event.kind in rule.kinds)
            and (not rule.texts or text in rule.texts)
            and (not rule.prefixes or text.startswith(rule.prefixes))
            and (self._pattern is None or self._pattern.search(text) is not None)
        )


class _OfRole:
    """The rules asked of messages of one role."""

    __slots__ = ("_all_read", "_known", "_may", "rules")

    def __init__(self, rules: list[Sender]) -> None:
        self.rules = [_Ready(rule) for rule in rules]
        # Most messages fit no rule. Where every rule looks at the text, one look at it tells that.
        self._all_read = all(rule.reads for rule in rules)
        self._may = re.compile(_any([part for rule in rules for part in _signs(rule)]) or r"(?!)", re.IGNORECASE)
        self._known: dict[str, bool] = {}

    def decide(self, event: ev.Message) -> _Ready | None:
        """Return the first rule that fits a message."""
        text = event.text or ""
        if self._all_read:
            may = self._known.get(text)
            if may is None:
                may = self._look(text)
            if not may:
                return None
        text = _cut(text)
        for rule in self.rules:
            if rule.fits(event, text):
                return rule
        return None

    def _look(self, text: str) -> bool:
        may = self._may.search(_cut(text)) is not None
        if len(text) <= _KEPT_CHARS:
            if len(self._known) >= _TEXTS_KEPT:
                self._known.clear()
            self._known[text] = may
        return may


class Reader:
    """Decides at acceptance who speaks in a message and what its words are.

    Args:
        classifier: knows the phrases.
        senders: the rules, in the order in which they are asked.

    Attributes:
        classifier, senders: the same.
    """

    __slots__ = ("_classes", "_known", "_of_role", "classifier", "senders")

    def __init__(self, classifier: w.Classifier = w.built_in, senders: Iterable[Sender] = ()) -> None:
        self.classifier = classifier
        self._classes = classifier.words_of
        of_role: dict[str, list[Sender]] = {}
        self.senders = tuple(senders)
        for sender in self.senders:
            for role in sender.roles:
                of_role.setdefault(role, []).append(sender)
        self._of_role = {role: _OfRole(rules) for role, rules in of_role.items()}
        self._known = {role: known for role, known in classifier.known.items() if role not in of_role}

    def read(self, event: ev.Message) -> int:
        """Return the classes of a message, with who speaks in it where the rules know better than its role."""
        role: str = event.role
        known = self._known.get(role)
        if known is not None and event.kind == "text":
            words = known.get(event.text or "")
            if words is not None:
                return words
        rules = self._of_role.get(role)
        if rules is None:
            return self._classes(role, event.kind, event.text)
        rule = rules.decide(event)
        if rule is None:
            return self._classes(role, event.kind, event.text)
        return self._classes(rule.role, event.kind, event.text) | rule.code

    def rule_of(self, event: ev.Message) -> Sender | None:
        """Return the rule that says who speaks in a message; None: none does."""
        rules = self._of_role.get(event.role)
        ready = rules.decide(event) if rules is not None else None
        return ready.rule if ready is not None else None


def role_of(event: ev.Message, words: int) -> ev.Role:
    """Return who speaks in a message as it was decided; noise counts as a line of the system.

    One told by latency is a person here: only the fold knows better.
    """
    speaker = words & w.SPEAKER
    return _ROLE_OF[speaker] if speaker else event.role


def check_pattern(pattern: str) -> str | None:
    """Return what is wrong with a pattern of a rule; None: nothing."""
    try:
        groups = re.compile(_any([pattern])).groups
    except (re.error, OverflowError, RecursionError) as error:
        return f"is no regular expression: {error}"
    return "has a capturing group; write (?:…)" if groups else None


def _any(patterns: Iterable[str]) -> str:
    return "|".join(f"(?:{pattern})" for pattern in patterns)


def _signs(rule: Sender) -> Iterable[str]:
    """Return patterns, one of which is found in every text that a rule fits by its text."""
    if rule.patterns:
        return rule.patterns
    if rule.texts:
        return [rf"\A{re.escape(text)}\Z" for text in rule.texts]
    return [rf"\A{re.escape(prefix)}" for prefix in rule.prefixes]


def _cut(text: str) -> str:
    if len(text) > 2 * _END_CHARS:
        text = f"{text[:_END_CHARS]}\n{text[-_END_CHARS:]}"
    return text.strip()


BUILT_IN = Reader()
"""What holds without any rules."""
