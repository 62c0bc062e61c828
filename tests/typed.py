"""Commands as a person types them, in this process."""

from click.testing import CliRunner, Result

from monitor.cli import main


def typed(*words: object, input: str | None = None, lang: str = "C") -> Result:
    arguments = [str(word) for word in words]
    return CliRunner().invoke(main, arguments, input=input, env={"PRESALES_LISTEN__TOKEN": None, "LC_ALL": lang})
