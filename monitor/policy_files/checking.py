"""A folder of rules checked: what is wrong, what is doubtful, what its own tests say."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from monitor.core.roster import Register
from monitor.policy_files import phrases, words
from monitor.policy_files.chinese import told
from monitor.policy_files.rule_set import FILES_READ, RuleSet, load
from monitor.policy_files.scenarios import FOLDER, Result, run_all
from monitor.policy_files.where import default_folder
from monitor.yaml_files import BadFiles, Fault, did_you_mean


@dataclass(slots=True)
class Checked:
    """What a check found.

    Attributes:
        folder: what was checked.
        rules: None where they cannot be used.
        faults: what keeps them from being used.
        doubts: what is odd and yet may be meant.
        tests: what came of its scenarios.
    """

    folder: Path
    rules: RuleSet | None = None
    faults: list[Fault] = field(default_factory=list)
    doubts: list[Fault] = field(default_factory=list)
    tests: list[Result] = field(default_factory=list)

    @property
    def failed(self) -> list[Result]:
        """The scenarios that came out otherwise than they say."""
        return [result for result in self.tests if result.faults]

    @property
    def good(self) -> bool:
        """Whether the rules can be used and do what their tests say."""
        return not self.faults and not self.failed

    def as_json(self) -> dict[str, Any]:
        """Return the object that ``check-rules --json`` prints."""
        return {
            "folder": str(self.folder),
            "rules_version": None if self.rules is None else self.rules.hash,
            "good": self.good,
            "errors": list(map(told, self.faults)),
            "warnings": list(map(told, self.doubts)),
            "scenarios": {
                "run": len(self.tests),
                "failed": [
                    {"title": result.title, "file": result.file, "errors": list(map(told, result.faults))}
                    for result in self.failed
                ],
            },
        }


def check(folder: Path, now_ms: int) -> Checked:
    """Check a folder of rules."""
    checked = Checked(folder)
    try:
        checked.rules = load(folder)
    except BadFiles as bad:
        checked.faults = bad.faults
        return checked
    reader, checked.faults = words.load(folder)
    checked.faults += words.load_quality(folder, {})[2]
    never_suggested: list[Fault] = []
    if not checked.faults:
        checked.faults, never_suggested = phrases.check(folder, frozenset(reader.intents.phases))
    checked.doubts = [
        *_not_read(folder),
        *_of_no_shop(folder, checked.rules.register),
        *never_suggested,
        *checked.rules.doubts(now_ms),
    ]
    checked.tests, wrong = run_all(checked.rules)
    checked.faults = checked.faults + wrong
    return checked


def _not_read(folder: Path) -> list[Fault]:
    """Return the files and folders that nothing reads, which may be a slip in a name."""
    known = {path.name for path in default_folder().iterdir()} | FILES_READ
    folders = sorted(path.name for path in default_folder().iterdir() if path.is_dir())
    return (
        [
            Fault(str(path), 0, 0, f"nothing reads a file of this name{did_you_mean(path.name, sorted(known))}")
            for path in sorted(folder.iterdir())
            if path.is_file() and path.suffix in (".yaml", ".yml", ".csv", ".txt") and path.name not in known
        ]
        + [
            Fault(str(path), 0, 0, f"nothing reads a file of this name; did you mean {path.stem}.yaml?")
            for path in sorted(folder.glob("*/*.yml"))
            if path.parent.name != FOLDER
        ]
        + [
            Fault(str(path), 0, 0, f"nothing reads a folder of this name{did_you_mean(path.name, folders)}")
            for path in sorted(folder.iterdir())
            if path.is_dir() and path.name not in known and any(path.rglob("*.yaml"))
        ]
    )


def _of_no_shop(folder: Path, register: Register) -> list[Fault]:
    """Return the quick replies of shops that are not written down, where any are."""
    shops = sorted(info.shop for info in register.shops)
    return [
        Fault(str(path), 0, 0, f"{shop} is no shop of the register{did_you_mean(shop, shops)}")
        for shop, path in phrases.PhraseFiles(folder).shops.items()
        if shops and shop not in shops
    ]
