import asyncio
import socket

import pytest

from monitor.alerts.channels.base import Channel
from monitor.alerts.channels.private import PrivateAddress, is_private, refused_literal, resolved
from monitor.alerts.channels.slack import Slack
from monitor.clock import Clock
from monitor.errors import DeliveryError
from tests.alerts.channels.contract import delivery
from tests.alerts.channels.robots import people
from tests.alerts.channels.workspace import Workspace


@pytest.mark.parametrize(
    ("address", "private"),
    [
        ("8.8.8.8", False),
        ("2606:4700:4700::1111", False),
        ("127.0.0.1", True),
        ("10.1.2.3", True),
        ("192.168.1.1", True),
        ("172.31.255.255", True),
        ("169.254.169.254", True),
        ("100.64.0.1", True),
        ("0.0.0.0", True),  # noqa: S104 - nothing is bound
        ("224.0.0.1", True),
        ("255.255.255.255", True),
        ("::1", True),
        ("::", True),
        ("fe80::1%eth0", True),
        ("fd00::1", True),
        ("::ffff:10.0.0.1", True),
        ("::ffff:8.8.8.8", False),
        ("64:ff9b::a00:1", True),
        ("2002:a00:1::", True),
    ],
)
def test_only_hosts_of_the_public_internet_are_not_private(address: str, private: bool) -> None:
    assert is_private(address) is private


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "0177.0.0.1", "2130706433", "127.1"])
async def test_an_address_inside_is_refused_before_anything_is_sent(host: str) -> None:
    group = Workspace()
    await group.start()
    channel: Channel = Slack(f"http://{host}:{group.port}/{group.key}", None, Clock(), route=people("slack"))
    await channel.open()
    try:
        with pytest.raises(DeliveryError) as error:
            await channel.send(delivery(channel))
    finally:
        await channel.close()
        await group.stop()
    assert group.came == []
    assert group.key not in str(error.value)
    if host in ("127.0.0.1", "localhost", "[::1]"):
        assert (error.value.reason, error.value.permanent) == ("private_address", True)


async def test_a_name_that_answers_both_ways_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    async def two(*_: object, **__: object) -> list[object]:
        return [(socket.AF_INET, 1, 6, "", (address, 443)) for address in ("8.8.8.8", "10.0.0.1")]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", two)
    with pytest.raises(PrivateAddress):
        await resolved("rebind.example", 443, allow_private=False)
    assert len(await resolved("rebind.example", 443, allow_private=True)) == 2


async def test_what_was_looked_at_is_what_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second look at the name would lead elsewhere: there is none."""
    loop = asyncio.get_running_loop()
    group = Workspace()
    await group.start()
    asked: list[str] = []
    real = loop.getaddrinfo

    async def once(host: str, port: int, **more: object) -> object:
        asked.append(host)
        assert asked.count("hooks.example") == 1
        return await real("127.0.0.1" if host == "hooks.example" else host, port, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(loop, "getaddrinfo", once)
    url = f"http://hooks.example:{group.port}/{group.key}"
    channel = Slack(url, None, Clock(), route=people("slack"), allow_private=True)
    await channel.open()
    try:
        await channel.send(delivery(channel))
    finally:
        await channel.close()
        await group.stop()
    assert len(group.messages) == 1


@pytest.mark.parametrize(
    ("host", "refused"),
    [("10.0.0.1", True), ("[::1]", True), ("8.8.8.8", False), ("10.0.0.1.example", False)],
)
def test_an_address_written_out_is_refused_where_it_is_private_unless_those_are_allowed(
    host: str, refused: bool
) -> None:
    assert refused_literal(host, allow_private=False) == refused
    assert not refused_literal(host, allow_private=True)
