"""What the build puts into the package."""

import gzip
import re
from pathlib import Path

WALLBOARD_GZIP_BYTES = 80_000


PAGES = ("index", "console", "agent", "reports", "sources")


def loaded_by(page: Path) -> list[Path]:
    """The page and every file of ours that it loads at once."""
    names = re.findall(r'(?:src|href)="/(assets/[^"]+)"', page.read_text("utf-8"))
    return [page, *(page.parent / name for name in names)]


def test_the_charts_are_loaded_by_no_page_at_once_and_by_the_reports_alone(built_pages: Path) -> None:
    [charts] = (built_pages / "assets").glob("charts-*.js")
    for name in PAGES:
        files = loaded_by(built_pages / f"{name}.html")
        assert charts not in files
        named = any(charts.name in file.read_text("utf-8") for file in files if file.suffix == ".js")
        assert named == (name == "reports"), name


def test_the_wallboard_is_light(built_pages: Path) -> None:
    files = loaded_by(built_pages / "index.html")
    assert {file.suffix for file in files} >= {".html", ".js", ".css"}
    total = sum(len(gzip.compress(file.read_bytes())) for file in files)
    assert total <= WALLBOARD_GZIP_BYTES


def test_pages_load_nothing_from_elsewhere_and_run_nothing_inline(built_pages: Path) -> None:
    for name in PAGES:
        html = (built_pages / f"{name}.html").read_text("utf-8")
        assert re.findall(r'(?:src|href)="(?!/assets/)[^"]*"', html) == []
        assert re.findall(r"<script(?![^>]*\ssrc=)", html) == []
        assert "style=" not in html
    for script in (built_pages / "assets").glob("*.js"):
        text = script.read_text("utf-8")
        assert not re.search(r"\beval\(|new Function\(", text)


def test_styles_and_scripts_are_plain_enough_for_old_tvs(built_pages: Path) -> None:
    # Lowered by the build for Chromium 79; these are what would slip through first.
    for script in (built_pages / "assets").glob("*.js"):
        text = script.read_text("utf-8")
        assert not re.search(r"\w\?\.[\w(\[](?<!\d)", text)
        assert "??=" not in text
    for style in (built_pages / "assets").glob("*.css"):
        text = style.read_text("utf-8")
        assert not re.search(r"\binset:|:is\(|color-mix\(|@layer|\(width[<>]", text)
