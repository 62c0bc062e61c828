"""Options that several commands have, worded once."""

from pathlib import Path

import click

AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print only JSON on standard output.")
CONFIG = click.option("--config", type=click.Path(path_type=Path), help="Settings file (default ./presales.toml).")
DATA = click.option("--data", type=click.Path(path_type=Path), help="Data folder (default ./presales-data).")
RULES = click.option(
    "--rules", type=click.Path(path_type=Path), help="Folder of rules (default: setting, ./rules, the shipped ones)."
)
PORT = click.IntRange(0, 65_535)  # 0 takes a free one.
