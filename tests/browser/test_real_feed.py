"""The page in front of the service's own web server: both read the feed's protocol the same way."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, expect

from tests.web.stand import NOW_MS, a_row, a_source, standing

pytestmark = pytest.mark.asyncio(loop_scope="session")

START = datetime.fromtimestamp(NOW_MS / 1000, UTC)


async def test_what_the_engine_commits_is_seen(context: BrowserContext, built_pages: Path) -> None:
    page = await context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda said: faults.append(said.text) if said.type in ("error", "warning") else None)
    await page.clock.install(time=START)
    await page.clock.pause_at(NOW_MS / 1000 + 3600)
    held = a_row(3, standing_since_ms=NOW_MS - 9_000, flags=("bot_held",))
    async with standing(pages=built_pages, rows=[a_row(1), a_row(2, needs_answer_since_ms=None), held]) as stand:
        stand.engine.known_sources = [a_source("c-7"), a_source("c-8", state="stale", reason="heartbeat")]
        await page.goto(f"{stand.url}/?lang=en&theme=dark")
        rows = page.locator("tr.wait")
        await expect(rows).to_have_count(1)
        # The service masks the buyer before the page ever sees the name.
        await expect(rows.first.locator("[data-test=buyer]")).to_have_text("张*")
        await expect(rows.first.locator("[data-test=waited]")).to_have_text("00:30")
        await expect(page.locator("[data-test=bot-held]")).to_have_text("1")
        await expect(page.locator("[data-test=courtesy]")).to_have_text("1")
        await expect(page.locator("[data-test=sources]")).to_contain_text("c-8 Unknown·no heartbeat")

        late = a_row(4, needs_answer_since_ms=NOW_MS - 200_000, stage="at_risk", messages=3, agent="zhou")
        stand.engine.commit(rows=[late, a_row(1, messages=2)])
        await expect(rows).to_have_count(2)
        await expect(rows.nth(0)).to_contain_text("Overdue")
        await expect(rows.nth(0)).to_contain_text("Nudged ×2")
        await expect(rows.nth(1)).to_contain_text("Nudged ×1")

        stand.engine.commit(gone=[(1, "answered"), (4, "answered")])
        await expect(page.locator("[data-test=nobody]")).to_contain_text("1 source is unknown")
        assert faults == []
    # It has said good-bye.
    await expect(page.locator("[data-test=line]")).to_have_text("Reconnecting")
