"""Precision and recall of what words are told to be, on messages labelled by hand; the half kept aside is told.

Run with ``python -m tests.suggest.labels``, with ``tried`` behind it for the other half and its mistakes.
"""

import sys
from collections.abc import Callable, Sequence
from functools import cache
from math import sqrt
from typing import NamedTuple

from monitor.core.events import Message
from monitor.core.words import GREETING, HOLDING, POLITE, built_in
from monitor.policy_files import words
from monitor.policy_files.where import default_folder
from monitor.suggest.quality import Judge, nothing
from monitor.suggest.reply import ServiceWords
from monitor.suggest.wording import Wording
from tests.suggest.labelled import CLASSES, Labelled, aside, tried


@cache
def _lists() -> tuple[Wording, ServiceWords]:
    return words.load_quality(default_folder(), {})[:2]


def asks_need(text: str) -> bool:
    """Return whether a reply asks what the buyer needs, as quality counts it."""

    judge, out = Judge(*_lists()), nothing()
    event = Message(id="m", ts_ms=1, shop="s", conversation="c", role="agent", text=text)
    judge.take(event, built_in.words_of("agent", "text", text), out)
    return any(one.what == "need_asked" for one in out.tallies)


def _in_class(which: int) -> Callable[[str, str], bool]:
    return lambda role, text: bool(built_in.words_of(role, "text", text) & which)


TOLD: dict[str, Callable[[str, str], bool]] = {
    "holding": _in_class(HOLDING),
    "greeting": _in_class(GREETING),
    "courtesy": _in_class(POLITE),
    "need discovery": lambda _, text: asks_need(text),
}


class Counts(NamedTuple):
    """How many were told to be of a class, how many are, and how many of these are the same."""

    told: int
    of_class: int
    right: int

    @property
    def precision(self) -> float:
        """Of those told to be of the class, how many are."""
        return self.right / max(1, self.told)

    @property
    def recall(self) -> float:
        """Of those of the class, how many are told to be."""
        return self.right / max(1, self.of_class)


def counts(name: str, messages: Sequence[Labelled]) -> Counts:
    """Count."""
    told = [(TOLD[name](role, text), label) for role, text, label in messages]
    right = sum(said and label for said, label in told)
    return Counts(sum(said for said, _ in told), sum(label for _, label in told), right)


def interval(right: int, count: int) -> tuple[float, float]:
    """Return the 95 % interval of a rate (Wilson's, which holds near 0 and 1 too)."""
    z, count = 1.96, max(count, 1)
    rate = right / count
    middle = (rate + z * z / (2 * count)) / (1 + z * z / count)
    half = z * sqrt(rate * (1 - rate) / count + z * z / (4 * count * count)) / (1 + z * z / count)
    return middle - half, middle + half


def main() -> None:
    """Print the figures."""
    half = tried if "tried" in sys.argv else aside
    for name in CLASSES:
        messages = half(name)
        found = counts(name, messages)
        told = [f"{name:15}{len(messages):4} messages, {found.of_class} of the class"]
        for word, rate, of in (("precision", found.precision, found.told), ("recall", found.recall, found.of_class)):
            low, high = interval(found.right, of)
            told.append(f"{word} {rate:.3f} ({found.right} of {of}, {low:.3f} to {high:.3f})")
        print(", ".join(told))
        if half is tried:
            for role, text, label in messages:
                if TOLD[name](role, text) != label:
                    print(f"    {'missed' if label else 'wrong '}  {role}  {text!r}")


if __name__ == "__main__":
    main()
