"""What every channel does."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from monitor.alerts.router import Route
from monitor.store.entries import Delivery


class Channel(Protocol):
    """A place where alerts go.

    Attributes:
        route: its name and what the router must know.
        concurrency: how many messages it takes at a time.
    """

    route: Route
    concurrency: int

    async def open(self) -> None:
        """Make ready; a receiver that is not there is no error here."""

    async def send(self, delivery: Delivery) -> None:
        """Deliver once, in a few seconds at most.

        Raises:
            DeliveryError: it was not taken, or nobody can know; ``permanent`` when another try is of no use,
                reason ``gone`` when nothing more should ever be sent there.
        """

    async def close(self) -> None:
        """Let go of what it holds; harmless when it is not open."""


@runtime_checkable
class Resumes(Protocol):
    """A channel that repeats what stands, and so must know it after a restart."""

    def resume(self, told: Sequence[Delivery]) -> None:
        """Take up what was told last of each alert; before `Channel.open`."""
