"""The command ``report day``: the sheet of a day, for a shop, an agent or a team."""

import json
import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import click

from monitor.clock import Clock
from monitor.core.scores.days import days
from monitor.core.scores.floor import ZONE
from monitor.errors import UsageError
from monitor.options import AS_JSON, CONFIG, DATA
from monitor.scoring.sheet import Wanted, sheet
from monitor.settings import load


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
    """Print a day: waits, what feeds did not see, shifts kept, and each round over a limit with its messages."""
    path = load(config, overrides={} if data is None else {"data": data}).data / "journal.db"
    if not path.is_file():
        raise UsageError(f"{path} is not there; name the data folder with --data")
    try:
        number = days(ZONE).of(Clock().now_ms()).number - 1 if day is None else date.fromisoformat(day).toordinal()
    except ValueError:
        raise UsageError(f"--day: {day!r} is no date; write 2026-11-23") from None
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as db:
            told = sheet(db, number, Wanted(shop, team, agent))
    except sqlite3.Error as error:
        raise UsageError(f"{path} cannot be read: {error}") from error
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False))
    else:
        _print(told)


def _print(told: dict[str, Any]) -> None:
    whose = " ".join(f"{name} {told[name]}" for name in ("shop", "team", "agent") if told[name])
    mean = told["mean_reply_seconds"]
    click.echo(f"{told['day']} {whose or 'all'}")
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
        waited = "open" if one["wait_seconds"] is None else f"{one['wait_seconds']:g} s"
        words = [
            f"{one['stage']:<8}", one["opened_at"], one["shop"], one["agent"] or "nobody", waited, one["outcome"],
            f"{one['opened_by']} → {one['ended_by'] or 'none'}", *marks, one["rule"] or "built-in",
        ]  # fmt: skip
        click.echo("  " + " ".join(words))


def _counts(found: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in found.items())
