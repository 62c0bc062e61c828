"""What systemd is told: that the service is ready, that it lives, that it stops.

The sign of life comes from the loop that decides, not from a thread beside it: a
program that hangs must not look alive. Without systemd (no ``NOTIFY_SOCKET``)
nothing is said.
"""

import asyncio
import logging
import os
import socket
from collections.abc import Awaitable, Callable
from typing import Self

log = logging.getLogger(__name__)

BEATS_A_LIMIT = 3  # Signs of life within the time after which systemd starts the program again.


class ServiceManager:
    """The line to systemd.

    Args:
        address: of its socket; None: there is none.
        limit_seconds: without a sign of life for so long the program is started again; None: no watch is kept.
    """

    def __init__(self, address: str | None, limit_seconds: float | None) -> None:
        self._address = address
        self._limit_seconds = limit_seconds

    @classmethod
    def of_environment(cls) -> Self:
        """Return the line that systemd has given this process."""
        limit_us = os.environ.get("WATCHDOG_USEC", "")
        is_for_us = os.environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        limit = int(limit_us) / 1_000_000 if limit_us.isdigit() and is_for_us else None
        return cls(os.environ.get("NOTIFY_SOCKET"), limit)

    def ready(self, status: str) -> None:
        """Say that the service does its work, and in one line how."""
        self._tell(f"READY=1\nSTATUS={status}")

    def stopping(self) -> None:
        """Say that it stops because it was asked to."""
        self._tell("STOPPING=1")

    async def keep_alive(self, turn: Callable[[], Awaitable[bool]]) -> None:
        """Give signs of life for ever, each after the loop has turned once.

        Args:
            turn: returns once the loop has turned; False when it never will again.
        """
        if self._address is None or self._limit_seconds is None:
            return
        while await turn():
            self._tell("WATCHDOG=1")
            await asyncio.sleep(self._limit_seconds / BEATS_A_LIMIT)

    def _tell(self, message: str) -> None:
        if self._address is None:
            return
        # An address that begins with @ is in the abstract name space.
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
                line.sendto(message.encode(), address)
        except OSError as error:
            log.warning("systemd cannot be told %s: %s", message.partition("\n")[0], error)
