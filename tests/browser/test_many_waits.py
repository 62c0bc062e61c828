"""Five thousand buyers in the console: few rows are drawn, and keys and filters act on all of them."""

from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, expect

from tests.browser.fake_live import FakeLive
from tests.web.stand import NOW_MS, a_row, a_source, standing

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_long_queue_is_drawn_in_part_and_moved_through_whole(context: BrowserContext, live: FakeLive) -> None:
    live.waits = [live.wait(f"w{n}", n * 0.05, shop=f"shop{n % 40}") for n in range(5_000)]
    page = await context.new_page()
    await page.goto(f"{live.address}/console?lang=zh")
    await expect(page.locator("[data-test=count]")).to_have_text("5000 位")
    rows = page.locator(".qrow")
    assert 10 <= await rows.count() <= 60
    for _ in range(40):
        await page.keyboard.press("j")
    chosen = page.locator(".qrow[aria-selected=true]")
    await expect(chosen).to_be_in_viewport()
    assert await rows.count() <= 60
    await page.locator("[data-test=find]").fill("shop7")
    await expect(page.locator("[data-test=count]")).to_have_text("125/5000 位")
    await page.close()


async def test_an_empty_queue_is_no_good_news_while_a_source_is_unknown(
    context: BrowserContext, live: FakeLive
) -> None:
    page = await context.new_page()
    live.sources = [live.source("C11")]
    await page.goto(f"{live.address}/console?lang=zh")
    await expect(page.locator("[data-test=empty]")).to_contain_text("无人等待 ✓ · 最后消息")
    for path, said in (("console?", "无人等待"), ("agent?agent=lin&", "没有买家在等您")):
        live.sources = [live.source("C11"), live.source("C12", "stale", reason="account")]
        await page.goto(f"{live.address}/{path}lang=zh")
        empty = page.locator("[data-test=empty], [data-test=nobody]")
        await expect(empty).to_have_text(f"{said} · 1 个采集端未知：可能有买家在等而这里看不到")
    live.counts = {"last_event_at": None}
    await page.goto(f"{live.address}/console?lang=zh")
    await expect(page.locator("[data-test=empty]")).to_have_text("还没有收到过任何消息。看板上有发送第一条的方法。")
    await page.close()


async def test_a_board_of_one_team_is_asked_for_in_its_address(context: BrowserContext, built_pages: Path) -> None:
    page = await context.new_page()
    rows = [a_row(1, team="A", needs_answer_since_ms=NOW_MS - 9_000), a_row(2, team="B", agent="zhou")]
    async with standing(pages=built_pages, rows=rows) as stand:
        stand.engine.known_sources = [a_source("c-1")]
        await page.goto(f"{stand.url}/?lang=zh&team=B")
        await expect(page.locator("[data-test=about]")).to_have_text("B")
        await expect(page.locator("tr.wait")).to_have_count(1)
        await expect(page.locator("[data-test=waiting]")).to_have_text("1")
        # A floor nobody sits on is no quiet floor.
        await page.goto(f"{stand.url}/?lang=zh&floor=阁楼")
        await expect(page.locator("[data-test=about]")).to_have_text("阁楼")
        await expect(page.locator("[data-test=no-such-part]")).to_contain_text("请核对网址里的楼层")
    await page.close()


async def test_a_page_the_browser_has_kept_works_when_it_is_loaded_again(
    context: BrowserContext, built_pages: Path
) -> None:
    page = await context.new_page()
    async with standing(pages=built_pages, rows=[a_row(1)]) as stand:
        stand.engine.known_sources = [a_source("c-1")]
        for _ in range(2):
            await page.goto(f"{stand.url}/?lang=zh")
            await expect(page.locator("tr.wait")).to_have_count(1)
    await page.close()
