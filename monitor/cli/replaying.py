"""The command ``replay``: a log at full speed, or through the live service."""

import asyncio
import gc
import json
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import aclosing
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import Any

import click

from monitor import logs
from monitor.app import App
from monitor.cli.beside import read_beside
from monitor.cli.running import run_loop, running, say, until
from monitor.clock import FastClock
from monitor.core.events import AnyEvent
from monitor.core.policy import BuiltIn
from monitor.core.scores.profile import ProfileBook
from monitor.core.scores.totals import BYS, By, kpis
from monitor.core.senders import BUILT_IN as WITHOUT_RULES
from monitor.errors import UsageError
from monitor.log_files import lines_of, write_lines
from monitor.options import AS_JSON, PORT
from monitor.policy_files import profiles, where
from monitor.policy_files.against import told_of, with_rules
from monitor.policy_files.in_force import first_rules
from monitor.policy_files.rule_set import RuleSet
from monitor.policy_files.where import Choice
from monitor.replay import Replay, replay_files
from monitor.settings import Settings
from monitor.simulator.doors import Door, open_door
from monitor.simulator.senders import Pace, at_speed, pump
from monitor.yaml_files import did_you_mean


@click.command()
@click.argument("files", nargs=-1, required=True)
@click.option("--as-arrived", is_flag=True, help="The order of the lines is the order of arrival.")
@click.option("--rounds", "rounds_to", metavar="OUT", help="Write each round as a JSON line (.gz packs).")
@click.option("--alerts", "alerts_to", metavar="OUT", help="Write each alert as a JSON line (.gz packs).")
@click.option(
    "--score", "scores", metavar="ID", multiple=True, help="Score all chat by this profile, whatever its platform."
)
@click.option("--kpis", "kpis_by", type=click.Choice(BYS), help="Give scores and figures too, a row for each.")
@click.option("--told", "tell", is_flag=True, help="With --rules: count the messages people would have got.")
@click.option(
    "--speed",
    type=click.FloatRange(min=0, min_open=True),
    help="Run through the live service instead, N times as fast.",
)
@click.option("--port", type=PORT, default=8480, show_default=True, help="With --speed: where the board is.")
@click.option("--rules", type=click.Path(path_type=Path), help="Folder of rules (default: none, the built-in policy).")
@AS_JSON
def replay(
    files: tuple[str, ...],
    as_arrived: bool,
    rounds_to: str | None,
    alerts_to: str | None,
    scores: tuple[str, ...],
    kpis_by: By | None,
    tell: bool,
    speed: float | None,
    port: int,
    rules: Path | None,
    as_json: bool,
) -> None:
    """Count the waits of a log of chat events (.jsonl, .jsonl.gz, - for standard input)."""
    if speed is not None:
        if rounds_to or alerts_to or scores or kpis_by or tell or as_json:
            raise click.UsageError(
                "--speed shows the log on the board; --rounds, --alerts, --score, --kpis, --told and --json are for "
                "full speed"
            )
        logs.to_stderr()
        with tempfile.TemporaryDirectory(prefix="presales-replay-") as folder:
            run_loop(_replay_live(list(files), as_arrived, speed, Path(folder), port, rules))
        return
    if tell and (rules is None or "-" in files):
        raise click.UsageError("--told needs --rules, whose ladder says who is told, and reads its files twice: no -")
    found = None if rules is None else first_rules(rules)
    book = _profiles(scores, found)
    gc.disable()  # The replay makes no cycles, and looking for some among millions of kept objects takes a tenth of it.
    done = replay_files(
        list(files),
        as_arrived=as_arrived,
        keep_rounds=rounds_to is not None,
        keep_alerts=alerts_to is not None,
        profiles=book,
        scores=scores,
        keep_chats=kpis_by is not None,
        policies=BuiltIn() if found is None else found.book,
        reader=WITHOUT_RULES if found is None else found.reader,
        say=say,
        progress=_progress(),
    )
    for warning in done.tally.warnings:
        say(f"warning: {warning}")
    _say_refused(done)
    if rounds_to is not None:
        write_lines(rounds_to, done.rounds())
    if alerts_to is not None:
        write_lines(alerts_to, done.alerts())
    more: dict[str, Any] = {}
    if tell and found is not None:
        more["told"] = told_of(files, with_rules(found))
    if kpis_by is not None:
        rows = kpis(done.chats, book, done.last_ms, kpis_by, partial(_team, found))
        more["kpis"] = {"by": kpis_by, "rows": rows}
    if as_json:
        click.echo(json.dumps(done.tally.as_json() | more, ensure_ascii=False))
    else:
        _print_tally(done)
        _print_more(more)
    sys.exit(1 if done.tally.rejected else 0)


def _say_refused(run: Replay) -> None:
    for refused in run.refused:
        say(f"refused: {refused}")
    if run.tally.rejected > len(run.refused):
        say(f"refused: and {run.tally.rejected - len(run.refused)} more")


def _team(rules: RuleSet | None, platform: str, shop: str) -> str:
    """Return whose a shop is, by the register, else by the policy that holds for it always."""
    if rules is None:
        return BuiltIn().resolve(platform, shop, None, 0).policy.team
    return rules.register.team_of_shop(shop) or rules.book.resolve(platform, shop, None, 0).policy.team


def _print_more(more: dict[str, Any]) -> None:
    if "told" in more:
        click.echo("told     " + ", ".join(f"{count} {to}" for to, count in more["told"].items()))
    for row in more.get("kpis", {}).get("rows", ()):
        figures = row["figures"]
        first, mean = (figures[name]["mean_seconds"] for name in ("first_response", "round_response"))
        rate = row["scores"].get("rate_3min_round", {}).get("rate")
        click.echo(
            f"{row['name']}: {figures['buyers']['received']} received, first reply {_seconds(first)}, mean reply "
            f"{_seconds(mean)}, within 3 min {'no sample' if rate is None else f'{rate:.1%}'}, "
            f"{figures['missed']['rounds']} missed"
        )


def _seconds(value: float | None) -> str:
    return "no sample" if value is None else f"{value:.1f} s"


def _profiles(asked: Sequence[str], rules: RuleSet | None) -> ProfileBook:
    """Return how platforms count: facts about the platforms, so the shipped ones hold without any rules."""
    if rules is not None:
        book = rules.profiles
    else:
        book, faults = profiles.load(where.default_folder())
        if faults:
            raise UsageError("\n".join(map(str, faults)))
    for id in asked:
        if id not in book.versions:
            raise UsageError(f"no profile is called {id}{did_you_mean(id, list(book.versions))}")
    return book


def _progress() -> Any:
    """Say how far a long replay is, every two seconds."""
    said = time.monotonic()

    def progress(lines: int) -> None:
        nonlocal said
        if time.monotonic() - said >= 2:
            said = time.monotonic()
            say(f"{lines:,} lines …")

    return progress


def _print_tally(done: Replay) -> None:
    tally = done.tally
    click.echo(
        f"events   {tally.read} read, {tally.accepted} accepted, {tally.duplicates} duplicates, {tally.late} late, "
        f"{tally.rejected} refused"
    )
    click.echo(f"chats    {tally.conversations}")
    click.echo("rounds   " + ", ".join(f"{count} {name}" for name, count in tally.rounds.items()))
    click.echo("passed   " + ", ".join(f"{count} {name}" for name, count in tally.passed.items()))
    click.echo("alerts   " + ", ".join(f"{count} {name}" for name, count in tally.alerts.items()))
    for id, score in tally.scores.items():
        of = score["hits"] + score["misses"]
        rate = (
            "no sample" if score["rate"] is None else f"{score['rate']:.1%} ({score['hits']} of {of} {score['unit']}s)"
        )
        mean = "" if score["mean_seconds"] is None else f", mean {score['mean_seconds']:.1f} s"
        apart = "".join(f", {score[name]} {name}" for name in ("undetermined", "excluded") if score[name])
        click.echo(f"score    {id}: {rate}{mean}{apart}")


async def _replay_live(
    files: list[str], as_arrived: bool, speed: float, folder: Path, port: int, rules: Path | None
) -> None:
    """Send a log through the live service at its own pace, times ``speed``.

    1. The log is read beside the loop: a pipe whose next line is long in coming holds neither the board nor control-C.
    2. Its first event sets the clock and starts the service.
    3. What has come is sent, each event at its time.
    """
    log = Replay(as_arrived=True)
    async with aclosing(read_beside(_in_order(log.decoded(lines_of(files), at_once=1), as_arrived))) as come:
        begun = await anext(come, None)
        if begun is None:
            _say_refused(log)
            raise UsageError("the log holds no event")
        clock = FastClock(begun[0].ts_ms, speed)
        settings = Settings.model_validate({"data": folder, "listen": {"port": port}})
        app = App(settings, clock=clock, demo=True, rules=None if rules is None else Choice(rules, "--rules"))
        async with running(app) as stop:
            click.echo(f"replaying at {speed:g} times its speed: {app.server.url}", err=True)
            async with open_door(app.server.url, token=None, homes={}, say=say) as door:
                clock.go()
                sending = asyncio.create_task(_send(begun, come, door, at_speed(speed)))
                try:
                    await until(app, stop, sending)
                    if sending.done():
                        _say_refused(log)
                        click.echo("the log is through; the board stays (stop with control-C)", err=True)
                        await until(app, stop)
                finally:  # Also where a part of the app breaks: what still reads cannot be closed.
                    sending.cancel()
                    await asyncio.gather(sending, return_exceptions=True)


def _in_order(events: Iterator[AnyEvent], as_arrived: bool) -> Iterator[AnyEvent]:
    yield from events if as_arrived else sorted(events, key=attrgetter("ts_ms"))


async def _send(begun: list[AnyEvent], come: AsyncIterator[list[AnyEvent]], door: Door, pace: Pace) -> None:
    """Send what has come before more is waited for."""
    some: list[AnyEvent] | None = begun
    while some is not None:
        await pump(((event.ts_ms, event) for event in some), door, batch=500, pace=pace)
        some = await anext(come, None)
