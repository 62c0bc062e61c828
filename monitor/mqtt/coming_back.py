"""Coming back to a broker after a loss, not too soon and not all at once."""

import asyncio
import logging
import random
import ssl
from collections.abc import Awaitable, Callable

from aiomqtt import MqttCodeError, MqttError

from monitor.mqtt.broker import Broker
from monitor.mqtt.link import Link

log = logging.getLogger(__name__)

STEADY_SECONDS = 10.0  # A connection that stood so long was a good one: the next loss is a new one.


_BROKEN = 128  # "Unspecified error": what the library has for a line that breaks.


def why(error: MqttError) -> str:
    """Return what went wrong, as whoever runs the service would say it."""
    rc = error.rc if type(error) is MqttCodeError else None
    return "the connection was lost" if getattr(rc, "value", rc) == _BROKEN else str(error)


def say_loss(log: logging.Logger, who: str, broker: Broker, error: MqttError, wait: float, told: str | None) -> str:
    """Log why the broker is away, and return it.

    A broker that is away for a night is one line, not thousands: what was told last is for who looks closely.

    Args:
        log: of the module that is connected.
        who: of ours, for the log.
        broker: which.
        error: what happened.
        wait: seconds until the next try.
        told: what this returned for the loss before, unless something went well since.
    """
    said = why(error)
    level = logging.DEBUG if said == told else logging.WARNING
    log.log(level, "%s: %s:%d: %s; next try in %.1f s", who, broker.host, broker.port, said, wait)
    return said


class Backoff:
    """How long to wait before the next try: full jitter, so that many clients do not come back in step."""

    def __init__(
        self, first_seconds: float = 0.5, most_seconds: float = 10.0, rng: random.Random | None = None
    ) -> None:
        self._first = first_seconds
        self._most = most_seconds
        self._rng = rng or random.Random()  # noqa: S311 - spreads load, guards nothing
        self._tries = 0

    def next_seconds(self) -> float:
        """Return a random wait whose upper bound doubles with every try."""
        bound = min(self._most, self._first * 2.0 ** min(self._tries, 30))
        self._tries += 1
        return self._rng.uniform(0.0, bound)

    def reset(self) -> None:
        """Start over, after something went well."""
        self._tries = 0


async def keep_connected(
    broker: Broker,
    use: Callable[[Link], Awaitable[None]],
    *,
    name: str,
    tls: ssl.SSLContext | None,
    backoff: Backoff,
) -> None:
    """Connect for one who publishes, and come back after every loss, until cancelled.

    Args:
        broker: where to.
        use: takes each connection, and ends only with it.
        name: tells this client from the others of ours, for the broker and in the log.
        tls: the context made at the start.
        backoff: how long to wait before the next try.
    """
    loop = asyncio.get_running_loop()
    told = ""
    while True:
        connected_at = loop.time()
        try:
            async with Link(broker, client_id=f"{broker.client_id}-{name}", tls=tls) as link:
                await use(link)
        except MqttError as error:
            wait = backoff.next_seconds()
            told = say_loss(log, f"mqtt {name}", broker, error, wait, told)
        if loop.time() - connected_at > STEADY_SECONDS:
            backoff.reset()
            told = ""
        await asyncio.sleep(wait)
