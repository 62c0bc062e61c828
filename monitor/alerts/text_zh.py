"""消息的中文: the words of the floor. No word here that the floor does not use."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from monitor.alerts.message import STAGES
from monitor.alerts.view import (
    TOP,
    Room,
    View,
    WaitView,
    clock,
    most_urgent,
    percent,
    plain_variables,
    seconds,
    short,
    shown,
)

PLATFORMS = {
    "taobao": "淘宝",
    "tmall": "天猫",
    "jd": "京东",
    "pinduoduo": "拼多多",
    "douyin": "抖音",
    "kuaishou": "快手",
    "xiaohongshu": "小红书",
    "wecom": "企业微信",
    "weixin": "微信",
    "shopee": "Shopee",
    "lazada": "Lazada",
    "tiktok": "TikTok",
    "amazon": "亚马逊",
    "ownsite": "自有商城",
    "unknown": "未知平台",
}
STEPS = {"panel": "面板", "popup": "弹窗", "team": "组群", "lead": "组长", "digest": "主管", "console": "组长台"}
SOURCE_REASONS = {
    "heartbeat": "采集端无心跳",
    "silent": "长时间无消息",
    "account": "账号异常",
    "kicked": "被顶下线",
    "login_expired": "登录失效",
    "captcha": "需要验证",
    "offline": "账号离线",
    "suspended": "账号挂起",
    "client_changed": "客户端已更新",
}
OVER = {
    "answered": "已回复",
    "expired": "已过期",
    "abandoned": "买家已关闭",
    "dismissed": "无需回复",
    "withdrawn": "已撤回",
    "back": "已恢复",
    "kept": "已跟进",
}
RULES = {"ad_law": "广告法用语", "forbidden": "服务禁语", "contact": "站外联系", "other_shop": "串店"}
TURNED = {  # Begun and over.
    "source": ("采集中断", "采集恢复"),
    "unattended": ("无人接待", "有人接待了"),
    "score": ("达标有风险", "达标风险解除"),
    "handover": ("交接未接收", "交接已接收"),
}
KINDS = {"image": "图片", "audio": "语音", "video": "视频", "card": "卡片", "sticker": "表情", "file": "文件"}
HOLD = "先发安抚语“亲，稍等，正在为您核实~”"
FULL = "没有空闲客服，"
IN_TITLE = 3  # Shops; more do not fit a phone.
SOURCE_ADVICE = {
    "kicked": "到那台电脑重新登录，并问清是谁在别处登录",
    "login_expired": "到那台电脑重新登录",
    "captcha": "到那台电脑完成验证",
    "client_changed": "请负责采集的人更新采集端",
    "suspended": "问清是不是有意挂起",
    "offline": "到那台电脑看账号为什么下线",
}
SOURCE_ADVICE_ELSE = "看那台电脑和采集端是否开着"
SCORE_ADVICE = {
    "burning": "看这家店最近是谁、哪个时段超时，补人或先发安抚语",
    "last": "先回这家店在等的买家",
    "lost": "今天追不回了，照常接待；原因看报表的时段图",
    "hour": "先回这家店新进来的买家",
}
ADVICE = {
    "promise": "现在给真正的答复，或告诉买家还要多久",
    "handover": "接班的人到组长台“交接”点“确认接收”，先回在等的",
    "opening": "从等得最久的开始，先致歉再回答",
    "quality": "看原话，需要时向买家更正或致歉",
    "canary": "告诉负责系统的人：先看磁盘和 /readyz",
}


def title(view: View) -> str:
    """Return all that counts, on one line."""
    match view.kind:
        case "digest":
            return _digest(view)
        case "opening":
            oldest = clock(max((wait.waited_ms for wait in view.waits), default=0))
            return f"【开班汇总】下班后留言 {len(view.waits)} 位在等，最久 {oldest}"
        case "unattended":
            return _unattended(view)
        case "source":
            facts = view.facts
            reason = str(facts.get("state") or facts.get("reason"))
            what = SOURCE_REASONS.get(reason, reason)
            who = "｜".join(str(facts[name]) for name in ("account", "host") if facts.get(name))
            shops = facts.get("shops") or []
            waiting = f"｜掉线前{facts['waiting']}位在等" if facts.get("waiting") else ""
            if waiting and view.waits:
                waiting += f" {clock(max(wait.waited_ms for wait in view.waits))}"
            return f"【采集中断·{what}】{facts.get('source')}{'｜' + who if who else ''}｜{len(shops)}店未知{waiting}"
        case "promise":
            since = clock(max(0, view.now_ms - int(view.facts.get("opened_at_ms") or view.now_ms)))
            return f"【跟进超时】{_who(view)}｜{short(view.shop)} 已承诺 {since} 未跟进"
        case "handover":
            facts = view.facts
            left = f"{facts.get('waits', 0)}位在等，待跟进 {facts.get('promises', 0)} 项"
            who = f"{facts.get('from') or '上一班'} → {facts.get('to') or '无人'}"
            return f"【交接未接收】{short(view.shop)}｜{who}｜{left}"
        case "score":
            return _score(view)
        case "quality":
            many = len(view.facts.get("shops") or [])
            where = f"{short(view.shop)} 等{many}店" if many > 1 else short(view.shop)
            rules = "、".join(f"{RULES.get(rule, rule)} {n} 次" for rule, n in (view.facts.get("rules") or {}).items())
            return f"【服务质量】{_who(view)}｜{where}｜{rules}"
        case "storm":
            return _storm(view)
        case "canary":
            return f"【自检未通过】测试会话 {view.facts.get('seconds')} 秒内没有走完提醒全程，提醒可能会迟到"
    parts = [f"【{_head(view.waits[0], view.left_ms)}】{_who(view)} {len(view.waits)}位在等"]
    parts += [f"{short(wait.shop)} {clock(wait.waited_ms)}" for wait in view.waits[:IN_TITLE]]
    if len(view.waits) > IN_TITLE:
        parts.append(f"另有 {len(view.waits) - IN_TITLE} 位")
    if view.load is not None and view.load.limit:
        parts.append(f"接待中 {view.load.open}/{view.load.limit}")
    if view.move is not None:
        parts.append(f"建议转 {_room(view.move)}")
    if any(wait.closed_unanswered for wait in view.waits):
        parts.append("未回复即关闭")
    return "｜".join(parts)


def lines(view: View) -> list[str]:
    """Return what was asked, how to find the chat, what to do, who was told."""
    found: list[str] = []
    for wait in view.waits[:TOP]:
        if wait.said:
            found.append(f"问：{_said(wait)}")
        if wait.reply:
            found.append(f"可回：{wait.reply}")
        found.append(_place(wait))
    if len(view.waits) > TOP:
        found.append(f"另有 {len(view.waits) - TOP} 位")
    if view.kind == "waits":
        if view.load is not None:
            load = f"接待中 {view.load.open}/{view.load.limit}" if view.load.limit else f"接待中 {view.load.open}"
            found.append(f"客服：{_who(view)} {load}")
        full = FULL if view.load is not None and view.load.limit else ""
        found.append(f"建议：转 {_room(view.move)}" if view.move is not None else f"建议：{full}{HOLD}")
        claimed = sorted({wait.claimed_by for wait in view.waits if wait.claimed_by})
        if claimed:
            found.append(f"已认领：{'、'.join(claimed)}")
    elif view.kind == "digest":
        found = _digest_facts(view)
    elif view.kind == "opening":
        found = _named(view)
    elif view.kind == "quality":
        found.append("消息：" + "、".join((view.facts.get("messages") or [])[:TOP]))
    elif view.kind == "unattended" and view.facts.get("room"):
        free = "、".join(_room(Room(str(a), int(b), int(c) if c else None)) for a, b, c in view.facts["room"])
        found.append(f"可接待：{free}")
    found += _to_do(view)
    if view.instead_of_lead:
        found.append("组长都不在岗，转告主管")
    if view.told:
        found.append("已告知：" + "、".join(f"{_step(step)} {at}" for step, at in view.told))
    return found


def digest_title(views: Sequence[View], more: int) -> str:
    """Return the title of several messages in one."""
    waits = most_urgent(views)
    if not waits:
        return f"【合并提醒】{len(views)} 条｜{title(views[0])}"
    agents: dict[str, int] = {}
    for view, _ in waits:
        agents[_who(view)] = agents.get(_who(view), 0) + 1
    first, left = waits[0][1], waits[0][1].left_ms
    named = "｜".join(f"{name} {count}位" for name, count in list(agents.items())[:IN_TITLE])
    others = f"｜另有 {len(agents) - IN_TITLE} 位客服" if len(agents) > IN_TITLE else ""
    return f"【{_head(first, left)}】{len(waits) + more}位在等｜{named}{others}"


def digest_lines(views: Sequence[View], more: int) -> list[str]:
    """Return the five most urgent, and how many more there are."""
    waits = most_urgent(views)
    found = [
        f"{number}. {_left(wait)} {_who(view)} {short(wait.shop)} {clock(wait.waited_ms)} {wait.buyer}"
        + (f"「{_said(wait)}」" if wait.said else "")
        for number, (view, wait) in enumerate(waits[:TOP], 1)
    ]
    if len(waits) + more > TOP:
        found.append(f"另有 {len(waits) + more - min(TOP, len(waits))} 位")
    others = [view for view in views if not view.waits]
    found += [title(view) for view in others[:TOP]]
    if len(others) > TOP:
        found.append(f"另有 {len(others) - TOP} 条")
    move = next((view.move for view, _ in waits if view.move is not None), None)
    if waits:
        found.append(f"建议：转 {_room(move)}" if move is not None else f"建议：{HOLD}")
    return found


def label(what: str, inside: bool, name: str) -> str:
    """Return what stands on a link."""
    text = {"claim": "认领", "mute": "静音10分钟", "open": f"打开会话 {name}".strip()}[what]
    return f"{text}（内网打开）" if inside else text


def variables(view: View) -> dict[str, str]:
    """Return the values of the variables that every template may name."""
    wait = view.waits[0] if view.waits else None
    return plain_variables(view) | {
        "left": _head(wait, view.left_ms) if wait else "",
        "agent": view.agent or "未分配",
        "shops": "｜".join(f"{short(one.shop)} {clock(one.waited_ms)}" for one in view.waits[:IN_TITLE]),
        "platform": _platform(wait.platform) if wait else "",
        "move": _room(view.move) if view.move else "",
        "said": _said(wait) if wait else "",
        "told": "、".join(f"{_step(step)} {at}" for step, at in view.told),
        "title": title(view),
    }


def value(name: str, fact: Any) -> str:
    """Return one of a message's facts as a template shows it; empty: it is not known."""
    if name in ("rate", "target") and isinstance(fact, float):
        return percent(fact)
    if name == "reason":
        return SOURCE_REASONS.get(str(fact), shown(fact, "、"))
    if name == "rules" and isinstance(fact, dict):
        fact = {RULES.get(rule, rule): count for rule, count in fact.items()}
    return shown(fact, "、")


def _head(wait: WaitView | None, left_ms: int | None) -> str:
    stage = wait.stage if wait is not None else "fresh"
    name = STAGES[stage][0] if stage in STAGES else "" if stage == "fresh" else stage
    if left_ms is None:
        return name or "在等"
    left = f"还剩{seconds(left_ms)}秒"
    return left if stage in ("fresh", "slow") else f"{name}·{left}"


def _left(wait: WaitView) -> str:
    return _head(wait, wait.left_ms)


def _who(view: View) -> str:
    name = short(view.agent) if view.agent else "未分配"
    return f"{view.seat} {name}" if view.seat else name


def _room(room: Room) -> str:
    return f"{room.name}({room.open}/{room.limit})" if room.limit else room.name


def _platform(platform: str) -> str:
    return PLATFORMS.get(platform, platform)


def _step(step: str) -> str:
    to, _, at = step.partition(" ")
    return f"{STEPS.get(to, to)} {at}".strip()


def _place(wait: WaitView) -> str:
    parts = [f"{wait.shop}·{_platform(wait.platform)}"]
    if wait.product:
        parts[0] += f"·{wait.product}"
    parts.append(f"账号 {wait.account or '未知'}")
    parts.append(f"买家 {wait.buyer}")
    parts.append(f"{wait.asked_at} 起，已等 {clock(wait.waited_ms)}")
    if wait.messages > 1:
        parts.append(f"催问 ×{wait.messages - 1}")
    return " / ".join(parts)


def _unattended(view: View) -> str:
    facts = view.facts
    many = facts.get("shops")
    where = f"{short(view.shop)} 等{len(many)}店" if isinstance(many, list) and len(many) > 1 else short(view.shop)
    parts = [f"【无人接待】{where}"]
    if facts.get("waiting"):
        since = facts.get("oldest_since_ms")
        waited = f" {clock(max(0, view.now_ms - since))}" if isinstance(since, int) else ""
        parts.append(f"{facts['waiting']}位等{waited}")
    if facts.get("promises"):
        parts.append(f"跟进超时 {facts['promises']} 项")
    if facts.get("absent"):
        parts.append(f"{'、'.join(map(str, facts['absent']))} 未到岗")
    return "｜".join(parts)


def _to_do(view: View) -> list[str]:
    """Return which shops it is about, where there are several, and what to do; of waits that is said already."""
    facts, found = view.facts, []
    shops = facts.get("shops")
    if isinstance(shops, list) and (len(shops) > 1 or view.kind == "source"):
        more = f" 等{len(shops)}店" if len(shops) > TOP else ""
        found.append(f"店铺：{'、'.join(short(str(shop)) for shop in shops[:TOP])}{more}")
    advice = ADVICE.get(view.kind)
    if view.kind == "source":
        reason = str(facts.get("state") or facts.get("reason"))
        advice = f"{SOURCE_ADVICE.get(reason, SOURCE_ADVICE_ELSE)}；恢复之前请在平台客户端里盯着"
    elif view.kind == "unattended":
        advice = "请上面的人接" if facts.get("room") else "没有人有空位：从别组调人，先发安抚语"
    elif view.kind == "score":
        advice = SCORE_ADVICE.get(str(facts.get("level")))
    elif view.kind == "storm" and not facts.get("ended"):
        advice = "先发安抚语，调人支援；各组每 30 秒收一条合并提醒"
    return [*found, f"建议：{advice}"] if advice else found


def _said(wait: WaitView) -> str:
    said = wait.said
    for kind, name in KINDS.items():
        said = said.replace(f"[{kind}]", f"[{name}]")
    return said


def _digest(view: View) -> str:
    facts = view.facts
    parts = []
    if facts.get("came"):
        parts.append(f"超时 {facts['came']} 位，仍在等 {facts.get('still', 0)} 位")
    begun = Counter(one["kind"] for one in facts.get("turned") or () if one["firing"])
    parts += [f"{TURNED[kind][0]} {count}" for kind, count in begun.items() if kind in TURNED]
    over = sum(not one["firing"] for one in facts.get("turned") or ())
    if over:
        parts.append(f"恢复 {over}")
    return f"【五分钟汇总】{'｜'.join(parts) or '无人超时'}"


def _score(view: View) -> str:
    facts = view.facts
    profile, target = facts.get("profile"), percent(facts.get("target"))
    if facts.get("level") == "hour":
        now = f"本小时 {percent(facts.get('rate'))}（{facts.get('hits')}/{facts.get('of')}）"
        return f"【小时达标率】{short(view.shop)} {now}，低于 {target}（{profile}）"
    if facts.get("level") == "lost":
        return f"【达标无望】{short(view.shop)} 今天已达不到 {target}（{profile}），现 {percent(facts.get('rate'))}"
    of = f"（{profile} ≥{target}）" if target else f"（{profile}）"
    parts = [f"【达标余量】{short(view.shop)} 今天还能超时 {facts.get('budget')} 个{of}"]
    if facts.get("level") == "burning":
        parts.append(f"近1小时超时 {facts.get('burned')} 个，照此今天会用完")
    if facts.get("open"):
        parts.append(f"未到时 {facts['open']} 个" + ("，都超时就不达标" if facts.get("level") == "last" else ""))
    return "｜".join(parts)


def _storm(view: View) -> str:
    facts = view.facts
    if facts.get("ended"):
        return (
            f"【爆单小结】转人工 {facts.get('waits', 0)}，超时 {facts.get('overdue', 0)}，"
            f"漏接 {facts.get('missed', 0)}，救回 {facts.get('saved', 0)}"
        )
    parts = [f"【爆单】进线 {facts.get('rate', 0)}/分（平时 {facts.get('usual', 0)}）"]
    if facts.get("room") is not None:
        parts.append(f"可接 {facts['room']}")
    if facts.get("full"):
        parts.append(f"满员 {facts['full']} 组")
    if facts.get("room") is None:  # Who is with a bot is in it, so it is the lesser news.
        parts.append(f"等待中 {facts.get('waiting', 0)}")
    return "｜".join(parts)


def _named(view: View) -> list[str]:
    """Return the first waits, one a line, and how many more there are."""
    found = [
        f"{number}. {_who_of(wait)} {short(wait.shop)} {clock(wait.waited_ms)} {wait.buyer}"
        for number, wait in enumerate(view.waits[:TOP], 1)
    ]
    if len(view.waits) > TOP:
        found.append(f"另有 {len(view.waits) - TOP} 位")
    return found


def _digest_facts(view: View) -> list[str]:
    facts = view.facts
    found = _named(view)
    teams = facts.get("teams") or {}
    if teams:
        found.append("仍在等：" + "、".join(f"{team} {count}" for team, count in teams.items()))
    over = facts.get("over") or {}
    if over:
        found.append("已结束：" + "、".join(f"{OVER.get(name, name)} {count}" for name, count in over.items()))
    for one in (facts.get("turned") or [])[:TOP]:
        what, back = TURNED.get(one["kind"], (one["kind"], "已恢复"))
        name = f" {one['name']}" if one["name"] else ""
        found.append(f"{one['at']} {what if one['firing'] else back}{name}")
    return found


def _who_of(wait: WaitView) -> str:
    return short(wait.agent) if wait.agent else "未分配"
