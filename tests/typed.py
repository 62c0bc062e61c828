"""Commands as a person types them, in this process."""

from click.testing import CliRunner, Result

from monitor.cli import main


def typed(*words: str, input: str | None = None) -> Result:
    return CliRunner().invoke(main, words, input=input, env={"PRESALES_LISTEN__TOKEN": None})
