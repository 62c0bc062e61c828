"""Folders of rules for tests: a few lines of YAML, the rest shipped."""

from datetime import datetime
from pathlib import Path
from textwrap import dedent
from zoneinfo import ZoneInfo

from monitor.policy_files import RuleSet, load
from monitor.yaml_files import BadFiles

DEFAULT = """\
version: 1
default:
  hours: all
  stages: {slow: 60s, at_risk: 180s, lost: 300s}
"""


def write(folder: Path, **files: str) -> Path:
    """Write files; ``rules=`` is ``rules.yaml``, ``shops_csv=`` is ``shops.csv``."""
    for name, text in files.items():
        stem, _, ending = name.partition("_")
        (folder / f"{stem}.{ending or 'yaml'}").write_text(dedent(text).lstrip("\n"), "utf-8")
    return folder


def faults(folder: Path) -> list[str]:
    """What is wrong with a folder, without the folder's name."""
    try:
        load(folder)
    except BadFiles as bad:
        return [str(fault).removeprefix(f"{folder}/") for fault in bad.faults]
    return []


def doubts(rules: RuleSet, now_ms: int = 0) -> list[str]:
    """What is odd, without the folder's name."""
    return [str(fault).replace(f"{rules.folder}/", "") for fault in rules.doubts(now_ms)]


def at(text: str, zone: str = "Asia/Shanghai") -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)
