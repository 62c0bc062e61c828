"""Writes the types of the pages from the service's own description of its API: one source for both sides.

python -m tests.web.typescript
"""

import re
from pathlib import Path
from typing import Any

from monitor.web.front import Web
from tests.web.stand import ListedJournal, ListedTokens, ScriptedEngine, services

OUT = Path(__file__).parents[2] / "dashboards" / "pages" / "src" / "api" / "types.ts"
HEAD = "/** What the API answers, written from its description by tests/web/typescript.py: change the models. */\n"


def typescript(spec: dict[str, Any]) -> str:
    """Return the shapes of an OpenAPI description as TypeScript."""
    parts = [HEAD]
    for name, schema in sorted(spec["components"]["schemas"].items()):
        if schema.get("type") == "object" and "properties" in schema:
            said = schema.get("description", "").strip().split("\n")[0]
            parts.append(f"/** {said} */" if said else "")
            parts.append(f"export interface {_name(name)} {{")
            required = set(schema.get("required", ()))
            for field, kind in schema["properties"].items():
                mark = "" if field in required else "?"
                if "description" in kind:
                    parts.append(f"  /** {' '.join(kind['description'].split())} */")
                parts.append(f"  readonly {field}{mark}: {_type(kind)}")
            parts.append("}\n")
        else:
            parts.append(f"export type {_name(name)} = {_type(schema)}\n")
    return "\n".join(part for part in parts if part)


def _name(name: str) -> str:
    return re.sub(r"\W", "_", name)


def _type(kind: dict[str, Any]) -> str:
    if "$ref" in kind:
        return _name(kind["$ref"].rpartition("/")[2])
    for word in ("anyOf", "oneOf"):
        if word in kind:
            return " | ".join(_type(part) for part in kind[word])
    if "const" in kind:
        return _literal(kind["const"])
    if "enum" in kind:
        return " | ".join(_literal(value) for value in kind["enum"])
    match kind.get("type"):
        case "array":
            if "prefixItems" in kind:
                return f"readonly [{', '.join(_type(part) for part in kind['prefixItems'])}]"
            return f"readonly ({_type(kind.get('items', {}))})[]"
        case "object":
            values = kind.get("additionalProperties")
            return f"Readonly<Record<string, {_type(values) if isinstance(values, dict) else 'unknown'}>>"
        case "string":
            return "string"
        case "integer" | "number":
            return "number"
        case "boolean":
            return "boolean"
        case "null":
            return "null"
    return "unknown"


def _literal(value: object) -> str:
    return f"'{value}'" if isinstance(value, str) else str(value).lower()


def written() -> str:
    """Return what the file has to hold."""
    web = Web(services(ScriptedEngine(), ListedJournal(), ListedTokens()))
    return typescript(web.described())


if __name__ == "__main__":
    OUT.write_text(written(), "utf-8")
