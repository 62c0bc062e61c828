"""``platforms/*.yaml``: how each platform counts, with where that is known from and how sure it is.

One file a platform, in it its profiles; the same id may stand there several times, each
from its ``valid_from`` on. A profile that a floor adds needs no code.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from monitor.core.scores.profile import Profile, ProfileBook, Starts, Sure, Unit
from monitor.policy_files import where
from monitor.policy_files.values import Day, Id, Windows, Zone, several
from monitor.yaml_files import BadFiles, Document, DurationMs, Fault, Model, TimeOfDayMs, read

FOLDER = "platforms"
FILES_AT_MOST = 200
Ends = Literal["agent", "assist", "bot", "auto"]

Share = Annotated[float, Field(gt=0, le=1)]


class Weight(Model):
    """So much of the window, from its newest day on, weighs so much."""

    share: Share
    weight: Annotated[float, Field(gt=0, le=100)]


class Written(Model):
    """A profile as it stands in the file; see `core.scores.profile.Profile` for what each field means."""

    id: Id
    name: str = ""
    unit: Unit
    statistic: Literal["rate", "mean", "median"] = "rate"
    starts: Starts = "first_unanswered"
    limit: DurationMs | None = None
    ends_by: Annotated[list[Ends], Field(min_length=1), *several()]
    bot_only: Literal["drop", "answered", "missed"]
    abandoned: Literal["drop", "missed"] = "drop"
    key: Literal["conversation", "buyer", "account_buyer"] = "conversation"
    on_transfer: Literal["keep", "split"] = "keep"
    hours: Windows | None = None
    hours_by: Literal["round_start", "session_start", "either"] = "round_start"
    zone: Zone
    day_starts: TimeOfDayMs | None = None
    due_by: TimeOfDayMs | None = None
    cap: DurationMs | None = None
    unanswered_as: DurationMs | None = None
    session_gap: DurationMs | None = 30 * 60_000
    reopens_within: DurationMs = 0
    needless: Literal["count", "drop"] = "count"
    offline: Literal["count", "drop"] = "count"
    greetings: Literal["count", "ignored"] = "count"
    weekend_due_by: TimeOfDayMs | None = None
    exempt_dates: Annotated[list[Day], *several()] = Field(default_factory=list)
    keep_fastest: Share = 1.0
    min_sample: Annotated[int, Field(ge=0, le=10_000)] = 0
    weights: list[Weight] = Field(default_factory=list)
    rolling_days: Annotated[int, Field(ge=1, le=400)] = 1
    lag_days: Annotated[int, Field(ge=0, le=60)] = 0
    valid_from: Day
    target: Share | None = None
    hour_below: Share | None = None
    hour_sample: Annotated[int, Field(ge=1, le=10_000)] = 10
    source: Annotated[str, Field(min_length=4)]
    sure: Sure


class PlatformFile(Model):
    """One file: a platform's names, and its profiles."""

    platforms: list[str]  # Empty: of no shop by itself, only where it is asked for.
    profiles: Annotated[list[Written], Field(min_length=1)]


def load(folder: Path) -> tuple[ProfileBook, list[Fault]]:
    """Read every file of ``platforms/``."""
    found: list[Profile] = []
    faults: list[Fault] = []
    paths = sorted(where.find(folder, FOLDER).glob("*.yaml"))
    if len(paths) > FILES_AT_MOST:
        return ProfileBook(), [Fault(str(folder / FOLDER), 0, 0, f"more than {FILES_AT_MOST} files")]
    for path in paths:
        try:
            document = read(path, PlatformFile)
        except BadFiles as bad:
            faults += bad.faults
            continue
        wrong = [document.fault(message, *loc) for loc, message in _wrong(document.value)]
        faults += wrong
        if not wrong:
            found += _compiled(document)
    seen: dict[tuple[str, int], Profile] = {}
    for profile in found:
        other = seen.setdefault((profile.id, profile.valid_from), profile)
        if other is not profile:
            file, _, line = profile.place.rpartition(":")
            said = f"{profile.id} is valid from the same day as at {other.place}; one would be lost"
            faults.append(Fault(file, int(line), 1, said))
    return (ProfileBook() if faults else ProfileBook(found)), faults


def _wrong(file: PlatformFile) -> Iterator[tuple[tuple[int | str, ...], str]]:
    """Yield what does not fit together, with its place."""
    for at, written in enumerate(file.profiles):
        place = ("profiles", at)
        if written.limit is None and written.statistic == "rate" and written.day_starts is None:
            yield place, "without a limit a rate needs day_starts: by when must there be a reply?"
        if written.due_by is not None and written.day_starts is None:
            yield (*place, "due_by"), "due_by is after the end of a day: give day_starts"
        if written.weekend_due_by is not None and written.limit is None:
            yield (*place, "weekend_due_by"), "weekend_due_by puts off a limit: give one"
        if written.on_transfer == "split" and written.key != "account_buyer":
            yield (*place, "on_transfer"), "split needs key: account_buyer, or whose are the two rounds?"
        if written.keep_fastest < 1 and written.unit in ("session", "buyer_day"):
            yield (*place, "keep_fastest"), "keep_fastest is of single waits: a session or a buyer's day has several"
        if written.hour_below is not None and (written.statistic != "rate" or written.unit == "buyer_day"):
            yield (
                (*place, "hour_below"),
                "hour_below is of a rate of rounds, messages or sessions",
            )
        if written.hours_by == "session_start" and written.unit == "buyer_day":
            yield (*place, "hours_by"), "a buyer's day has no one session; use round_start"


def _compiled(document: Document[PlatformFile]) -> Iterator[Profile]:
    for at, written in enumerate(document.value.profiles):
        line, _ = document.place("profiles", at)
        yield Profile(
            id=written.id,
            platforms=tuple(document.value.platforms),
            unit=written.unit,
            statistic=written.statistic,
            starts=written.starts,
            limit_ms=written.limit,
            ends_by=frozenset(written.ends_by),
            bot_only=written.bot_only,
            abandoned=written.abandoned,
            key=written.key,
            on_transfer=written.on_transfer,
            hours=None if written.hours is None else tuple((part.from_ms, part.until_ms) for part in written.hours),
            hours_by=written.hours_by,
            zone=written.zone,
            day_starts_ms=written.day_starts,
            due_by_ms=written.due_by,
            cap_ms=written.cap,
            unanswered_as_ms=written.unanswered_as,
            session_gap_ms=written.session_gap,
            reopens_ms=written.reopens_within,
            needless=written.needless,
            offline=written.offline,
            greetings=written.greetings,
            weekend_by_ms=written.weekend_due_by,
            exempt_dates=frozenset(day.toordinal() for day in written.exempt_dates),
            keep_fastest=written.keep_fastest,
            min_sample=written.min_sample,
            weights=_until(written.weights),
            rolling_days=written.rolling_days,
            lag_days=written.lag_days,
            valid_from=written.valid_from.toordinal(),
            name=written.name,
            target=written.target,
            hour_below=written.hour_below,
            hour_sample=written.hour_sample,
            source=written.source,
            sure=written.sure,
            place=f"{document.file}:{line}",
        )


def _until(weights: list[Weight]) -> tuple[tuple[float, float], ...]:
    """Return the weights with the share of the window up to which each goes."""
    until, found = 0.0, []
    for weight in weights:
        until += weight.share
        found.append((until, weight.weight))
    return tuple(found)
