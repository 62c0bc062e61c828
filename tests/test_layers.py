"""Imports go one way, towards ``core``; and ``core`` decides without looking around.

The layers are those of ARCHITECTURE.md. A new package or module directly below
``monitor`` is put into ``LAYERS``: that is the moment to ask where it belongs.
"""

import ast
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "monitor"

LAYERS: list[set[str]] = [
    {"core"},
    {
        "wire",
        "setting_values",
        "settings",
        "clock",
        "errors",
        "csv_files",
        "log_files",
        "yaml_files",
        "yaml_wording",
        "service_manager",
        "logs",
        "options",
        "key_file",
        "spare",
        "interpreter",
    },
    {
        "engine",
        "replay",
        "alerts",
        "web",
        "sources",
        "store",
        "simulator",
        "metrics",
        "mqtt",
        "policy_files",
        "suggest",
        "scoring",
        "hooks",
        "onboarding",
        "housekeeping",
    },
    {"app"},
    {"cli", "__main__"},
]
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}

# What reads a clock, opens, waits, logs, rolls dice or depends on the machine it runs on.
LOOKS_AROUND = {
    "aiosqlite", "asyncio", "concurrent", "ctypes", "fcntl", "getpass", "glob", "http", "importlib", "io", "locale",
    "logging", "mmap", "multiprocessing", "os", "pathlib", "platform", "queue", "random", "sched", "secrets", "select",
    "selectors", "shutil", "signal", "socket", "socketserver", "sqlite3", "ssl", "subprocess", "sys", "tempfile",
    "threading", "time", "urllib", "uuid", "warnings",
}  # fmt: skip
CALLS_THAT_LOOK_AROUND = {"open", "print", "input", "breakpoint", "now", "utcnow", "today", "fromtimestamp", "getenv"}


class Imported:
    """One import statement's module, and the names taken from it.

    Attributes:
        module: in full, "monitor.core.events".
        names: those of ``from module import names``; none for ``import module``.
        line: where it stands.
    """

    def __init__(self, module: str, names: list[str], line: int) -> None:
        self.module = module
        self.names = names
        self.line = line


def module_name(file: Path) -> str:
    parts = file.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def sources() -> dict[str, ast.Module]:
    """Every module of the package, parsed."""
    files = sorted(PACKAGE.rglob("*.py"))
    return {module_name(file): ast.parse(file.read_text("utf-8"), str(file)) for file in files}


def imports(tree: ast.Module) -> Iterator[Imported]:
    """All imports, also those inside functions and for type checkers only."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Imported(alias.name, [], node.lineno)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: imports are written in full"
            yield Imported(node.module or "", [alias.name for alias in node.names], node.lineno)


MODULES = sources()


def part_of(module: str) -> str:
    """The name directly below ``monitor``; "" for ``monitor`` itself, which holds only the version."""
    return module.removeprefix("monitor").removeprefix(".").partition(".")[0]


def test_each_part_has_its_layer() -> None:
    assert {part_of(module) for module in MODULES} - {""} <= RANK.keys()


def test_imports_go_towards_core() -> None:
    wrong = []
    for module, tree in MODULES.items():
        for imported in imports(tree):
            if imported.module == "monitor":  # from monitor import settings
                targets = [name for name in imported.names if name in RANK]
            elif imported.module.startswith("monitor."):
                targets = [part_of(imported.module)]
            else:
                continue
            assert part_of(module), "monitor/__init__.py imports nothing of the package"
            wrong += [
                f"{module}:{imported.line} imports {target}"
                for target in targets
                if RANK[target] > RANK[part_of(module)]
            ]
    assert wrong == []


def test_core_imports_the_standard_library_msgspec_and_itself() -> None:
    allowed = sys.stdlib_module_names - LOOKS_AROUND | {"msgspec"}
    wrong = [
        f"{module}:{imported.line} imports {imported.module}"
        for module, tree in MODULES.items()
        if part_of(module) == "core"
        for imported in imports(tree)
        if imported.module.split(".")[0] not in allowed and not imported.module.startswith("monitor.core")
    ]
    assert wrong == []


def test_core_reads_no_clock_and_awaits_nothing() -> None:
    wrong = []
    for module, tree in MODULES.items():
        if part_of(module) != "core":
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                # An instant that is handed in may be turned into a date; the machine's zone may not be asked.
                zoned = called == "fromtimestamp" and len(node.args) + len(node.keywords) > 1
                if called in CALLS_THAT_LOOK_AROUND and not zoned:
                    wrong.append(f"{module}:{node.lineno} calls {called}")
            elif isinstance(node, ast.AsyncFunctionDef | ast.Await | ast.AsyncFor | ast.AsyncWith):
                wrong.append(f"{module}:{node.lineno} is asynchronous")
            elif isinstance(node, ast.Global | ast.Nonlocal):
                wrong.append(f"{module}:{node.lineno} rebinds {', '.join(node.names)}")
    assert wrong == []


def test_nobody_takes_what_another_part_keeps_to_itself() -> None:
    wrong = [
        f"{module}:{imported.line} takes {imported.module}.{name}"
        for module, tree in MODULES.items()
        for imported in imports(tree)
        if imported.module.startswith("monitor.") and part_of(imported.module) != part_of(module)
        for name in [*imported.module.split("."), *imported.names]
        if name.startswith("_") and not name.endswith("__")
    ]
    assert wrong == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph: dict[str, set[str]] = {}
    for module, tree in MODULES.items():
        found = graph.setdefault(module, set())
        for imported in imports(tree):
            # A name taken from a package may be one of its modules: then that is what is imported.
            inner = {f"{imported.module}.{name}" for name in imported.names} & MODULES.keys()
            found |= inner or ({imported.module} & MODULES.keys())
        found.discard(module)
    circle: list[str] = []
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle = error.args[1]
    assert circle == []
