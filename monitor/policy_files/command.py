"""The commands about the rules: ``check-rules`` and ``explain``."""

import json
import sys
from pathlib import Path
from typing import Any

import click

from monitor.clock import Clock
from monitor.errors import UsageError
from monitor.options import AS_JSON, CONFIG, RULES
from monitor.policy_files.against import Side, compare, with_rules, without_rules
from monitor.policy_files.checking import Checked, check
from monitor.policy_files.explain import explained, instant_given
from monitor.policy_files.explain_text import lines_of
from monitor.policy_files.in_force import first_rules
from monitor.policy_files.where import Choice, choose
from monitor.settings import load as load_settings
from monitor.yaml_files import did_you_mean


@click.command("check-rules")
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option("--against", "logs", multiple=True, metavar="FILE", help="Say what would change on this log of events.")
@click.option("--than", type=click.Path(path_type=Path), help="Rules to compare with (default: those in force).")
@CONFIG
@AS_JSON
def check_rules(
    folder: Path | None, logs: tuple[str, ...], than: Path | None, config: Path | None, as_json: bool
) -> None:
    """Check a folder of rules, and run its tests."""
    chosen = _chosen(folder, config)
    if not chosen.folder.is_dir():
        raise UsageError(f"{chosen.folder} is no folder of rules")
    checked = check(chosen.folder, Clock().now_ms())
    compared = None
    if logs and checked.rules is not None:
        compared = compare(logs, _side(than, chosen.folder, config), with_rules(checked.rules))
    if as_json:
        told = checked.as_json() | ({} if compared is None else {"against": compared})
        click.echo(json.dumps(told, ensure_ascii=False))
    else:
        _print_checked(checked)
        if compared is not None:
            _print_compared(compared)
    sys.exit(0 if checked.good else 1)


@click.command("backtest")
@click.argument("logs", nargs=-1, required=True, metavar="FILE...")
@click.option("--rules", "folder", type=click.Path(path_type=Path), required=True, help="The rules to try.")
@click.option("--than", type=click.Path(path_type=Path), help="Rules to compare with (default: those in force).")
@CONFIG
@AS_JSON
def backtest(logs: tuple[str, ...], folder: Path, than: Path | None, config: Path | None, as_json: bool) -> None:
    """Say what other rules would have changed on a log of events; as `check-rules --against`, without the check."""
    compared = compare(logs, _side(than, folder, config), with_rules(first_rules(folder)))
    if as_json:
        click.echo(json.dumps(compared, ensure_ascii=False))
    else:
        _print_compared(compared)


def _side(than: Path | None, checked: Path, config: Path | None) -> Side:
    """Return what is compared with: the rules named, else those in force; the built-in policy, if these are checked."""
    folder = than or choose(None, load_settings(config).rules).folder
    if than is None and folder.resolve() == checked.resolve():
        return without_rules()
    return with_rules(first_rules(folder))


def _print_compared(compared: dict[str, Any]) -> None:
    versions = f"{compared['before']['rules_version']} → {compared['after']['rules_version']}"
    if not compared["changes"]:
        click.echo(f"against the log, {versions}: nothing changes")
        return
    click.echo(f"against the log, {versions}:")
    for change in compared["changes"]:
        click.echo(f"  {change['what']}: {_number(change['before'])} → {_number(change['after'])}")


def _number(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.3f}".rstrip("0").rstrip(".")
    return "none" if value is None else str(value)


def _chosen(folder: Path | None, config: Path | None) -> Choice:
    if folder is None:
        return choose(None, load_settings(config).rules)
    return Choice(folder, "given")


def _print_checked(checked: Checked) -> None:
    for fault in checked.faults:
        click.echo(f"error: {fault}")
    for doubt in checked.doubts:
        click.echo(f"warning: {doubt}")
    for result in checked.failed:
        for fault in result.faults:
            click.echo(f"failed: {fault}")
    if checked.rules is None:
        click.echo(f"{checked.folder}: {_count(len(checked.faults), 'error')}; these rules would not be taken")
        return
    rules = checked.rules
    tests = f"{_count(len(checked.tests), 'scenario')}, {len(checked.failed) or 'none'} failed"
    click.echo(
        f"{checked.folder}: {'good' if checked.good else 'not good'} · {_count(len(rules.policies.rules), 'rule')}, "
        f"{_count(len(rules.register.shops), 'shop')}, {_count(len(rules.register.persons), 'person', 'people')} · "
        f"{tests} · version {rules.hash}"
    )


def _count(count: int, one: str, many: str | None = None) -> str:
    return f"{count} {one if count == 1 else many or one + 's'}"


@click.command("explain")
@click.option("--shop", required=True, help="As the events name it.")
@click.option("--platform", help="Of the shop (default: what the register says).")
@click.option("--phase", help="presale, aftersale, … as the events name it.")
@click.option(
    "--at", "at", required=True, metavar="INSTANT", help='When a wait opens: RFC 3339, or "2026-11-10 20:00".'
)
@click.option("--until", metavar="INSTANT", help="Count the counted clock to here.")
@RULES
@CONFIG
@AS_JSON
def explain(
    shop: str,
    platform: str | None,
    phase: str | None,
    at: str,
    until: str | None,
    rules: Path | None,
    config: Path | None,
    as_json: bool,
) -> None:
    """Say what would hold for a wait: from which line, and when each stage and step is due."""
    found = first_rules(choose(rules, load_settings(config).rules).folder)
    zone = found.policies.zone
    known = [info.shop for info in found.register.shops]
    if known and shop not in known:
        click.echo(f"note: no shop of the register is called {shop}{did_you_mean(shop, known)}", err=True)
    said = explained(
        found,
        platform=platform,
        shop=shop,
        phase=phase,
        at_ms=instant_given(at, zone),
        until_ms=None if until is None else instant_given(until, zone),
    )
    if as_json:
        click.echo(json.dumps(said, ensure_ascii=False))
        return
    for line in lines_of(said, zone):
        click.echo(line)
