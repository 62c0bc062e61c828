"""Replays in this process and by the command, and where they differ from the second count."""

import gzip
import json
import random
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from monitor.core.words import ASKS, GREETING, HOLDING, POLITE, classify
from monitor.replay import Replay, replay_files
from tests import needs
from tests.brute_force import Count, instant_ms

Json = dict[str, Any]
MINUTE_MS = 60_000
FILES = ("uneed_presales_zh", "stripe_live", "twitter_care", "ubuntu_irc")


class Replayed(NamedTuple):
    """What a replay printed and wrote."""

    printed: Json
    lines: list[Json]


def sample(name: str) -> Path:
    return needs.chat_samples() / f"{name}.jsonl.gz"


def read(path: Path) -> list[Json]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def write(path: Path, events: Iterable[Json]) -> Path:
    path.write_text("".join(json.dumps(event, ensure_ascii=False) + "\n" for event in events), encoding="utf-8")
    return path


def command(path: Path, out: Path, *options: str) -> Replayed:
    """Run the command as a user would."""
    done = subprocess.run(
        [sys.executable, "-m", "monitor", "replay", str(path), "--json", "--rounds", str(out), *options],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return Replayed(json.loads(done.stdout), [json.loads(line) for line in out.read_text("utf-8").splitlines()])


def replay(events: list[Json]) -> Replayed:
    """Replay in this process: the same as the command, without its start."""
    run = Replay(keep_rounds=True)
    lines = [json.dumps(event).encode() for event in events]
    run.run_sorted(list(run.decoded(lines)))
    return Replayed(run.tally.as_json(), list(run.rounds()))


def replay_file(path: Path, *, as_arrived: bool = False) -> Replayed:
    """Replay a file in this process."""
    run = replay_files([str(path)], as_arrived=as_arrived, keep_rounds=True)
    return Replayed(run.tally.as_json(), list(run.rounds()))


def our_reading(event: Json) -> frozenset[str]:
    """Return what the program's own words make of a message."""
    words = classify(event.get("text"), event.get("kind", "text"), by_buyer=event["role"] == "buyer")
    names = {"polite": POLITE, "asks": ASKS, "holding": HOLDING, "greeting": GREETING}
    return frozenset(name for name, bit in names.items() if words & bit)


def differences(replayed: Replayed, count: Count, *, recalls: bool = False) -> list[Any]:
    """Return where the two differ: the first line that does, which says more than a sum, and then the sums.

    With recalls, an alert may have been told and withdrawn again, what was recalled may or may not
    have said who was written to, a wait that lost its opening may stand by the old one's arrival,
    and of a dismissed wait only its place is compared.
    """
    left, right = replayed.lines, count.lines
    if recalls:
        left, right = (sorted(rows, key=lambda row: (row["opened_at"], row["opened_by"])) for rows in (left, right))
    found: list[Any] = []
    for ours, theirs in zip(left, right, strict=False):
        dismissed = theirs["outcome"] == "dismissed"
        keys = {"shop", "conversation", "opened_by", "opened_at", "outcome", "ended_by"} if dismissed else {*theirs}
        if recalls:
            keys -= {"agent", "account"}
        if any(ours[key] != theirs[key] for key in keys):
            found.append((ours, theirs))
            break
    sums: dict[str, tuple[Any, Any]] = {"lines": (len(left), len(right))}
    sums |= {"rounds": (replayed.printed["rounds"], count.rounds), "passed": (replayed.printed["passed"], count.passed)}
    if not recalls:
        sums["alerts"] = (replayed.printed["alerts"], {**count.alerts, "withdrawn": 0})
    return found + [(name, ours, theirs) for name, (ours, theirs) in sums.items() if ours != theirs]


def by_opening(lines: list[Json], like: Json | None = None) -> list[Json]:
    rows = lines if like is None else only(lines, like)
    return sorted(rows, key=lambda line: (line["opened_at"], line["opened_by"]))


def late_by_up_to(most_ms: int, events: list[Json], dice: random.Random) -> list[Json]:
    """Let events arrive later than they happened; those of one instant in one chat keep their order."""
    delays: dict[tuple[str, str, str], int] = {}
    arrivals = []
    for index, event in enumerate(events):
        key = (event["shop"], event["conversation"], event["ts"])
        delay_ms = delays.setdefault(key, dice.randrange(most_ms))
        arrivals.append((instant_ms(event["ts"]) + delay_ms, index, event))
    return [event for _, _, event in sorted(arrivals, key=lambda arrival: arrival[:2])]


def encoded(events: Iterable[Json]) -> list[bytes]:
    return [json.dumps(event, ensure_ascii=False).encode() for event in events]


def only(lines: Iterable[Json], keys: Iterable[str]) -> list[Json]:
    keys = list(keys)
    return [{key: line[key] for key in keys} for line in lines]
