import logging
from collections.abc import AsyncIterator

import pytest

from monitor.alerts.channels.log import LogChannel
from monitor.alerts.saying import Link, Saying
from monitor.errors import DeliveryError
from tests.alerts.channels.contract import delivery
from tests.alerts.channels.robots import people


@pytest.fixture
async def channel() -> AsyncIterator[LogChannel]:
    made = LogChannel(route=people("log"))
    await made.open()
    yield made
    await made.close()


async def test_a_message_is_one_line_and_nobody_can_act_by_it(
    channel: LogChannel, caplog: pytest.LogCaptureFixture
) -> None:
    saying = Saying(
        title="【还剩60秒】小林\n2026 ERROR x", lines=("问：\x1b[31m包邮吗",), links=(Link("认领", "https://m/a?k=1"),)
    )
    await channel.send(delivery(channel, saying=saying))
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert record.getMessage() == "【还剩60秒】小林 2026 ERROR x ‖ 问：[31m包邮吗"


async def test_a_closed_one_takes_nothing(channel: LogChannel) -> None:
    await channel.close()
    with pytest.raises(DeliveryError, match="closed"):
        await channel.send(delivery(channel))
