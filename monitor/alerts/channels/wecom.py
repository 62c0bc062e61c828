"""A WeCom group robot (企业微信群机器人); its key is in the address.

Only plain text mentions by mobile number; markdown mentions by user id. Plain text
has 2,048 bytes, markdown 4,096. Who is not known by a number or an id is only named.
"""

from typing import Any

from monitor.alerts.channels.http import Answer
from monitor.alerts.channels.robot import Robot, judge_code
from monitor.alerts.inert import cut, markdown, unlinked
from monitor.alerts.saying import Saying

TEXT_BYTES = 2_000
MARKDOWN_BYTES = 4_000
BLOCKED_SECONDS = {45009: 60.0, 45033: 60.0}
WRONG_SECRET = frozenset({93000, 40001, 40014})


class WeCom(Robot):
    """One robot."""

    def form(self, saying: Saying, now_ms: int) -> Any:  # noqa: ARG002 - nothing is signed
        """Return plain text where a number is mentioned, else markdown."""
        mobiles = [mobile for one in saying.mentions if (mobile := one.handles.get("mobile"))]
        if mobiles and not all(one.handles.get("wecom") for one in saying.mentions):
            tail = [f"{link.label}：{link.url}" for link in saying.links]
            tail += [unlinked(one.name) for one in saying.mentions if not one.handles.get("mobile")]
            lines = [unlinked(saying.title), *map(unlinked, saying.lines)]
            content = _fitted(lines, tail, TEXT_BYTES)
            return {"msgtype": "text", "text": {"content": content, "mentioned_mobile_list": mobiles}}
        tail = [" ".join(f"[{markdown(link.label)}]({link.url})" for link in saying.links)] if saying.links else []
        for one in saying.mentions:
            handle = one.handles.get("wecom")
            tail.append(f"<@{handle}>" if handle else markdown(one.name))
        lines = [f"**{markdown(saying.title)}**", *map(markdown, saying.lines)]
        return {"msgtype": "markdown", "markdown": {"content": _fitted(lines, tail, MARKDOWN_BYTES)}}

    def judge(self, answer: Answer) -> None:
        """Read ``errcode``."""
        judge_code(answer, code=("errcode",), message=("errmsg",), blocked_seconds=BLOCKED_SECONDS, secret=WRONG_SECRET)


def _fitted(lines: list[str], tail: list[str], at_most_bytes: int) -> str:
    """Return the lines, cut so that what is to be tapped and who is mentioned still stands below."""
    room = at_most_bytes - sum(len(line.encode()) + 1 for line in tail)
    return "\n".join([cut("\n".join(lines), max(room, 200)), *tail])
