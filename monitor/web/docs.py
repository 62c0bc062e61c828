"""The API's documentation as a page, written from its OpenAPI description.

The usual viewers load scripts from elsewhere; a monitor stands in a hall without
a way out, and its policy forbids that anyway.
"""

import base64
import hashlib
from collections.abc import Iterator
from html import escape
from typing import Any

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60em;margin:2em auto;padding:0 1em}"
    "h3{margin:2em 0 0}code,.path{font-family:ui-monospace,monospace}.verb{display:inline-block;min-width:4.5em}"
    "table{border-collapse:collapse;margin:.5em 0}td,th{text-align:left;padding:.15em 1em .15em 0;vertical-align:top}"
    ":root{color-scheme:light dark}"
)
POLICY = (
    f"default-src 'none'; style-src 'sha256-{base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def page(spec: dict[str, Any], feeds: dict[str, Any]) -> str:
    """Return the page of an OpenAPI and an AsyncAPI description."""
    info = spec["info"]
    head = (
        f"<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>{escape(info['title'])}: API</title><style>{_STYLE}</style>"
        f"<h1>{escape(info['title'])} {escape(info['version'])}</h1><p>{escape(info['description'])}"
        "<p>For machines: <a href=/openapi.json>/openapi.json</a>, <a href=/asyncapi.json>/asyncapi.json</a>."
    )
    shapes = {"components": {"schemas": feeds["components"]["schemas"] | spec["components"]["schemas"]}}
    lines = "<h2>Lines that stay open</h2>" + "".join(_channels(feeds))
    return head + "".join(_operations(spec)) + lines + "<h2>Shapes</h2>" + "".join(_shapes(shapes)) + "</html>"


def _channels(feeds: dict[str, Any]) -> Iterator[str]:
    for name, channel in feeds["channels"].items():
        verb = "WS" if channel["address"].startswith("/") else "MQTT"
        yield f"<h3><span class=verb>{verb}</span> <span class=path>{escape(channel['address'])}</span></h3>"
        yield f"<p>{escape(channel['description'])}<table>"
        for operation in feeds["operations"].values():
            if operation["channel"]["$ref"] == f"#/channels/{name}":
                told = "sent by us" if operation["action"] == "send" else "sent to us"
                for message in operation["messages"] + operation.get("reply", {}).get("messages", []):
                    what = message["$ref"].rpartition("/")[2]
                    said = "the answer" if message not in operation["messages"] else told
                    yield f"<tr><td>{_kind({'$ref': what})}<td>{said}"
        yield "</table>"


def _operations(spec: dict[str, Any]) -> Iterator[str]:
    tag = None
    for path, verbs in spec["paths"].items():
        for verb, operation in verbs.items():
            own = operation.get("tags", [""])[0]
            if own != tag:
                tag = own
                yield f"<h2>{escape(own.capitalize())}</h2>"
            yield f"<h3><span class=verb>{verb.upper()}</span> <span class=path>{escape(path)}</span></h3>"
            yield "".join(f"<p>{escape(part)}" for part in operation.get("description", "").split("\n\n"))
            rows = [
                (f"<code>{escape(p['name'])}</code>", f"{p['in']}, {_kind(p['schema'])}")
                for p in operation.get("parameters", ())
            ]
            body = operation.get("requestBody", {}).get("content", {})
            rows += [("body", f"{escape(media)} {_kind(content['schema'])}") for media, content in body.items()]
            for code, answer in operation["responses"].items():
                shape = answer.get("content", {}).get("application/json", {}).get("schema")
                rows.append((code, escape(answer["description"]) + (f" {_kind(shape)}" if shape else "")))
            yield "<table>" + "".join(f"<tr><td>{name}<td>{said}" for name, said in rows) + "</table>"


def _shapes(spec: dict[str, Any]) -> Iterator[str]:
    for name, shape in sorted(spec["components"]["schemas"].items()):
        yield f"<h3 id='{escape(name)}'>{escape(name)}</h3><p>{escape(shape.get('description', ''))}<table>"
        for field, kind in shape.get("properties", {}).items():
            said = escape(kind.get("description", ""))
            yield f"<tr><td><code>{escape(field)}</code><td>{_kind(kind)}<td>{said}"
        yield "</table>"


def _kind(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f"<a href='#{name}'>{name}</a>"
    if "anyOf" in schema or "oneOf" in schema:
        return " or ".join(_kind(part) for part in schema.get("anyOf") or schema["oneOf"])
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    if "enum" in schema:
        return escape(" · ".join(map(str, schema["enum"])))
    return escape(str(schema.get("type", schema.get("const", "anything"))))
