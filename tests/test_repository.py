"""What holds for the files of the project, whoever writes them."""

import re
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests import needs

ROOT = Path(__file__).parent.parent

FOLDERS = {".ci", "dashboards", "docs", "monitor", "rules", "tests"}
LOCKS = ("requirements.lock", "requirements-build.lock", "requirements-dev.lock")

# Put together here, so that this file does not name them itself.
REGISTRY_HOSTS = re.compile(
    "|".join(re.escape(".".join(host)) for host in (
        ("pypi", "org"), ("files", "pythonhosted"), ("registry", "npmjs"), ("registry", "yarnpkg"),
        ("deb", "debian"), ("npmmirror", "com"), ("pypi", "tuna"), ("mirrors", "aliyun"),
    ))
)  # fmt: skip
# Somebody's own folders: what works only there.
MACHINE_PATHS = re.compile(r"(?<![\w.$}])/(?:work|farm|root|opt/pypi|tmp/wt|home/\w+|Users/\w+)/")


@cache
def tracked() -> tuple[str, ...]:
    """The files under version control and those about to be."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    (git,) = needs.programs("git", packages="git")
    listed = [git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True).stdout.decode().split("\0")
    return tuple(name for name in names if name and (ROOT / name).is_file())


def texts(suffix: str = "") -> Iterator[tuple[str, str]]:
    """The name and text of each tracked file that is text."""
    for name in tracked():
        if name.endswith(suffix):
            raw = (ROOT / name).read_bytes()
            if b"\0" not in raw:
                yield name, raw.decode("utf-8")


def places(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{name}:{number}: {line.strip()[:100]}"
        for name, text in texts()
        if pattern.search(text)
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]


def pins(lock: str) -> dict[str, str]:
    """The version of each package in a lock."""
    found = re.findall(r"^([a-z0-9._-]+)==(\S+)", (ROOT / lock).read_text("utf-8"), re.MULTILINE)
    return {canonicalize_name(name): version for name, version in found}


def test_no_registry_is_named() -> None:
    assert places(REGISTRY_HOSTS) == []


def test_no_folder_of_a_machine_is_named() -> None:
    assert places(MACHINE_PATHS) == []


def test_the_top_level_holds_what_it_should() -> None:
    assert {name.partition("/")[0] for name in tracked() if "/" in name} <= FOLDERS


def requirements() -> dict[str, list[str]]:
    """What each lock is made from: what the service runs on, what builds it, and all that its tests need."""
    asked = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    service: list[str] = asked["project"]["dependencies"]
    groups = asked["dependency-groups"]
    build: list[str] = groups["build"]
    assert set(asked["build-system"]["requires"]) <= set(build)
    dev = [one for one in groups["dev"] if isinstance(one, str)]
    return dict(zip(LOCKS, (service, build, [*service, *build, *dev]), strict=True))


@pytest.mark.parametrize("requirement", sorted({one for wanted in requirements().values() for one in wanted}))
def test_a_dependency_is_bounded_on_both_sides_and_says_why_it_is_there(requirement: str) -> None:
    """The reason stands behind it, or above the run of lines it is in."""
    operators = {specifier.operator for specifier in Requirement(requirement).specifier}
    assert operators & {">=", "==", "~="}
    assert operators & {"<", "==", "~="}
    before, _, after = (ROOT / "pyproject.toml").read_text("utf-8").partition(f'"{requirement}"')
    behind = after.partition("\n")[0]
    above = next(line for line in reversed(before.splitlines()[:-1]) if not line.lstrip().startswith('"'))
    assert "# " in behind or above.lstrip().startswith("# ")


def test_the_locks_hold_what_the_project_asks_for() -> None:
    """``make lock`` was run after the last change of a dependency."""
    for lock, wanted in requirements().items():
        locked = pins(lock)
        for requirement in map(Requirement, wanted):
            version = locked.get(canonicalize_name(requirement.name))
            assert version is not None, f"{lock} lacks {requirement.name}: make lock"
            assert requirement.specifier.contains(version), f"{lock}: {requirement} is not {version}: make lock"


def test_the_locks_agree() -> None:
    everything = pins("requirements-dev.lock")
    for lock in LOCKS[:2]:
        assert pins(lock).items() <= everything.items()


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_has_hashes_and_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text("utf-8")
    assert "://" not in text
    assert not re.search(r"^-", text, re.MULTILINE), "an option of the installer does not belong in a lock"
    entries = re.split(r"\n(?=[a-z0-9])", text)[1:]
    assert len(entries) == len(pins(lock)) > 0
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []


def test_the_page_lock_names_no_address() -> None:
    assert [name for name, text in texts("package-lock.json") if '"resolved":' in text] == []


def test_each_link_of_the_docs_leads_somewhere() -> None:
    wrong = [
        f"{name}: {target}"
        for name, text in texts(".md")
        for target in re.findall(r"\]\(([^)#\s]+)", text)
        if "://" not in target and not (ROOT / name).parent.joinpath(target).exists()
    ]
    assert wrong == []


def test_both_readmes_give_the_same_commands() -> None:
    """The Chinese one says the same: its examples differ in their comments at most."""

    def examples(name: str) -> list[str]:
        blocks = re.findall(r"^```\w+\n(.*?)^```", (ROOT / name).read_text("utf-8"), re.MULTILINE | re.DOTALL)
        return [re.sub(r"\s*#.*", "", block) for block in blocks]

    assert examples("README.md") == examples("README.zh-CN.md")
    assert len(examples("README.md")) > 3
