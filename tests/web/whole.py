"""The whole program in this process, as its own one port shows it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx

from monitor.app import App
from monitor.policy_files.where import Choice
from monitor.settings import load
from tests.at_ten import AT_TEN
from tests.plain import PLAIN
from tests.waiting import DEADLINE_SECONDS


@contextlib.asynccontextmanager
async def running(
    data: Path, *, rules: Choice | None = None, **environ: str
) -> AsyncIterator[tuple[App, httpx.AsyncClient]]:
    """Run all of it on a free port; give it and a client."""
    settings = load(environ={"PRESALES_LISTEN__PORT": "0", "PRESALES_DATA": str(data)} | environ)
    app = App(settings, clock=AT_TEN, rules=rules)
    await app.start()
    try:
        async with httpx.AsyncClient(
            base_url=app.server.url, timeout=DEADLINE_SECONDS, verify=PLAIN, trust_env=False
        ) as client:
            yield app, client
    finally:
        await app.stop()


def said(number: int, seconds_ago: float = 0.0, **more: Any) -> dict[str, Any]:
    """Return a message of a buyer, unless told otherwise."""
    return {
        "id": f"m-{number}",
        "ts": AT_TEN.now_ms() - round(seconds_ago * 1000),
        "platform": "taobao",
        "shop": "senye",
        "conversation": "c-9",
        "buyer": "张三",
        "role": "buyer",
        "text": "包邮吗?",
    } | more


async def eventually(client: httpx.AsyncClient, path: str, holds: Any) -> Any:
    """Ask until the answer is as expected."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while True:
            told = (await client.get(path)).json()
            if holds(told):
                return told
