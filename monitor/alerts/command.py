"""``send-test``: one real message to one channel, and what came of it."""

import asyncio
import json
import secrets
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import click
from msgspec.structs import replace

from monitor.alerts.channels import configured
from monitor.alerts.channels.base import Channel
from monitor.alerts.channels.made import made
from monitor.alerts.router import route
from monitor.alerts.saying import Saying, encode
from monitor.clock import Clock
from monitor.core.decisions import AlertOrder, RaiseAlert, ResolveAlert
from monitor.errors import DeliveryError, UsageError
from monitor.options import AS_JSON, CONFIG, RULES
from monitor.policy_files.channels import Plan
from monitor.policy_files.in_force import first_rules
from monitor.policy_files.where import choose
from monitor.settings import load as load_settings
from monitor.store.entries import Delivery
from monitor.yaml_files import did_you_mean

CONNECT_SECONDS = 5.0  # A broker is connected to beside the sending.
AGAIN_SECONDS = 0.1
SHOP = "send-test"  # What a program that acts on alerts can tell a test by.


class Result(NamedTuple):
    """What came of a test."""

    channel: str
    sent: bool
    reason: str
    detail: str
    permanent: bool
    seconds: float


@click.command("send-test")
@click.argument("channel")
@RULES
@CONFIG
@AS_JSON
def send_test(channel: str, rules: Path | None, config: Path | None, as_json: bool) -> None:
    """Send a test message to a channel of channels.yaml, or to "webhook" or "mqtt" of the settings.

    Exit 0 when it was taken, 1 when it was not, 2 when there is no such channel or a secret of it is missing.
    """
    settings = load_settings(config)
    plan = first_rules(choose(rules, settings.rules).folder).channels
    clock = Clock()
    own = {one.route.channel: one for one in configured(settings, clock, f"send-test-{secrets.token_hex(4)}")}
    found = own.get(channel)
    if found is None:
        if channel not in plan.channels:
            known = sorted({*own, *plan.channels})
            there = f"; there is {', '.join(known)}" if known else "; none is set up, see docs/channels.md"
            raise UsageError(f"there is no channel {channel}{did_you_mean(channel, known) or there}")
        found = made(plan, channel, clock)
    result = asyncio.run(tried(found, clock, lang=_lang(plan, channel)))
    if as_json:
        click.echo(json.dumps(result._asdict(), ensure_ascii=False))
    elif result.sent:
        click.echo(f"{channel}: taken in {result.seconds:.2f} s; look whether it is there")
    else:
        again = "another try would be of no use" if result.permanent else "another try may help"
        click.echo(f"{channel}: not taken: {result.detail or result.reason} ({again})", err=True)
    sys.exit(0 if result.sent else 1)


def _lang(plan: Plan, channel: str) -> str:
    said = plan.channels.get(channel)
    return said.lang if said is not None else "zh"


async def tried(channel: Channel, clock: Clock, *, lang: str = "zh") -> Result:
    """Send one test, to programs its end as well; return what came of it."""
    began = time.monotonic()
    failure: DeliveryError | None = None
    await channel.open()
    try:
        for delivery in _test(channel, clock.now_ms(), lang):
            await _sent(channel, delivery)
    except DeliveryError as error:
        failure = error
    finally:
        await channel.close()
    seconds = round(time.monotonic() - began, 3)
    if failure is None:
        return Result(channel.route.channel, True, "", "", False, seconds)
    return Result(channel.route.channel, False, failure.reason, str(failure), failure.permanent, seconds)


async def _sent(channel: Channel, delivery: Delivery) -> None:
    deadline = time.monotonic() + CONNECT_SECONDS
    while True:
        try:
            await channel.send(delivery)
        except DeliveryError as error:
            if error.reason != "connect" or time.monotonic() > deadline or channel.route.for_people:
                raise
            await asyncio.sleep(AGAIN_SECONDS)
        else:
            return


def _test(channel: Channel, now_ms: int, lang: str) -> list[Delivery]:
    wait = now_ms // 1000
    orders: list[AlertOrder] = [_order(RaiseAlert, wait, now_ms)]
    if not channel.route.for_people:
        orders.append(_order(ResolveAlert, wait, now_ms))
    deliveries = [one for order in orders for one in route(order, epoch="test", channels=[channel.route])]
    if not channel.route.for_people:
        return deliveries
    if lang == "zh":
        saying = Saying(
            title=f"【测试】售前提醒：通道 {channel.route.channel} 正常", lines=("这是一条测试消息，不用处理。",)
        )
    else:
        saying = Saying(title=f"[test] Presales Monitor reaches {channel.route.channel}", lines=("Nothing to do.",))
    return [replace(deliveries[0], body=encode(saying))]


def _order(kind: type[AlertOrder], wait: int, now_ms: int) -> AlertOrder:
    ended: dict[str, Any] = {"reason": "dismissed"} if kind is ResolveAlert else {}
    return kind(
        wait=wait,
        stage="slow",
        due_at_ms=now_ms,
        decided_at_ms=now_ms,
        platform="test",
        shop=SHOP,
        conversation=SHOP,
        buyer=SHOP,
        agent=None,
        account=None,
        team=SHOP,
        waiting_since_ms=now_ms,
        opened_at_ms=now_ms,
        opened_by=SHOP,
        buyer_messages=1,
        **ended,
    )
