"""Quality and privacy through the port of the real service."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from monitor.store.quality import StoredHit
from tests.waiting import until
from tests.web.whole import eventually, running, said

DAYS = {"from": "2020-01-01", "to": "2099-12-31"}


async def hits(client: httpx.AsyncClient, count: int, **more: str) -> list[dict[str, Any]]:
    query = "&".join(f"{name}={value}" for name, value in (DAYS | more).items())
    told = await eventually(client, f"/v1/quality/hits?{query}", lambda told: len(told["hits"]) >= count)
    found: list[dict[str, Any]] = told["hits"]
    return found


async def test_a_bad_reply_is_found_with_its_message_and_counted(tmp_path: Path) -> None:
    async with running(tmp_path) as (app, client):
        serious: list[StoredHit] = []
        app.texts.inspector.on_serious(serious.append)
        await client.post(
            "/v1/events",
            json=[
                said(1, 200, text="我165 120斤"),
                said(2, 10, role="agent", agent="lin", text="加V❤，说下身高体重呢"),
            ],
        )
        found = await hits(client, 2)
        assert {(hit["message"], hit["rule"], hit["agent"], hit["team"]) for hit in found} == {
            ("m-2", "contact", "lin", "default"),
            ("m-2", "asks_again", "lin", "default"),
        }
        contact = next(hit for hit in found if hit["rule"] == "contact")
        assert "加V❤，说下身高体重呢"[contact["start"] : contact["end"]] == "加V"
        await until(lambda: [hit.rule for hit in serious] == ["contact"])
        told = (await client.get("/v1/quality", params=DAYS)).json()
        assert told["groups"]["lin"]["replies"] == 1
        assert told["groups"]["lin"]["hits"] == {"asks_again": 1, "contact": 1}
        assert told["groups"]["lin"]["long_waits"] == 1
        assert told["groups"]["lin"]["hits_per_100_replies"] == 200
        by_shop = (await client.get("/v1/quality", params=DAYS | {"by": "shop", "shop": "other"})).json()
        assert by_shop["groups"] == {}
        alerts = "/v1/alerts?state=all&kind=quality"
        alert = (await eventually(client, alerts, lambda told: told["alerts"]))["alerts"][0]
        assert (alert["agent"], alert["state"], alert["outcome"]) == (None, "resolved", "told")
        assert [(step["to"], step["step"]) for step in alert["told"]] == [("lead", "serious")]
        shown = (await client.get("/metrics")).text
        assert 'presales_quality_hits_total{rule="contact",level="serious"} 1' in shown
        assert 'presales_alerts_total{team="default",stage="quality",outcome="raised"} 1' in shown


async def test_what_was_said_before_a_restart_is_in_mind_after_it_and_nothing_is_judged_twice(tmp_path: Path) -> None:
    async with running(tmp_path) as (_, client):
        await client.post(
            "/v1/events",
            json=[said(1, 100, text="我165 120斤"), said(2, 90, role="agent", agent="lin", text="爱买不买")],
        )
        await hits(client, 1)
    async with running(tmp_path) as (_, client):
        await client.post("/v1/events", json=said(3, 5, role="agent", agent="lin", text="您身高体重多少呢"))
        found = await hits(client, 2)
        assert [(hit["message"], hit["rule"]) for hit in found] == [("m-3", "asks_again"), ("m-2", "forbidden")]
        told = (await client.get("/v1/quality", params=DAYS)).json()
        assert told["groups"]["lin"]["replies"] == 2


async def test_more_than_can_wait_is_judged_from_the_journal_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.suggest.inspector.WAITING_MESSAGES", 5)
    async with running(tmp_path) as (_, client):
        bad = [said(n, 20 - n / 10, role="agent", agent="lin", text="爱买不买") for n in range(40)]
        await client.post("/v1/events", json=bad)
        await client.post("/v1/events", json=said(99, role="agent", agent="lin", text="顶级的哦"))
        found = await hits(client, 41)
        assert len({hit["message"] for hit in found}) == 41
        told = (await client.get("/v1/quality", params=DAYS)).json()
        assert told["groups"]["lin"]["replies"] == 41


async def test_no_words_no_groups(tmp_path: Path) -> None:
    async with running(tmp_path) as (_, client):
        assert (await client.get("/v1/quality", params=DAYS)).json()["groups"] == {}
        assert (await client.get("/v1/quality", params={"from": "x", "to": "y"})).status_code == 400


def on_disk(data: Path) -> bytes:
    with closing(sqlite3.connect(data / "journal.db")) as db, db:
        found = [*db.execute("SELECT body FROM events"), *db.execute("SELECT body FROM quarantine")]
        words = db.execute("SELECT group_concat(word) FROM quality_hits").fetchone()[0]
    return b"\n".join(bytes(body) for (body,) in found) + str(words).encode()


PHONE = "我电话13812345678"


async def test_what_tells_who_somebody_is_never_reaches_the_disk_and_a_duplicate_is_still_one(tmp_path: Path) -> None:
    async with running(tmp_path) as (_, client):
        told = said(1, 5, text=PHONE)
        await client.post("/v1/events", json=told)
        again = (await client.post("/v1/events", json=told)).json()
        assert (again["duplicates"], again["rejected"]) == (1, [])
        assert (await client.get("/v1/quarantine")).json()["entries"] == []
        await client.post("/v1/events", json=said(2, text=PHONE, role="nobody"))
        chat = (await client.get("/v1/conversations/senye/c-9")).json()
        assert chat["events"][0]["text"] == "我电话*******5678"
    assert b"13812345678" not in on_disk(tmp_path)
    assert "我电话".encode() in on_disk(tmp_path)


@pytest.mark.parametrize("answer", ["加我微信，最好的给您", "稍等哦亲"])
async def test_with_text_switched_off_all_but_text_works(tmp_path: Path, answer: str) -> None:
    async with running(tmp_path, PRESALES_PRIVACY__TEXT="off") as (app, client):
        await client.post(
            "/v1/events", json=[said(1, 100, text="有货吗"), said(2, 90, text="好的谢谢", conversation="c-2")]
        )
        waits = (await client.get("/v1/waits")).json()["waits"]
        assert waits[0]["stage"] == "slow"
        talk = app.texts.talk.of("senye", "c-9")
        assert talk is not None
        assert (talk.text, talk.last_words()) == ("", "[text]")
        suggested = await client.get("/v1/suggestions", params={"shop": "senye", "conversation": "c-9"})
        assert suggested.json()["suggestions"][0]["holding"]
        await client.post("/v1/events", json=said(3, 5, role="agent", agent="lin", text=answer))
        assert (await client.get("/v1/conversations/senye/c-9")).json()["events"][-1]["text"] is None
        if "微信" in answer:
            assert {hit["word"] for hit in await hits(client, 2)} == {""}
        else:
            assert await eventually(client, "/v1/waits", lambda told: told["total"] == 1)
    disk = on_disk(tmp_path)
    for words in ("有货吗", "好的谢谢", answer, "微信", "最好"):
        assert words.encode() not in disk
    assert b"text_hash" in disk
