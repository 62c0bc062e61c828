"""Exported chats into events: CSV, spreadsheets, and the text that 千牛 writes.

Headings are known by the names that exports use, in Chinese and English; a YAML file names others. A time without
an offset is that of ``zone``. Who spoke: what a role column says; else an account of the shop (``shop:name``, as
千牛 writes it) or a name that is given is the agent, and everybody else the buyer.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from openpyxl import load_workbook

from monitor.csv_files import NoTable, rows_of, text_of
from monitor.errors import UsageError
from monitor.yaml_files import Model

# What exports call their columns; the first that is there counts.
HEADINGS: dict[str, tuple[str, ...]] = {
    "ts": (
        "ts",
        "time",
        "timestamp",
        "sent at",
        "created_at",
        "date",
        "时间",
        "发送时间",
        "消息时间",
        "聊天时间",
        "日期时间",
    ),
    "text": ("text", "message", "content", "body", "内容", "消息内容", "聊天内容", "消息", "文本"),
    "sender": ("sender", "from", "author", "name", "发送人", "发送者", "发送方", "发言人", "昵称"),
    "role": ("role", "sender_type", "direction", "type", "角色", "身份", "发送方类型", "消息方向"),
    "conversation": (
        "conversation",
        "conversation_id",
        "session",
        "session_id",
        "chat_id",
        "会话",
        "会话id",
        "会话编号",
    ),
    "buyer": ("buyer", "customer", "customer_id", "买家", "买家昵称", "顾客", "客户", "客户昵称", "用户昵称"),
    "agent": ("agent", "agent_name", "客服", "客服昵称", "接待客服", "子账号", "客服账号"),
    "shop": ("shop", "store", "店铺", "店铺名称", "商家"),
    "id": ("id", "message_id", "msg_id", "消息id", "消息编号"),
}
ROLES = {
    "buyer": ("buyer", "customer", "visitor", "user", "in", "incoming", "买家", "顾客", "客户", "用户", "接收"),
    "agent": ("agent", "seller", "staff", "human", "out", "outgoing", "客服", "卖家", "商家", "人工", "发送"),
    "bot": ("bot", "robot", "机器人", "店小蜜", "智能客服"),
    "system": ("system", "系统", "系统消息"),
}
_ROLE_OF = {said: role for role, words in ROLES.items() for said in words}

# 千牛 and its like: a line with who and when, then lines of what was said.
_SAID_BY = (
    re.compile(
        r"(?P<sender>\S.{0,99}?)\s*[(（](?P<ts>\d{4}[-/年]\d{1,2}[-/月]\d{1,2}日?\s+\d{1,2}:\d\d(?::\d\d)?)[)）][:：]?\s*"
    ),
    re.compile(
        r"(?P<ts>\d{4}[-/年]\d{1,2}[-/月]\d{1,2}日?\s+\d{1,2}:\d\d(?::\d\d)?)\s+(?P<sender>\S.{0,99}?)[:：]?\s*"
    ),
    re.compile(
        r"(?P<sender>\S.{0,99}?)\s+(?P<ts>\d{4}[-/年]\d{1,2}[-/月]\d{1,2}日?\s+\d{1,2}:\d\d(?::\d\d)?)[:：]?\s*"
    ),
)
_DATE = re.compile(r"(\d{4})[-/年.](\d{1,2})[-/月.](\d{1,2})日?[ T]+(\d{1,2}):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?")
ROWS_AT_MOST = 2_000_000


class ColumnsFile(Model):
    """A file that names columns: ours on the left, the export's heading on the right."""

    columns: dict[str, str]


@dataclass
class Import:
    """How to read exports, and what came of it.

    Attributes:
        shop: stands where the export names none.
        platform: of all of it.
        zone: of times without an offset.
        agents: names that are agents.
        columns: ours: the export's heading, beyond those known.
        read: rows or messages so far.
        skipped: why rows were left out, the first few of each reason with their line.
    """

    shop: str
    platform: str | None = None
    zone: str = "Asia/Shanghai"
    agents: frozenset[str] = frozenset()
    columns: Mapping[str, str] = field(default_factory=dict)
    read: int = 0
    skipped: list[str] = field(default_factory=list)
    left_out: int = 0

    def __post_init__(self) -> None:
        """Look the zone up.

        Raises:
            UsageError: there is none of that name, or a column is none of ours.
        """
        try:
            self._zone = ZoneInfo(self.zone)
        except (KeyError, ValueError, OSError) as error:
            raise UsageError(f"there is no time zone {self.zone!r}; one is called Asia/Shanghai") from error
        for name in self.columns:
            if name not in HEADINGS:
                raise UsageError(f"there is no column {name!r} of ours; known: {', '.join(HEADINGS)}")
        self._seen: dict[str, int] = {}
        self._last_buyer: str | None = None

    def events(self, path: Path) -> Iterator[dict[str, Any]]:
        """Yield the events of one file, in its order.

        Raises:
            UsageError: it cannot be read, or its columns are not known.
        """
        kind = path.suffix.lower()
        try:
            if kind in (".xlsx", ".xlsm"):
                yield from self._rows(path.name, _sheet(path))
            elif kind in (".csv", ".tsv"):
                yield from self._rows(path.name, _table(path))
            elif kind == ".txt":
                yield from self._said(path)
            else:
                raise UsageError(f"{path}: exports are read from .csv, .tsv, .xlsx and .txt files")
        except OSError as error:
            raise UsageError(f"{path} cannot be read: {error.strerror}") from error

    # -- tables ------------------------------------------------------------------------------------------------------

    def _rows(self, name: str, rows: Iterator[Sequence[Any]]) -> Iterator[dict[str, Any]]:
        heading = next(rows, None)
        if heading is None:
            raise UsageError(f"{name} is empty")
        places = self._places(name, [str(cell or "").strip() for cell in heading])
        for line, row in enumerate(rows, start=2):
            cells = {ours: row[at] for ours, at in places.items() if at < len(row) and row[at] not in (None, "")}
            if cells:
                yield from self._event(cells, f"{name}:{line}")

    def _places(self, name: str, heading: list[str]) -> dict[str, int]:
        """Return which column is which."""
        lower = [cell.lower() for cell in heading]
        places: dict[str, int] = {}
        for ours, known in HEADINGS.items():
            if ours in self.columns:
                if self.columns[ours].lower() not in lower:
                    raise UsageError(f"{name} has no column {self.columns[ours]!r}; it has {', '.join(heading)}")
                places[ours] = lower.index(self.columns[ours].lower())
                continue
            found = next((lower.index(word) for word in known if word in lower), None)
            if found is not None and found not in places.values():
                places[ours] = found
        if "ts" not in places or not places.keys() & {"sender", "role", "buyer"}:
            raise UsageError(
                f"{name} needs a column of times and one of who spoke; it has {', '.join(heading)}. Name them in a "
                "file, columns: {ts: …, sender: …, text: …}, and give it with --columns"
            )
        return places

    # -- text ----------------------------------------------------------------------------------------------------------

    def _said(self, path: Path) -> Iterator[dict[str, Any]]:
        """Yield the messages of a text export; what stands before the first of them is its heading."""
        cells: dict[str, Any] = {}
        words: list[str] = []
        at = 0
        for line, text in enumerate(_decoded(path).splitlines(), start=1):
            found = next((one for pattern in _SAID_BY if (one := pattern.fullmatch(text.strip()))), None)
            if found is None:
                words.append(text)
                continue
            if cells:
                yield from self._event(cells | {"text": "\n".join(words).strip()}, f"{path.name}:{at}")
            cells, words, at = found.groupdict(), [], line
        if not cells:
            raise UsageError(f"{path.name} has no line with a name and a time, such as: 小林 (2026-11-20 10:00:00)")
        yield from self._event(cells | {"text": "\n".join(words).strip()}, f"{path.name}:{at}")

    # -- one message ---------------------------------------------------------------------------------------------------

    def _event(self, cells: dict[str, Any], place: str) -> Iterator[dict[str, Any]]:
        self.read += 1
        if self.read > ROWS_AT_MOST:
            raise UsageError(f"more than {ROWS_AT_MOST} messages; import the files one after the other")
        at = self._instant(cells["ts"]) if "ts" in cells else None
        role = self._role(cells)
        if at is None or role is None:
            self.left_out += 1
            if len(self.skipped) < 10:
                wrong = f"{cells.get('ts')!r} is no time" if at is None else f"{cells.get('role')!r} is no role"
                self.skipped.append(f"{place}: {wrong}")
            return
        sender = _text(cells.get("sender"))
        agent = _text(cells.get("agent")) or (sender if role in ("agent", "bot") else None)
        buyer = _text(cells.get("buyer")) or (sender if role == "buyer" else None)
        self._last_buyer = buyer = buyer or self._last_buyer
        conversation = _text(cells.get("conversation")) or buyer
        if conversation is None:
            self.left_out += 1
            if len(self.skipped) < 10:
                self.skipped.append(f"{place}: it is not said which buyer this belongs to")
            return
        event = {
            "id": _text(cells.get("id")) or self._made_id(conversation, at, sender, cells.get("text")),
            "ts": at.isoformat(timespec="milliseconds"),
            "shop": _text(cells.get("shop")) or self.shop,
            "platform": self.platform,
            "conversation": conversation,
            "buyer": buyer,
            "role": role,
            "agent": agent,
            "text": _text(cells.get("text")) or "",
        }
        yield {name: value for name, value in event.items() if value is not None}

    def _role(self, cells: dict[str, Any]) -> str | None:
        if "role" in cells:
            return _ROLE_OF.get(str(cells["role"]).strip().lower())
        sender = str(cells.get("sender") or "").strip()
        if not sender:
            return "agent" if cells.get("agent") else "buyer"
        is_ours = sender in self.agents or sender == _text(cells.get("agent")) or ":" in sender or sender == self.shop
        return "agent" if is_ours else "buyer"

    def _made_id(self, conversation: str, at: datetime, sender: str | None, text: Any) -> str:
        """Return an id for a message that has none; the same message in the same place gets the same again."""
        said = f"{conversation}\0{at.timestamp()}\0{sender}\0{text}"
        again = self._seen[said] = self._seen.get(said, -1) + 1
        return hashlib.sha256(f"{said}\0{again}".encode("utf-8", "surrogatepass")).hexdigest()[:24]

    def _instant(self, value: Any) -> datetime | None:
        """Return a time as an export writes it, with its zone; None where it is none."""
        if isinstance(value, datetime):
            return value if value.tzinfo else value.replace(tzinfo=self._zone)
        text = str(value).strip()
        if text.isdigit() and len(text) in (10, 13):
            return datetime.fromtimestamp(int(text) / (1000 if len(text) == 13 else 1), UTC)
        if found := _DATE.fullmatch(text):
            year, month, day, hour, minute, second, part = found.groups()
            try:
                return datetime(
                    int(year), int(month), int(day), int(hour), int(minute), int(second or 0),
                    int((part or "0").ljust(6, "0")), tzinfo=self._zone,
                )  # fmt: skip
            except ValueError:
                return None
        try:
            read = datetime.fromisoformat(text)
        except ValueError:
            return None
        return read if read.tzinfo else read.replace(tzinfo=self._zone)


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # A spreadsheet keeps ids as numbers.
    return str(value).strip() or None


def _decoded(path: Path) -> str:
    try:
        return text_of(path.read_bytes())
    except ValueError as error:
        raise UsageError(f"{path} is {error}") from None


def _table(path: Path) -> Iterator[Sequence[Any]]:
    try:
        for _, cells in rows_of(_decoded(path)):
            yield cells
    except NoTable as error:
        raise UsageError(f"{path}:{error.line}: {error}") from error


def _sheet(path: Path) -> Iterator[Sequence[Any]]:
    """Yield the rows of a workbook's first sheet."""
    try:
        book = load_workbook(path, read_only=True, data_only=True)
        try:
            yield from book.worksheets[0].iter_rows(values_only=True)
        finally:
            book.close()
    except OSError:
        raise
    except Exception as error:  # It raises whatever its parts stumble over, also on the way through the rows.
        raise UsageError(f"{path} is no .xlsx file that can be read; open it and save it as .xlsx") from error
