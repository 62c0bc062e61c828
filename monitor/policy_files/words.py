"""``words/``: the word lists by which buyers' questions and agents' replies are read."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, Field

from monitor.policy_files import where
from monitor.policy_files.values import Id
from monitor.suggest.intents import Intent, Intents
from monitor.suggest.normal import Normaliser
from monitor.suggest.reader import Reader
from monitor.suggest.reply import Fact, ServiceWords
from monitor.suggest.wording import Wording, WordList
from monitor.yaml_files import BadFiles, Fault, Model, read

FOLDER = "words"
Word = Annotated[str, Field(min_length=1, max_length=60)]
M = TypeVar("M", bound=BaseModel)


class IntentWords(Model):
    """One intent."""

    phase: Literal["presale", "aftersale", "any"] = "presale"
    zh: list[Word] = Field(default_factory=list)
    en: list[Word] = Field(default_factory=list)


class IntentFile(Model):
    """``intents.yaml``."""

    intents: dict[Id, IntentWords]


class SynonymFile(Model):
    """``synonyms.yaml``."""

    groups: list[Annotated[list[Word], Field(min_length=2)]]


class SlipFile(Model):
    """``slips.yaml``."""

    slips: dict[Word, Word]


class FaultFile(Model):
    """A file of ``quality/``: words that are a fault in a reply."""

    rule: Id
    level: Literal["serious", "warn", "note"]
    words: list[Word]
    allow: list[Word] = Field(default_factory=list)
    allowed_on: list[str] = Field(default_factory=list)


class BothLanguages(Model):
    """Words of one meaning."""

    zh: list[Word] = Field(default_factory=list)
    en: list[Word] = Field(default_factory=list)

    @property
    def words(self) -> tuple[str, ...]:
        """Both."""
        return (*self.zh, *self.en)


class FactWords(Model):
    """How buyers tell something of what they need, and how it is asked."""

    said: list[Word] = Field(default_factory=list)
    asked: list[Word]


class ServiceFile(Model):
    """``service.yaml``."""

    polite: BothLanguages = BothLanguages()
    apology: BothLanguages = BothLanguages()
    recommend: BothLanguages = BothLanguages()
    need: BothLanguages = BothLanguages()
    not_need: BothLanguages = BothLanguages()
    curt: BothLanguages = BothLanguages()
    unclear: BothLanguages = BothLanguages()
    facts: dict[str, FactWords] = Field(default_factory=dict)


def load_quality(folder: Path, brand_words: Mapping[str, frozenset[str]]) -> tuple[Wording, ServiceWords, list[Fault]]:
    """Read the lists by which replies are judged.

    Args:
        folder: the rules.
        brand_words: words that tell a brand, and which shops may say them.
    """
    faults: list[Fault] = []
    own, shipped = (top / FOLDER / "quality" for top in (folder, where.default_folder()))
    files = {path.name: path for top in (shipped, own) if top.is_dir() for path in sorted(top.glob("*.yaml"))}
    lists = []
    for path in files.values():
        try:
            value = read(path, FaultFile).value
        except BadFiles as error:
            faults += error.faults
            continue
        lists.append(
            WordList(value.rule, value.level, tuple(value.words), tuple(value.allow), frozenset(value.allowed_on))
        )
    service = ServiceFile()
    path = where.find(folder, f"{FOLDER}/service.yaml")
    if path.exists():
        try:
            service = read(path, ServiceFile).value
        except BadFiles as error:
            faults += error.faults
    words = ServiceWords(
        polite=service.polite.words,
        apology=service.apology.words,
        recommend=service.recommend.words,
        need=service.need.words,
        not_need=service.not_need.words,
        curt=service.curt.words,
        unclear=service.unclear.words,
        facts=tuple(Fact(name, tuple(fact.said), tuple(fact.asked)) for name, fact in service.facts.items()),
    )
    return Wording(lists, brand_words), words, faults


def load(folder: Path) -> tuple[Reader, list[Fault]]:
    """Read the lists by which questions are read; what is missing is empty, what is wrong is told."""
    faults: list[Fault] = []

    def of(name: str, model: type[M], empty: M) -> M:
        path = where.find(folder, f"{FOLDER}/{name}")
        if not path.exists():
            return empty
        try:
            return read(path, model).value
        except BadFiles as error:
            faults.extend(error.faults)
            return empty

    intents = of("intents.yaml", IntentFile, IntentFile(intents={}))
    synonyms = of("synonyms.yaml", SynonymFile, SynonymFile(groups=[]))
    slips = of("slips.yaml", SlipFile, SlipFile(slips={}))
    normal = Normaliser(slips.slips)
    made = Intents(
        (Intent(name, words.phase, (*words.zh, *words.en)) for name, words in intents.intents.items()), normal
    )
    return Reader(normal, made, synonyms.groups), faults
