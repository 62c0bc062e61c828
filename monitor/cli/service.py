"""The commands ``run`` and ``demo``."""

import asyncio
import logging
import socket
import tempfile
from pathlib import Path

import click

from monitor import logs
from monitor.app import App
from monitor.cli.running import run_loop, running, say, settings_of, until
from monitor.clock import Clock
from monitor.options import CONFIG, DATA, PORT, RULES
from monitor.policy_files.where import Choice, choose, default_folder
from monitor.service_manager import ServiceManager
from monitor.settings import Settings
from monitor.simulator import floor_rules
from monitor.simulator.doors import open_door
from monitor.simulator.live import live_simulation
from monitor.simulator.senders import on_time, pump

DEMO_PORT = 8480


@click.command()
@CONFIG
@DATA
@click.option("--host", help="Address to listen on (default 127.0.0.1).")
@click.option("--port", type=PORT, help="Port to listen on (default 8480, 0 for a free one).")
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
    settings = settings_of(config, data, listen__host=host, listen__port=port)
    logs.to_stderr(log_format)
    run_loop(_serve(settings, choose(rules, settings.rules)))


async def _serve(settings: Settings, rules: Choice) -> None:
    app = App(settings, rules=rules)
    async with running(app) as stop:
        chosen = f"rules: {rules.folder} ({rules.why}), version {app.book.rules}"
        click.echo(f"{chosen} · data: {settings.data} · board and API: {app.server.url}", err=True)
        systemd = ServiceManager.of_environment()
        systemd.ready(f"{chosen}; {app.server.url}")
        alive = asyncio.create_task(systemd.keep_alive(app.engine.turn))
        await until(app, stop)
        alive.cancel()
        systemd.stopping()
        click.echo("stopping: no new work, last commit …", err=True)
    click.echo("stopped: everything that was acknowledged is stored", err=True)


@click.command()
@click.option("--port", type=PORT, help="Port (default 8480, a free one if that is taken).")
@click.option("--seed", type=int, default=7, show_default=True, help="Another seed, another floor.")
def demo(port: int | None, seed: int) -> None:
    """Show a simulated service centre on a live wallboard. Nothing is kept."""
    logs.to_stderr("text", logging.WARNING)
    with tempfile.TemporaryDirectory(prefix="presales-demo-") as folder:
        run_loop(_demo(Path(folder), port, seed))


async def _demo(folder: Path, port: int | None, seed: int) -> None:
    # What a person has set for their own service does not count here.
    wanted = port if port is not None else _free_port(DEMO_PORT)
    clock = Clock()
    floor = live_simulation(seed, clock.now_ms())
    floor_rules.write(folder / "rules", floor.centre, platforms=default_folder() / "platforms")
    settings = Settings.model_validate({"data": folder / "data", "listen": {"port": wanted}})
    app = App(settings, clock=clock, demo=True, rules=Choice(folder / "rules", "of the simulated floor"))
    async with running(app) as stop:
        events = ((event.ts_ms, event) for event in floor)
        async with open_door(app.server.url, token=None, homes={}, say=say) as door:
            sending = asyncio.create_task(pump(events, door, batch=500, pace=on_time(clock.now_ms)))
            click.echo(f"simulated chat of a service centre: open {app.server.url} (stop with control-C)")
            click.echo("below: what a team's group would be told · 模拟的客服中心；下面是组群会收到的提醒")
            await until(app, stop, sending)
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
