"""Tables of the rules, in CSV: read row by row into a model, each fault with line and cell.

Headers may be written in Chinese.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError

from monitor.csv_files import NoTable, rows_of, text_of
from monitor.policy_files.values import date_of
from monitor.yaml_files import FAULTS_SHOWN, FILE_BYTES_AT_MOST, BadFiles, Fault, did_you_mean, none_of
from monitor.yaml_wording import kind_in_words

M = TypeVar("M", bound=BaseModel)
ROWS_AT_MOST = 100_000
DIGITS_AT_MOST = 9  # Of a number; Python makes none of thousands.


class Row(NamedTuple):
    """One line of a table."""

    line: int
    value: Any
    cells: Mapping[str, int]  # Where each key stands in its line, from 1.


class Shape(NamedTuple):
    """How cells become values.

    Attributes:
        headers: other ways to write a header, by what it means.
        lists: keys whose cell holds several, parted by ``;``, ``、``, ``,`` or ``|``.
        maps: keys whose cell holds several ``name=value``.
        numbers: keys whose cell is a whole number.
        dates: keys whose cell is a date, which a spreadsheet writes its own way: 2026/11/1.
    """

    headers: Mapping[str, str]
    lists: frozenset[str] = frozenset()
    maps: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()
    dates: frozenset[str] = frozenset()


def read(path: Path, model: type[M], shape: Shape) -> tuple[list[Row], list[Fault]]:
    """Read a table; rows that are wrong are among the faults, the others are returned.

    Raises:
        BadFiles: it is no table of this kind at all.
    """
    name = str(path)
    lines = rows_of(_decoded(path, name), strict=True)
    rows: list[Row] = []
    faults: list[Fault] = []
    try:
        _, header = next(lines, (1, []))
        keys = _keys(header, model, shape, name)
        for line, cells in lines:
            if not any(cell.strip() for cell in cells) or cells[0].lstrip().startswith("#"):
                continue
            if len(cells) > len(keys) and any(cell.strip() for cell in cells[len(keys) :]):
                faults.append(Fault(name, line, len(keys) + 1, "more cells than the header has"))
                continue
            if len(rows) >= ROWS_AT_MOST:
                faults.append(Fault(name, line, 1, f"more than {ROWS_AT_MOST} lines"))
                break
            made, places = _values(keys, cells, shape)
            try:
                rows.append(Row(line, model.model_validate(made), places))
            except ValidationError as error:
                faults += _worded(error, name, line, places)
            if len(faults) >= FAULTS_SHOWN:
                break
    except NoTable as error:
        raise BadFiles([Fault(name, error.line, 1, str(error))]) from error
    return rows, faults


def _decoded(path: Path, name: str) -> str:
    try:
        if path.stat().st_size > FILE_BYTES_AT_MOST:
            raise BadFiles([Fault(name, 0, 0, f"larger than {FILE_BYTES_AT_MOST >> 20} MiB; split it")])
        raw = path.read_bytes()
    except OSError as error:
        raise BadFiles([Fault(name, 0, 0, f"cannot be read: {error.strerror}")]) from error
    if not raw.strip():
        raise BadFiles([Fault(name, 1, 1, "the file is empty; its first line names the columns")])
    try:
        return text_of(raw)
    except ValueError as error:
        raise BadFiles([Fault(name, 1, 1, str(error))]) from None


def _keys(header: list[str], model: type[BaseModel], shape: Shape, name: str) -> list[str]:
    """Return what each column means."""
    fields = {field.alias or key: field for key, field in model.model_fields.items()}
    known = [*fields, *(word for word, key in shape.headers.items() if key in fields)]
    keys: list[str] = []
    faults: list[Fault] = []
    named = [cell.strip() for cell in header]
    while named and not named[-1]:
        named.pop()  # A spreadsheet's commas at the end of the line.
    for place, word in enumerate(named, 1):
        key = shape.headers.get(word) or word.lower()
        if key not in fields:
            meant = did_you_mean(word, known) or f"; known: {', '.join(known)}"
            faults.append(Fault(name, 1, place, f"{word or 'a column without a name'} is no column here{meant}"))
        elif key in keys:
            faults.append(Fault(name, 1, place, f"the column {word} is there twice"))
        keys.append(key)
    required = [key for key, field in fields.items() if field.is_required() and key not in keys]
    if not faults:
        faults += [Fault(name, 1, 1, f"the column {key} is missing") for key in required]
    if faults:
        raise BadFiles(faults)
    return keys


def _values(keys: list[str], cells: list[str], shape: Shape) -> tuple[dict[str, Any], dict[str, int]]:
    made: dict[str, Any] = {}
    places: dict[str, int] = {}
    for place, (key, cell) in enumerate(zip(keys, cells, strict=False), 1):
        text = cell.strip()
        if not text:
            continue
        places[key] = place
        if key in shape.lists:
            made[key] = _split(text)
        elif key in shape.maps:
            parts = (part.partition("=") for part in _split(text.replace("：", "=").replace(":", "=")))
            made[key] = {word.strip(): value.strip() for word, _, value in parts}
        elif key in shape.numbers and text.isdecimal() and len(text) <= DIGITS_AT_MOST:
            made[key] = int(text)
        elif key in shape.dates:
            made[key] = date_of(text)
        else:
            made[key] = text
    return made, places


def _split(text: str) -> list[str]:
    for sign in ("、", "|", "；", ",", "，"):
        text = text.replace(sign, ";")
    return [part.strip() for part in text.split(";") if part.strip()]


def _worded(error: ValidationError, name: str, line: int, places: Mapping[str, int]) -> list[Fault]:
    faults = []
    for wrong in error.errors(include_url=False):
        key = str(wrong["loc"][0]) if wrong["loc"] else ""
        message = wrong["msg"].removeprefix("Value error, ")
        if wrong["type"] == "missing":
            message = f"{key} is missing"
        elif wrong["type"] == "literal_error":
            message = f"{key}: {none_of(wrong['input'], wrong['ctx']['expected'])}"
        else:
            message = f"{key}: {kind_in_words(wrong['type'], message, wrong.get('ctx', {}))}"
        faults.append(Fault(name, line, places.get(key, 1), message))
    return faults
