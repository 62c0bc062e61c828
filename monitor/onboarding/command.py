"""The commands ``import`` and ``check-source``."""

import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import msgspec

from monitor.core.events import OURS, scope
from monitor.core.units import HOUR_MS
from monitor.core.views import CANARY
from monitor.errors import UsageError
from monitor.log_files import open_log
from monitor.onboarding.check import Arrived, check
from monitor.onboarding.exports import ColumnsFile, Import
from monitor.onboarding.finding import Finding
from monitor.options import AS_JSON
from monitor.wire import Limits, Refused, decode_line, decode_stored, events_of_log, same
from monitor.yaml_files import BadFiles, read


@click.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--to", "to", required=True, metavar="OUT.jsonl", help="Where the events go; - for standard output.")
@click.option("--shop", required=True, help="The shop, where the export names none.")
@click.option("--platform", help="taobao, pinduoduo, jd, douyin …")
@click.option("--zone", default="Asia/Shanghai", show_default=True, help="Of times without an offset.")
@click.option("--agent", "agents", multiple=True, help="A name that is an agent's; may be given again.")
@click.option("--columns", type=click.Path(path_type=Path), help="YAML: columns: {ts: …, sender: …, text: …}.")
def import_chats(
    files: tuple[Path, ...],
    to: str,
    shop: str,
    platform: str | None,
    zone: str,
    agents: tuple[str, ...],
    columns: Path | None,
) -> None:
    """Read exported chats (.csv, .xlsx, 千牛 .txt) into events for `replay`."""
    names: dict[str, str] = {}
    if columns is not None:
        try:
            names = read(columns, ColumnsFile).value.columns
        except BadFiles as bad:
            raise UsageError(str(bad)) from None
    if any(path.exists() and Path(to).exists() and path.samefile(to) for path in files):
        raise UsageError(f"{to} is an export to be read; write the events to another file")
    for path in files:
        if not path.is_file():  # Said before anything is written.
            raise UsageError(f"{path} is no file that can be read")
    work = Import(shop, platform, zone, frozenset(agents), names)
    encode = msgspec.json.encode
    with click.open_file(to, "wb") as out:
        for path in files:
            for event in work.events(path):
                out.write(encode(event) + b"\n")
    for line in work.skipped:
        click.echo(line, err=True)
    click.echo(f"{work.read - work.left_out} messages written, {work.left_out} left out", err=True)
    sys.exit(1 if work.left_out else 0)


@click.command("check-source")
@click.argument("files", nargs=-1, type=str)
@click.option("--data", type=click.Path(path_type=Path), help="Look at what a service has received, not at files.")
@click.option("--source", help="Only this source.")
@click.option(
    "--hours",
    type=click.FloatRange(min=0, min_open=True),
    default=24.0,
    show_default=True,
    help="With --data: how far back.",
)
@AS_JSON
def check_source(files: tuple[str, ...], data: Path | None, source: str | None, hours: float, as_json: bool) -> None:
    """Say green or red of a feed: ids, roles, clock, own replies, heartbeat, gaps."""
    if bool(files) == (data is not None):
        raise UsageError("give the files of a feed, or --data with the folder of a service")
    refused: dict[str, int] = {}
    feed = _of_data(data, source, hours, refused) if data is not None else _of_files(files, source, refused)
    findings = check(feed, refused)
    if as_json:
        click.echo(msgspec.json.encode([finding._asdict() for finding in findings]).decode())
    else:
        for finding in findings:
            _show(finding)
    sys.exit(1 if any(finding.colour == "red" for finding in findings) else 0)


_MARKS = {"green": ("✓", "green"), "amber": ("!", "yellow"), "red": ("✗", "red")}


def _show(finding: Finding) -> None:
    mark, colour = _MARKS[finding.colour]
    click.echo(f"{click.style(f'{mark} {finding.check}', fg=colour)}: {finding.seen}")
    if finding.to_do:
        click.echo(f"    → {finding.to_do}")


def _of_files(paths: tuple[str, ...], source: str | None, refused: dict[str, int]) -> Iterator[Arrived]:
    limits = Limits()
    known: dict[tuple[str, str], Any] = {}
    for path in paths:
        with open_log(path) as log:
            for line in events_of_log(log):
                if line.isspace():
                    continue
                try:
                    event = decode_line(line, limits)
                except Refused as fault:
                    refused[fault.reason] = refused.get(fault.reason, 0) + 1
                    continue
                if source is not None and event.source != source:
                    continue
                before = known.setdefault((scope(event), event.id), event)
                again = before is not event
                yield Arrived(event, None, duplicate=again, conflict=again and not same(before, event))


def _of_data(data: Path, source: str | None, hours: float, refused: dict[str, int]) -> Iterator[Arrived]:
    """Yield what a service has received; it may be running."""
    path = data / "journal.db"
    if not path.is_file():
        raise UsageError(f"{path} is not there; is {data} the data folder of a service?")
    db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    try:
        newest = db.execute("SELECT max(arrived_at_ms) FROM events").fetchone()[0] or 0
        since = newest - round(hours * HOUR_MS)
        asked: tuple[Any, ...] = (since,) if source is None else (since, source)
        told = "SELECT reason, count(*) FROM quarantine WHERE at_ms >= ?"
        told += " GROUP BY reason" if source is None else " AND source = ? GROUP BY reason"
        refused.update(db.execute(told, asked))
        for body, at_ms in db.execute(
            "SELECT body, arrived_at_ms FROM events WHERE arrived_at_ms >= ? ORDER BY position", (since,)
        ):
            event = decode_stored(body)
            if type(event) in OURS or event.source == CANARY:
                continue  # What people and the service itself have put in is no feed.
            if source is None or event.source == source:
                yield Arrived(event, at_ms)
    except sqlite3.Error as error:
        raise UsageError(f"{path} cannot be read: {error}") from error
    finally:
        db.close()
