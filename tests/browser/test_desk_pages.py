"""All pages in front of the real program: what is sent in at the door is seen, and what one does others see."""

import shutil
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import BrowserContext, Page, expect

from tests.at_ten import AT_TEN, SHIFT_MS
from tests.plain import PLAIN
from tests.program import ALL_HOURS, Program, running
from tests.waiting import DEADLINE_SECONDS

pytestmark = pytest.mark.asyncio(loop_scope="session")

PAGES = ("/", "/?tv=1", "/console", "/agent", "/agent?agent=lin", "/reports", "/sources", "/login")
SIZES = {"tv": (1920, 1080), "laptop": (1366, 768), "phone": (390, 844), "side": (360, 760)}
NASTY = "<img src=x onerror=\"document.title='owned'\"> [**hier**](javascript:alert(1)) \u202egnp.exe"


def now() -> datetime:
    return datetime.fromtimestamp(AT_TEN.now_ms() / 1000, UTC)


def event(name: str, seconds_ago: float, **more: Any) -> dict[str, Any]:
    at = now() - timedelta(seconds=seconds_ago)
    values = {"id": name, "ts": at.isoformat(), "source": "C1", "platform": "taobao", "shop": "senye", "role": "buyer"}
    return values | {"conversation": f"c-{name}", "buyer": f"张{name}", "account": "senye:lin", "agent": "lin"} | more


def send(program: Program, *events: dict[str, Any]) -> None:
    answer = httpx.post(f"{program.url}/v1/events", json=list(events), timeout=DEADLINE_SECONDS, verify=PLAIN)
    assert answer.status_code == 202, answer.text


def waits(program: Program) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = httpx.get(f"{program.url}/v1/waits", timeout=DEADLINE_SECONDS, verify=PLAIN).json()[
        "waits"
    ]
    return found


@pytest.fixture(scope="module")
def program(built_pages: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A running service for what does not hang on how long its buyers have waited."""
    yield from a_floor(built_pages, tmp_path_factory.mktemp("desk"))


@pytest.fixture
def fresh(built_pages: Path, tmp_path: Path) -> Iterator[Program]:
    """A running service whose buyers have just come to their stages."""
    yield from a_floor(built_pages, tmp_path)


def a_floor(pages: Path, folder: Path) -> Iterator[Program]:
    """Run a service with buyers in every stage, two agents there, and one collector."""
    assert pages.is_dir()
    with running(folder, shift_ms=SHIFT_MS) as program:
        beat = {
            "type": "source_heartbeat",
            "id": "beat",
            "source": "C1",
            "host": "PC-12",
            "version": "1.4",
            "backlog": 2,
        }
        presence = {"type": "agent_presence", "source": "C1", "state": "online", "limit": 8, "shops": ["senye"]}
        at = {"ts": now().isoformat()}
        send(
            program,
            beat | at,
            presence | at | {"id": "p1", "agent": "lin"},
            presence | at | {"id": "p2", "agent": "zhou"},
            event("lost", 320, text="有货吗"),
            event("late", 200, text="包邮吗?"),
            event("soon", 121, text=NASTY),  # Each has most of a minute before the next stage.
            event("slow", 61, text="几天到", agent="zhou", account="senye:zhou"),
            event("fresh", 1, text="可以便宜点吗"),
        )
        program.until(lambda: len(waits(program)) == 5, "five wait")
        yield program


@pytest_asyncio.fixture(loop_scope="session")
async def page(context: BrowserContext) -> AsyncIterator[Page]:
    page = await context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    yield page
    assert faults == [], "the browser complained"


async def shown(page: Page, program: Program, path: str) -> None:
    """Open a page and wait until it shows what it is for."""
    await page.goto(program.url + path)
    ready = {
        "/console": "[data-test=count]",
        "/agent": "[data-test=pick]",
        "/reports": "[data-test=report-row]",
        "/sources": "[data-test=source]",
        "/login": "form",
        "/": "tr.wait",
    }
    key = "[data-test=card]" if "agent=" in path else ready[path.partition("?")[0]]
    await expect(page.locator(key).first).to_be_visible()


# -- all pages ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("path", PAGES)
async def test_a_page_has_no_fault_that_axe_knows(page: Page, program: Program, path: str, language: str) -> None:
    joint = "&" if "?" in path else "?"
    for theme in ("dark", "light"):
        await shown(page, program, f"{path}{joint}lang={language}&theme={theme}")
        found = await Axe().run(page)
        broken = [(one["id"], [node["html"][:120] for node in one["nodes"]]) for one in found.response["violations"]]
        assert broken == [], f"{path} {theme}"


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("path", PAGES)
async def test_a_page_fits_its_window(page: Page, program: Program, path: str, language: str) -> None:
    joint = "&" if "?" in path else "?"
    for size, (width, height) in SIZES.items():
        await page.set_viewport_size({"width": width, "height": height})
        if page.url == "about:blank":
            await shown(page, program, f"{path}{joint}lang={language}")
        if "tv" not in path or size in ("tv", "laptop"):
            assert await page.evaluate("document.documentElement.scrollWidth") <= width, size


@pytest.mark.parametrize("path", ["/", "/console", "/agent?agent=lin"])
async def test_what_a_buyer_writes_is_only_ever_text(page: Page, program: Program, path: str) -> None:
    await shown(page, program, path)
    if path == "/console":
        await page.locator("[data-test=find]").fill("senye")
        for row in await page.locator(".qrow").all():
            await row.click()
            await expect(page.locator("[data-test=said]").first).to_be_visible()
    assert await page.locator("main img, bdi a, bdi strong").count() == 0
    assert "owned" not in await page.title()


async def test_the_wallboard_has_the_day_and_who_is_there(page: Page, fresh: Program) -> None:
    chat = {"conversation": "c-day", "agent": "zhou", "account": "senye:zhou"}
    send(fresh, event("d1", 60, text="有货吗", **chat), event("d2", 20, text="有的亲", role="agent", **chat))
    await shown(page, fresh, "/?lang=zh")
    await expect(page.locator("[data-test=staff]")).to_have_text("2/0/—")
    await expect(page.locator("[data-test=mean-reply]")).to_have_text("40s")
    await expect(page.locator("[data-test=missed]")).to_have_text("0")
    # No target is written down, and none is made up.
    await expect(page.locator("[data-test=budget]")).to_have_text("—")


# -- console -----------------------------------------------------------------------------------------------------------


async def test_the_queue_is_worked_by_key_alone(page: Page, fresh: Program) -> None:
    await shown(page, fresh, "/console?lang=zh")
    rows = page.locator(".qrow")
    await expect(rows).to_have_count(5)
    stages = [await row.locator(".qrow__stage").inner_text() for row in await rows.all()]
    assert stages == ["将超时", "超时", "偏慢", "正常", "疑似流失"]
    await page.keyboard.press("j")
    await expect(rows.nth(0)).to_have_attribute("aria-selected", "true")
    await page.keyboard.press("j")
    await page.keyboard.press("j")
    await page.keyboard.press("k")
    await expect(rows.nth(1)).to_have_attribute("aria-selected", "true")
    await page.keyboard.press("Enter")
    await expect(page.locator("[data-test=pane]")).to_contain_text("包邮吗?")
    await page.keyboard.press("Escape")
    await expect(page.locator("[data-test=pane]")).to_have_count(0)
    await page.keyboard.press("/")
    await page.keyboard.type("zhou")
    await expect(rows).to_have_count(1)
    await page.keyboard.press("Escape")
    await expect(rows).to_have_count(5)
    await page.locator("[data-test=stage-filter]").select_option("lost")
    await expect(rows).to_have_count(1)


async def test_a_claim_in_one_browser_is_seen_in_another(page: Page, context: BrowserContext, program: Program) -> None:
    await shown(page, program, "/console?lang=zh")
    other = await context.new_page()
    await shown(other, program, "/?lang=zh")
    await page.locator(".qrow", has_text="zhou").click()
    await page.locator("[data-test=claim]").click()
    await expect(page.locator("[data-test=claimed]")).to_have_text("local 已认领")
    claimed = await page.locator(".qrow[aria-selected=true]").get_attribute("data-id")
    await expect(other.locator("tr.wait", has_text="local 已认领")).to_have_count(1)
    assert [wait["alert"]["claimed_by"] for wait in waits(program) if wait["id"] == claimed] == ["local"]
    await page.keyboard.press("r")
    await expect(page.locator("[data-test=claim]")).to_be_visible()
    await other.close()


async def test_what_is_open_stays_true_when_the_list_leaves_it_out(page: Page, fresh: Program) -> None:
    await shown(page, fresh, "/console?lang=zh")
    rows = page.locator(".qrow")
    await expect(page).to_have_title("5 · 组长台")
    await page.get_by_label("只看未认领").check()
    await page.locator(".qrow", has_text="zhou").click()
    await page.locator("[data-test=claim]").click()
    await expect(rows).to_have_count(4)
    await expect(page.locator("[data-test=claimed]")).to_have_text("local 已认领")
    # No row is chosen any more; the keys act on what is open.
    await page.locator(".pane__about").click()
    await page.keyboard.press("m")
    await expect(page.locator("[data-test=remark]").last).to_contain_text("静音至")
    muted = [wait["conversation"] for wait in waits(fresh) if wait["alert"] and wait["alert"]["muted_until"]]
    assert muted == ["c-slow"]
    await page.get_by_label("只看未认领").uncheck()
    await expect(page.locator(".qrow", has_text="zhou").locator("[data-test=flag]").last).to_contain_text("静音至")
    await page.locator("[data-test=tab-shops]").click()
    await page.reload()
    await expect(page.locator("[data-test=tab-shops]")).to_have_attribute("aria-selected", "true")
    await expect(page.locator("[data-test=shop]")).to_contain_text("senye")


async def test_on_a_phone_one_reads_what_the_buyer_said_and_comes_back_to_the_list(
    page: Page, program: Program
) -> None:
    await page.set_viewport_size({"width": 390, "height": 844})
    await shown(page, program, "/console?lang=zh")
    await expect(page.locator("[data-test=find]")).to_be_in_viewport()
    await page.locator(".qrow", has_text="zhou").click()
    await expect(page.locator("[data-test=pane] [data-test=said]").last).to_be_in_viewport(ratio=0.8)
    await expect(page.locator("[data-test=claim]")).to_be_in_viewport()
    await expect(page.locator("[data-test=find]")).to_be_hidden()
    await page.get_by_role("button", name="关闭").click()
    await expect(page.locator(".qrow", has_text="zhou")).to_be_in_viewport()


async def test_a_wait_that_needs_no_answer_leaves_with_a_reason(page: Page, program: Program) -> None:
    chat = {"conversation": "c-ad", "buyer": "广告部"}
    send(program, *(event(f"ad-{n}", 60 - n, text="您好", **chat) for n in range(20)))
    send(program, event("ad", 40, text="招商加盟", **chat))
    await shown(page, program, "/console?lang=zh")
    await page.locator(".qrow", has_text="广*").click()
    last = page.locator("[data-test=pane] [data-test=said]").last
    await expect(last).to_have_text("招商加盟")
    await expect(last).to_be_in_viewport(ratio=0.8)
    # What else comes into the pane takes room too, such as that the data is late, which a silent source is said to be.
    await page.set_viewport_size({"width": 1366, "height": 680})
    await expect(last).to_be_in_viewport(ratio=0.8)
    await page.locator("[data-test=dismiss]").click()
    await page.locator("[data-test=reason]").fill("推广")
    await page.keyboard.press("Enter")
    await expect(page.locator(".pane__gone")).to_have_text("这次等待已结束。")
    assert all(wait["conversation"] != "c-ad" for wait in waits(program))


async def test_silences_are_made_and_listed(page: Page, program: Program) -> None:
    await shown(page, program, "/console?lang=zh")
    await page.locator("[data-test=tab-silences]").click()
    # A silence fits ids: those of the shops that are known are offered.
    await expect(page.locator("#offered option[value=senye]")).to_have_count(1)
    await page.locator("[data-test=silence-name]").fill("nobody")
    await page.locator("[data-test=silence-reason]").fill("盘点")
    await page.locator("[data-test=silence-make]").click()
    row = page.locator("[data-test=silence]")
    await expect(row).to_contain_text("盘点")
    await row.get_by_role("button").click()
    await expect(row).to_have_count(0)
    # Both are in the audit trail, the newest first.
    await page.locator("[data-test=tab-audit]").click()
    await expect(page.locator("[data-test=act]").nth(0)).to_contain_text("结束静默")
    await expect(page.locator("[data-test=act]").nth(1)).to_contain_text("盘点")


@pytest.mark.parametrize("tab", ["agents", "shops", "handover", "alerts", "rules", "audit"])
async def test_each_tab_shows_what_the_service_knows(page: Page, program: Program, tab: str) -> None:
    await shown(page, program, "/console?lang=zh")
    await page.locator(f"[data-test=tab-{tab}]").click()
    said = {
        "agents": "zhou",
        "shops": "senye",
        "handover": "现在没有交接",
        "alerts": "等待",
        "rules": "偏慢 60s · 超时 180s",
        "audit": "操作",
    }
    await expect(page.locator("main")).to_contain_text(said[tab])
    found = await Axe().run(page)
    assert [one["id"] for one in found.response["violations"]] == []


async def test_the_console_says_what_words_are_and_what_a_promise_would_owe(page: Page, program: Program) -> None:
    await shown(page, program, "/console?lang=zh")
    await page.locator("[data-test=tab-rules]").click()
    held = page.locator("[data-test=held]")
    await expect(held).to_contain_text("只有客套话")
    await page.locator("[data-test=try-buyer]").fill("好的谢谢")
    await page.locator("[data-test=try-buyer]").press("Tab")
    await expect(page.locator("[data-test=read-buyer]")).to_have_text(
        "客套话：可以不回；如果客服刚问了话，就算回答 [内置词 · 好的 · 谢谢]"
    )
    await page.locator("[data-test=try-reply]").fill("稍等，10分钟内回复您")
    await page.locator("[data-test=try-reply]").press("Enter")
    await expect(page.locator("[data-test=read-reply]")).to_contain_text("安抚语：结束等待，还欠一个答复")
    await expect(held).to_contain_text("跟进超时 600s")


# -- the agent's panel -------------------------------------------------------------------------------------------------


async def test_the_panel_has_the_agents_own_waits_and_replies_under_keys(page: Page, fresh: Program) -> None:
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.set_viewport_size({"width": 360, "height": 760})
    await shown(page, fresh, "/agent?agent=lin&lang=zh")
    cards = page.locator("[data-test=card]")
    await expect(cards).to_have_count(4)
    await expect(cards.first).to_contain_text("将超时")
    await page.keyboard.press("j")
    await page.keyboard.press("j")
    reply = page.locator("[data-test=reply]").first
    await expect(reply).to_be_visible()
    text = await reply.locator(".reply__text").inner_text()
    await page.keyboard.press("1")
    await expect(page.locator("[data-test=said]")).to_contain_text("已复制，发给 senye 张*")
    assert await page.evaluate("navigator.clipboard.readText()") == text


@pytest.mark.usefixtures("built_pages")
async def test_the_panel_speaks_up_once_for_all_when_the_ladder_says_so(page: Page, tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    shutil.copytree(ALL_HOURS, rules)
    with (rules / "default.yaml").open("a") as file:
        file.write("  steps: [{at: 20s, to: popup}]\n")
    with running(tmp_path / "service", settings={"PRESALES_RULES": str(rules)}, shift_ms=SHIFT_MS) as program:
        await page.goto(f"{program.url}/agent?agent=ming&lang=zh")
        await expect(page.locator("[data-test=nobody]")).to_be_visible()
        send(program, *(event(f"m{n}", 18.5, agent="ming", account="senye:ming", text="在吗") for n in range(2)))
        await expect(page.locator(".popup")).to_contain_text("2 位买家等您回复")
        await page.locator("[data-test=pop-ok]").click()
        await expect(page.locator(".popup")).to_have_count(0)


async def test_the_panel_shows_promises_and_chats_to_be_closed(page: Page, program: Program) -> None:
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    chat = {"agent": "kai", "account": "senye:kai"}
    send(
        program,
        event("k1", 60, text="有货吗", conversation="c-k1", **chat),
        event("k2", 2, text="亲稍等，帮您看下库存", conversation="c-k1", role="agent", **chat),
        event("k3", 1, text="好的谢谢", conversation="c-k1", **chat),
    )
    await page.goto(f"{program.url}/agent?agent=kai&lang=zh")
    await expect(page.locator("[data-test=promise]")).to_contain_text("剩 2:")
    await expect(page.locator("[data-test=closing]")).to_have_count(1)
    await expect(page.locator("[data-test=scored]")).to_contain_text("尾语计分 剩 2:")
    await page.keyboard.press("0")
    await expect(page.locator("[data-test=said]")).to_have_text("已复制收尾语，发给 senye 张*")
    assert len(await page.evaluate("navigator.clipboard.readText()")) > 1


# -- sources, reports --------------------------------------------------------------------------------------------------


async def test_sources_name_the_machine_its_version_and_what_it_sees(page: Page, program: Program) -> None:
    await shown(page, program, "/sources?lang=zh")
    row = page.locator("[data-test=source]", has_text="C1")
    for text in ("PC-12", "1.4", "senye:lin", "在线"):
        await expect(row).to_contain_text(text)
    status = {"type": "account_status", "id": "kick", "source": "C1", "shop": "senye", "platform": "taobao"}
    send(program, status | {"ts": now().isoformat(), "account": "senye:zhou", "state": "kicked"})
    await expect(row).to_contain_text("被顶下线")
    await page.set_viewport_size({"width": 1920, "height": 1080})
    await shown(page, program, "/?tv=1&lang=en")
    await expect(page.locator("[data-test=tally-unknown]")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") <= 1920, "also with what is not known"
    back = {"ts": now().isoformat(), "account": "senye:zhou", "state": "online", "id": "back"}
    send(program, status | back)


@pytest.mark.parametrize(("path", "asked"), [("/sources", "/v1/sources"), ("/reports", "/v1/kpis?*by=shop")])
async def test_figures_that_cannot_be_asked_again_are_not_shown_as_those_of_now(
    context: BrowserContext, program: Program, path: str, asked: str
) -> None:
    page = await context.new_page()
    await page.clock.install()
    await shown(page, program, f"{path}?lang=zh")
    await expect(page.locator("[data-test=stale]")).to_have_count(0)
    await page.route(f"{program.url}{asked}", lambda route: route.abort())
    await page.clock.run_for(31_000)
    await expect(page.locator("[data-test=stale]")).to_contain_text("读取失败：连不上服务 · 数据停在")
    await page.unroute(f"{program.url}{asked}")
    await page.clock.run_for(6_000)
    await expect(page.locator("[data-test=stale]")).to_have_count(0)
    await page.close()


async def test_the_language_goes_with_one_to_the_next_page(page: Page, program: Program) -> None:
    await shown(page, program, "/?lang=en&tv=0&theme=dark")
    await page.get_by_role("link", name="Console").click()
    await page.wait_for_url("**/console?lang=en&theme=dark")
    await page.get_by_role("link", name="Sources").click()
    await expect(page.get_by_role("heading", name="Sources")).to_be_visible()


async def test_a_report_is_exported_as_it_is_shown(page: Page, program: Program, tmp_path: Path) -> None:
    await shown(page, program, "/reports?lang=zh")
    await expect(page.locator("[data-test=report-row]")).to_contain_text("senye")
    async with page.expect_download() as saving:
        await page.locator("[data-test=csv]").click()
    await (await saving.value).save_as(tmp_path / "report.csv")
    lines = Path.read_text(tmp_path / "report.csv", "utf-8-sig").splitlines()
    assert lines[0].startswith("名称,接待人数,轮次")
    assert lines[1].startswith("senye,")
    async with page.expect_download() as saving:
        await page.locator("[data-test=xlsx]").click()
    assert (await saving.value).suggested_filename.endswith(".xlsx")
    await page.locator("[data-test=by]").select_option("agent")
    await expect(page.locator("[data-test=report-row]", has_text="lin")).to_have_count(1)
    await expect(page.locator("canvas").first).to_be_visible()


async def test_print_shows_the_table_and_none_of_the_controls(page: Page, program: Program) -> None:
    await shown(page, program, "/reports?lang=zh")
    await page.emulate_media(media="print")
    await expect(page.locator(".deskbar")).to_be_hidden()
    await expect(page.locator("[data-test=csv]")).to_be_hidden()
    await expect(page.locator("[data-test=report-row]").first).to_be_visible()
    assert len(await page.pdf()) > 10_000


# -- the line ----------------------------------------------------------------------------------------------------------


async def test_the_service_killed_and_started_again_is_noticed_and_mended(
    context: BrowserContext, program: Program, tmp_path: Path
) -> None:
    assert program.process.poll() is None, "the pages are built"
    page = await context.new_page()
    with running(tmp_path, shift_ms=SHIFT_MS) as mortal:
        send(mortal, event("a", 30, text="有货吗"))
        await shown(page, mortal, "/?lang=zh")
        mortal.process.kill()
        mortal.process.wait(DEADLINE_SECONDS)
        await expect(page.locator("[data-test=line]")).to_have_text("重连中")
        again = Program(tmp_path, port=mortal.port, shift_ms=SHIFT_MS)
        try:
            again.until(lambda: _answers(f"{mortal.url}/readyz"), "ready again")
            send(mortal, event("b", 20, text="在吗", agent="zhou"))
            await expect(page.locator("tr.wait")).to_have_count(2)
            await expect(page.locator("[data-test=line]")).to_have_text("实时")
        finally:
            again.process.kill()
            again.process.wait(DEADLINE_SECONDS)
    await page.close()


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=DEADLINE_SECONDS, verify=PLAIN).status_code == 200
    except httpx.TransportError:
        return False


async def test_a_link_with_its_token_behind_a_hash_logs_a_screen_in(
    context: BrowserContext, program: Program, tmp_path: Path
) -> None:
    assert program.process.poll() is None, "the pages are built"
    token = "prs_" + "x" * 30
    page = await context.new_page()
    locked = Program(tmp_path, settings={"PRESALES_LISTEN__TOKEN": token})
    try:
        locked.until(lambda: _answers(f"{locked.url}/livez"), "alive")
        await page.goto(f"{locked.url}/login?next=/%3Ftv%3D1%26lang%3Dzh#{token}")
        await page.wait_for_url("**/?tv=1&lang=zh")
        await expect(page.locator("[data-test=line]")).to_have_text("实时")
        assert token not in await page.evaluate("location.href + JSON.stringify(history.state)")
    finally:
        locked.process.kill()
        locked.process.wait(DEADLINE_SECONDS)
    await page.close()
