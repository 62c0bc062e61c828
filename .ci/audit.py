"""Asks for known faults in what the locks name: ``.ci/audit.py PIP_AUDIT``, as `make audit` does.

    0  every package of every lock was asked about, and nothing is known
    1  something is known: it is named
    2  some could not be asked about: it says which, and why

pip-audit by itself ends well when its service answers for no package at all, and npm's words are easily taken for a
finding; so both are asked for JSON, and what they did not say is not taken for good.
"""

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ("requirements.lock", "requirements-build.lock", "requirements-dev.lock")
PAGES = ROOT / "dashboards" / "pages"


@dataclass
class Answer:
    """What is known of one lock.

    Attributes:
        lock: its name.
        asked: how many packages were answered for.
        known: a line for each fault.
        unasked: why some, or all, were not answered for.
    """

    lock: str
    asked: int = 0
    known: list[str] = field(default_factory=list)
    unasked: list[str] = field(default_factory=list)


def of_pip_audit(lock: str, printed: str, complained: str) -> Answer:
    """Read what pip-audit printed of one lock."""
    answer = Answer(lock)
    try:
        packages: list[dict[str, Any]] = json.loads(printed)["dependencies"]
    except (ValueError, KeyError):
        answer.unasked.append(_last_line(complained) or "pip-audit said nothing")
        return answer
    skipped = [package for package in packages if "skip_reason" in package]
    answer.asked = len(packages) - len(skipped)
    if skipped:
        answer.unasked.append(f"{len(skipped)} of {len(packages)} packages, such as: {skipped[0]['skip_reason']}")
    for package in packages:
        for fault in package.get("vulns", ()):
            mended = ", ".join(fault.get("fix_versions", ())) or "nothing yet"
            answer.known.append(f"{package['name']} {package['version']}: {fault['id']}, mended in {mended}")
    return answer


def of_npm(lock: str, printed: str, complained: str) -> Answer:
    """Read what ``npm audit --json`` printed."""
    answer = Answer(lock)
    try:
        told: dict[str, Any] = json.loads(printed)
        faults: dict[str, dict[str, Any]] = told["vulnerabilities"]
        answer.asked = told["metadata"]["dependencies"]["total"]
    except (ValueError, KeyError):
        answer.unasked.append(_last_line(complained) or "npm said nothing")
        return answer
    for name, fault in sorted(faults.items()):
        titles = [via["title"] for via in fault["via"] if isinstance(via, dict)]
        through = [via for via in fault["via"] if isinstance(via, str)]
        said = "; ".join(titles) or f"through {', '.join(through)}"
        answer.known.append(f"{name} {fault['range']}, {fault['severity']}: {said}")
    return answer


def verdict(answers: list[Answer]) -> tuple[int, list[str]]:
    """Return the exit code and what to say."""
    lines = []
    for answer in answers:
        state = "nothing known" if not answer.known and not answer.unasked else ""
        lines.append(f"{answer.lock}: {answer.asked} packages asked about" + (f", {state}" if state else ""))
        lines += [f"  KNOWN    {line}" for line in answer.known]
        lines += [f"  UNASKED  {line}" for line in answer.unasked]
    if any(answer.known for answer in answers):
        return 1, [
            *lines,
            "Faults are known: take newer versions with `make lock`, or write down why they do not touch us.",
        ]
    if any(answer.unasked for answer in answers):
        return 2, [
            *lines,
            "This is no clean result: run it where the advisory services of both registries can be reached.",
        ]
    return 0, lines


def _last_line(text: str) -> str:
    said = [line.strip() for line in text.splitlines() if line.strip() and "complete log" not in line]
    return said[-1][:200] if said else ""


def main(pip_audit: str) -> int:
    """Ask about each lock, and say what came of it."""
    answers = []
    for lock in LOCKS:
        asked = ["--requirement", str(ROOT / lock), "--require-hashes", "--disable-pip"]
        answers.append(
            of_pip_audit(lock, *_printed([pip_audit, "--format", "json", "--progress-spinner", "off", *asked]))
        )
    sys.path.insert(0, str(ROOT))
    from hatch_build import NodeTools, PagesNotBuilt

    lock = "dashboards/pages/package-lock.json"
    try:
        tools = NodeTools()
    except PagesNotBuilt as error:
        answers.append(Answer(lock, unasked=[str(error)]))
    else:
        answers.append(of_npm(lock, *_printed([*tools.command, "audit", "--json", "--package-lock-only"], PAGES)))
    code, lines = verdict(answers)
    sys.stdout.write("\n".join(lines) + "\n")
    return code


def _printed(command: list[str], folder: Path = ROOT) -> tuple[str, str]:
    """Run a command; return what it printed on both streams. Its exit code says too little to be of use."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603  our own words
    return done.stdout, done.stderr


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
