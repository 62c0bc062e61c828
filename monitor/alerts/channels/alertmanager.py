"""Pushes to a Prometheus Alertmanager: ``POST /api/v2/alerts``.

Alertmanager takes an alert for ended once its ``endsAt`` is past, so what stands is
posted again before, and what is over is posted with its end. What stood at a restart
is handed back by `resume`, from the outbox.
"""

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from typing import Any

import msgspec
from yarl import URL

from monitor.alerts.channels.http import TOTAL_SECONDS, Poster, judge_status
from monitor.alerts.channels.shapes import ENDED, annotations_of, labels_of
from monitor.alerts.router import MACHINE_EXPIRES_MS, Route
from monitor.clock import Clock
from monitor.errors import DeliveryError
from monitor.store.entries import Delivery
from monitor.wire import instant_text

log = logging.getLogger(__name__)

CONCURRENCY = 4
STANDS_MS = 4 * 60_000  # Said to stand so long; Alertmanager's own resolve_timeout is 5 min.
AGAIN_SECONDS = 60.0  # Three tries may fail before it would be taken for ended.
A_POST = 500  # Alerts in one request.
PATH = "api/v2/alerts"


class AlertmanagerChannel:
    """One Alertmanager.

    Args:
        url: its address, without the path of the API.

    Raises:
        UsageError: the address cannot be one.
    """

    def __init__(
        self,
        url: str,
        clock: Clock,
        *,
        name: str = "alertmanager",
        allow_private: bool = False,
        again_seconds: float = AGAIN_SECONDS,
        total_seconds: float = TOTAL_SECONDS,
    ) -> None:
        self.route = Route(channel=name, for_people=False, expires_ms=MACHINE_EXPIRES_MS)
        self.concurrency = CONCURRENCY
        self._poster = Poster(
            url,
            what=f"channel {name}",
            connections=CONCURRENCY + 1,
            allow_private=allow_private,
            total_seconds=total_seconds,
        )
        base = self._poster.url
        self._url = URL(f"{str(base).rstrip('/')}/{PATH}", encoded=True)
        self._clock = clock
        self._again_seconds = again_seconds
        self._standing: dict[str, dict[str, Any]] = {}  # By alert id, what is posted again.
        self._task: asyncio.Task[None] | None = None

    def resume(self, told: Sequence[Delivery]) -> None:
        """Take up what had been told there and stands."""
        for delivery in told:
            self._note(msgspec.json.decode(delivery.body)["data"])

    async def open(self) -> None:
        """Make the pool of connections and begin to repeat what stands."""
        await self._poster.open()
        self._task = asyncio.create_task(self._repeat())

    async def close(self) -> None:
        """Stop repeating, close the pool."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await self._poster.close()

    async def send(self, delivery: Delivery) -> None:
        """Post once.

        Raises:
            DeliveryError: as `Channel.send` says.
        """
        data = msgspec.json.decode(delivery.body)["data"]
        await self._post([self._alert(data)])
        self._note(data)

    def _note(self, data: dict[str, Any]) -> None:
        if data["transition"] in ENDED:
            self._standing.pop(data["id"], None)
        else:
            self._standing[data["id"]] = data

    def _alert(self, data: dict[str, Any]) -> dict[str, Any]:
        now_ms = self._clock.now_ms()
        # An end must not lie before what was said to stand; now is when we know of it.
        ends_at_ms = now_ms if data["transition"] in ENDED else now_ms + STANDS_MS
        return {
            "labels": labels_of(data),
            "annotations": annotations_of(data),
            "startsAt": data["waiting_since"],
            "endsAt": instant_text(ends_at_ms),
        }

    async def _repeat(self) -> None:
        while True:
            await asyncio.sleep(self._again_seconds)
            standing = list(self._standing.values())
            for at in range(0, len(standing), A_POST):
                # What has ended meanwhile must not be said to stand.
                part = [data for data in standing[at : at + A_POST] if self._standing.get(data["id"]) is data]
                try:
                    await self._post([self._alert(data) for data in part])
                except DeliveryError as error:
                    log.warning("channel %s: what stands could not be repeated: %s", self.route.channel, error)
                    break

    async def _post(self, alerts: list[dict[str, Any]]) -> None:
        if alerts:
            answer = await self._poster.post(msgspec.json.encode(alerts), url=self._url)
            judge_status(answer, self._clock.now_ms())
