"""Evenings and mornings of a floor as the lead's phone shows them: what comes to the robot, when, and how it reads."""

import random
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

from tests.alerts.evening import clock_of, evening

SHOPS = """
version: 1
shops:
  - {shop: senye, platform: taobao, name: 森野旗舰店, team: A}
  - {shop: lvya, platform: pinduoduo, name: 绿芽, team: A}
  - {shop: nanfeng, platform: taobao, name: 南风家居, team: A}
"""
PEOPLE = """
version: 1
teams: [{id: A, leads: ["8001"]}]
people:
  - {id: "1007", nick: 小林, team: A, limit: 8, names: [lin]}
  - {id: "1008", nick: 小周, team: A, limit: 8, names: [zhou]}
  - {id: "8001", nick: 组长, team: A, mentions: {mobile: "13800000000"}}
roster:
  - {person: "1007", shop: senye, hours: "16:00-24:00", seat: B07}
  - {person: "1007", shop: nanfeng, hours: "16:00-24:00", seat: B07}
  - {person: "1007", shop: lvya, hours: "16:00-24:00", seat: B07}
  - {person: "1008", shop: senye, hours: "16:00-24:00", seat: B08}
"""


async def test_the_evening_peak_one_message_one_tap_and_the_lead_is_spared(tmp_path: Path) -> None:
    async with evening(tmp_path, "2026-11-23 20:20:00", shops=SHOPS, people=PEOPLE) as floor:
        lin, zhou = {"agent": "lin"}, {"agent": "zhou"}
        for agent in ("lin", "zhou"):
            await floor.happens(
                "20:21:00", "agent_presence", agent=agent, state="online", limit=8, shops=["senye", "nanfeng", "lvya"]
            )
        for number in (1, 2):
            await floor.says("20:28:00", f"z{number}@senye", "buyer", "有货吗", **zhou)
            await floor.says("20:28:20", f"z{number}@senye", "agent", "有的亲，今天发货", **zhou)
        await floor.says("20:31:00", "b1@senye", "buyer", "这件有XL吗", **lin)
        await floor.says("20:31:10", "b2@lvya", "buyer", "", kind="card", entry=True, **lin)
        await floor.says("20:31:20", "b2@lvya", "buyer", "一岁能用吗", **lin)
        await floor.says("20:31:40", "b3@nanfeng", "buyer", "沙发包安装吗", **lin)
        await floor.says("20:32:05", "b1@senye", "buyer", "在吗", **lin)
        await floor.says("20:32:30", "b2@lvya", "agent", "一岁可以用的哦", **lin)
        await floor.until("20:33:05")
        claim = floor.group.link("认领")
        assert "组长 已认领 2 位" in await floor.taps("20:33:10", claim, "组长")
        assert "组长 已认领。" in await floor.taps("20:33:12", claim, "老赵")
        await floor.says("20:33:18", "b3@nanfeng", "agent", "稍等，马上安排客服为您解答", **lin)
        await floor.happens(
            "20:33:20", "conversation_transferred", shop="nanfeng", conversation="b3", agent="zhou", from_agent="lin"
        )
        await floor.says("20:33:25", "b1@senye", "agent", "亲稍等，帮您看下库存", **lin)
        await floor.says("20:33:50", "b3@nanfeng", "agent", "包安装的亲", **zhou)
        await floor.says("20:34:40", "b1@senye", "agent", "XL有现货", **lin)
        await floor.says("20:35:10", "b1@senye", "buyer", "好的谢谢", **lin)
        await floor.says("20:35:30", "b1@senye", "agent", "亲还有需要随时找我哦", **lin)
        await floor.until("20:45:00")
        assert floor.group.shown() == [
            "20:33:00 【还剩60秒】B07 小林 2位在等｜森野旗舰店 2:00｜南风家居 1:20｜接待中 3/8｜建议转 小周(2/8)"
        ]
        assert floor.manager.shown() == []
        lines = floor.group.text().split("\n\n")[1:]
        assert lines[0] == "问：这件有XL吗 / 在吗"
        assert lines[1].startswith("可回：")
        assert lines[2] == "森野旗舰店·淘宝 / 账号 lin / 买家 买＊ / 20:31:00 起，已等 2:00 / 催问 ×1"
        assert lines[-3:] == [
            "客服：B07 小林 接待中 3/8",
            "建议：转 小周(2/8)",
            "已告知：面板 30s 20:31:30、弹窗 90s 20:32:30",
        ]
        alert = (await floor.alerts())["b1@senye"]
        assert (alert["outcome"], alert["claimed_by"]) == ("answered", "组长")
        assert alert["raised_at"] < alert["ended_at"] <= alert["limit_at"], "saved"
        assert floor.group.refusals == []


BEIAN = """
version: 1
shops: [{shop: beian, platform: taobao, name: 北岸家电, team: A}]
"""
JIE = """
version: 1
teams: [{id: A, leads: ["8001"]}]
people:
  - {id: "1001", nick: 阿杰, team: A, names: [jie]}
  - {id: "8001", nick: 组长, team: A, mentions: {mobile: "13800000000"}}
"""


async def test_an_account_is_kicked_two_messages_and_none_of_what_the_phone_has_answered(tmp_path: Path) -> None:
    async with evening(tmp_path, "2026-11-24 13:58:00", shops=BEIAN, people=JIE) as floor:
        jie = {"agent": "jie", "account": "北岸:1"}

        async def beats(first: str, last: str, state: str) -> None:
            at_ms = floor.at(first)
            while at_ms <= floor.at(last):
                accounts = {"北岸:1": state, "yun": "online"}
                await floor.happens(clock_of(at_ms), "source_heartbeat", host="PC-12", accounts=accounts)
                at_ms += 10_000

        async def account(when: str, state: str) -> None:
            await floor.happens(when, "account_status", shop="beian", account="北岸:1", state=state)

        await floor.happens("13:58:30", "agent_presence", agent="jie", state="online", shops=["beian"])
        await beats("13:59:00", "14:01:50", "online")
        await floor.says("14:02:00", "b1@beian", "buyer", "功率多大", **jie)
        await beats("14:02:10", "14:02:10", "online")
        await account("14:02:20", "kicked")
        await beats("14:02:30", "14:05:50", "kicked")
        await account("14:06:00", "online")
        past: dict[str, Any] = {"backfill": True} | jie
        await floor.says("14:06:03", "b1@beian", "agent", "2000瓦的亲", sent="14:03:30", **past)
        await floor.says("14:06:03", "b2@beian", "buyer", "能上门安装吗", sent="14:04:10", **past)
        ranged: dict[str, Any] = {
            "from": "2026-11-24T14:02:20+08:00",
            "to": "2026-11-24T14:06:00+08:00",
            "complete": True,
        }
        await floor.happens("14:06:03", "sync_range", shop="beian", account="北岸:1", **ranged)
        await beats("14:06:10", "14:06:20", "online")
        await floor.says("14:06:25", "b2@beian", "agent", "可以的，安装免费", **jie)
        await beats("14:06:30", "14:11:00", "online")
        assert floor.group.shown() == [
            "14:02:20 【采集中断·被顶下线】c12｜北岸:1｜PC-12｜1店未知｜掉线前1位在等 0:20",
            "14:06:10 【还剩60秒】阿杰 1位在等｜北岸家电 2:00",
        ]
        assert floor.group.messages[0]["at"]["atMobiles"] == ["13800000000"]
        source = floor.group.text(0).split("\n\n")
        assert source[1] == "问：功率多大"
        assert "北岸家电·淘宝 / 账号 北岸:1 / 买家 买＊ / 14:02:00 起，已等 0:20" in source
        assert "已告知：组长台 14:02:20" in source
        assert floor.manager.shown() == ["14:05:00 【五分钟汇总】采集中断 1", "14:10:00 【五分钟汇总】恢复 1"]
        assert "14:06 采集恢复 c12 北岸:1" in floor.manager.text()
        assert (await floor.alerts())["b2@beian"]["outcome"] == "answered"


SENYE = """
version: 1
shops: [{shop: senye, platform: taobao, name: 森野旗舰店, team: A}]
"""
THREE = """
version: 1
teams: [{id: A, leads: ["8001"]}]
people:
  - {id: "1006", nick: 小陈, team: A, names: [chen]}
  - {id: "1007", nick: 小林, team: A, names: [lin]}
  - {id: "1008", nick: 小周, team: A, limit: 8, names: [zhou]}
  - {id: "8001", nick: 组长, team: A, mentions: {mobile: "13800000000"}}
accounts: [{account: "森野:售前1", shop: senye, people: ["1006", "1007", "1008"]}]
roster:
  - {person: "1006", shop: senye, hours: "08:00-16:00", seat: B07, shift: 早班}
  - {person: "1007", shop: senye, hours: "16:00-24:00", seat: B07, shift: 晚班}
"""


async def test_shifts_change_and_nobody_is_there_one_message_stands_for_the_buyer(tmp_path: Path) -> None:
    async with evening(tmp_path, "2026-11-25 15:40:00", shops=SENYE, people=THREE) as floor:
        front = {"account": "森野:售前1"}

        async def presence(when: str, agent: str, state: str) -> None:
            await floor.happens(when, "agent_presence", agent=agent, state=state, shops=["senye"], limit=8)

        await presence("15:45:00", "chen", "online")
        await floor.says("15:54:00", "b1@senye", "buyer", "定制能加急吗", agent="chen", **front)
        await floor.says("15:55:00", "b1@senye", "agent", "亲稍等，我问下仓库", agent="chen", **front)
        await floor.says("15:58:30", "b2@senye", "buyer", "今天拍今天发吗", agent="chen", **front)
        await presence("15:59:20", "chen", "offline")
        await floor.until("16:01:05")
        claim = floor.group.link("认领")
        assert "组长 已认领" in await floor.taps("16:01:10", claim)
        await presence("16:01:30", "zhou", "online")
        await floor.says("16:01:45", "b2@senye", "agent", "今天发的亲", agent="zhou", **front)
        await presence("16:03:00", "lin", "online")
        await floor.says("16:04:20", "b1@senye", "agent", "3天可发", agent="lin", **front)
        await floor.until("16:11:00")
        assert floor.group.shown() == ["16:00:20 【无人接待】森野旗舰店｜1位等 1:50｜跟进超时 1 项｜小林 未到岗"]
        lines = floor.group.text(0).split("\n\n")
        assert lines[1] == "问：今天拍今天发吗"
        assert "森野旗舰店·淘宝 / 账号 森野:售前1 / 买家 买＊ / 15:58:30 起，已等 1:50" in lines
        assert floor.manager.shown() == ["16:05:00 【五分钟汇总】超时 1 位，仍在等 0 位｜无人接待 1｜恢复 1"]
        assert "16:00 无人接待 森野旗舰店" in floor.manager.text()


AMU = """
version: 1
teams: [{id: A, leads: ["8001"]}]
people:
  - {id: "1010", nick: 阿木, team: A, names: [amu]}
  - {id: "8001", nick: 组长, team: A, mentions: {mobile: "13800000000"}}
"""


async def test_holding_polite_words_and_a_chat_closed_on_the_buyer_are_three_messages(tmp_path: Path) -> None:
    shops = "version: 1\nshops: [{shop: nanfeng, platform: taobao, name: 南风家居, team: A}]\n"
    async with evening(tmp_path, "2026-11-26 09:55:00", shops=shops, people=AMU) as floor:
        amu = {"agent": "amu", "account": "南风:1"}
        await floor.happens("09:56:00", "agent_presence", agent="amu", state="online", shops=["nanfeng"])
        await floor.says("10:00:00", "b@nanfeng", "buyer", "柜子高度多少", **amu)
        await floor.says("10:00:04", "b@nanfeng", "auto", "您好，欢迎光临", **amu)
        await floor.until("10:02:10")
        await floor.taps("10:02:15", floor.group.link("认领"), "组长")
        await floor.says("10:02:50", "b@nanfeng", "agent", "在的亲", **amu)
        await floor.says("10:04:00", "b@nanfeng", "buyer", "高度？", **amu)
        await floor.says("10:05:10", "b@nanfeng", "agent", "稍等", **amu)
        await floor.says("10:05:30", "b@nanfeng", "buyer", "好的", **amu)
        await floor.says("10:09:00", "b@nanfeng", "agent", "高180cm哦亲，您家层高多少呢", **amu)
        await floor.says("10:09:20", "b@nanfeng", "buyer", "好的", **amu)
        await floor.says("10:09:50", "b@nanfeng", "buyer", "", kind="image", **amu)
        await floor.happens("10:11:30", "conversation_closed", shop="nanfeng", conversation="b", by="agent", **amu)
        await floor.until("10:11:55")
        await floor.taps("10:12:00", floor.group.link("认领"), "组长")
        await floor.says("10:13:00", "b@nanfeng", "buyer", "人呢", **amu)
        late = {"agent": "8001", "account": "南风:1"}
        await floor.says("10:14:40", "b@nanfeng", "agent", "非常抱歉让您久等了，这款高180cm，放得下", **late)
        await floor.until("10:20:10")
        assert floor.group.shown() == [
            "10:02:00 【还剩60秒】阿木 1位在等｜南风家居 2:00",
            "10:11:20 【还剩60秒】阿木 1位在等｜南风家居 2:00",
            "10:11:50 【还剩30秒】阿木 1位在等｜南风家居 2:30｜未回复即关闭",
        ]
        for n in range(3):
            print(floor.group.text(n))
            print("--")
        print(floor.manager.shown(), floor.manager.text())


async def test_a_robot_that_has_blocked_us_is_not_hit_again_after_a_restart(tmp_path: Path) -> None:
    shops = "version: 1\nshops: [{shop: nanfeng, platform: taobao, name: 南风家居, team: A}]\n"
    async with evening(tmp_path, "2026-11-26 09:55:00", shops=shops, people=AMU) as floor:
        floor.group.block()
        await floor.says("10:00:00", "b1@nanfeng", "buyer", "柜子高度多少", agent="amu")
        await floor.until("10:02:01")
        assert floor.group.refusals == [130101]
        await floor.again()
        await floor.says("10:02:30", "b2@nanfeng", "buyer", "有货吗", agent="amu")
        await floor.until("10:11:59")
        assert len(floor.group.came) == 1
        await floor.says("10:12:05", "b3@nanfeng", "buyer", "包邮吗", agent="amu")
        await floor.until("10:14:06")
        assert floor.group.shown() == [
            "10:14:05 【还剩60秒】阿木 3位在等｜南风家居 2:00｜南风家居 14:05｜南风家居 11:35"
        ]
        assert floor.group.refusals == [130101]


TEAMS = ("a", "b", "c", "d")
RUSH_SHOPS = "version: 1\nshops:\n" + "".join(
    f"  - {{shop: s{shop}, platform: taobao, name: 店{shop}, team: {TEAMS[shop % 4]}}}\n" for shop in range(30)
)
RUSH_PEOPLE = (
    "version: 1\nteams:\n"
    + "".join(f"  - {{id: {team}, leads: [L{team}]}}\n" for team in TEAMS)
    + "people:\n"
    + "".join(f"  - {{id: L{team}, team: {team}}}\n" for team in TEAMS)
    + "".join(f"  - {{id: p{n}, team: {TEAMS[n % 4]}, limit: {40 if n % 4 < 2 else 15}}}\n" for n in range(12))
)
RUSH_CHANNELS = (
    """
version: 1
channels:
"""
    + "".join(
        f"  {name}: {{type: dingtalk, url_env: TEST_{name.upper()}, secret_env: TEST_SECRET, allow_private: true}}\n"
        for name in (*TEAMS, "manager")
    )
    + "routes:\n"
    + "".join(f"  - {{match: {{team: [{team}]}}, team: {team}, digest: manager}}\n" for team in TEAMS)
    + "  - {digest: manager}\n"
)


async def test_a_sale_opens_digests_in_thirty_seconds_and_no_robot_is_blocked(tmp_path: Path) -> None:
    dice = random.Random(20261110)
    files = {"shops": RUSH_SHOPS, "people": RUSH_PEOPLE, "channels": RUSH_CHANNELS}
    async with evening(tmp_path, "2026-11-10 19:45:00", phones=(*TEAMS, "manager"), **files) as floor:
        begin_ms = floor.at("20:00:00")
        said: dict[int, list[dict[str, Any]]] = defaultdict(list)

        def say(at_s: float, chat: int, **what: Any) -> None:
            event: dict[str, Any] = {
                "shop": f"s{chat % 30}",
                "platform": "taobao",
                "conversation": f"c{chat}",
                "buyer": f"b{chat}",
            }
            event = (
                event
                | {"id": f"{chat}-{len(said)}-{at_s}", "ts": begin_ms + round(at_s * 1000), "source": "c12"}
                | what
            )
            said[int(at_s)].append(event)

        late: list[int] = []
        for chat in range(240):
            agent = f"p{chat % 30 % 4 + 4 * (chat % 3)}"
            wrote = dice.uniform(0, 55)
            say(wrote, chat, role="buyer", text="有券吗")
            say(wrote + 1, chat, role="bot", text="您可以看活动页")
            if chat >= 180:
                continue
            asked = dice.uniform(60, 118)
            say(asked, chat, type="conversation_handed_off")
            say(asked + 0.001, chat, type="conversation_assigned", agent=agent)
            answered = dice.uniform(20, 110) if chat % 5 < 3 else dice.uniform(140, 175)
            if chat % 5 >= 3:
                late.append(chat)
            say(asked + answered, chat, role="agent", agent=agent, text="有的亲，满三百减四十")
        for person in range(12):
            shops = [f"s{shop}" for shop in range(30) if shop % 4 == person % 4]
            await floor.happens("19:59:00", "agent_presence", agent=f"p{person}", state="online", shops=shops)
        await floor.app.alerting.look_at_rush()
        for second in range(-30, 480):
            floor.hands.at_ms = begin_ms + second * 1000 + 999
            if second in said:
                (await floor.client.post("/v1/events", json=said[second])).raise_for_status()
            if -20 < second < 330 or second % 30 == 0:
                await floor.app.engine.turn()
                await floor.app.alerting.look_at_rush()
                if await floor.app.journal.outbox.pending():
                    await floor.settle()
        began, ended = floor.manager.shown()
        assert re.fullmatch(r"20:01:\d\d 【爆单】进线 \d+/分（平时 0）｜可接 \d+(｜满员 \d 组)?", began), began
        assert re.fullmatch(r"20:0[67]:\d\d 【爆单小结】转人工 1[678]\d，超时 0，漏接 0，救回 \d+", ended), ended
        # All that was due to people has an end, and none is lost.
        account = await floor.account()
        assert account.keys() <= {"sent", "digested", "dropped_answered"}
        # Each who came to 120 s was told of to the team, within a second of it.
        told = {name: one["told"] for name, one in (await floor.alerts()).items()}
        for chat in late:
            assert [step for step in told[f"c{chat}@s{chat % 30}"] if step["to"] == "team"], chat
        for team in TEAMS:
            phone = floor.phones[team]
            at = [when_ms for when_ms, _ in phone.read]
            assert all(sum(start <= one < start + 60_000 for one in at) <= 6 for start in at)
            assert phone.refusals == []
            digests = [body for body in map(phone.text, range(len(at))) if "\n\n1. " in body]
            for body in digests:
                named = [line for line in body.split("\n\n") if re.match(r"\d\. ", line)]
                in_all = int(re.search(r"】(\d+)位在等", body)[1])  # type: ignore[index]
                assert len(named) == min(5, in_all)
                assert ("另有" in body.split("建议")[0].rpartition("1. ")[2]) is (in_all > 5)
                left = [int(re.search(r"还剩(\d+)秒", line)[1]) for line in named]  # type: ignore[index]
                assert left == sorted(left), "the least time left first"
            assert digests
