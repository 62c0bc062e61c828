"""How much a channel may be sent a day and a month, where somebody pays for it."""

import logging
from datetime import UTC, datetime, timedelta, timezone
from typing import Protocol

from monitor.alerts.router import Route

log = logging.getLogger(__name__)

ZONE = timezone(timedelta(hours=8))  # Whose days and months the robots count by.
WARN_AT = 0.8


class Used(Protocol):
    """Where it is known how much was tried."""

    async def used_since(self, channel: str, hour_ms: int) -> int:
        """Return how often something was tried on a channel since an hour."""


class Quota:
    """What is left of one channel's day and month."""

    def __init__(self, route: Route) -> None:
        self._route = route
        self._day, self._month = "", ""
        self._today = self._this_month = 0
        self._warned: dict[str, str] = {}

    async def read(self, used: Used, now_ms: int) -> None:
        """Take up what was used before a restart."""
        route = self._route
        if route.per_day is None and route.per_month is None:
            return
        now = datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(ZONE)
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        self._turn(now)
        self._today = await used.used_since(route.channel, round(midnight.timestamp() * 1000))
        self._this_month = await used.used_since(route.channel, round(midnight.replace(day=1).timestamp() * 1000))

    def may(self, now_ms: int) -> bool:
        """Whether one more may be sent."""
        route = self._route
        if route.per_day is None and route.per_month is None:
            return True
        self._turn(datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(ZONE))
        for name, used, at_most in (("day", self._today, route.per_day), ("month", self._this_month, route.per_month)):
            if at_most is None:
                continue
            mark = f"{self._day if name == 'day' else self._month} {used >= at_most}"
            if used >= WARN_AT * at_most and mark != self._warned.get(name):
                self._warned[name] = mark
                log.warning("channel %s: %d of %d messages of this %s are used", route.channel, used, at_most, name)
            if used >= at_most:
                return False
        return True

    def take(self) -> None:
        """Count one try."""
        self._today += 1
        self._this_month += 1

    def _turn(self, now: datetime) -> None:
        day, month = f"{now:%Y-%m-%d}", f"{now:%Y-%m}"
        if day != self._day:
            self._day, self._today = day, 0
        if month != self._month:
            self._month, self._this_month = month, 0
