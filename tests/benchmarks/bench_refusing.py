"""What it costs the service to refuse, against what it costs to take: CPU time of its process, by request.

    python -m tests.benchmarks.bench_refusing [--requests N] [--rounds N]

Requests without a token, with a wrong one, with one that asks too often and with a body over the limit, beside a right
one that brings a hundred events and one that brings a single event. Over a kept connection, one after the other, the
kinds in turn; medians of the rounds. What a request leaves to be done later, such as the score of its chat, is waited
for and counted to it. A flood of wrong requests must cost less than the traffic the service is made for.
"""

import argparse
import asyncio
import tempfile
from itertools import count
from pathlib import Path
from statistics import median

import aiohttp

from tests.benchmarks.bench_ingest import A_REQUEST, bodies
from tests.program import Program

TOKEN = "a-token-of-this-bench-only"  # noqa: S105  (opens nothing else)
BODY_BYTES = 1024 * 1024
SETTINGS = {
    "PRESALES_LISTEN__TOKEN": TOKEN,
    "PRESALES_LISTEN__PROXIES": "192.0.2.1",  # So that this machine's address is one like any other.
    "PRESALES_LIMITS__BODY_BYTES": str(BODY_BYTES),
    "PRESALES_LIMITS__ASKS_PER_SECOND": "0.1",  # One at once; every further one is too many.
}
REST_SECONDS = 0.5
REST_SHARE = 0.02  # Of a core: what the service takes with nothing to do is less.
EVENTS = "/v1/events"
RIGHT, ONE = f"right, {A_REQUEST} events", "right, 1 event"


def used_seconds(program: Program) -> float:
    """Return the CPU time that the threads of the service have used, to the nanosecond."""
    threads = Path(f"/proc/{program.process.pid}/task").glob("*/schedstat")
    return sum(int(thread.read_text("ascii").split()[0]) for thread in threads) / 1e9


async def used_in_all(program: Program) -> float:
    """Return the same once the service has come to rest."""
    used = used_seconds(program)
    while True:
        await asyncio.sleep(REST_SECONDS)
        was, used = used, used_seconds(program)
        if used - was < REST_SHARE * REST_SECONDS:
            return used


async def cost_us(session: aiohttp.ClientSession, program: Program, kind: str, requests: int, first: int) -> float:
    """Return the CPU time of one request of a kind, in microseconds."""
    bearing = {"Authorization": f"Bearer {TOKEN}"}
    method, path, headers, expected = {
        RIGHT: ("POST", EVENTS, bearing, {202}),
        ONE: ("POST", EVENTS, bearing, {202}),
        "no token": ("POST", EVENTS, {}, {401}),
        "wrong token": ("POST", EVENTS, {"Authorization": "Bearer prs_wrong"}, {401, 429}),
        "too often": ("GET", "/v1/waits", bearing, {200, 429}),  # One in ten seconds is not.
        "body over the limit": ("POST", EVENTS, bearing, {413}),
    }[kind]
    if path != EVENTS:
        sent = [b""] * requests
    elif expected == {413}:
        sent = [b" " * (3 * BODY_BYTES)] * requests
    else:
        sent = bodies(first, requests * A_REQUEST)
    if kind == ONE:
        sent = [body.partition(b"\n")[0] for body in sent]
    began = await used_in_all(program)
    for body in sent:
        async with session.request(method, program.url + path, data=body, headers=headers) as answer:
            await answer.read()
            assert answer.status in expected, answer.status
    return (await used_in_all(program) - began) / len(sent) * 1e6


async def bench(program: Program, requests: int, rounds: int) -> None:
    kinds = (RIGHT, ONE, "no token", "wrong token", "too often", "body over the limit")
    first = count(0, requests * A_REQUEST)
    costs: dict[str, list[float]] = {kind: [] for kind in kinds}
    async with aiohttp.ClientSession(headers={"content-type": "application/x-ndjson"}) as session:
        async with session.get(f"{program.url}/v1/waits", headers={"Authorization": f"Bearer {TOKEN}"}) as answer:
            assert answer.status == 200, answer.status
        await cost_us(session, program, RIGHT, requests, next(first))  # What is made once is made.
        for _ in range(rounds):
            for kind in kinds:
                costs[kind].append(await cost_us(session, program, kind, requests, next(first)))
    right, one = median(costs[RIGHT]), median(costs[ONE])
    for kind in kinds:
        cost = median(costs[kind])
        print(f"{kind}: {cost:,.0f} µs, {cost / right:.2f} of a right request of {A_REQUEST}, {cost / one:.2f} of one")


def main() -> None:
    parser = argparse.ArgumentParser(description="what refusing costs, against taking")
    parser.add_argument("--requests", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        program = Program(Path(made), settings=SETTINGS)
        try:
            program.until(lambda: "board and API" in program.printed(), "listening")
            asyncio.run(bench(program, arguments.requests, arguments.rounds))
        finally:
            program.process.kill()
            program.process.wait()


if __name__ == "__main__":
    main()
