"""YAML files that people edit, read so that each fault names its place and its remedy.

One dialect for every file in ``rules/``: UTF-8, no anchors, no tags, no key twice,
plain scalars only as JSON knows them. What YAML 1.1 reads as something else (``3:00``
as 180, ``on`` as true) is refused or kept as text, because nobody means it.

A file is read into a pydantic model. Where a value stands is remembered, so that a
later check (a shop that does not exist, limits that do not rise) can name the line too.
"""

import re
import types
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, NamedTuple, TypeVar, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, WithJsonSchema

from monitor.core.units import DAY_MS, HOUR_MS, MINUTE_MS
from monitor.yaml_wording import as_written, full_width, kind_in_words, length_meant, length_of, meant_by

FILE_BYTES_AT_MOST = 8 * 1024 * 1024  # A library of 20,000 phrases has about four.
DEPTH_AT_MOST = 32  # No file of ours nests deeper than ten.
FAULTS_SHOWN = 50  # Of one file: more are the same one again.


class Fault(NamedTuple):
    """One thing that is wrong in a file; line and column count from 1, 0 where there is none."""

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        place = f":{self.line}:{self.column}" if self.line else ""
        return f"{self.file}{place}: {self.message}"


class BadFiles(Exception):
    """Files that cannot be used; ``faults`` are all that were found."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = list(faults)


class Model(BaseModel):
    """What the models of all files have: nothing unknown, nothing guessed, nothing changed later."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, str_strip_whitespace=True)


M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Document(Generic[M]):
    """A file as it was read.

    Attributes:
        file: its name as shown to people.
        text: its bytes.
        value: what it says.
    """

    file: str
    text: bytes
    value: M
    _node: yaml.Node

    def place(self, *loc: int | str) -> tuple[int, int]:
        """Return line and column of a value, or of the nearest one around it."""
        mark = _node_at(self._node, loc).start_mark
        return mark.line + 1, mark.column + 1

    def lines(self, *loc: int | str) -> list[int]:
        """Return the line of each item of a list; of a long one quicker than asking for one place after another."""
        node = _node_at(self._node, loc)
        if not loc or not isinstance(node, yaml.SequenceNode):
            return []
        return [item.start_mark.line + 1 for item in node.value]

    def fault(self, message: str, *loc: int | str) -> Fault:
        """Return a fault at a value."""
        return Fault(self.file, *self.place(*loc), message)

    def fault_at(self, words: str, message: str, *loc: int | str) -> Fault:
        """Return a fault at words within a text, or at the text where they do not stand in it as they are written."""
        node = _node_at(self._node, loc)
        lines = self.text.decode("utf-8-sig").split("\n")
        for line in range(node.start_mark.line, min(node.end_mark.line + 1, len(lines))):
            column = lines[line].find(words, node.start_mark.column if line == node.start_mark.line else 0)
            if column >= 0:
                return Fault(self.file, line + 1, column + 1, message)
        return self.fault(message, *loc)


def read(path: Path, model: type[M], *, name: str | None = None) -> Document[M]:
    """Read a file into a model.

    Args:
        path: the file.
        model: what it must look like.
        name: how to call it in faults; None: its path.

    Raises:
        BadFiles: it cannot be read or is not as the model says; all faults of it, each with its place.
    """
    name = name or str(path)
    try:
        if path.stat().st_size > FILE_BYTES_AT_MOST:
            raise BadFiles([Fault(name, 0, 0, f"larger than {FILE_BYTES_AT_MOST >> 20} MiB; split it")])
        text = path.read_bytes()
    except OSError as error:
        raise BadFiles([Fault(name, 0, 0, f"cannot be read: {error.strerror}")]) from error
    return parse(text, model, name=name)


def parse(text: bytes, model: type[M], *, name: str) -> Document[M]:
    """Read bytes as `read` does a file; raises BadFiles as it does."""
    node = _compose(text, name)
    value = _Reader(name).value(node)
    try:
        return Document(name, text, model.model_validate(value), node)
    except ValidationError as error:
        raise BadFiles(_worded(error, model, node, name)) from error


# -- from bytes to plain values -----------------------------------------------------------------------------------


def _compose(text: bytes, name: str) -> yaml.Node:
    try:
        decoded = text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = text.count(b"\n", 0, error.start) + 1
        raise BadFiles([Fault(name, line, 1, "not UTF-8; save the file as UTF-8")]) from error
    odd = _NOT_PRINTED.search(decoded)
    if odd is not None:
        line, column = decoded.count("\n", 0, odd.start()) + 1, odd.start() - decoded.rfind("\n", 0, odd.start())
        said = f"the character U+{ord(odd[0]):04X} cannot stand in YAML; take it out"
        raise BadFiles([Fault(name, line, column, said)])
    try:
        depth = 0
        for event in yaml.parse(decoded, Loader=yaml.CSafeLoader):
            if isinstance(event, yaml.AliasEvent):
                raise BadFiles([_at(event.start_mark, name, "an alias (*name) is not used here; write the value out")])
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > DEPTH_AT_MOST:
                raise BadFiles([_at(event.start_mark, name, f"nested deeper than {DEPTH_AT_MOST}")])
        node = yaml.compose(decoded, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        sign = full_width(decoded, mark.line + 1) if mark is not None else None
        if sign is not None:
            raise BadFiles([Fault(name, *sign)]) from error
        problem = error.problem or error.context or "not YAML"
        if "\\t" in problem or "tab character" in problem or ("cannot start any token" in problem and "\t" in decoded):
            problem = "a tab cannot indent in YAML; use spaces"
        elif "mapping values are not allowed" in problem:
            problem = (
                'a second ": " in one line; a text with ": " in it stands in quotes, a key as far in as those beside it'
            )
        elif "maximum nesting depth" in problem:
            problem = f"nested deeper than {DEPTH_AT_MOST}"
        elif "found another document" in problem:
            problem = "a file is one document; take the --- out"
        elif "did not find expected" in problem:
            problem = (
                f"{problem}: a bracket or a quotation mark is not closed, or a line is not as far in as those beside it"
            )
        raise BadFiles([_at(mark, name, problem) if mark else Fault(name, 0, 0, problem)]) from error
    except yaml.YAMLError as error:
        raise BadFiles([Fault(name, 0, 0, f"not YAML: {error}")]) from error
    if node is None:
        raise BadFiles([Fault(name, 1, 1, "the file is empty")])
    return node


# All that YAML does not take for printable.
_NOT_PRINTED = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
_CLOCK = re.compile(r"[0-9]+:[0-9:.]+")
_WORDS: dict[str, Any] = {"": None, "null": None, "~": None, "true": True, "false": False}


class _Reader:
    """Makes plain values of nodes."""

    def __init__(self, name: str) -> None:
        self._name = name

    def value(self, node: yaml.Node) -> Any:
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        if isinstance(node, yaml.SequenceNode):
            self._plain(node, "tag:yaml.org,2002:seq")
            return [self.value(item) for item in node.value]
        assert isinstance(node, yaml.MappingNode)
        self._plain(node, "tag:yaml.org,2002:map")
        made: dict[Hashable, Any] = {}
        for key_node, item in node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
            if key is None:
                raise BadFiles([_at(key_node.start_mark, self._name, "a key must be plain text")])
            if key in made:
                raise BadFiles([_at(key_node.start_mark, self._name, f"{key} is there twice; one would be lost")])
            made[key] = self.value(item)
        return made

    def _plain(self, node: yaml.Node, tag: str) -> None:
        if node.tag != tag:
            raise BadFiles([_at(node.start_mark, self._name, f"a tag ({node.tag}) is not used here")])

    def _scalar(self, node: yaml.ScalarNode) -> Any:
        text: str = node.value
        if node.style:
            return text  # Quoted, or a block.
        if text in _WORDS:
            return _WORDS[text]
        if _INT.fullmatch(text) and len(text) < 20:
            return int(text)
        if _FLOAT.fullmatch(text):
            return float(text)
        if _CLOCK.fullmatch(text):
            length = length_of(text)
            said = f'for a time of day write "{text}" in quotes' + (
                f", for a length of time {length}" if length else ""
            )
            said += f": YAML reads a bare {text} as a number of seconds"
            raise BadFiles([_at(node.start_mark, self._name, said)])
        if node.tag.startswith("!"):
            self._plain(node, "tag:yaml.org,2002:str")
        return text


def _at(mark: Any, name: str, message: str) -> Fault:
    if mark is None:
        return Fault(name, 0, 0, message)
    return Fault(name, mark.line + 1, mark.column + 1, message)


# -- from a model's errors to places and hints --------------------------------------------------------------------


def _node_at(node: yaml.Node, loc: Sequence[int | str], *, key: bool = False) -> yaml.Node:
    """Return the node at a place of the value; with ``key`` the key itself, where the place is one of a mapping."""
    for depth, part in enumerate(loc):
        if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
        elif isinstance(node, yaml.MappingNode):
            for key_node, item in node.value:
                if key_node.value == str(part):
                    node = key_node if key and depth == len(loc) - 1 else item
                    break
            # Else a part that pydantic adds, such as the name of a union's member.
    return node


def _worded(error: ValidationError, model: type[BaseModel], node: yaml.Node, name: str) -> list[Fault]:
    faults = []
    for wrong in error.errors(include_url=False)[:FAULTS_SHOWN]:
        loc, kind, context = wrong["loc"], wrong["type"], wrong.get("ctx", {})
        message = wrong["msg"].removeprefix("Value error, ")
        shown = ".".join(map(str, loc)).removesuffix(".[key]") or "the file"
        if kind == "extra_forbidden":
            sign = full_width(str(loc[-1]), 1)
            message = f"{loc[-1]} is not known here{_hint(model, loc) if sign is None else f': {sign[2]}'}"
        elif kind == "missing":
            message = f"{loc[-1]} is missing"
        elif kind == "literal_error":
            message = f"{shown}: {none_of(wrong['input'], context['expected'])}"
        elif kind == "union_tag_not_found":
            message = f"{context['discriminator'].strip(chr(39))} is missing"
        elif kind == "union_tag_invalid":
            key, expected = context["discriminator"].strip("'"), re.findall(r"'([^']*)'", context["expected_tags"])
            message = f"{shown}.{key}: {as_written(context['tag'])} is none of {', '.join(expected)}"
            message += did_you_mean(context["tag"], expected)
            loc = (*loc, key)
        else:
            message = f"{shown}: {kind_in_words(kind, message, context, wrong['input'])}"
        at_key = kind == "extra_forbidden" or context.get("key") is True
        mark = _node_at(node, (*loc, *context.get("at", ())), key=at_key).start_mark
        faults.append((kind == "missing", _at(mark, name, message)))
    # A misspelt key is the reason why the right one is missing, so it is told first.
    return [fault for _, fault in sorted(faults)]


def none_of(value: Any, listed: str) -> str:
    """Return that a value is none of those that may stand there, which pydantic lists: ``'holds' or 'ignored'``."""
    expected = [one.strip("'") for one in re.split(", | or ", listed)]
    said = f"{as_written(value)} is none of {', '.join(expected)}"
    if isinstance(value, str) and value in expected:
        return f"{said}; write it without quotes"
    return said + did_you_mean(str(value), expected)


def _hint(model: type[BaseModel], loc: Sequence[int | str]) -> str:
    """Return where a key belongs that is not known at its place, or what could be meant by it."""
    word, known = str(loc[-1]), list(_names(model, loc[:-1]))
    inside = [key for key in known if word in _names(model, (*loc[:-1], key))]
    if inside:
        return f"; it belongs in {' or '.join(inside)}"
    return did_you_mean(word, known) or (f"; known: {', '.join(sorted(known))}" if known else "")


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """Return ``; did you mean X?`` for a name that is none of the known ones, or nothing where none is near."""
    close = meant_by(word, known) or get_close_matches(word, known, n=1, cutoff=0.6)
    return f"; did you mean {close[0]}?" if close else ""


def _names(annotation: Any, loc: Sequence[int | str]) -> Iterator[str]:
    """Yield the keys that are known at a place of a model."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _names(get_args(annotation)[0], loc)
    elif origin in (Union, types.UnionType):
        for member in get_args(annotation):
            # Pydantic names the member of a union in the place: try with and without.
            yield from _names(member, loc)
            if loc and isinstance(member, type) and loc[0] in (member.__name__, *_tags(member)):
                yield from _names(member, loc[1:])
    elif origin in (list, tuple, dict) and loc:
        yield from _names(get_args(annotation)[-1 if origin is dict else 0], loc[1:])
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        fields = {field.alias or key: field for key, field in annotation.model_fields.items()}
        if not loc:
            yield from fields
        elif loc[0] in fields:
            yield from _names(fields[str(loc[0])].annotation, loc[1:])


def _tags(member: type) -> Iterator[str]:
    """Yield the values by which a union may know its member."""
    if issubclass(member, BaseModel):
        for field in member.model_fields.values():
            if get_origin(field.annotation) is Literal:
                yield from map(str, get_args(field.annotation))


# -- values that all files share ----------------------------------------------------------------------------------

_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d{1,3})?)s)?(?:(\d+)ms)?")
_UNITS_MS = (DAY_MS, HOUR_MS, MINUTE_MS, 1_000, 1)
_OF_DAY = re.compile(r"([01]?[0-9]|2[0-4]):([0-5][0-9])(?::([0-5][0-9]))?")
LENGTH_AT_MOST_MS = 3650 * DAY_MS  # Sums of lengths and instants stay far below 64 bits.


def duration_ms(value: Any) -> int:
    """Return the milliseconds of ``90s``, ``3m``, ``1m30s``, ``2h``, ``7d``, ``500ms``.

    Raises:
        ValueError: it is none; a bare number has no unit.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        minutes = f"{value}m" if isinstance(value, int) else length_of(f"{value}m") or "1m30s"
        raise ValueError(f"a number has no unit: write {value}s or {minutes}")
    text = value.replace(" ", "") if isinstance(value, str) else ""
    found = _DURATION.fullmatch(text) if 0 < len(text) <= 40 else None
    if found is None:
        meant = length_meant(value) if isinstance(value, str) else ""
        raise ValueError(f"{as_written(value)} is no length of time; write 90s, 3m, 1m30s, 2h or 7d{meant}")
    length_ms = sum(round(float(part or 0) * unit) for part, unit in zip(found.groups(), _UNITS_MS, strict=True))
    if length_ms > LENGTH_AT_MOST_MS:
        raise ValueError(f"{value!r} is longer than ten years")
    return length_ms


def time_of_day_ms(value: Any) -> int:
    """Return the milliseconds since midnight of ``"08:00"``, ``"22:30:15"`` or ``"24:00"``.

    Raises:
        ValueError: it is none.
    """
    found = _OF_DAY.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f'{as_written(value)} is no time of day; write "08:00", quoted')
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    at_ms = ((hours * 60 + minutes) * 60 + seconds) * 1000
    if at_ms > DAY_MS:
        raise ValueError(f"{value!r} is after the end of the day, 24:00")
    return at_ms


_DURATION_SCHEMA = {"type": "string", "pattern": r"^(\d+d)?(\d+h)?(\d+m)?(\d+(\.\d{1,3})?s)?(\d+ms)?$", "minLength": 2}
_TIME_SCHEMA = {"type": "string", "pattern": r"^([01]?\d|2[0-4]):[0-5]\d(:[0-5]\d)?$"}

DurationMs = Annotated[int, BeforeValidator(duration_ms), WithJsonSchema(_DURATION_SCHEMA)]
"""A length of time, written with its unit; milliseconds once read."""

TimeOfDayMs = Annotated[int, BeforeValidator(time_of_day_ms), WithJsonSchema(_TIME_SCHEMA)]
"""A time of day, written quoted; milliseconds since midnight once read, 24:00 included."""
