"""The mappings of other systems' webhooks, one file each in ``webhooks/``."""

from pathlib import Path

from monitor.hooks import mapping
from monitor.hooks.mapping import WebhookMapping
from monitor.policy_files import where
from monitor.yaml_files import Fault


def load(folder: Path) -> tuple[dict[str, WebhookMapping], list[Fault]]:
    """Return the mappings by name, with all that is wrong in them; their examples are run."""
    return mapping.load(where.find(folder, "webhooks"))
