"""The description of the whole API: what FastAPI says of its routes, and what it does not know of."""

from typing import Any

from monitor.web.models import Taken


def whole(spec: dict[str, Any]) -> dict[str, Any]:
    """Return the description of the API with the doors, which are no FastAPI routes."""
    spec["components"]["schemas"]["Taken"] = Taken.model_json_schema(ref_template="#/components/schemas/{model}")
    spec["components"]["schemas"]["Taken"].pop("$defs", None)
    taken = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Taken"}}}}
    wrong = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Wrong"}}}}
    any_json: dict[str, Any] = {"schema": {}}
    spec["paths"] = {
        "/v1/events": {
            "post": {
                "tags": ["events"],
                "summary": "Send events",
                "description": "One event, a JSON array of events, or one event a line (NDJSON). The answer comes once "
                "they are stored. A wrong event is refused alone, with its index; the rest of its batch stands.",
                "requestBody": {
                    "required": True,
                    "content": {"application/json": any_json, "application/x-ndjson": any_json},
                },
                "responses": {
                    "202": taken | {"description": "Stored."},
                    "400": taken | {"description": "Nothing was accepted or known."},
                    "401": wrong | {"description": "A token is needed, or this one is wrong."},
                    "403": taken | {"description": "The token is for other shops."},
                    "408": wrong | {"description": "The body took too long to arrive."},
                    "413": taken | {"description": "The body, or every event in it, is too large."},
                    "415": wrong | {"description": "A Content-Encoding other than gzip."},
                    "429": wrong | {"description": "Too much is waiting; Retry-After says when to come again."},
                    "503": wrong | {"description": "Nothing can be stored now; send it again later."},
                },
            }
        },
        "/v1/hooks/{mapping}": {
            "post": {
                "tags": ["events"],
                "summary": "Send a webhook of a chat system",
                "description": "The mapping of that name turns the body into events. The answer comes once they are "
                "stored; what cannot be mapped is kept in the quarantine and answered 200 too, as many systems stop "
                "sending after errors.",
                "parameters": [{"name": "mapping", "in": "path", "required": True, "schema": {"type": "string"}}],
                "requestBody": {"required": True, "content": {"application/json": any_json}},
                "responses": {
                    "200": taken | {"description": "Stored, or nothing in it is chat."},
                    "401": wrong | {"description": "The mapping's check of the sender does not hold."},
                    "403": wrong | {"description": "Without a token this answers only to localhost."},
                    "404": wrong | {"description": "There is no such mapping; the error names those there are."},
                    "413": taken | {"description": "The body is too large."},
                    "429": wrong | {"description": "Too much is waiting; Retry-After says when to come again."},
                    "503": wrong | {"description": "Nothing can be stored now; send it again later."},
                },
            }
        },
    } | spec["paths"]
    for path, verbs in spec["paths"].items():
        for operation in verbs.values():
            answers = operation["responses"]
            if answers.pop("422", None):  # FastAPI's own word for it; here all that is wrong in a request is 400.
                answers.setdefault("400", wrong | {"description": "Something in it is wrong; the error names it."})
            if path != "/livez":
                answers.setdefault("401", wrong | {"description": "A token is needed, or this one is wrong."})
                answers.setdefault("403", wrong | {"description": "The token is not for this."})
                answers.setdefault("429", wrong | {"description": "Too much; Retry-After says when to come again."})
                answers.setdefault(
                    "503", wrong | {"description": "The disk is away; Retry-After says when to come again."}
                )
            if "requestBody" in operation:
                answers.setdefault("408", wrong | {"description": "The body took too long to arrive."})
                answers.setdefault("413", wrong | {"description": "The body is too large."})
            operation["responses"] = dict(sorted(answers.items()))
    for unused in ("HTTPValidationError", "ValidationError"):
        spec["components"]["schemas"].pop(unused, None)
    return spec
