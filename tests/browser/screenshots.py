"""Takes the pictures of the documentation from the demo: ``make screenshots``.

The demo's seed gives the same floor each time; only the hours on the clock differ.
"""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Page, ViewportSize, sync_playwright

from tests import needs
from tests.browser.conftest import FLAGS
from tests.program import free_port
from tests.waiting import DEADLINE_SECONDS

IMAGES = Path(__file__).parents[2] / "docs" / "images"
LANGUAGES = {"zh": "zh-CN", "en": "en-GB"}
TV: ViewportSize = {"width": 1600, "height": 900}
DESK: ViewportSize = {"width": 1366, "height": 768}
SIDE: ViewportSize = {"width": 360, "height": 760}
WAITING_ROWS = "tr.wait"
DEADLINE_MS = 60_000


class Picture(NamedTuple):
    """One page as it is to be taken."""

    name: str
    path: str
    size: ViewportSize
    ready: str  # What stands on it once it shows what it is for.
    then: Callable[[Page], None] | None = None


def _open_first(page: Page) -> None:
    page.locator(".qrow").first.click()
    page.locator("[data-test=said]").first.wait_for()
    page.locator("[data-test=reply]").first.wait_for()


def _charts(page: Page) -> None:
    page.locator("canvas").nth(2).wait_for()


PICTURES = (
    Picture("wallboard", "/", TV, WAITING_ROWS),
    Picture("console", "/console", DESK, ".qrow", _open_first),
    Picture("agent", "/agent?agent=A01小林", SIDE, "[data-test=reply]"),
    Picture("reports", "/reports", {"width": 1366, "height": 1240}, "[data-test=report-row]", _charts),
    Picture("sources", "/sources", DESK, "[data-test=source]"),
)


def open_board(page: Page, url: str) -> None:
    """Open the wallboard of a demo that may be starting still, and wait until it shows a full floor."""
    page.goto(url, timeout=DEADLINE_MS)
    page.locator(WAITING_ROWS).nth(4).wait_for(timeout=DEADLINE_MS)
    page.locator("[data-test=feeds]", has_text="3/3").wait_for(timeout=DEADLINE_MS)
    page.locator("[data-test=budget]", has_text=re.compile(r"\d")).wait_for(timeout=DEADLINE_MS)


def main() -> None:
    """Start the demo, open each page in each language, take a picture."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    port = free_port()
    demo = subprocess.Popen(
        [sys.executable, "-m", "monitor", "demo", "--port", str(port)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert demo.stdout is not None
        demo.stdout.readline()  # It names its address when it listens.
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=needs.chromium(), args=FLAGS)
            url = f"http://127.0.0.1:{port}"
            for picture in PICTURES:
                for short, locale in LANGUAGES.items():
                    page = browser.new_page(viewport=picture.size, locale=locale, timezone_id="Asia/Shanghai")
                    open_board(page, f"{url}/?lang={short}")
                    joint = "&" if "?" in picture.path else "?"
                    page.goto(f"{url}{picture.path}{joint}lang={short}&theme=dark")
                    page.locator(picture.ready).first.wait_for(timeout=DEADLINE_MS)
                    if picture.then is not None:
                        picture.then(page)
                    page.screenshot(path=IMAGES / f"{picture.name}-{short}.png")
                    print(IMAGES / f"{picture.name}-{short}.png")
                    page.close()
            browser.close()
    finally:
        demo.terminate()
        demo.wait(DEADLINE_SECONDS)


if __name__ == "__main__":
    main()
