"""What `make audit` makes of the answers it gets: what was not asked is never taken for good."""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

SCRIPT = Path(__file__).parent.parent / ".ci" / "audit.py"


def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("audit", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["audit"] = module  # Where a dataclass looks for the names in its annotations.
    spec.loader.exec_module(module)
    return module


AUDIT = script()
CLEAN = {"name": "click", "version": "8.3.0", "vulns": []}
FAULTY = {"name": "aiohttp", "version": "3.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["3.1"]}]}
SKIPPED = {"name": "yarl", "skip_reason": "Dependency not found"}


def printed(*packages: object) -> str:
    return json.dumps({"dependencies": packages, "fixes": []})


def test_all_asked_and_nothing_known_is_good() -> None:
    npm = json.dumps({"vulnerabilities": {}, "metadata": {"dependencies": {"total": 9}}})
    answers = [AUDIT.of_pip_audit("a.lock", printed(CLEAN), ""), AUDIT.of_npm("b.json", npm, "")]
    code, lines = AUDIT.verdict(answers)
    assert code == 0
    assert lines == ["a.lock: 1 packages asked about, nothing known", "b.json: 9 packages asked about, nothing known"]


def test_a_fault_is_named_with_what_mends_it() -> None:
    code, lines = AUDIT.verdict([AUDIT.of_pip_audit("a.lock", printed(CLEAN, FAULTY, SKIPPED), "")])
    assert code == 1
    assert lines[1] == "  KNOWN    aiohttp 3.0: PYSEC-1, mended in 3.1"
    assert "1 of 3 packages" in lines[2]


def test_a_fault_of_the_pages_is_named_with_how_it_comes_in() -> None:
    vite = {"severity": "high", "range": "<7", "via": [{"title": "reads files outside"}]}
    plugin = {"severity": "high", "range": "*", "via": ["vite"]}
    told = {"vulnerabilities": {"vite": vite, "plugin": plugin}, "metadata": {"dependencies": {"total": 2}}}
    code, lines = AUDIT.verdict([AUDIT.of_npm("b.json", json.dumps(told), "")])
    assert code == 1
    assert lines[1:3] == ["  KNOWN    plugin *, high: through vite", "  KNOWN    vite <7, high: reads files outside"]


def test_what_could_not_be_asked_is_no_good_news() -> None:
    """pip-audit itself ends with 0 where its service knows none of the packages."""
    for answer in (
        AUDIT.of_pip_audit("a.lock", printed(SKIPPED), ""),
        AUDIT.of_pip_audit("a.lock", printed(CLEAN, SKIPPED), ""),
        AUDIT.of_pip_audit("a.lock", "", "Traceback\nConnectionError: no such host\n"),
        AUDIT.of_npm("b.json", '{"message": "405", "error": {}}', "npm warn audit 405\nnpm error audit failed\n"),
        AUDIT.of_npm("b.json", "", ""),
    ):
        code, lines = AUDIT.verdict([answer])
        assert code == 2
        assert "UNASKED" in lines[1]
        assert "no clean result" in lines[-1]
