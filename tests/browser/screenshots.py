"""Takes the pictures of the documentation from the demo: ``make screenshots``.

The demo's seed gives the same floor each time; only the hours on the clock differ.
"""

import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Page, ViewportSize, sync_playwright

from tests import needs
from tests.browser.conftest import FLAGS
from tests.program import free_port

IMAGES = Path(__file__).parents[2] / "docs" / "images"
LANGUAGES = {"zh": "zh-CN", "en": "en-GB"}
TV: ViewportSize = {"width": 1600, "height": 900}
WAITING_ROWS = "tr.wait"
DEADLINE_MS = 60_000


def open_board(page: Page, url: str) -> None:
    """Open the wallboard of a demo that may be starting still, and wait until it shows a full floor."""
    page.goto(url, timeout=DEADLINE_MS)
    page.wait_for_function(f"document.querySelectorAll('{WAITING_ROWS}').length >= 5", timeout=DEADLINE_MS)


def main() -> None:
    """Start the demo, open its wallboard in each language, take a picture."""
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
            for short, locale in LANGUAGES.items():
                page = browser.new_page(viewport=TV, locale=locale, timezone_id="Asia/Shanghai")
                open_board(page, f"http://127.0.0.1:{port}/?lang={short}")
                page.screenshot(path=IMAGES / f"wallboard-{short}.png")
                print(IMAGES / f"wallboard-{short}.png")
            browser.close()
    finally:
        demo.terminate()
        demo.wait(30)


if __name__ == "__main__":
    main()
