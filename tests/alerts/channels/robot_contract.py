"""What every robot must do beyond `ChannelContract`; the fixture ``receiver`` is a `Group`."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import web

from monitor.alerts.channels.base import Channel
from monitor.alerts.saying import Link, Mention, Saying
from monitor.errors import DeliveryError
from tests.alerts.channels.contract import ChannelContract, delivery
from tests.alerts.channels.robots import Group
from tests.waiting import until

HOSTILE = "**b** [click](http://evil.com) <at id=all></at> @all <!channel> <@U1> `x` evil.com\x00\u202e\nnext & <b>"
LINKS = (Link("认领", "https://monitor.example/a/claim?k=1&s=2"), Link("打开会话", "aliim:sendmsg?x=1"))


@contextlib.asynccontextmanager
async def serving(group: Group) -> AsyncIterator[Channel]:
    await group.start()
    await group.channel.open()
    try:
        yield group.channel
    finally:
        await group.channel.close()
        await group.stop()


async def told(group: Group, saying: Saying) -> dict[str, object]:
    """Send one message; return what the robot got."""
    async with serving(group) as channel:
        await channel.send(delivery(channel, saying=saying))
    return group.messages[-1]


async def failing(group: Group) -> DeliveryError:
    """Send one message that is not taken; return why."""
    async with serving(group) as channel:
        with pytest.raises(DeliveryError) as raised:
            await channel.send(delivery(channel))
    for secret in group.secrets:
        assert secret not in f"{raised.value!r} {raised.value}"
    assert raised.value.reason.isidentifier()
    return raised.value


def answering(status: int, text: str = "", **headers: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def answer(_request: web.Request) -> web.StreamResponse:
        shown = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=status, text=text, headers=shown)

    return answer


class RobotContract(ChannelContract):
    async def test_who_is_too_fast_is_told_to_wait(self, receiver: Group) -> None:
        async with serving(receiver) as channel:
            for number in range(receiver.per_minute):
                await channel.send(delivery(channel, number))
            with pytest.raises(DeliveryError) as raised:
                await channel.send(delivery(channel, 99))
        assert not raised.value.permanent
        assert raised.value.retry_after_seconds == receiver.blocks_seconds
        assert len(receiver.messages) == receiver.per_minute

    async def test_what_a_buyer_writes_is_shown_and_does_nothing(self, receiver: Group) -> None:
        title = f"【还剩60秒】{HOSTILE}"
        message = str(await told(receiver, Saying(title=title, lines=(f"问：{HOSTILE}", "—"), links=LINKS)))
        for alive in ("http://evil", "[click]", "**b**", "<at id=all", "@all", "<!channel>", "<@U1>", "<b>", "\u202e"):
            assert alive not in message, alive
        assert "evil.com" not in message
        assert "\\x00" not in message
        assert "click" in message

    async def test_links_can_be_tapped(self, receiver: Group) -> None:
        message = str(await told(receiver, Saying(title="t", links=LINKS)))
        for link in LINKS:
            assert link.url in message
            assert link.label in message

    async def test_who_has_no_handle_is_named(self, receiver: Group) -> None:
        assert "小王" in str(await told(receiver, Saying(title="t", mentions=(Mention("小王"),), links=LINKS)))

    async def test_a_message_of_any_length_is_taken(self, receiver: Group) -> None:
        long = Saying(title="【还剩60秒】" + "很长的店名" * 40, lines=("长" * 30_000,), links=LINKS)
        message = str(await told(receiver, long))
        assert LINKS[0].url in message

    @pytest.mark.parametrize("status", [302, 404, 500])
    async def test_a_status_that_is_no_success_is_none(self, receiver: Group, status: int) -> None:
        receiver.instead = answering(status, "ok", Location="http://127.0.0.1:1/")
        error = await failing(receiver)
        assert not error.permanent
        assert len(receiver.came) == 1

    async def test_429_is_given_the_time_it_asks_for(self, receiver: Group) -> None:
        receiver.instead = answering(429, Retry_After="17")
        assert (await failing(receiver)).retry_after_seconds == 17

    async def test_gone_is_for_good(self, receiver: Group) -> None:
        receiver.instead = answering(410)
        error = await failing(receiver)
        assert (error.reason, error.permanent) == ("gone", True)

    async def test_one_that_resets_is_an_error(self, receiver: Group) -> None:
        async def reset(request: web.Request) -> web.StreamResponse:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()

        receiver.instead = reset
        assert (await failing(receiver)).reason == "reset"

    async def test_one_that_hangs_is_given_up(self, receiver: Group) -> None:
        asked = asyncio.Event()

        async def hang(_request: web.Request) -> web.StreamResponse:
            asked.set()
            await asyncio.Event().wait()
            return web.Response()

        receiver.instead = hang
        poster = receiver.channel._poster  # type: ignore[attr-defined]
        poster._timeout = type(poster._timeout)(total=0.2)
        async with serving(receiver) as channel:
            while not asked.is_set():  # On a busy machine the time may be over before it is asked.
                with pytest.raises(DeliveryError, match="timeout"):
                    await channel.send(delivery(channel))

    async def test_of_an_endless_answer_only_a_beginning_is_read(self, receiver: Group) -> None:
        written, cut_off = 0, asyncio.Event()

        async def endless(request: web.Request) -> web.StreamResponse:
            nonlocal written
            response = web.StreamResponse(status=200, headers={"Content-Length": str(100 << 20)})
            await response.prepare(request)
            try:
                for _ in range(100):
                    await response.write(b"x" * (1 << 20))
                    written += 1 << 20
            except ConnectionError:
                cut_off.set()
                raise
            return response

        receiver.instead = endless
        async with serving(receiver) as channel:
            with contextlib.suppress(DeliveryError):
                await channel.send(delivery(channel))
            await until(cut_off.is_set)
        assert written < 20 << 20

    async def test_nothing_secret_is_logged(self, receiver: Group, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        receiver.instead = answering(500)
        await failing(receiver)
        assert not [secret for secret in receiver.secrets if secret in caplog.text]
