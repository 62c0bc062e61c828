"""Alerts, claims and silences at the port, in front of the real engine and journal."""

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from monitor.app import App
from monitor.store.alerts import Judged
from monitor.web.access import new_token
from monitor.web.alert_quality import quality
from monitor.web.models_alerts import ActedOnAll, Alerts, AlertWithTrail, Quality, Silence, Silences
from monitor.wire import decode
from monitor.wire.batch import Batch
from tests.web.whole import eventually, running, said


async def _alert(client: httpx.AsyncClient, seconds_ago: float = 70) -> str:
    """Let a buyer wait past the first limit; return the alert's id."""
    await client.post("/v1/events", json=[said(1, seconds_ago)])
    told = await eventually(client, "/v1/alerts", lambda told: told["alerts"])
    Alerts.model_validate(told, extra="forbid")
    return str(told["alerts"][0]["id"])


async def test_an_alert_is_listed_with_its_trail_and_then_as_history(tmp_path: Path) -> None:
    async with running(tmp_path, PRESALES_CATCH_UP_SECONDS="3600") as (_, client):
        id = await _alert(client)
        told = (await client.get(f"/v1/alerts/{id}")).json()
        AlertWithTrail.model_validate(told, extra="forbid")
        assert (told["state"], told["stage"], told["buyer"]) == ("firing", "slow", "张*")
        assert (told["rules_version"], told["rule"]) == ("built-in", None)
        assert [(act["by"], act["what"]) for act in told["acts"]] == [("", "raised")]
        await client.post("/v1/events", json=[said(2, role="agent", agent="lin", text="包的")])
        over = await eventually(client, "/v1/alerts?state=resolved", lambda told: told["alerts"])
        assert (over["alerts"][0]["id"], over["alerts"][0]["outcome"]) == (id, "answered")
        assert (await client.get("/v1/alerts")).json()["alerts"] == []
        other: dict[str, Any] = {"conversation": "c-9", "account": None, "agent": "zhou"}
        await client.post("/v1/events", json=[said(3, **other), said(4, role="agent", text="有的", **other)])
        # Each agent's hours count by themselves.
        good = await eventually(client, "/v1/alerts/quality", lambda told: told["agent_hours"] == 2)
        Quality.model_validate(good, extra="forbid", by_alias=True)
        assert (good["alerts"], good["saved"], good["precision"]) == (1, 1, 1)


async def test_the_first_claim_wins_and_the_other_sees_who(tmp_path: Path) -> None:
    async with running(tmp_path, PRESALES_CATCH_UP_SECONDS="3600") as (app, client):
        id = await _alert(client)
        mine, theirs = await _tokens(app, "wang", "zhao")
        first, second = await asyncio.gather(
            client.post(f"/v1/alerts/{id}/claim", headers=mine), client.post(f"/v1/alerts/{id}/claim", headers=theirs)
        )
        won, lost = sorted((first, second), key=lambda answer: answer.status_code)
        ActedOnAll.model_validate(won.json(), extra="forbid")
        [claim], [other] = won.json()["results"], lost.json()["results"]
        assert (won.status_code, lost.status_code) == (200, 409)
        assert (claim["done"], claim["state"], other["done"]) == (True, "claimed", False)
        assert other["claimed_by"] == claim["claimed_by"] in ("wang", "zhao")
        [wait] = (await client.get("/v1/waits", headers=mine)).json()["waits"]
        assert wait["alert"]["claimed_by"] == claim["claimed_by"]
        assert wait["alert"]["hold_until"] > wait["alert"]["claimed_at"]
        trail = (await client.get(f"/v1/alerts/{id}", headers=mine)).json()
        assert [act["what"] for act in trail["acts"]] == ["raised", "claimed", "refused"]
        released = (await client.post(f"/v1/alerts/{id}/release", headers=mine)).json()["results"]
        assert (released[0]["state"], released[0]["claimed_by"]) == ("firing", None)


@pytest.mark.parametrize("claim_first", [True, False])
async def test_a_claim_at_the_very_instant_the_wait_ends_is_answered_as_it_is_stored(
    tmp_path: Path, claim_first: bool
) -> None:
    async with running(tmp_path, PRESALES_CATCH_UP_SECONDS="3600") as (app, client):
        id = await _alert(client)
        reply = json.dumps([said(2, role="agent", agent="lin", text="包的")]).encode()
        mine, submit = await _tokens(app, "wang"), app.engine.submit

        async def together(batch: Batch) -> Any:
            """Put what answers the buyer beside the claim, so that one commit takes both."""
            if batch.source != "api":
                return await submit(batch)
            answer = decode(reply, door="test", source="test", now_ms=app.engine.now_ms())
            both = [submit(batch), submit(answer)] if claim_first else [submit(answer), submit(batch)]
            done = await asyncio.gather(*both)
            return done[0 if claim_first else 1]

        app.engine.submit = together  # type: ignore[method-assign]
        answer = await client.post(f"/v1/alerts/{id}/claim", headers=mine[0])
        assert (await client.get("/v1/waits", headers=mine[0])).json()["waits"] == []
        trail = (await client.get(f"/v1/alerts/{id}", headers=mine[0])).json()
        if claim_first:
            [result] = answer.raise_for_status().json()["results"]
            assert (result["done"], result["state"], result["claimed_by"]) == (True, "resolved", "wang")
            assert [act["what"] for act in trail["acts"]] == ["raised", "claimed", "resolved"]
        else:
            assert answer.status_code == 404
            assert [act["what"] for act in trail["acts"]] == ["raised", "resolved"]
        assert trail["claimed_by"] == ("wang" if claim_first else None)


async def test_what_was_only_muted_is_over_in_the_log_when_the_wait_is(tmp_path: Path) -> None:
    async with running(tmp_path) as (_, client):
        await client.post("/v1/events", json=[said(1)])
        [wait] = (await client.get("/v1/waits")).json()["waits"]
        for act in ("mute", "release"):
            [done] = (await client.post(f"/v1/alerts/{wait['id']}/{act}")).raise_for_status().json()["results"]
            assert (done["done"], done["state"]) == (True, "firing")
        await client.post("/v1/events", json=[said(2, role="agent", agent="lin", text="包的")])
        [over] = (await client.get("/v1/alerts?state=all")).json()["alerts"]
        assert (over["id"], over["state"], over["outcome"]) == (wait["id"], "resolved", "answered")


async def test_a_claim_on_a_message_claims_all_it_names(tmp_path: Path) -> None:
    async with running(tmp_path, PRESALES_CATCH_UP_SECONDS="3600") as (_, client):
        id = await _alert(client)
        await client.post("/v1/events", json=[said(2, 20, conversation="c-10")])
        both = await eventually(client, "/v1/waits", lambda told: len(told["waits"]) == 2)
        other = next(wait["id"] for wait in both["waits"] if wait["id"] != id)
        results = (await client.post(f"/v1/alerts/{id}/claim", json={"also": [other]})).json()["results"]
        assert [(one["id"], one["claimed_by"]) for one in results] == [(id, "local"), (other, "local")]


async def test_what_people_did_outlives_a_restart(tmp_path: Path) -> None:
    async with running(tmp_path, PRESALES_CATCH_UP_SECONDS="3600") as (_, client):
        id = await _alert(client)
        await client.post(f"/v1/alerts/{id}/claim")
        await client.post(f"/v1/alerts/{id}/mute")
        until = (await client.get("/v1/alerts")).json()["alerts"][0]["muted_until"]
        await client.post("/v1/silences", json={"shop": "other", "reason": "closed for stocktaking", "until": until})
    async with running(tmp_path, PRESALES_CATCH_UP_SECONDS="3600") as (_, client):
        [wait] = (await client.get("/v1/waits")).json()["waits"]
        assert (wait["alert"]["claimed_by"], wait["alert"]["muted_until"]) == ("local", until)
        [silence] = (await client.get("/v1/silences")).json()["silences"]
        assert (silence["matchers"], silence["until"]) == ({"shop": "other"}, until)


async def test_resolve_stops_the_telling_and_the_wait_goes_on(tmp_path: Path) -> None:
    async with running(tmp_path, PRESALES_CATCH_UP_SECONDS="3600") as (_, client):
        id = await _alert(client)
        [done] = (await client.post(f"/v1/alerts/{id}/resolve")).json()["results"]
        assert (done["done"], done["state"]) == (True, "resolved")
        [wait] = (await client.get("/v1/waits")).json()["waits"]
        assert (wait["id"], wait["alert"]["stopped"]) == (id, True)
        assert (await client.get("/v1/alerts")).json()["alerts"] == []


async def test_a_silence_is_set_listed_and_ended(tmp_path: Path) -> None:
    async with running(tmp_path, PRESALES_CATCH_UP_SECONDS="3600") as (app, client):
        until = app.engine.now_ms() + 600_000
        made = await client.post("/v1/silences", json={"shop": "senye", "reason": "fire drill", "until": until})
        assert made.status_code == 201
        Silence.model_validate(made.json(), extra="forbid", by_alias=True)
        assert (made.json()["by"], made.json()["reason"]) == ("local", "fire drill")
        await client.post("/v1/events", json=[said(1, 70)])
        await eventually(client, "/v1/waits", lambda told: told["waits"] and told["waits"][0]["stage"] == "slow")
        assert (await client.get("/v1/alerts?state=all")).json()["alerts"] == []
        listed = (await client.get("/v1/silences")).json()
        Silences.model_validate(listed, extra="forbid", by_alias=True)
        assert (await client.delete(f"/v1/silences/{made.json()['id']}")).status_code == 204
        assert (await client.get("/v1/silences")).json()["silences"] == []


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"reason": "x", "until": "2100-01-01T00:00:00Z", "shop": "senye"}, "until must lie ahead, within 7 days"),
        ({"reason": "x", "until": "2026-01-01T00:00:00Z", "shop": "senye"}, "until must lie ahead"),
        ({"reason": "x", "until": "tomorrow", "shop": "senye"}, "until:"),
        ({"reason": "x", "until": 1}, "at least one of"),
        ({"until": 1, "shop": "senye"}, "reason"),
        ({"reason": "x", "until": 1, "buyer": "b"}, "buyer"),
    ],
)
async def test_a_wrong_silence_is_refused_with_the_reason(tmp_path: Path, body: dict[str, Any], error: str) -> None:
    async with running(tmp_path) as (_, client):
        answer = await client.post("/v1/silences", json=body)
        assert answer.status_code == 400
        assert error in answer.json()["error"]


async def test_what_is_not_there_cannot_be_acted_on(tmp_path: Path) -> None:
    async with running(tmp_path) as (app, client):
        for id in (f"{app.journal.epoch}-99", "else-1", "x", f"{app.journal.epoch}-source-1-ab"):
            assert (await client.post(f"/v1/alerts/{id}/claim")).status_code == 404
        assert (await client.get("/v1/alerts/x")).status_code == 404
        assert (await client.get("/v1/alerts?state=nonsense")).status_code == 400


async def test_a_token_of_one_shop_sees_and_acts_in_that_shop_only(tmp_path: Path) -> None:
    async with running(tmp_path, PRESALES_CATCH_UP_SECONDS="3600") as (app, client):
        id = await _alert(client)
        [own] = await _tokens(app, "owner", shops=["other"])
        assert (await client.get("/v1/alerts", headers=own)).json()["alerts"] == []
        assert (await client.get(f"/v1/alerts/{id}", headers=own)).status_code == 403
        assert (await client.post(f"/v1/alerts/{id}/claim", headers=own)).status_code == 403
        until = app.engine.now_ms() + 60_000
        wide = await client.post("/v1/silences", headers=own, json={"team": "default", "reason": "x", "until": until})
        assert wide.status_code == 403


def test_the_quality_of_alerts_by_verdict() -> None:
    def one(**given: Any) -> Judged:
        values: dict[str, Any] = {
            "team": "a",
            "state": "resolved",
            "outcome": "answered",
            "raised_at_ms": 120_000,
            "limit_at_ms": 180_000,
            "claimed_at_ms": None,
            "ended_at_ms": 150_000,
        }
        return Judged(**(values | given))

    found = quality(
        [
            one(claimed_at_ms=130_000),
            one(ended_at_ms=200_000, team="b"),
            one(outcome="abandoned"),
            one(state="withdrawn", outcome="late"),
            one(limit_at_ms=None, ended_at_ms=999_000),
            one(state="firing", outcome=None, ended_at_ms=None),
        ],
        agent_hours=3,
        now_ms=170_000,
    )
    assert {name: found[name] for name in ("alerts", "saved", "breached", "false", "open")} == {
        "alerts": 6,
        "saved": 1,
        "breached": 1,
        "false": 2,
        "open": 1,
    }
    assert (found["precision"], found["lead_seconds"], found["claim_seconds"]) == (0.6, 60, 10)
    assert (found["alerts_per_agent_hour"], found["teams"]["b"]["precision"]) == (2, 1)


async def _tokens(app: App, *names: str, shops: list[str] | None = None) -> list[dict[str, str]]:
    """Make tokens; return the headers that show them."""
    made = []
    for name in names:
        token, digest = new_token()
        await app.journal.tokens.add(name, digest, 0, shops=shops)
        made.append({"authorization": f"Bearer {token}"})
    return made


async def test_an_alert_that_is_no_waits_is_claimed_keeps_it_over_a_restart_and_ends(tmp_path: Path) -> None:
    def status(number: int, state: str) -> dict[str, Any]:
        told = {"type": "account_status", "account": "senye:lin", "source": "c12", "state": state}
        return told | {name: said(number)[name] for name in ("id", "ts", "platform", "shop")}

    async with running(tmp_path) as (app, client):
        await client.post("/v1/events", json=[status(1, "kicked")])
        told = await eventually(client, "/v1/alerts?kind=source", lambda told: told["alerts"])
        [alert] = told["alerts"]
        assert (alert["facts"]["account"], alert["facts"]["reason"]) == ("senye:lin", "account")
        id = alert["id"]
        [done] = (await client.post(f"/v1/alerts/{id}/claim")).json()["results"]
        assert (done["state"], done["claimed_by"]) == ("claimed", "local")
        [zhao] = await _tokens(app, "zhao")
        assert (await client.post(f"/v1/alerts/{id}/claim", headers=zhao)).status_code == 409
    async with running(tmp_path) as (_, client):
        client.headers.update(zhao)
        again = (await client.get(f"/v1/alerts/{id}")).json()
        assert (again["state"], again["claimed_by"]) == ("claimed", "local")
        assert [act["what"] for act in again["acts"]] == ["told", "claimed", "refused"]
        await client.post("/v1/events", json=[status(2, "online")])
        over = await eventually(client, f"/v1/alerts/{id}", lambda told: told["state"] == "resolved")
        assert over["outcome"] == "back"
        assert (await client.post(f"/v1/alerts/{id}/claim")).status_code == 404
