"""Where alerts go. A channel is one file here, one line in ``CHANNELS``, and a test that runs the shared contract."""

from collections.abc import Callable

from monitor.alerts.channels import mqtt, webhook
from monitor.alerts.channels.base import Channel
from monitor.clock import Clock
from monitor.settings import Settings

# Each makes its channel from the settings, or None where nothing is set.
CHANNELS: tuple[Callable[[Settings, Clock, str], Channel | None], ...] = (
    webhook.configured,
    mqtt.configured,
)


def configured(settings: Settings, clock: Clock, service: str) -> list[Channel]:
    """Return the channels that the settings ask for; ``service`` names this installation, for ever the same.

    Raises:
        UsageError: a setting does not fit.
    """
    made = (make(settings, clock, service) for make in CHANNELS)
    return [channel for channel in made if channel is not None]
