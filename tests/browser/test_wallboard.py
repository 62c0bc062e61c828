import asyncio
import json

import pytest
from playwright.async_api import Route, expect

from tests.browser.conftest import Board

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_rows_stand_by_time_left_with_their_stage_in_words(board: Board) -> None:
    live = board.live
    live.waits = [
        live.wait("fresh", 12),
        live.wait("lost", 312),
        live.wait("late", 185),
        live.wait("soon", 150),
        live.wait("slow", 70),
    ]
    await board.open()
    await expect(board.page.locator("tr.wait")).to_have_count(5)
    assert await board.order() == ["soon", "slow", "late", "fresh", "lost"]
    assert await board.rows("stage", "waited", "left") == [
        ["将超时", "02:30", "剩 0:30"],
        ["偏慢", "01:10", "剩 1:50"],
        ["超时", "03:05", "剩 1:55"],
        ["正常", "00:12", "剩 2:48"],
        ["疑似流失", "05:12", "已超 00:12"],
    ]
    figures = [await board.says(name) for name in ("longest", "waiting", "soon")]
    assert figures == ["05:12", "5", "1"]
    tally = [await board.says(f"tally-{band}") for band in ("ok", "warn", "late", "lost")]
    assert tally == ["1", "2", "1", "1"]
    # Each stage has a shape of its own beside its colour.
    shapes = await board.page.locator("tr.wait svg.mark > *").evaluate_all("all => all.map(e => e.outerHTML)")
    assert len(set(shapes)) == 4


async def test_a_row_says_who_waits_where_and_what_is_special(board: Board) -> None:
    live = board.live
    live.waits = [
        live.wait(
            "a",
            20,
            platform="pinduoduo",
            shop="绿芽母婴",
            agent="小林",
            messages=3,
            flags=["closed_unanswered", "first", "news"],
        ),
        live.wait("b", 10, agent=None, account=None, team="default", platform="own-site"),
    ]
    await board.open()
    first, second = board.page.locator("tr.wait").nth(0), board.page.locator("tr.wait").nth(1)
    for text in ("拼多多", "绿芽母婴", "张*", "小林", "A组", "催问 ×2", "会话已关未回复"):
        await expect(first).to_contain_text(text)
    # Flags that say nothing to the floor, or that this page does not know, are not shown.
    await expect(first.locator(".tag--flag")).to_have_count(1)
    await expect(second).to_contain_text("待分配")
    await expect(second).to_contain_text("own-site")
    await expect(second).not_to_contain_text("default")


async def test_the_page_speaks_english(board: Board) -> None:
    live = board.live
    live.waits = [live.wait("a", 150, messages=2, shop="Northbank", buyer="Z*", agent="Lin")]
    await board.open("?lang=en")
    assert await board.rows("stage", "waited", "left") == [["Act now", "02:30", "0:30 left"]]
    await expect(board.page.locator("html")).to_have_attribute("lang", "en")
    await expect(board.page.locator("tr.wait")).to_contain_text("Nudged ×1")
    await board.page.get_by_role("link", name="中文").click()
    await expect(board.page.locator("h2").first).to_have_text("最长等待")


async def test_the_language_is_the_browsers_unless_said(board: Board) -> None:
    await board.open("")
    await expect(board.page.locator("html")).to_have_attribute("lang", "zh-CN")


async def test_timers_and_stages_move_on_by_themselves(board: Board) -> None:
    live = board.live
    live.waits = [live.wait("a", 58.5), live.wait("b", 178.9)]
    await board.open()
    assert await board.rows("stage", "waited") == [["将超时", "02:58"], ["正常", "00:58"]]
    await board.pass_time(3)
    assert await board.rows("stage", "waited") == [["超时", "03:01"], ["偏慢", "01:01"]]


async def test_a_delta_adds_changes_and_removes(board: Board) -> None:
    live = board.live
    live.waits = [live.wait("a", 20), live.wait("b", 10)]
    await board.open()
    await expect(board.page.locator("tr.wait")).to_have_count(2)
    changed = live.wait("b", 10, messages=4)
    await live.say_delta(up=[live.wait("c", 30), changed], gone=["a"], counts={**live.all_counts(), "courtesy": 6})
    await expect(board.page.locator("tr.wait")).to_have_count(2)
    await expect(board.page.locator("[data-test=courtesy]")).to_have_text("6")
    assert await board.order() == ["c", "b"]
    await expect(board.page.locator("tr[data-id=b]")).to_contain_text("催问 ×3")


async def test_a_hole_in_the_feed_is_mended_by_a_snapshot_that_replaces_all(board: Board) -> None:
    live = board.live
    live.waits = [live.wait("a", 20)]
    await board.open()
    await expect(board.page.locator("tr.wait")).to_have_count(1)
    live.seq += 1  # This delta is lost.
    live.waits = [live.wait("b", 30), live.wait("c", 20)]
    await live.say_delta(up=[live.wait("c", 20)])
    await live.hears("resync")
    await expect(board.page.locator("tr.wait")).to_have_count(2)
    assert await board.order() == ["b", "c"]


async def test_a_lost_line_dims_the_board_and_freezes_its_timers_until_it_is_back(board: Board) -> None:
    live = board.live
    live.waits = [live.wait("a", 100)]
    await board.open()
    await expect(board.page.locator("[data-test=line]")).to_have_text("实时")
    await live.stop()
    await expect(board.page.locator("[data-test=line]")).to_have_text("重连中")
    await expect(board.page.locator(".line-lost")).to_have_count(0)
    await board.pass_time(23)
    lost = board.page.locator(".line-lost")
    await expect(lost).to_have_text("断线 00:23 · 数据停在 20:00:00")
    await expect(board.page.locator(".board")).to_have_css("opacity", "0.42")
    assert await board.rows("waited") == [["01:40"]]
    await board.pass_time(10)
    await expect(lost).to_contain_text("断线 00:33")
    assert await board.rows("waited") == [["01:40"]]

    live.waits = [live.wait("a", 133), live.wait("b", 5)]
    live.epoch = "m2x7"
    await live.start()
    await board.pass_time(16)
    hello = await live.hears("hello", times=2)
    assert hello["resume"] == {"epoch": "k3f9", "seq": 0}
    await live.say_tick()
    await expect(lost).to_have_count(0)
    await expect(board.page.locator("[data-test=line]")).to_have_text("实时")
    await expect(board.page.locator("tr.wait")).to_have_count(2)
    refused = [fault for fault in board.faults if "ERR_CONNECTION_REFUSED" in fault]
    assert refused
    board.faults = [fault for fault in board.faults if fault not in refused]


async def test_a_line_that_is_back_at_once_leaves_no_page_blank_meanwhile(board: Board) -> None:
    live = board.live
    live.waits = [live.wait("a", 100)]
    await board.open()
    await expect(board.page.locator("[data-test=line]")).to_have_text("实时")
    live.greets = False  # The new line is open, and nothing was said on it so far.
    await live.stop()
    await expect(board.page.locator("[data-test=line]")).to_have_text("重连中")
    await live.start()
    await board.pass_time(2)
    await live.hears("hello", times=2)
    await expect(board.page.locator("[data-test=line]")).to_have_text("实时")
    assert await board.rows("waited") == [["01:42"]]


async def test_a_right_to_look_that_ends_is_said_with_the_way_to_log_in_again(board: Board) -> None:
    live, page = board.live, board.page
    live.waits = [live.wait("a", 100)]
    await board.open("?lang=zh&team=A组")
    await expect(page.locator("[data-test=line]")).to_have_text("实时")
    await page.context.route(f"{live.address}/v1/live/ticket", lambda route: route.fulfill(status=401, json={}))
    await live.stop()
    await live.start()
    await expect(page.locator("[data-test=line]")).to_have_text("重连中")
    await board.pass_time(2)
    await expect(page.locator("[data-test=line]")).to_have_text("登录已失效")
    await board.pass_time(16)
    await expect(page.locator(".line-lost")).to_have_text("需要登录后查看 · 数据停在 20:00:00")
    login = page.locator(".line-lost a")
    assert await login.get_attribute("href") == "/login?next=%2F%3Flang%3Dzh%26team%3DA%25E7%25BB%2584"
    await login.click(trial=True)  # What lies over everything lets the link be pressed.
    board.faults = [fault for fault in board.faults if "401" not in fault]


async def test_a_line_that_is_open_but_silent_is_doubted_then_given_up(board: Board) -> None:
    live = board.live
    live.waits = [live.wait("a", 10)]
    await board.open()
    line = board.page.locator("[data-test=line]")
    await expect(line).to_have_text("实时")
    await board.pass_time(6)
    await live.say_tick()
    await board.pass_time(6)
    await expect(line).to_have_text("实时")
    await board.pass_time(3)
    await expect(line).to_have_text("数据停顿 8 秒")
    assert await board.rows("waited") == [["00:25"]]
    await board.pass_time(8)
    await expect(board.page.locator(".line-lost")).to_have_text("断线 00:16 · 数据停在 20:00:06")
    assert await board.rows("waited") == [["00:16"]]


async def test_a_second_of_stall_shows_nothing_wrong_and_is_caught_up(board: Board) -> None:
    live, page = board.live, board.page
    live.waits = [live.wait("a", 58.5), live.wait("b", 178.5)]
    await board.open()
    await expect(page.locator("tr.wait")).to_have_count(2)
    asked, freed = asyncio.Event(), asyncio.Event()

    async def hold(route: Route) -> None:
        asked.set()
        await freed.wait()
        await route.fulfill(body="")

    # The page can do nothing at all until its question is answered; what comes meanwhile has to wait.
    await page.route("**/stall", hold)
    ask = "() => { const ask = new XMLHttpRequest(); ask.open('GET', '/stall', false); ask.send() }"
    stalled = asyncio.create_task(page.evaluate(ask))
    await asked.wait()
    for n in range(6):
        await live.say_delta(up=[live.wait(f"n{n}", 0.5 + n / 10)])
    await live.say_delta(gone=["n0", "b"], up=[live.wait("n1", 0.6, messages=3)])
    freed.set()
    await stalled
    await board.pass_time(1)

    await expect(page.locator("tr.wait")).to_have_count(6)
    assert await board.order() == ["a", "n5", "n4", "n3", "n2", "n1"]
    await expect(page.locator("tr[data-id=n1]")).to_contain_text("催问 ×2")
    assert (await board.rows("stage", "waited"))[0] == ["正常", "00:59"]
    assert await board.says("line") == "实时"
    await expect(page.locator(".line-lost")).to_have_count(0)
    assert [frame for frame in live.heard if frame["type"] == "resync"] == [], "nothing was lost, so nothing is asked"
    # And the clock goes on from where it should be.
    await board.pass_time(2)
    assert (await board.rows("stage", "waited"))[0] == ["偏慢", "01:01"]


@pytest.mark.parametrize(
    ("path", "row"),
    [("?", "tr.wait"), ("?tv=1&", "tr.wait"), ("console?", ".qrow"), ("agent?agent=lin&", "[data-test=card]")],
)
async def test_every_stage_is_seen_on_every_page(board: Board, path: str, row: str) -> None:
    live = board.live
    agent = {"agent": "lin"} if "agent=" in path else {}
    live.waits = [
        live.wait("fresh", 12, **agent),
        live.wait("slow", 70, **agent),
        live.wait("soon", 150, **agent),
        live.wait("late", 185, **agent),
        live.wait("lost", 312, **agent),
        live.wait("unknown", 90, flags=["stale"], **agent),
    ]
    await board.open(f"{path}lang=zh")
    rows = board.page.locator(row)
    await expect(rows).to_have_count(6)
    for place, stage in enumerate(["将超时", "偏慢", "超时", "正常", "未知", "疑似流失"]):
        await expect(rows.nth(place)).to_contain_text(stage)
    # What the fake service has no answer for is said by the browser, not by the page.
    board.faults = [fault for fault in board.faults if "404" not in fault]


async def test_time_is_the_services_measured_by_pings(board: Board) -> None:
    live = board.live
    live.answers_pings = True
    live.waits = [live.wait("a", 30)]
    await board.open()
    await live.hears("ping")
    # The browser's own clock is an hour ahead.
    assert await board.page.evaluate("new Date().getHours()") == 21
    await expect(board.page.locator("time")).to_have_text("20:00:00")
    assert await board.rows("waited") == [["00:30"]]
    await board.page.clock.set_system_time(0)
    await board.pass_time(1)
    assert await board.rows("waited") == [["00:31"]]


async def test_what_a_buyer_calls_himself_does_nothing(board: Board) -> None:
    live = board.live
    nasty = "<img src=x onerror=\"document.title='owned'\">"
    markdown = "[**here**](javascript:alert(1)) {{ constructor }}"
    bidi = "\u202egnp.exe"
    live.waits = [
        live.wait("a", 30, buyer=nasty, shop=markdown, agent=bidi, team="<b>A</b>", platform="<i>x</i>"),
        live.wait("b", 20),
    ]
    live.sources = [live.source("<u>c</u>", "stale")]
    await board.open()
    row = board.page.locator("tr[data-id=a]")
    await expect(row.locator("[data-test=buyer]")).to_have_text(nasty)
    await expect(row).to_contain_text(markdown)
    assert await board.page.locator("tbody img, tbody a, tbody b:not(.seat), tbody i, footer u").count() == 0
    assert "owned" not in await board.page.title()
    # What turns the direction of text stays within its own cell.
    assert await row.locator(".cell-agent bdi").first.evaluate("e => getComputedStyle(e).unicodeBidi") == "isolate"


async def test_an_empty_board_says_so_and_when_it_last_heard(board: Board) -> None:
    await board.open()
    await expect(board.page.locator("[data-test=nobody]")).to_contain_text("无人等待 ✓")
    await expect(board.page.locator("[data-test=nobody]")).to_contain_text("最后消息 3 秒前")
    await board.pass_time(2)
    await expect(board.page.locator("[data-test=nobody]")).to_contain_text("最后消息 5 秒前")


async def test_an_empty_board_is_no_good_news_while_a_source_is_unknown(board: Board) -> None:
    live = board.live
    live.sources = [live.source("C11"), live.source("C12", "stale", reason="account")]
    await board.open()
    nobody = board.page.locator("[data-test=nobody]")
    await expect(nobody).to_contain_text("1 个采集端未知")
    await expect(nobody).not_to_contain_text("✓")


async def test_a_source_that_lacks_an_account_is_not_well_though_it_is_there(board: Board) -> None:
    board.live.sources = [board.live.source("C11"), board.live.source("C12", accounts_out=2)]
    await board.open()
    assert await board.says("feeds") == "1/2"
    await expect(board.page.locator(".figure--feeds")).to_contain_text("未知 1")
    await expect(board.page.locator("[data-test=sources]")).to_contain_text("C12 2 个账号掉线")
    await expect(board.page.locator("[data-test=nobody]")).to_contain_text("1 个采集端未知")


async def test_bots_polite_words_sources_and_notifications_have_their_own_places(board: Board) -> None:
    live = board.live
    live.waits = [
        live.wait("a", 10),
        live.wait("bot", 90, flags=["bot_held"], standing_since=live.instant(80)),
        live.wait("thanks", None, flags=["courtesy"]),
    ]
    live.counts = {"courtesy": 1, "promises_open": 2, "deliveries_failed": 3}
    live.sources = [
        live.source("C10"),
        live.source("C11", "catching_up", lag_seconds=74.0),
        live.source("C12", "stale", reason="heartbeat"),
    ]
    await board.open()
    assert await board.order() == ["a"]
    assert await board.says("bot-held") == "1"
    assert [await board.says(name) for name in ("courtesy", "promises", "feeds")] == ["1", "2", "1/3"]
    sources = board.page.locator("[data-test=sources]")
    for text in ("C11 数据延迟 74 秒", "C12 未知·心跳中断", "通知 近1小时失败 3"):
        await expect(sources).to_contain_text(text)


async def test_a_wait_of_a_silent_source_is_unknown_and_its_timer_stands(board: Board) -> None:
    live = board.live
    live.waits = [live.wait("a", 100)]
    await board.open()
    await live.say_delta(up=[live.wait("a", 100, flags=["stale"])])
    await expect(board.page.locator("tr.wait")).to_contain_text("未知")
    await board.pass_time(5)
    assert await board.rows("stage", "waited", "left") == [["未知", "01:40", "—"]]


async def test_a_full_disk_is_said_over_everything(board: Board) -> None:
    board.live.counts = {"store_ok": False}
    await board.open()
    await expect(board.page.locator("[role=alert]")).to_contain_text("无法保存")


async def test_a_page_that_never_heard_anything_shows_three_ways_to_begin(board: Board) -> None:
    live = board.live
    live.counts = {"last_event_at": None}
    await board.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await board.open()
    await expect(board.page.locator("[data-test=first-run]")).to_contain_text("还没有收到过任何消息")
    for way in ("http", "mqtt", "websocket"):
        command = await board.page.locator(f"[data-test=command-{way}]").text_content()
        await board.page.locator(f"[data-test=copy-{way}]").click()
        await expect(board.page.locator(f"[data-test=copy-{way}]")).to_have_text("✓ 已复制")
        assert await board.page.evaluate("navigator.clipboard.readText()") == command
    # The first event comes in: the board takes the place of the help.
    counts = live.all_counts() | {"last_event_at": live.instant()}
    await live.say_delta(up=[live.wait("a", 0)], counts=counts)
    await expect(board.page.locator("tr.wait")).to_have_count(1)


@pytest.mark.parametrize(("way", "program"), [("http", "curl"), ("mqtt", "mosquitto_pub")])
async def test_the_commands_to_begin_with_send_an_event(board: Board, way: str, program: str) -> None:
    board.live.counts = {"last_event_at": None}
    await board.open()
    command = await board.page.locator(f"[data-test=command-{way}]").text_content()
    # A shell reads it as a shell will; in place of the program, the last argument is printed.
    script = f'{program}() {{ for last; do :; done; printf %s "$last"; }}\n{command}'
    shell = await asyncio.create_subprocess_exec("sh", "-c", script, stdout=asyncio.subprocess.PIPE)
    event = json.loads((await shell.communicate())[0])
    assert event["role"] == "buyer"
    assert event["text"] == "包邮吗?"
    assert event["id"].startswith("m-")
    assert 1_600_000_000_000 < event["ts"] < 4_000_000_000_000


async def test_a_new_build_of_the_service_reloads_the_page(board: Board) -> None:
    live = board.live
    live.waits = [live.wait("a", 10)]
    await board.open()
    await expect(board.page.locator("tr.wait")).to_have_count(1)
    await board.page.evaluate("window.isOldPage = true")
    live.build = "0.2.0+b"
    async with board.page.expect_navigation():
        await live.say(live.snapshot())
    await expect(board.page.locator("tr.wait")).to_have_count(1)
    assert await board.page.evaluate("window.isOldPage") is None


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(
    ("width", "height", "query"), [(1920, 1080, "&tv=1"), (1280, 720, "&tv=1"), (1366, 768, ""), (390, 844, "")]
)
async def test_everything_fits(board: Board, width: int, height: int, query: str, language: str) -> None:
    live = board.live
    live.waits = [
        live.wait(f"w{i}", 7 * i, messages=1 + i % 3, flags=["closed_unanswered"] if i % 5 == 0 else [])
        for i in range(40)
    ]
    live.sources = [live.source(f"collector-{i}", "stale", reason="account") for i in range(9)]
    await board.page.set_viewport_size({"width": width, "height": height})
    await board.open(f"?lang={language}{query}")
    await expect(board.page.locator("[data-test=more]")).to_contain_text("+" if language == "en" else "另有")
    assert 6 <= await board.page.locator("tr.wait").count() <= 12
    root = "document.documentElement"
    assert await board.page.evaluate(f"{root}.scrollWidth") <= width
    if query:
        # A TV cannot scroll: nothing may hang over, neither the page nor a part of it.
        assert await board.page.evaluate(f"{root}.scrollHeight") <= height
        over = "all => all.filter(e => e.scrollHeight > e.clientHeight + 1).map(e => e.className)"
        assert await board.page.locator(".board, .content, .hero, .strip, .waits, .foot").evaluate_all(over) == []


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_a_tv_of_a_bad_day_still_shows_what_is_wrong(board: Board, language: str) -> None:
    live, page = board.live, board.page
    far = "南风家居生活馆超级长名字的官方旗舰店（华东二仓专供）Northpine Official"
    flags = ["catching_up", "out_of_hours"]
    live.waits = [
        live.wait("a", 121, shop=far, agent=far, team=far, messages=4, flags=flags, intent="delivery_time"),
        live.wait("b", 170, flags=["stale"]),
        *(live.wait(f"w{n}", 10 + n, team=f"售前{n % 6}组") for n in range(40)),
    ]
    live.sources = [live.source(f"collector-of-the-second-floor-{n}", "stale", reason="heartbeat") for n in range(9)]
    day = {"received": 123_456, "first_reply_seconds": 705, "mean_reply_seconds": 705, "missed": 1_200, "targets": 12}
    live.counts = {"deliveries_failed": 30, "bot_held": 120, "promises_open": 80, "channels": 2, "day": day}
    await page.set_viewport_size({"width": 1920, "height": 1080})
    await board.open(f"?tv=1&lang={language}")
    await expect(page.locator("[data-test=notify]")).to_be_in_viewport(ratio=1)
    await expect(page.locator(".chip--stale")).to_be_in_viewport(ratio=1)
    await expect(page.locator("[data-test=bot-held]")).to_be_in_viewport(ratio=1)
    size = await page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
    assert size == [1920, 1080]


async def test_thousands_of_waits_are_counted_and_the_most_urgent_shown(board: Board) -> None:
    live = board.live
    live.waits = [live.wait(f"w{i}", i * 0.05) for i in range(5_000)]
    await board.open()
    assert await board.says("waiting") == "5000"
    assert (await board.order())[0] == "w3600"
