"""The command ``simulate``: a made-up service centre's traffic, to a file or through a door."""

import asyncio
import contextlib
import re
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import click
import msgspec

from monitor.core.units import HOUR_MS
from monitor.errors import UsageError
from monitor.simulator.centre import Centre
from monitor.simulator.doors import ENCODER, Tally, open_door
from monitor.simulator.feed import FAULTS, TWIN, Faults, Feed
from monitor.simulator.senders import FILE_CHUNK, Pace, at_rate, at_speed, flat_out, open_output, pump, write_file
from monitor.simulator.simulation import Plan, Simulation
from monitor.simulator.traffic import Burst, Traffic
from monitor.simulator.truth import TrueRound
from monitor.wire import instant_text

# A file written twice from one seed is to be the same file, so its start is no moment of today.
FILE_START = datetime(2026, 11, 10, 8, 0, tzinfo=UTC)
QUIET_SECONDS = 0.5  # Between two words about the progress.


@click.command("simulate")
@click.option(
    "--to",
    "to",
    required=True,
    metavar="FILE|URL",
    help="FILE.jsonl, FILE.jsonl.gz, - (stdout), http://host:port, ws://host:port or mqtt://user:password@host:port.",
)
@click.option("--seed", default=1, show_default=True, help="The same seed and options give the same events.")
@click.option(
    "--start",
    metavar="INSTANT",
    help="First instant, RFC 3339 with offset.  [default: for a file a fixed day; for a door such that the last "
    "hour ends now; with --speed now]",
)
@click.option(
    "--hours",
    type=click.FloatRange(min=0, min_open=True),
    help="How long.  [default: 1; no end with --events or --speed]",
)
@click.option("--events", type=click.IntRange(min=1), help="Stop after so many events.")
@click.option("--shops", type=click.IntRange(1, 5000), default=12, show_default=True)
@click.option(
    "--agents", type=click.IntRange(1, 5000), help="People in all shifts.  [default: as many as the traffic needs]"
)
@click.option(
    "--buyers-per-hour",
    type=click.FloatRange(min=0, min_open=True),
    default=20.0,
    show_default=True,
    help="Of an average shop in an average hour.",
)
@click.option(
    "--burst",
    metavar="HH:MM[xFACTOR]",
    multiple=True,
    help="A campaign opens at this time of day (Asia/Shanghai) with FACTOR times the buyers (default 8).",
)
@click.option("--flat", is_flag=True, help="As busy by night as by day, and nobody goes home.")
@click.option(
    "--faults",
    type=click.Choice(tuple(FAULTS)),
    default="none",
    show_default=True,
    help="How the collectors fail: lag, double, lose and backfill; all: also conflicting copies and disorder.",
)
@click.option(
    "--speed", type=click.FloatRange(min=0, min_open=True), help="Send at so many times the speed of the traffic."
)
@click.option("--rate", type=click.FloatRange(min=0, min_open=True), help="Send so many events a second.")
@click.option(
    "--batch",
    type=click.IntRange(1, 10_000),
    default=100,
    show_default=True,
    help="Most events in a request or frame; over MQTT a payload has those of one shop.",
)
@click.option("--token", envvar="PRESALES_TOKEN", help="Bearer token of the door.")
@click.option(
    "--truth", metavar="OUT", help="Write what each wait really was, one JSON object a line, in the order they end."
)
@click.option("--json", "as_json", is_flag=True, help="Print a summary as one JSON object on stdout.")
def simulate(
    *,
    to: str,
    seed: int,
    start: str | None,
    hours: float | None,
    events: int | None,
    shops: int,
    agents: int | None,
    buyers_per_hour: float,
    burst: tuple[str, ...],
    flat: bool,
    faults: str,
    speed: float | None,
    rate: float | None,
    batch: int,
    token: str | None,
    truth: str | None,
    as_json: bool,
) -> None:
    """Make the pre-sales chat of a service centre and send it to a file or a door.

    Nothing sent to a door is lost: what it does not confirm is sent again.
    """
    is_door = "://" in to
    if speed is not None and rate is not None:
        raise UsageError("--speed and --rate exclude each other")
    if not is_door and (speed is not None or rate is not None):
        raise UsageError("--speed and --rate are for doors; a file is written as fast as it can be")
    if to == "-" and as_json:
        raise UsageError("--json needs stdout for itself: give --to a file")
    if hours is None and events is None and speed is None:
        hours = 1.0
    plan = Plan(
        seed=seed,
        start_ms=_start_ms(start, is_door=is_door, paced=speed is not None, hours=hours or 1.0),
        hours=hours,
        events=events,
        shops=shops,
        agents=agents,
        traffic=Traffic(per_hour=buyers_per_hour, bursts=tuple(_burst(text) for text in burst), flat=flat),
        always_on=flat,
    )
    begun = time.monotonic()
    with contextlib.ExitStack() as stack:
        write = stack.enter_context(_truth_file(truth)) if truth is not None else None
        simulation = Simulation(plan, write)
        feed = Feed(simulation, faults=FAULTS[faults], seed=seed)
        progress = _Progress(plan.events)
        tally: Tally | None = None
        if is_door:
            pace = at_speed(speed) if speed is not None else at_rate(rate) if rate is not None else flat_out
            tally = asyncio.run(
                _send(feed, to, simulation.centre, pace=pace, batch=batch, token=token, progress=progress)
            )
        else:
            write_file(feed, to, progress)
        progress.done()
    seconds = time.monotonic() - begun
    _report(simulation, feed, tally, to=to, faults=FAULTS[faults], seconds=seconds, as_json=as_json)
    if tally is not None and tally.rejected:
        sys.exit(1)


async def _send(
    feed: Feed,
    address: str,
    centre: Centre,
    *,
    pace: Pace,
    batch: int,
    token: str | None,
    progress: Callable[[int], None],
) -> Tally:
    """Send a feed through the door an address means."""
    homes = centre.homes()
    homes |= {name + TWIN: home for name, home in homes.items()}
    async with open_door(address, token=token, homes=homes, say=_say) as door:
        await pump(feed, door, batch=batch, pace=pace, progress=progress)
        return door.tally


def _start_ms(text: str | None, *, is_door: bool, paced: bool, hours: float) -> int:
    """Return the first instant: the one given, or one that suits where the events go."""
    if text is not None:
        try:
            start = datetime.fromisoformat(text)
        except ValueError:
            raise UsageError(f"--start {text}: not an instant; write it like 2026-11-10T20:00:00+08:00") from None
        if start.tzinfo is None:
            raise UsageError(f"--start {text}: has no offset; write it like 2026-11-10T20:00:00+08:00")
    elif not is_door:
        start = FILE_START
    else:
        start = datetime.now(UTC)
        if not paced:
            # A door refuses the future and what is older than a day.
            start -= timedelta(hours=min(hours, 23))
    return int(start.timestamp() * 1000)


def _burst(text: str) -> Burst:
    """Read ``HH:MM`` or ``HH:MMxFACTOR``."""
    match = re.fullmatch(r"([01]\d|2[0-3]):([0-5]\d)(?:x(\d+(?:\.\d+)?))?", text)
    if match is None:
        raise UsageError(f"--burst {text}: write it like 20:00 or 20:00x8")
    hour, minute, factor = match.groups()
    return Burst(at_ms=int(hour) * HOUR_MS + int(minute) * 60_000, factor=max(1.0, float(factor or 8)))


@contextlib.contextmanager
def _truth_file(path: str) -> Iterator[Callable[[TrueRound], None]]:
    """Open the file for the truth, and give what writes one line of it."""
    chunk = bytearray()
    try:
        with open_output(path) as file:

            def write(line: TrueRound) -> None:
                ENCODER.encode_into(line, chunk, -1)
                chunk.extend(b"\n")
                if len(chunk) >= FILE_CHUNK:
                    file.write(chunk)
                    chunk.clear()

            yield write
            file.write(chunk)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror or error}") from None


class _Progress:
    """Says on stderr how far it is, to a person watching."""

    def __init__(self, total: int | None) -> None:
        self._total = total
        self._begun = self._said = time.monotonic()
        self._shown = False

    def __call__(self, count: int) -> None:
        """Say that ``count`` events are out, at most twice a second."""
        now = time.monotonic()
        if now - self._said < QUIET_SECONDS or not sys.stderr.isatty():
            return
        self._said = now
        self._shown = True
        of = f" of {self._total:,}" if self._total is not None else ""
        click.echo(f"\r{count:,}{of} events, {count / (now - self._begun):,.0f}/s", err=True, nl=False)

    def done(self) -> None:
        """End the line."""
        if self._shown:
            click.echo(err=True)


def _say(text: str) -> None:
    click.echo(text, err=True)


def _report(
    simulation: Simulation, feed: Feed, tally: Tally | None, *, to: str, faults: Faults, seconds: float, as_json: bool
) -> None:
    """Say what was made and what became of it."""
    ledger, count = simulation.ledger, simulation.count
    counts = ledger.counts
    total = counts["answered"] + counts["open"] + counts["expired"] + counts["abandoned"]
    if as_json:
        summary: dict[str, Any] = {
            "to": to.rpartition("@")[2] if "://" in to else to,
            "seed": simulation.plan.seed,
            "from": instant_text(simulation.plan.start_ms),
            "until": instant_text(simulation.last_ms),
            "events": count,
            "extra": feed.extra,
            "rounds": {"total": total, **counts},
            "passed": ledger.passed,
            "seconds": round(seconds, 3),
            "events_per_second": round((count + feed.extra) / seconds) if seconds else None,
        }
        if tally is not None:
            summary["door"] = msgspec.to_builtins(tally)
        click.echo(msgspec.json.encode(summary).decode())
        return
    extra = f" and {feed.extra:,} of the collectors' own" if faults.any else ""
    span = f"from {instant_text(simulation.plan.start_ms)} to {instant_text(simulation.last_ms)}"
    click.echo(
        f"{count:,} events{extra} {span} in {seconds:.1f} s: "
        f"{total:,} rounds, {ledger.passed['slow']:,} over 60 s, {ledger.passed['at_risk']:,} over 180 s, "
        f"{ledger.passed['lost']:,} over 300 s",
        err=True,
    )
    if tally is not None:
        click.echo(
            f"sent {tally.sent:,}: {tally.accepted:,} accepted, {tally.duplicates:,} duplicates, "
            f"{tally.rejected:,} rejected, {tally.retries:,} tries again",
            err=True,
        )
        for refusal in tally.refusals:
            click.echo(f"rejected {refusal}", err=True)
