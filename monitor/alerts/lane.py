"""One channel as the courier sees it: what is under way there, and what it may be given now."""

import random

from monitor.alerts.budget import Breaker, Bucket
from monitor.alerts.channels.base import Channel
from monitor.alerts.quota import Quota


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
        self.breaker = Breaker(rng)
        self.bucket: Bucket | None = None
        self.quota = Quota(channel.route)
        self.wake_at_ms = 0  # When this channel has asked to be looked at.
