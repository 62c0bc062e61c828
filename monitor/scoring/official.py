"""Official figures beside ours: what the platform says of a day, what we say, and what may lie between.

The two are not expected to be equal: a platform does not tell which chats it looked at.
Each cause we know of is counted, with how far it could move our figure, so that one sees
whether it explains the difference.

The file has a heading and a line a day: ``day, shop, profile, value`` and, where known,
``account``, ``hits``, ``total``. A value is ``95.3%`` or ``0.953``; of a mean, seconds.
"""

import csv
from collections.abc import Iterable, Iterator
from datetime import date
from io import StringIO
from typing import Any

from monitor.core.scores.board import Entity, Row
from monitor.core.scores.cells import Sums, mean_ms
from monitor.core.scores.judge import EXCLUDED, HIT, UNDETERMINED
from monitor.core.scores.profile import Profile, ProfileBook
from monitor.store.scores import Official
from monitor.yaml_files import did_you_mean

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


def read_official(text: str, book: ProfileBook) -> tuple[list[Official], list[str]]:
    """Read a file of official figures; return them with all that is wrong, each fault with its line."""
    rows: list[Official] = []
    faults: list[str] = []
    reader = csv.reader(StringIO(text.lstrip("\ufeff")))
    columns: dict[str, int] = {}
    for number, line in enumerate(reader, start=1):
        if number > LINES_AT_MOST:
            faults.append(f"line {number}: more than {LINES_AT_MOST} lines; split the file")
            break
        if not any(cell.strip() for cell in line):
            continue
        if not columns:
            columns = _columns(line)
            missing = [name for name in ("day", "shop", "profile", "value") if name not in columns]
            if missing:
                return [], [f"line {number}: the heading lacks {', '.join(missing)}"]
            continue
        try:
            rows.append(_row({name: line[at].strip() if at < len(line) else "" for name, at in columns.items()}, book))
        except ValueError as error:
            faults.append(f"line {number}: {error}")
            if len(faults) >= FAULTS_AT_MOST:
                break
    if not columns:
        faults.append("the file is empty")
    return rows, faults


def _columns(heading: list[str]) -> dict[str, int]:
    known = {alias: name for name, aliases in _NAMES.items() for alias in aliases}
    found: dict[str, int] = {}
    for at, cell in enumerate(heading):
        name = known.get(cell.strip().lower())
        if name is not None:
            found.setdefault(name, at)
    return found


def _row(cells: dict[str, str], book: ProfileBook) -> Official:
    profile = book.newest(cells["profile"])
    if profile is None:
        raise ValueError(
            f"no profile is called {cells['profile']}{did_you_mean(cells['profile'], list(book.versions))}"
        )
    try:
        day = date.fromisoformat(cells["day"].replace("/", "-"))
    except ValueError:
        raise ValueError(f"{cells['day']!r} is no date; write 2026-11-23") from None
    if not cells["shop"]:
        raise ValueError("no shop is named")
    hits, total = _whole(cells.get("hits")), _whole(cells.get("total"))
    return Official(
        day.toordinal(),
        cells["shop"],
        cells.get("account", ""),
        profile.id,
        _value(cells["value"], profile),
        hits,
        total,
    )


def _value(text: str, profile: Profile) -> float | None:
    if text in ("", "-", "--"):
        return None  # The platform had no sample.
    share = text.endswith(("%", "％"))
    try:
        value = float(text.rstrip("%％s秒 "))
    except ValueError:
        raise ValueError(f"{text!r} is no figure; write 95.3% or 0.953, of a mean the seconds") from None
    if profile.statistic != "rate":
        return value
    value = value / 100 if share else value
    if not 0 <= value <= 1:
        raise ValueError(f"{text!r} is no share; write 95.3% or 0.953")
    return value


def _whole(text: str | None) -> int | None:
    if not text:
        return None
    if not text.isdigit():
        raise ValueError(f"{text!r} is no count")
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
