"""One POST, bounded in every way, and what its answer means: shared by all channels that speak HTTP.

A redirect is not followed: the address was checked and the message is for it. Of the
answer only a beginning is read: it may have no end. Neither the address, of which a
part is often a secret, nor what was sent stands in any error.
"""

from email.utils import parsedate_to_datetime
from typing import NamedTuple
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from monitor import __version__
from monitor.alerts.channels.private import GuardedResolver, PrivateAddress, refused_literal
from monitor.errors import DeliveryError, UsageError

CONNECT_SECONDS = 2.0
TOTAL_SECONDS = 5.0
ANSWER_BYTES = 16 * 1024  # An error of a robot has a few hundred.
HAS_READ_AND_REFUSES = frozenset({400, 413, 414, 422})  # The same bytes would be refused again.
ASKS_FOR_PATIENCE = frozenset({429, 502, 503, 504})


class Answer(NamedTuple):
    """What a receiver answered."""

    status: int
    patience: str | None  # Retry-After
    text: bytes


class Poster:
    """A pool of connections to one receiver.

    Args:
        url: of the receiver; only its host is looked at here.
        what: how the channel is called in an error.

    Raises:
        UsageError: the address cannot be one.
    """

    def __init__(
        self,
        url: str,
        *,
        what: str,
        connections: int,
        allow_private: bool,
        answer_bytes: int = ANSWER_BYTES,
        total_seconds: float = TOTAL_SECONDS,
    ) -> None:
        try:
            parts = urlsplit(url)
            host = parts.hostname if parts.scheme in ("http", "https") else None
            self.url = URL(url, encoded=True)  # As it stands: a key in it is not to be written another way.
        except ValueError:
            host = None
        if not host:
            raise UsageError(f"{what}: the address must begin with http:// or https://")
        self._refused = refused_literal(host, allow_private=allow_private)
        self._allow_private = allow_private
        self._connections = connections
        self._answer_bytes = answer_bytes
        self._timeout = aiohttp.ClientTimeout(total=total_seconds, sock_connect=CONNECT_SECONDS)
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Make the pool."""
        self._session = aiohttp.ClientSession(
            timeout=self._timeout,
            connector=aiohttp.TCPConnector(
                limit=self._connections, resolver=GuardedResolver(allow_private=self._allow_private)
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": f"presales-monitor/{__version__}", "Content-Type": "application/json"},
        )

    async def close(self) -> None:
        """Close the pool."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def post(self, body: bytes, *, headers: dict[str, str] | None = None, url: URL | None = None) -> Answer:
        """Post once.

        Raises:
            DeliveryError: nobody answered, or nothing that is HTTP.
        """
        if self._session is None:
            raise DeliveryError("closed")
        if self._refused:
            raise _private()
        try:
            async with self._session.post(
                url or self.url, data=body, headers=headers, allow_redirects=False
            ) as response:
                text = b""
                while len(text) < self._answer_bytes:
                    part = await response.content.read(self._answer_bytes - len(text))
                    if not part:
                        break
                    text += part
                return Answer(response.status, response.headers.get("Retry-After"), text)
        except TimeoutError:
            raise DeliveryError("timeout") from None
        except aiohttp.ClientSSLError:
            raise DeliveryError("tls") from None
        except aiohttp.ClientConnectorError as error:
            raise (_private() if isinstance(error.os_error, PrivateAddress) else DeliveryError("connect")) from None
        except (aiohttp.ClientConnectionError, ConnectionError):
            raise DeliveryError("reset") from None
        except aiohttp.ClientError:
            raise DeliveryError("protocol") from None


def _private() -> DeliveryError:
    said = "the address lies in a private network; allow_private: true lets it"
    return DeliveryError("private_address", permanent=True, detail=said)


def judge_status(answer: Answer, now_ms: int) -> None:
    """Return where the status says that it was taken.

    Raises:
        DeliveryError: it was not.
    """
    status = answer.status
    if 200 <= status < 300:
        return
    if status == 410:
        raise DeliveryError("gone", permanent=True, detail="the receiver wants nothing more")
    if 300 <= status < 400:
        raise DeliveryError("redirect", detail=f"status {status}; give the final address")
    if status in HAS_READ_AND_REFUSES:
        raise DeliveryError("refused", permanent=True, detail=f"status {status}")
    if status in ASKS_FOR_PATIENCE:
        wait = _seconds(answer.patience, now_ms)
        raise DeliveryError("throttled", retry_after_seconds=wait, detail=f"status {status}")
    raise DeliveryError("status", detail=f"status {status}")


def _seconds(patience: str | None, now_ms: int) -> float | None:
    """Read Retry-After: seconds or a date; None where it says nothing that can be read."""
    if patience is None:
        return None
    if patience.isascii() and patience.isdigit():
        return float(patience[:9])
    try:
        return max(0.0, parsedate_to_datetime(patience).timestamp() - now_ms / 1000)
    except (ValueError, OverflowError):
        return None
