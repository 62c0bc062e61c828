"""Phrases that a shop has elsewhere: CSV of any kind, and what 千牛 exports, made into a file of the library.

What cannot be said as it stands, because something is left open in it, becomes a draft.
Intents are told from title and group, else from the text; a person looks over all of it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from zlib import crc32

import yaml

from monitor.core.words import GREETING, HOLDING, built_in
from monitor.csv_files import NoTable, rows_of, text_of
from monitor.errors import UsageError
from monitor.suggest.phrases import wrong_with
from monitor.suggest.reader import Reader

BYTES_AT_MOST = 32 * 1024 * 1024
TEXT_CHARS = 1_000
TRIGGERS_AT_MOST = 20
OTHER = "other"

# What columns are called, by what is in them. 千牛: 快捷编码, 快捷短语, 快捷短语分组.
_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "text": (
        "快捷短语",
        "短语内容",
        "短语",
        "内容",
        "话术内容",
        "话术",
        "回复内容",
        "回复",
        "text",
        "content",
        "reply",
        "phrase",
        "message",
    ),
    "title": ("标题", "名称", "场景", "问题", "title", "name", "scene", "question", "shortcut"),
    "code": ("快捷编码", "编码", "快捷键", "code", "id", "key"),
    "group": ("快捷短语分组", "分组", "分类", "类别", "目录", "group", "category", "folder"),
    "triggers": ("触发词", "关键词", "关键字", "triggers", "keywords", "tags"),
    "intent": ("意图", "intent"),
    "lang": ("语言", "lang", "language"),
}


class Imported(NamedTuple):
    """What came of a file."""

    phrases: list[dict[str, Any]]  # As they stand in a file of the library.
    drafts: list[str]  # Ids with what is still open in each.
    left_out: list[str]  # Rows that are none, and why.


def read_rows(body: bytes) -> list[dict[str, str]]:
    """Return the rows of a CSV by what is in their columns.

    Raises:
        UsageError: it is no CSV with a column of texts.
    """
    if len(body) > BYTES_AT_MOST:
        raise UsageError(f"the file has more than {BYTES_AT_MOST >> 20} MiB; split it")
    try:
        rows = [cells for _, cells in rows_of(text_of(body)) if any(cell.strip() for cell in cells)]
    except NoTable as error:
        raise UsageError(f"the file cannot be read as CSV: {error}") from None
    except ValueError as error:
        raise UsageError(f"the file is {error}") from None
    header = rows[0] if rows else []
    columns = {name: at for at, cell in enumerate(header) if (name := _column(cell)) is not None}
    if "text" not in columns:
        if len(header) == 1 or not columns:
            raise UsageError(f"no column holds the phrases; call it one of: {', '.join(_COLUMNS['text'][:4])}, text")
        raise UsageError(f"no column is called {_COLUMNS['text'][0]} or text; found: {', '.join(header)[:200]}")
    return [{name: row[at].strip() for name, at in columns.items() if at < len(row)} for row in rows[1:]]


def imported(rows: Sequence[Mapping[str, str]], reader: Reader) -> Imported:
    """Return the phrases of rows; one text twice is one phrase."""
    done = Imported([], [], [])
    seen: set[str] = set()
    ids: set[str] = set()
    for number, row in enumerate(rows, start=2):
        text = row.get("text", "").replace("\r\n", "\n")
        if not text or len(text) > TEXT_CHARS:
            done.left_out.append(f"row {number}: " + ("empty" if not text else f"longer than {TEXT_CHARS} characters"))
            continue
        if text in seen:
            done.left_out.append(f"row {number}: the same text is there already")
            continue
        seen.add(text)
        entry = _entry(row, text, reader)
        while entry["id"] in ids:
            entry["id"] += "-2"
        ids.add(entry["id"])
        wrong = wrong_with(text)
        if wrong is not None:
            entry["draft"] = True
            done.drafts.append(f"{entry['id']}: {wrong}")
        done.phrases.append(entry)
    return done


def written(done: Imported, about: str) -> str:
    """Return the file of the library."""
    body = yaml.safe_dump({"phrases": done.phrases}, allow_unicode=True, sort_keys=False, width=200)
    return f"# {about}\n# Look it over: intents were told from the words, and drafts still have something open.\n{body}"


def _entry(row: Mapping[str, str], text: str, reader: Reader) -> dict[str, Any]:
    title, group = row.get("title", ""), row.get("group", "")
    lang = row.get("lang", "")[:2].lower()
    if lang not in ("zh", "en"):
        lang = "zh" if any(char >= "\u3400" for char in text) else "en"
    words = built_in.words_of("agent", "text", text)
    entry: dict[str, Any] = {
        "id": (row.get("code") or f"p{crc32(text.encode('utf-8', 'surrogatepass')):08x}")[:70],
        "lang": lang,
        "intent": row.get("intent") or told_intent(title, group, text, reader),
    }
    if words & HOLDING and not words & GREETING:
        entry |= {"intent": "holding", "holding": True}
    triggers = [part for part in _split(row.get("triggers", "")) if part][:TRIGGERS_AT_MOST]
    if title and title not in triggers:
        triggers.insert(0, title[:200])
    if triggers:
        entry["triggers"] = triggers
    entry["text"] = text
    return entry


def told_intent(title: str, group: str, text: str, reader: Reader) -> str:
    """Return the intent that the title tells, else the group, else the text; ``other`` where none does."""
    for said in (title, group, text):
        reading = reader.read(said).reading
        if reading.intents and (said is not text or reading.intent is not None):
            return reading.intents[0].intent
    return OTHER


def _split(triggers: str) -> Iterator[str]:
    for sign in "，、;；|\n":
        triggers = triggers.replace(sign, ",")
    return (part.strip()[:200] for part in triggers.split(","))


def _column(cell: str) -> str | None:
    name = cell.strip().strip("\ufeff").lower()
    for column, names in _COLUMNS.items():
        if name in names:
            return column
    return None
