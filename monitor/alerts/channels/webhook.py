"""A generic webhook, signed as Standard Webhooks 1.0 asks for.

2xx is taken; everything else is not. Whatever the receiver answers beyond its
status is not read. The body is ours, or one that other programs know (`shapes`).

Neither the secret nor the path of the address, which is often a secret too,
stands in any error or log line.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence

from monitor.alerts.channels.http import TOTAL_SECONDS, Poster, judge_status
from monitor.alerts.channels.shapes import Shape, ours
from monitor.alerts.router import MACHINE_EXPIRES_MS, Route, message_id
from monitor.clock import Clock
from monitor.errors import UsageError
from monitor.settings import Settings
from monitor.store.entries import Delivery

CONCURRENCY = 8


class WebhookChannel:
    """One endpoint.

    Args:
        url: where to post.
        secrets: ``whsec_…`` each; two while one replaces the other: the receiver may check either.
        shape: what the body looks like.
        allow_private: whether the address may lie in a private network. That of the settings may: who runs
            the service has written it.

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
        shape: Shape = ours,
        allow_private: bool = True,
        total_seconds: float = TOTAL_SECONDS,
    ) -> None:
        self._poster = Poster(
            url,
            what=name,
            connections=CONCURRENCY,
            allow_private=allow_private,
            answer_bytes=0,
            total_seconds=total_seconds,
        )
        if not secrets:
            raise UsageError(f"{name}: a secret is needed: whsec_ and the base64 of 24 to 64 random bytes")
        self.route = Route(channel=name, for_people=False, expires_ms=MACHINE_EXPIRES_MS)
        self.concurrency = CONCURRENCY
        self._keys = [_key(secret, name) for secret in secrets]
        self._clock = clock
        self._shape = shape

    async def open(self) -> None:
        """Make the pool of connections."""
        await self._poster.open()

    async def close(self) -> None:
        """Close the pool."""
        await self._poster.close()

    async def send(self, delivery: Delivery) -> None:
        """Post once.

        Raises:
            DeliveryError: as `Channel.send` says.
        """
        now_ms = self._clock.now_ms()
        name, timestamp = message_id(delivery), str(now_ms // 1000)
        body, headers = self._shape(delivery)
        headers = headers | {
            "webhook-id": name,
            "webhook-timestamp": timestamp,
            "webhook-signature": " ".join(sign(key, name, timestamp, body) for key in self._keys),
        }
        judge_status(await self._poster.post(body, headers=headers), now_ms)


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


def _key(secret: str, name: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        key = b""
    if not secret.startswith("whsec_") or not 24 <= len(key) <= 64:
        raise UsageError(f"{name}: the secret must be whsec_ and the base64 of 24 to 64 bytes")
    return key
