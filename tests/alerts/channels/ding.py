"""A group of DingTalk's, as its robots see it."""

from typing import ClassVar
from urllib.parse import parse_qs

from aiohttp import web

from monitor.alerts.channels.base import Channel
from monitor.alerts.channels.dingtalk import DingTalk
from monitor.clock import Clock
from tests.alerts.channels.robots import Group, Json, people, signature


class Ding(Group):
    """As DingTalk documents its robots: 20 a minute, then blocked for ten minutes."""

    path = "/robot/send?access_token="
    signs_with: ClassVar[str | None] = "SECd1ngd1ng"
    given: str | None = "SECd1ngd1ng"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/robot/send?access_token={self.key}"

    def made(self) -> Channel:
        return DingTalk(self.url, self.given, Clock(), route=people("ding"), allow_private=True)

    def fault(self, request: web.Request, message: Json) -> str | None:
        asked = parse_qs(request.query_string)
        timestamp, sign = asked.get("timestamp", [""])[0], asked.get("sign", [""])[0]
        assert self.signs_with is not None
        if not timestamp or abs(int(timestamp) - self.now_ms()) > 3_600_000:
            return "sign"
        if sign != signature(self.signs_with, f"{timestamp}\n{self.signs_with}"):
            return "sign"
        return "size" if len(str(message).encode()) > 20_000 else None

    def title(self, message: Json) -> str:
        return str(message[message["msgtype"]]["title"])

    def refuse(self, why: str) -> web.Response:
        if why == "too_fast":
            return self.code(130101, "send too fast, exceed 20 times per minute")
        if why == "size":
            return self.code(460101, "description: body 大小不合法;solution:请保持大小在 20000bytes 以内;")
        return self.code(310000, "sign not match, more: [https://ding-doc.dingtalk.com/doc]")
