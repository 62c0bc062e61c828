"""``quick_replies/``: the phrase library, one layer a file.

``general.*.yaml`` is for every shop, ``categories/<name>.yaml`` for the shops that
name the category, ``shops/<shop>.yaml`` for one shop (its name percent-encoded where
a file cannot be called so). At the start only the names are looked at; a file is read
when its shop is asked about.
"""

from collections.abc import Collection, Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Literal, NamedTuple
from urllib.parse import quote, unquote
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from monitor.policy_files import where
from monitor.policy_files.values import Day, Id
from monitor.suggest.phrases import CATEGORY, FILLED, GENERAL, SHOP, Phrase, variables, wrong_with
from monitor.yaml_files import BadFiles, Document, Fault, Model, did_you_mean, read

FOLDER = "quick_replies"
ZONE = ZoneInfo("Asia/Shanghai")  # Of the days a phrase is valid.


def _phrase_text(text: str) -> str:
    wrong = wrong_with(text)
    if wrong is not None:
        raise ValueError(wrong)
    return text


class PhraseEntry(Model):
    """One phrase as it stands in a file. A draft is kept, checked less and never suggested."""

    id: Annotated[str, Field(min_length=1, max_length=80)]
    intent: Id
    text: Annotated[str, Field(min_length=1, max_length=1_000)]
    triggers: list[Annotated[str, Field(min_length=1, max_length=200)]] = Field(default_factory=list, max_length=100)
    lang: Literal["zh", "en"] | None = None
    phase: Literal["presale", "aftersale", "any"] = "any"
    holding: bool = False
    question: bool = False
    products: list[Annotated[str, Field(min_length=1)]] = Field(default_factory=list)
    valid_from: Day | None = None
    valid_to: Day | None = None  # The last day it holds.
    draft: bool = False

    @model_validator(mode="after")
    def _holds_together(self) -> "PhraseEntry":
        if not self.draft:
            _phrase_text(self.text)
        if self.holding and self.question:
            raise ValueError("a phrase is holding or a question, not both")
        if self.valid_from and self.valid_to and self.valid_from > self.valid_to:
            raise ValueError("valid_to is before valid_from")
        return self


class PhraseFile(Model):
    """One layer."""

    lang: Literal["zh", "en"] = "zh"  # Of phrases that do not say.
    category: str | None = None  # In a shop's file: which category's layer lies below it.
    values: dict[Id, Annotated[str, Field(min_length=1, max_length=80)]] = Field(default_factory=dict)
    phrases: list[PhraseEntry] = Field(default_factory=list, max_length=50_000)


class Layer(NamedTuple):
    """A layer as it was read."""

    phrases: list[Phrase]
    values: dict[str, str]
    category: str | None
    documents: tuple[Document[PhraseFile], ...] = ()

    def unfilled(self, values: Collection[str]) -> list[Fault]:
        """Return which phrases are never suggested, since a variable of theirs has no value but these."""
        return [fault for document in self.documents for fault in _unfilled(document, values)]


EMPTY = Layer([], {}, None)


class PhraseFiles:
    """The files of one rules folder; only their names are known until a layer is asked for.

    Attributes:
        general: files for every shop, in order of their names.
        categories, shops: files by category and by shop.
    """

    def __init__(self, folder: Path) -> None:
        own, shipped = folder / FOLDER, where.default_folder() / FOLDER
        # A floor's own file stands in place of the shipped one of the same name; what it lacks is taken from there.
        self.general = [*(_by_name(shipped) | _by_name(own)).values()]
        self.categories = _by_name(shipped / "categories") | _by_name(own / "categories")
        self.shops = _by_name(own / "shops")

    def general_layer(self) -> tuple[Layer, list[Fault]]:
        """Return what holds for every shop. A file with faults is left out whole."""
        layers, faults = [], []
        for path in self.general:
            layer, wrong = self._read(path, GENERAL)
            layers.append(layer)
            faults += wrong
        values = {name: value for layer in layers for name, value in layer.values.items()}
        documents = tuple(document for layer in layers for document in layer.documents)
        return Layer([phrase for layer in layers for phrase in layer.phrases], values, None, documents), faults

    def category_layer(self, category: str) -> tuple[Layer, list[Fault]]:
        """Return what holds for the shops of a category; empty where there is no such file."""
        path = self.categories.get(category)
        return (EMPTY, []) if path is None else self._read(path, CATEGORY)

    def shop_layer(self, shop: str) -> tuple[Layer, list[Fault]]:
        """Return what is a shop's own; empty where it has no file."""
        path = self.shops.get(shop)
        return (EMPTY, []) if path is None else self._read(path, SHOP)

    def _read(self, path: Path, layer: int) -> tuple[Layer, list[Fault]]:
        try:
            document = read(path, PhraseFile)
        except BadFiles as error:
            return EMPTY, error.faults
        faults = list(_twice(document))
        category = document.value.category
        if category is not None and layer != SHOP:
            faults.append(document.fault("category belongs in a shop's file", "category"))
        elif category is not None and category not in self.categories:
            said = f"there is no categories/{category}.yaml{did_you_mean(category, list(self.categories))}"
            faults.append(document.fault(said, "category"))
        made = _made(document, layer)
        return Layer(made, dict(document.value.values), category, (document,)), faults


def load(folder: Path) -> tuple[PhraseFiles, list[Fault], list[Fault]]:
    """Look at the library of a rules folder: return its files, what is wrong with the general layer, what is doubtful.

    The rest is read when asked for; all of it only where a general phrase has a variable that any shop might fill.
    """
    files = PhraseFiles(folder)
    general, faults = files.general_layer()
    if not general.unfilled(known := _words_of_all() | general.values.keys()):
        return files, faults, []
    for path, layer in files_of(files):
        known |= files._read(path, layer)[0].values.keys()
    return files, faults, general.unfilled(known)


def check(folder: Path, intents: frozenset[str]) -> tuple[list[Fault], list[Fault]]:
    """Read every file and return all faults and doubts.

    An intent that no word list knows is a fault; a phrase that no value fills, so that it is never suggested, a doubt.
    """
    files = PhraseFiles(folder)
    faults: list[Fault] = []
    layers: list[tuple[int, Layer]] = []
    for path, layer in files_of(files):
        made, wrong = files._read(path, layer)
        layers.append((layer, made))
        faults += wrong
        for phrase in made.phrases:
            if phrase.intent not in intents and phrase.intent not in OWN_INTENTS:
                file, _, line = phrase.place.rpartition(":")
                known = sorted(intents | OWN_INTENTS)
                said = f"{phrase.id}: no intent is called {phrase.intent}{did_you_mean(phrase.intent, known)}"
                faults.append(Fault(file, int(line), 1, said))
    everywhere = _words_of_all().union(*(made.values for _, made in layers))
    below = FILLED.union(*(made.values for layer, made in layers if layer != SHOP))
    doubts = [
        doubt
        for layer, made in layers
        for doubt in made.unfilled(below | made.values.keys() if layer == SHOP else everywhere)
    ]
    return faults, doubts


OWN_INTENTS = frozenset(
    {"holding", "transfer", "apology", "need", "other"}
)  # Of phrases that answer no question of a buyer.


def files_of(files: PhraseFiles) -> Iterator[tuple[Path, int]]:
    """Yield every file with its layer."""
    for path in files.general:
        yield path, GENERAL
    for path in files.categories.values():
        yield path, CATEGORY
    for path in files.shops.values():
        yield path, SHOP


def shop_file(folder: Path, shop: str) -> Path:
    """Return where the phrases of a shop lie."""
    return folder / FOLDER / "shops" / f"{quote(shop, safe='')[:200]}.yaml"


def _by_name(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        return {}
    return {unquote(path.name.removesuffix(".yaml")): path for path in sorted(folder.glob("*.yaml"))}


def _twice(document: Document[PhraseFile]) -> Iterator[Fault]:
    seen: dict[str, int] = {}
    for number, entry in enumerate(document.value.phrases):
        if entry.id in seen:
            line = document.place("phrases", seen[entry.id])[0]
            yield document.fault(f"the id {entry.id} is there already, in line {line}", "phrases", number, "id")
        seen.setdefault(entry.id, number)


def _words_of_all() -> frozenset[str]:
    """Return the variables that a phrase for many shops may have: of the chat, and those that are shipped for shops."""
    shipped = PhraseFiles(where.default_folder())
    return FILLED.union(*(variables(path.read_text("utf-8")) for path, _ in files_of(shipped)))


def _unfilled(document: Document[PhraseFile], values: Collection[str]) -> Iterator[Fault]:
    for number, entry in enumerate(document.value.phrases):
        if entry.draft or "{" not in entry.text:
            continue
        for name in variables(entry.text):
            if name not in values:
                meant = did_you_mean(name, sorted(values)) or "; give it one under values"
                said = f"{{{name}}} has no value, so this phrase is never suggested{meant}"
                yield document.fault_at(f"{{{name}}}", said, "phrases", number, "text")


def _made(document: Document[PhraseFile], layer: int) -> list[Phrase]:
    value = document.value
    lines = document.lines("phrases")
    return [
        Phrase(
            id=entry.id,
            lang=entry.lang or value.lang,
            intent=entry.intent,
            text=entry.text,
            triggers=tuple(entry.triggers),
            phase=entry.phase,
            holding=entry.holding,
            question=entry.question,
            products=tuple(entry.products),
            valid_from_ms=_day_ms(entry.valid_from),
            valid_to_ms=_day_ms(entry.valid_to, days=1),
            layer=layer,
            place=f"{document.file}:{line}",
        )
        for entry, line in zip(value.phrases, lines, strict=True)
        if not entry.draft
    ]


def _day_ms(day: date | None, *, days: int = 0) -> int:
    """Return the first instant of a day, or of one some days later; 0 where none is given."""
    if day is None:
        return 0
    at = datetime.combine(day + timedelta(days=days), time(), ZONE)
    return int(at.timestamp() * 1000)
