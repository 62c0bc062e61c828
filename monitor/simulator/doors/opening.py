"""Which door an address means."""

import contextlib
import itertools
from collections.abc import AsyncIterator, Callable
from urllib.parse import urlsplit

import aiohttp

from monitor.errors import UsageError
from monitor.simulator.doors.base import Door, Homes
from monitor.simulator.doors.http import HttpDoor
from monitor.simulator.doors.mqtt import MqttDoor, mqtt_client
from monitor.simulator.doors.socket import SocketDoor


@contextlib.asynccontextmanager
async def open_door(
    address: str, *, token: str | None = None, homes: Homes | None = None, say: Callable[[str], None] = lambda _: None
) -> AsyncIterator[Door]:
    """Open the door an address means.

    Args:
        address: ``http(s)://host[:port][/path]``, ``ws(s)://…`` or ``mqtt(s)://[user:password@]host[:port]``.
        token: for HTTP and WebSocket, sent as a bearer token.
        homes: the topic's platform and shop for events without a shop, by source; MQTT only.
        say: told when something has to be tried again.

    Raises:
        UsageError: the address is none of these.
    """
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError as error:
        raise UsageError(f"{address}: {error}") from None
    scheme = parts.scheme.lower()
    if scheme not in ("http", "https", "ws", "wss", "mqtt", "mqtts") or not parts.hostname:
        raise UsageError(f"{address}: must be http://host:port, ws://host:port or mqtt://host:port")
    if scheme in ("http", "https"):
        url = address if parts.path.strip("/") else f"{scheme}://{parts.netloc}/v1/events"
        headers = {"Content-Type": "application/x-ndjson"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        async with aiohttp.ClientSession(headers=headers, timeout=aiohttp.ClientTimeout(total=60)) as session:
            yield HttpDoor(session, url, say)
    elif scheme in ("ws", "wss"):
        url = address if parts.path.strip("/") else f"{scheme}://{parts.netloc}/v1/ingest"
        socket = SocketDoor(url, token, say)
        try:
            yield socket
        finally:
            await socket.close()
    else:
        where = f"{scheme}://{parts.hostname}:{port or (8883 if scheme == 'mqtts' else 1883)}"
        names = itertools.count(1)
        mqtt = MqttDoor(lambda: mqtt_client(address, next(names)), where, homes or {}, say)
        try:
            yield mqtt
        finally:
            await mqtt.close()
