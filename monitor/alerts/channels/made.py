"""The channels of ``channels.yaml``, made: this is where their addresses and secrets are read."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from monitor.alerts.channels.alertmanager import AlertmanagerChannel
from monitor.alerts.channels.apprise import AppriseChannel
from monitor.alerts.channels.base import Channel
from monitor.alerts.channels.dingtalk import DingTalk
from monitor.alerts.channels.feishu import Feishu
from monitor.alerts.channels.log import LogChannel
from monitor.alerts.channels.mail import MailChannel
from monitor.alerts.channels.robot import Robot
from monitor.alerts.channels.shapes import SHAPES
from monitor.alerts.channels.slack import Slack
from monitor.alerts.channels.teams import Teams
from monitor.alerts.channels.webhook import WebhookChannel
from monitor.alerts.channels.wecom import WeCom
from monitor.alerts.router import PEOPLE_EXPIRES_MS, Route
from monitor.clock import Clock
from monitor.errors import UsageError
from monitor.policy_files import channels as files

ROBOTS: dict[type[Any], type[Robot]] = {
    files.DingTalk: DingTalk,
    files.Feishu: Feishu,
    files.WeCom: WeCom,
    files.Slack: Slack,
    files.Teams: Teams,
}


def made(plan: files.Plan, name: str, clock: Clock, *, environ: Mapping[str, str] | None = None) -> Channel:
    """Return one channel of a plan.

    Raises:
        UsageError: an address or a secret is not there or cannot be one; its text is not repeated.
    """
    return _made(name, plan.channels[name], clock, _reader(os.environ if environ is None else environ))


Read = Callable[[str, str, "str | None", "str | None"], "str | None"]


def _reader(environ: Mapping[str, str]) -> Read:
    def read(name: str, key: str, variable: str | None, path: str | None) -> str | None:
        """Return what a variable or a file holds; None where neither is named."""
        if variable is not None:
            value = environ.get(variable, "").strip()
            if not value:
                raise UsageError(f"channel {name}: {key}_env: {variable} is not set")
            return value
        if path is not None:
            try:
                value = Path(path).read_text("utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                reason = error.strerror if isinstance(error, OSError) else "is not UTF-8"
                raise UsageError(f"channel {name}: {key}_file: {path}: {reason}") from None
            if not value:
                raise UsageError(f"channel {name}: {key}_file: {path}: is empty")
            return value
        return None

    return read


def _made(name: str, said: Any, clock: Clock, read: Read) -> Channel:
    route = _route(name, said)
    if isinstance(said, files.Log):
        return LogChannel(route=route)
    if isinstance(said, files.Email):
        return MailChannel(
            said.host,
            clock,
            sender=said.sender,
            to=said.to,
            route=route,
            port=said.port,
            security=said.security,
            ca_file=said.ca_file,
            username=said.username,
            password=read(name, "password", said.password_env, said.password_file),
            allow_private=said.allow_private,
        )
    url = read(name, "url", said.url_env, said.url_file)
    assert url is not None
    if isinstance(said, files.Apprise):
        return AppriseChannel(url, route=route)
    if isinstance(said, files.Alertmanager):
        return AlertmanagerChannel(url, clock, name=name, allow_private=said.allow_private)
    secret = read(name, "secret", getattr(said, "secret_env", None), getattr(said, "secret_file", None))
    if isinstance(said, files.Webhook):
        secrets = secret.split() if secret else []
        return WebhookChannel(
            url, secrets, clock, name=name, shape=SHAPES[said.format], allow_private=said.allow_private
        )
    return ROBOTS[type(said)](url, secret, clock, route=route, allow_private=said.allow_private)


def _route(name: str, said: Any) -> Route:
    per_minute = said.limits.per_minute
    if per_minute is None and said.type in files.ROBOT_LIMITS:
        per_minute = files.IM_PER_MINUTE
    return Route(
        channel=name,
        for_people=not isinstance(said, files.MACHINES),
        expires_ms=PEOPLE_EXPIRES_MS,
        fallback=said.fallback,
        per_minute=per_minute,
        per_day=said.limits.per_day,
        per_month=said.limits.per_month,
    )
