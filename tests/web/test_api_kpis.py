"""Figures over the API of the whole service."""

import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from monitor.core.decisions import PersonDay
from monitor.web.access import new_token
from tests.at_ten import AT_TEN
from tests.web.whole import eventually, running, said


async def test_scores_of_today_by_shop_and_of_an_hour(tmp_path: Path) -> None:
    async with running(tmp_path) as (_, client):
        await client.post("/v1/events", json=[said(1, 120), said(2, 60, role="agent", agent="lin", text="有的")])
        told = await eventually(client, "/v1/kpis?by=shop", lambda found: found["rows"] and found["complete"])
        assert told["feeds"]["senye"]["gaps"] == 0
        row = told["rows"][0]
        assert (row["name"], row["platform"], row["team"]) == ("senye", "taobao", "default")
        assert row["scores"]["rate_3min_round"]["rate"] == 1.0
        assert row["scores"]["rate_3min_round"]["sum_seconds"] == 60
        assert row["figures"]["first_response"]["mean_seconds"] == 60
        assert row["budget"]["target"] is None
        since = AT_TEN.now_ms() - 90_000
        hour = (await client.get(f"/v1/kpis?from={since}&score=rate_3min_round")).json()
        assert hour["rows"] == []
        whole = (await client.get(f"/v1/kpis?from={since - 60_000}&score=rate_3min_round")).json()
        assert whole["rows"][0]["scores"]["rate_3min_round"]["hits"] == 1
        windows = {one["profile"]: one for one in (await client.get("/v1/kpis/window")).json()["windows"]}
        assert set(windows) == {"taobao_3min", "taobao_mean", "taobao_reply_day"}
        assert windows["taobao_3min"]["hits"] == 0  # Up to yesterday.
        assert (await client.get("/v1/kpis/budget")).json()["shops"][0]["shop"] == "senye"
        pending = (await client.get("/v1/kpis")).json()["pending"]
        assert pending == {}
        await client.post("/v1/events", json=[said(3, 70, conversation="c-2")])
        pending = (await client.get("/v1/kpis?by=team")).json()["pending"]
        assert pending["default"]["bands"] == {
            "0-30s": 0, "30-60s": 0, "60-100s": 1, "100-180s": 0, "180-300s": 0, ">300s": 0,
        }  # fmt: skip


async def test_what_is_asked_wrongly_is_said(tmp_path: Path) -> None:
    async with running(tmp_path) as (_, client):
        for query, error in (
            ("by=seat", "by: 'seat' is none of"),
            ("score=taobao_4min", "no profile is called 'taobao_4min'"),
            ("from=2026-13-01", "from: '2026-13-01' is no date"),
            ("from=2026-11-24&to=2026-11-23", "to: it is before from"),
            ("from=yesterday", "from: 'yesterday' is no instant"),
            ("from=2026-11-24T08:00", "is no instant"),
            ("from=0001-01-01&to=0001-01-01", "is no date"),
            ("from=0001-01-01T00:00:00Z&to=0001-01-02T00:00:00Z", "before the year 2000"),
            ("from=9999-12-31&to=9999-12-31", "is no date"),
            ("from=2020-01-01&to=2026-01-01", "more than 400 days"),
            ("from=2026-11-01T08:00Z&to=2026-11-20T08:00Z", "may have 48 hours"),
        ):
            answer = await client.get(f"/v1/kpis?{query}")
            assert answer.status_code == 400, query
            assert error in answer.json()["error"]
        assert (await client.post("/v1/kpis/official", content=b"\xff")).status_code == 400


async def test_every_profile_is_told_with_its_source(tmp_path: Path) -> None:
    async with running(tmp_path) as (_, client):
        found = {one["id"]: one for one in (await client.get("/v1/kpis/profiles")).json()["profiles"]}
        assert found["taobao_3min"]["limit_seconds"] == 180
        assert found["douyin_mean"]["sure"] == "official"
        assert found["walmart_48h"]["written"].endswith("walmart.yaml:3")


async def test_official_figures_stand_beside_ours(tmp_path: Path) -> None:
    async with running(tmp_path) as (app, client):
        await client.post("/v1/events", json=[said(1, 120), said(2, 60, role="agent", agent="lin", text="有的")])
        await eventually(client, "/v1/kpis?by=shop", lambda found: found["rows"])
        day = app.scores.scorer.today
        text = f"日期,店铺,指标,官方值\n{date.fromordinal(day)},senye,taobao_reply_day,50%\n"
        assert (await client.post("/v1/kpis/official", content=text.encode())).json() == {"loaded": 1}
        (one,) = (await client.get("/v1/kpis/official")).json()["days"]
        assert (one["official"]["value"], one["ours"]["value"], one["difference"]) == (0.5, 1.0, 0.5)
        wrong = await client.post("/v1/kpis/official", content=b"day,shop\n")
        assert wrong.status_code == 400
        assert "the heading lacks profile, value" in wrong.json()["error"]


async def test_a_caller_bound_to_a_shop_sees_its_figures_only(tmp_path: Path) -> None:
    async with running(tmp_path) as (app, client):
        await client.post(
            "/v1/events",
            json=[
                said(1, 120), said(2, 60, role="agent", agent="lin", text="有的"),
                said(3, 120, shop="lvya"), said(4, 60, shop="lvya", role="agent", agent="lin", text="有的"),
            ],
        )  # fmt: skip
        await eventually(client, "/v1/kpis?by=shop", lambda found: len(found["rows"]) == 2)
        secret, digest = new_token()
        await app.journal.tokens.add("owner", digest, 0, shops=frozenset({"lvya"}))
        headers = {"authorization": f"Bearer {secret}"}
        told = (await client.get("/v1/kpis?by=shop", headers=headers)).json()
        assert [row["name"] for row in told["rows"]] == ["lvya"]
        assert list(told["feeds"]) == ["lvya"]
        agents = (await client.get("/v1/kpis?by=agent", headers=headers)).json()
        assert agents["rows"][0]["shops"] == 1
        refused = await client.post(
            "/v1/kpis/official", headers=headers,
            content=b"day,shop,profile,value\n2026-11-23,senye,taobao_3min,1\n",
        )  # fmt: skip
        assert refused.status_code == 400
        assert "not for this shop" in refused.json()["error"]


async def test_quality_per_session_and_the_load_of_people_stand_beside_the_figures(tmp_path: Path) -> None:
    async with running(tmp_path) as (app, client):
        online = {
            "type": "agent_presence", "id": "p-1", "ts": AT_TEN.now_ms() - 1000, "source": "c1",
            "agent": "lin", "state": "online", "shops": ["senye"], "limit": 4,
        }  # fmt: skip
        colleague = online | {"id": "p-2", "agent": "zhou"}
        reply = said(2, 60, role="agent", agent="lin", account="zhou", text="加V❤")
        await client.post("/v1/events", json=[online, colleague, said(1, 120), reply])
        yesterday = date.fromordinal(app.scores.scorer.today - 1).isoformat()
        worked = PersonDay(
            person="lin", team="default", day=yesterday, online_ms=100_000_000, away_ms=0, suspended_ms=0,
            offline_ms=0, busy_ms=90_000_000, chats_ms=200_000_000, most_chats=7,
        )  # fmt: skip
        day = msgspec.json.encode(worked)
        with closing(sqlite3.connect(tmp_path / "journal.db")) as db, db:
            db.execute("INSERT INTO person_days VALUES (?, ?, ?)", (yesterday, "lin", day))

        def row(found: dict[str, Any]) -> dict[str, Any]:
            return next((one for one in found["rows"] if one.get("quality")), {})

        today = date.fromordinal(app.scores.scorer.today).isoformat()
        for by, name in (
            ("agent", "lin"),
            ("shop", "senye"),
            ("team", "default"),
            ("platform", "taobao"),
            ("all",) * 2,
        ):
            span = f"/v1/kpis?by={by}&from={yesterday}&to={today}"
            found = row(await eventually(client, span, row))
            assert found["name"] == name
            quality = found["quality"]
            assert (quality["hits"], quality["sessions"], quality["hits_per_100_sessions"]) == (1, 1, 100)
            assert quality["by_rule"] == {"contact": 1}
            if by in ("shop", "platform"):
                assert "load" not in found
            else:
                load = found["load"]
                assert (load["most_open"], load["too_full"]) == (7, True)
                assert load["occupancy"] == pytest.approx(0.9, abs=0.01)
                assert load["mean_open"] == pytest.approx(2, abs=0.02)
                assert load["saturation"] == pytest.approx(0.5, abs=0.01)
        # Who was there all day without a chat has a row as well.
        idle = msgspec.json.encode(replace(worked, person="chen", busy_ms=0, chats_ms=0, most_chats=0))
        with closing(sqlite3.connect(tmp_path / "journal.db")) as db, db:
            db.execute("INSERT INTO person_days VALUES (?, ?, ?)", (yesterday, "chen", idle))
        rows = (await client.get(f"/v1/kpis?by=agent&from={yesterday}&to={today}")).json()["rows"]
        assert [(one["name"], one["load"]["busy_seconds"] > 0, bool(one["scores"])) for one in rows] == [
            ("chen", False, False), ("lin", True, True), ("zhou", False, False),
        ]  # fmt: skip
        assert rows[0]["figures"]["round_response"]["mean_seconds"] is None
        assert "quality" not in (await client.get("/v1/kpis?by=agent&score=rate_3min_round")).json()["rows"][0]

        def own(found: dict[str, Any]) -> Any:
            return found["agents"][0]["own"]

        agents = await eventually(client, "/v1/agents", own)
        assert [(one["agent"], bool(one["own"])) for one in agents["agents"]] == [("lin", True), ("zhou", False)], (
            "a reply is theirs who wrote it, not of whose account it was"
        )
        told = own(agents)
        assert (told["replies"], told["first_reply_seconds"], told["mean_reply_seconds"]) == (1, 60, 60)
        assert (told["held"], told["promises_missed"]) == (0, 0)
