"""What runs over lines that stay open, described as AsyncAPI has it: both WebSockets, and the topics of MQTT.

Made of the very structs that are decoded and sent, so it cannot say anything else than they do.
"""

import re
from typing import Any

import msgspec

from monitor.alerts.message import Body
from monitor.settings import Mqtt
from monitor.sources.mqtt import root_of
from monitor.web import live
from monitor.web.models import Taken, WaitAlert
from monitor.web.models_live import FRAMES
from monitor.web.models_suggestions import Suggestions
from monitor.wire.schema import schema

VERSION = "3.1.0"
SCHEMAS = "#/components/schemas/"

_TS = "2026-11-23T10:00:00.000+08:00"
_NOW = "2026-11-23T02:00:00.000Z"
_NAMED = re.compile(r"\{(\w+)\}")

_EVENT: dict[str, Any] = {
    "v": 1,
    "type": "message",
    "id": "m-1",
    "ts": _TS,
    "platform": "taobao",
    "shop": "senye",
    "conversation": "c-9",
    "buyer": "b-7",
    "role": "buyer",
    "text": "包邮吗?",
}
_WAIT: dict[str, Any] = {
    "id": "k3f9-17",
    "platform": "taobao",
    "shop": "senye",
    "conversation": "c-9",
    "buyer": "张*",
    "agent": "lin",
    "account": "senye:lin",
    "team": "A",
    "opened_at": _NOW,
    "waiting_since": _NOW,
    "stages": [["slow", 60], ["at_risk", 180], ["lost", 300]],
    "stood_seconds": 0,
    "standing_since": None,
    "messages": 1,
    "flags": ["first"],
}
_EXAMPLES: dict[str, list[Any]] = {
    "Events": [_EVENT, [_EVENT, {**_EVENT, "id": "m-2", "role": "agent", "agent": "lin", "text": "包邮的"}]],
    "Ack": [{"ack": 1, "accepted": 2, "duplicates": 0, "late": 0, "rejected": []}],
    "Hello": [
        {"type": "hello", "v": 1},
        {"type": "hello", "v": 1, "resume": {"epoch": "5f0c1a2b", "seq": 7}, "board": {"teams": ["A"]}},
    ],
    "Ping": [{"type": "ping", "t": 12.5}],
    "Resync": [{"type": "resync"}],
    "Delta": [{"type": "delta", "seq": 8, "now": _NOW, "up": [_WAIT], "gone": [{"id": "k3f9-9", "why": "answered"}]}],
    "Tick": [{"type": "tick", "seq": 8, "now": _NOW}],
    "Pong": [{"type": "pong", "t": 12.5, "now": _NOW}],
    "Bye": [{"type": "bye", "reason": "the service restarts", "retry_seconds": 1}],
}


def events(mqtt: Mqtt) -> dict[str, Any]:
    """Return the description; topics are those of the settings."""
    channels = {
        "ingest": _channel(
            "/v1/ingest",
            "Events in, one or a batch a frame; each frame is acknowledged by its number once it is stored.",
            "port",
            ("Events", "Ack"),
        ),
        "live": _channel(
            "/v1/live",
            "Who waits, as it changes. Say hello first; then come a snapshot, deltas in order, and ticks.",
            "port",
            ("Hello", "Ping", "Resync", *(frame.__name__ for frame in FRAMES)),
        ),
        "events": _channel(
            f"{root_of(mqtt.topic)}/{{platform}}/{{shop}}",
            "Events in, QoS 1; PUBACK comes once they are stored.",
            "broker",
            ("Events",),
        ),
        "alerts": _channel(
            f"{mqtt.alerts_topic}/{{team}}", "Alerts out, QoS 1, not retained.", "broker", ("AlertTold",)
        ),
        "suggestions": _channel(
            f"{mqtt.suggestions_topic}/{{platform}}/{{shop}}/{{conversation}}",
            "Suggested replies out; an empty list once the wait is over.",
            "broker",
            ("Suggested",),
        ),
    }
    return {
        "asyncapi": VERSION,
        "info": {
            "title": "Presales Monitor",
            "version": "1",
            "description": "Instants are RFC 3339 in UTC, durations are seconds. Requests are in /openapi.json.",
        },
        "defaultContentType": "application/json",
        "servers": {
            "port": {"host": "127.0.0.1:8480", "protocol": "ws", "description": "The one port; a token as at the API."},
            "broker": {"host": f"{mqtt.host or 'broker'}:{mqtt.port}", "protocol": "mqtts" if mqtt.tls else "mqtt"},
        },
        "channels": channels,
        "operations": {
            "bring": _operation("receive", "ingest", ("Events",), reply=("Ack",)),
            "ask": _operation("receive", "live", ("Hello", "Ping", "Resync")),
            "show": _operation("send", "live", tuple(frame.__name__ for frame in FRAMES)),
            "publish": _operation("receive", "events", ("Events",)),
            "alert": _operation("send", "alerts", ("AlertTold",)),
            "suggest": _operation("send", "suggestions", ("Suggested",)),
        },
        "components": {"messages": _messages(), "schemas": _schemas()},
    }


def _channel(address: str, said: str, server: str, messages: tuple[str, ...]) -> dict[str, Any]:
    channel: dict[str, Any] = {
        "address": address,
        "description": said,
        "servers": [{"$ref": f"#/servers/{server}"}],
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
    }
    named = _NAMED.findall(address)
    if named:
        channel["parameters"] = {name: {"description": "Percent-encoded."} for name in named}
    return channel


def _operation(action: str, channel: str, messages: tuple[str, ...], reply: tuple[str, ...] = ()) -> dict[str, Any]:
    def of(names: tuple[str, ...]) -> dict[str, Any]:
        return {
            "channel": {"$ref": f"#/channels/{channel}"},
            "messages": [{"$ref": f"#/channels/{channel}/messages/{name}"} for name in names],
        }

    return {"action": action, **of(messages)} | ({"reply": of(reply)} if reply else {})


def _messages() -> dict[str, Any]:
    names = ("Events", "Ack", "Hello", "Ping", "Resync", *(f.__name__ for f in FRAMES), "AlertTold", "Suggested")
    return {
        name: {"name": name, "payload": {"$ref": f"{SCHEMAS}{name}"}}
        | ({"examples": [{"payload": one} for one in _EXAMPLES[name]]} if name in _EXAMPLES else {})
        for name in names
    }


def _schemas() -> dict[str, Any]:
    own = schema()
    found: dict[str, Any] = msgspec.json.decode(
        msgspec.json.encode(own["$defs"]).replace(b"#/$defs/", SCHEMAS.encode())
    )
    event = {"anyOf": [{"$ref": one["$ref"].replace("#/$defs/", SCHEMAS)} for one in own["anyOf"]]}
    found["Event"] = event
    found["Events"] = {
        "description": "One event, or an array of them; NDJSON is taken too.",
        "anyOf": [{"$ref": f"{SCHEMAS}Event"}, {"type": "array", "items": {"$ref": f"{SCHEMAS}Event"}}],
    }
    _, lines = msgspec.json.schema_components(
        (live.Hello, live.Ping, live.Resync, *FRAMES), ref_template=f"{SCHEMAS}{{name}}"
    )
    lines["LiveWait"]["properties"]["stages"] = {
        "description": "Each stage, and after how many counted seconds it is entered.",
        "type": "array",
        "items": {"type": "array", "prefixItems": [{"type": "string"}, {"type": "number"}], "maxItems": 2},
    }
    lines["LiveWait"]["properties"]["alert"] = {"anyOf": [{"$ref": f"{SCHEMAS}WaitAlert"}, {"type": "null"}]}
    _, told = msgspec.json.schema_components((Body,), ref_template=f"{SCHEMAS}Told{{name}}")
    _put(found, lines)
    _put(found, {f"Told{name}": one for name, one in told.items()})
    found["AlertTold"] = {"$ref": f"{SCHEMAS}ToldBody"}
    for model in (Taken, WaitAlert, Suggestions):
        one = model.model_json_schema(ref_template=f"{SCHEMAS}{{model}}")
        _put(found, one.pop("$defs", {}))
        _put(found, {model.__name__: one})
    ack = {"ack": {"type": "integer", "description": "Which frame of this connection, from 1."}}
    found["Ack"] = {
        "type": "object",
        "properties": ack | found["Taken"]["properties"],
        "required": ["ack", *found["Taken"]["required"]],
    }
    over = {
        "description": "The wait is over.",
        "type": "object",
        "properties": {
            "shop": {"type": "string"},
            "platform": {"type": "string"},
            "conversation": {"type": "string"},
            "wait": {"type": "null"},
            "suggestions": {"type": "array", "maxItems": 0},
        },
        "required": ["shop", "platform", "conversation", "wait", "suggestions"],
    }
    found["Suggested"] = {"anyOf": [over, {"$ref": f"{SCHEMAS}Suggestions"}]}
    return found


def _put(into: dict[str, Any], more: dict[str, Any]) -> None:
    """Add schemas; two things of one name would hide each other."""
    both = {name for name in into.keys() & more.keys() if into[name] != more[name]}
    assert not both, f"two schemas are called {', '.join(sorted(both))}"
    into |= more
