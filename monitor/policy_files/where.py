"""Which folder of rules is in force: the one that is named, else ``./rules``, else the copy that is shipped.

A folder need not hold everything. A file or a folder of it that is missing (the platforms' scores, the
word lists) is taken from the shipped copy, so that a floor writes down only what is its own.
"""

from pathlib import Path
from typing import NamedTuple

import monitor

OWN_FOLDER = Path("rules")
_PACKAGE = Path(monitor.__file__).parent
_PACKED = _PACKAGE / "shipped_rules"  # Put there when the wheel is built.


class Choice(NamedTuple):
    """A folder of rules, and why it is this one."""

    folder: Path
    why: str


def default_folder() -> Path:
    """Return the shipped rules: those packed into the package, in a checkout the folder itself."""
    return _PACKED if _PACKED.is_dir() else _PACKAGE.parent / "rules"


def choose(option: Path | None, setting: Path | None) -> Choice:
    """Return the rules that ``run`` takes: ``--rules``, else the setting, else ``./rules``, else the shipped copy."""
    if option is not None:
        return Choice(option, "--rules")
    if setting is not None:
        return Choice(setting, "the setting rules")
    if OWN_FOLDER.is_dir():
        return Choice(OWN_FOLDER, "found here")
    return Choice(default_folder(), "shipped")


def find(folder: Path, name: str) -> Path:
    """Return a file or folder of the rules by its name in them, from the shipped copy where ``folder`` lacks it.

    It need not exist: then the shipped copy lacks it too.
    """
    own = folder / name
    return own if own.exists() else default_folder() / name
