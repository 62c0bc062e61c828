"""What all robots of group chats share: they answer 200 and say in the body whether it was taken.

A subclass puts a message into its form and names the codes of its errors. Success
is what the body says: a robot that was blocked answers 200 as well.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import msgspec
from yarl import URL

from monitor.alerts.channels.http import TOTAL_SECONDS, Answer, Poster, judge_status
from monitor.alerts.router import Route
from monitor.alerts.saying import Saying, saying_of
from monitor.clock import Clock
from monitor.errors import DeliveryError
from monitor.store.entries import Delivery
from monitor.wire.reading import UNREADABLE

CONCURRENCY = 1  # One after the other: a budget of a few a minute needs no more, and order is kept.
CODE_SHOWN = 60  # Characters of what the robot says of its error.


class Robot(ABC):
    """One robot.

    Args:
        url: with the key in it.
        secret: signs, where the robot was made so.
        route: its name, budget and fallback.
    """

    def __init__(
        self,
        url: str,
        secret: str | None,
        clock: Clock,
        *,
        route: Route,
        allow_private: bool = False,
        total_seconds: float = TOTAL_SECONDS,
    ) -> None:
        self.route = route
        self.concurrency = CONCURRENCY
        self._secret = secret
        self._clock = clock
        self._poster = Poster(
            url,
            what=f"channel {route.channel}",
            connections=CONCURRENCY,
            allow_private=allow_private,
            total_seconds=total_seconds,
        )

    async def open(self) -> None:
        """Make the connection's pool."""
        await self._poster.open()

    async def close(self) -> None:
        """Close it."""
        await self._poster.close()

    async def send(self, delivery: Delivery) -> None:
        """Post once.

        Raises:
            DeliveryError: as `Channel.send` says.
        """
        now_ms = self._clock.now_ms()
        body = msgspec.json.encode(self.form(saying_of(delivery), now_ms))
        answer = await self._poster.post(body, url=self.address(self._poster.url, now_ms))
        judge_status(answer, now_ms)
        self.judge(answer)

    def address(self, url: URL, now_ms: int) -> URL:  # noqa: ARG002 - for those that sign in it
        """Return where to post."""
        return url

    @abstractmethod
    def form(self, saying: Saying, now_ms: int) -> Any:
        """Return the JSON of a message."""

    @abstractmethod
    def judge(self, answer: Answer) -> None:
        """Return where the body says that it was taken.

        Raises:
            DeliveryError: it was not.
        """


def judge_code(
    answer: Answer,
    *,
    code: tuple[str, ...],
    message: tuple[str, ...],
    blocked_seconds: Mapping[int, float],
    passing: frozenset[int] = frozenset({-1}),
    secret: frozenset[int] = frozenset(),
) -> None:
    """Return where the code in the body is 0.

    Args:
        answer: the robot's.
        code: names the code may have; one that is there counts.
        message: names of the text beside it.
        blocked_seconds: codes that say "too fast", and for how long nothing more is to be tried.
        passing: codes of a fault that passes.
        secret: codes of a wrong secret, keyword or address.

    Raises:
        DeliveryError: it was not taken.
    """
    try:
        said = msgspec.json.decode(answer.text, type=dict[str, Any])
    except UNREADABLE:
        raise DeliveryError("protocol", detail="the answer is not what such a robot gives") from None
    found = next((said[name] for name in code if type(said.get(name)) is int), None)  # False is no 0.
    if found == 0:
        return
    if found is None:
        raise DeliveryError("protocol", detail="the answer has no code")
    text = next((said[name] for name in message if isinstance(said.get(name), str)), "")
    shown = "".join(letter for letter in text[:CODE_SHOWN] if letter.isprintable())
    detail = f"code {found}: {shown}" if shown else f"code {found}"
    if found in blocked_seconds:
        raise DeliveryError("too_fast", retry_after_seconds=blocked_seconds[found], detail=detail)
    if found in passing:
        raise DeliveryError("busy", detail=detail)
    if found in secret:
        raise DeliveryError("secret", permanent=True, detail=detail)
    raise DeliveryError("refused", permanent=True, detail=detail)
