"""``words/``: the word lists by which buyers' questions and agents' replies are read."""

from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, Field

from monitor.policy_files import where
from monitor.suggest.intents import Intent, Intents
from monitor.suggest.normal import Normaliser
from monitor.suggest.reader import Reader
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

    intents: dict[Annotated[str, Field(pattern=r"^[a-z][a-z_]{1,39}$")], IntentWords]


class SynonymFile(Model):
    """``synonyms.yaml``."""

    groups: list[Annotated[list[Word], Field(min_length=2)]]


class SlipFile(Model):
    """``slips.yaml``."""

    slips: dict[Word, Word]


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
