"""The commands ``config`` and ``schema``: what is in force, and what may be written."""

import json
from pathlib import Path

import click

from monitor.cli.running import settings_of
from monitor.options import CONFIG, DATA
from monitor.policy_files import schemas
from monitor.wire import schema


@click.command("schema")
@click.argument("name", type=click.Choice(("events", *schemas.MODELS)), default="events")
def show_schema(name: str) -> None:
    """Print the JSON Schema of the events, or of a kind of file of the rules."""
    if name == "events":
        click.echo(json.dumps(schema(), ensure_ascii=False, indent=2))
    else:
        click.echo(schemas.text_of(name), nl=False)


@click.command()
@CONFIG
@DATA
@click.option("--show", "--json", is_flag=True, help="Print the settings in force as JSON, secrets masked.")
def config(config: Path | None, data: Path | None, show: bool) -> None:
    """Check the settings; with --show print them."""
    settings = settings_of(config, data)
    if show:
        click.echo(json.dumps(settings.shown(), ensure_ascii=False, indent=2, default=str))
    else:
        click.echo("the settings are good")
