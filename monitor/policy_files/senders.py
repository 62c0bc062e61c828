"""Loads who speaks and what words mean: ``senders.yaml`` and ``chat_words.yaml``, made into the core's `Reader`."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal
from unicodedata import normalize

from pydantic import AfterValidator, Field, model_validator

from monitor.core.events import Kind, Role
from monitor.core.phrases import BUILT_IN as PHRASES
from monitor.core.phrases import Phrases
from monitor.core.senders import BUILT_IN, Reader, Sender, Speaker, check_pattern
from monitor.core.words import Classifier
from monitor.policy_files import where
from monitor.policy_files.backtracking import slow
from monitor.policy_files.values import Names, several
from monitor.yaml_files import BadFiles, Fault, Model, read

SENDERS = "senders.yaml"
WORDS = "chat_words.yaml"
FILES = (SENDERS, WORDS)


def _pattern(text: str) -> str:
    wrong = check_pattern(text) or slow(text)
    if wrong is not None:
        raise ValueError(f"{text!r} {wrong}")
    return text


Roles = Annotated[list[Role], *several()]
Kinds = Annotated[list[Kind], *several()]
Patterns = Annotated[list[Annotated[str, Field(max_length=500), AfterValidator(_pattern)]], *several()]


def _from_seller() -> list[Role]:
    return ["seller"]


class SenderRow(Model):
    """Which messages, and who speaks in them."""

    name: str | None = None
    says: Speaker
    from_: Roles = Field(alias="from", default_factory=_from_seller)
    platform: Names | None = None
    shop: Names | None = None
    account: Names | None = None
    prefix: Names | None = None
    text: Names | None = None
    pattern: Patterns | None = None
    template: Names | None = None
    kind: Kinds | None = None

    @model_validator(mode="after")
    def _says_something(self) -> "SenderRow":
        asked = (self.account, self.prefix, self.text, self.pattern, self.template, self.kind)
        if "buyer" in self.from_ and not any(asked):
            raise ValueError("it would take all that buyers say; add a text, prefix, pattern or template")
        if self.says in ("noise", "bot", "auto") and not any((*asked, self.platform, self.shop)):
            raise ValueError(
                "it would take every reply for no person's; add an account, text, prefix, pattern or template"
            )
        if "buyer" in self.from_ and self.says != "noise":
            raise ValueError("what comes as the buyer's can only be noise")
        return self


class SendersFile(Model):
    """``senders.yaml``."""

    version: Literal[1]
    senders: Annotated[list[SenderRow], Field(max_length=2000)] = Field(default_factory=list)


class ByLanguage(Model):
    """Words of each language, as they are said."""

    zh: Names = Field(default_factory=list)
    en: Names = Field(default_factory=list)


class Words(Model):
    """Words by what they make of a message."""

    courtesy: ByLanguage | None = None  # "谢谢": alone it needs no answer.
    holding: ByLanguage | None = None  # "稍等": ends the wait and owes an answer.
    greeting: ByLanguage | None = None  # "在的亲": answers nothing.
    asks: ByLanguage | None = None  # A question, also without a question mark.
    not_understood: Names | None = None  # What a bot says that did not understand.


class WordsFile(Model):
    """``chat_words.yaml``: ``add`` to the words that are built in, or ``replace`` those of one kind."""

    version: Literal[1]
    add: Words = Words()
    replace: Words = Words()


def load(folder: Path) -> tuple[Reader, list[Fault]]:
    """Read who speaks and what words mean, and all that is wrong with it."""
    faults: list[Fault] = []
    senders: list[Sender] = []
    phrases = PHRASES
    path = where.find(folder, SENDERS)
    if path.exists():
        try:
            document = read(path, SendersFile)
        except BadFiles as bad:
            faults += bad.faults
        else:
            for at, row in enumerate(document.value.senders):
                senders.append(_sender(row, f"{SENDERS}:{document.place('senders', at)[0]}"))
    path = where.find(folder, WORDS)
    if path.exists():
        try:
            words = read(path, WordsFile).value
        except BadFiles as bad:
            faults += bad.faults
        else:
            phrases = with_words(with_words(PHRASES, words.replace, anew=True), words.add, anew=False)
    if faults or (phrases is PHRASES and not senders):
        return BUILT_IN, faults
    return Reader(Classifier(phrases), senders), []


def _sender(row: SenderRow, place: str) -> Sender:
    return Sender(
        rule=place,
        says=row.says,
        roles=frozenset(row.from_),
        platforms=frozenset(row.platform) if row.platform else None,
        shops=frozenset(row.shop) if row.shop else None,
        accounts=frozenset(row.account or ()),
        prefixes=tuple(row.prefix or ()),
        texts=frozenset(row.text or ()),
        patterns=tuple(row.pattern or ()),
        templates=frozenset(row.template or ()),
        kinds=frozenset(row.kind or ()),
    )


def with_words(phrases: Phrases, words: Words, *, anew: bool) -> Phrases:
    """Return phrases with more words; ``anew``: in place of those of the same kind and language."""
    changes: dict[str, tuple[str, ...]] = {}
    for key, field in (("courtesy", "polite"), ("holding", "holding"), ("greeting", "greeting"), ("asks", "asks")):
        said: ByLanguage | None = getattr(words, key)
        for language in ("zh", "en") if said is not None else ():
            own = tuple(map(_as_read, getattr(said, language)))
            if own:
                name = f"{field}_{language}"
                changes[name] = own if anew else (*own, *getattr(phrases, name))  # The first that fits is taken.
    if words.holding is not None:
        # One of the signs is in every holding text; a sign too many costs a look.
        changes["holding_signs"] = (*phrases.holding_signs, *map(normal, (*words.holding.zh, *words.holding.en)))
    if words.not_understood:
        own = tuple(map(_as_read, words.not_understood))
        changes["not_understood"] = own if anew else (*phrases.not_understood, *own)
    return replace(phrases, **changes) if changes else phrases


def normal(word: str) -> str:
    """Return a word the way texts are read: half-width, in small letters."""
    return normalize("NFKC", word).lower()


def _as_read(word: str) -> str:
    """Return a word as a pattern; see `normal`."""
    return re.escape(normal(word))
