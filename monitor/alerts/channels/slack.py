"""A Slack incoming webhook: blocks of plain text, which has no markup, and buttons that open a link.

It answers ``ok``; 429 with Retry-After when it is too fast.
"""

from typing import Any

from monitor.alerts.channels.http import Answer
from monitor.alerts.channels.robot import Robot
from monitor.alerts.inert import cut, markdown
from monitor.alerts.saying import Saying
from monitor.errors import DeliveryError

HEADER_CHARACTERS = 150
TEXT_BYTES = 2_900  # A block takes 3,000 characters.
BUTTONS = 5


class Slack(Robot):
    """One webhook."""

    def form(self, saying: Saying, now_ms: int) -> Any:  # noqa: ARG002 - nothing is signed
        """Return blocks, and the title for the phone's lock screen."""
        title = markdown(saying.title)
        blocks: list[Any] = [{"type": "header", "text": _plain(title[:HEADER_CHARACTERS])}]
        if saying.lines:
            text = cut("\n".join(map(markdown, saying.lines)), TEXT_BYTES)
            blocks.append({"type": "section", "text": _plain(text)})
        if saying.mentions:
            named = []
            for one in saying.mentions:
                handle = one.handles.get("slack")
                named.append(f"<@{handle}>" if handle else _escaped(markdown(one.name)))
            blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": " ".join(named)}})
        if saying.links:
            buttons = [
                {"type": "button", "text": _plain(link.label), "url": link.url} for link in saying.links[:BUTTONS]
            ]
            blocks.append({"type": "actions", "elements": buttons})
        return {"text": _escaped(title), "blocks": blocks, "unfurl_links": False}

    def judge(self, answer: Answer) -> None:
        """Take only ``ok``; raises DeliveryError as `Robot.judge` says."""
        if answer.text.strip() != b"ok":
            raise DeliveryError("protocol", detail="the answer is not ok")


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text or " ", "emoji": False}


def _escaped(text: str) -> str:
    """Return text in which Slack sees no mention, link or entity of its own."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
