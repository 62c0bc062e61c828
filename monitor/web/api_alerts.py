"""Alerts, what people do about them, and silences.

What a person does is an event of ours: stored in the journal with who and when, and
handled by the core in its place, so that a restart and a replay come to the same. An
alert is known outside by the letters of the journal and its own name (`k3f9-17`); a
wait may be acted on before anybody was told of it.
"""

import secrets
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Response

from monitor.core.decisions import AlertAct
from monitor.core.events import AlertActed, AnyEvent, SilenceEnded, SilenceSet
from monitor.core.masking import masked_name
from monitor.core.silences import MATCHERS, SILENCES_AT_MOST, Silence
from monitor.core.units import DAY_MS
from monitor.core.views import WaitRow
from monitor.store.alerts import Logged, Wanted
from monitor.store.entries import Attempt
from monitor.web import models, models_alerts
from monitor.web.access import Caller
from monitor.web.alert_quality import hours_of_agents, quality
from monitor.web.api import NOT_YOURS, Anybody, Filter, json
from monitor.web.floor import Floor
from monitor.web.intake import Intake
from monitor.web.services import Services
from monitor.web.shapes import instant, told_step, wait_number
from monitor.web.spans import asked_instant
from monitor.wire.batch import Batch

MUTE_MS = 600_000
SILENCE_AT_MOST_MS = 7 * DAY_MS


Instant = Annotated[str | None, Query(max_length=40, description="RFC 3339 with offset, or epoch milliseconds.")]


class AlertsApi:
    """The routes.

    Args:
        services: what they stand on.
        floor: who waits.
        intake: stores what people do.
    """

    def __init__(self, services: Services, floor: Floor, intake: Intake) -> None:
        self._services = services
        self._floor = floor
        self._intake = intake

    def router(self) -> APIRouter:
        """All routes with their documentation."""
        router = APIRouter(tags=["alerts"])
        add = router.add_api_route
        add("/v1/alerts", self.alerts, response_model=models_alerts.Alerts, responses=models.answers(400))
        add("/v1/alerts/quality", self.quality, response_model=models_alerts.Quality, responses=models.answers(400))
        add(
            "/v1/alerts/{id}",
            self.alert,
            response_model=models_alerts.AlertWithTrail,
            responses=models.answers(403, 404),
        )
        for act in (self.claim, self.release, self.resolve, self.mute):
            add(
                f"/v1/alerts/{{id}}/{act.__name__}",
                act,
                methods=["POST"],
                response_model=models_alerts.ActedOnAll,
                responses=models.answers(400, 403, 404, 503)
                | {409: {"model": models_alerts.ActedOnAll, "description": "Somebody else has claimed it."}},
            )
        add("/v1/silences", self.silences, response_model=models_alerts.Silences)
        add(
            "/v1/silences",
            self.silence,
            methods=["POST"],
            status_code=201,
            response_model=models_alerts.Silence,
            responses=models.answers(400, 403, 503),
        )
        add(
            "/v1/silences/{id}",
            self.end_silence,
            methods=["DELETE"],
            status_code=204,
            responses=models.answers(403, 404, 503),
        )
        return router

    # -- what is known -------------------------------------------------------------------------------------------------

    async def alerts(
        self,
        caller: Anybody,
        state: Annotated[str, Query(pattern="^(open|firing|claimed|resolved|withdrawn|all)$")] = "open",
        kind: Filter = None,
        shop: Filter = None,
        platform: Filter = None,
        team: Filter = None,
        agent: Filter = None,
        from_: Annotated[Instant, Query(alias="from")] = None,
        to: Instant = None,
        before: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
    ) -> Response:
        """Alerts that stand, or with `state` those that are over, the newest first."""
        wanted = self._wanted(
            caller,
            state=None if state == "all" else state,
            kind=kind,
            shop=shop,
            platform=platform,
            team=team,
            agent=agent,
            from_ms=_asked(from_, "from"),
            to_ms=_asked(to, "to"),
        )
        found = await self._services.journal.alerts.find(wanted, before=before, limit=limit)
        return json(
            {
                "now": instant(self._services.now_ms()),
                "alerts": [self._alert(one) for one in found],
                "next_before": found[-1].number if len(found) == limit else None,
            }
        )

    async def alert(self, id: str, caller: Anybody) -> Response:
        """One alert with who was told when, and who did what when."""
        found = await self._services.journal.alerts.get(self._name(id))
        if found is None:
            raise HTTPException(404, f"there is no alert {id}")
        logged, acts = found
        _may(caller, logged.state.shop, logged.state.team)
        delivered = await self._services.journal.alerts.told(id)
        tries = await self._services.journal.outbox.attempts_of([one.delivery_id for one in delivered])
        return json(
            self._alert(logged)
            | {
                "acts": [_act(act) for act in acts],
                "delivered": [
                    {
                        "channel": one.channel,
                        "transition": one.transition,
                        "stage": one.stage,
                        "due_at": instant(one.due_at_ms),
                        "decided_at": instant(one.decided_at_ms),
                        "state": one.state,
                        "attempts": one.attempts,
                        "tries": [_try(one) for one in tries[one.delivery_id]],
                    }
                    for one in delivered
                ],
            }
        )

    async def quality(
        self,
        caller: Anybody,
        from_: Annotated[Instant, Query(alias="from")] = None,
        to: Instant = None,
        shop: Filter = None,
        team: Filter = None,
    ) -> Response:
        """How good the alerts of a span were, by when they were raised; without a span, of the last 24 hours."""
        now_ms = self._services.now_ms()
        to_ms = _asked(to, "to")
        to_ms = now_ms if to_ms is None else to_ms
        from_ms = _asked(from_, "from")
        from_ms = to_ms - DAY_MS if from_ms is None else from_ms
        wanted = self._wanted(caller, shop=shop, team=team, from_ms=from_ms, to_ms=to_ms)
        journal = self._services.journal
        alerts = await journal.alerts.judged(wanted)

        def counts(of_shop: str, of_team: str) -> bool:
            return caller.may(of_shop, of_team) and shop in (None, of_shop) and team in (None, of_team)

        hours = await hours_of_agents(journal.rounds(from_ms, to_ms), counts)
        return json({"from": instant(from_ms), "to": instant(to_ms)} | quality(alerts, hours, now_ms))

    def _wanted(self, caller: Caller, **asked: Any) -> Wanted:
        return Wanted(shops=caller.shops, teams=caller.teams, **asked)

    def _alert(self, logged: Logged) -> dict[str, Any]:
        one = logged.state
        return {
            "id": f"{self._services.epoch}-{one.alert}",
            "kind": one.kind,
            "state": one.state,
            "platform": one.platform,
            "shop": one.shop,
            "conversation": one.conversation,
            "buyer": None if one.buyer is None else masked_name(one.buyer),
            "team": one.team,
            "agent": one.agent,
            "account": one.account,
            "stage": one.stage,
            "since": instant(one.since_ms),
            "raised_at": instant(one.raised_at_ms),
            "limit_at": instant(one.limit_at_ms),
            "claimed_by": one.claimed_by,
            "claimed_at": instant(one.claimed_at_ms),
            "muted_until": instant(one.muted_until_ms),
            "stopped": one.stopped,
            "ended_at": instant(one.ended_at_ms),
            "outcome": one.outcome,
            "told": [told_step(told) for told in one.told],
            "facts": one.facts,
            "rules_version": one.rules or None,
            "rule": one.rule or None,
        }

    def _name(self, id: str) -> str:
        """Return what an alert is called inside."""
        epoch, _, name = id.partition("-")
        if epoch != self._services.epoch or not name:
            raise HTTPException(404, f"there is no alert {id}")
        return name

    # -- what people do ------------------------------------------------------------------------------------------------

    async def claim(self, id: str, caller: Anybody, body: models_alerts.Acted | None = None) -> Response:
        """Say that you look after it: steps wait for a while. The first one stands; who comes later sees who."""
        return await self._act("claim", id, caller, body)

    async def release(self, id: str, caller: Anybody, body: models_alerts.Acted | None = None) -> Response:
        """Give it back: steps go on."""
        return await self._act("release", id, caller, body)

    async def resolve(self, id: str, caller: Anybody, body: models_alerts.Acted | None = None) -> Response:
        """Want nothing told of it any more. The wait goes on, and counts."""
        return await self._act("resolve", id, caller, body)

    async def mute(self, id: str, caller: Anybody, body: models_alerts.Acted | None = None) -> Response:
        """Want nothing told of it for ten minutes."""
        return await self._act("mute", id, caller, body)

    async def _act(self, act: str, id: str, caller: Caller, body: models_alerts.Acted | None) -> Response:
        ids = list(dict.fromkeys((id, *(body.also if body is not None else ()))))
        results = await self.act(act, ids, caller)
        if all(one["state"] == "over" for one in results):
            raise HTTPException(404, f"nothing stands that is called {id}")
        refused = act == "claim" and not any(one["done"] for one in results)
        return json({"results": results}, 409 if refused else 200)

    async def act(self, act: str, ids: Sequence[str], caller: Caller) -> list[dict[str, Any]]:
        """Do something to alerts, all in one commit; return how each stands then.

        Raises:
            HTTPException: one of them is of another shop than the caller may see.
        """
        now_ms = self._services.now_ms()
        events: list[AnyEvent] = []
        found: set[str] = set()
        for id in ids:
            row = self._open_wait(id)
            if row is None:
                logged = await self._services.journal.alerts.get(self._name(id))
                if logged is None or logged[0].state.kind == "wait" or logged[0].state.ended_at_ms is not None:
                    continue
                _may(caller, logged[0].state.shop, logged[0].state.team)
            else:
                _may(caller, row.shop, row.team)
            found.add(id)
            events.append(_acted(act, self._name(id), row, caller.name, now_ms))
        if events:
            indices = list(range(len(events)))
            await self._intake.store(Batch(door="api", source="api", events=events, indices=indices, size=len(events)))
        return [await self._came_of(id, caller, now_ms) if id in found else _over(id) for id in ids]

    def _open_wait(self, id: str) -> WaitRow | None:
        number = wait_number(self._services.epoch, id)
        return None if number is None else self._floor.row(number)

    async def _came_of(self, id: str, caller: Caller, at_ms: int) -> dict[str, Any]:
        """Return what came of an act, by the trail, which the same commit has written.

        A wait may end in the very commit that was to take the act: what the trail names was done, and stays done
        though all of it is over; what it does not name came too late.
        """
        logged = await self._services.journal.alerts.get(self._name(id))
        acts = [] if logged is None else [act for act in logged[1] if (act.by, act.at_ms) == (caller.name, at_ms)]
        if logged is None or not acts:
            return _over(id)
        row, one = self._open_wait(id), logged[0].state
        if row is not None:
            by, claimed_at_ms = row.claimed_by, row.claimed_at_ms
            state: str = "resolved" if row.stopped else "claimed" if by else "firing"
        else:
            by, claimed_at_ms, state = one.claimed_by, one.claimed_at_ms, one.state
        done = by == caller.name or any(act.what != "refused" for act in acts)
        return {"id": id, "done": done, "state": state, "claimed_by": by, "claimed_at": instant(claimed_at_ms)}

    # -- silences ------------------------------------------------------------------------------------------------------

    async def silences(self, caller: Anybody) -> Response:
        """The silences in force, the first to end first."""
        now_ms = self._services.now_ms()
        found = [one for one in self._services.engine.silences() if one.until_ms > now_ms and _may_see(caller, one)]
        found.sort(key=lambda one: one.until_ms)
        return json({"now": instant(now_ms), "silences": [_silence(one) for one in found]})

    async def silence(self, body: models_alerts.NewSilence, caller: Anybody) -> Response:
        """Want nothing told of what matches, until. It is stored with your name and the reason."""
        now_ms = self._services.now_ms()
        matchers = {name: value for name in MATCHERS if (value := getattr(body, name)) is not None}
        if not matchers:
            raise HTTPException(
                400, f"name at least one of {', '.join(MATCHERS)}: a silence of everything is an outage"
            )
        until_ms = asked_instant("until", body.until)
        if not now_ms < until_ms <= now_ms + SILENCE_AT_MOST_MS:
            raise HTTPException(400, "until must lie ahead, within 7 days")
        if len(self._services.engine.silences()) >= SILENCES_AT_MOST:
            raise HTTPException(400, f"there are {SILENCES_AT_MOST} silences already; end some first")
        one = Silence(f"silence-{secrets.token_hex(6)}", matchers, caller.name, body.reason, now_ms, until_ms)
        if not _may_see(caller, one):
            raise HTTPException(403, "this token may silence its own shops and teams only: name one of them")
        event = SilenceSet(
            type="silence_set",
            id=one.id,
            ts_ms=now_ms,
            source="api",
            silence=one.id,
            matchers=matchers,
            by=one.by,
            reason=one.reason,
            until_ms=until_ms,
        )
        await self._intake.store(Batch(door="api", source="api", events=[event], indices=[0], size=len(one.reason)))
        return json(_silence(one), 201)

    async def end_silence(self, id: str, caller: Anybody) -> Response:
        """End a silence before its time."""
        one = next((one for one in self._services.engine.silences() if one.id == id), None)
        if one is None:
            raise HTTPException(404, f"there is no silence {id}")
        if not _may_see(caller, one):
            raise HTTPException(403, "this silence is not for the shops and teams of this token")
        event = SilenceEnded(
            type="silence_ended",
            id=f"end-{id}-{secrets.token_hex(4)}",
            ts_ms=self._services.now_ms(),
            source="api",
            silence=id,
            by=caller.name,
        )
        await self._intake.store(Batch(door="api", source="api", events=[event], indices=[0], size=1))
        return Response(status_code=204)


def _acted(act: str, name: str, row: WaitRow | None, by: str, now_ms: int) -> AlertActed:
    return AlertActed(
        type="alert_acted",
        id=f"{act}-{name}-{secrets.token_hex(4)}",
        ts_ms=now_ms,
        source="api",
        platform=row.platform if row is not None else None,
        shop=row.shop if row is not None else "",
        conversation=row.conversation if row is not None else None,
        alert=name,
        wait=row.wait if row is not None else 0,
        act=act,  # type: ignore[arg-type]
        by=by,
        until_ms=now_ms + MUTE_MS if act == "mute" else None,
    )


def _over(id: str) -> dict[str, Any]:
    return {"id": id, "done": False, "state": "over", "claimed_by": None, "claimed_at": None}


def _may(caller: Caller, shop: str, team: str) -> None:
    if (shop or caller.shops is not None) and not caller.may(shop, team or None):
        raise HTTPException(403, NOT_YOURS)


def _may_see(caller: Caller, one: Silence) -> bool:
    """Whether a silence lies within what a caller may see."""
    shop, team = one.matchers.get("shop"), one.matchers.get("team")
    return (caller.shops is None or shop in caller.shops) and (caller.teams is None or team in caller.teams)


def _asked(value: str | None, name: str) -> int | None:
    return None if value is None else asked_instant(name, value)


def _act(act: AlertAct) -> dict[str, Any]:
    return {"at": instant(act.at_ms), "by": act.by, "what": act.what, "detail": act.detail}


def _try(one: Attempt) -> dict[str, Any]:
    return {
        "sent_at": instant(one.sent_at_ms),
        "answered_at": instant(one.answered_at_ms),
        "outcome": one.outcome,
        "reason": one.reason,
    }


def _silence(one: Silence) -> dict[str, Any]:
    return {
        "id": one.id,
        "matchers": one.matchers,
        "by": one.by,
        "reason": one.reason,
        "from": instant(one.from_ms),
        "until": instant(one.until_ms),
    }
