"""The page behind a link in an alert: it says what the link does, and does it when a person presses the button.

Chat programs fetch links to show a preview, so a GET changes nothing. The link itself is
the right to act (`monitor.alerts.links`); who acts is who the link was sent to, else the
name they give. The first claim stands, and whoever comes later sees whose it is.
"""

import html
from collections.abc import Sequence
from typing import Any, Protocol
from urllib.parse import parse_qs, quote, unquote

from starlette.types import Receive, Scope, Send

from monitor.alerts.inert import plain
from monitor.alerts.links import PATH, Asked, Links
from monitor.alerts.view import clock
from monitor.core.masking import masked_name
from monitor.core.views import WaitRow
from monitor.errors import Busy, StoreUnavailable
from monitor.web.access import Caller
from monitor.web.answers import Header
from monitor.web.small_page import STYLE, allowed

FORM_BYTES = 4096
NAME_CHARACTERS = 24
COOKIE = "presales_name"  # Only spares typing: it gives no right.
COOKIE_SECONDS = 30 * 24 * 3600
SHOWN = 10  # Waits named on the page.

_POLICY = (
    f"default-src 'none'; style-src {allowed(STYLE)}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
).encode()
_CONSOLE = '<p><a href="/console">打开组长台 <span lang="en">Open the console</span></a>'
_WORDS = {
    "claim": ("认领", "Claim", "认领后 90 秒内不再升级", "Nothing more is told for 90 s"),
    "mute": ("静音10分钟", "Mute 10 min", "10 分钟内不再提醒", "Nothing is told of it for 10 minutes"),
}
_GONE = (
    '<h1>链接已失效 <span lang="en">Too old</span></h1><p>链接 10 分钟内有效，请到组长台处理。<br>'
    f'<span lang="en">A link is good for 10 minutes; the console has the rest.</span>{_CONSOLE}'
)


class Alerts(Protocol):
    """What does something to alerts."""

    async def act(self, act: str, ids: Sequence[str], caller: Caller) -> list[dict[str, Any]]:
        """Do it, all in one commit; return how each stands then."""


class Floor(Protocol):
    """What is shown of a wait."""

    def row(self, number: int) -> WaitRow | None:
        """Return an open wait."""


class Acts:
    """Serves the links."""

    def __init__(self, links: Links, alerts: Alerts, floor: Floor, epoch: str, now_ms: Any) -> None:
        self._links = links
        self._alerts = alerts
        self._floor = floor
        self._epoch = epoch
        self._now_ms = now_ms

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Show what a link does, or do it."""
        now_ms: int = self._now_ms()
        asked = self._links.read(scope["path"].removeprefix(PATH), now_ms)
        if asked is None:
            await _page(send, 410, _GONE)
        elif scope["method"] != "POST":
            await _page(send, 200, self._form(asked, _cookie(scope), now_ms, ""))
        else:
            form = await _form(receive)
            name = plain(asked.by or form.get("by", "").strip(), NAME_CHARACTERS)
            if not name:
                wrong = "请填写工号或花名。 Please give your name."
                await _page(send, 400, self._form(asked, "", now_ms, wrong))
                return
            ids = [f"{self._epoch}-{alert}" for alert in asked.alerts]
            try:
                results = await self._alerts.act(asked.act, ids, Caller(name, role="lead"))
            except (Busy, StoreUnavailable):
                later = "暂时无法保存，请稍后再按一次。 It cannot be stored now; press again in a moment."
                await _page(send, 503, self._form(asked, name, now_ms, later))
                return
            secure = "; Secure" if scope.get("scheme") == "https" else ""
            cookie = f"{COOKIE}={quote(name)}; Path={PATH}; Max-Age={COOKIE_SECONDS}; HttpOnly; SameSite=Strict{secure}"
            await _page(send, 200, _outcome(asked, results, name), cookie)

    def _form(self, asked: Asked, name: str, now_ms: int, wrong: str) -> str:
        zh, en, why_zh, why_en = _WORDS[asked.act]
        found = []
        for alert in asked.alerts[:SHOWN]:
            row = self._floor.row(int(alert)) if alert.isdigit() else None
            if row is not None and row.needs_answer_since_ms is not None:
                waited = clock(max(0, now_ms - row.needs_answer_since_ms))
                claimed = f"（{row.claimed_by} 已认领）" if row.claimed_by else ""
                agent = f" · {row.agent}" if row.agent else ""
                found.append(html.escape(plain(f"{waited} {row.shop} {masked_name(row.buyer)}{agent}{claimed}")))
            elif alert.isdigit():
                found.append("已结束 over")
        items = "".join(f"<li>{one}</li>" for one in found)
        ask = (
            f"<p>{html.escape(asked.by)}"
            if asked.by
            else f'<p><label>我是（工号/花名）<span lang="en">I am</span><br><input name="by" required '
            f'maxlength="{NAME_CHARACTERS}" value="{html.escape(name)}"></label>'
        )
        both = f'{zh} <span lang="en">{en}</span>'
        return (
            f"<h1>{both}</h1><ul>{items}</ul><p>{html.escape(wrong)}"
            f'<form method="post">{ask}</p><button>{both}</button></form>'
            f'<p>{why_zh}。<br><span lang="en">{why_en}.</span>'
        )


def _outcome(asked: Asked, results: Sequence[dict[str, Any]], name: str) -> str:
    zh = _WORDS[asked.act][0]
    done = sum(bool(one["done"]) for one in results)
    others = sorted({str(one["claimed_by"]) for one in results if not one["done"] and one.get("claimed_by")})
    over = sum(one["state"] == "over" for one in results)
    parts = []
    if done:
        parts.append(f'<p>{html.escape(name)} 已{zh} {done} 位。<br><span lang="en">Done for {done}.</span>')
    if others:
        who = html.escape("、".join(others))
        parts.append(f'<p>{who} 已认领。<br><span lang="en">{who} has claimed it.</span>')
    if over:
        parts.append(f'<p>{over} 位已结束。<br><span lang="en">{over} are over.</span>')
    return f"<h1>{zh if done else '未' + zh}</h1>{''.join(parts)}{_CONSOLE}"


async def _form(receive: Receive) -> dict[str, str]:
    body = bytearray()
    more = True
    while more and len(body) <= FORM_BYTES:
        message = await receive()
        if message["type"] == "http.disconnect":
            break
        body += message.get("body", b"")
        more = message.get("more_body", False)
    fields = parse_qs(body[:FORM_BYTES].decode("utf-8", "replace"))
    return {name: values[0] for name, values in fields.items()}


def _cookie(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"cookie":
            for part in value.decode("latin-1").split(";"):
                key, _, text = part.strip().partition("=")
                if key == COOKIE:
                    return plain(unquote(text), NAME_CHARACTERS)
    return ""


async def _page(send: Send, status: int, content: str, cookie: str | None = None) -> None:
    body = (
        '<!doctype html><html lang="zh-CN"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f'<meta name="robots" content="noindex"><title>售前提醒</title><style>{STYLE}</style>'
        f"<main>{content}</main></html>"
    ).encode()
    headers: list[Header] = [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-length", b"%d" % len(body)),
        (b"content-security-policy", _POLICY),
        (b"cache-control", b"no-store"),
    ]
    if cookie is not None:
        headers.append((b"set-cookie", cookie.encode("latin-1")))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
