"""Who may come in.

On a loopback address with no token made, every local caller may do everything:
a first try must not begin with keys. So that a page of another site in the same
browser is no local caller, the Host must be a loopback name and an Origin our
own. Once a token was ever made, or on another address, one is needed.

A program sends ``Authorization: Bearer``. A browser cannot set headers on a page;
it logs in once and has the token in a cookie (HttpOnly, SameSite=Strict). Neither is
ever part of an address, where logs and histories would keep it, and nothing has to be
remembered here: a token that is taken away is out within a second. A page opens its
live feed with a ticket (`monitor.web.tickets`).

Where people are logged in by a proxy already, it says their name in a header that
is believed from its address alone; what a name may do is said where its token was made.

Tokens are kept as SHA-256 only; they are random and long, so no salt or slow hash
would add anything.
"""

import hashlib
import hmac
import ipaddress
import secrets
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit

from starlette.types import Scope

from monitor.errors import StoreUnavailable, UsageError
from monitor.store.entries import Holder, Role
from monitor.web.bounds import WrongTries

COOKIE = "presales_token"
STORE_RETRY_SECONDS = 5  # What who asks is told to wait while the disk takes nothing.
LOOK_AGAIN_SECONDS = 1.0  # What a command changes counts within this.
REMEMBERED_AT_MOST = 1_000  # Tokens looked up, wrong ones too; then all are looked up again.


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks.

    Attributes:
        name: the token's name, the name a proxy vouches for, or ``local``.
        shops: the only shops it may see and speak for; None: all.
        teams: the only teams it may see; None: all.
        role: what it may do; `monitor.web.roles` says what that is.
        digest: of its token; none where a proxy vouches, or none is needed.
    """

    name: str
    shops: frozenset[str] | None = None
    teams: frozenset[str] | None = None
    role: Role = "admin"
    digest: str = field(default="", repr=False)

    def may(self, shop: str, team: str | None = None) -> bool:
        """Whether a shop, and a team where one is named, is open to it."""
        return (self.shops is None or shop in self.shops) and (team is None or self.teams is None or team in self.teams)

    @property
    def bound(self) -> bool:
        """Whether it may see only a part of the floor."""
        return self.shops is not None or self.teams is not None


LOCAL = Caller("local")


@dataclass(frozen=True, slots=True)
class Denied:
    """Why a caller may not come in.

    Attributes:
        status: 401, 403, 429 after too many wrong tokens or requests, or 503 while tokens cannot be read.
        retry_after_seconds: when to come again, of 429 and 503.
    """

    status: int
    error: str
    retry_after_seconds: int = 60

    @property
    def later(self) -> list[tuple[bytes, bytes]]:
        """The header that says when to come again, where that helps."""
        return [(b"retry-after", b"%d" % self.retry_after_seconds)] if self.status in (429, 503) else []

    @property
    def reason(self) -> str:
        """What it is counted as."""
        return {401: "token", 403: "forbidden", 429: "rate", 503: "store"}[self.status]


def unavailable(error: StoreUnavailable, said: str = "try again later") -> Denied:
    """Return what is answered while the journal takes or gives nothing, and when to come again."""
    return Denied(503, f"{said}: {error}", STORE_RETRY_SECONDS)


class Tokens(Protocol):
    """Where tokens are kept."""

    async def any(self) -> bool:
        """Whether one was ever made."""

    async def find(self, sha256: str) -> Holder | None:
        """Return who holds the token in force with this digest."""

    async def named(self, name: str) -> Holder | None:
        """Return the holder of that name whose token is in force."""


class Access:
    """The check of every request.

    Args:
        host: the address listened on.
        tokens: those that were made.
        token: one more that opens everything, from the settings.
        user_header: where a proxy that has logged people in says who asks; None: there is no such proxy.
        proxies: the only addresses such a header is believed from.
    """

    def __init__(
        self,
        *,
        host: str,
        tokens: Tokens,
        token: str | None = None,
        user_header: str | None = None,
        proxies: Collection[str] = (),
    ) -> None:
        self._host = host
        self._loopback = is_loopback(host)
        self._tokens = tokens
        self._own = None if token is None else _digest(token)
        self._user_header = None if user_header is None else user_header.lower().encode("ascii")
        self._proxies = frozenset(proxies)
        self._needed = token is not None or user_header is not None
        self._look_at = 0.0
        self._found: dict[str, Caller | None] = {}
        self._wrong = WrongTries()
        self._right: set[str] = set()  # Digests of tokens that were right once, though perhaps no longer.

    async def begin(self) -> None:
        """Look whether a token is needed, before anybody asks, and whether it may be listened there at all.

        Raises:
            UsageError: others can reach the address and there is no token.
        """
        if not await self.needs_token() and not self._loopback:
            raise UsageError(
                f"listen.host is {self._host}, which others can reach, and there is no token: make one "
                "(presales-monitor token add NAME), set listen.token (PRESALES_LISTEN__TOKEN, or "
                "PRESALES_LISTEN__TOKEN_FILE with a file), or listen on 127.0.0.1"
            )

    async def needs_token(self) -> bool:
        """Whether one was ever made; from then on one is needed, even when all are revoked."""
        if time.monotonic() >= self._look_at:
            self._look_at = time.monotonic() + LOOK_AGAIN_SECONDS
            self._found.clear()
            self._needed = self._needed or await self._tokens.any()
        return self._needed

    async def check(self, scope: Scope) -> Caller | Denied:
        """Return who asks, or why they may not."""
        headers = _headers(scope, (b"authorization", b"cookie", b"host"))
        needed = await self.needs_token()
        if b"authorization" in headers:
            kind, _, token = headers[b"authorization"].partition(" ")
            if kind.lower() != "bearer":
                return Denied(401, "send the token as: Authorization: Bearer <token>")
            return await self.tried(token.strip(), scope)
        user = self._vouched_for(scope)
        if user is not None:
            vouched = await self._named(user)
            if vouched is None:
                return Denied(403, f"nobody is called {user!r} here: presales-monitor token add {user!r} --role ...")
            caller = vouched
        elif needed or not self._loopback:
            cookie = _cookie(headers.get(b"cookie", ""))
            found = await self.tried(cookie, scope) if cookie else Denied(401, "")
            if isinstance(found, Denied):
                needs = "a token is needed: send Authorization: Bearer <token>, or log in with a browser"
                return found if found.status == 429 else Denied(401, needs)
            caller = found
        elif is_loopback(_host_name(headers.get(b"host", ""))):
            caller = LOCAL
        else:
            return Denied(403, "without a token this answers only to localhost; make a token to use another name")
        return self.of_another_site(scope) or caller

    def of_another_site(self, scope: Scope) -> Denied | None:
        """Return why a page may not ask; None: it is ours, or it is no page (programs send no Origin)."""
        headers = _headers(scope, (b"host", b"origin"))
        origin = headers.get(b"origin")
        if origin is None or _own_origin(origin, headers.get(b"host", "")):
            return None
        return Denied(403, "this request comes from a page of another site")

    async def tried(self, token: str, scope: Scope) -> Caller | Denied:
        """Return whose token this is. An address with many wrong ones gets no look-up of one never seen to be right."""
        peer = scope.get("client")
        address = peer[0] if peer is not None else ""
        digest = _digest(token)
        counted = address not in self._proxies  # Which stand for everybody: one behind them would shut out all.
        if counted and digest not in self._right and self._wrong.too_many(address):
            return Denied(429, "too many wrong tokens came from this address; try again in a minute")
        caller = await self.known(token)
        if caller is None:
            if counted:
                self._wrong.note(address)
            self._right.discard(digest)
            return Denied(401, "this token is not known here, or no longer")
        if len(self._right) >= REMEMBERED_AT_MOST:
            self._right.clear()
        self._right.add(digest)
        return caller

    async def known(self, token: str) -> Caller | None:
        """Return whose token this is."""
        digest = _digest(token)
        if self._own is not None and hmac.compare_digest(self._own, digest):
            return Caller("settings", digest=digest)
        return await self._found_by(digest)

    async def still(self, caller: Caller) -> bool:
        """Whether who was let in once would be let in now, with the same rights."""
        needed = await self.needs_token()
        if caller is LOCAL:  # Somebody behind a proxy may be called so too.
            return not needed
        if caller.digest == self._own:
            return True
        if not caller.digest:
            return await self._named(caller.name) == caller
        return await self._found_by(caller.digest) == caller

    async def _found_by(self, digest: str) -> Caller | None:
        if digest not in self._found:
            holder = await self._tokens.find(digest)
            self._remember(digest, None if holder is None else Caller(*holder, digest))
        return self._found[digest]

    async def _named(self, name: str) -> Caller | None:
        key = f"name {name}"  # No digest looks like this.
        if key not in self._found:
            holder = await self._tokens.named(name)
            self._remember(key, None if holder is None else Caller(*holder))
        return self._found[key]

    def _remember(self, key: str, caller: Caller | None) -> None:
        if len(self._found) >= REMEMBERED_AT_MOST:
            self._found.clear()
        self._found[key] = caller

    def _vouched_for(self, scope: Scope) -> str | None:
        """Return the name a proxy of ours says; anybody else who sends the header is not heard."""
        peer = scope.get("client")
        if self._user_header is None or peer is None or peer[0] not in self._proxies:
            return None
        said = _headers(scope, (self._user_header,)).get(self._user_header, "").strip()
        try:
            return said.encode("latin-1").decode() or None
        except UnicodeDecodeError:  # Not as proxies write 张三 today, but as HTTP once had it.
            return said


def new_token() -> tuple[str, str]:
    """Make a token; return it, and the digest that is kept."""
    token = f"prs_{secrets.token_urlsafe(32)}"
    return token, _digest(token)


def is_loopback(name: str) -> bool:
    """Whether a host name or address can only mean this machine."""
    if name.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _headers(scope: Scope, wanted: tuple[bytes, ...]) -> dict[bytes, str]:
    """Those headers that are there; of several of a name the last."""
    return {name: value.decode("latin-1") for name, value in scope["headers"] if name in wanted}


def _host_name(host: str) -> str:
    """The Host header without the port."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def _cookie(header: str) -> str:
    for part in header.split(";"):
        name, _, value = part.strip().partition("=")
        if name == COOKIE:
            return value
    return ""


def _own_origin(origin: str, host: str) -> bool:
    """Whether a page of that origin is one of ours."""
    try:
        parts = urlsplit(origin)
    except ValueError:  # "http://["
        return False
    return parts.scheme in ("http", "https") and parts.netloc.lower() == host.lower()
