"""Templates of links that open a chat in the platform's own client: ``aliim:sendmsg?touid={buyer}``."""

import re
from string import Formatter
from typing import Annotated

from pydantic import AfterValidator, Field

from monitor.yaml_files import did_you_mean

NAMES = ("account", "buyer", "conversation", "platform", "shop")
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]{1,20}):")
_RUNS_CODE = ("javascript", "data", "vbscript")


def wrong_link(link: str) -> str | None:
    """Return what is wrong with a template; None: it will make a link of every chat."""
    scheme = _SCHEME.match(link)
    if scheme is None:
        return "a link begins with what opens it: https://… or aliim:…"
    if scheme[1] in _RUNS_CODE:
        return f"{scheme[1]}: opens no chat"
    try:
        parts = list(Formatter().parse(link))
    except ValueError as error:
        return f"not a template: {error}"
    for _, name, form, conversion in parts:
        if name is not None and (name not in NAMES or form or conversion):
            written = name + (f"!{conversion}" if conversion else "") + (f":{form}" if form else "")
            meant = did_you_mean(name, NAMES) or f"; known: {', '.join(NAMES)}"
            return f"{{{written}}} is no variable{meant}"
    return None


def _link(link: str) -> str:
    wrong = wrong_link(link)
    if wrong is not None:
        raise ValueError(wrong)
    return link


ChatLink = Annotated[str, Field(max_length=500), AfterValidator(_link)]
"""A template of a link into a chat."""
