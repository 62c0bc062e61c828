"""Options that several commands have, worded once."""

import os
from pathlib import Path

import click

AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print only JSON on standard output.")
CONFIG = click.option("--config", type=click.Path(path_type=Path), help="Settings file (default ./presales.toml).")
DATA = click.option("--data", type=click.Path(path_type=Path), help="Data folder (default ./presales-data).")
RULES = click.option(
    "--rules", type=click.Path(path_type=Path), help="Folder of rules (default: setting, ./rules, the shipped ones)."
)
PORT = click.IntRange(0, 65_535)  # 0 takes a free one.


def _terminal_lang() -> str:
    said = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return "zh" if said.lower().startswith("zh") else "en"


LANG = click.option(
    "--lang", type=click.Choice(["zh", "en"]), default=_terminal_lang, help="Language (default: the terminal's)."
)
