"""The contract's events as JSON Schema."""

from typing import Any

import msgspec

from monitor.wire.decode import TYPES


def schema() -> dict[str, Any]:
    """Return a JSON Schema that takes any event of the contract."""
    structs = sorted(set(TYPES.values()), key=lambda struct: struct.__name__)
    refs, definitions = msgspec.json.schema_components(structs)
    for definition in definitions.values():
        # What is not named goes to `meta`, so it is welcome.
        definition.pop("additionalProperties", None)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Presales Monitor chat event, version 1",
        "description": "Instants are RFC 3339 with an offset, or epoch milliseconds.",
        "anyOf": list(refs),
        "$defs": definitions,
    }
