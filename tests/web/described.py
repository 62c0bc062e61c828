"""What the service says that its lines carry, to hold against what they do carry."""

import json
from typing import Any

import jsonschema  # type: ignore[import-untyped]

from monitor.settings import Mqtt
from monitor.web import asyncapi


def described() -> dict[str, Any]:
    """Return the description with the settings' defaults, as it is served."""
    told: dict[str, Any] = json.loads(json.dumps(asyncapi.events(Mqtt())))
    return told


def checker(name: str) -> jsonschema.Draft202012Validator:
    """Return what checks a payload of one message."""
    return jsonschema.Draft202012Validator({"$ref": f"#/components/schemas/{name}"} | described())
