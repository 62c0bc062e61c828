"""What every channel must do: a test of a channel is a subclass of ``ChannelContract``.

The subclass gives the fixture ``receiver``: the other end of its channel, on
this machine.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

import msgspec
import pytest
from msgspec import structs

from monitor.alerts.channels.base import Channel
from monitor.alerts.router import route
from monitor.alerts.saying import Saying, encode, saying_of
from monitor.errors import DeliveryError
from monitor.store.entries import Delivery
from tests.alerts.orders import raised
from tests.waiting import until


class Receiver(Protocol):
    """The other end, for tests.

    Attributes:
        channel: made for this receiver, not opened yet.
        bodies: what it has received, in order: of a channel for people the title it shows.
        secrets: what must never be shown.
    """

    channel: Channel
    bodies: list[bytes]
    secrets: list[str]

    async def start(self) -> None:
        """Be there, on the address that the channel knows."""

    async def stop(self) -> None:
        """Be away."""


def delivery(channel: Channel, wait: int = 7, saying: Saying | None = None) -> Delivery:
    """Return what a channel is given: an order's body, for people a message."""
    made = route(raised(wait=wait), epoch="k", channels=[channel.route])[0]
    if channel.route.for_people:
        made = structs.replace(made, body=encode(saying or Saying(title=f"【还剩60秒】B07 小林 {wait}位在等")))
    return made


def shown(message: Delivery) -> bytes:
    """Return what the receiver notes of a message."""
    try:
        return saying_of(message).title.encode()
    except msgspec.ValidationError:
        return message.body


async def eventually(send: Callable[[], Awaitable[None]]) -> None:
    """Send until it is taken: a channel may need a moment to find its receiver."""

    async def taken() -> bool:
        try:
            await send()
        except DeliveryError as error:
            if error.permanent:
                raise
            return False
        return True

    await until(taken, "taken by the receiver")


class ChannelContract:
    async def test_a_message_arrives_as_it_was_decided(self, receiver: Receiver) -> None:
        channel = receiver.channel
        await receiver.start()
        await channel.open()
        try:
            message = delivery(channel)
            await eventually(lambda: channel.send(message))
            await until(lambda: receiver.bodies)
            assert receiver.bodies == [shown(message)]
        finally:
            await channel.close()

    async def test_as_many_at_once_as_it_says(self, receiver: Receiver) -> None:
        channel = receiver.channel
        await receiver.start()
        await channel.open()
        try:
            await eventually(lambda: channel.send(delivery(channel, 0)))
            many = [delivery(channel, number) for number in range(1, channel.concurrency + 1)]
            await asyncio.gather(*(channel.send(message) for message in many))
            await until(lambda: len(receiver.bodies) == 1 + len(many))
            assert sorted(receiver.bodies[1:]) == sorted(shown(message) for message in many)
        finally:
            await channel.close()

    async def test_a_receiver_that_is_away_is_an_error_to_try_again_after(self, receiver: Receiver) -> None:
        channel = receiver.channel
        await channel.open()
        try:
            with pytest.raises(DeliveryError) as raised_:
                await channel.send(delivery(channel))
            assert not raised_.value.permanent
            assert raised_.value.reason.isidentifier()
            for secret in receiver.secrets:
                assert secret not in f"{raised_.value!r} {raised_.value}"
            assert raised_.value.__suppress_context__ or raised_.value.__context__ is None
            await receiver.start()
            await eventually(lambda: channel.send(delivery(channel)))
        finally:
            await channel.close()

    async def test_a_receiver_that_comes_back_is_found_again(self, receiver: Receiver) -> None:
        channel = receiver.channel
        await receiver.start()
        await channel.open()
        try:
            await eventually(lambda: channel.send(delivery(channel, 1)))
            await receiver.stop()
            with pytest.raises(DeliveryError):
                await channel.send(delivery(channel, 2))
            await receiver.start()
            await eventually(lambda: channel.send(delivery(channel, 3)))
        finally:
            await channel.close()

    async def test_closing_is_harmless_whenever_it_is_done(self, receiver: Receiver) -> None:
        channel = receiver.channel
        await channel.close()
        await channel.open()
        await channel.close()
        await channel.close()
        with pytest.raises(DeliveryError):
            await channel.send(delivery(channel))

    def test_its_name_fits_a_delivery_id_and_a_label(self, receiver: Receiver) -> None:
        route_ = receiver.channel.route
        assert "@" not in route_.channel
        assert route_.channel.isprintable()
        assert route_.expires_ms > 0
        assert receiver.channel.concurrency > 0

    def test_it_shows_no_secret(self, receiver: Receiver) -> None:
        for secret in receiver.secrets:
            assert secret not in repr(receiver.channel)
