"""The documentation says what is so."""

import re
from pathlib import Path
from typing import Any

import pytest

from monitor.settings import ENV_PREFIX, Settings, load

DOCS = Path(__file__).parent.parent / "docs"


def settings_described() -> dict[str, str]:
    """The settings in the table of operations.md, and the default that stands there; "" for none."""
    table = (DOCS / "operations.md").read_text("utf-8").partition("## Settings")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `([a-z_.]+)` \| (?:`([^`]*)`|none) \| ", table, re.MULTILINE)
    assert len(rows) == table.count("\n| ") - 1, "a row of the table reads differently"
    return dict(rows)


def names(shown: dict[str, Any], prefix: str = "") -> set[str]:
    found = set()
    for name, value in shown.items():
        found |= names(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name}
    return found


def test_each_setting_is_described() -> None:
    assert settings_described().keys() == names(Settings().shown())


@pytest.mark.parametrize(("name", "default"), settings_described().items())
def test_a_setting_has_the_default_that_is_described(name: str, default: str) -> None:
    variable = ENV_PREFIX + name.replace(".", "__").upper()
    if default:
        assert load(environ={variable: default}) == Settings()
    else:
        value: Any = Settings()
        for part in name.split("."):
            value = getattr(value, part)
        assert value is None
