"""Collectors as they should be: through each door, in order, and what is not acknowledged is sent again.

A batch is a list of lines, each one event. Each function returns when the door has
confirmed the last one, whatever becomes of the service meanwhile.
"""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Any
from urllib.parse import quote

import aiomqtt
import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from tests.plain import PLAIN
from tests.waiting import DEADLINE_SECONDS

AGAIN_SECONDS = 0.02  # Between two tries of a service that is not there.
FRAMES_UNDER_WAY = 16

Batch = list[bytes]
Batches = Iterable[Batch] | AsyncIterable[Batch]
Confirmed = Callable[[Batch], None]  # Told of each batch as it is confirmed.
Homes = Mapping[str, tuple[str, str]]  # Platform and shop of each source, for what names no shop.


@dataclass
class Tally:
    """What the door said."""

    accepted: int = 0
    duplicates: int = 0
    tries_again: int = 0

    def add(self, told: dict[str, Any]) -> None:
        assert told["rejected"] == [], told
        self.accepted += told["accepted"]
        self.duplicates += told["duplicates"]


def _nothing(_: Batch) -> None:
    pass


async def over_http(url: Callable[[], str], batches: Batches, confirmed: Confirmed = _nothing) -> Tally:
    """Post one batch after the other; ``url`` is asked anew for each try."""
    tally = Tally()
    async with httpx.AsyncClient(trust_env=False, timeout=DEADLINE_SECONDS, verify=PLAIN) as client:
        async for batch in _each(batches):
            while True:
                try:
                    answer = await client.post(f"{url()}/v1/events", content=b"\n".join(batch))
                except httpx.TransportError:
                    answer = None
                if answer is not None and answer.status_code == 202:
                    break
                assert answer is None or answer.status_code in (429, 503), answer.text
                tally.tries_again += 1
                await asyncio.sleep(AGAIN_SECONDS)
            tally.add(answer.json())
            confirmed(batch)
    return tally


async def over_socket(url: Callable[[], str], batches: Iterable[Batch], confirmed: Confirmed = _nothing) -> Tally:
    """Send a frame a batch, several under way."""
    tally = Tally()
    left = deque(batches)
    while left:
        try:
            async with connect(f"{url().replace('http', 'ws', 1)}/v1/ingest", proxy=None) as line:
                under_way = acks = 0
                while left:
                    while under_way < min(len(left), FRAMES_UNDER_WAY):
                        await line.send(b"\n".join(left[under_way]), text=True)
                        under_way += 1
                    told = json.loads(await line.recv())
                    acks += 1
                    assert told["ack"] == acks
                    tally.add(told)
                    confirmed(left.popleft())
                    under_way -= 1
        except (ConnectionClosed, InvalidHandshake, OSError):
            tally.tries_again += 1
            await asyncio.sleep(AGAIN_SECONDS)
    return tally


async def over_mqtt(
    port: int,
    batches: Batches,
    confirmed: Confirmed = _nothing,
    *,
    homes: Homes = {},  # noqa: B006 - never changed
) -> None:
    """Publish to a broker, which keeps it for the service; neighbours of one shop share a payload."""
    async with aiomqtt.Client("127.0.0.1", port, timeout=DEADLINE_SECONDS) as client:
        client.pending_calls_threshold = 10_000
        async for batch in _each(batches):
            payloads = groupby(batch, key=partial(topic_of, homes=homes))
            await asyncio.gather(
                *[client.publish(topic, b"\n".join(lines), qos=1) for topic, lines in payloads]  # They leave in order.
            )
            confirmed(batch)


def topic_of(line: bytes, homes: Homes) -> str:
    """Return where an event is published to; what names no shop goes where its source is at home."""
    event = json.loads(line)
    platform, shop = event.get("platform"), event.get("shop")
    if not shop:
        platform, shop = homes[event["source"]]
    return f"presales/v1/events/{quote(platform or 'unknown', safe='')}/{quote(shop, safe='')}"


async def _each(batches: Batches) -> AsyncIterator[Batch]:
    if isinstance(batches, Iterable):
        for batch in batches:
            yield batch
    else:
        async for batch in batches:
            yield batch
