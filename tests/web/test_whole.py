"""The one port in front of the real engine and the real journal."""

import asyncio
import json
import random
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

from monitor.web import access
from monitor.web.access import new_token
from tests.waiting import DEADLINE_SECONDS
from tests.web.whole import eventually, running, said


async def test_a_buyer_is_seen_waiting_through_every_door_and_answered_through_any(tmp_path: Path) -> None:
    async with running(tmp_path) as (app, client):
        live = f"{app.server.url.replace('http', 'ws')}/v1/live"
        ingest = f"{app.server.url.replace('http', 'ws')}/v1/ingest"
        async with connect(live, proxy=None) as board, connect(ingest, proxy=None) as line:
            await board.send('{"type":"hello","v":1}')
            assert json.loads(await board.recv())["waits"] == []
            assert (await client.post("/v1/events", json=[said(1, 20)])).json()["accepted"] == 1
            async with asyncio.timeout(DEADLINE_SECONDS):
                while not (delta := json.loads(await board.recv())).get("up"):
                    pass
            wait = delta["up"][0]
            assert (wait["shop"], wait["buyer"], wait["flags"]) == ("senye", "张*", ["first"])
            [listed] = (await client.get("/v1/waits")).json()["waits"]
            assert listed["id"] == wait["id"]
            assert listed["opened_by"] == "m-1"
            await line.send(json.dumps(said(2, role="agent", agent="lin", text="包邮的，全场包邮")))
            assert json.loads(await line.recv())["accepted"] == 1
            async with asyncio.timeout(DEADLINE_SECONDS):
                while not (delta := json.loads(await board.recv())).get("gone"):
                    pass
            assert delta["gone"] == [{"id": wait["id"], "why": "answered"}]
        told = (await client.get("/v1/conversations/senye/c-9")).json()
        assert [event["role"] for event in told["events"]] == ["buyer", "agent"]
        assert told["wait"] is None
        metrics = (await client.get("/metrics")).text
        assert 'presales_rounds_total{platform="taobao",team="default",outcome="answered"} 1' in metrics
        assert 'presales_events_total{source="http",outcome="accepted"} 1' in metrics
        assert 'presales_events_total{source="ws",outcome="accepted"} 1' in metrics
        assert 'presales_messages_total{platform="taobao",role="buyer"} 1' in metrics


async def test_a_dismissed_wait_is_off_the_board_and_stays_off_after_a_restart(tmp_path: Path) -> None:
    async with running(tmp_path) as (_, client):
        await client.post("/v1/events", json=[said(1, conversation="a"), said(2, conversation="b")])
        waits = (await client.get("/v1/waits")).json()["waits"]
        assert {wait["conversation"] for wait in waits} == {"a", "b"}
        dismissed = next(wait["id"] for wait in waits if wait["conversation"] == "a")
        answer = await client.post(f"/v1/waits/{dismissed}/dismiss", json={"reason": "广告"})
        assert answer.status_code == 200
        assert (await client.post(f"/v1/waits/{dismissed}/dismiss", json={"reason": "广告"})).status_code == 404
    async with running(tmp_path) as (_, client):
        [left] = (await client.get("/v1/waits")).json()["waits"]
        assert left["conversation"] == "b"


async def test_two_ids_of_one_buyer_are_one_conversation_whichever_chats_they_wrote_in(tmp_path: Path) -> None:
    async with running(tmp_path) as (_, client):
        asked = [said(1, 100, conversation="c-1", buyer="open-1"), said(2, 90, conversation="c-2", buyer="王五")]
        await client.post("/v1/events", json=[*asked, said(3, 80, conversation="c-3", buyer="赵六")])
        answer = said(4, 70, conversation="c-2", buyer="王五", role="agent", agent="lin", text="包邮的，全场包邮")
        merge = {
            "type": "buyer_merged",
            "id": "x",
            "ts": said(0, 60)["ts"],
            "shop": "senye",
            "buyer": "open-1",
            "into": "王五",
        }
        assert (await client.post("/v1/events", json=[answer, merge])).json()["accepted"] == 2
        [left] = (await client.get("/v1/waits")).json()["waits"]
        assert left["conversation"] == "c-3"
    async with running(tmp_path) as (_, client):
        await client.post("/v1/events", json=[said(5, 1, conversation="c-1", buyer="open-1")])
        waits = (await client.get("/v1/waits")).json()["waits"]
        assert [(wait["conversation"], wait["buyer"]) for wait in waits] == [("c-3", "赵*"), ("王五", "王*")]
        for name in ("c-1", "c-2", "open-1", "王五"):
            told = (await client.get(f"/v1/conversations/senye/{name}")).json()
            assert [event["id"] for event in told["events"]] == ["m-1", "m-2", "m-4", "x", "m-5"]
            assert told["wait"]["opened_by"] == "m-5"
        answer = said(6, conversation="c-9", buyer="王五", role="agent", agent="lin", text="包邮的，全场包邮")
        await client.post("/v1/events", json=[answer])
        await eventually(client, "/v1/waits", lambda told: [one["conversation"] for one in told["waits"]] == ["c-3"])


async def test_what_was_refused_is_read_mended_and_sent_again(tmp_path: Path) -> None:
    async with running(tmp_path) as (_, client):
        wrong = said(1) | {"ts": "yesterday"}
        answer = await client.post("/v1/events", json=[wrong])
        assert answer.status_code == 400
        [entry] = (await client.get("/v1/quarantine")).json()["entries"]
        assert (entry["path"], entry["door"], entry["resent_at"]) == ("$.ts", "http", None)
        mended = json.loads(entry["body"]) | {"ts": said(1)["ts"]}
        assert (await client.post(f"/v1/quarantine/{entry['id']}/resend", json=mended)).json()["accepted"] == 1
        assert (await client.get(f"/v1/quarantine/{entry['id']}")).json()["resent_at"] is not None
        assert (await client.get("/v1/waits")).json()["total"] == 1
        assert (await client.delete(f"/v1/quarantine/{entry['id']}")).status_code == 204
        assert (await client.get("/v1/quarantine")).json()["entries"] == []


async def test_a_body_too_large_is_kept_as_its_beginning(tmp_path: Path) -> None:
    async with running(tmp_path, PRESALES_LIMITS__BODY_BYTES="100000") as (_, client):
        assert (await client.post("/v1/events", content=b"x" * 300_000)).status_code == 413
        told = await eventually(client, "/v1/quarantine", lambda told: told["entries"])
        assert (told["entries"][0]["length"], told["entries"][0]["reason"]) == (300_000, "size")
        assert len((await client.get(f"/v1/quarantine/{told['entries'][0]['id']}")).json()["body"]) == 65_536


async def test_a_token_of_the_journal_is_bound_to_its_shops_and_can_be_taken_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "LOOK_AGAIN_SECONDS", 0.0)
    token, digest = new_token()
    async with running(tmp_path) as (app, client):
        await app.journal.tokens.add("collector-7", digest, 0, shops=["senye"])
        headers = {"Authorization": f"Bearer {token}"}
        assert (await client.get("/v1/waits")).status_code == 401
        answer = await client.post("/v1/events", json=[said(1), said(2, shop="other")], headers=headers)
        assert (answer.json()["accepted"], answer.json()["rejected"][0]["path"]) == (1, "$.shop")
        assert (await client.get("/v1/sources", headers=headers)).status_code == 403
        await app.journal.tokens.revoke("collector-7", 1)
        assert (await client.get("/v1/waits", headers=headers)).status_code == 401
        assert (await client.get("/v1/waits")).status_code == 401


async def test_random_bytes_at_the_doors_harm_nobody(tmp_path: Path) -> None:
    seed = random.randrange(1 << 30)
    print("seed", seed)
    dice = random.Random(seed)
    async with running(tmp_path) as (app, client):
        ingest = f"{app.server.url.replace('http', 'ws')}/v1/ingest"
        async with connect(ingest, proxy=None) as line:
            for number in range(200):
                noise = dice.randbytes(number * 7)
                answer = await client.post("/v1/events", content=noise)
                assert answer.status_code == 400, noise
                await line.send(noise)
                assert json.loads(await line.recv())["ack"] == number + 1, noise
        assert (await client.post("/v1/events", json=said(1))).status_code == 202
        assert (await client.get("/readyz")).json()["ready"] is True


async def test_what_was_answered_today_is_known_after_a_restart(tmp_path: Path) -> None:
    async with running(tmp_path) as (_, client):
        sent = [said(1, 20), said(2, 10, role="agent", text="包邮的", agent="lin")]
        assert (await client.post("/v1/events", json=sent)).json()["accepted"] == 2
    async with running(tmp_path) as (_, client):
        [shop] = (await eventually(client, "/v1/shops", lambda told: told["shops"][0]["answered_today"]))["shops"]
        assert shop["answered_today"] == 1
        again = [said(3, 5), said(4, 1, role="agent", text="有货的", agent="lin")]
        assert (await client.post("/v1/events", json=again)).json()["accepted"] == 2
        [shop] = (await client.get("/v1/shops")).json()["shops"]
        assert shop["answered_today"] == 2
