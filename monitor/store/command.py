"""The commands ``backup``, ``restore``, ``purge`` and ``export``: the data folder in people's hands."""

import sqlite3
import sys
import time
from pathlib import Path
from typing import Any

import click
import msgspec

from monitor.errors import StoreUnavailable, UsageError
from monitor.options import AS_JSON
from monitor.settings import load
from monitor.store import backup as copies
from monitor.store import database
from monitor.store.lock import FolderLock
from monitor.store.purge import Purged, of_buyer, purge_buyer, purge_shop
from monitor.store.retention import Ages, Forgetter, key_in, left_from_before
from monitor.store.upkeep import prune
from monitor.yaml_files import duration_ms


def _folder(_: click.Context, __: click.Parameter, given: Path | None) -> Path:
    """Return the folder that is named, else that of the settings: as `run` finds it, in a container too."""
    return given or load().data


DATA = click.option(
    "--data",
    type=click.Path(path_type=Path),
    callback=_folder,
    help="Data folder (default: that of the settings, ./presales-data).",
)
SLICE_ROWS = 5_000


def _show(told: dict[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(msgspec.json.encode(told).decode())
    else:
        for name, value in told.items():
            click.echo(f"{name}: {value}")


@click.command("backup")
@click.argument("to", type=click.Path(path_type=Path))
@DATA
@AS_JSON
def backup(to: Path, data: Path, as_json: bool) -> None:
    """Copy the data of a service, running or not, into a file (.tar.gz)."""

    def progress(done: int, pages: int) -> None:
        if sys.stderr.isatty():
            click.echo(f"\r{done * 100 // max(1, pages)} %", nl=False, err=True)

    _show(copies.backup(data, to, progress), as_json)


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path))
@DATA
@AS_JSON
def restore(file: Path, data: Path, as_json: bool) -> None:
    """Put a copy back into an empty data folder."""
    _show(copies.restore(file, data), as_json)


@click.command("purge")
@click.option("--shop", help="All of this shop; with --buyer, only there.")
@click.option("--buyer", help="All of this buyer.")
@click.option("--older-than", metavar="90d", help="Events, words and names from before.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@DATA
@AS_JSON
def purge(shop: str | None, buyer: str | None, older_than: str | None, yes: bool, data: Path, as_json: bool) -> None:
    """Take a shop, a buyer, or what is old out of a stopped service's data, with proof that it is gone."""
    if not (shop or buyer or older_than) or (older_than and (shop or buyer)):
        raise UsageError("say what: --shop, --buyer, both, or --older-than")
    if older_than and older_than.isdecimal():  # Seconds, as elsewhere are guessed, would take nearly all.
        raise UsageError(f"--older-than {older_than} has no unit; write {older_than}d for days")
    try:
        age_ms = duration_ms(older_than) if older_than else 0
    except ValueError as error:
        raise UsageError(f"--older-than: {error}") from None
    _needs_data(data)
    what = f"older than {older_than}" if older_than else " of ".join(name for name in (buyer, shop) if name)
    if not yes:
        click.confirm(
            f"Everything {'' if older_than else 'of '}{what} in {data} will be gone for good. Go on?", abort=True
        )
    lock = FolderLock(data)
    try:
        if older_than:
            done = _purge_old(data, age_ms)
        elif buyer:
            done = purge_buyer(data, buyer, shop)
        else:
            assert shop is not None
            done = purge_shop(data, shop)
    except (sqlite3.Error, OSError) as error:
        raise StoreUnavailable(f"nothing was purged: {error}") from error
    finally:
        lock.release()
    _show({"purged": what, "deleted": done.deleted, "left": done.left}, as_json)
    sys.exit(1 if done.left else 0)


def _purge_old(data: Path, age_ms: int) -> Purged:
    """Delete events, and forget words and names, from before an age."""
    now_ms = time.time_ns() // 1_000_000
    done = Purged({"events and more": 0, "forgotten": 0})
    db = database.connect(data / "journal.db", cache_kib=32 * 1024)
    forgetter = Forgetter(key_in(data))
    try:
        while gone := prune(now_ms - age_ms, SLICE_ROWS, db):
            done.deleted["events and more"] += gone
        while gone := forgetter.forget(now_ms, Ages(age_ms, age_ms), SLICE_ROWS, db):
            done.deleted["forgotten"] += gone
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        db.execute("VACUUM")
        done.left = left_from_before(now_ms - age_ms, db)
    finally:
        db.close()
    return done


@click.command("export")
@click.option("--buyer", required=True, help="Whose data.")
@click.option("--shop", help="Only of this shop.")
@click.option(
    "--to", "to", default="-", show_default=True, metavar="OUT.jsonl", help="Where it goes; - for standard output."
)
@DATA
def export(buyer: str, shop: str | None, to: str, data: Path) -> None:
    """Give out all that is kept of one buyer, for the buyer who asks; the service may run."""
    _needs_data(data)
    db = sqlite3.connect(f"{(data / 'journal.db').absolute().as_uri()}?mode=ro", uri=True)
    try:
        count = 0
        with click.open_file(to, "wb") as out:
            for row in of_buyer(db, key_in(data), buyer, shop):
                out.write(msgspec.json.encode(row) + b"\n")
                count += 1
    except (sqlite3.Error, OSError) as error:
        raise UsageError(f"{data} cannot be read: {error}") from error
    finally:
        db.close()
    click.echo(f"{count} records of {buyer}", err=True)
    sys.exit(0 if count else 1)


def _needs_data(data: Path) -> None:
    if not (data / "journal.db").is_file():
        raise UsageError(f"{data / 'journal.db'} is not there; is {data} the data folder of a service?")
