"""A workspace of Slack's, as an incoming webhook sees it."""

from aiohttp import web

from monitor.alerts.channels.base import Channel
from monitor.alerts.channels.slack import Slack
from monitor.clock import Clock
from tests.alerts.channels.robots import Group, Json, people


class Workspace(Group):
    """A Slack incoming webhook: ``ok``, or a word and a status."""

    path = "/services"
    blocks_seconds = 30.0

    def made(self) -> Channel:
        return Slack(self.url, None, Clock(), route=people("slack"), allow_private=True)

    def fault(self, request: web.Request, message: Json) -> str | None:  # noqa: ARG002
        for block in message["blocks"]:
            text = block.get("text", {}).get("text", "x")
            if not text or len(text) > (150 if block["type"] == "header" else 3000):
                return "invalid_blocks"
        return None

    def title(self, message: Json) -> str:
        return str(message["blocks"][0]["text"]["text"])

    def taken(self) -> web.Response:
        return web.Response(text="ok")

    def refuse(self, why: str) -> web.Response:
        if why == "too_fast":
            return web.Response(status=429, text="rate_limited", headers={"Retry-After": "30"})
        return web.Response(status=400 if why == "invalid_blocks" else 404, text=why)
