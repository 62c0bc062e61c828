"""What can go wrong that a caller can act on.

    MonitorError
    ├── UsageError            wrong setting, argument or file: say it, exit 2
    │   └── DataInUse         another process holds the data folder
    ├── Busy                  too much is waiting: come again later (429)
    ├── StoreUnavailable      the disk takes nothing now: nothing was stored (503)
    └── DeliveryError         a channel did not take a message

A fault in our own code is an assertion, not one of these.
"""


class MonitorError(Exception):
    """Any error of the world that a caller can act on."""


class UsageError(MonitorError):
    """A setting, an argument or a file is wrong; the message says what to do."""


class DataInUse(UsageError):
    """Another process holds the data folder; the message names it."""


class Busy(MonitorError):
    """The queue is full.

    Attributes:
        retry_after_seconds: when it is worth trying again.
    """

    def __init__(self, retry_after_seconds: int = 1) -> None:
        super().__init__(f"too much is waiting to be stored; try again in {retry_after_seconds} s")
        self.retry_after_seconds = retry_after_seconds


class StoreUnavailable(MonitorError):
    """The journal cannot be written now (disk full, read-only, failing); what was offered is not stored."""


class DeliveryError(MonitorError):
    """A channel did not take a message.

    Attributes:
        reason: one word that the metric counts.
        permanent: do not retry.
        retry_after_seconds: what the receiver asked for, or None.
    """

    def __init__(
        self, reason: str, *, permanent: bool = False, retry_after_seconds: float | None = None, detail: str = ""
    ) -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.permanent = permanent
        self.retry_after_seconds = retry_after_seconds
