"""How much of a bare MQTT consumer's speed is left when every event is decoded, judged, stored and synced.

    python -m tests.benchmarks.bench_mqtt [--payloads N] [--pairs N] [--door-only]

A backlog lies at a real Mosquitto. It is drained by an aiomqtt consumer that
takes its queue in batches, acknowledges them and does nothing else, and by the
service: the MQTT door, the decoder, the engine, the journal. Pairs are
interleaved; the figures are medians, the ratio is what counts. `--door-only`
leaves out engine and journal, to see what the door itself costs.
"""

import argparse
import asyncio
import gc
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import aiomqtt
import uvloop
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from monitor.clock import Clock
from monitor.core.policy import BuiltIn
from monitor.core.tracker import Tracker
from monitor.engine import Engine
from monitor.mqtt import Broker, Link
from monitor.sources.mqtt import DEFAULT_TOPIC, RECEIVE_MAXIMUM, MqttSource
from monitor.store.journal import Journal
from monitor.wire import decode
from monitor.wire.batch import Batch
from tests.mosquitto import Mosquitto, mosquitto

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


async def drain_bare(server: Mosquitto, payloads: int) -> float:
    """Return the seconds that a consumer without work takes."""
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
    started = time.perf_counter()
    async with client:
        await client.subscribe(DEFAULT_TOPIC, qos=1)
        done = 0
        while done < payloads:
            await queue.news.wait()
            queue.news.clear()
            items, queue.items = queue.items, []
            for item in items:
                paho.ack(item.mid, 1)
            done += len(items)
    return time.perf_counter() - started


async def drain(server: Mosquitto, payloads: int, submit: Callable[[Batch], Awaitable[object]]) -> float:
    """Return the seconds until the door has acknowledged all."""
    source = MqttSource(
        Broker(host="127.0.0.1", port=server.port, client_id=CLIENT), decode=decode, submit=submit, clock=Clock()
    )
    started = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(source.run())
        while source.status.payloads < payloads:  # noqa: ASYNC110 - two milliseconds of two seconds
            await asyncio.sleep(0.002)
        source.stop()
    return time.perf_counter() - started


async def drain_door_only(server: Mosquitto, payloads: int) -> float:
    async def submit(_batch: Batch) -> None:
        await asyncio.sleep(0)

    return await drain(server, payloads, submit)


async def drain_service(server: Mosquitto, payloads: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        journal = await Journal.open(Path(folder))
        engine = Engine(journal, Tracker(BuiltIn()), router=lambda _: [], clock=Clock())
        await engine.start()
        try:
            return await drain(server, payloads, engine.submit)
        finally:
            await engine.stop()
            await journal.close()


async def subscribe_once(server: Mosquitto) -> None:
    """Leave a session, so that the broker keeps the backlog."""
    broker = Broker(host="127.0.0.1", port=server.port, client_id=CLIENT)
    async with Link(broker, keep_session=True) as link:
        await link.subscribe(DEFAULT_TOPIC)


def measure(server: Mosquitto, payloads: int, events_a_payload: int, pairs: int, *, door_only: bool) -> float:
    """Print the medians and return the ratio of speeds."""
    ours = drain_door_only if door_only else drain_service
    seconds: dict[str, list[float]] = {"bare": [], "ours": []}
    cpu: dict[str, list[float]] = {"bare": [], "ours": []}
    for pair in range(2 * pairs):
        which = "bare" if pair % 2 == 0 else "ours"
        for topic, lines in chat(pair, payloads, events_a_payload):
            server.publish(topic, lines)
        gc.collect()
        drain_it = drain_bare if which == "bare" else ours
        cpu_before = time.process_time()
        seconds[which].append(uvloop.run(drain_it(server, payloads)))
        cpu[which].append(time.process_time() - cpu_before)
        print(f"  {which} {seconds[which][-1]:.2f} s, {cpu[which][-1]:.2f} s of CPU", file=sys.stderr, flush=True)
    bare, took = statistics.median(seconds["bare"]), statistics.median(seconds["ours"])
    ratio = bare / took
    cpu_ratio = statistics.median(cpu["bare"]) / statistics.median(cpu["ours"])
    events = payloads * events_a_payload
    print(
        f"MQTT, {events_a_payload} event{'s' * (events_a_payload > 1)} a payload, {payloads} payloads: "
        f"bare consumer {bare / payloads * 1e6:.1f} µs a payload, {'door only' if door_only else 'service'} "
        f"{took / payloads * 1e6:.1f} µs ({took / events * 1e6:.1f} µs an event, {events / took:,.0f} events/s): "
        f"{ratio:.0%} of the bare consumer's speed, goal {GOAL:.0%} (by CPU time {cpu_ratio:.0%})"
    )
    return ratio


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
