"""Whether a webhook comes from whom it says: the checks that chat systems offer, as data.

    equals   a shared secret in a header, in the address (``query:``), or in the body
    hmac     HMAC over parts of the request, keyed with the secret
    digest   a plain hash over parts of the request, of which the secret is one

Secrets come from the environment, or from a file that ``NAME_FILE`` there names; never from
the mapping itself.
"""

import base64
import hashlib
import hmac
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import parse_qs

import jmespath
from jmespath.exceptions import JMESPathError
from pydantic import AfterValidator, Field

from monitor.hooks.expressions import compiles_plain
from monitor.yaml_files import DurationMs, Model


def _place(at: str) -> str:
    kind, _, name = at.partition(":")
    if kind not in ("header", "query", "body") or not name:
        raise ValueError("write header:NAME, query:NAME or body:EXPRESSION")
    if kind == "body":
        compiles_plain(name)
    return at


@dataclass(frozen=True, slots=True)
class Delivery:
    """One request as a check sees it."""

    headers: Mapping[str, str]  # Names in lower case.
    query: str
    body: bytes
    payload: Any


class Equals(Model):
    """The secret itself is sent along. ``at``: ``header:NAME``, ``query:NAME`` or ``body:EXPRESSION``."""

    kind: Literal["equals"]
    secret_env: str
    at: Annotated[str, AfterValidator(_place)]

    def holds(self, delivery: Delivery, secret: str, now_ms: int) -> bool:  # noqa: ARG002 - as the other checks
        """Whether the delivery has the secret."""
        return hmac.compare_digest(_found(delivery, self.at).encode(), secret.encode())


class Signed(Model):
    """A signature over parts of the request.

    ``over`` lists the parts in order: ``body``, ``secret``, ``header:NAME``, anything else is text as it stands.
    ``tolerance`` bounds the age of the instant in ``timestamp`` (a header in epoch seconds or RFC 3339), so that a
    copied request is of no use later.
    """

    kind: Literal["hmac", "digest"]
    algorithm: Literal["sha256", "sha1"] = "sha256"
    secret_env: str
    header: str
    prefix: str = ""
    encoding: Literal["hex", "base64"] = "hex"
    over: list[str] = Field(default=["body"])
    timestamp: str | None = None
    tolerance: DurationMs = 300_000

    def holds(self, delivery: Delivery, secret: str, now_ms: int) -> bool:
        """Whether the signature is the one that who knows the secret would have made, and is fresh."""
        given = delivery.headers.get(self.header.lower(), "")
        if not given.startswith(self.prefix) or not self._is_fresh(delivery, now_ms):
            return False
        text = b"".join(_part(delivery, part, secret) for part in self.over)
        if self.kind == "hmac":
            made = hmac.new(secret.encode(), text, self.algorithm).digest()
        else:
            made = hashlib.new(self.algorithm, text, usedforsecurity=False).digest()
        wanted = made.hex() if self.encoding == "hex" else base64.b64encode(made).decode()
        return hmac.compare_digest(given.removeprefix(self.prefix).strip().encode(), wanted.encode())

    def _is_fresh(self, delivery: Delivery, now_ms: int) -> bool:
        if self.timestamp is None:
            return True
        said = delivery.headers.get(self.timestamp.lower(), "")
        try:
            at_ms = float(said) * 1000 if said.replace(".", "", 1).isdigit() else _rfc3339_ms(said)
        except ValueError:
            return False
        return abs(now_ms - at_ms) <= self.tolerance


Check = Annotated[Equals | Signed, Field(discriminator="kind")]


def _rfc3339_ms(text: str) -> float:
    read = datetime.fromisoformat(text)
    if read.tzinfo is None:
        raise ValueError("no zone")
    return read.timestamp() * 1000


def secret_of(name: str) -> str | None:
    """Return a secret from the environment, or from the file that ``NAME_FILE`` names; None: there is none."""
    if value := os.environ.get(name):
        return value
    if path := os.environ.get(f"{name}_FILE"):
        try:
            return Path(path).read_text("utf-8").strip() or None
        except OSError:
            return None
    return None


def _found(delivery: Delivery, place: str) -> str:
    kind, _, name = place.partition(":")
    if kind == "header":
        return delivery.headers.get(name.lower(), "")
    if kind == "query":
        return parse_qs(delivery.query).get(name, [""])[0]
    try:
        found = jmespath.search(name, delivery.payload)
    except JMESPathError:  # Of a function, where the body has something else than it takes.
        return ""
    return found if isinstance(found, str) else ""


def _part(delivery: Delivery, part: str, secret: str) -> bytes:
    if part == "body":
        return delivery.body
    if part == "secret":
        return secret.encode()
    if part.startswith("header:"):
        return delivery.headers.get(part.removeprefix("header:").lower(), "").encode()
    return part.encode()
