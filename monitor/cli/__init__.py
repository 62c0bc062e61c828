"""The commands. Exit 0 good, 1 findings (in a replay: something was refused), 2 usage."""

import sys
from typing import Any

import click

from monitor import __version__
from monitor.alerts.command import send_test
from monitor.cli.replaying import replay
from monitor.cli.service import demo, run
from monitor.cli.showing import config, show_schema
from monitor.cli.tokens import token
from monitor.errors import MonitorError, UsageError
from monitor.onboarding.command import check_source, import_chats
from monitor.policy_files.command import backtest, check_rules, explain
from monitor.scoring.command import report_day, report_official
from monitor.simulator.command import simulate
from monitor.store.command import backup, export, purge, restore
from monitor.suggest.command import import_phrases, report


class Commands(click.Group):
    """Commands whose errors are one line that says what to do."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run; a usage error of ours ends like one of click's."""
        try:
            return super().main(*args, **kwargs)
        except MonitorError as error:
            click.echo(f"presales-monitor: {error}", err=True)
            sys.exit(2 if isinstance(error, UsageError) else 1)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="presales-monitor")
def main() -> None:
    """Times every unanswered buyer in pre-sales chat and tells people while the buyer is still there."""


for command in (
    run,
    demo,
    replay,
    simulate,
    check_rules,
    explain,
    backtest,
    import_chats,
    check_source,
    import_phrases,
    report,
    send_test,
    backup,
    restore,
    purge,
    export,
    config,
    show_schema,
    token,
):
    main.add_command(command)
report.add_command(report_day)
report.add_command(report_official)
