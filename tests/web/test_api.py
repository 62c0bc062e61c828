"""The API: what it answers, in the words of its own documentation."""

import json
from typing import Any

import pytest

from monitor.core.events import Message, WaitDismissed
from monitor.core.people import People
from monitor.core.roster import Person, Register
from monitor.errors import Busy, StoreUnavailable
from monitor.store.entries import Quarantined, QuarantineEntry, StoredEvent
from monitor.web.models import Conversation, Quarantine, Sources, Taken, Wait, Waits
from monitor.wire import encode_event
from tests.web.stand import NOW_MS, Stand, a_row, a_source, an_event, standing


async def test_waits_come_with_all_a_person_needs_to_act() -> None:
    row = a_row(7, opened_at_ms=NOW_MS - 40_000, stood_ms=1_500)
    async with standing(rows=[row]) as stand, stand.client() as client:
        told = (await client.get("/v1/waits")).json()
        Waits.model_validate(told, extra="forbid")
        assert told["total"] == 1
        assert told["waits"] == [
            {
                "id": "k3f9-7",
                "platform": "taobao",
                "shop": "senye",
                "conversation": "c-7",
                "buyer": "张*",
                "agent": "lin",
                "account": "senye:lin",
                "team": "a",
                "opened_by": "m-7",
                "opened_at": "2026-11-18T11:06:00.000Z",
                "needs_answer_since": "2026-11-18T11:06:10.000Z",
                "wait_seconds": 40,
                "counted_seconds": 28.5,
                "stage": "fresh",
                "next_due_at": "2026-11-18T11:07:10.001Z",
                "messages": 1,
                "flags": [],
                "alert": None,
            }
        ]


async def test_the_counted_clock_stands_while_a_bot_holds() -> None:
    row = a_row(1, standing_since_ms=NOW_MS - 20_000, flags=("bot_held",))
    async with standing(rows=[row]) as stand, stand.client() as client:
        wait = (await client.get("/v1/waits")).json()["waits"][0]
        assert (wait["wait_seconds"], wait["counted_seconds"]) == (30, 10)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("", [3, 2, 1]),
        ("shop=other", [2]),
        ("platform=jd", [3]),
        ("team=b", [2]),
        ("agent=yun", [1]),
        ("stage=slow", [3]),
        ("shop=senye&stage=fresh", [1]),
        ("limit=2", [3, 2]),
        ("shop=nowhere", []),
    ],
)
async def test_waits_are_filtered_and_the_one_with_least_time_left_is_first(asked: str, found: list[int]) -> None:
    rows = [
        a_row(1, agent="yun"),
        a_row(2, shop="other", team="b", needs_answer_since_ms=NOW_MS - 50_000),
        a_row(3, platform="jd", stage="slow", needs_answer_since_ms=NOW_MS - 90_000),
        a_row(4, needs_answer_since_ms=None),
    ]
    async with standing(rows=rows) as stand, stand.client() as client:
        told = (await client.get(f"/v1/waits?{asked}")).json()
        assert [wait["id"] for wait in told["waits"]] == [f"k3f9-{wait}" for wait in found]


async def test_waits_of_an_agent_are_found_by_any_of_their_names() -> None:
    async with standing(rows=[a_row(1, agent="lin"), a_row(2, agent="1007"), a_row(3, agent="zhou")]) as stand:
        stand.services.people = People(Register(persons=(Person(id="1007", nick="小林", names=("lin",)),)))
        async with stand.client() as client:
            for name in ("1007", "lin", "小林"):
                told = (await client.get("/v1/waits", params={"agent": name})).json()
                assert sorted(wait["id"] for wait in told["waits"]) == ["k3f9-1", "k3f9-2"]


async def test_a_wait_is_dismissed_by_an_event_with_the_reason() -> None:
    async with standing(rows=[a_row(7)]) as stand, stand.client() as client:
        answer = await client.post("/v1/waits/k3f9-7/dismiss", json={"reason": "an advertisement"})
        assert answer.status_code == 200
        event = stand.engine.events[0]
        assert isinstance(event, WaitDismissed)
        assert (event.wait, event.by, event.reason) == (7, "local", "an advertisement")
        assert (event.shop, event.conversation, event.ts_ms) == ("senye", "c-7", NOW_MS)
        assert answer.json() == {"id": "k3f9-7", "event": event.id}


@pytest.mark.parametrize("wait", ["k3f9-8", "other-7", "k3f9-", "k3f9-x", "7", "k3f9-99999999999999999999", "k3f9-²"])
async def test_a_wait_that_is_not_open_cannot_be_dismissed(wait: str) -> None:
    async with standing(rows=[a_row(7)]) as stand, stand.client() as client:
        answer = await client.post(f"/v1/waits/{wait}/dismiss", json={"reason": "x"})
        assert answer.status_code == 404
        assert wait in answer.json()["error"]
        assert not stand.engine.batches


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "  "}, {"reason": "x" * 501}, {"reason": 1}, [], None])
async def test_a_dismissal_needs_a_reason(body: Any) -> None:
    async with standing(rows=[a_row(7)]) as stand, stand.client() as client:
        answer = await client.post("/v1/waits/k3f9-7/dismiss", json=body)
        assert answer.status_code == 400
        assert "body" in answer.json()["error"]


@pytest.mark.parametrize(("error", "status"), [(StoreUnavailable("disk full"), 503), (Busy(3), 429)])
async def test_a_dismissal_that_cannot_be_stored_says_so(error: Exception, status: int) -> None:
    async with standing(rows=[a_row(7)]) as stand, stand.client() as client:
        stand.engine.fails_with = [error]
        answer = await client.post("/v1/waits/k3f9-7/dismiss", json={"reason": "x"})
        assert answer.status_code == status
        assert int(answer.headers["retry-after"]) > 0
        assert str(error) in answer.json()["error"]


def stored(position: int, **more: Any) -> StoredEvent:
    values: dict[str, Any] = {"ts_ms": NOW_MS + position, "shop": "senye", "conversation": "c-7", "buyer": "王五"}
    event = Message(id=f"m-{position}", **({"role": "buyer", "text": f"text {position}"} | values | more))
    return StoredEvent(
        position=position,
        shop=event.shop,
        id=event.id,
        conversation=event.conversation,
        ts_ms=int(event.ts_ms),
        arrived_at_ms=NOW_MS,
        door="http",
        words=0,
        folded=True,
        body=encode_event(event),
    )


async def test_a_conversation_is_told_by_time_with_its_open_wait() -> None:
    async with standing(rows=[a_row(7)]) as stand, stand.client() as client:
        stand.journal.stored["senye", "c-7"] = [stored(1), stored(2, ts_ms=NOW_MS - 5), stored(3, role="agent")]
        told = (await client.get("/v1/conversations/senye/c-7")).json()
        Conversation.model_validate(told, extra="forbid")
        assert [event["id"] for event in told["events"]] == ["m-2", "m-1", "m-3"]
        assert told["events"][1] == {
            "id": "m-1",
            "type": "message",
            "ts": "2026-11-18T11:06:40.001Z",
            "role": "buyer",
            "kind": "text",
            "text": "text 1",
            "agent": None,
            "account": None,
        }
        assert told["buyer"] == "王*"
        assert told["wait"]["id"] == "k3f9-7"
        assert told["truncated"] is False


async def test_a_long_conversation_is_told_from_its_end() -> None:
    async with standing() as stand, stand.client() as client:
        stand.journal.stored["senye", "c-7"] = [stored(number) for number in range(1, 700)]
        told = (await client.get("/v1/conversations/senye/c-7")).json()
        assert len(told["events"]) == 500
        assert told["events"][-1]["id"] == "m-699"
        assert told["truncated"] is True
        assert told["wait"] is None


@pytest.mark.parametrize(
    ("shop", "conversation", "path"),
    [("森野", "对话:1", "森野/对话:1"), ("a/b", "c/d?e", "a%2Fb/c%2Fd%3Fe"), ("senye", "c/7", "senye/c/7")],
)
async def test_any_name_of_a_shop_or_conversation_can_be_asked_for(shop: str, conversation: str, path: str) -> None:
    async with standing() as stand, stand.client() as client:
        stand.journal.stored[shop, conversation] = [stored(1)]
        told = (await client.get(f"/v1/conversations/{path}")).json()
        assert (told["shop"], told["conversation"]) == (shop, conversation)


async def test_an_unknown_conversation_is_404() -> None:
    async with standing() as stand, stand.client() as client:
        answer = await client.get("/v1/conversations/senye/nobody")
        assert answer.status_code == 404
        assert "nobody" in answer.json()["error"]


async def test_sources_are_told_with_their_accounts() -> None:
    async with standing() as stand, stand.client() as client:
        stand.engine.known_sources = [
            a_source("collector-7", state="stale", reason="account", host="PC-12", version="1.4", backlog=3)
        ]
        told = (await client.get("/v1/sources")).json()
        Sources.model_validate(told, extra="forbid")
        assert told["sources"] == [
            {
                "name": "collector-7",
                "state": "stale",
                "reason": "account",
                "last_event_at": "2026-11-18T11:06:39.000Z",
                "newest_ts": "2026-11-18T11:06:38.800Z",
                "lag_seconds": 0.2,
                "stale_since": None,
                "host": "PC-12",
                "version": "1.4",
                "backlog": 3,
                "clock_skew_seconds": None,
                "last_fault": None,
                "accounts": [
                    {
                        "account": "senye:lin",
                        "state": "online",
                        "shops": ["senye"],
                        "newest_ts": None,
                        "stale_since": None,
                        "catching_up": False,
                        "open_gaps": 0,
                    }
                ],
                "shops": ["senye"],
            }
        ]


# -- quarantine --------------------------------------------------------------------------------------------------------


def refuse(stand: Stand, number: int, body: bytes, **more: Any) -> None:
    values: dict[str, Any] = {
        "at_ms": NOW_MS,
        "door": "mqtt",
        "source": "collector-7",
        "index": 0,
        "path": "$.ts",
        "error": "ts is missing",
        "reason": "missing",
        "body": body,
        "length": len(body),
        "sha256": "ab" * 32,
    }
    refused = Quarantined(**(values | more))
    stand.journal.quarantine.entries[number] = QuarantineEntry(number=number, resent_at_ms=None, refused=refused)


async def test_the_quarantine_is_read_page_by_page_newest_first() -> None:
    async with standing() as stand, stand.client() as client:
        for number in range(1, 6):
            refuse(stand, number, b"{}")
        seen: list[int] = []
        before = ""
        while True:
            page = (await client.get(f"/v1/quarantine?limit=2{before}")).json()
            Quarantine.model_validate(page, extra="forbid")
            seen += [entry["id"] for entry in page["entries"]]
            if page["next_before"] is None:
                break
            before = f"&before={page['next_before']}"
        assert seen == [5, 4, 3, 2, 1]


async def test_what_is_not_text_is_shown_without_harm_and_whole_when_asked_for() -> None:
    async with standing() as stand, stand.client() as client:
        refuse(stand, 1, b"\xff\x00<script>" + b"x" * 5_000)
        listed = (await client.get("/v1/quarantine")).json()["entries"][0]
        assert len(listed["body"]) < 1_100
        whole = await client.get("/v1/quarantine/1")
        assert whole.json()["body"] == "\\xff\x00<script>" + "x" * 5_000
        assert whole.headers["content-type"] == "application/json"
        assert whole.headers["x-content-type-options"] == "nosniff"


async def test_a_mended_body_is_sent_again_as_from_its_source() -> None:
    async with standing() as stand, stand.client() as client:
        refuse(stand, 3, b'{"id": "m-1"}')
        answer = await client.post("/v1/quarantine/3/resend", json=an_event(1))
        assert answer.status_code == 200
        Taken.model_validate(answer.json(), extra="forbid")
        assert answer.json()["accepted"] == 1
        assert stand.engine.events[0].source == "collector-7"
        assert (await client.get("/v1/quarantine/3")).json()["resent_at"] == "2026-11-18T11:06:40.000Z"


async def test_what_was_refused_can_be_sent_again_as_it_was() -> None:
    async with standing() as stand, stand.client() as client:
        refuse(stand, 3, json.dumps(an_event(1)).encode())
        assert (await client.post("/v1/quarantine/3/resend")).json()["accepted"] == 1


async def test_what_is_still_wrong_is_400_and_not_marked() -> None:
    async with standing() as stand, stand.client() as client:
        refuse(stand, 3, b'{"id": "m-1"}')
        answer = await client.post("/v1/quarantine/3/resend")
        assert answer.status_code == 400
        assert answer.json()["rejected"][0]["index"] == 0
        assert (await client.get("/v1/quarantine/3")).json()["resent_at"] is None


async def test_of_what_only_the_beginning_is_kept_the_mended_whole_is_needed() -> None:
    async with standing(environ={"PRESALES_LIMITS__BODY_BYTES": "1000"}) as stand, stand.client() as client:
        refuse(stand, 3, b"[", length=9_000_000)
        answer = await client.post("/v1/quarantine/3/resend")
        assert answer.status_code == 400
        assert "mended whole" in answer.json()["error"]
        assert (await client.post("/v1/quarantine/3/resend", content=b"x" * 1_001)).status_code == 413


async def test_who_sends_refused_input_again_or_throws_it_away_is_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "monitor.web.api_quarantine")
    async with standing() as stand, stand.client() as client:
        refuse(stand, 3, b'{"id": "m-1"}')
        await client.post("/v1/quarantine/3/resend", json=an_event(1))
        await client.delete("/v1/quarantine/3")
    told = [record.message for record in caplog.records if record.name == "monitor.web.api_quarantine"]
    assert told == ["local sent refused input 3 again, mended", "local threw refused input 3 away"]


async def test_an_entry_is_thrown_away_once() -> None:
    async with standing() as stand, stand.client() as client:
        refuse(stand, 3, b"{}")
        assert (await client.delete("/v1/quarantine/3")).status_code == 204
        for answer in (
            await client.delete("/v1/quarantine/3"),
            await client.get("/v1/quarantine/3"),
            await client.post("/v1/quarantine/3/resend"),
            await client.get("/v1/quarantine/99999999999999999999999"),
        ):
            assert answer.status_code == 404


# -- the service itself ------------------------------------------------------------------------------------------------


async def test_readyz_says_why_it_is_not_and_livez_lives_on() -> None:
    async with standing() as stand, stand.client() as client:
        assert (await client.get("/readyz")).json() == {
            "ready": True,
            "reasons": [],
            "build": "0.0.1+test",
            "rules_version": "built-in",
            "rules_good": True,
        }
        stand.engine.ready.reason = "no space left on the device"
        answer = await client.get("/readyz")
        assert answer.status_code == 503
        assert answer.json()["reasons"] == ["no space left on the device"]
        assert (await client.get("/livez")).json() == {"alive": True}


async def test_metrics_are_for_prometheus() -> None:
    async with standing(rows=[a_row(1)]) as stand, stand.client() as client:
        answer = await client.get("/metrics")
        assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        assert 'presales_waits_open{platform="taobao",team="a",stage="fresh"} 1' in answer.text
        assert 'presales_oldest_wait_seconds{platform="taobao",team="a"} 30.0' in answer.text


@pytest.mark.parametrize(
    ("method", "path", "status", "says"),
    [
        ("GET", "/v1/nothing", 404, "there is nothing at /v1/nothing"),
        ("POST", "/v1/waits", 405, "Method Not Allowed"),
        ("GET", "/v1/waits?limit=0", 400, "query.limit"),
        ("GET", "/v1/quarantine?before=x", 400, "query.before"),
        ("GET", "/v1/quarantine/x", 400, "path.id"),
        ("DELETE", "/", 404, "there is nothing at /"),
    ],
)
async def test_whatever_is_wrong_is_told_in_json(method: str, path: str, status: int, says: str) -> None:
    async with standing() as stand, stand.client() as client:
        answer = await client.request(method, path)
        assert answer.status_code == status
        assert says in answer.json()["error"]


async def test_a_fault_of_ours_is_told_without_its_inside(caplog: pytest.LogCaptureFixture) -> None:
    async with standing(rows=[a_row(1)]) as stand, stand.client() as client:
        stand.engine.fails_with = [ZeroDivisionError("secret inside")]
        for answer in (
            await client.post("/v1/events", json=an_event(1)),
            await client.get("/v1/waits"),
        ):
            assert "secret" not in answer.text
        assert answer.status_code == 200
        stand.engine.fails_with = [ZeroDivisionError("secret inside")]
        answer = await client.post("/v1/waits/k3f9-1/dismiss", json={"reason": "x"})
        assert answer.status_code == 500
        assert answer.json() == {"error": "a fault of this service; its log has the details"}
        assert "secret inside" in caplog.text, "the log has the details"


async def test_the_documentation_knows_every_route_and_loads_nothing_from_elsewhere() -> None:
    async with standing() as stand, stand.client() as client:
        spec = (await client.get("/openapi.json")).json()
        assert spec["openapi"].startswith("3.1")
        assert set(spec["paths"]) >= {
            "/v1/events",
            "/v1/hooks/{mapping}",
            "/v1/waits",
            "/v1/waits/{id}/dismiss",
            "/v1/conversations/{shop}/{conversation}",
            "/v1/sources",
            "/v1/quarantine",
            "/v1/quarantine/{id}",
            "/v1/quarantine/{id}/resend",
            "/v1/quality",
            "/v1/quality/hits",
            "/v1/suggestions",
            "/v1/suggestions/feedback",
            "/livez",
            "/readyz",
            "/metrics",
        }
        shapes = spec["components"]["schemas"]
        for ref in _refs(spec):
            assert ref.removeprefix("#/components/schemas/") in shapes, ref
        assert set(Wait.model_fields) == set(shapes["Wait"]["properties"])
        page = await client.get("/docs")
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert "/v1/conversations/{shop}/{conversation}" in page.text
        assert "<script" not in page.text
        assert "https://" not in page.text
        assert "default-src 'none'" in page.headers["content-security-policy"]


def _refs(part: Any) -> list[str]:
    if isinstance(part, dict):
        own = [part["$ref"]] if "$ref" in part else []
        return own + [ref for inner in part.values() for ref in _refs(inner)]
    return [ref for inner in part for ref in _refs(inner)] if isinstance(part, list) else []
