"""Durable ingest over HTTP, against bare inserts of as many rows a commit into the same schema.

    python -m tests.benchmarks.bench_ingest [--events N] [--storm N] [--pairs N] [--folder DIR]

The service runs in a process of its own, as a person starts it; the senders here
post NDJSON of a hundred events and wait for each 202. The bare side is
``executemany`` and ``commit`` with plain ``sqlite3``, synced, of rows made
beforehand. One sender waits for every sync; with several, batches of some share
one. Wall time, medians of interleaved pairs.

A burst of a few thousand events is stored while all that only looks waits; in a storm
of many seconds scores, figures and quality take their share of the loop, so that is
measured too. A sender is hardly more than its socket, for what it needs of the two cores is not the service's.
"""

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import cast

import uvloop
from msgspec import structs

from tests.benchmarks import crowd
from tests.benchmarks.bench_journal import bare, bare_commit, take, traffic
from tests.program import Program, running

A_REQUEST = 100
SENDERS = (1, 4, 16)
GOAL = 0.6
BUYERS = 200_000


def bodies(first: int, events: int) -> list[bytes]:
    """Return requests: buyers who ask and agents who answer, each message new."""
    now_ms = time.time_ns() // 1_000_000 - 1_000
    lines = []
    for number in range(first, first + events):
        buyer = number // 2 % BUYERS
        lines.append(crowd.line(buyer, number, now_ms + (number - first) % 1_000, ("buyer", "agent")[number % 2]))
    return [b"\n".join(lines[at : at + A_REQUEST]) for at in range(0, events, A_REQUEST)]


class Sender(asyncio.Protocol):
    """Posts one request after the other over one connection, each once the one before is stored."""

    def __init__(self, requests: Iterator[bytes]) -> None:
        self._requests = requests
        self._transport: asyncio.Transport
        self._answer = b""
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._post()

    def data_received(self, data: bytes) -> None:
        self._answer += data
        head, _, body = self._answer.partition(b"\r\n\r\n")
        if not body.endswith(b"}"):
            return
        if not head.startswith(b"HTTP/1.1 202 ") or json.loads(body)["accepted"] != A_REQUEST:
            self.done.set_exception(AssertionError(self._answer.decode()))
            return
        self._answer = b""
        self._post()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(error or ConnectionError("the service has hung up"))

    def _post(self) -> None:
        request = next(self._requests, None)
        if request is not None:
            self._transport.write(request)
        else:
            self.done.set_result(None)
            self._transport.close()


async def post(port: int, bodies: list[bytes], senders: int) -> float:
    """Return the seconds until all requests are acknowledged."""
    head = "POST /v1/events HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-ndjson\r\ncontent-length: "
    requests = iter([f"{head}{len(body)}\r\n\r\n".encode() + body for body in bodies])
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    made = [await loop.create_connection(lambda: Sender(requests), "127.0.0.1", port) for _ in range(senders)]
    await asyncio.gather(*(sender.done for _, sender in made))
    return time.perf_counter() - began


async def bench(program: Program, folder: Path, burst: int, storm: int, pairs: int) -> None:
    db = bare(folder)
    stored = traffic(1, random_ids=True)
    first = 0
    await post(program.port, bodies(first, burst), 1)  # What is made once is made.
    for senders, events, pairs in (*((senders, burst, pairs) for senders in SENDERS), (4, storm, 1)):
        ours, theirs, ratios = [], [], []
        for pair in range(pairs):
            first += max(burst, events)
            requests = bodies(first, events)
            commits = [[structs.astuple(e) for e in take(stored, A_REQUEST)] for _ in requests]

            def insert(commits: list[list[tuple[object, ...]]] = commits) -> float:
                began = time.perf_counter()
                for rows in commits:
                    bare_commit(db, rows)
                return time.perf_counter() - began

            if pair % 2:
                theirs.append(insert())
            ours.append(await post(program.port, requests, senders))
            if not pair % 2:
                theirs.append(insert())
            ratios.append(theirs[-1] / ours[-1])
        print(
            f"HTTP, NDJSON of {A_REQUEST}, {events:,} events, {senders} sender{'s' * (senders > 1)}: "
            f"{events / median(ours):,.0f} events/s, bare inserts {events / median(theirs):,.0f}: "
            f"{median(ratios):.0%} of their pace (goal {GOAL:.0%})"
        )
    db.close()


def main() -> None:
    parser = argparse.ArgumentParser(description="durable HTTP ingest, against bare inserts")
    parser.add_argument("--events", type=int, default=2_000, help="in a burst")
    parser.add_argument("--storm", type=int, default=100_000, help="in a storm")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--folder", help="where to write; a real disk, for syncs to cost what they cost")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as made:
        folder = Path(made)
        with running(folder) as program:
            uvloop.run(bench(program, folder, arguments.events, arguments.storm, arguments.pairs))


if __name__ == "__main__":
    main()
