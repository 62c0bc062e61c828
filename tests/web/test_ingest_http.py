"""The HTTP door: what it answers to good, bad, large, slow and packed bodies."""

import asyncio
import gzip
import json
from typing import Any

import pytest

from monitor.errors import Busy, StoreUnavailable
from monitor.web import body as body_of
from monitor.web import server
from tests.waiting import DEADLINE_SECONDS, until
from tests.web.stand import Stand, an_event, standing


async def raw(stand: Stand, *sent: bytes, end: bool = False) -> tuple[int, dict[str, Any]]:
    """Send bytes as they are; return the status and body of what comes back."""
    reader, writer = await asyncio.open_connection("127.0.0.1", stand.server.port)
    try:
        for part in sent:
            writer.write(part)
            await writer.drain()
        if end:
            writer.write_eof()
        async with asyncio.timeout(DEADLINE_SECONDS):
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(int(line[16:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            body = await reader.readexactly(length)
        return int(head.split()[1]), json.loads(body)
    finally:
        writer.close()


def head(*lines: str) -> bytes:
    return "\r\n".join(["POST /v1/events HTTP/1.1", "Host: localhost", *lines, "", ""]).encode()


async def test_one_event_an_array_and_lines_are_stored_and_answered_202() -> None:
    async with standing() as stand, stand.client() as client:
        one = await client.post("/v1/events", json=an_event(1))
        array = await client.post("/v1/events", json=[an_event(2), an_event(3)])
        lines = await client.post("/v1/events", content="\n".join(json.dumps(an_event(n)) for n in (3, 4)))
        assert [answer.status_code for answer in (one, array, lines)] == [202] * 3
        assert lines.json() == {"accepted": 1, "duplicates": 1, "late": 0, "rejected": []}
        assert [event.id for event in stand.engine.events] == ["m-1", "m-2", "m-3", "m-3", "m-4"]
        assert stand.engine.batches[0].door == stand.engine.batches[0].source == "http"


async def test_202_comes_only_once_the_batch_is_stored() -> None:
    async with standing() as stand, stand.client() as client:
        stand.engine.gate.clear()
        answer = asyncio.create_task(client.post("/v1/events", json=an_event(1)))
        await until(lambda: stand.web.intake.room.taken > 0, "the batch waits to be stored")
        assert not answer.done()
        stand.engine.gate.set()
        assert (await answer).status_code == 202


async def test_a_wrong_event_is_refused_alone_and_what_is_all_wrong_is_400() -> None:
    async with standing() as stand, stand.client() as client:
        some = await client.post("/v1/events", json=[an_event(1), {"no": "id"}])
        assert some.status_code == 202
        assert some.json()["rejected"] == [{"index": 1, "path": "$.id", "error": "id is missing"}]
        none = await client.post("/v1/events", json=[{"no": "id"}])
        assert none.status_code == 400
        assert none.json() == {
            "accepted": 0,
            "duplicates": 0,
            "late": 0,
            "rejected": [{"index": 0, "path": "$.id", "error": "id is missing"}],
        }
        assert (await client.post("/v1/events", json=an_event(1))).status_code == 202, "known is no fault"


@pytest.mark.parametrize(
    ("body", "says"), [(b"{nope", "not JSON"), (b"\xff\xfe", "JSON"), (b"", "is empty"), (b"[]", "empty array")]
)
async def test_what_is_no_event_at_all_is_400_and_says_so(body: bytes, says: str) -> None:
    async with standing() as stand, stand.client() as client:
        answer = await client.post("/v1/events", content=body)
        assert answer.status_code == 400
        assert says in answer.json()["rejected"][0]["error"]


async def test_an_announced_length_beyond_the_limit_is_413_before_anything_is_read() -> None:
    async with standing(environ={"PRESALES_LIMITS__BODY_BYTES": "1000"}) as stand:
        status, told = await raw(stand, head("Content-Length: 104857600", "Expect: 100-continue"))
        assert status == 413
        assert "1000 bytes" in told["error"]
        await until(lambda: bool(stand.engine.refused), "the refusal is kept")
        assert stand.engine.refused[0].length == 104_857_600
        assert stand.metrics.refused == {("http", "size"): 1}
        assert stand.web.intake.room.taken == 0


async def test_a_body_that_grows_beyond_the_limit_is_413_and_its_beginning_is_kept() -> None:
    async with standing(environ={"PRESALES_LIMITS__BODY_BYTES": "100000"}) as stand:
        part = b"x" * 50_000
        chunk = b"%x\r\n%s\r\n" % (len(part), part)
        status, _ = await raw(stand, head("Transfer-Encoding: chunked"), chunk, chunk, chunk)
        assert status == 413
        await until(lambda: bool(stand.engine.refused), "the refusal is kept")
        kept = stand.engine.refused[0]
        assert kept.body == b"x" * 65_536
        assert kept.length >= 100_001
        assert kept.reason == "size"
        assert stand.web.intake.room.taken == 0


async def test_a_hundred_megabyte_body_is_answered_while_it_is_still_being_sent() -> None:
    async with standing() as stand, stand.client() as client:

        async def endless() -> Any:
            for _ in range(100):
                yield b"x" * 1_048_576

        answer = await client.post("/v1/events", content=endless())
        assert answer.status_code == 413
        assert (await client.post("/v1/events", json=an_event(1))).status_code == 202


async def test_gzip_is_unpacked_in_one_or_several_members() -> None:
    lines = [json.dumps(an_event(n)).encode() + b"\n" for n in range(4)]
    packed = gzip.compress(b"".join(lines[:2])) + gzip.compress(b"".join(lines[2:]))
    async with standing() as stand, stand.client() as client:
        answer = await client.post("/v1/events", content=packed, headers={"Content-Encoding": "gzip"})
        assert answer.json()["accepted"] == 4


async def test_a_gzip_bomb_is_413_without_being_unpacked_whole() -> None:
    bomb = gzip.compress(b" " * 200_000_000, compresslevel=9)
    assert len(bomb) < 300_000
    async with standing() as stand, stand.client() as client:
        answer = await client.post("/v1/events", content=bomb, headers={"Content-Encoding": "gzip"})
        assert answer.status_code == 413
        assert stand.web.intake.room.taken == 0


async def test_packed_nothing_is_bounded_as_well() -> None:
    """Each piece unpacks to nothing, so the size of what is unpacked would never end it."""
    nothing = gzip.compress(b"") * 60
    chunk = b"%x\r\n%b\r\n" % (len(nothing), nothing)
    async with standing(environ={"PRESALES_LIMITS__BODY_BYTES": "100000"}) as stand:
        status, told = await raw(stand, head("Content-Encoding: gzip", "Transfer-Encoding: chunked"), chunk * 90)
        assert status == 413
        assert "100000 bytes" in told["error"]


@pytest.mark.parametrize(
    ("encoding", "body", "status", "says"),
    [
        ("gzip", b"not gzip", 400, "is not gzip"),
        ("gzip", gzip.compress(b"[]" * 1000)[:-9], 400, "ends too early"),
        ("br", b"x", 415, "plain or gzip"),
    ],
)
async def test_a_wrongly_packed_body_is_named(encoding: str, body: bytes, status: int, says: str) -> None:
    async with standing() as stand, stand.client() as client:
        answer = await client.post("/v1/events", content=body, headers={"Content-Encoding": encoding})
        assert answer.status_code == status
        assert says in answer.json()["error"]


async def test_a_body_that_stops_coming_is_408_and_others_go_on_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_of, "SILENT_SECONDS", 0.3)
    async with standing() as stand, stand.client() as client:
        slow = asyncio.create_task(raw(stand, head("Content-Length: 1000"), b"half"))
        for number in range(20):
            assert (await client.post("/v1/events", json=an_event(number))).status_code == 202
        status, told = await slow
        assert status == 408
        assert "too long" in told["error"]
        assert stand.metrics.refused == {("http", "slow"): 1}


async def test_a_body_that_drips_is_408_when_its_whole_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_of, "WHOLE_SECONDS", 0.0)
    async with standing() as stand:
        status, _ = await raw(stand, head("Content-Length: 1000"), b"half")
        assert status == 408


async def test_a_sender_that_hangs_up_in_the_middle_leaves_nothing_behind() -> None:
    async with standing() as stand:
        _, writer = await asyncio.open_connection("127.0.0.1", stand.server.port)
        writer.write(head("Content-Length: 1000") + b"half")
        await writer.drain()
        await until(lambda: stand.web.intake.room.taken == 4, "the half has arrived")
        writer.transport.abort()
        await until(lambda: ("http", "disconnected") in stand.metrics.refused, "it is noticed")
        assert stand.web.intake.room.taken == 0
        assert not stand.engine.batches


async def test_when_the_room_is_full_senders_are_asked_to_come_again() -> None:
    async with standing() as stand, stand.client() as client:
        stand.web.intake.room.at_most = 300
        stand.engine.gate.clear()
        first = asyncio.create_task(client.post("/v1/events", json=[an_event(1), an_event(2)]))
        await until(lambda: stand.web.intake.room.taken > 0, "the first waits to be stored")
        second = await client.post("/v1/events", json=[an_event(3), an_event(4)])
        assert second.status_code == 429
        assert int(second.headers["retry-after"]) >= 1
        stand.engine.gate.set()
        assert (await first).status_code == 202
        assert (await client.post("/v1/events", json=[an_event(3), an_event(4)])).status_code == 202


async def test_a_busy_engine_is_429_and_a_full_disk_503_each_saying_when_to_come_again() -> None:
    async with standing() as stand, stand.client() as client:
        stand.engine.fails_with = [Busy(7), StoreUnavailable("no space left on the device")]
        busy = await client.post("/v1/events", json=an_event(1))
        assert (busy.status_code, busy.headers["retry-after"]) == (429, "7")
        assert "try again in 7 s" in busy.json()["error"]
        full = await client.post("/v1/events", json=an_event(1))
        assert full.status_code == 503
        assert "nothing was stored" in full.json()["error"]
        assert "no space left" in full.json()["error"]
        assert int(full.headers["retry-after"]) > 0
        assert (await client.post("/v1/events", json=an_event(1))).status_code == 202


async def test_only_post_is_taken() -> None:
    async with standing() as stand, stand.client() as client:
        answer = await client.get("/v1/events")
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


async def test_a_large_body_is_decoded_without_holding_the_loop() -> None:
    async with standing() as stand, stand.client() as client:
        answer = await client.post("/v1/events", json=[an_event(n, text="长" * 200) for n in range(2_000)])
        assert answer.json()["accepted"] == 2_000


async def test_a_connection_never_spoken_to_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "HEAD_SECONDS", 0.1)
    async with standing() as stand:
        assert (await raw(stand))[0] == 408
        assert (await raw(stand, b"POST /v1/events HTTP/1.1\r\nHost: lo"))[0] == 408, "half a head"


async def test_headers_without_end_are_cut_off() -> None:
    async with standing() as stand:
        status, told = await raw(stand, b"POST /v1/events HTTP/1.1\r\nX-Long: " + b"x" * 100_000)
        assert status == 431
        assert "65536 bytes" in told["error"]


async def test_what_is_no_http_is_answered_in_json() -> None:
    async with standing() as stand:
        status, told = await raw(stand, b"\x16\x03\x01 hello, is this TLS?\r\n\r\n")
        assert status == 400
        assert "Invalid HTTP" in told["error"]


async def test_requests_under_way_are_answered_when_the_server_stops() -> None:
    async with standing() as stand:
        client = stand.client()
        stand.engine.gate.clear()
        answer = asyncio.create_task(client.post("/v1/events", json=an_event(1)))
        await until(lambda: stand.web.intake.room.taken > 0, "the request waits to be stored")
        stopping = asyncio.create_task(stand.server.stop())
        stand.engine.gate.set()
        assert (await answer).status_code == 202
        await client.aclose()
        await stopping
