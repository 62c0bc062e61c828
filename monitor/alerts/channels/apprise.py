"""What has no channel of its own here, through Apprise: ``pip install presales-monitor[apprise]``.

Not for DingTalk, Feishu, Lark and WeCom: Apprise calls a message sent that the robot
has refused, and signs wrongly for DingTalk. It blocks while it sends, so it runs in one
thread; while that is stuck the channel takes nothing.
"""

import asyncio
import logging
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from monitor.alerts.inert import unlinked
from monitor.alerts.router import Route
from monitor.alerts.saying import saying_of
from monitor.errors import DeliveryError, UsageError
from monitor.store.entries import Delivery

ANSWER_SECONDS = 12.0  # Some of its senders wait for five seconds before they begin.
HAS_ITS_OWN = frozenset({"dingtalk", "feishu", "lark", "wecombot"})


class AppriseChannel:
    """Some of Apprise's services.

    Args:
        urls: as Apprise writes them, with spaces between.

    Raises:
        UsageError: Apprise is not installed, or does not know an address.
    """

    def __init__(self, urls: str, *, route: Route, answer_seconds: float = ANSWER_SECONDS) -> None:
        self.route = route
        self.concurrency = 1
        self._services: Any = _services(urls.split(), f"channel {route.channel}")
        self._answer_seconds = answer_seconds
        self._thread: ThreadPoolExecutor | None = None
        self._sending: asyncio.Future[bool] | None = None

    async def open(self) -> None:
        """Make the thread."""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="apprise")

    async def close(self) -> None:
        """Let the thread end by itself: a blocked sender cannot be stopped."""
        if self._thread is not None:
            self._thread.shutdown(wait=False, cancel_futures=True)
            self._thread = None

    async def send(self, delivery: Delivery) -> None:
        """Send once.

        Raises:
            DeliveryError: as `Channel.send` says.
        """
        if self._thread is None:
            raise DeliveryError("closed")
        if self._sending is not None and not self._sending.done():
            raise DeliveryError("busy", detail="the message before is still being sent")
        saying = saying_of(delivery)
        lines = [*map(unlinked, saying.lines), *(f"{link.label}: {link.url}" for link in saying.links)]
        title, body = unlinked(saying.title), "\n".join(lines) or unlinked(saying.title)
        loop = asyncio.get_running_loop()
        self._sending = loop.run_in_executor(self._thread, self._notify, title, body)
        try:
            async with asyncio.timeout(self._answer_seconds):
                taken = await asyncio.shield(self._sending)
        except TimeoutError:
            raise DeliveryError("timeout") from None
        except Exception:  # Its senders raise what their libraries raise, with addresses in it.
            raise DeliveryError("fault") from None
        if not taken:
            raise DeliveryError("refused", detail="Apprise does not say why")

    def _notify(self, title: str, body: str) -> bool:
        return bool(self._services.notify(title=title, body=body, body_format="text"))


def _services(urls: list[str], what: str) -> Any:
    for url in urls:
        kind = url.partition(":")[0].lower()
        if kind in HAS_ITS_OWN:
            raise UsageError(f"{what}: {kind} has a channel of its own here; Apprise cannot see its errors")
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)  # It logs addresses, which hold keys.
    with warnings.catch_warnings():  # What it imports is not ours to mend.
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            import apprise
        except ImportError:
            raise UsageError(f"{what}: Apprise is not installed: pip install presales-monitor[apprise]") from None
        services = apprise.Apprise()
        if not urls or not all(services.add(url) for url in urls):
            raise UsageError(f"{what}: Apprise does not know an address of it")
    return services
