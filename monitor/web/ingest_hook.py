"""The webhook door: ``POST /v1/hooks/{mapping}``.

A chat system sends in its own words; the mapping of that name turns them into events, which then go the
way of every other. The 2xx means stored. Who sends is known by the mapping's checks; where a mapping has none, or
its secret is not set, by a token as at every other door.

What cannot be mapped is kept in the quarantine and answered 200 all the same: a chat system sends the same again after
an error, and after some errors nothing more.
"""

from collections.abc import Callable
from urllib.parse import parse_qsl

from starlette.types import Receive, Scope, Send

from monitor.hooks.mapping import NotAsExpected, WebhookMapping
from monitor.hooks.verify import Delivery
from monitor.web.access import LOCAL, Caller, Denied
from monitor.web.answers import answer
from monitor.web.body import Body, taking
from monitor.web.intake import Intake, Outcome
from monitor.web.mapped import events_of, payload_of
from monitor.web.rates import Rates
from monitor.web.roles import refused
from monitor.web.services import Receipt, Services
from monitor.wire.batch import HOOK as DOOR
from monitor.wire.batch import Batch, Refusal, Refused

PREFIX = "/v1/hooks/"
NAME_CHARS = 100  # No mapping is called longer.


class HookDoor:
    """Takes webhooks of chat systems.

    Args:
        services: what it stands on.
        intake: stores what is mapped.
        mappings: returns those in force, by name.
        rates: how often a sender may come: by its address until it is known, then by its mapping or token.
    """

    def __init__(
        self,
        services: Services,
        intake: Intake,
        mappings: Callable[[], dict[str, WebhookMapping]],
        rates: Rates,
    ) -> None:
        self._services = services
        self._metrics = services.metrics
        self._intake = intake
        self._mappings = mappings
        self._rates = rates

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request: find the mapping, check the sender, map, store."""
        too_often = self._rates.too_often(scope, LOCAL, brings=True)
        if too_often is not None:
            await self._deny(too_often, send)
            return
        name = scope["path"].removeprefix(PREFIX)
        mapping = self._mappings().get(name)
        if mapping is None:
            caller = await self._known(scope)
            if isinstance(caller, Denied):
                await self._deny(caller, send)  # Which systems we listen to is not for everybody either.
                return
            known = ", ".join(sorted(self._mappings())) or "none"
            await answer(send, 404, {"error": f"there is no mapping {name[:NAME_CHARS]!r}; known: {known}"})
        elif scope["method"] in ("GET", "HEAD"):
            await self._prove(mapping, scope, send)
        elif scope["method"] == "POST":
            await self._take(mapping, scope, receive, send)
        else:
            await answer(send, 405, {"error": "send webhooks with POST"}, (b"allow", b"GET, POST"))

    async def _prove(self, mapping: WebhookMapping, scope: Scope, send: Send) -> None:
        """Answer a GET that asks whether the address is ours."""
        query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
        proof = mapping.answer_get(query)
        if proof is None:
            self._metrics.refused.add(DOOR, "token")
            await answer(send, 403, {"error": "this address takes webhooks with POST; the verify token is not right"})
            return
        body = proof.encode()
        headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _take(self, mapping: WebhookMapping, scope: Scope, receive: Receive, send: Send) -> None:
        caller = Caller(f"{DOOR}:{mapping.name}")
        body = Body(receive, int(self._services.settings.limits.body_bytes), self._intake.room)
        async with taking(body, send, door=DOOR, caller=caller, intake=self._intake, metrics=self._metrics):
            raw = await body.read(scope)
            await self._answer(mapping, raw, scope, send)

    async def _answer(self, mapping: WebhookMapping, raw: bytes, scope: Scope, send: Send) -> None:
        """Check the sender, map, store, answer."""
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        payload, wrong = None, ""
        try:
            payload = await payload_of(raw)
        except Refused as unreadable:
            wrong = f"the body {unreadable.error}"
        delivery = Delivery(headers, scope["query_string"].decode("latin-1"), raw, payload)
        now_ms = self._services.now_ms()
        verified = mapping.is_verified(delivery, now_ms)
        if verified is None:
            caller = await self._known(scope)
            if isinstance(caller, Denied):
                await self._deny(caller, send, "; or set the secret of this mapping's check")
                return
        elif not verified:
            self._metrics.refused.add(DOOR, "token")
            await answer(send, 401, {"error": f"the check of the mapping {mapping.name} does not hold"})
            return
        else:
            caller = Caller(f"{DOOR}:{mapping.name}")
        too_often = self._rates.too_often(scope, caller, brings=True) if caller is not LOCAL else None
        if too_often is not None:
            await self._deny(too_often, send)
            return
        if wrong:
            outcome = await self._set_aside(mapping, raw, "json", wrong)
        else:
            asked = mapping.answer(payload)
            if asked is not None:
                await answer(send, 200, asked)
                return
            outcome = await self._store(mapping, raw, delivery, caller, now_ms)
        await answer(send, 200, outcome.told())

    async def _known(self, scope: Scope) -> Caller | Denied:
        """Return who sends, by the token, which must be one that may bring events."""
        caller = await self._services.access.check(scope)
        return caller if isinstance(caller, Denied) else refused(caller, "POST", scope["path"]) or caller

    async def _deny(self, denied: Denied, send: Send, more: str = "") -> None:
        self._metrics.refused.add(DOOR, denied.reason)
        headers = [(b"www-authenticate", b"Bearer")] if denied.status == 401 else denied.later
        await answer(send, denied.status, {"error": denied.error + more}, *headers)

    async def _store(
        self, mapping: WebhookMapping, raw: bytes, delivery: Delivery, caller: Caller, now_ms: int
    ) -> Outcome:
        try:
            made = await events_of(mapping, raw, delivery.payload, delivery.headers, now_ms)
        except NotAsExpected as error:
            return await self._set_aside(mapping, raw, "mapping", str(error))
        if made is None:
            return Outcome(_Nothing(), frozenset())
        batch = await self._intake.decode(made, door=DOOR, caller=caller)
        return await self._intake.store(batch)

    async def _set_aside(self, mapping: WebhookMapping, raw: bytes, reason: str, error: str) -> Outcome:
        """Keep a delivery that cannot be mapped."""
        refusal = Refusal.of(raw, reason, error)
        batch = Batch(door=DOOR, source=f"{DOOR}:{mapping.name}", refusals=[refusal], size=len(raw))
        return await self._intake.store(batch)


class _Nothing(Receipt):
    """The receipt of a delivery that is no chat."""

    accepted = duplicates = late = conflicts = 0
    rejected = ()
