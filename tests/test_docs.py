"""The documentation says what is so."""

import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, get_args, get_type_hints

import click
import msgspec
import pytest
from pydantic import BaseModel

from monitor.cli import main
from monitor.core import events
from monitor.core.events import AnyEvent
from monitor.hooks import mapping, verify
from monitor.metrics import FAMILIES
from monitor.policy_files import channels, language, people_tables, phrases, profiles, scenario_file, senders, words
from monitor.settings import ENV_PREFIX, Settings, load
from monitor.wire import decode
from tests.test_layers import LAYERS, PACKAGE
from tests.web.test_every_route import ROUTES

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
CHINESE = sorted([*DOCS.rglob("*.zh-CN.md"), ROOT / "README.zh-CN.md"])
# Words that floors do not use of a buyer, an alert or a promise, and that no page says.
NOT_OURS = re.compile("工单|用户|租户|SLA|丢失")


def headings(page: Path) -> list[str]:
    """The headings of a page, each with its ``#``."""
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"^#+ .+", text, re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """What may stand behind ``#`` in a link to a page, as GitHub makes it."""
    plain = (re.sub(r"[`*]|\[([^]]*)\]\([^)]*\)", r"\1", one.lstrip("# ")) for one in headings(page))
    return {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in plain}


def section(page: str, heading: str) -> str:
    """What stands below a heading of a page."""
    found = (DOCS / page).read_text("utf-8").partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    assert found, f"{page} has no {heading}"
    return found


def settings_described(page: str = "operations.md", heading: str = "Settings") -> dict[str, str]:
    """The settings in the table of operations.md, and the default that stands there; "" for none."""
    table = section(page, heading)
    rows = re.findall(r"^\| `([a-z_.]+)` \| (?:`([^`]*)`|none|无) \| ", table, re.MULTILINE)
    assert len(rows) == table.count("\n| ") - 1, "a row of the table reads differently"
    return dict(rows)


def names(shown: dict[str, Any], prefix: str = "") -> set[str]:
    found = set()
    for name, value in shown.items():
        found |= names(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name}
    return found


def test_each_setting_is_described() -> None:
    assert settings_described().keys() == names(Settings().shown())
    assert settings_described("operations.zh-CN.md", "设置") == settings_described()


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


@pytest.mark.parametrize(("page", "heading"), [("operations.md", "Commands"), ("operations.zh-CN.md", "命令")])
def test_each_command_is_described(page: str, heading: str) -> None:
    assert set(re.findall(r"^\| `([a-z-]+)` \| ", section(page, heading), re.MULTILINE)) == main.commands.keys()


@pytest.mark.parametrize(
    ("page", "heading"),
    [("operations.md", "When an alert of the service comes"), ("operations.zh-CN.md", "告警来了怎么办")],
)
def test_each_alert_of_the_service_says_what_to_do_first(page: str, heading: str) -> None:
    rows = re.findall(r"^\| `(Presales\w+)` \| [^|]+ \| [^|]+ \|$", section(page, heading), re.MULTILINE)
    text = (ROOT / "dashboards" / "prometheus" / "alerts.yml").read_text("utf-8")
    assert sorted(rows) == sorted(re.findall(r"- alert: (\w+)", text))


@pytest.mark.parametrize("page", ["metrics.md", "metrics.zh-CN.md"])
def test_each_metric_is_described_with_its_labels(page: str) -> None:
    text = (DOCS / page).read_text("utf-8")
    rows = re.findall(r"^\| `([a-z_]+)` \|([^|]*)\| [^|]+ \| ", text, re.MULTILINE)
    described = {name: tuple(re.findall(r"[a-z_]+", re.sub(r"\([^)]*\)", "", labels))) for name, labels in rows}
    assert len(described) == len(rows), "a metric is described twice"
    assert described == {family.name: family.labels for family in FAMILIES}


@pytest.mark.parametrize("page", ["api.md", "api.zh-CN.md"])
def test_each_route_is_described_with_the_role_it_needs(page: str) -> None:
    rows = re.findall(r"^\| `(\S+) (/\S*)` \| (\w+) \| ", (DOCS / page).read_text("utf-8"), re.MULTILINE)
    assert len(set(rows)) == len(rows)
    assert {(method, path): role for method, path, role in rows} == {
        route: declared.least for route, declared in ROUTES.items()
    }


def test_each_command_line_of_the_docs_can_be_typed() -> None:
    wrong = []
    for page in (*DOCS.rglob("*.md"), *ROOT.glob("*.md")):
        for line in re.findall(r"presales-monitor ([a-z][^\n`#]*)", page.read_text("utf-8")):
            command: click.Command = main
            words = line.split()
            while words and isinstance(command, click.Group) and words[0] in command.commands:
                command = command.commands[words.pop(0)]
            known = {option for one in command.params for option in (*one.opts, *one.secondary_opts)} | {"--help"}
            if command is main or set(re.findall(r"--[a-z-]+", line)) - known:
                wrong.append(f"{page.name}: {line}")
    assert wrong == []


PAGES = sorted([*DOCS.rglob("*.md"), *ROOT.glob("*.md"), ROOT / "rules" / "README.md"])


def wrongly_named(pattern: str, is_there: Callable[[str], bool]) -> list[str]:
    """What pages name in a way, and there is not."""
    named = ((page.name, one) for page in PAGES for one in re.findall(pattern, page.read_text("utf-8")))
    return sorted({f"{page}: {one}" for page, one in named if not is_there(one)})


def test_each_setting_that_a_page_names_is_there() -> None:
    known = names(Settings().shown())
    groups = "|".join(sorted({name.partition(".")[0] for name in known if "." in name}))
    known |= {f"{name}_file" for name in known} | {"journal.db", "journal.lock"}
    assert wrongly_named(rf"`((?:{groups})\.[a-z_]+)(?=[`: ])", known.__contains__) == []
    variables = {ENV_PREFIX + name.replace(".", "__").upper() for name in known}
    assert wrongly_named(r"\b(PRESALES_[A-Z]+__[A-Z_]+)\b", variables.__contains__) == []


def test_each_metric_that_a_page_names_is_there() -> None:
    known = {f"presales_{family.name}" for family in FAMILIES}
    known |= {f"{name}_{part}" for name in known for part in ("bucket", "count", "sum")}
    assert wrongly_named(r"\b(presales_[a-z_]+[a-z])\b", known.__contains__) == []


def test_each_route_that_a_page_names_is_there() -> None:
    paths = [re.sub(r"\\{[^}]*\\}", "[^/]+", re.escape(path)) for _, path in ROUTES if path.startswith("/v1/")]
    known = re.compile("|".join(f"{path}(?:[^/]+)?" if path.endswith("/") else path for path in paths))
    assert wrongly_named(r"`[A-Z]* ?(/v1/[a-z/{}_-]*[a-z}])(?=[`? ])", lambda one: bool(known.fullmatch(one))) == []


def event_examples() -> list[str]:
    """The JSON blocks of events.md: one event, or one a line."""
    text = (DOCS / "events.md").read_text("utf-8")
    return re.findall(r"^```json\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def test_each_example_event_is_taken() -> None:
    for example in event_examples():
        batch = decode(example.encode(), door="http", source="docs", now_ms=None)
        assert batch.refusals == []
        assert batch.events != []


def test_each_type_of_event_and_each_of_its_fields_is_described() -> None:
    text = (DOCS / "events.md").read_text("utf-8")
    described = set(re.findall(r"`([a-z_]+)`", text)) | set(re.findall(r'"([a-z_]+)"', "".join(event_examples())))
    structs = [*get_args(AnyEvent), events.WaitingRow]
    structs = [struct for struct in structs if struct not in events.OURS]  # Ours come in by no door.
    named = {field.encode_name for struct in structs for field in msgspec.structs.fields(struct)} - {"v"}
    for struct in structs:
        named |= set(get_args(get_type_hints(struct).get("type")))
    assert named - described == set()


def test_each_place_in_a_page_that_is_linked_to_is_there() -> None:
    pages = [*DOCS.rglob("*.md"), *ROOT.glob("*.md")]
    wrong = [
        f"{page.name}: {target}#{place}"
        for page in pages
        for target, place in re.findall(r"\]\(([^)#\s:]*)#([^)\s]+)\)", page.read_text("utf-8"))
        if place not in anchors((page.parent / target) if target else page)
    ]
    assert wrong == []


@pytest.mark.parametrize("page", CHINESE, ids=lambda page: page.name)
def test_a_chinese_page_and_its_english_one_name_each_other_and_have_the_same_parts(page: Path) -> None:
    twin = page.with_name(page.name.replace(".zh-CN", ""))
    chinese, english = page.read_text("utf-8"), twin.read_text("utf-8")
    assert f"]({twin.name})" in chinese
    assert f"]({page.name})" in english
    assert [len(one.split()[0]) for one in headings(page)] == [len(one.split()[0]) for one in headings(twin)]
    assert NOT_OURS.findall(chinese) == []
    assert typed(chinese) == typed(english)


def typed(text: str) -> list[str]:
    """What a page gives to be typed: its blocks for a shell, without what is said beside the lines."""
    blocks = re.findall(r"^```(?:sh|bash)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return ["\n".join(re.sub(r"\s*# .*", "", line).rstrip() for line in block.splitlines()) for block in blocks]


def keys(*modules: ModuleType) -> set[str]:
    """The keys that may be written into the files these modules read."""
    models = {model for module in modules for model in vars(module).values() if isinstance(model, type)}
    return {
        field.alias or name
        for model in models
        if issubclass(model, BaseModel) and model.__module__ in {module.__name__ for module in modules}
        for name, field in model.model_fields.items()
    }


@pytest.mark.parametrize(
    ("page", "modules"),
    [
        ("channels.md", (channels,)),
        ("channels.zh-CN.md", (channels,)),
        ("rules.zh-CN.md", (language, people_tables, scenario_file, senders)),
        ("scores.md", (profiles,)),
        ("suggestions.md", (phrases,)),
        ("suggestions.zh-CN.md", (phrases,)),
        ("webhooks.md", (mapping, verify)),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_each_key_of_the_rules_is_described(page: str, modules: tuple[ModuleType, ...]) -> None:
    """Those of the English rules are looked for in tests/policy_files/test_guide.py."""
    text = (DOCS / page).read_text("utf-8")
    described = set(re.findall(r"[a-z_]+", " ".join(re.findall(r"`([^`\n]+)`", text))))
    described |= set(re.findall(r"([a-z_]+):", "".join(re.findall(r"```yaml\n(.*?)```", text, re.DOTALL))))
    assert keys(*modules) - described == set()


def test_each_key_of_the_word_lists_is_described() -> None:
    described = set(
        re.findall(r"[a-z_]+", " ".join(
            found
            for page in ("quality.md", "suggestions.md")
            for found in re.findall(r"`([^`\n]+)`", (DOCS / page).read_text("utf-8"))
        ))
    )  # fmt: skip
    assert keys(words) - described == set()


def test_the_index_names_every_page() -> None:
    named = set(re.findall(r"\]\(([^)#]+\.md)", (DOCS / "README.md").read_text("utf-8")))
    assert {page.name for page in DOCS.glob("*.md")} - named == {"README.md"}


def test_the_architecture_draws_the_layers_that_hold_and_says_where_each_part_is() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    drawn = text.partition("holds it:\n\n")[2].partition("\n\n")[0]
    layers = [set(re.findall(r"\w+", layer)) for layer in drawn.split("→")]
    assert layers == [layer - {"__main__"} for layer in reversed(LAYERS)]
    table = text.partition("## Where things are")[2].partition("Imports go one way")[0]
    parts = {path.name for path in PACKAGE.iterdir() if path.is_dir() and (path / "__init__.py").exists()}
    named = set(re.findall(r"`(?:monitor/)?(\w+)/`", table))
    assert parts - named == set()


def test_the_architecture_names_only_files_that_are_there() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    named = set(re.findall(r"`((?:monitor|dashboards|tests|rules|docs)/[\w./-]+)`", text))
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


def test_the_changelog_has_one_line_for_each_change() -> None:
    changes = (ROOT / "CHANGELOG.md").read_text("utf-8").partition("\n## ")[2].splitlines()[2:]
    assert [line for line in changes if line and not line.startswith(("- ", "#")) and not line.endswith(".")] == []
    assert [line for line in changes if line.startswith("  ")] == []
    begins = [line[:40] for line in changes if line.startswith("- ")]
    assert len(begins) == len(set(begins))
