"""Precision and recall of what words are told to be, on messages of our own making; the half kept aside is told.

Run with ``python -m tests.suggest.labels``, with ``tried`` behind it for the other half and its mistakes.
"""

import sys
from collections.abc import Callable, Sequence
from functools import cache
from math import sqrt

from monitor.core.events import Message
from monitor.core.words import GREETING, HOLDING, POLITE, built_in
from monitor.policy_files import words
from monitor.policy_files.where import default_folder
from monitor.suggest.quality import Judge, ServiceWords, nothing
from monitor.suggest.wording import Wording
from tests.suggest.made_up import CLASSES, Labelled, aside, tried


@cache
def _lists() -> tuple[Wording, ServiceWords]:
    return words.load_quality(default_folder(), {})[:2]


def asks_need(text: str) -> bool:
    """Return whether a reply asks what the buyer needs, as quality counts it."""

    judge, out = Judge(*_lists()), nothing()
    event = Message(id="m", ts_ms=1, shop="s", conversation="c", role="agent", text=text)
    judge.take(event, built_in.words_of("agent", "text", text), out)
    return any(one.what == "need_asked" for one in out.tallies)


TOLD: dict[str, Callable[[str], bool]] = {
    "holding": lambda text: bool(built_in.words_of("agent", "text", text) & HOLDING),
    "greeting": lambda text: bool(built_in.words_of("buyer", "text", text) & GREETING),
    "courtesy": lambda text: bool(built_in.words_of("buyer", "text", text) & POLITE),
    "need discovery": asks_need,
}


def figures(name: str, messages: Sequence[Labelled]) -> tuple[float, float]:
    """Return precision and recall."""
    told = [(TOLD[name](text), label) for text, label in messages]
    right = sum(said and label for said, label in told)
    return right / max(1, sum(said for said, _ in told)), right / max(1, sum(label for _, label in told))


def _margin(rate: float, count: int) -> float:
    """Half of the 95 % interval of a rate."""
    return 1.96 * sqrt(max(rate * (1 - rate), 0.25 / count) / count)


def main() -> None:
    """Print the figures."""
    half = tried if "tried" in sys.argv else aside
    for name in CLASSES:
        messages = half(name)
        precision, recall = figures(name, messages)
        yes = sum(label for _, label in messages)
        told = f"precision {precision:.3f} ± {_margin(precision, yes):.3f}"
        told += f", recall {recall:.3f} ± {_margin(recall, yes):.3f}"
        print(f"{name:15}{len(messages):4} messages, {yes} of the class: {told}")
        if half is tried:
            for text, label in messages:
                if TOLD[name](text) != label:
                    print(f"    {'missed' if label else 'wrong '}  {text}")


if __name__ == "__main__":
    main()
