"""The words of messages in English."""

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

IN_TITLE = 3  # Shops; more do not fit a phone.
SOURCE_REASONS = {
    "heartbeat": "no heartbeat",
    "silent": "no messages for long",
    "account": "account in trouble",
    "login_expired": "login expired",
    "client_changed": "client updated",
}
RULES = {
    "ad_law": "advertising law",
    "forbidden": "forbidden words",
    "contact": "other contact",
    "other_shop": "wrong shop",
}
OVER = {"abandoned": "closed by the buyer", "kept": "promise kept"}
SOURCE_ADVICE = {
    "kicked": "log in again on that PC, and ask who logged in elsewhere",
    "login_expired": "log in again on that PC",
    "captcha": "solve the captcha on that PC",
    "client_changed": "have the collector updated by who keeps it",
    "suspended": "ask whether that was meant",
    "offline": "see on that PC why the account went offline",
}
SOURCE_ADVICE_ELSE = "see whether that PC and its collector run"
SCORE_ADVICE = {
    "burning": "see who of this shop was late and when, add people or send a holding phrase first",
    "last": "answer who waits at this shop first",
    "lost": "today cannot be mended, go on as usual; the reports show which hours cost it",
    "hour": "answer new buyers of this shop first",
}
ADVICE = {
    "promise": "give the real answer now, or say how long it still takes",
    "handover": "whoever takes over presses Receive under Hand-over on the console, and answers who waits first",
    "opening": "begin with the longest, apologise, then answer",
    "quality": "read what was said; correct it or apologise where needed",
    "canary": "tell who runs the system: the disk and /readyz first",
}
HOLD = 'send a holding phrase first ("One moment please, I am checking.")'
FULL = "nobody is free, "
TURNED = {  # Begun and over.
    "source": ("feed down", "feed back"),
    "unattended": ("nobody there", "somebody there again"),
    "score": ("target at risk", "target safe"),
    "handover": ("hand-over not received", "hand-over received"),
}
STEPS = {
    "panel": "panel",
    "popup": "pop-up",
    "team": "group",
    "lead": "lead",
    "digest": "manager",
    "console": "console",
}


def title(view: View) -> str:
    """Return all that counts, on one line."""
    facts = view.facts
    match view.kind:
        case "digest":
            return _digest(view)
        case "opening":
            oldest = clock(max((wait.waited_ms for wait in view.waits), default=0))
            return f"[at the opening] {len(view.waits)} left while closed still wait, the longest {oldest}"
        case "unattended":
            return _unattended(view)
        case "source":
            who = " | ".join(str(facts[name]) for name in ("account", "host") if facts.get(name))
            waiting = f" | {facts['waiting']} waiting before it" if facts.get("waiting") else ""
            shops = len(facts.get("shops") or [])
            where = f"{facts.get('source')}{' | ' + who if who else ''}"
            if waiting and view.waits:
                waiting += f", the longest {clock(max(wait.waited_ms for wait in view.waits))}"
            reason = str(facts.get("state") or facts.get("reason"))
            return (
                f"[feed down: {SOURCE_REASONS.get(reason, reason)}] {where} | {_many(shops, 'shop')} unknown{waiting}"
            )
        case "promise":
            since = clock(max(0, view.now_ms - int(facts.get("opened_at_ms") or view.now_ms)))
            return f"[promise late] {_who(view)} | {short(view.shop)}: promised {since} ago, no answer yet"
        case "handover":
            left = f"{facts.get('waits', 0)} waiting, {_many(facts.get('promises', 0), 'promise')}"
            who = f"{facts.get('from') or 'last shift'} -> {facts.get('to') or 'nobody'}"
            return f"[hand-over not received] {short(view.shop)} | {who} | {left}"
        case "score":
            return _score(view)
        case "quality":
            many = len(facts.get("shops") or [])
            where = f"{short(view.shop)} and {many - 1} more" if many > 1 else short(view.shop)
            rules = ", ".join(f"{RULES.get(rule, rule)} {n}" for rule, n in (facts.get("rules") or {}).items())
            return f"[service quality] {_who(view)} | {where} | {rules}"
        case "storm":
            return _storm(view)
        case "canary":
            return (
                f"[self-test failed] a test chat did not come through in {facts.get('seconds')} s: alerts may be late"
            )
    parts = [f"[{_head(view.waits[0], view.left_ms)}] {_who(view)}: {len(view.waits)} waiting"]
    parts += [f"{short(wait.shop)} {clock(wait.waited_ms)}" for wait in view.waits[:IN_TITLE]]
    if len(view.waits) > IN_TITLE:
        parts.append(f"{len(view.waits) - IN_TITLE} more")
    if view.load is not None and view.load.limit:
        parts.append(f"chats {view.load.open}/{view.load.limit}")
    if view.move is not None:
        parts.append(f"move to {_room(view.move)}")
    if any(wait.closed_unanswered for wait in view.waits):
        parts.append("closed unanswered")
    return " | ".join(parts)


def lines(view: View) -> list[str]:
    """Return what was asked, how to find the chat, what to do, who was told."""
    found: list[str] = []
    for wait in view.waits[:TOP]:
        if wait.said:
            found.append(f"Asked: {wait.said}")
        if wait.reply:
            found.append(f"Could be answered: {wait.reply}")
        found.append(_place(wait))
    if len(view.waits) > TOP:
        found.append(f"{len(view.waits) - TOP} more")
    if view.kind == "waits":
        if view.load is not None:
            limit = f"/{view.load.limit}" if view.load.limit else ""
            found.append(f"Agent: {_who(view)}, chats {view.load.open}{limit}")
        full = FULL if view.load is not None and view.load.limit else ""
        found.append(
            f"Suggestion: move to {_room(view.move)}" if view.move is not None else f"Suggestion: {full}{HOLD}"
        )
        claimed = sorted({wait.claimed_by for wait in view.waits if wait.claimed_by})
        if claimed:
            found.append(f"Claimed by {', '.join(claimed)}")
    elif view.kind == "digest":
        found = _digest_facts(view)
    elif view.kind == "opening":
        found = _named(view)
    elif view.kind == "quality":
        found.append("Messages: " + ", ".join((view.facts.get("messages") or [])[:TOP]))
    elif view.kind == "unattended" and view.facts.get("room"):
        free = ", ".join(_room(Room(str(a), int(b), int(c) if c else None)) for a, b, c in view.facts["room"])
        found.append(f"Has room: {free}")
    found += _to_do(view)
    if view.instead_of_lead:
        found.append("No lead is there: told to the manager instead")
    if view.told:
        found.append("Told: " + ", ".join(f"{_step(step)} {at}" for step, at in view.told))
    return found


def digest_title(views: Sequence[View], more: int) -> str:
    """Return the title of several messages in one."""
    waits = most_urgent(views)
    if not waits:
        return f"[{len(views)} messages] {title(views[0])}"
    agents: dict[str, int] = {}
    for view, _ in waits:
        agents[_who(view)] = agents.get(_who(view), 0) + 1
    first = waits[0][1]
    named = " | ".join(f"{name} {count}" for name, count in list(agents.items())[:IN_TITLE])
    others = f" | {_many(len(agents) - IN_TITLE, 'more agent')}" if len(agents) > IN_TITLE else ""
    return f"[{_head(first, first.left_ms)}] {len(waits) + more} waiting | {named}{others}"


def digest_lines(views: Sequence[View], more: int) -> list[str]:
    """Return the five most urgent, and how many more there are."""
    waits = most_urgent(views)
    found = [
        f"{number}. {_head(wait, wait.left_ms)}: {_who(view)}, {short(wait.shop)} {clock(wait.waited_ms)}, {wait.buyer}"
        + (f' "{wait.said}"' if wait.said else "")
        for number, (view, wait) in enumerate(waits[:TOP], 1)
    ]
    if len(waits) + more > TOP:
        found.append(f"and {len(waits) + more - min(TOP, len(waits))} more")
    others = [view for view in views if not view.waits]
    found += [title(view) for view in others[:TOP]]
    if len(others) > TOP:
        found.append(f"and {_many(len(others) - TOP, 'more message')}")
    move = next((view.move for view, _ in waits if view.move is not None), None)
    if waits:
        found.append(f"Suggestion: move to {_room(move)}" if move is not None else f"Suggestion: {HOLD}")
    return found


def label(what: str, inside: bool, name: str) -> str:
    """Return what stands on a link."""
    text = {"claim": "Claim", "mute": "Mute 10 min", "open": f"Open chat {name}".strip()}[what]
    return f"{text} (office network)" if inside else text


def variables(view: View) -> dict[str, str]:
    """Return the values of the variables that every template may name."""
    wait = view.waits[0] if view.waits else None
    return plain_variables(view) | {
        "left": _head(wait, view.left_ms) if wait else "",
        "agent": view.agent or "unassigned",
        "shops": " | ".join(f"{short(one.shop)} {clock(one.waited_ms)}" for one in view.waits[:IN_TITLE]),
        "platform": wait.platform if wait else "",
        "move": _room(view.move) if view.move else "",
        "said": wait.said if wait else "",
        "told": ", ".join(f"{_step(step)} {at}" for step, at in view.told),
        "title": title(view),
    }


def value(name: str, fact: Any) -> str:
    """Return one of a message's facts as a template shows it; empty: it is not known."""
    if name in ("rate", "target") and isinstance(fact, float):
        return percent(fact)
    if name == "reason":
        return SOURCE_REASONS.get(str(fact), shown(fact, ", "))
    if name == "rules" and isinstance(fact, dict):
        fact = {RULES.get(rule, rule): count for rule, count in fact.items()}
    return shown(fact, ", ")


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _head(wait: WaitView | None, left_ms: int | None) -> str:
    stage = wait.stage if wait is not None else "fresh"
    name = STAGES[stage][1] if stage in STAGES else "" if stage == "fresh" else stage
    if left_ms is None:
        return name or "waiting"
    left = f"{seconds(left_ms)} s left"
    return left if stage in ("fresh", "slow") else f"{name}, {left}"


def _who(view: View) -> str:
    name = short(view.agent) if view.agent else "unassigned"
    return f"{view.seat} {name}" if view.seat else name


def _room(room: Room) -> str:
    return f"{room.name} ({room.open}/{room.limit})" if room.limit else room.name


def _step(step: str) -> str:
    to, _, at = step.partition(" ")
    return f"{STEPS.get(to, to)} {at}".strip()


def _place(wait: WaitView) -> str:
    parts = [" / ".join(filter(None, (wait.shop, wait.platform, wait.product)))]
    parts.append(f"account {wait.account or 'unknown'}")
    parts.append(f"buyer {wait.buyer}")
    parts.append(f"since {wait.asked_at}, waited {clock(wait.waited_ms)}")
    if wait.messages > 1:
        parts.append(f"asked {wait.messages} times")
    return ", ".join(parts)


def _unattended(view: View) -> str:
    facts = view.facts
    many = facts.get("shops")
    where = (
        f"{short(view.shop)} and {len(many) - 1} more" if isinstance(many, list) and len(many) > 1 else short(view.shop)
    )
    parts = [f"[nobody there] {where}"]
    if facts.get("waiting"):
        since = facts.get("oldest_since_ms")
        waited = f" {clock(max(0, view.now_ms - since))}" if isinstance(since, int) else ""
        parts.append(f"{facts['waiting']} waiting{waited}")
    if facts.get("promises"):
        parts.append(f"{_many(facts['promises'], 'promise')} late")
    if facts.get("absent"):
        parts.append(f"not at their post: {', '.join(map(str, facts['absent']))}")
    return " | ".join(parts)


def _to_do(view: View) -> list[str]:
    """Return which shops it is about, where there are several, and what to do; of waits that is said already."""
    facts, found = view.facts, []
    shops = facts.get("shops")
    if isinstance(shops, list) and (len(shops) > 1 or view.kind == "source"):
        more = f" and {len(shops) - TOP} more" if len(shops) > TOP else ""
        found.append(f"Shops: {', '.join(short(str(shop)) for shop in shops[:TOP])}{more}")
    advice = ADVICE.get(view.kind)
    if view.kind == "source":
        reason = str(facts.get("state") or facts.get("reason"))
        advice = f"{SOURCE_ADVICE.get(reason, SOURCE_ADVICE_ELSE)}; until it is back watch the platform's own client"
    elif view.kind == "unattended":
        advice = "let one of those take over" if facts.get("room") else f"{FULL}call somebody in; {HOLD}"
    elif view.kind == "score":
        advice = SCORE_ADVICE.get(str(facts.get("level")))
    elif view.kind == "storm" and not facts.get("ended"):
        advice = "send holding phrases first, call people in; each group gets one message every 30 s"
    return [*found, f"Suggestion: {advice}"] if advice else found


def _digest(view: View) -> str:
    facts = view.facts
    parts = []
    if facts.get("came"):
        parts.append(f"{facts['came']} over the limit, {facts.get('still', 0)} still waiting")
    begun = Counter(one["kind"] for one in facts.get("turned") or () if one["firing"])
    parts += [f"{TURNED[kind][0]} {count}" for kind, count in begun.items() if kind in TURNED]
    over = sum(not one["firing"] for one in facts.get("turned") or ())
    if over:
        parts.append(f"back {over}")
    return f"[five minutes] {' | '.join(parts) or 'nobody over the limit'}"


def _score(view: View) -> str:
    facts = view.facts
    profile, target = facts.get("profile"), percent(facts.get("target"))
    if facts.get("level") == "hour":
        of = f"{facts.get('hits')} of {facts.get('of')}"
        return f"[the hour] {short(view.shop)} {percent(facts.get('rate'))} ({of}), below {target} ({profile})"
    if facts.get("level") == "lost":
        now = percent(facts.get("rate"))
        return f"[target lost] {short(view.shop)} cannot reach {target} today ({profile}), now {now}"
    stays = f" and stay at {target}" if target else ""
    parts = [f"[budget] {short(view.shop)} may miss {facts.get('budget')} more today{stays} ({profile})"]
    if facts.get("level") == "burning":
        parts.append(f"{facts.get('burned')} missed in the last hour: used up today at this pace")
    if facts.get("open"):
        costs = ": all of them late would cost the target" if facts.get("level") == "last" else ""
        parts.append(f"{facts['open']} not decided yet{costs}")
    return " | ".join(parts)


def _storm(view: View) -> str:
    facts = view.facts
    if facts.get("ended"):
        return (
            f"[rush over] {_many(facts.get('waits', 0), 'wait')}, {facts.get('overdue', 0)} over the limit, "
            f"{facts.get('missed', 0)} missed, {facts.get('saved', 0)} saved"
        )
    # Who is with a bot is among those waiting, so how many can be taken is the better news.
    known = facts.get("room") is not None
    room = f" | room for {facts['room']}" if known else f" | {facts.get('waiting', 0)} waiting"
    room += f" | {_many(facts['full'], 'team')} full" if facts.get("full") else ""
    usual = f"{facts.get('rate', 0)} new a minute (usual {facts.get('usual', 0)})"
    return f"[rush] {usual}{room}"


def _named(view: View) -> list[str]:
    """Return the first waits, one a line, and how many more there are."""
    found = [
        f"{number}. {_who_of(wait)}, {short(wait.shop)} {clock(wait.waited_ms)}, {wait.buyer}"
        for number, wait in enumerate(view.waits[:TOP], 1)
    ]
    if len(view.waits) > TOP:
        found.append(f"and {len(view.waits) - TOP} more")
    return found


def _digest_facts(view: View) -> list[str]:
    facts = view.facts
    found = _named(view)
    teams = facts.get("teams") or {}
    if teams:
        found.append("Still waiting: " + ", ".join(f"{team} {count}" for team, count in teams.items()))
    over = facts.get("over") or {}
    if over:
        found.append("Over: " + ", ".join(f"{OVER.get(name, name)} {count}" for name, count in over.items()))
    for one in (facts.get("turned") or [])[:TOP]:
        what, back = TURNED.get(one["kind"], (one["kind"], "back"))
        name = f": {one['name']}" if one["name"] else ""
        found.append(f"{one['at']} {what if one['firing'] else back}{name}")
    return found


def _who_of(wait: WaitView) -> str:
    return short(wait.agent) if wait.agent else "unassigned"
