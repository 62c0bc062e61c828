"""A generic webhook, signed as Standard Webhooks 1.0 asks for.

2xx is taken; everything else is not. A redirect is not followed: the address was
checked and the signature is for it. Whatever the receiver answers beyond its
status is not read: it may have no end.

Neither the secret nor the path of the address, which is often a secret too,
stands in any error or log line.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import aiohttp

from monitor import __version__
from monitor.alerts.router import MACHINE_EXPIRES_MS, Route, message_id
from monitor.clock import Clock
from monitor.errors import DeliveryError, UsageError
from monitor.settings import Settings
from monitor.store.entries import Delivery

CONNECT_SECONDS = 2.0
TOTAL_SECONDS = 5.0
CONCURRENCY = 8
HAS_READ_AND_REFUSES = frozenset({400, 413, 414, 422})  # The same bytes would be refused again.
ASKS_FOR_PATIENCE = frozenset({429, 502, 503, 504})


class WebhookChannel:
    """One endpoint.

    Args:
        url: where to post.
        secrets: ``whsec_…`` each; two while one replaces the other: the receiver may check either.

    Raises:
        UsageError: the address or a secret cannot be one.
    """

    def __init__(
        self,
        url: str,
        secrets: Sequence[str],
        clock: Clock,
        *,
        name: str = "webhook",
        total_seconds: float = TOTAL_SECONDS,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError("webhook: the address must begin with http:// or https://")
        if not secrets:
            raise UsageError("webhook: a secret is needed: whsec_ and the base64 of 24 to 64 random bytes")
        self.route = Route(channel=name, for_people=False, expires_ms=MACHINE_EXPIRES_MS)
        self.concurrency = CONCURRENCY
        self._url = url
        self._keys = [_key(secret) for secret in secrets]
        self._clock = clock
        self._timeout = aiohttp.ClientTimeout(total=total_seconds, sock_connect=CONNECT_SECONDS)
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Make the pool of connections."""
        self._session = aiohttp.ClientSession(
            timeout=self._timeout,
            connector=aiohttp.TCPConnector(limit=CONCURRENCY),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": f"presales-monitor/{__version__}", "Content-Type": "application/json"},
        )

    async def close(self) -> None:
        """Close the pool."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def send(self, delivery: Delivery) -> None:
        """Post once.

        Raises:
            DeliveryError: as `Channel.send` says.
        """
        if self._session is None:
            raise DeliveryError("closed")
        name, timestamp = message_id(delivery), str(self._clock.now_ms() // 1000)
        headers = {
            "webhook-id": name,
            "webhook-timestamp": timestamp,
            "webhook-signature": " ".join(sign(key, name, timestamp, delivery.body) for key in self._keys),
        }
        try:
            async with self._session.post(
                self._url, data=delivery.body, headers=headers, allow_redirects=False
            ) as response:
                status = response.status
                patience = response.headers.get("Retry-After")
        except TimeoutError:
            raise DeliveryError("timeout") from None
        except aiohttp.ClientSSLError:
            raise DeliveryError("tls") from None
        except aiohttp.ClientConnectorError:
            raise DeliveryError("connect") from None
        except (aiohttp.ClientConnectionError, ConnectionError):
            raise DeliveryError("reset") from None
        except aiohttp.ClientError:
            raise DeliveryError("protocol") from None
        self._judge(status, patience)

    def _judge(self, status: int, patience: str | None) -> None:
        if 200 <= status < 300:
            return
        if status == 410:
            raise DeliveryError("gone", permanent=True, detail="the receiver wants nothing more")
        if 300 <= status < 400:
            raise DeliveryError("redirect", detail=f"status {status}; give the final address")
        if status in HAS_READ_AND_REFUSES:
            raise DeliveryError("refused", permanent=True, detail=f"status {status}")
        if status in ASKS_FOR_PATIENCE:
            wait = _seconds(patience, self._clock.now_ms())
            raise DeliveryError("throttled", retry_after_seconds=wait, detail=f"status {status}")
        raise DeliveryError("status", detail=f"status {status}")


def configured(settings: Settings, clock: Clock, service: str) -> WebhookChannel | None:  # noqa: ARG001 - as all are made
    """Return the webhook of the settings, or None."""
    url, secret = settings.webhook.url, settings.webhook.secret
    if url is None:
        return None
    return WebhookChannel(url, secret.get_secret_value().split() if secret else [], clock)


def sign(key: bytes, name: str, timestamp: str, body: bytes) -> str:
    """Return one signature as it stands in the header."""
    digest = hmac.digest(key, f"{name}.{timestamp}.".encode() + body, hashlib.sha256)
    return f"v1,{base64.b64encode(digest).decode()}"


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        key = b""
    if not secret.startswith("whsec_") or not 24 <= len(key) <= 64:
        raise UsageError("webhook: the secret must be whsec_ and the base64 of 24 to 64 bytes")
    return key


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
