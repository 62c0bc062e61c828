"""The guide says every key that may be written."""

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from monitor.policy_files import language, people_tables, scenario_file, senders
from monitor.yaml_files import parse

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "rules.md").read_text("utf-8")
GUIDE_ZH = (ROOT / "docs" / "rules.zh-CN.md").read_text("utf-8")


def models() -> list[type[BaseModel]]:
    return [
        model
        for module in (language, people_tables, scenario_file, senders)
        for model in vars(module).values()
        if isinstance(model, type) and issubclass(model, BaseModel) and model.__module__ == module.__name__
    ]


def keys(model: type[BaseModel]) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items()}


@pytest.mark.parametrize("model", models(), ids=lambda model: model.__name__)
def test_each_key_is_described(model: type[BaseModel]) -> None:
    known = set(re.findall(r"[a-z_]+", " ".join(re.findall(r"`([^`\n]+)`", GUIDE))))
    known |= set(re.findall(r"([a-z_]+):", "".join(re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL))))
    assert keys(model) - known == set()


@pytest.mark.parametrize("guide", [GUIDE, GUIDE_ZH], ids=["en", "zh"])
def test_each_example_is_good(guide: str) -> None:
    examples = re.findall(r"```yaml\n(.*?)```", guide, re.DOTALL)
    assert len(examples) >= 3
    for example in examples:
        model: type[BaseModel] = scenario_file.ScenarioFile if "scenarios:" in example else language.PolicyFile
        text = example if "version: 1" in example else "version: 1\n" + example
        assert parse(text.encode(), model, name="guide").value
