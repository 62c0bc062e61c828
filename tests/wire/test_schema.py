"""The schema is held against the decoder by an outside reader of JSON Schema."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from monitor.wire import schema
from tests.wire.made import LEAST, NO_SHOP, NOTHING, refused, taken, written

VALIDATOR = Draft202012Validator(schema())


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(schema())
    json.dumps(schema())
    assert "wait_dismissed" not in json.dumps(schema())


@pytest.mark.parametrize("type", LEAST)
def test_what_it_takes_is_taken(type: str) -> None:
    for fields in ({}, {"more": [1]}, {"platform": None, "product": {"a": 1}, "meta": {}, "seq": 5}):
        assert VALIDATOR.is_valid(json.loads(written(type, **fields)))
        assert taken(type, **fields)


@pytest.mark.parametrize(
    ("type", "fields"),
    [(type, {field: NOTHING}) for type in LEAST for field in ("id", "ts", *LEAST[type]) if field != "amount"]
    + [(type, {"shop": NOTHING}) for type in LEAST if type not in NO_SHOP]
    + [("message", {"role": "customer"}), ("message", {"v": 2}), ("message", {"ts": True}), ("mesage", {})]
    + [("rating", {"score": "5"}), ("waiting_snapshot", {"rows": [5]}), ("sync_range", {"from": []})]
    + [("wait_dismissed", {"wait": 1, "by": "lead", "reason": "noise"})],
)
def test_what_is_refused_for_its_shape_is_refused_by_it(type: str, fields: dict[str, Any]) -> None:
    line = written(type, **fields)
    assert refused(line)
    assert not VALIDATOR.is_valid(json.loads(line))
