"""The webhook door: a chat system's words in, events stored, and who may send."""

import hashlib
import hmac
import json
from typing import Any

import pytest

from monitor.policy_files import webhooks, where
from monitor.store.entries import Quarantined, QuarantineEntry
from monitor.web.mapped import ASIDE_BYTES
from tests.web.stand import NOW_MS, Stand, an_event, standing

MAPPINGS = webhooks.load(where.default_folder())[0]
CHAT: dict[str, Any] = {
    "kind": "chat", "shop": 12, "chat": 9, "customer": 4,
    "messages": [{"id": 1, "sent_ms": 1_794_999_990_000, "from": "customer", "text": "hi"}],
}  # fmt: skip
NAME = "PRESALES_HOOK_MY_SYSTEM_SECRET"


TOKEN = {"PRESALES_LISTEN__TOKEN": "only-for-this-test"}


def signed(body: bytes, key: str = "geheim") -> dict[str, str]:
    return {"X-Signature": hmac.new(key.encode(), body, hashlib.sha256).hexdigest()}


async def test_a_delivery_becomes_events_that_are_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, "geheim")
    body = json.dumps(CHAT).encode()
    async with standing(hooks=MAPPINGS, environ=TOKEN) as stand, stand.client() as client:
        answer = await client.post("/v1/hooks/my_system", content=body, headers=signed(body))
        assert (answer.status_code, answer.json()["accepted"]) == (200, 1)
        [event] = stand.engine.events
        assert (event.id, event.shop, event.source, stand.engine.batches[0].door) == (
            "1",
            "12",
            "hook:my_system",
            "hook",
        )
        for wrong in ({}, signed(body, "other"), signed(body + b" ")):
            assert (await client.post("/v1/hooks/my_system", content=body, headers=wrong)).status_code == 401
        assert len(stand.engine.events) == 1


async def test_without_the_secret_set_a_token_is_needed_as_elsewhere() -> None:
    async with standing(hooks=MAPPINGS, environ=TOKEN) as stand, stand.client() as client:
        refused = await client.post("/v1/hooks/my_system", json=CHAT)
        assert refused.status_code == 401
        assert "set the secret" in refused.json()["error"]
        taken = await client.post(
            "/v1/hooks/my_system", json=CHAT, headers={"Authorization": f"Bearer {TOKEN['PRESALES_LISTEN__TOKEN']}"}
        )
        assert taken.json()["accepted"] == 1


async def test_an_unknown_mapping_names_those_there_are() -> None:
    async with standing(hooks=MAPPINGS) as stand, stand.client() as client:
        answer = await client.post("/v1/hooks/chatwood", json={})
        assert answer.status_code == 404
        assert "chatwoot" in answer.json()["error"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"not json", "not JSON"),
        (b"\xff", "not UTF-8"),
        (json.dumps(CHAT | {"messages": [{"id": 1, "sent_ms": "x", "from": "customer"}]}).encode(), "no number"),
    ],
)
async def test_what_cannot_be_mapped_is_kept_and_answered_200(body: bytes, said: str) -> None:
    async with standing(hooks=MAPPINGS) as stand, stand.client() as client:
        answer = await client.post("/v1/hooks/my_system", content=body)
        assert answer.status_code == 200
        assert said in answer.json()["rejected"][0]["error"]
        assert stand.engine.batches[0].refusals[0].body == body


def kept(stand: Stand, number: int, body: bytes, source: str = "hook:my_system") -> None:
    """Put a delivery into the quarantine that could not be mapped."""
    refused = Quarantined(
        at_ms=NOW_MS, door="hook", source=source, index=0, path="$", error="no", reason="mapping", body=body,
        length=len(body), sha256="",
    )  # fmt: skip
    stand.journal.quarantine.entries[number] = QuarantineEntry(number=number, resent_at_ms=None, refused=refused)


async def test_a_delivery_that_could_not_be_mapped_is_mapped_when_it_is_sent_again() -> None:
    async with standing(hooks=MAPPINGS) as stand, stand.client() as client:
        kept(stand, 1, json.dumps(CHAT).encode())
        answer = await client.post("/v1/quarantine/1/resend")
        assert (answer.status_code, answer.json()["accepted"]) == (200, 1)
        [event] = stand.engine.events
        assert (event.id, event.shop, event.source) == ("1", "12", "hook:my_system")
        assert (await client.get("/v1/quarantine/1")).json()["resent_at"] is not None
        for number, (body, source, says) in enumerate(
            (
                (b"not json", "hook:my_system", "is not JSON"),
                (json.dumps(CHAT | {"messages": [{"id": 1, "sent_ms": "x"}]}).encode(), "hook:my_system", "no number"),
                (b'{"kind": "typing"}', "hook:my_system", "no chat"),
                (json.dumps(CHAT).encode(), "hook:gone", "no mapping gone"),
            ),
            start=2,
        ):
            kept(stand, number, body, source)
            answer = await client.post(f"/v1/quarantine/{number}/resend")
            assert (answer.status_code, says in answer.json()["error"]) == (400, True), answer.text
        mended = await client.post("/v1/quarantine/2/resend", json=an_event(7))
        assert mended.json()["accepted"] == 1, "what is mended is an event of ours"


async def test_what_is_no_chat_is_taken_and_left() -> None:
    async with standing(hooks=MAPPINGS) as stand, stand.client() as client:
        for no_chat in (b'{"kind": "typing"}', b"null", b"7"):
            answer = await client.post("/v1/hooks/my_system", content=no_chat)
            assert (answer.status_code, answer.json()["rejected"]) == (200, [])
        assert stand.engine.batches == []


async def test_half_a_character_costs_no_message_and_a_large_delivery_is_as_any_other() -> None:
    message = CHAT["messages"][0]
    async with standing(hooks=MAPPINGS) as stand, stand.client() as client:
        half = json.dumps(CHAT | {"messages": [message | {"text": "cut \ud83d here"}]}).encode()
        large = json.dumps(CHAT | {"messages": [message | {"id": 2, "text": "x" * ASIDE_BYTES}]}).encode()
        for body in (half, large):
            answer = await client.post("/v1/hooks/my_system", content=body)
            assert (answer.status_code, answer.json()["accepted"]) == (200, 1)
        assert [getattr(event, "text", "") for event in stand.engine.events] == [
            "cut \ufffd here",
            "x" * ASIDE_BYTES,
        ]


async def test_a_system_that_asks_for_proof_gets_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRESALES_HOOK_WHATSAPP_VERIFY_TOKEN", "v")
    async with standing(hooks=MAPPINGS, environ=TOKEN) as stand, stand.client() as client:
        asked = {"hub.mode": "subscribe", "hub.challenge": "12345", "hub.verify_token": "v"}
        assert (await client.get("/v1/hooks/whatsapp", params=asked)).text == "12345"
        assert (await client.get("/v1/hooks/whatsapp", params=asked | {"hub.verify_token": "w"})).status_code == 403
        monkeypatch.setenv("PRESALES_HOOK_FEISHU_SECRET", "f")
        ask = {"type": "url_verification", "challenge": "abc", "token": "f"}
        assert (await client.post("/v1/hooks/feishu", json=ask)).json() == {"challenge": "abc"}
        assert (await client.post("/v1/hooks/feishu", json=ask | {"token": "g"})).status_code == 401
        assert (await client.get("/v1/hooks/whatsapp?hub.challenge=1&hub.verify_token=%E5%AF%86")).status_code == 403


async def test_a_body_over_the_limit_is_refused_before_it_is_read() -> None:
    async with (
        standing(hooks=MAPPINGS, environ={"PRESALES_LIMITS__BODY_BYTES": "2000"}) as stand,
        stand.client() as client,
    ):
        answer = await client.post("/v1/hooks/my_system", content=b"x" * 3000)
        assert answer.status_code == 413
        assert stand.engine.batches[0].refusals[0].reason == "size"
