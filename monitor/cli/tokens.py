"""The commands ``token add``, ``list`` and ``revoke``."""

import asyncio
import json
from pathlib import Path
from typing import Any, get_args

import click

from monitor.cli.running import settings_of
from monitor.clock import Clock
from monitor.errors import UsageError
from monitor.options import AS_JSON, CONFIG, DATA
from monitor.store.entries import Role, Token
from monitor.store.tokens import open_tokens
from monitor.web.access import new_token
from monitor.wire import instant_text


@click.group()
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
    if role == "source" and teams:
        raise UsageError("a source is limited by --shop: events name no team")
    settings = settings_of(config, data)
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
    settings = settings_of(config, data)

    async def revoke() -> bool:
        async with open_tokens(settings.data) as tokens:
            return await tokens.revoke(name, Clock().now_ms())

    if not asyncio.run(revoke()):
        raise UsageError(f"no token in force is called {name}")
    click.echo(f"{name} is revoked", err=True)


@token.command("list")
@CONFIG
@DATA
@AS_JSON
def list_tokens(config: Path | None, data: Path | None, as_json: bool) -> None:
    """List the tokens by name."""
    settings = settings_of(config, data)

    async def read() -> list[Token]:
        async with open_tokens(settings.data) as tokens:
            return await tokens.list()

    # To look makes no data folder: where none is, none was made.
    known = asyncio.run(read()) if (settings.data / "journal.db").exists() else []
    if not known:
        click.echo(f"no token has been made in {settings.data}", err=True)
    if as_json:
        click.echo(json.dumps([_shown(one) for one in known], ensure_ascii=False))
        return
    for one in known:
        click.echo(_told(one))


def _shown(token: Token) -> dict[str, Any]:
    return {
        "name": token.name,
        "role": token.role,
        "shops": sorted(token.shops) if token.shops else None,
        "teams": sorted(token.teams) if token.teams else None,
        "made_at": instant_text(token.created_at_ms),
        "revoked_at": instant_text(token.revoked_at_ms) if token.revoked_at_ms is not None else None,
    }


def _told(token: Token) -> str:
    """A token in one line: name, role, what it is bound to, whether it is in force."""
    parts = [token.name, token.role]
    parts += [
        f"{kind}: {', '.join(sorted(names))}"
        for kind, names in (("shops", token.shops), ("teams", token.teams))
        if names
    ]
    return "  ".join(parts + ["(revoked)"] * (token.revoked_at_ms is not None))
