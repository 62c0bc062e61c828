"""What a receiver is told: the body of an alert, the same on every machine channel.

``{"type", "timestamp", "data"}`` as Standard Webhooks asks for. ``data`` has all
that a receiver needs, so that nobody has to ask back; the title fits the preview
of a phone. Buyers are masked here, before anything leaves the program.
"""

import msgspec
from msgspec import Struct

from monitor.alerts.view import clock, short
from monitor.core.decisions import AlertOrder, RaiseAlert, ResolveAlert, RiseAlert, WithdrawAlert
from monitor.core.masking import masked_name
from monitor.wire import instant_text

TRANSITIONS: dict[type[AlertOrder], str] = {
    RaiseAlert: "raised",
    RiseAlert: "risen",
    ResolveAlert: "resolved",
    WithdrawAlert: "withdrawn",
}

# What the floor calls things. A stage that only the rules of a floor know keeps its own name.
STAGES = {"slow": ("偏慢", "slow"), "at_risk": ("超时", "overdue"), "lost": ("疑似流失", "presumed lost")}
REASONS = {
    "answered": ("已回复", "answered"),
    "expired": ("已过期", "expired"),
    "abandoned": ("买家已关闭", "closed by the buyer"),
    "dismissed": ("无需回复", "dismissed"),
    "stopped": ("已停止提醒", "told no more"),
    "late": ("已撤回·数据补到", "withdrawn: the feed was late"),
    "backfill": ("已撤回·数据补录", "withdrawn: backfilled"),
    "recalled": ("已撤回·消息已撤回", "withdrawn: message recalled"),
}


class Title(Struct, frozen=True):
    """One line, in the languages of the floor."""

    zh: str
    en: str


class Alert(Struct, frozen=True, kw_only=True):
    """The ``data`` of an alert's body.

    Attributes:
        id: the alert, which is the wait's id outside.
        reason: how it ended (answered, expired, abandoned, dismissed, stopped) or why it is withdrawn
            (late, backfill, recalled); None while it stands.
        buyer: masked.
        waiting_since: the first message that is no courtesy.
        due_at: when the limit was passed; for the end of an alert, when the wait ended.
        next_due_at: when the next stage is entered; None: there is none, or the clock stands.
        rules_version, rule: the rules it was judged by, and where the most particular one of them stands (None: it is
            built in).
        wait_seconds: from waiting_since to the decision; for the end of an alert, to the end of the wait.
    """

    id: str
    transition: str
    stage: str
    repetition: int
    reason: str | None
    title: Title
    platform: str
    shop: str
    conversation: str
    buyer: str
    team: str
    agent: str | None
    account: str | None
    waiting_since: str
    opened_at: str
    opened_by: str
    due_at: str
    decided_at: str
    next_due_at: str | None
    wait_seconds: float
    buyer_messages: int
    closed_unanswered: bool
    rules_version: str
    rule: str | None


class Body(Struct, frozen=True):
    """The whole body; ``type`` is ``alert.`` and the transition."""

    type: str
    timestamp: str
    data: Alert


_encode = msgspec.json.Encoder().encode


def body(order: AlertOrder, alert_id: str) -> bytes:
    """Return the JSON that tells an order."""
    transition = TRANSITIONS[type(order)]
    ended = isinstance(order, ResolveAlert | WithdrawAlert)
    until_ms = order.due_at_ms if ended else order.decided_at_ms
    wait_ms = max(0, until_ms - order.waiting_since_ms)
    next_ms = order.next_due_at_ms
    return _encode(
        Body(
            type=f"alert.{transition}",
            timestamp=instant_text(order.decided_at_ms),
            data=Alert(
                id=alert_id,
                transition=transition,
                stage=order.stage,
                repetition=order.repetition,
                reason=order.reason if isinstance(order, ResolveAlert | WithdrawAlert) else None,
                title=title(order, wait_ms),
                platform=order.platform,
                shop=order.shop,
                conversation=order.conversation,
                buyer=masked_name(order.buyer),
                team=order.team,
                agent=order.agent,
                account=order.account,
                waiting_since=instant_text(order.waiting_since_ms),
                opened_at=instant_text(order.opened_at_ms),
                opened_by=order.opened_by,
                due_at=instant_text(order.due_at_ms),
                decided_at=instant_text(order.decided_at_ms),
                next_due_at=None if next_ms is None else instant_text(next_ms),
                wait_seconds=wait_ms / 1000,
                buyer_messages=order.buyer_messages,
                closed_unanswered=order.closed_unanswered,
                rules_version=order.rules,
                rule=order.rule or None,
            ),
        )
    )


def title(order: AlertOrder, wait_ms: int) -> Title:
    """Return one line with what counts first: the time left, or how it ended; then who, where, how long."""
    if isinstance(order, ResolveAlert | WithdrawAlert):
        zh_head, en_head = REASONS[order.reason]
    else:
        zh_head, en_head = STAGES.get(order.stage, (order.stage, order.stage))
        if order.next_due_at_ms is not None:
            # The stage is entered one millisecond past its limit; the limit is what is left to keep.
            left = max(0, order.next_due_at_ms - 1 - order.decided_at_ms + 500) // 1000
            past_first = order.stage != "slow"
            zh_head = f"{zh_head}·还剩{left}秒" if past_first else f"还剩{left}秒"
            en_head = f"{en_head}, {left} s left" if past_first else f"{left} s left"
    agent = order.agent or order.account
    shop, buyer, waited = short(order.shop), masked_name(order.buyer), clock(wait_ms)
    zh = f"【{zh_head}】{short(agent) if agent else '未分配'} 1位在等｜{shop} {waited}｜{buyer}"
    en = f"[{en_head}] {short(agent) if agent else 'unassigned'}: 1 waiting | {shop} {waited} | {buyer}"
    if isinstance(order, ResolveAlert | WithdrawAlert):
        zh = f"【{zh_head}】{shop} {buyer} 等了{waited}"
        en = f"[{en_head}] {shop} {buyer} waited {waited}"
    elif order.closed_unanswered:
        zh += "｜未回复即关闭"
        en += " | closed unanswered"
    return Title(zh, en)
