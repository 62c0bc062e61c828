"""The commands about suggestions: ``import-phrases`` and the report that says what to add, mend and drop."""

import json
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

import click

from monitor.clock import Clock
from monitor.core.events import Message
from monitor.core.units import DAY_MS
from monitor.errors import UsageError
from monitor.options import AS_JSON, CONFIG, DATA, RULES
from monitor.policy_files import people, words
from monitor.policy_files.phrases import PhraseFiles, shop_file
from monitor.policy_files.where import choose
from monitor.settings import load
from monitor.store.database import connect
from monitor.store.suggestions import all_tallies
from monitor.suggest.importing import imported, read_rows, written
from monitor.suggest.libraries import Source, made
from monitor.suggest.library import Library
from monitor.suggest.report import Answers
from monitor.suggest.report import report as proposals
from monitor.wire import decode_stored


@click.command("import-phrases")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--shop", required=True, help="Whose phrases they are, as the events name it.")
@click.option("--force", is_flag=True, help="Write over the shop's file.")
@RULES
@CONFIG
def import_phrases(file: Path, shop: str, force: bool, rules: Path | None, config: Path | None) -> None:
    """Make a shop's phrases of a CSV, such as 千牛 exports."""
    folder = choose(rules, load(config).rules).folder
    target = shop_file(folder, shop)
    if target.exists() and not force:
        raise UsageError(f"{target} is there already; --force writes over it")
    reader, faults = words.load(folder)
    if faults:
        raise UsageError("\n".join(map(str, faults)))
    done = imported(read_rows(file.read_bytes()), reader)
    if not done.phrases:
        raise UsageError(f"{file} holds no phrase")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(written(done, f"Imported from {file.name}"), "utf-8")
    for said in (*done.left_out, *(f"draft {draft}" for draft in done.drafts)):
        click.echo(said, err=True)
    click.echo(f"{target}: {len(done.phrases)} phrases, {len(done.drafts)} of them drafts")


@click.group("report")
def report() -> None:
    """Reports from what is stored."""


@report.command("suggestions")
@click.option("--days", type=click.IntRange(1, 400), default=7, show_default=True, help="How far to look back.")
@click.option("--shop", help="Of one shop only.")
@RULES
@CONFIG
@DATA
@AS_JSON
def report_suggestions(
    days: int, shop: str | None, rules: Path | None, config: Path | None, data: Path | None, as_json: bool
) -> None:
    """Say which phrases to add, mend or drop. Nothing is changed: a person decides."""
    settings = load(config, overrides={} if data is None else {"data": data})
    folder = choose(rules, settings.rules).folder
    reader, faults = words.load(folder)
    register, wrong = people.load(folder)
    if faults or wrong:
        raise UsageError("\n".join(map(str, [*faults, *wrong])))
    path = settings.data / "journal.db"
    if not path.exists():
        raise UsageError(f"{path} is not there; name the data folder with --data")
    files = PhraseFiles(folder)

    @cache
    def library_of(name: str) -> Library:
        info = register.shop(name)
        return made(Source(files, reader, lambda _: None), name, (info.category if info is not None else None) or "")

    with closing(connect(path, cache_kib=8 * 1024)) as db:
        since_ms = Clock().now_ms() - days * DAY_MS
        answers = Answers()
        for body, of_words in db.execute(
            "SELECT body, words FROM events WHERE ts_ms >= :from AND (:shop IS NULL OR shop = :shop) ORDER BY position",
            {"from": since_ms, "shop": shop},
        ):
            event = decode_stored(body)
            if type(event) is Message:
                answers.take(event, of_words)
        tallies = [one for one in all_tallies(db) if shop in (None, one.shop)]
    found = proposals(answers, tallies, library_of, reader)
    if as_json:
        click.echo(json.dumps({"days": days, "shops": found}, ensure_ascii=False))
    else:
        _print(found)


def _print(found: dict[str, dict[str, list[dict[str, Any]]]]) -> None:
    if not found:
        click.echo("nothing to add, mend or drop")
    for shop, kinds in found.items():
        click.echo(shop)
        for one in kinds["add"]:
            click.echo(f"  add   {one['times']}x to {one['chats']} buyers ({one['intent']}): {one['text']}")
            click.echo(f"        asked: {' | '.join(one['triggers'])}")
        for one in kinds["mend"]:
            click.echo(f"  mend  {one['phrase']}: edited {one['edited']}x, sent as it is {one['picked']}x")
        for one in kinds["drop"]:
            click.echo(f"  drop  {one['phrase']}: read about {one['offers']:.0f}x, taken {one['taken']}x")
