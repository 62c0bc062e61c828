"""Chromium with the built pages in front of a fake service.

The browser's clock is one hour wrong in every test and moves only when a test
moves it, together with the service's.
"""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from hatch_build import Pages
from tests import needs
from tests.browser.fake_live import FakeLive
from tests.waiting import DEADLINE_SECONDS

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WRONG = timedelta(hours=1)
expect.set_options(timeout=DEADLINE_SECONDS * 1000)


class Board:
    """The wallboard in a browser, and the time both live in."""

    def __init__(self, page: Page, live: FakeLive) -> None:
        self.page = page
        self.live = live
        self.faults: list[str] = []
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", lambda said: self.faults.append(said.text) if said.type == "error" else None)

    async def open(self, query: str = "?lang=zh") -> None:
        """Load the page at a wrong time that stands still."""
        await self.page.clock.install(time=self.live.now + WRONG)
        await self.page.clock.pause_at(self.live.now + WRONG + timedelta(seconds=1))
        greeted = sum(frame["type"] == "hello" for frame in self.live.heard)
        await self.page.goto(f"{self.live.address}/{query}")
        await self.live.hears("hello", times=greeted + 1)

    async def pass_time(self, seconds: float) -> None:
        """Let time pass in the browser and in the service, which says nothing meanwhile.

        A little more than asked for: the page draws just after each full second.
        """
        self.live.now += timedelta(seconds=seconds)
        await self.page.clock.run_for(round(seconds * 1000) + 10)

    async def rows(self, *cells: str) -> list[list[str]]:
        """What the rows say in the cells named (stage, waited, left, buyer), top to bottom."""
        return [
            [await row.locator(f"[data-test={cell}]").inner_text() for cell in cells]
            for row in await self.page.locator("tr.wait").all()
        ]

    async def order(self) -> list[str | None]:
        return [await row.get_attribute("data-id") for row in await self.page.locator("tr.wait").all()]

    async def says(self, test_id: str) -> str:
        return (await self.page.locator(f"[data-test={test_id}]").inner_text()).strip()


@pytest.fixture(scope="session")
def built_pages() -> Path:
    """The pages of this checkout, built if they are older than their sources."""
    pages = Pages(Path(__file__).parents[2])
    if pages.must_be_built():
        pages.build()
    return pages.built


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def browser() -> AsyncIterator[Browser]:
    program = needs.chromium()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    context = await browser.new_context(
        viewport={"width": 1366, "height": 768}, locale="zh-CN", timezone_id="Asia/Shanghai"
    )
    context.set_default_timeout(DEADLINE_SECONDS * 1000)
    yield context
    await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def live(context: BrowserContext, built_pages: Path) -> AsyncIterator[FakeLive]:
    live = FakeLive(built_pages)
    await live.start()
    # It knows no POST; the ticket a page asks for is given in its place.
    await context.route(f"{live.address}/v1/live/ticket", lambda route: route.fulfill(json={"ticket": "for-one-line"}))
    yield live
    await live.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def board(context: BrowserContext, live: FakeLive) -> AsyncIterator[Board]:
    board = Board(await context.new_page(), live)
    yield board
    assert board.faults == [], "the browser complained"
