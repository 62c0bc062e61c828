"""Links by which a person acts from a chat: signed, for one act on named alerts, for ten minutes.

Who has the link may do that one thing and nothing else, so it needs no login: it was
sent to a group of people who may. Chat programs fetch links to show a preview; so a
GET only shows a page (`monitor.web.acts`), and only what a person presses there acts.

The key lies with the data: links stay good over a restart, and a copy of the data
elsewhere makes none that count here.
"""

import base64
import binascii
import hashlib
import hmac
import ipaddress
from collections.abc import Sequence
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from monitor.errors import UsageError
from monitor.key_file import key_at

GOOD_MS = 10 * 60_000
MAC_BYTES = 16
KEY_FILE = "links.key"
PATH = "/a/"
ALERTS_AT_MOST = 30  # A link must fit into a button.
INSIDE_NAMES = (".local", ".lan", ".internal", ".intranet", ".home.arpa")

Act = Literal["claim", "mute"]


class Asked(Struct, array_like=True, frozen=True):
    """What a link is for."""

    act: Act
    until_s: int
    alerts: tuple[str, ...]  # Without the letters of the installation.
    by: str = ""  # Who it was sent to; empty: a group.


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Asked).decode


class Links:
    """Makes links and reads them.

    Args:
        key: of this installation.
        base_url: where people reach the service; None: nowhere, and there are no links.
    """

    def __init__(self, key: bytes, base_url: str | None) -> None:
        self._key = key
        self._base = base_url.rstrip("/") if base_url else None
        self.inside = self._base is not None and is_inside(urlsplit(self._base).hostname or "")

    def url(self, act: Act, alerts: Sequence[str], now_ms: int, by: str = "") -> str | None:
        """Return a link; None where people cannot reach the service."""
        if self._base is None or not alerts:
            return None
        asked = Asked(act, (now_ms + GOOD_MS) // 1000, tuple(alerts[:ALERTS_AT_MOST]), by)
        body = _encode(asked)
        token = base64.urlsafe_b64encode(self._mac(body) + body).rstrip(b"=").decode()
        return f"{self._base}{PATH}{token}"

    def read(self, token: str, now_ms: int) -> Asked | None:
        """Return what a link is for; None: it is not ours, or its time is over."""
        try:
            raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
            body = raw[MAC_BYTES:]
            if not hmac.compare_digest(raw[:MAC_BYTES], self._mac(body)):
                return None
            asked = _decode(body)
        except (binascii.Error, ValueError, msgspec.DecodeError):
            return None
        return asked if now_ms < asked.until_s * 1000 else None

    def _mac(self, body: bytes) -> bytes:
        return hmac.digest(self._key, b"presales-link-1\0" + body, hashlib.sha256)[:MAC_BYTES]


def key_in(folder: Path) -> bytes:
    """Return the key that lies with the data, made when there is none yet.

    Raises:
        UsageError: it cannot be read or written.
    """
    path = folder / KEY_FILE
    try:
        return key_at(path)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None


def is_inside(host: str) -> bool:
    """Whether a host can only be reached from the office: a phone on its own network cannot."""
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        name = host.lower().rstrip(".")
        return name == "localhost" or "." not in name or name.endswith(INSIDE_NAMES)
