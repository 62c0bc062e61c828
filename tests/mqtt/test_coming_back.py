import asyncio
import logging

import pytest
from aiomqtt import MqttCodeError
from aiomqtt.exceptions import MqttConnectError
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

from monitor.mqtt import Backoff, Broker, Link, keep_connected
from monitor.mqtt.coming_back import why
from tests.program import free_port
from tests.waiting import until


async def never(link: Link) -> None:
    raise AssertionError(f"nobody listens there: {link}")


async def test_a_broker_that_is_away_for_long_is_one_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "monitor.mqtt")
    broker = Broker(host="127.0.0.1", port=free_port(), client_id="presales-test")
    coming = asyncio.create_task(keep_connected(broker, never, name="alerts", tls=None, backoff=Backoff(0.001, 0.002)))
    try:
        await until(lambda: len(caplog.records) >= 4 or coming.done(), "four tries")
    finally:
        coming.cancel()
        await asyncio.wait([coming])
    first, *others = (line.levelno for line in caplog.records)
    assert first == logging.WARNING
    assert set(others) == {logging.DEBUG}


def test_a_line_that_breaks_is_told_in_words_and_what_a_broker_says_is_told_as_it_says_it() -> None:
    broken = MqttCodeError(ReasonCode(PacketTypes.DISCONNECT, "Unspecified error"))
    assert why(broken) == "the connection was lost"
    assert "Not authorized" in why(MqttConnectError(ReasonCode(PacketTypes.CONNACK, "Not authorized")))
    assert "Unspecified" in why(MqttConnectError(ReasonCode(PacketTypes.CONNACK, "Unspecified error")))
