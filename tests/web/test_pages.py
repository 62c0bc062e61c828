"""Pages: the built files, their headers, and what is said when nothing is built."""

from pathlib import Path

import pytest

from tests.web.stand import standing

BOARD = "<!doctype html><title>board</title>" + "<p>x</p>" * 300


@pytest.fixture
def built(tmp_path: Path) -> Path:
    folder = tmp_path / "pages"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text(BOARD)
    (folder / "console.html").write_text("console")
    (folder / "assets" / "board-a1b2.js").write_text("let x = 1\n" * 300)
    (folder / "assets" / "icon-c3.svg").write_text("<svg/>")
    (tmp_path / "secret.txt").write_text("swordfish")
    return folder


async def test_pages_are_served_at_their_addresses_with_their_policy(built: Path) -> None:
    async with standing(pages=built) as stand, stand.client() as client:
        board = await client.get("/?tv=1")
        assert board.text == BOARD
        assert board.headers["content-type"] == "text/html; charset=utf-8"
        assert board.headers["cache-control"] == "no-cache"
        policy = board.headers["content-security-policy"]
        assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
        port = stand.server.port
        assert f"connect-src 'self' ws://127.0.0.1:{port} wss://127.0.0.1:{port};" in policy
        assert "unsafe" not in policy
        assert (await client.get("/console")).text == "console"
        for name, value in {
            "x-content-type-options": "nosniff",
            "x-frame-options": "DENY",
            "referrer-policy": "no-referrer",
            "cross-origin-opener-policy": "same-origin",
        }.items():
            assert board.headers[name] == value


async def test_what_is_named_by_its_content_is_kept_by_browsers_for_ever(built: Path) -> None:
    async with standing(pages=built) as stand, stand.client() as client:
        script = await client.get("/assets/board-a1b2.js")
        assert script.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert script.headers["content-type"] == "text/javascript; charset=utf-8"
        assert script.headers["content-encoding"] == "gzip"
        assert script.text == "let x = 1\n" * 300
        plain = await client.get("/assets/board-a1b2.js", headers={"Accept-Encoding": "identity"})
        assert "content-encoding" not in plain.headers
        assert plain.text == script.text
        assert (await client.get("/assets/icon-c3.svg")).headers["content-type"].startswith("image/svg+xml")


async def test_a_page_that_has_not_changed_is_not_sent_again(built: Path) -> None:
    async with standing(pages=built) as stand, stand.client() as client:
        etag = (await client.get("/")).headers["etag"]
        again = await client.get("/", headers={"If-None-Match": f'"other", {etag}'})
        assert (again.status_code, again.content) == (304, b"")
        assert (await client.head("/")).headers["content-length"]


async def test_a_page_not_sent_again_keeps_its_policy(built: Path) -> None:
    async with standing(pages=built) as stand, stand.client() as client:
        board = await client.get("/")
        again = await client.get("/", headers={"If-None-Match": board.headers["etag"]})
        assert again.status_code == 304
        assert again.headers["content-security-policy"] == board.headers["content-security-policy"]


@pytest.mark.parametrize(
    "path", ["/../secret.txt", "/assets/../../secret.txt", "/%2e%2e/secret.txt", "/assets/", "/assets", "//etc/passwd"]
)
async def test_no_path_leads_out_of_the_pages(built: Path, path: str) -> None:
    async with standing(pages=built) as stand, stand.client() as client:
        answer = await client.get(path)
        assert answer.status_code == 404
        assert "swordfish" not in answer.text


async def test_a_page_of_the_contract_that_is_not_built_yet_is_404(built: Path) -> None:
    async with standing(pages=built) as stand, stand.client() as client:
        assert (await client.get("/reports")).status_code == 404


async def test_without_built_pages_the_root_says_how_to_build_them(tmp_path: Path) -> None:
    async with standing(pages=tmp_path / "missing") as stand, stand.client() as client:
        answer = await client.get("/")
        assert answer.status_code == 200
        assert "npm run build" in answer.text
        assert "页面尚未构建" in answer.text
