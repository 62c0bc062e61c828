"""What the commands that run a service share: settings, the loop, a start and a stop by signal."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import click

from monitor.app import App
from monitor.settings import Settings, load


def settings_of(config: Path | None, data: Path | None, **more: Any) -> Settings:
    """Return the settings in force, those of the command line before all others."""
    overrides = {name.replace("__", "."): value for name, value in more.items() if value is not None}
    if data is not None:
        overrides["data"] = data
    return load(config, overrides=overrides)


def run_loop(work: Any) -> None:
    """Run on the fast loop where there is one."""
    try:
        import uvloop
    except ImportError:  # Windows
        asyncio.run(work)
    else:
        uvloop.run(work)


@contextlib.asynccontextmanager
async def running(app: App) -> AsyncIterator[asyncio.Event]:
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


async def until(app: App, stop: asyncio.Event, *tasks: asyncio.Task[Any]) -> None:
    """Wait for the wish to stop, for a task to end, or for a part of the app to break."""
    own = [asyncio.create_task(stop.wait()), asyncio.create_task(app.wait())]
    done, _ = await asyncio.wait([*own, *tasks], return_when=asyncio.FIRST_COMPLETED)
    for task in own:
        task.cancel()
    for task in done:
        task.result()


def say(text: str) -> None:
    """Tell the person at the terminal; standard output is for what was asked."""
    click.echo(text, err=True)
