"""Suggestions through the port of the real service, with the shipped library."""

import asyncio
import contextlib
from pathlib import Path

import aiomqtt
import msgspec

from tests.mosquitto import Mosquitto, needs_mosquitto
from tests.program import free_port
from tests.waiting import DEADLINE_SECONDS, until
from tests.web.described import checker
from tests.web.whole import running, said

CHAT = {"shop": "senye", "conversation": "c-9"}


async def test_a_waiting_buyer_is_suggested_for_with_the_reason(tmp_path: Path) -> None:
    async with running(tmp_path) as (app, client):
        await client.post("/v1/events", json=[said(1, text="在吗"), said(2, text="能开专票吗 我电话13812345678")])
        told = (await client.get("/v1/suggestions", params=CHAT)).json()
        assert [one["position"] for one in told["suggestions"]] == [1, 2, 3]
        assert told["suggestions"][0]["phrase"] == "invoice-kind"
        assert "专票" in told["suggestions"][0]["why"]
        assert told["intents"][0]["intent"] == "invoice"
        assert told["phase"] == "presale"
        assert told["wait"] == (await client.get("/v1/waits")).json()["waits"][0]["id"]
        assert app.texts.suggester is not None
        assert app.texts.suggester.top("senye", "c-9") == told["suggestions"][0]["text"]
        reading = app.texts.suggester.reading("senye", "c-9")
        assert reading is not None
        assert reading.intent == "invoice"


async def test_past_the_first_limit_the_holding_phrase_leads_and_never_a_second_time(tmp_path: Path) -> None:
    async with running(tmp_path) as (_, client):
        await client.post("/v1/events", json=said(1, 70, text="有货吗"))
        first = (await client.get("/v1/suggestions", params=CHAT)).json()["suggestions"]
        assert [one["holding"] for one in first] == [True, False, False]
        await client.post(
            "/v1/events", json=[said(2, 68, role="agent", text="稍等哦亲"), said(3, 66, text="好的快点 有货吗")]
        )
        after = (await client.get("/v1/suggestions", params=CHAT)).json()["suggestions"]
        assert not any(one["holding"] for one in after)
        before_transfer = (await client.get("/v1/suggestions", params=CHAT | {"transferring": "true"})).json()
        assert not any(one["holding"] for one in before_transfer["suggestions"])


async def test_nobody_waits_nothing_is_suggested(tmp_path: Path) -> None:
    async with running(tmp_path) as (_, client):
        answer = await client.get("/v1/suggestions", params=CHAT)
        assert answer.status_code == 404
        assert "nobody waits" in answer.json()["error"]


async def test_words_of_any_chat_can_be_asked_about(tmp_path: Path) -> None:
    async with running(tmp_path) as (_, client):
        body = {"shop": "senye", "text": "is it machine washable?"}
        told = (await client.post("/v1/suggestions", json=body)).json()
        assert told["suggestions"][0]["phrase"] == "en-care"
        unclear = (await client.post("/v1/suggestions", json=body | {"text": "今天天气真好"})).json()
        assert [one["question"] for one in unclear["suggestions"]] == [True]
        wrong = await client.post("/v1/suggestions", json=body | {"txt": "x"})
        assert wrong.status_code == 400


async def test_what_became_of_it_is_counted_once_learnt_and_kept_over_a_restart(tmp_path: Path) -> None:
    body = {"shop": "senye", "text": "有货吗"}
    async with running(tmp_path) as (_, client):
        told = (await client.post("/v1/suggestions", json=body)).json()
        last = told["suggestions"][1]["phrase"]
        for number in range(40):
            outcome = {"shop": "senye", "phrase": last, "suggestion": f"{told['id']}-{number}", "position": 2}
            batch = [outcome | {"outcome": "shown"}, outcome | {"outcome": "picked", "send_seconds": 2.5}]
            taken = await client.post("/v1/suggestions/feedback", json={"feedback": batch})
            assert taken.json() == {"accepted": 2, "duplicates": 0}
        again = await client.post("/v1/suggestions/feedback", json=outcome | {"outcome": "picked"})
        assert again.json() == {"accepted": 0, "duplicates": 1}
        assert 'presales_suggestions_total{outcome="picked"} 40' in (await client.get("/metrics")).text
    async with running(tmp_path) as (_, client):
        told = (await client.post("/v1/suggestions", json=body)).json()
        assert told["suggestions"][0]["phrase"] == last


async def test_feedback_that_says_nothing_we_know_is_refused_by_what_is_wrong_in_it(tmp_path: Path) -> None:
    async with running(tmp_path) as (_, client):
        for wrong in ({"outcome": "loved"}, {"position": 4}, {"send_seconds": -1}, {"phrase": ""}, {"other": 1}):
            body = {"shop": "senye", "phrase": "fee-page", "outcome": "picked"} | wrong
            for sent in (body, {"feedback": [body]}):
                refused = await client.post("/v1/suggestions/feedback", json=sent)
                assert refused.status_code == 400
                told = refused.json()["error"]
                assert told.count(";") == 0, "one thing is wrong, and one is told"
                assert next(iter(wrong)) in told


async def test_suggestions_can_be_switched_off(tmp_path: Path) -> None:
    async with running(tmp_path, PRESALES_SUGGESTIONS__ENABLED="false") as (app, client):
        assert app.texts.suggester is None
        answer = await client.get("/v1/suggestions", params=CHAT)
        assert answer.status_code == 404
        assert "switched off" in answer.json()["error"]


async def test_programs_beside_the_chat_get_them_over_mqtt_and_hear_when_it_is_over(tmp_path: Path) -> None:
    needs_mosquitto()
    broker = Mosquitto(tmp_path / "broker", port=free_port())
    await asyncio.to_thread(broker.start)
    heard: list[tuple[str, dict[str, object]]] = []
    ready = asyncio.Event()

    async def listen() -> None:
        async with aiomqtt.Client("127.0.0.1", broker.port, timeout=DEADLINE_SECONDS) as line:
            await line.subscribe("presales/v1/suggestions/#", qos=1)
            ready.set()
            async for message in line.messages:
                told = msgspec.json.decode(bytes(message.payload))
                heard.append((str(message.topic), told))

    listening = asyncio.create_task(listen())
    try:
        await ready.wait()
        async with running(
            tmp_path / "data", PRESALES_MQTT__HOST="127.0.0.1", PRESALES_MQTT__PORT=str(broker.port)
        ) as (_, client):
            await client.post("/v1/events", json=said(1, text="包邮吗"))
            await until(lambda: len(heard) == 1)
            topic, told = heard[0]
            assert topic == "presales/v1/suggestions/taobao/senye/c-9"
            assert told["platform"] == "taobao"
            suggestions = told["suggestions"]
            assert isinstance(suggestions, list)
            assert suggestions[0]["phrase"].startswith("fee-")
            await client.post("/v1/events", json=said(2, role="agent", text="包的亲，今天发"))
            await until(lambda: len(heard) == 2)
            assert heard[1][1]["suggestions"] == []
            for _, told in heard:
                checker("Suggested").validate(told)
    finally:
        listening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await listening
        await asyncio.to_thread(broker.kill)
