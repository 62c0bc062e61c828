"""One channel as the courier sees it: what is under way there, and what it may be given now."""

import random

from monitor.alerts.budget import Breaker, Bucket
from monitor.alerts.channels.base import Channel
from monitor.alerts.quota import Quota
from monitor.store.entries import Rest


class Lane:
    """What is under way on one channel."""

    def __init__(self, channel: Channel, rng: random.Random) -> None:
        self.channel = channel
        self.route = channel.route
        self.name = channel.route.channel
        self.under_way: set[str] = set()  # Delivery ids, until what came of them is written down.
        self.quiet_until_ms = 0  # The receiver asked for patience, or failed again and again.
        self.quiet_reason = ""
        self.gone = False  # The receiver wants nothing more.
        self.rest_unsaved = False
        self.breaker = Breaker(rng)
        self.bucket: Bucket | None = None
        self.quota = Quota(channel.route)
        self.wake_at_ms = 0  # When this channel has asked to be looked at.

    def rest(self) -> Rest:
        """Return what a restart must know: a robot that has blocked us must not be hit again at once."""
        return Rest(self.name, self.quiet_until_ms, self.quiet_reason, self.breaker.opened)

    def resume(self, rest: Rest | None) -> None:
        """Take back what was kept."""
        if rest is not None:
            self.quiet_until_ms, self.quiet_reason = rest.until_ms, rest.reason
            self.breaker.resume(rest.opened)

    def works(self) -> None:
        """Note that something was taken."""
        self.breaker.succeeded()
        if self.quiet_until_ms:
            self.quiet_until_ms, self.quiet_reason, self.rest_unsaved = 0, "", True
