"""The commands ``report day``, the sheet of a day, and ``report official``, the platforms' figures beside ours."""

import asyncio
import json
import sqlite3
import sys
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import click

from monitor.clock import Clock
from monitor.core.scores.board import Entity, Row, unpack
from monitor.core.scores.days import days
from monitor.core.scores.floor import ZONE
from monitor.core.scores.profile import ProfileBook
from monitor.engine.looking import open_rounds
from monitor.errors import UsageError
from monitor.options import AS_JSON, CONFIG, DATA, RULES
from monitor.policy_files import profiles
from monitor.policy_files.where import choose
from monitor.scoring.official import BYTES_AT_MOST, compared, read_official
from monitor.scoring.sheet import Wanted, sheet
from monitor.settings import load
from monitor.store.beside import open_line
from monitor.store.scores import DayRow, Official, ScoreStore


@click.command("official")
@click.argument("file", required=False, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--days", "back", type=click.IntRange(1, 400), default=31, show_default=True, help="How far back to compare."
)
@RULES
@CONFIG
@DATA
@AS_JSON
def report_official(
    file: Path | None, back: int, rules: Path | None, config: Path | None, data: Path | None, as_json: bool
) -> None:
    """Load the platforms' figures from FILE (CSV) and show them beside ours; without FILE, those of the last days.

    Nothing of a file with faults is loaded. The service may run.
    """
    settings = load(config, overrides={} if data is None else {"data": data})
    path = settings.data / "journal.db"
    if not path.is_file():
        raise UsageError(f"{path} is not there; name the data folder with --data")
    book, wrong = profiles.load(choose(rules, settings.rules).folder)
    if wrong:
        raise UsageError("\n".join(map(str, wrong)))
    figures: list[Official] = []
    if file is not None:
        if file.stat().st_size > BYTES_AT_MOST:
            raise UsageError(f"{file}: larger than {BYTES_AT_MOST >> 20} MiB; split the file")
        figures, faults = read_official(file.read_bytes(), book)
        for fault in faults:
            click.echo(f"{file}:{fault.line}:{fault.column}: {fault.message}", err=True)
        if faults:
            sys.exit(1)
    told = asyncio.run(_beside(settings.data, figures, back, book))
    if as_json:
        click.echo(json.dumps({"loaded": len(figures), "days": told}, ensure_ascii=False))
        return
    if file is not None:
        click.echo(f"{len(figures)} figures loaded")
    for one in told:
        _print_beside(one)
    if not told:
        click.echo("no official figure of these days; name a CSV with day,shop,profile,value")


async def _beside(folder: Path, figures: list[Official], back: int, book: ProfileBook) -> list[dict[str, Any]]:
    now_ms = Clock().now_ms()
    today = days(ZONE).of(now_ms).number
    loaded = [one.day for one in figures] or [today - back, today]
    span = min(loaded), max(loaded)
    async with open_line(folder) as line:
        store = ScoreStore(line, line)
        if figures:
            await store.keep_official(figures, now_ms)
        ours: dict[tuple[int, Entity], Row] = {}
        for dim in ("shop", "account"):
            for stored in await store.days(*span, dim, list[DayRow]):
                entity = Entity("shop" if dim == "shop" else "account", stored.shop, stored.name)
                ours[stored.day, entity] = unpack(stored.body)
        return list(compared(await store.official(*span), ours, book))


def _print_beside(one: dict[str, Any]) -> None:
    def shown(value: float | None) -> str:
        # A share is at most 1; a mean of a second or less no platform shows.
        return "no sample" if value is None else f"{value:.1%}" if value <= 1 else f"{value:.1f} s"

    ours = one["ours"]
    words = [one["day"], one["shop"], *([one["account"]] if one["account"] else []), one["profile"]]
    words += ["official", shown(one["official"]["value"])]
    if ours is None:
        words.append("· of ours nothing is kept")
    else:
        words += ["· ours", shown(ours["value"]), f"({ours['hits']}/{ours['total']})"]
        if one["difference"]:
            why = ", ".join(f"{cause['cause']} {cause['units']}" for cause in one["causes"])
            explained = {True: "explained", False: "not explained", None: "may be"}[one["explained"]]
            words.append(f"· {explained}: {why or 'no cause known'}")
    click.echo(" ".join(words))


@click.command("day")
@click.option("--day", metavar="2026-11-23", help="Which (default: yesterday, on the floor's clock).")
@click.option("--shop", help="Of one shop.")
@click.option("--team", help="Of one team.")
@click.option("--agent", help="Of one agent: what they answered or held.")
@CONFIG
@DATA
@AS_JSON
def report_day(
    day: str | None,
    shop: str | None,
    team: str | None,
    agent: str | None,
    config: Path | None,
    data: Path | None,
    as_json: bool,
) -> None:
    """Print a day: waits, what feeds did not see, shifts kept, and each round over a limit with its messages.

    With them stand the rounds of which it cannot be told (yet), and why.
    """
    settings = load(config, overrides={} if data is None else {"data": data})
    path = settings.data / "journal.db"
    if not path.is_file():
        raise UsageError(f"{path} is not there; name the data folder with --data")
    try:
        number = days(ZONE).of(Clock().now_ms()).number - 1 if day is None else date.fromisoformat(day).toordinal()
    except ValueError:
        raise UsageError(f"--day: {day!r} is no date; write 2026-11-23") from None
    lateness_ms = round(settings.lateness_seconds * 1000)
    as_of_ms, waits = asyncio.run(open_rounds(settings.data, wall=settings.clock == "wall", lateness_ms=lateness_ms))
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as db:
            told = sheet(db, number, Wanted(shop, team, agent), as_of_ms, waits)
    except sqlite3.Error as error:
        raise UsageError(f"{path} cannot be read: {error}") from error
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False))
    else:
        _print(told)


def _print(told: dict[str, Any]) -> None:
    whose = " ".join(f"{name} {told[name]}" for name in ("shop", "team", "agent") if told[name])
    mean = told["mean_reply_seconds"]
    click.echo(f"{told['day']} {whose or 'all'}" + (f" as of {told['as_of']}" if told["as_of"] else ""))
    click.echo("  rounds  " + (_counts(told["rounds"]) or "none") + f" · {told['held']} only held off")
    click.echo("  passed  " + (_counts(told["passed"]) or "none"))
    click.echo("  mean    " + ("no sample" if mean is None else f"{mean:.1f} s"))
    for gap in told["gaps"]:
        where = f"{gap['shop']} {gap['account'] or ''}".strip()
        filled = ", filled since" if gap["filled"] else ""
        click.echo(f"  feed down (采集中断) {where} {gap['from']} – {gap['to'] or 'still'} {gap['reason']}{filled}")
    for shift in told["shifts"]:
        faults = [
            *(["absent (缺岗)"] if shift["absent"] else []),
            *([f"late (迟到) {shift['late_seconds']:g} s"] if shift["late_seconds"] and not shift["absent"] else []),
            *([f"early (早退) {shift['early_seconds']:g} s"] if shift["early_seconds"] and not shift["absent"] else []),
        ]
        if faults:
            click.echo(f"  shift {shift['agent']} {shift['starts_at']} – {shift['ends_at']}: {', '.join(faults)}")
    for one in told["evidence"]:
        marks = [name for name in ("courtesy", "held", "closed_unanswered") if one[name]]
        if one["undetermined"]:
            marks.append(f"undetermined (未定): {one['undetermined']}")
        waited = f"{one['wait_seconds']:g} s" if one["wait_seconds"] is not None else f"open since {one['opened_at']}"
        words = [
            f"{one['stage']:<8}", one["opened_at"], one["shop"], one["agent"] or "nobody", waited, one["outcome"],
            f"{one['opened_by']} → {one['ended_by'] or 'none'}", *marks, one["rule"] or "built-in",
        ]  # fmt: skip
        click.echo("  " + " ".join(words))


def _counts(found: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in found.items())
