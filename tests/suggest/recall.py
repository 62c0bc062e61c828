"""How often the phrase meant is found, beside TF-IDF over pairs of characters, on phrases written by others.

The data's phrases are the library, its ``scene`` (when to use a phrase) is the question; a phrase is right when it was
written for that very scene. Both ways see the same: the title as what a phrase is for, and its text. Figures come with
the number of questions and a 95 % interval of the difference, by drawing scenes anew.

A hash of the scene says to which half a question belongs: the limits of abstaining were chosen on the one (`tried`),
the figures told are those of the other (`aside`). The library is whole for both.

Run with ``CHAT_SAMPLES=… python -m tests.suggest.recall``, with ``tried`` or ``both`` behind it for other questions.
"""

import gzip
import json
import math
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from monitor.suggest.importing import told_intent
from monitor.suggest.learning import Learned
from monitor.suggest.library import Asked, Library
from monitor.suggest.phrases import Phrase
from tests.needs import chat_samples
from tests.suggest.shop import NOW_MS, shipped_reader

Row = dict[str, str]
DRAWS = 500
CHINESE_IN = "zh"  # The scenes are in Chinese, also those of English phrases.


@dataclass
class Figures:
    """What one way came to on one set of questions.

    Attributes:
        first, third: for each question whether the right phrase was first, and among three.
        answered: for each whether anything was found.
    """

    first: list[bool]
    third: list[bool]
    answered: list[bool]

    def rate(self, which: Sequence[bool]) -> float:
        return sum(which) / len(which)


class TfIdf:
    """Cosine of TF-IDF over pairs of characters."""

    def __init__(self, texts: Sequence[str]) -> None:
        bags = [Counter(_pairs(text)) for text in texts]
        found = Counter(pair for bag in bags for pair in bag)
        self._rare = {pair: math.log((1 + len(bags)) / (1 + count)) + 1 for pair, count in found.items()}
        self._postings: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for number, bag in enumerate(bags):
            length = math.sqrt(sum((count * self._rare[pair]) ** 2 for pair, count in bag.items())) or 1.0
            for pair, count in bag.items():
                self._postings[pair].append((number, count * self._rare[pair] / length))

    def search(self, question: str, at_most: int = 3) -> list[int]:
        scores: Counter[int] = Counter()
        for pair, count in Counter(_pairs(question)).items():
            for number, weight in self._postings.get(pair, ()):
                scores[number] += count * self._rare[pair] * weight  # type: ignore[assignment]
        return sorted(scores, key=lambda number: (-scores[number], number))[:at_most]


def _pairs(text: str) -> list[str]:
    text = " ".join(text.lower().split())
    return [text[at : at + 2] for at in range(len(text) - 1)]


def rows(folder: Path) -> list[Row]:
    with gzip.open(folder / "quick_phrases.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def ours(pool: Sequence[Row]) -> Callable[[str], list[int]]:
    """Our search as agents get it, abstaining when unsure."""
    reader = shipped_reader()
    phrases = [
        Phrase(
            id=str(n),
            lang=CHINESE_IN,
            intent=told_intent(row["title"], "", row["text"], reader),
            text=row["text"],
            triggers=(row["title"],),
        )
        for n, row in enumerate(pool)
    ]
    library, learned = Library(phrases, {}, reader), Learned()

    def search(question: str) -> list[int]:
        asked = Asked(reader.read(question), CHINESE_IN, None, "", {}, NOW_MS)
        return [int(found.phrase.id) for found in library.search(asked, learned, 3)]

    return search


def tf_idf(pool: Sequence[Row]) -> Callable[[str], list[int]]:
    return TfIdf([f"{row['title']} {row['text']}" for row in pool]).search


def is_aside(row: Row) -> bool:
    return sha256(row["scene"].encode()).digest()[0] % 2 == 0


def is_tried(row: Row) -> bool:
    return not is_aside(row)


HALVES: dict[str, Callable[[Row], bool]] = {"aside": is_aside, "tried": is_tried, "both": lambda _: True}


def measured(
    pools: Iterable[Sequence[Row]],
    way: Callable[[Sequence[Row]], Callable[[str], list[int]]],
    half: Callable[[Row], bool] = is_aside,
) -> Figures:
    done = Figures([], [], [])
    for pool in pools:
        search = way(pool)
        for row in filter(half, pool):
            right = [pool[number]["scene"] == row["scene"] for number in search(row["scene"])]
            done.first.append(any(right[:1]))
            done.third.append(any(right))
            done.answered.append(bool(right))
    return done


def interval(one: Sequence[bool], other: Sequence[bool], scenes: Sequence[str]) -> tuple[float, float]:
    """Return the 95 % interval of the difference of two rates, drawing whole scenes: they are asked several times."""
    by_scene: dict[str, list[int]] = defaultdict(list)
    for a, b, scene in zip(one, other, scenes, strict=True):
        by_scene[scene].append(int(a) - int(b))
    groups = list(by_scene.values())
    rng = random.Random(20261126)
    drawn = []
    for _ in range(DRAWS):
        picked = rng.choices(groups, k=len(groups))
        drawn.append(sum(map(sum, picked)) / sum(map(len, picked)))
    drawn.sort()
    return drawn[int(0.025 * DRAWS)], drawn[int(0.975 * DRAWS) - 1]


def sets(folder: Path) -> dict[str, list[list[Row]]]:
    """The phrases as libraries: all in one, and a library a file, as a shop has them; all, and the Chinese alone."""
    everything = rows(folder)
    chinese = [row for row in everything if row["lang"] == "zh"]

    def by_file(found: Sequence[Row]) -> list[list[Row]]:
        files: dict[str, list[Row]] = defaultdict(list)
        for row in found:
            files[row["file"]].append(row)
        return list(files.values())

    return {
        "all in one": [everything],
        "a library a file": by_file(everything),
        "Chinese in one": [chinese],
        "Chinese, a library a file": by_file(chinese),
    }


def main() -> None:
    half = HALVES[sys.argv[1] if len(sys.argv) > 1 else "aside"]
    print(f"{'library':27}{'questions':>9}{'scenes':>7}  {'':8}{'R@1':>6}{'R@3':>6}{'found':>7}   R@3 difference")
    for name, pools in sets(chat_samples()).items():
        scenes = [row["scene"] for pool in pools for row in filter(half, pool)]
        we, they = measured(pools, ours, half), measured(pools, tf_idf, half)
        low, high = interval(we.third, they.third, scenes)
        for who, found in (("ours", we), ("TF-IDF", they)):
            line = f"{name:27}{len(scenes):>9}{len(set(scenes)):>7}" if who == "ours" else " " * 43
            line += f"  {who:8}"
            line += f"{found.rate(found.first):6.3f}{found.rate(found.third):6.3f}{found.rate(found.answered):7.3f}"
            gained = we.rate(we.third) - they.rate(they.third)
            print(line + (f"   {gained:+.3f} ({low:+.3f} to {high:+.3f})" if who == "ours" else ""))


if __name__ == "__main__":
    main()
