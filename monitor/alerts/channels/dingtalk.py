"""A DingTalk group robot (钉钉群机器人).

Signed in the query: ``timestamp`` in milliseconds and ``sign``, the base64 of
HMAC-SHA256 over timestamp, line feed, secret, percent-encoded once. Somebody is
mentioned only if the number stands in ``at.atMobiles`` and as ``@number`` in the text;
a card with buttons cannot mention. More than 20 in a minute, and it is blocked for ten.
"""

import base64
import hashlib
import hmac
from typing import Any
from urllib.parse import quote_plus

from yarl import URL

from monitor.alerts.channels.http import Answer
from monitor.alerts.channels.robot import Robot, judge_code
from monitor.alerts.inert import cut, markdown
from monitor.alerts.saying import Saying

BODY_BYTES = 18_000  # It takes 20,000, less what is around the text.
BLOCKED_SECONDS = {130101: 600.0, 130102: 600.0, 410100: 600.0, 302033: 600.0}
WRONG_SECRET = frozenset({310000, 300001, 300005, 40035, 43004})


class DingTalk(Robot):
    """One robot."""

    def address(self, url: URL, now_ms: int) -> URL:
        """Return the address with the signature of now."""
        if self._secret is None:
            return url
        mark = "&" if url.raw_query_string else "?"
        return URL(f"{url}{mark}timestamp={now_ms}&sign={quote_plus(sign(self._secret, now_ms))}", encoded=True)

    def form(self, saying: Saying, now_ms: int) -> Any:  # noqa: ARG002 - signed in the address
        """Return a card with buttons, or, where somebody is mentioned, markdown with links."""
        title = markdown(saying.title)
        mobiles = [mobile for one in saying.mentions if (mobile := one.handles.get("mobile"))]
        names = [markdown(one.name) for one in saying.mentions if not one.handles.get("mobile")]
        lines = [f"**{title}**", *map(markdown, saying.lines)]
        if names:
            lines.append("、".join(names))
        if saying.links and not mobiles:
            buttons = [{"title": markdown(link.label), "actionURL": link.url} for link in saying.links]
            text = cut("\n\n".join(lines), BODY_BYTES)
            card = {"title": title, "text": text, "btnOrientation": "1", "btns": buttons}
            return {"msgtype": "actionCard", "actionCard": card}
        tail = [" | ".join(f"[{markdown(link.label)}]({link.url})" for link in saying.links)] if saying.links else []
        if mobiles:
            tail.append(" ".join(f"@{mobile}" for mobile in mobiles))
        room = BODY_BYTES - sum(len(line.encode()) + 2 for line in tail)
        text = "\n\n".join([cut("\n\n".join(lines), room), *tail])
        at = {"atMobiles": mobiles, "isAtAll": False}
        return {"msgtype": "markdown", "markdown": {"title": title, "text": text}, "at": at}

    def judge(self, answer: Answer) -> None:
        """Read ``errcode``."""
        judge_code(answer, code=("errcode",), message=("errmsg",), blocked_seconds=BLOCKED_SECONDS, secret=WRONG_SECRET)


def sign(secret: str, now_ms: int) -> str:
    """Return the signature of an instant, not yet percent-encoded."""
    digest = hmac.digest(secret.encode(), f"{now_ms}\n{secret}".encode(), hashlib.sha256)
    return base64.b64encode(digest).decode()
