"""From the door to the pixel, and what five hundred screens cost.

    python -m tests.benchmarks.bench_live [--events N] [--frames N] [--clients N] [--seconds N]

First the real program with the wallboard open in a real browser: an event goes in by HTTP, and the clock stops
after the frame in which its row was painted. What the answer 202 took, which is the commit, is told apart.

Then a board of 2,000 waits: from the beginning of a load until something was painted, and, by Chromium's own trace,
the longest that each frame of twenty changed rows held the page's main thread: reading, working out, layout, paint.

Then the web server alone, with four boards: each frame changes twenty rows of each board, four times a second.
The clients, in a process of their own, read every frame to its end; one more never reads. The
processor time of the server is told as a share of one core, less what it takes with nobody looking.
"""

import argparse
import asyncio
import multiprocessing
import socket
import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from msgspec.structs import replace
from playwright.async_api import async_playwright
from playwright.sync_api import sync_playwright
from websockets.asyncio.client import connect

from hatch_build import Pages
from tests import needs
from tests.benchmarks.yardstick import percentile
from tests.browser.conftest import FLAGS
from tests.program import running
from tests.waiting import until
from tests.web.stand import NOW_MS, Stand, a_row, a_source, standing

BOARDS = ("a", "b", "c", "d")
ROWS_A_FRAME = 20
ROWS_A_BOARD = 200
FRAME_SECONDS = 0.25
ROWS_FULL = 2_000  # As many as a board is sent.
LOADS = 5
TRACED = ["devtools.timeline", "disabled-by-default-devtools.timeline"]
FIRST_PAINT = "() => performance.getEntriesByName('first-contentful-paint')[0].startTime"
PAINTED = """() => {
  window.painted = {}
  new MutationObserver(() => {
    for (const cell of document.querySelectorAll('tr.wait .name')) {
      const name = cell.textContent
      if (name in window.painted) continue
      window.painted[name] = null
      // The frame after the next one has begun: this one is on the screen.
      requestAnimationFrame(() => requestAnimationFrame(() => { window.painted[name] = Date.now() }))
    }
  }).observe(document.body, { childList: true, subtree: true, characterData: true })
}"""


def door_to_pixel(events: int) -> None:
    """Send one buyer after another, each with an agent of their own, and wait for each row."""
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as program, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=needs.chromium(), args=FLAGS)
        page = browser.new_page(viewport={"width": 390, "height": 844})
        page.goto(f"{program.url}/?lang=en")
        page.locator("[data-test=first-run]").wait_for()  # It has its snapshot.
        page.evaluate(PAINTED)
        with httpx.Client(base_url=program.url, timeout=20) as client:
            stored, seen = [], []
            for number in range(events):
                name = f"agent{number}"
                began = time.time()
                client.post("/v1/events", json=_event(f"m{number}", name, "buyer"))
                stored.append(1000 * (time.time() - began))
                at_ms = page.wait_for_function("name => window.painted[name]", arg=name).json_value()
                seen.append(at_ms - 1000 * began)
                # Answered, so that the next one stands on the screen too; and out of step with the frames.
                client.post("/v1/events", json=_event(f"r{number}", name, "agent"))
                time.sleep(0.3 + 0.013 * (number % 20))
        browser.close()
    _tell("door to pixel", seen)
    _tell("  of it the answer 202", stored)


def _event(id: str, agent: str, role: str) -> dict[str, str]:
    now = datetime.now(UTC).isoformat()
    chat = {"conversation": agent, "buyer": agent, "agent": agent, "account": agent}
    return {"id": id, "ts": now, "shop": "senye", "role": role, "text": "包邮吗?", **chat}


def _tell(what: str, ms: list[float]) -> None:
    ms = sorted(ms)
    print(f"{what}: p50 {statistics.median(ms):.0f} ms, p95 {percentile(ms, 0.95):.0f} ms, most {ms[-1]:.0f} ms")


async def full_board(pages: Path, frames: int) -> None:
    """Load a wallboard of 2,000 waits some times, then send it frames and read what the browser traced."""
    rows = [a_row(n + 1, agent=f"agent{n % 300}", needs_answer_since_ms=NOW_MS - 100 * n) for n in range(ROWS_FULL)]
    trace: list[dict[str, Any]] = []
    async with standing(pages=pages, rows=rows) as stand, async_playwright() as playwright:
        stand.engine.known_sources = [a_source("c-1")]
        browser = await playwright.chromium.launch(executable_path=needs.chromium(), args=FLAGS)
        page = await browser.new_page(viewport={"width": 1920, "height": 1080})
        painted = []
        for _ in range(LOADS):
            await page.goto(f"{stand.url}/?tv=1&lang=zh")
            await page.locator("tr.wait").nth(6).wait_for()
            painted.append(await page.evaluate(FIRST_PAINT))
        devtools = await page.context.new_cdp_session(page)
        ended = asyncio.Event()
        devtools.on("Tracing.dataCollected", lambda told: trace.extend(told["value"]))
        devtools.on("Tracing.tracingComplete", lambda _: ended.set())
        await devtools.send("Tracing.start", {"traceConfig": {"includedCategories": TRACED}})
        for frame in range(frames):
            waits = [(frame * ROWS_A_FRAME + n) % ROWS_FULL + 1 for n in range(ROWS_A_FRAME)]
            stand.engine.commit(rows=[replace(stand.engine.rows[wait], messages=frame + 2) for wait in waits])
            await asyncio.sleep(FRAME_SECONDS * 1.1)
        await devtools.send("Tracing.end")
        await ended.wait()
        await browser.close()
    _tell(f"first paint, {LOADS} loads with {ROWS_FULL} waits", painted)
    _tell(f"a frame of {ROWS_A_FRAME} rows holds the page of {ROWS_FULL} waits", _held(trace))


def _held(trace: list[dict[str, Any]]) -> list[float]:
    """Return the longest task of the page's main thread from each frame of the feed to the next, in milliseconds."""
    frames = sorted((one["ts"], one["pid"], one["tid"]) for one in trace if one["name"] == "WebSocketReceive")
    page = frames[0][1:]
    tasks = [one for one in trace if one["name"] == "RunTask" and (one["pid"], one["tid"]) == page and "dur" in one]
    ends = [at for at, *_ in frames[1:]]
    return [
        max((task["dur"] / 1000 for task in tasks if at <= task["ts"] + task["dur"] and task["ts"] < end), default=0.0)
        for (at, *_), end in zip(frames, ends, strict=False)
    ]


def look(url: str, clients: int, ready: object, read: object) -> None:
    """Be so many screens, spread over the boards, and read all that comes."""

    async def one(number: int) -> None:
        async with connect(url, proxy=None, max_size=None, compression=None) as line:
            board = f'{{"teams":["{BOARDS[number % len(BOARDS)]}"]}}'
            await line.send(f'{{"type":"hello","v":1,"board":{board}}}')
            await line.recv()
            with ready.get_lock():  # type: ignore[attr-defined]
                ready.value += 1  # type: ignore[attr-defined]
            async for _ in line:
                read.value += 1  # type: ignore[attr-defined]

    async def all_of_them() -> None:
        await asyncio.gather(*(one(number) for number in range(clients)), return_exceptions=True)

    asyncio.run(all_of_them())


async def changes(stand: Stand, seconds: float) -> tuple[float, int]:
    """Change rows of every board for a while; return the processor's share and how many frames there were."""
    began, used, frames = time.perf_counter(), time.process_time(), 0
    while time.perf_counter() < began + seconds:
        frames += 1
        rows = [
            a_row(at * ROWS_A_BOARD + (frames * ROWS_A_FRAME + n) % ROWS_A_BOARD + 1, team=team, messages=frames + 1)
            for at, team in enumerate(BOARDS)
            for n in range(ROWS_A_FRAME)
        ]
        stand.engine.commit(rows=rows)
        await asyncio.sleep(max(0.0, began + frames * FRAME_SECONDS - time.perf_counter()))
    return (time.process_time() - used) / (time.perf_counter() - began), frames


async def crowd_of_screens(clients: int, seconds: float) -> None:
    """Measure with nobody, then with everybody, one of whom never reads."""
    rows = [
        a_row(at * ROWS_A_BOARD + n + 1, team=team, needs_answer_since_ms=NOW_MS - n)
        for at, team in enumerate(BOARDS)
        for n in range(ROWS_A_BOARD)
    ]
    async with standing(rows=rows) as stand:
        alone, _ = await changes(stand, seconds)
        ready, read = multiprocessing.Value("i", 0), multiprocessing.Value("i", 0)
        screens = multiprocessing.Process(target=look, args=(f"{stand.ws}/v1/live", clients, ready, read), daemon=True)
        screens.start()
        await until(lambda: ready.value == clients, "all have their snapshot")
        deaf = socket.create_connection(("127.0.0.1", stand.server.port))
        deaf.sendall(
            b"GET /v1/live HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        before = read.value
        together, frames = await changes(stand, seconds)
        got = read.value - before
        deaf.close()
        screens.kill()
        screens.join()
    print(f"{clients} screens on {len(BOARDS)} boards, {ROWS_A_FRAME} rows a frame, {frames} frames in {seconds:.0f} s")
    print(f"  {100 * (together - alone):.0f} % of a core; with nobody looking {100 * alone:.1f} %")
    print(f"  {got / clients / seconds:.1f} frames/s read by each")


def main() -> None:
    """Measure and tell."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--events", type=int, default=40)
    parser.add_argument("--frames", type=int, default=60)
    parser.add_argument("--clients", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=15.0)
    asked = parser.parse_args()
    pages = Pages(Path(__file__).parents[2])
    if pages.must_be_built():
        pages.build()
    door_to_pixel(asked.events)
    asyncio.run(full_board(pages.built, asked.frames))
    asyncio.run(crowd_of_screens(asked.clients, asked.seconds))


if __name__ == "__main__":
    main()
