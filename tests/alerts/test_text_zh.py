"""Messages and pages are read side by side on the floor: they use the same names."""

import re
from pathlib import Path

from monitor.alerts.text_zh import PLATFORMS

PAGES_WORDS = Path(__file__).parents[2] / "dashboards/pages/src/words/zh/common.ts"


def test_a_message_calls_a_platform_as_the_pages_do() -> None:
    table = PAGES_WORDS.read_text("utf-8").partition("platforms: {")[2].partition("}")[0]
    assert dict(re.findall(r"(\w+): '([^']+)'", table)) == PLATFORMS
