"""The pages' types are those of the service's own description."""

from tests.web.typescript import OUT, typescript, written


def test_the_pages_know_what_the_api_answers() -> None:
    assert OUT.read_text("utf-8") == written(), "run: python -m tests.web.typescript"


def test_a_shape_is_written_as_typescript() -> None:
    shape = {
        "type": "object",
        "description": "A thing.\n\nMore of it.",
        "required": ["a", "b", "d"],
        "properties": {
            "a": {"type": "string"},
            "b": {"anyOf": [{"type": "number"}, {"type": "null"}], "description": "How\n  many."},
            "c": {"type": "array", "items": {"$ref": "#/components/schemas/Other"}},
            "d": {"enum": ["x", "y"]},
            "e": {"type": "object", "additionalProperties": {"type": "integer"}},
        },
    }
    written_as = typescript({"components": {"schemas": {"Thing": shape, "Word": {"const": True}}}})
    assert written_as.endswith(
        """/** A thing. */
export interface Thing {
  readonly a: string
  /** How many. */
  readonly b: number | null
  readonly c?: readonly (Other)[]
  readonly d: 'x' | 'y'
  readonly e?: Readonly<Record<string, number>>
}

export type Word = true
"""
    )
