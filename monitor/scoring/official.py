"""Official figures beside ours: what the platform says of a day, what we say, and what may lie between.

The two are not expected to be equal: a platform does not tell which chats it looked at.
Each cause we know of is counted, with how far it could move our figure, so that one sees
whether it explains the difference.

The file has a heading and a line a day: ``day, shop, profile, value`` and, where known,
``account``, ``hits``, ``total``. A value is ``95.3%`` or ``0.953``; of a mean, seconds.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from math import isfinite, nan
from typing import Any, NamedTuple

from monitor.core.scores.board import Entity, Row
from monitor.core.scores.cells import Sums, mean_ms
from monitor.core.scores.judge import EXCLUDED, HIT, UNDETERMINED
from monitor.core.scores.profile import Profile, ProfileBook
from monitor.csv_files import NoTable, rows_of, text_of
from monitor.store.scores import Official
from monitor.yaml_files import did_you_mean

BYTES_AT_MOST = 8 * 1024 * 1024
LINES_AT_MOST = 100_000
FAULTS_AT_MOST = 20
_NAMES = {
    "day": ("day", "date", "日期"),
    "shop": ("shop", "店铺"),
    "profile": ("profile", "score", "指标"),
    "value": ("value", "数值", "官方值"),
    "account": ("account", "子账号", "客服"),
    "hits": ("hits", "达标"),
    "total": ("total", "总数"),
}
# Why we leave units out, or where a platform may count otherwise, in the order in which they are told.
CAUSES = (
    "hours",
    "bot",
    "feed gap",
    "abandoned",
    "dismissed",
    "exempt date",
    "needs no reply",
    "answered elsewhere",
    "left offline",
)


class FaultAt(NamedTuple):
    """What is wrong with a file of official figures, and where."""

    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.message}"


class _WrongCell(Exception):
    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


def read_official(raw: bytes, book: ProfileBook) -> tuple[list[Official], list[FaultAt]]:
    """Read a file of official figures; return them with all that is wrong."""
    rows: dict[tuple[int, str, str, str], Official] = {}
    faults: list[FaultAt] = []
    columns: dict[str, int] = {}
    lines: dict[tuple[int, str, str, str], int] = {}
    try:
        for number, cells in rows_of(text_of(raw), strict=True):
            if not any(cell.strip() for cell in cells):
                continue
            if number > LINES_AT_MOST:
                faults.append(FaultAt(number, 1, f"more than {LINES_AT_MOST} lines; split the file"))
                break
            if not columns:
                columns, wrong = _columns(number, cells)
                if wrong:
                    return [], wrong
                continue
            try:
                row = _row({name: cells[at].strip() if at < len(cells) else "" for name, at in columns.items()}, book)
            except _WrongCell as error:
                faults.append(FaultAt(number, columns.get(error.name, 0) + 1, str(error)))
            else:
                key = (row.day, row.shop, row.account, row.profile)
                if key in rows and rows[key] != row:
                    said = f"another figure of the same day, shop and score stands in line {lines[key]}"
                    faults.append(FaultAt(number, 1, said))
                rows.setdefault(key, row)
                lines.setdefault(key, number)
            if len(faults) >= FAULTS_AT_MOST:
                break
    except NoTable as error:
        faults.append(FaultAt(error.line, 1, str(error)))
    except ValueError as error:
        return [], [FaultAt(1, 1, str(error))]
    if not columns and not faults:
        faults.append(FaultAt(1, 1, "the file is empty; its first line names the columns: day,shop,profile,value"))
    return list(rows.values()), faults


def _columns(line: int, heading: list[str]) -> tuple[dict[str, int], list[FaultAt]]:
    """Return where each column stands. Columns that are not known are passed over: exports have many."""
    known = {alias: name for name, aliases in _NAMES.items() for alias in aliases}
    found: dict[str, int] = {}
    faults: list[FaultAt] = []
    for at, cell in enumerate(heading):
        name = known.get(cell.strip().lower())
        if name in found:
            faults.append(FaultAt(line, at + 1, f"the column {cell.strip()} is there twice"))
        elif name is not None:
            found[name] = at
    missing = [name for name in ("day", "shop", "profile", "value") if name not in found]
    if missing and not faults:
        faults.append(FaultAt(line, 1, f"the heading lacks {', '.join(missing)}"))
    return found, faults


def _row(cells: dict[str, str], book: ProfileBook) -> Official:
    profile = book.newest(cells["profile"]) or _called(cells["profile"], book)
    if profile is None:
        hint = did_you_mean(cells["profile"], list(book.versions))
        raise _WrongCell("profile", f"no profile is called {cells['profile']!r}{hint}")
    try:
        day = date.fromisoformat(cells["day"].replace("/", "-"))
    except ValueError:
        raise _WrongCell("day", f"{cells['day']!r} is no date; write 2026-11-23") from None
    if not cells["shop"]:
        raise _WrongCell("shop", "no shop is named")
    hits, total = _whole("hits", cells), _whole("total", cells)
    if hits is not None and total is not None and hits > total:
        raise _WrongCell("hits", f"{hits} hits of {total}")
    value = _value(cells["value"], profile)
    return Official(day.toordinal(), cells["shop"], cells.get("account", ""), profile.id, value, hits, total)


def _called(name: str, book: ProfileBook) -> Profile | None:
    """Return the one profile that its platform calls so; several platforms may have one of the same name."""
    found = [versions[-1] for versions in book.versions.values() if name and versions[-1].name == name]
    return found[0] if len(found) == 1 else None


def _value(text: str, profile: Profile) -> float | None:
    if text in ("", "-", "--"):
        return None  # The platform had no sample.
    share = text.endswith(("%", "％"))
    try:
        value = float(text.rstrip("%％s秒 "))
    except ValueError:
        value = nan
    if not isfinite(value) or value < 0:
        raise _WrongCell("value", f"{text!r} is no figure; write 95.3% or 0.953, of a mean the seconds")
    if profile.statistic != "rate":
        return value
    value = value / 100 if share else value
    if not 0 <= value <= 1:
        raise _WrongCell("value", f"{text!r} is no share; write 95.3% or 0.953")
    return value


def _whole(name: str, cells: dict[str, str]) -> int | None:
    text = cells.get(name, "").replace(",", "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 12):
        raise _WrongCell(name, f"{cells[name]!r} is no count")
    return int(text)


def compared(
    official: Iterable[Official], ours: dict[tuple[int, Entity], Row], book: ProfileBook
) -> Iterator[dict[str, Any]]:
    """Yield each official figure with ours, the difference, and what may lie between."""
    for one in official:
        profile = book.newest(one.profile)
        if profile is None:
            continue
        entity = Entity("account", one.shop, one.account) if one.account else Entity("shop", one.shop)
        row = ours.get((one.day, entity))
        sums = row.sums.get(one.profile) if row is not None else None
        transfers = row.figures.counts.get("transfers_unanswered", 0) if row is not None else 0
        yield {
            "day": date.fromordinal(one.day).isoformat(),
            "shop": one.shop,
            "account": one.account or None,
            "profile": one.profile,
            "official": {"value": one.value, "hits": one.hits, "total": one.total},
        } | _difference(profile, one.value, sums, transfers)


def _difference(profile: Profile, official: float | None, sums: Sums | None, transfers: int) -> dict[str, Any]:
    if sums is None:
        return {"ours": None, "difference": None, "causes": [], "explained": None}
    if profile.statistic == "rate":
        value = sums.rate
    else:
        mean = mean_ms(profile, sums)
        value = None if mean is None else mean / 1000
    told: dict[str, Any] = {
        "ours": {
            "value": value,
            "hits": sums.counts[HIT],
            "total": sums.determined,
            "undetermined": sums.counts[UNDETERMINED],
            "excluded": sums.counts[EXCLUDED],
        },
        "difference": None if value is None or official is None else value - official,
    }
    causes = [{"cause": name, "units": sums.why[name]} for name in CAUSES if sums.why.get(name)]
    if sums.why.get("courtesy"):
        causes.append({"cause": "courtesy", "units": sums.why["courtesy"]})
    if transfers:
        causes.append({"cause": "transfers", "units": transfers})
    if sums.counts[UNDETERMINED]:
        causes.append({"cause": "undetermined", "units": sums.counts[UNDETERMINED]})
    explained = None
    if profile.statistic == "rate" and value is not None and official is not None:
        # The most they can move it: all of them hits, or all of them misses; courtesy misses not counted at all.
        apart = sums.counts[EXCLUDED] + sums.counts[UNDETERMINED] + transfers
        polite = sums.why.get("courtesy", 0)
        most = (sums.counts[HIT] + apart) / max(1, sums.determined + apart - polite)
        least = sums.counts[HIT] / max(1, sums.determined + apart)
        explained = least - 0.0005 <= official <= most + 0.0005  # Platforms show a tenth of a percent.
        told["range"] = [least, min(1.0, most)]
    told["causes"] = causes
    told["explained"] = explained
    return told
