"""A library for tests: phrases of a shop that does not exist, and the shipped word lists."""

from functools import cache

from monitor.policy_files import words
from monitor.policy_files.phrases import PhraseFiles
from monitor.policy_files.where import default_folder
from monitor.suggest.choosing import Situation, offered
from monitor.suggest.learning import Learned
from monitor.suggest.library import Asked, Found, Library
from monitor.suggest.phrases import Phrase
from monitor.suggest.reader import Reader
from monitor.suggest.wording import Wording

NOW_MS = 1_795_000_000_000
BRANDS = {"南风": frozenset({"nanfeng", "nanfeng-jd"}), "森野": frozenset({"senye"})}


@cache
def shipped_reader() -> Reader:
    reader, faults = words.load(default_folder())
    assert faults == []
    return reader


@cache
def shipped_library() -> Library:
    layer, faults = PhraseFiles(default_folder()).general_layer()
    assert faults == []
    return Library(layer.phrases, layer.values, shipped_reader())


def library(*phrases: Phrase, **values: str) -> Library:
    return Library(phrases, values, shipped_reader())


def phrase(id: str, text: str, *triggers: str, **more: object) -> Phrase:
    fields: dict[str, object] = {"lang": "zh", "intent": "other"}
    return Phrase(id=id, text=text, triggers=triggers, **(fields | more))  # type: ignore[arg-type]


def asked(text: str, **more: object) -> Asked:
    read = shipped_reader().read(text)
    lang = "en" if read.normal.isascii() and read.normal else "zh"
    fields: dict[str, object] = {
        "read": read, "lang": lang, "phase": None, "product": "", "values": {}, "now_ms": NOW_MS
    }  # fmt: skip
    return Asked(**(fields | more))  # type: ignore[arg-type]


def ask(
    text: str, *, of: Library | None = None, learned: Learned | None = None, lang: str | None = None, **situation: bool
) -> list[Found]:
    found = of if of is not None else shipped_library()
    question = asked(text) if lang is None else asked(text, lang=lang)
    return offered(found, question, learned or Learned(), Situation(**situation))


def ids(found: list[Found]) -> list[str]:
    return [one.phrase.id for one in found]


@cache
def shipped() -> Wording:
    wording, _, faults = words.load_quality(default_folder(), BRANDS)
    assert faults == []
    return wording
