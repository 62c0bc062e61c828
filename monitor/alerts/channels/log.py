"""Alerts as lines of the service's own log: for a first try, and for what nobody else is told."""

import logging

from monitor.alerts.inert import plain
from monitor.alerts.router import Route
from monitor.alerts.saying import saying_of
from monitor.errors import DeliveryError
from monitor.store.entries import Delivery

log = logging.getLogger("monitor.told")


class LogChannel:
    """The log."""

    def __init__(self, *, route: Route) -> None:
        self.route = route
        self.concurrency = 8
        self._open = False

    async def open(self) -> None:
        """It is always there."""
        self._open = True

    async def close(self) -> None:
        """It stays."""
        self._open = False

    async def send(self, delivery: Delivery) -> None:
        """Write the title and the lines, on one line. Links let people act, so they stay out of a log.

        Raises:
            DeliveryError: it is closed.
        """
        if not self._open:
            raise DeliveryError("closed")
        saying = saying_of(delivery)
        log.warning("%s", " ‖ ".join(map(plain, (saying.title, *saying.lines))))
