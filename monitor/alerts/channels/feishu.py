"""A Feishu or Lark group robot (飞书群机器人).

Signed in the body: ``timestamp`` in seconds and ``sign``, the base64 of HMAC-SHA256
whose key is timestamp, line feed, secret, over nothing. A card mentions by open_id.
"""

import base64
import hashlib
import hmac
from typing import Any

from monitor.alerts.channels.http import Answer
from monitor.alerts.channels.robot import Robot, judge_code
from monitor.alerts.inert import cut, markdown
from monitor.alerts.saying import Saying

TEXT_BYTES = 14_000  # It takes 20 kB in all.
BLOCKED_SECONDS = {9499: 60.0, 11232: 60.0, 11233: 60.0, 99991400: 60.0}
WRONG_SECRET = frozenset({19021, 19022, 19024})


class Feishu(Robot):
    """One robot."""

    def form(self, saying: Saying, now_ms: int) -> Any:
        """Return a card, signed."""
        elements: list[Any] = []
        if saying.lines:
            text = cut("\n".join(map(markdown, saying.lines)), TEXT_BYTES)
            elements.append({"tag": "div", "text": {"tag": "plain_text", "content": text}})
        if saying.mentions:
            named = []
            for one in saying.mentions:
                handle = one.handles.get("feishu")
                named.append(f'<at id="{handle}"></at>' if handle else markdown(one.name))
            elements.append({"tag": "markdown", "content": " ".join(named)})
        if saying.links:
            buttons = [
                {
                    "tag": "button",
                    "text": {"tag": "plain_text", "content": link.label},
                    "type": "default",
                    "url": link.url,
                }
                for link in saying.links
            ]
            elements.append({"tag": "action", "actions": buttons})
        header = {"title": {"tag": "plain_text", "content": markdown(saying.title)}, "template": "orange"}
        message: dict[str, Any] = {"msg_type": "interactive", "card": {"header": header, "elements": elements}}
        if self._secret is not None:
            seconds = now_ms // 1000
            message |= {"timestamp": str(seconds), "sign": sign(self._secret, seconds)}
        return message

    def judge(self, answer: Answer) -> None:
        """Read ``code``; older robots call it ``StatusCode``."""
        judge_code(
            answer,
            code=("code", "StatusCode"),
            message=("msg", "StatusMessage"),
            blocked_seconds=BLOCKED_SECONDS,
            secret=WRONG_SECRET,
        )


def sign(secret: str, seconds: int) -> str:
    """Return the signature of an instant."""
    return base64.b64encode(hmac.digest(f"{seconds}\n{secret}".encode(), b"", hashlib.sha256)).decode()
