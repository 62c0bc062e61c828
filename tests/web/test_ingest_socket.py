"""The WebSocket door: acks in order and only for what is stored, and what ends a connection."""

import asyncio
import contextlib
import json
import socket
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from monitor.errors import Busy, StoreUnavailable
from monitor.web import ingest_socket, server
from tests.waiting import DEADLINE_SECONDS, until
from tests.web.sockets import why_closed
from tests.web.stand import Stand, an_event, standing


@pytest.fixture(autouse=True)
def _no_long_good_bye(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "LINGER_SECONDS", 0.3)


def opened(stand: Stand, **more: Any) -> connect:
    return connect(f"{stand.ws}/v1/ingest", proxy=None, max_size=None, **more)


async def heard(line: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(DEADLINE_SECONDS):
        told: dict[str, Any] = json.loads(await line.recv())
    return told


async def test_each_frame_is_acknowledged_by_its_number_with_what_became_of_it() -> None:
    async with standing() as stand, opened(stand) as line:
        await line.send(json.dumps(an_event(1)))
        assert await heard(line) == {"ack": 1, "accepted": 1, "duplicates": 0, "late": 0, "rejected": []}
        await line.send(json.dumps([an_event(1), an_event(2), {"no": "id"}]))
        told = await heard(line)
        assert (told["ack"], told["accepted"], told["duplicates"]) == (2, 1, 1)
        assert told["rejected"] == [{"index": 2, "path": "$.id", "error": "id is missing"}]
        assert stand.engine.batches[0].door == "ws"


async def test_a_binary_frame_holds_json_as_well_as_a_text_frame() -> None:
    async with standing() as stand, opened(stand) as line:
        await line.send(json.dumps(an_event(1)).encode())
        assert (await heard(line))["accepted"] == 1


async def test_a_bad_frame_is_refused_in_its_ack_and_the_connection_goes_on() -> None:
    async with standing() as stand, opened(stand) as line:
        not_utf8 = json.dumps(an_event(1), ensure_ascii=False).encode("gb18030")
        for frame, error in ((not_utf8, "is not UTF-8"), ("{nope", "is not JSON"), ("", "is empty")):
            await line.send(frame)
            assert error in (await heard(line))["rejected"][0]["error"]
        await line.send(not_utf8, text=True)
        assert "is not UTF-8" in (await heard(line))["rejected"][0]["error"]
        await line.send(json.dumps(an_event(1)))
        assert (await heard(line))["ack"] == 5


async def test_several_frames_are_under_way_at_once_and_acknowledged_in_order_once_stored() -> None:
    async with standing() as stand, opened(stand) as line:
        stand.engine.gate.clear()
        for number in range(20):
            await line.send(json.dumps(an_event(number)))
        await until(lambda: stand.web.intake.room.taken > 1_500, "all are under way before one is stored")
        stand.engine.gate.set()
        assert [(await heard(line))["ack"] for _ in range(20)] == list(range(1, 21))
        assert [event.id for event in stand.engine.events] == [f"m-{number}" for number in range(20)]
        assert stand.web.intake.room.taken == 0


async def test_a_sender_far_ahead_of_its_acks_is_not_read_until_they_have_gone_out() -> None:
    async with standing() as stand, opened(stand) as line:
        stand.engine.gate.clear()
        frame = json.dumps(an_event(1))
        for _ in range(200):
            await line.send(frame)
        await until(
            lambda: stand.web.intake.room.taken >= ingest_socket.FRAMES_UNDER_WAY * len(frame), "the bound is reached"
        )
        assert stand.web.intake.room.taken == ingest_socket.FRAMES_UNDER_WAY * len(frame)
        stand.engine.gate.set()
        assert [(await heard(line))["ack"] for _ in range(200)] == list(range(1, 201))


@pytest.mark.parametrize(
    ("error", "counted"), [(StoreUnavailable("disk full"), "store"), (Busy(), "busy")], ids=["full disk", "busy"]
)
async def test_a_frame_that_cannot_be_stored_gets_no_ack_and_the_connection_ends(
    error: Exception, counted: str
) -> None:
    async with standing() as stand:
        async with opened(stand) as line:
            await line.send(json.dumps(an_event(1)))
            assert (await heard(line))["ack"] == 1
            stand.engine.gate.clear()
            stand.engine.fails_with = [error]
            await line.send(json.dumps(an_event(2)))
            await line.send(json.dumps(an_event(3)))
            stand.engine.gate.set()
            code, reason = await why_closed(line)
            assert code == 1013
            assert "send again what was not acknowledged" in reason
        await until(lambda: stand.web.intake.room.taken == 0, "nothing is left behind")
        assert stand.metrics.refused == {("ws", counted): 1}
        async with opened(stand) as line:
            await line.send(json.dumps([an_event(2), an_event(3)]))
            told = await heard(line)
            assert told["accepted"] + told["duplicates"] == 2, "sent again, both are stored"


async def test_when_the_room_is_full_the_connection_ends_without_an_ack() -> None:
    async with standing() as stand, opened(stand) as line:
        stand.web.intake.room.at_most = 50
        await line.send(json.dumps(an_event(1)))
        assert (await why_closed(line))[0] == 1013
        assert not stand.engine.batches


async def test_a_frame_beyond_the_limit_ends_the_connection_with_the_reason() -> None:
    async with standing(environ={"PRESALES_LIMITS__BODY_BYTES": "100000"}) as stand:
        async with opened(stand) as line:
            with contextlib.suppress(ConnectionClosed):  # It may be told so before all is sent.
                await line.send("x" * 5_000_000)
            code, reason = await why_closed(line)
            assert code == 1009
            assert "100000 bytes" in reason
        await until(lambda: stand.metrics.refused == {("ws", "size"): 1}, "it is counted")
        assert not stand.engine.batches


async def test_a_frame_in_many_pieces_beyond_the_limit_ends_the_connection_too() -> None:
    async with standing(environ={"PRESALES_LIMITS__BODY_BYTES": "100000"}) as stand, opened(stand) as line:

        async def pieces() -> Any:
            while True:
                yield "x" * 10_000

        with pytest.raises(ConnectionClosed):
            await line.send(pieces())
        assert (await why_closed(line))[0] == 1009


async def test_a_connection_that_says_nothing_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest_socket, "FIRST_FRAME_SECONDS", 0.05)
    async with standing() as stand, opened(stand) as line:
        code, reason = await why_closed(line)
        assert (code, reason) == (4408, "nothing was sent for 0 s")


async def test_once_it_has_spoken_it_may_be_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    async with standing() as stand, opened(stand) as line:
        await line.send(json.dumps(an_event(1)))
        await heard(line)
        monkeypatch.setattr(ingest_socket, "FIRST_FRAME_SECONDS", 0.0)
        await line.send(json.dumps(an_event(2)))
        assert (await heard(line))["ack"] == 2


async def test_a_sender_that_does_not_read_its_acks_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest_socket, "SEND_SECONDS", 0.1)
    async with standing() as stand:
        # Small buffers, so that what is not read is soon felt.
        deaf = socket.socket()
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.connect(("127.0.0.1", stand.server.port))
        deaf.setblocking(False)
        line = await opened(stand, sock=deaf)
        line.transport.pause_reading()
        bad = json.dumps([{"no": "id"}] * 2_000)

        async def send_on() -> None:
            while True:
                await line.send(bad)

        sending = asyncio.create_task(send_on())
        await until(lambda: stand.metrics.refused.get(("ws", "slow_reader")) == 1, "it is cut off")
        sending.cancel()
        line.transport.abort()
        await asyncio.gather(sending, return_exceptions=True)
        async with opened(stand) as other:
            await other.send(json.dumps(an_event(1)))
            assert (await heard(other))["ack"] == 1, "others are served"


async def test_unfinished_frames_of_all_connections_together_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "PARTIAL_BYTES", 200_000)
    async with standing() as stand:
        lines = [await opened(stand) for _ in range(3)]

        async def half(line: ClientConnection) -> None:
            async def pieces() -> Any:
                yield "x" * 90_000
                await asyncio.Event().wait()

            await line.send(pieces())

        halves = [asyncio.create_task(half(line)) for line in lines]
        done, _ = await asyncio.wait(
            [asyncio.create_task(why_closed(line)) for line in lines],
            return_when=asyncio.FIRST_COMPLETED,
            timeout=DEADLINE_SECONDS,
        )
        assert [task.result()[0] for task in done] == [1013]
        for task in halves:
            task.cancel()
        for line in lines:
            line.transport.abort()
        await asyncio.gather(*halves, *(line.wait_closed() for line in lines), return_exceptions=True)
        await until(lambda: server.GuardedWebSocket.partial_bytes == 0, "the room is given back")


async def test_a_connection_too_many_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest_socket, "CONNECTIONS_AT_MOST", 1)
    async with standing() as stand, opened(stand) as first:
        await first.send(json.dumps(an_event(1)))
        await heard(first)
        async with opened(stand) as second:
            assert (await why_closed(second))[0] == 4429


async def test_when_the_server_stops_what_is_under_way_is_acknowledged_first() -> None:
    async with standing() as stand, opened(stand) as line:
        stand.engine.gate.clear()
        await line.send(json.dumps(an_event(1)))
        await until(lambda: stand.web.intake.room.taken > 0, "the frame is under way")
        stopping = asyncio.create_task(stand.server.stop())
        stand.engine.gate.set()
        assert (await heard(line))["ack"] == 1
        assert await why_closed(line) == (1012, "the service restarts; connect again")
        await stopping


async def test_there_is_no_websocket_elsewhere() -> None:
    async with standing() as stand:
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"{stand.ws}/v1/elsewhere", proxy=None)
        assert refused.value.response.status_code == 404
