"""What a webhook brought, made into events by its mapping: when it comes, and again out of the quarantine.

A delivery is one message or a few. A larger one is read and mapped on a thread: expressions take some ten
microseconds each, and the loop must not stand still for ten thousand items.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

from monitor.hooks.mapping import WebhookMapping
from monitor.wire.reading import read_json

ASIDE_BYTES = 16 * 1024
FOREIGN = ("json", "mapping")  # Why a webhook was refused that is still in another system's words.


async def payload_of(body: bytes) -> Any:
    """Return what a body says.

    Raises:
        Refused: it is not JSON.
    """
    payload, _ = await asyncio.to_thread(read_json, body) if len(body) > ASIDE_BYTES else read_json(body)
    return payload


async def events_of(
    mapping: WebhookMapping, body: bytes, payload: Any, headers: Mapping[str, str], arrived_at_ms: int
) -> bytes | None:
    """Return the events of a delivery, as `WebhookMapping.body` does.

    Raises:
        NotAsExpected: it cannot be made.
    """
    if len(body) > ASIDE_BYTES:
        return await asyncio.to_thread(mapping.body, payload, headers, arrived_at_ms)
    return mapping.body(payload, headers, arrived_at_ms)
