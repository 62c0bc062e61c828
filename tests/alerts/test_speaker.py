"""The words: what a lead reads on a locked phone, and what stands below."""

from typing import Any

import pytest
from msgspec.structs import replace

from monitor.alerts.links import Links
from monitor.alerts.saying import Saying
from monitor.alerts.speaker import FloorSpeaker
from monitor.core.decisions import AlertState, TellPeople, ToldStep
from monitor.core.roster import Person, Register, ShopInfo, Slot
from monitor.core.views import WaitRow
from monitor.policy_files.channels import Plan
from monitor.policy_files.templates import ALWAYS, OF_KIND, Templates
from tests.alerts.orders import ASKED_MS
from tests.alerts.tellings import named, told

NOW_MS = ASKED_MS + 120_010
DAY_MS = 86_400_000
REGISTER = Register(
    shops=(
        ShopInfo(shop="senye", name="森野旗舰店", chat_link="aliim:sendmsg?touid={buyer}&shop={shop}"),
        ShopInfo(shop="nanfeng", name="南风家居"),
    ),
    persons=(
        Person(id="lin", nick="小林"),
        Person(id="zhou", nick="小周"),
        Person(id="wang", nick="小王", mentions={"mobile": "13800000000"}),
    ),
    slots=(Slot(person="lin", shop="senye", seat="B07", starts_ms=0, ends_ms=DAY_MS),),
)


class Said:
    def __init__(self, words: str) -> None:
        self.words = words
        self.product: Any = {"name": "实木茶几"}

    def last_words(self, at_most: int = 60) -> str:
        return self.words[:at_most]


class Floor:
    """Who waits, who is there, what was said: as the test says."""

    register = REGISTER

    def __init__(self) -> None:
        self.rows: dict[str, Any] = {}
        self.words: dict[str, str] = {}
        self.free: list[tuple[str, int, int]] = [("lin", 7, 8), ("zhou", 2, 8)]
        self.lead: Person | None = REGISTER.persons[2]

    def row(self, shop: str, conversation: str) -> WaitRow | None:  # noqa: ARG002
        return self.rows.get(conversation)

    def of(self, shop: str, conversation: str) -> Said | None:  # noqa: ARG002
        return Said(self.words[conversation]) if conversation in self.words else None

    def room(self, shop: str, now_ms: int) -> list[tuple[str, int, int]]:  # noqa: ARG002
        return self.free

    def load(self, person: str) -> tuple[int, int | None]:
        return (7, 8) if person == "lin" else (0, None)

    def person_of(self, agent: str | None, account: str | None, shop: str | None, at_ms: int) -> str | None:  # noqa: ARG002
        return agent

    def seat_of(self, person: str, at_ms: int, shop: str | None = None) -> str | None:
        return self.register.seat_of(person, at_ms, shop)

    def lead_of(self, team: str, at_ms: int) -> Person | None:  # noqa: ARG002
        return self.lead


PLAN = Plan.model_validate(
    {
        "version": 1,
        "channels": {
            "a": {"type": "log"},
            "en": {"type": "log", "lang": "en"},
            "own": {
                "type": "log",
                "templates": {"title": "{left}|{agent}|{count}", "body": "{shop}\n{said}"}
                | {
                    "kinds": {
                        kind: {"title": " ".join(f"{{{name}}}" for name in sorted(ALWAYS | OF_KIND[kind] - {"lines"}))}
                        for kind in OF_KIND
                        if kind not in ("waits", "score", "several")
                    }
                    | {
                        "score": {"title": "{shop} {budget}/{target} {level} {rate}", "body": "还有：{lines}"},
                        "several": {"title": "{messages} 条 {count} 位 {left}", "body": "{lines}\n完"},
                    }
                },
            },
        },
        "routes": [{"match": {"team": ["a组"]}, "team": "a", "mention": ["老李"]}],
        "mentions": {"老李": {"mobile": "139"}},
        "chat_links": {"pinduoduo": "pdd://chat?c={conversation}"},
    },
    strict=False,
)
TWO = (
    named(7),
    named(8, shop="nanfeng", since_ms=ASKED_MS + 40_000, next_due_at_ms=ASKED_MS + 220_001),
)


@pytest.fixture
def floor() -> Floor:
    return Floor()


def speaker(floor: Floor, base_url: str | None = "https://monitor.example.com") -> FloorSpeaker:
    return FloorSpeaker(floor, floor, floor, Links(b"k" * 32, base_url), PLAN, "k3f9")


def said(floor: Floor, *tellings: TellPeople, channel: str = "a", now_ms: int = NOW_MS) -> Saying:
    return speaker(floor).say(channel, tellings, now_ms)


def test_the_title_alone_lets_the_lead_decide(floor: Floor) -> None:
    assert said(floor, told(*TWO)).title == (
        "【还剩60秒】B07 小林 2位在等｜森野旗舰店 2:00｜南风家居 1:20｜接待中 7/8｜建议转 小周(2/8)"
    )


def test_the_same_in_english(floor: Floor) -> None:
    assert said(floor, told(*TWO), channel="en").title == (
        "[60 s left] B07 小林: 2 waiting | 森野旗舰店 2:00 | 南风家居 1:20 | chats 7/8 | move to 小周 (2/8)"
    )


def test_the_body_finds_the_chat_and_says_what_to_do(floor: Floor) -> None:
    floor.words = {"c-7": "这款茶几能送货上门吗" + "？" * 60}
    lines = said(floor, told(*TWO)).lines
    assert lines[0] == "问：这款茶几能送货上门吗" + "？" * 30
    assert lines[1] == "森野旗舰店·淘宝·实木茶几 / 账号 senye:lin / 买家 张* / 10:13:20 起，已等 2:00"
    assert lines[2].startswith("南风家居·淘宝 / 账号 senye:lin / 买家 张*")
    assert lines[-2:] == ("客服：B07 小林 接待中 7/8", "建议：转 小周(2/8)")
    assert "张小姐" not in "".join(lines)


def test_what_could_be_answered_stands_below_the_question(floor: Floor) -> None:
    floor.words = {"c-7": "能开专票吗"}
    replies = {("senye", "c-7"): "亲，可以开的，" + "请问抬头" * 40}
    speaks = FloorSpeaker(
        floor, floor, floor, Links(b"k" * 32, None), PLAN, "k3f9", lambda shop, chat: replies.get((shop, chat))
    )
    lines = speaks.say("a", (told(*TWO),), NOW_MS).lines
    assert lines[0] == "问：能开专票吗"
    assert lines[1].startswith("可回：亲，可以开的，请问抬头")
    assert len(lines[1]) < 100
    assert sum(line.startswith("可回") for line in lines) == 1


def test_where_nobody_has_room_a_holding_phrase_is_the_move(floor: Floor) -> None:
    floor.free = [("lin", 7, 8)]
    message = said(floor, told(*TWO))
    assert "建议转" not in message.title
    assert any("先发安抚语" in line for line in message.lines)


@pytest.mark.parametrize(
    ("wait", "head"),
    [
        ({"stage": "at_risk", "next_due_at_ms": NOW_MS + 119_500}, "【超时·还剩119秒】"),
        ({"stage": "lost", "next_due_at_ms": None}, "【疑似流失】"),
        ({"stage": "fresh", "next_due_at_ms": None}, "【在等】"),
        ({"next_due_at_ms": NOW_MS - 5_000}, "【还剩0秒】"),
        ({"closed_unanswered": True}, "【还剩60秒】"),
    ],
)
def test_the_head_is_the_time_left(floor: Floor, wait: dict[str, Any], head: str) -> None:
    title = said(floor, told(named(**wait))).title
    assert title.startswith(head)
    assert title.endswith("未回复即关闭") is wait.get("closed_unanswered", False)


def test_who_was_told_when_is_said_and_the_message_itself_is_not(floor: Floor) -> None:
    one = speaker(floor)
    steps = (ToldStep("90s", "popup", 0, ASKED_MS + 90_000), ToldStep("120s", "team", 0, ASKED_MS + 120_000))
    one.see([state(told=steps)])
    assert one.say("a", [told(*TWO)], NOW_MS).lines[-1] == "已告知：弹窗 90s 10:14:50"


def test_alerts_of_days_ago_are_forgotten_however_they_ended(floor: Floor) -> None:
    one = speaker(floor)
    for day in range(8):
        at_ms = ASKED_MS + day * DAY_MS
        for alert in range(10):
            steps = (ToldStep("90s", "popup", at_ms, at_ms), ToldStep("120s", "team", at_ms, at_ms + 30_000))
            ended_at_ms = at_ms + 60_000 if alert % 2 else None
            one.see([state(alert=f"{day}.{alert}", told=steps, ended_at_ms=ended_at_ms)])
            one.see([state(alert="7", told=steps)])
        assert one.known == 10 * min(day + 1, 4) + 1
    assert one.standing(told(alert="7.1", kind="source")) == "dropped_answered"
    later = told(*TWO, decided_at_ms=NOW_MS + 7 * DAY_MS)
    assert "已告知：弹窗 90s 10:13:20" in one.say("a", [later], NOW_MS + 7 * DAY_MS).lines


def state(**more: Any) -> AlertState:
    made: dict[str, Any] = dict.fromkeys(AlertState.__struct_fields__) | {
        "alert": "7",
        "kind": "wait",
        "state": "firing",
        "stopped": False,
        "told": (),
        "acts": (),
    }
    return AlertState(**(made | more))


def test_a_lead_is_mentioned_by_the_roster_else_as_the_route_names_them(floor: Floor) -> None:
    (mention,) = said(floor, told(*TWO, to="lead", step="150s")).mentions
    assert (mention.name, mention.handles) == ("小王", {"mobile": "13800000000"})
    floor.lead = None
    (mention,) = said(floor, told(*TWO, to="lead", step="150s")).mentions
    assert (mention.name, mention.handles) == ("老李", {"mobile": "139"})
    assert said(floor, told(*TWO)).mentions == ()


def test_links_claim_open_and_mute(floor: Floor) -> None:
    links = said(floor, told(named(7), named(8, shop="x", platform="pinduoduo"))).links
    assert [link.label for link in links] == ["认领", "打开会话 森野旗舰店", "打开会话 x", "静音10分钟"]
    assert links[1].url == "aliim:sendmsg?touid=%E5%BC%A0%E5%B0%8F%E5%A7%90&shop=senye"
    assert links[2].url == "pdd://chat?c=c-8"


def test_a_link_into_the_office_says_so_and_without_an_address_there_is_none(floor: Floor) -> None:
    inside = speaker(floor, "http://192.168.1.20:8480").say("a", [told(named(8, shop="x"))], NOW_MS)
    assert [link.label for link in inside.links] == ["认领（内网打开）", "静音10分钟（内网打开）"]
    assert speaker(floor, None).say("a", [told(named(8, shop="x"))], NOW_MS).links == ()


def test_a_floor_may_have_words_of_its_own(floor: Floor) -> None:
    floor.words = {"c-7": "{agent} 包邮吗"}
    message = said(floor, told(*TWO), channel="own")
    assert message.title == "还剩60秒|小林|2"
    assert message.lines == ("森野旗舰店", "{agent} 包邮吗")


def test_every_kind_of_message_may_have_words_of_its_own(floor: Floor) -> None:
    for kind in OF_KIND:
        if kind not in ("waits", "score", "several"):
            # A template may name all there is, known or not.
            assert said(floor, told(*TWO, kind=kind, facts={}), channel="own").title
    facts = {"shop": "senye", "profile": "p", "budget": 3, "target": 0.95, "level": "last", "rate": 0.9611, "open": 2}
    one = said(floor, replace(told(kind="score"), facts=facts, waits=()), channel="own")
    assert (one.title, one.lines) == ("森野旗舰店 3/95% last 96.1%", ("还有：建议：先回这家店在等的买家",))
    both = said(floor, told(named(7)), told(named(8)), channel="own")
    assert both.title == "2 条 2 位 还剩60秒"
    assert both.lines[-1] == "完"
    assert both.title.isprintable()
    assert both.lines[0].startswith("1. 还剩60秒")
    hand_over = replace(told(kind="handover"), facts={"from": "小陈", "to": None, "waits": 2}, waits=())
    assert " 小陈 " in said(floor, hand_over, channel="own").title


@pytest.mark.parametrize(
    ("facts", "zh", "en"),
    [
        (
            {"level": "burning", "burned": 6, "open": 0},
            "【达标余量】森野旗舰店 今天还能超时 11 个（p ≥95%）｜近1小时超时 6 个，照此今天会用完",
            "[budget] 森野旗舰店 may miss 11 more today and stay at 95% (p) | 6 missed in the last hour: used up today "
            "at this pace",
        ),
        (
            {"level": "last", "burned": 2, "open": 12},
            "【达标余量】森野旗舰店 今天还能超时 11 个（p ≥95%）｜未到时 12 个，都超时就不达标",
            "[budget] 森野旗舰店 may miss 11 more today and stay at 95% (p) | 12 not decided yet: all of them late "
            "would cost the target",
        ),
        (
            {"level": "lost", "budget": -1, "rate": 0.9321},
            "【达标无望】森野旗舰店 今天已达不到 95%（p），现 93.2%",
            "[target lost] 森野旗舰店 cannot reach 95% today (p), now 93.2%",
        ),
    ],
)
def test_a_score_at_risk_says_how_much_and_why(floor: Floor, facts: dict[str, Any], zh: str, en: str) -> None:
    all_of = {"shop": "senye", "profile": "p", "budget": 11, "target": 0.95, "rate": 0.97} | facts
    one = replace(told(kind="score"), facts=all_of, waits=())
    assert (said(floor, one).title, said(floor, one, channel="en").title) == (zh, en)


def test_a_score_is_called_as_its_platform_calls_it(floor: Floor) -> None:
    facts = {"shop": "senye", "profile": "p", "budget": 3, "target": 0.95, "level": "last"}
    speaks = FloorSpeaker(
        floor, floor, floor, Links(b"k" * 32, None), PLAN, "k3f9", score={"p": "三分钟回复率"}.__getitem__
    )
    one = speaks.say("a", [replace(told(kind="score"), facts=facts, waits=())], NOW_MS)
    assert one.title == "【达标余量】森野旗舰店 今天还能超时 3 个（三分钟回复率 ≥95%）"


def test_a_digest_names_the_five_most_urgent_and_counts_the_rest(floor: Floor) -> None:
    many = [told(named(n, next_due_at_ms=NOW_MS + 1_000 * n, agent=f"a{n % 5}")) for n in range(1, 61)]
    message = said(floor, *many)
    assert message.title.startswith("【还剩1秒】60位在等｜")
    assert [line.partition(" ")[0] for line in message.lines[:5]] == ["1.", "2.", "3.", "4.", "5."]
    assert message.lines[0].startswith("1. 还剩1秒 ")
    assert message.lines[5] == "另有 55 位"
    assert len(message.lines) == 7


def test_a_wait_that_is_in_two_messages_of_a_digest_is_counted_and_named_once(floor: Floor) -> None:
    both = named(1, next_due_at_ms=NOW_MS + 1_000)
    message = said(floor, told(both, to="team"), told(both, to="lead"), told(named(2), to="team"))
    assert "】2位在等｜" in message.title
    assert len([line for line in message.lines if line[:1].isdigit()]) == 2


@pytest.mark.parametrize(
    ("kind", "facts", "title"),
    [
        (
            "unattended",
            {"shop": "senye", "waiting": 1, "oldest_since_ms": NOW_MS - 110_000, "promises": 1, "absent": ["小林"]},
            "【无人接待】森野旗舰店｜1位等 1:50｜跟进超时 1 项｜小林 未到岗",
        ),
        (
            "source",
            {"source": "C12", "account": "beian:jie", "host": "PC-3", "reason": "kicked", "shops": ["b"], "waiting": 1},
            "【采集中断·被顶下线】C12｜beian:jie｜PC-3｜1店未知｜掉线前1位在等",
        ),
        (
            "promise",
            {"shop": "senye", "opened_at_ms": NOW_MS - 600_000},
            "【跟进超时】B07 小林｜森野旗舰店 已承诺 10:00",
        ),
        (
            "handover",
            {"shop": "senye", "from": "小陈", "to": None, "waits": 2, "promises": 1},
            "【交接未接收】森野旗舰店｜小陈 → 无人｜2位在等，待跟进 1 项",
        ),
        (
            "storm",
            {"rate": 180, "usual": 12, "room": 96, "full": 2, "waiting": 240},
            "【爆单】进线 180/分（平时 12）｜可接 96｜满员 2 组",
        ),
        (
            "storm",
            {"rate": 180, "usual": 12, "room": None, "full": 0, "waiting": 96},
            "【爆单】进线 180/分（平时 12）｜等待中 96",
        ),
        (
            "storm",
            {"ended": True, "waits": 180, "overdue": 9, "missed": 0, "saved": 61},
            "【爆单小结】转人工 180，超时 9，漏接 0，救回 61",
        ),
        ("digest", {"came": 3, "still": 1, "over": {"answered": 4}}, "【五分钟汇总】超时 3 位，仍在等 1 位"),
        (
            "quality",
            {"shop": "senye", "shops": ["senye"], "rules": {"contact": 2}, "messages": ["m-1"], "count": 2},
            "【服务质量】B07 小林｜森野旗舰店｜站外联系 2 次",
        ),
        (
            "score",
            {"shop": "senye", "budget": 11, "profile": "taobao_3min"},
            "【达标余量】森野旗舰店 今天还能超时 11 个",
        ),
        (
            "score",
            {
                "shop": "senye",
                "level": "hour",
                "profile": "jd_first_30s",
                "target": 0.8,
                "rate": 0.75,
                "hits": 9,
                "of": 12,
            },
            "【小时达标率】森野旗舰店 本小时 75%（9/12），低于 80%（jd_first_30s）",
        ),
    ],
)
def test_what_is_no_wait_has_its_own_title(floor: Floor, kind: str, facts: dict[str, Any], title: str) -> None:
    one = replace(told(), kind=kind, facts=facts, waits=(), agent="lin")
    message = said(floor, one)
    assert message.title.startswith(title)
    english = said(floor, one, channel="en")
    assert english.title.startswith("[")
    # A digest and a rush that is over ask for nothing; what else is told at night says what to do.
    asks = kind != "digest" and not facts.get("ended") and (kind != "score" or "level" in facts)
    assert any(line.startswith("建议：") for line in message.lines) is asks
    assert any(line.startswith("Suggestion: ") for line in english.lines) is asks
    if kind == "digest":
        assert "已结束：已回复 4" in message.lines


def test_what_was_left_while_closed_names_the_longest_and_has_no_claim(floor: Floor) -> None:
    message = said(floor, told(*TWO, kind="opening", agent=None))
    assert message.title == "【开班汇总】下班后留言 2 位在等，最久 2:00"
    assert message.lines[0].startswith("1. 小林 森野旗舰店 2:00")
    assert not [link for link in message.links if "认领" in link.label]
    assert said(floor, told(*TWO, kind="opening", agent=None), channel="en").title.startswith("[at the opening] 2 left")


# -- what still is so --------------------------------------------------------------------------------------------------


class Row:
    def __init__(self, wait: int, **more: Any) -> None:
        self.wait, self.needs_answer_since_ms, self.stopped, self.claimed_by = wait, ASKED_MS, False, None
        self.__dict__.update(more)


def test_only_who_still_waits_is_told(floor: Floor) -> None:
    floor.rows = {"c-7": Row(7), "c-8": Row(99)}
    standing = speaker(floor).standing(told(*TWO))
    assert isinstance(standing, TellPeople)
    assert [wait.wait for wait in standing.waits] == [7]
    assert speaker(floor).standing(told(TWO[1])) == "dropped_answered"


@pytest.mark.parametrize("row", [{"needs_answer_since_ms": None}, {"stopped": True}])
def test_what_needs_no_answer_or_was_stopped_is_not_told(floor: Floor, row: dict[str, Any]) -> None:
    floor.rows = {"c-7": Row(7, **row)}
    assert speaker(floor).standing(told(TWO[0])) == "dropped_answered"


def test_a_lead_is_not_called_for_what_was_claimed_meanwhile(floor: Floor) -> None:
    floor.rows = {"c-7": Row(7, claimed_by="小王")}
    assert speaker(floor).standing(told(TWO[0], to="lead")) == "dropped_answered"
    assert isinstance(speaker(floor).standing(told(TWO[0])), TellPeople)


def test_what_never_was_so_is_withdrawn(floor: Floor) -> None:
    one = speaker(floor)
    one.see([state(state="withdrawn", ended_at_ms=NOW_MS)])
    assert one.standing(told(TWO[0])) == "withdrawn"


def test_an_alert_of_no_wait_is_told_until_it_is_over(floor: Floor) -> None:
    one = speaker(floor)
    source = replace(told(), kind="source", waits=(), alert="source.1")
    assert one.standing(source) == source
    one.see([state(alert="source.1", kind="source", state="resolved", ended_at_ms=NOW_MS)])
    assert one.standing(source) == "dropped_answered"


def test_a_feed_that_is_down_names_its_shops_and_what_to_do_at_which_machine(floor: Floor) -> None:
    facts = {"source": "C12", "account": "senye:lin", "reason": "kicked", "shops": ["senye", "nanfeng"], "waiting": 0}
    lines = said(floor, replace(told(kind="source"), facts=facts, waits=(), agent=None)).lines
    assert lines == (
        "店铺：森野旗舰店、南风家居",
        "建议：到那台电脑重新登录，并问清是谁在别处登录；恢复之前请在平台客户端里盯着",
    )


def test_what_turned_has_the_clock_of_the_floor_in_both_languages(floor: Floor) -> None:
    turned = [{"kind": "source", "name": "c12", "firing": firing, "at_ms": NOW_MS} for firing in (True, False)]
    digest = told(kind="digest", step="180", to="digest", facts={"turned": turned})
    berlin = FloorSpeaker(
        floor, floor, floor, Links(b"k" * 32, None), PLAN.model_copy(update={"zone": "Europe/Berlin"}), "k"
    )
    assert berlin.say("a", [digest], NOW_MS).lines[1:3] == ("03:15 采集中断 c12", "03:15 采集恢复 c12")
    assert berlin.say("en", [digest], NOW_MS).lines[1:3] == ("03:15 feed down: c12", "03:15 feed back: c12")


def test_one_is_one_in_english(floor: Floor) -> None:
    facts = {"source": "c12", "reason": "heartbeat", "shops": ["senye"], "waiting": 1}
    assert said(floor, told(kind="source", facts=facts), channel="en").title == (
        "[feed down: no heartbeat] c12 | 1 shop unknown | 1 waiting before it, the longest 2:00"
    )


def test_a_title_of_nothing_known_is_ours(floor: Floor) -> None:
    own = PLAN.model_copy(update={"channels": PLAN.channels | {"a": PLAN.channels["own"]}})
    empty = own.channels["a"].model_copy(update={"templates": Templates(title="{told}\n ")})
    plan = own.model_copy(update={"channels": own.channels | {"a": empty}})
    found = FloorSpeaker(floor, floor, floor, Links(b"k" * 32, None), plan, "k").say("a", [told()], NOW_MS)
    assert found.title == said(floor, told()).title
