"""The contract's events as JSON Schema."""

from typing import Any

import msgspec

from monitor.core import events as ev
from monitor.wire.careful import INSTANTS, TYPES
from monitor.wire.settle import NEEDS_NO_SHOP

_INSTANT = {
    "description": "RFC 3339 with an offset, or epoch milliseconds.",
    "anyOf": [{"type": "string", "format": "date-time"}, {"type": "number"}],
}
_CONVERSATION = (("conversation",), ("buyer",))
# What is required besides the required fields; of each group one alternative.
_REQUIRED: dict[type[ev.Event], tuple[tuple[tuple[str, ...], ...], ...]] = {
    ev.Message: (_CONVERSATION,),
    ev.MessageRecalled: (_CONVERSATION,),
    ev.ConversationAssigned: (_CONVERSATION, (("agent",), ("account",))),
    ev.ConversationTransferred: (_CONVERSATION,),
    ev.ConversationHandedOff: (_CONVERSATION,),
    ev.ConversationClosed: (_CONVERSATION,),
    ev.AgentPresence: ((("agent",),),),
    ev.AccountStatus: ((("account",), ("agent",)),),
    ev.BuyerMerged: ((("buyer",),),),
    ev.OrderEvent: (_CONVERSATION,),
    ev.Rating: (_CONVERSATION,),
    ev.SourceHeartbeat: ((("source",),),),
}


def schema() -> dict[str, Any]:
    """Return a JSON Schema that takes the events of the contract, version 1.

    It is a little stricter than the doors, which also take null where a field may be missing.
    """
    structs = sorted(set(TYPES.values()), key=lambda struct: struct.__name__)
    refs, definitions = msgspec.json.schema_components(structs, ref_template="#/$defs/{name}")
    for struct in structs:
        definition = definitions[struct.__name__]
        del definition["additionalProperties"]  # What is not named goes to `meta`, so it is welcome.
        groups = [{"anyOf": [{"required": list(names)} for names in group]} for group in _REQUIRED.get(struct, ())]
        if groups:
            definition["allOf"] = groups
        if struct not in NEEDS_NO_SHOP:
            definition["required"].append("shop")
    for definition in definitions.values():
        for name in INSTANTS & definition["properties"].keys():
            definition["properties"][name] = _INSTANT
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Presales Monitor chat event, version 1",
        "anyOf": list(refs),
        "$defs": definitions,
    }
