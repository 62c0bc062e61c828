"""A floor's own words in place of ours: templates for messages, one for each kind of message.

A template names values as ``{shop}``. What a kind of message has is listed here; a name that
it has not is a fault of the file, with its line, so that nobody finds out in the middle of a rush.
"""

from collections.abc import Iterator
from string import Formatter
from typing import Literal

from pydantic import Field

from monitor.yaml_files import Model, did_you_mean

Kind = Literal[
    "waits",
    "opening",
    "digest",
    "unattended",
    "source",
    "promise",
    "handover",
    "score",
    "quality",
    "storm",
    "canary",
    "several",
]

# Every message has a value for these; what is not known is empty. ``lines`` are our own, without the title.
ALWAYS = frozenset(
    {"left", "seat", "agent", "account", "count", "shops", "shop", "platform", "team", "load", "move", "buyer", "said"}
    | {"asked_at", "waited", "told", "title", "step", "lines"}
)
# And those of one kind: what is in its facts, see `monitor.core.decisions.TellPeople`.
OF_KIND: dict[str, frozenset[str]] = {
    "waits": frozenset(),
    "opening": frozenset({"still"}),
    "digest": frozenset({"came", "still"}),
    "unattended": frozenset({"waiting", "promises", "absent"}),
    "source": frozenset({"source", "host", "reason", "waiting"}),
    "promise": frozenset(),
    "handover": frozenset({"from", "to", "waits", "promises"}),
    "score": frozenset({"profile", "level", "target", "rate", "budget", "open", "burned", "hits", "of"}),
    "quality": frozenset({"rules", "messages"}),
    "storm": frozenset({"rate", "usual", "room", "full", "waiting", "waits", "overdue", "missed", "saved"}),
    "canary": frozenset({"seconds"}),
    "several": frozenset({"messages"}),  # Many merged into one.
}


class Words(Model):
    """One kind of message; None: as we say it."""

    title: str | None = None
    body: str | None = None


class Templates(Words):
    """Of single messages about waits, and of each kind besides."""

    kinds: dict[Kind, Words] = Field(default_factory=dict)

    def of(self, kind: str) -> Words:
        """Return the templates of a kind."""
        found = self.kinds.get(kind)  # type: ignore[call-overload]
        return found or (self if kind == "waits" else NONE)


NONE = Words()


def wrong(templates: Templates) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield what is wrong with templates, with its place."""
    for kind, place, words in (("waits", (), templates), *((k, ("kinds", k), w) for k, w in templates.kinds.items())):
        names = ALWAYS | OF_KIND[kind]
        for part in ("title", "body"):
            text = getattr(words, part)
            fault = None if text is None else _fault(text, names)
            if fault is not None:
                yield (*place, part), fault


def _fault(text: str, names: frozenset[str]) -> str | None:
    """Return what a template has wrong: it names what there is not, or reaches into a value."""
    try:
        parts = list(Formatter().parse(text))
    except ValueError as error:
        return f"not a template: {error}"
    for _, name, form, conversion in parts:
        if name is None:
            continue
        if name not in names:
            return f"{{{name}}} is no variable{did_you_mean(name, sorted(names))}"
        if form or conversion:
            return f"{{{name}}} takes no format"
    return None
