"""The schemas that editors use say of the shipped files what the loaders say."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
import yaml

from monitor.policy_files import schemas
from monitor.policy_files.where import default_folder
from tests.typed import typed

RULES = default_folder()
MODELINE = re.compile(r"# yaml-language-server: \$schema=(\S+)")


def files_with_a_schema() -> list[Path]:
    return [path for path in sorted(RULES.rglob("*.yaml")) if MODELINE.match(path.read_text("utf-8"))]


def checked(name: str, text: str) -> list[str]:
    validator = jsonschema.Draft202012Validator(schemas.schema_of(name))
    return [error.message for error in validator.iter_errors(yaml.safe_load(text))]


@pytest.mark.parametrize("name", schemas.MODELS)
def test_the_schema_that_lies_with_the_rules_is_that_of_the_model(name: str) -> None:
    lying = (RULES / schemas.FOLDER / f"{name}.schema.json").read_text("utf-8")
    assert lying == schemas.text_of(name), f"presales-monitor schema {name} > rules/schemas/{name}.schema.json"


@pytest.mark.parametrize("name", schemas.MODELS)
def test_each_schema_is_one(name: str) -> None:
    of_schemas = jsonschema.Draft202012Validator(jsonschema.Draft202012Validator.META_SCHEMA)
    assert [error.message for error in of_schemas.iter_errors(schemas.schema_of(name))] == []


@pytest.mark.parametrize("path", files_with_a_schema(), ids=lambda path: path.name)
def test_a_file_names_a_schema_that_is_there_and_is_good_by_it(path: Path) -> None:
    found = MODELINE.match(path.read_text("utf-8"))
    assert found is not None
    schema: Any = json.loads((path.parent / found[1]).read_text("utf-8"))
    value = yaml.safe_load(path.read_text("utf-8"))
    assert [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(value)] == []


def test_the_files_that_people_edit_name_their_schema() -> None:
    named = {path.relative_to(RULES).as_posix() for path in files_with_a_schema()}
    assert {"default.yaml", "rules.yaml", "shops.yaml", "people.yaml", "senders.yaml", "scenarios/floor.yaml"} <= named


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("rules", 'default: {stages: {slow: "60"}}'),
        ("rules", "default: {stagse: {slow: 60s}}"),
        ("rules", "default: {bot: hold}"),
        ("rules", "shops: [{match: {shop: []}, steps: [{at: 90s, to: temm}]}]"),
        ("rules", "hours: {h: {daily: eight}}"),
        ("rules", "hours: {h: {daily: all, weekly: {son: closed}}}"),
        ("people", "roster: [{person: a, shop: b, hours: '08:00-16:00', kind: half}]"),
        ("scenario", "scenarios: [{title: t, happens: [{at: ten, buyer: a}], expect: {}}]"),
    ],
)
def test_an_editor_underlines_what_is_wrong(name: str, text: str) -> None:
    head = "version: 1\n" if name == "rules" else ""
    assert any(
        "'1' was expected" not in error and "1 was expected" not in error for error in checked(name, head + text)
    )


def test_one_value_may_stand_for_a_list_and_digits_for_a_name() -> None:
    assert checked("rules", "version: 1\nshops: [{match: {shop: 4711, platform: [taobao, jd]}, bot: holds}]") == []
    assert checked("people", 'roster: [{person: 1, shop: [a, 2], hours: ["08:00-12:00", "13:00-17:00"]}]') == []


def test_the_command_prints_one() -> None:
    assert typed("schema", "rules").stdout == schemas.text_of("rules")
    assert "chat event" in json.loads(typed("schema").stdout)["title"]
