"""The commands about the rules: ``check-rules`` and ``explain``."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import click

from monitor.clock import Clock
from monitor.errors import UsageError
from monitor.options import AS_JSON, CONFIG, LANG, RULES
from monitor.policy_files.against import Side, compare, with_rules, without_rules
from monitor.policy_files.checking import Checked, check
from monitor.policy_files.chinese import in_chinese
from monitor.policy_files.explain import explained, instant_given
from monitor.policy_files.explain_text import WORDS as EXPLAINED
from monitor.policy_files.explain_text import lines_of
from monitor.policy_files.in_force import first_rules
from monitor.policy_files.where import Choice, choose
from monitor.settings import load as load_settings
from monitor.yaml_files import Fault, did_you_mean


class Words(NamedTuple):
    """What a check says around what it found; of a noun, that of one and that of several."""

    error: str
    warning: str
    failed: str
    not_taken: str
    summary: str
    good: str
    bad: str
    none: str
    one_error: tuple[str, str]
    one_rule: tuple[str, str]
    one_shop: tuple[str, str]
    one_person: tuple[str, str]
    one_scenario: tuple[str, str]
    compared: str
    unchanged: str


WORDS = {
    "en": Words(
        error="error: ",
        warning="warning: ",
        failed="failed: ",
        not_taken="{folder}: {errors}; these rules would not be taken",
        summary="{folder}: {good} · {rules}, {shops}, {people} · {scenarios}, {failed} failed · version {version}",
        good="good",
        bad="not good",
        none="none",
        one_error=("{} error", "{} errors"),
        one_rule=("{} rule", "{} rules"),
        one_shop=("{} shop", "{} shops"),
        one_person=("{} person", "{} people"),
        one_scenario=("{} scenario", "{} scenarios"),
        compared="against the log, {} → {}:",
        unchanged="against the log, {} → {}: nothing changes",
    ),
    "zh": Words(
        error="错误 ",
        warning="提醒 ",
        failed="不符 ",
        not_taken="{folder}：{errors}，这些规则不会生效",
        summary="{folder}：{good} · {rules}，{shops}，{people} · {scenarios}，{failed} 不符 · 版本 {version}",
        good="没有错误",
        bad="有错误",
        none="没有",
        one_error=("{} 处错误",) * 2,
        one_rule=("{} 条规则",) * 2,
        one_shop=("{} 个店铺",) * 2,
        one_person=("{} 人",) * 2,
        one_scenario=("{} 个场景",) * 2,
        compared="按这份数据，{} → {}：",
        unchanged="按这份数据，{} → {}：没有变化",
    ),
}


@click.command("check-rules")
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option("--against", "logs", multiple=True, metavar="FILE", help="Say what would change on this log of events.")
@click.option("--than", type=click.Path(path_type=Path), help="Rules to compare with (default: those in force).")
@CONFIG
@LANG
@AS_JSON
def check_rules(
    folder: Path | None, logs: tuple[str, ...], than: Path | None, config: Path | None, lang: str, as_json: bool
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
        _print_checked(checked, WORDS[lang], in_chinese if lang == "zh" else str)
        if compared is not None:
            _print_compared(compared, WORDS[lang])
    sys.exit(0 if checked.good else 1)


@click.command("backtest")
@click.argument("logs", nargs=-1, required=True, metavar="FILE...")
@click.option("--rules", "folder", type=click.Path(path_type=Path), required=True, help="The rules to try.")
@click.option("--than", type=click.Path(path_type=Path), help="Rules to compare with (default: those in force).")
@CONFIG
@LANG
@AS_JSON
def backtest(
    logs: tuple[str, ...], folder: Path, than: Path | None, config: Path | None, lang: str, as_json: bool
) -> None:
    """Say what other rules would have changed on a log of events; as `check-rules --against`, without the check."""
    compared = compare(logs, _side(than, folder, config), with_rules(first_rules(folder)))
    if as_json:
        click.echo(json.dumps(compared, ensure_ascii=False))
    else:
        _print_compared(compared, WORDS[lang])


def _side(than: Path | None, checked: Path, config: Path | None) -> Side:
    """Return what is compared with: the rules named, else those in force; the built-in policy, if these are checked."""
    folder = than or choose(None, load_settings(config).rules).folder
    if than is None and folder.resolve() == checked.resolve():
        return without_rules()
    return with_rules(first_rules(folder))


def _print_compared(compared: dict[str, Any], words: Words) -> None:
    said = words.compared if compared["changes"] else words.unchanged
    click.echo(said.format(compared["before"]["rules_version"], compared["after"]["rules_version"]))
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


def _print_checked(checked: Checked, words: Words, said: Callable[[str], str]) -> None:
    def put(kind: str, fault: Fault) -> None:
        click.echo(f"{kind}{fault._replace(message=said(fault.message))}")

    for fault in checked.faults:
        put(words.error, fault)
    for doubt in checked.doubts:
        put(words.warning, doubt)
    for result in checked.failed:
        for fault in result.faults:
            put(words.failed, fault)
    rules = checked.rules
    if rules is None:
        click.echo(words.not_taken.format(folder=checked.folder, errors=_count(len(checked.faults), words.one_error)))
        return
    click.echo(
        words.summary.format(
            folder=checked.folder,
            good=words.good if checked.good else words.bad,
            rules=_count(len(rules.policies.rules), words.one_rule),
            shops=_count(len(rules.register.shops), words.one_shop),
            people=_count(len(rules.register.persons), words.one_person),
            scenarios=_count(len(checked.tests), words.one_scenario),
            failed=len(checked.failed) or words.none,
            version=rules.hash,
        )
    )


def _count(count: int, noun: tuple[str, str]) -> str:
    return noun[count != 1].format(count)


@click.command("explain")
@click.option("--shop", required=True, help="As the events name it.")
@click.option("--platform", help="Of the shop (default: what the register says).")
@click.option("--phase", help="presale, aftersale, … as the events name it.")
@click.option(
    "--at", "at", required=True, metavar="INSTANT", help='When a wait opens: RFC 3339, or "2026-11-10 20:00".'
)
@click.option("--until", metavar="INSTANT", help="Count the counted clock to here.")
@click.option("--buyer", metavar="WORDS", help="Say what these words of a buyer are, such as courtesy, and why.")
@click.option("--reply", metavar="WORDS", help="Say what this reply of an agent is, and what it promises.")
@RULES
@CONFIG
@LANG
@AS_JSON
def explain(
    shop: str,
    platform: str | None,
    phase: str | None,
    at: str,
    until: str | None,
    buyer: str | None,
    reply: str | None,
    rules: Path | None,
    config: Path | None,
    lang: str,
    as_json: bool,
) -> None:
    """Say what would hold for a wait: from which line, and when each stage and step is due."""
    found = first_rules(choose(rules, load_settings(config).rules).folder)
    zone = found.policies.zone
    known = [info.shop for info in found.register.shops]
    if known and shop not in known:
        said = f"{shop} is no shop of the register{did_you_mean(shop, known)}"
        click.echo(EXPLAINED[lang]["note"] + (in_chinese(said) if lang == "zh" else said), err=True)
    told = explained(
        found,
        platform=platform,
        shop=shop,
        phase=phase,
        at_ms=instant_given(at, zone),
        until_ms=None if until is None else instant_given(until, zone),
        buyer=buyer,
        reply=reply,
    )
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    for line in lines_of(told, zone, lang):
        click.echo(line)
