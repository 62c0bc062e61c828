"""The commands. Exit 0 good, 1 findings (in a replay: something was refused), 2 usage."""

import asyncio
import contextlib
import gc
import json
import logging
import signal
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any, get_args

import click

from monitor import __version__, logs
from monitor.alerts.command import send_test
from monitor.app import App
from monitor.clock import Clock, FastClock
from monitor.core.events import AnyEvent
from monitor.core.policy import BuiltIn
from monitor.core.scores.profile import ProfileBook
from monitor.core.senders import BUILT_IN as WITHOUT_RULES
from monitor.errors import MonitorError, UsageError
from monitor.onboarding.command import check_source, import_chats
from monitor.policy_files import profiles, schemas, where
from monitor.policy_files.command import RULES, check_rules, explain
from monitor.policy_files.keeper import first_rules
from monitor.policy_files.rule_set import RuleSet
from monitor.policy_files.where import Choice, choose
from monitor.replay import Replay, lines_of, replay_files, write_lines
from monitor.service_manager import ServiceManager
from monitor.settings import Settings, load
from monitor.simulator import floor_rules
from monitor.simulator.command import simulate
from monitor.simulator.doors import open_door
from monitor.simulator.live import live_simulation
from monitor.simulator.senders import at_speed, on_time, pump
from monitor.store.command import backup, export, purge, restore
from monitor.store.entries import Role, Token
from monitor.store.tokens import open_tokens
from monitor.suggest.command import import_phrases, report
from monitor.web.access import new_token
from monitor.wire import schema
from monitor.yaml_files import did_you_mean

CONFIG = click.option("--config", type=click.Path(path_type=Path), help="Settings file (default ./presales.toml).")
DATA = click.option("--data", type=click.Path(path_type=Path), help="Data folder (default ./presales-data).")
DEMO_PORT = 8480
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print only JSON on standard output.")


class Commands(click.Group):
    """Commands whose errors are one line that says what to do."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run; a usage error of ours ends like one of click's."""
        try:
            return super().main(*args, **kwargs)
        except MonitorError as error:
            click.echo(f"presales-monitor: {error}", err=True)
            sys.exit(2 if isinstance(error, UsageError) else 1)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="presales-monitor")
def main() -> None:
    """Times every unanswered buyer in pre-sales chat and tells people while the buyer is still there."""


main.add_command(simulate)
main.add_command(check_rules)
main.add_command(explain)
main.add_command(import_chats)
for command in (backup, restore, purge, export):
    main.add_command(command)
main.add_command(check_source)
main.add_command(import_phrases)
main.add_command(report)
main.add_command(send_test)


def _settings(config: Path | None, data: Path | None, **more: Any) -> Settings:
    overrides = {name.replace("__", "."): value for name, value in more.items() if value is not None}
    if data is not None:
        overrides["data"] = data
    return load(config, overrides=overrides)


def _run(work: Any) -> None:
    """Run on the fast loop where there is one."""
    try:
        import uvloop
    except ImportError:  # Windows
        asyncio.run(work)
    else:
        uvloop.run(work)


@contextlib.asynccontextmanager
async def _running(app: App) -> AsyncIterator[asyncio.Event]:
    """A started app, and an event that is set when somebody wants it to stop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows: control-C ends it without good-bye.
            loop.add_signal_handler(name, stop.set)
    if hasattr(signal, "SIGHUP"):
        loop.add_signal_handler(signal.SIGHUP, app.reload_soon)
    await app.start()
    try:
        yield stop
    finally:
        await app.stop()


async def _until(app: App, stop: asyncio.Event, *tasks: asyncio.Task[Any]) -> None:
    """Wait for the wish to stop, for a task to end, or for a part of the app to break."""
    own = [asyncio.create_task(stop.wait()), asyncio.create_task(app.wait())]
    done, _ = await asyncio.wait([*own, *tasks], return_when=asyncio.FIRST_COMPLETED)
    for task in own:
        task.cancel()
    for task in done:
        task.result()


@main.command()
@CONFIG
@DATA
@click.option("--host", help="Address to listen on (default 127.0.0.1).")
@click.option("--port", type=int, help="Port to listen on (default 8480, 0 for a free one).")
@RULES
@click.option(
    "--log-format",
    type=click.Choice(["auto", "json", "text"]),
    default="auto",
    show_default=True,
    help="JSON lines for machines; auto is text on a terminal.",
)
def run(
    config: Path | None,
    data: Path | None,
    host: str | None,
    port: int | None,
    rules: Path | None,
    log_format: logs.Format,
) -> None:
    """Run the service."""
    settings = _settings(config, data, listen__host=host, listen__port=port)
    logs.to_stderr(log_format)
    _run(_serve(settings, choose(rules, settings.rules)))


async def _serve(settings: Settings, rules: Choice) -> None:
    app = App(settings, rules=rules)
    async with _running(app) as stop:
        chosen = f"rules: {rules.folder} ({rules.why}), version {app.book.rules}"
        click.echo(f"{chosen} · data: {settings.data} · board and API: {app.server.url}", err=True)
        systemd = ServiceManager.of_environment()
        systemd.ready(f"{chosen}; {app.server.url}")
        alive = asyncio.create_task(systemd.keep_alive(app.engine.turn))
        await _until(app, stop)
        alive.cancel()
        systemd.stopping()
        click.echo("stopping: no new work, last commit …", err=True)
    click.echo("stopped: everything that was acknowledged is stored", err=True)


@main.command()
@click.option("--port", type=int, help="Port (default 8480, a free one if that is taken).")
@click.option("--seed", type=int, default=7, show_default=True, help="Another seed, another floor.")
def demo(port: int | None, seed: int) -> None:
    """Show a simulated service centre on a live wallboard. Nothing is kept."""
    logs.to_stderr("text", logging.WARNING)
    with tempfile.TemporaryDirectory(prefix="presales-demo-") as folder:
        _run(_demo(Path(folder), port, seed))


async def _demo(folder: Path, port: int | None, seed: int) -> None:
    # What a person has set for their own service does not count here.
    wanted = port if port is not None else _free_port(DEMO_PORT)
    clock = Clock()
    floor = live_simulation(seed, clock.now_ms())
    floor_rules.write(folder / "rules", floor.centre)
    settings = Settings.model_validate({"data": folder / "data", "listen": {"port": wanted}})
    app = App(settings, clock=clock, demo=True, rules=Choice(folder / "rules", "of the simulated floor"))
    async with _running(app) as stop:
        events = ((event.ts_ms, event) for event in floor)
        async with open_door(app.server.url, token=None, homes={}, say=_say) as door:
            sending = asyncio.create_task(pump(events, door, batch=500, pace=on_time(clock.now_ms)))
            click.echo(f"simulated chat of a service centre: open {app.server.url} (stop with control-C)")
            await _until(app, stop, sending)
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)


def _free_port(wanted: int) -> int:
    """Return the port if nobody has it, else 0, which takes a free one."""
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            return 0
    return wanted


def _say(text: str) -> None:
    click.echo(text, err=True)


@main.command()
@click.argument("files", nargs=-1, required=True)
@click.option("--as-arrived", is_flag=True, help="The order of the lines is the order of arrival.")
@click.option("--rounds", "rounds_to", metavar="OUT", help="Write each round as a JSON line (.gz packs).")
@click.option("--alerts", "alerts_to", metavar="OUT", help="Write each alert as a JSON line (.gz packs).")
@click.option(
    "--score", "scores", metavar="ID", multiple=True, help="Score all chat by this profile, whatever its platform."
)
@click.option(
    "--speed",
    type=click.FloatRange(min=0, min_open=True),
    help="Run through the live service instead, N times as fast.",
)
@click.option("--port", type=int, default=8480, show_default=True, help="With --speed: where the board is.")
@click.option("--rules", type=click.Path(path_type=Path), help="Folder of rules (default: none, the built-in policy).")
@AS_JSON
def replay(
    files: tuple[str, ...],
    as_arrived: bool,
    rounds_to: str | None,
    alerts_to: str | None,
    scores: tuple[str, ...],
    speed: float | None,
    port: int,
    rules: Path | None,
    as_json: bool,
) -> None:
    """Count the waits of a log of chat events (.jsonl, .jsonl.gz, - for standard input)."""
    if speed is not None:
        if rounds_to or alerts_to or scores or as_json:
            raise click.UsageError(
                "--speed shows the log on the board; --rounds, --alerts, --score and --json are for full speed"
            )
        logs.to_stderr()
        with tempfile.TemporaryDirectory(prefix="presales-replay-") as folder:
            _run(_replay_live(list(files), as_arrived, speed, Path(folder), port, rules))
        return
    found = None if rules is None else first_rules(rules)
    gc.disable()  # The replay makes no cycles, and looking for some among millions of kept objects takes a tenth of it.
    done = replay_files(
        list(files),
        as_arrived=as_arrived,
        keep_rounds=rounds_to is not None,
        keep_alerts=alerts_to is not None,
        profiles=_profiles(scores, found),
        scores=scores,
        policies=BuiltIn() if found is None else found.book,
        reader=WITHOUT_RULES if found is None else found.reader,
        say=_say,
        progress=_progress(),
    )
    for warning in done.tally.warnings:
        _say(f"warning: {warning}")
    for refused in done.refused:
        _say(f"refused: {refused}")
    if done.tally.rejected > len(done.refused):
        _say(f"refused: and {done.tally.rejected - len(done.refused)} more")
    if rounds_to is not None:
        write_lines(rounds_to, done.rounds())
    if alerts_to is not None:
        write_lines(alerts_to, done.alerts())
    if as_json:
        click.echo(json.dumps(done.tally.as_json(), ensure_ascii=False))
    else:
        _print_tally(done)
    sys.exit(1 if done.tally.rejected else 0)


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
            _say(f"{lines:,} lines …")

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
    """Send a log through the live service at its own pace, times ``speed``."""
    events: Iterator[AnyEvent] = Replay(as_arrived=True).decoded(lines_of(files))
    if not as_arrived:
        events = iter(sorted(events, key=lambda event: event.ts_ms))
    first = next(events, None)
    if first is None:
        raise UsageError("the log holds no event")
    clock = FastClock(first.ts_ms, speed)
    settings = Settings.model_validate({"data": folder, "listen": {"port": port}})
    app = App(settings, clock=clock, demo=True, rules=None if rules is None else Choice(rules, "--rules"))
    async with _running(app) as stop:

        def timed() -> Iterator[tuple[int, AnyEvent]]:
            yield first.ts_ms, first
            for event in events:
                yield event.ts_ms, event

        click.echo(f"replaying at {speed:g} times its speed: {app.server.url}", err=True)
        async with open_door(app.server.url, token=None, homes={}, say=_say) as door:
            clock.go()
            sending = asyncio.create_task(pump(timed(), door, batch=500, pace=at_speed(speed)))
            await _until(app, stop, sending)
            if sending.done():
                click.echo("the log is through; the board stays (stop with control-C)", err=True)
                await _until(app, stop)
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)


@main.command("schema")
@click.argument("name", type=click.Choice(("events", *schemas.MODELS)), default="events")
def show_schema(name: str) -> None:
    """Print the JSON Schema of the events, or of a kind of file of the rules."""
    if name == "events":
        click.echo(json.dumps(schema(), ensure_ascii=False, indent=2))
    else:
        click.echo(schemas.text_of(name), nl=False)


@main.command()
@CONFIG
@DATA
@click.option("--show", is_flag=True, help="Print the settings in force, secrets masked.")
def config(config: Path | None, data: Path | None, show: bool) -> None:
    """Check the settings; with --show print them."""
    settings = _settings(config, data)
    if show:
        click.echo(json.dumps(settings.shown(), ensure_ascii=False, indent=2, default=str))
    else:
        click.echo("the settings are good")


@main.group()
def token() -> None:
    """Make, list and revoke the tokens that open the port."""


@token.command("add")
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice(get_args(Role)),
    default="admin",
    show_default=True,
    help="source: brings events. viewer: board and figures. agent: also chats, claims. lead: acts. admin: all.",
)
@click.option("--shop", "shops", multiple=True, help="Only this shop; may be given again.")
@click.option("--team", "teams", multiple=True, help="Only this team; may be given again.")
@CONFIG
@DATA
def add_token(
    name: str, role: Role, shops: tuple[str, ...], teams: tuple[str, ...], config: Path | None, data: Path | None
) -> None:
    """Make a token and print it, once.

    What stands behind /login# in an address logs a browser in without typing, and is sent to nobody: so a TV is set up.
    """
    settings = _settings(config, data)
    secret, digest = new_token()

    async def add() -> None:
        async with open_tokens(settings.data) as tokens:
            await tokens.add(name, digest, Clock().now_ms(), shops=shops or None, teams=teams or None, role=role)

    asyncio.run(add())
    click.echo(secret)
    click.echo("It is shown this once. From now on every request needs a token.", err=True)


@token.command("revoke")
@click.argument("name")
@CONFIG
@DATA
def revoke_token(name: str, config: Path | None, data: Path | None) -> None:
    """Take a token out of force."""
    settings = _settings(config, data)

    async def revoke() -> bool:
        async with open_tokens(settings.data) as tokens:
            return await tokens.revoke(name, Clock().now_ms())

    if not asyncio.run(revoke()):
        raise UsageError(f"no token in force is called {name}")
    click.echo(f"{name} is revoked", err=True)


@token.command("list")
@CONFIG
@DATA
def list_tokens(config: Path | None, data: Path | None) -> None:
    """List the tokens by name."""
    settings = _settings(config, data)

    async def read() -> list[str]:
        async with open_tokens(settings.data) as tokens:
            return [_told(t) for t in await tokens.list()]

    for line in asyncio.run(read()):
        click.echo(line)


def _told(token: Token) -> str:
    """A token in one line: name, role, what it is bound to, whether it is in force."""
    parts = [token.name, token.role]
    parts += [
        f"{kind}: {', '.join(sorted(names))}"
        for kind, names in (("shops", token.shops), ("teams", token.teams))
        if names
    ]
    return "  ".join(parts + ["(revoked)"] * (token.revoked_at_ms is not None))
