"""How much of a bare MQTT consumer's speed is left when every event is decoded, judged, stored and synced.

    python -m tests.benchmarks.bench_mqtt [--payloads N] [--pairs N] [--door-only]

A backlog lies at a real Mosquitto. It is drained by an aiomqtt consumer that
takes its queue in batches, acknowledges them and does nothing else; by one that
also inserts a row for each event before it acknowledges, as bare as
`bench_ingest` does; and by the whole service. They are interleaved; the figures
are medians, the ratios are what counts. With 50 events a payload a consumer that
does nothing counts payloads, and no program that keeps events comes near it: there
the one that inserts is what says something. `--door-only` leaves out the service
behind the door.
"""

import argparse
import asyncio
import gc
import json
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import aiomqtt
import uvloop
from msgspec import structs
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from monitor.app import App
from monitor.clock import Clock
from monitor.engine.loop import EVENTS_A_COMMIT
from monitor.mqtt import Broker, Link
from monitor.policy_files.where import Choice
from monitor.settings import Listen, Settings
from monitor.sources.mqtt import DEFAULT_TOPIC, RECEIVE_MAXIMUM, MqttSource
from monitor.wire import decode
from monitor.wire.batch import Batch
from tests.benchmarks.bench_journal import bare, bare_commit, take, traffic
from tests.mosquitto import Mosquitto, mosquitto
from tests.program import ALL_HOURS, free_port

SHOPS = 20
CLIENT = "presales-bench"
GOAL = 0.8
TALK = (
    ("buyer", "这件有XL吗，想问一下面料是纯棉的还是混纺的"),
    ("agent", "亲，有XL的哦，面料是95%棉加5%氨纶"),
    ("buyer", "好的，那今天拍今天能发货吗"),
    ("agent", "今天下午四点前拍下当天发，顺丰包邮"),
)


def chat(run: int, payloads: int, events_a_payload: int) -> Iterator[tuple[str, list[bytes]]]:
    """Yield each shop's topic and payloads: buyers who ask and agents who answer, a few seconds old."""
    total = payloads * events_a_payload
    now_ms = time.time_ns() // 1_000_000 - 10_000
    for shop in range(SHOPS):
        lines = []
        batch: list[dict[str, Any]] = []
        for number in range(shop, total, SHOPS):
            role, text = TALK[number // SHOPS % len(TALK)]
            buyer = number // SHOPS // len(TALK)
            batch.append(
                {
                    "v": 1,
                    "type": "message",
                    "id": f"r{run}-{number}",
                    "ts": now_ms + number * 9_000 // total,
                    "source": "collector-7",
                    "shop": f"shop-{shop}",
                    "conversation": f"r{run}-{shop}-{buyer}",
                    "buyer": f"b-{buyer}",
                    "role": role,
                    "account": f"shop-{shop}:lin",
                    "text": text,
                }
            )
            if len(batch) == events_a_payload:
                lines.append(json.dumps(batch[0] if events_a_payload == 1 else batch, ensure_ascii=False).encode())
                batch = []
        assert not batch
        yield f"presales/v1/events/taobao/shop-{shop}", lines


class Queue(asyncio.Queue[aiomqtt.Message]):
    """The bare consumer's queue: put by aiomqtt, taken in batches."""

    def __init__(self, maxsize: int = 0) -> None:
        super().__init__(maxsize)
        self.items: list[aiomqtt.Message] = []
        self.news = asyncio.Event()

    def put_nowait(self, item: aiomqtt.Message) -> None:
        self.items.append(item)
        self.news.set()


class Took(NamedTuple):
    """What draining took."""

    seconds: float
    cpu: float


async def drain_bare(server: Mosquitto, payloads: int, insert: Callable[[int], None] = lambda _: None) -> Took:
    """Drain by a consumer without work, or one that inserts something for so many payloads before it acknowledges."""
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.SessionExpiryInterval = 3600
    properties.ReceiveMaximum = RECEIVE_MAXIMUM
    client = aiomqtt.Client(
        "127.0.0.1",
        server.port,
        identifier=CLIENT,
        protocol=aiomqtt.ProtocolVersion.V5,
        clean_start=False,
        properties=properties,
        queue_type=Queue,
    )
    paho, queue = client._client, client._queue
    assert isinstance(queue, Queue)
    paho.manual_ack_set(True)
    started, cpu = time.perf_counter(), time.process_time()
    async with client:
        await client.subscribe(DEFAULT_TOPIC, qos=1)
        done = 0
        while done < payloads:
            await queue.news.wait()
            queue.news.clear()
            items, queue.items = queue.items, []
            insert(len(items))
            for item in items:
                paho.ack(item.mid, 1)
            done += len(items)
    return Took(time.perf_counter() - started, time.process_time() - cpu)


async def drain(server: Mosquitto, payloads: int, submit: Callable[[Batch], Awaitable[object]]) -> Took:
    """Drain by the door, until it has acknowledged all."""
    source = MqttSource(
        Broker(host="127.0.0.1", port=server.port, client_id=CLIENT), decode=decode, submit=submit, clock=Clock()
    )
    started, cpu = time.perf_counter(), time.process_time()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(source.run())
        while source.status.payloads < payloads:  # noqa: ASYNC110 - two milliseconds of two seconds
            await asyncio.sleep(0.002)
        source.stop()
    return Took(time.perf_counter() - started, time.process_time() - cpu)


async def drain_door_only(server: Mosquitto, payloads: int) -> Took:
    async def submit(_batch: Batch) -> None:
        await asyncio.sleep(0)

    return await drain(server, payloads, submit)


async def drain_service(server: Mosquitto, payloads: int) -> Took:
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data=Path(folder) / "data", listen=Listen(port=free_port()))
        app = App(settings, rules=Choice(ALL_HOURS, "all hours count"))
        await app.start()
        try:
            return await drain(server, payloads, app.engine.submit)
        finally:
            await app.stop()


async def subscribe_once(server: Mosquitto) -> None:
    """Leave a session, so that the broker keeps the backlog."""
    broker = Broker(host="127.0.0.1", port=server.port, client_id=CLIENT)
    async with Link(broker, keep_session=True) as link:
        await link.subscribe(DEFAULT_TOPIC)


def publish(server: Mosquitto, backlog: Iterator[tuple[str, list[bytes]]]) -> None:
    """Lay the backlog at the broker.

    By MQTT 3.1.1 as it is on the wire, many packets at once: a client that is told of each takes longer than all that
    is measured.
    """
    packets = iter([_packet(0x32, _text(topic) + b"\0\1" + line) for topic, lines in backlog for line in lines])
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as line, line.makefile("rb") as answers:
        line.sendall(_packet(0x10, _text("MQTT") + b"\4\2\0\0" + _text("presales-bench-backlog")))
        assert answers.read(4) == b"\x20\2\0\0", "not let in"
        while some := list(islice(packets, 500)):
            line.sendall(b"".join(some))
            assert answers.read(4 * len(some)) == b"\x40\2\0\1" * len(some), "not all of it is acknowledged"
        line.sendall(b"\xe0\0")


def _packet(kind: int, body: bytes) -> bytes:
    size, left = b"", len(body)
    while True:
        left, part = divmod(left, 128)
        size += bytes([part | 128 if left else part])
        if not left:
            return bytes([kind]) + size + body


def _text(text: str) -> bytes:
    return len(text.encode()).to_bytes(2, "big") + text.encode()


def measure(server: Mosquitto, payloads: int, events_a_payload: int, pairs: int, *, door_only: bool) -> None:
    """Print the medians and their ratios."""
    events = payloads * events_a_payload
    with tempfile.TemporaryDirectory() as folder:
        db = bare(Path(folder))
        rows = traffic(1, random_ids=True)

        async def drain_storing(server: Mosquitto, payloads: int) -> Took:
            stored = iter([structs.astuple(event) for event in take(rows, events)])

            def insert(more: int) -> None:
                for left in range(more * events_a_payload, 0, -EVENTS_A_COMMIT):
                    bare_commit(db, list(islice(stored, min(left, EVENTS_A_COMMIT))))

            return await drain_bare(server, payloads, insert)

        sides = {"bare": drain_bare, "ours": drain_door_only if door_only else drain_service}
        if events_a_payload > 1:  # Of single events it takes a few at a time, and a sync for each few takes minutes.
            sides["storing"] = drain_storing
        took: dict[str, list[Took]] = {side: [] for side in sides}
        for run in range(len(sides) * pairs):
            side = list(sides)[run % len(sides)]
            publish(server, chat(run, payloads, events_a_payload))
            gc.collect()
            took[side].append(uvloop.run(sides[side](server, payloads)))
            print(f"  {side} {took[side][-1].seconds:.2f} s, {took[side][-1].cpu:.2f} s of CPU", file=sys.stderr)
        db.close()

    def compared(side: str) -> str:
        each = statistics.median(one.seconds for one in took[side]) / events * 1e6
        pairs = list(zip(took[side], took["ours"], strict=True))
        speed = statistics.median(theirs.seconds / ours.seconds for theirs, ours in pairs)
        cpu = statistics.median(theirs.cpu / ours.cpu for theirs, ours in pairs)
        return f"{each:.1f}: {speed:.0%} of its speed (by CPU time {cpu:.0%})"

    each = statistics.median(one.seconds for one in took["ours"]) / events * 1e6
    print(
        f"MQTT, {events_a_payload} event{'s' * (events_a_payload > 1)} a payload, {payloads} payloads: "
        f"{'door only' if door_only else 'service'} {each:.1f} µs an event, a consumer without work "
        f"{compared('bare')}, goal {GOAL:.0%}"
        + (f"; one that inserts the rows {compared('storing')}" if "storing" in took else "")
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="MQTT: draining a backlog, against a consumer without work")
    parser.add_argument("--payloads", type=int, default=50_000, help="of one event each; a fiftieth of 50")
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--door-only", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, mosquitto(Path(folder) / "broker") as server:
        uvloop.run(subscribe_once(server))
        for payloads, events_a_payload in ((arguments.payloads, 1), (arguments.payloads // 50, 50)):
            measure(server, payloads, events_a_payload, arguments.pairs, door_only=arguments.door_only)


if __name__ == "__main__":
    main()
