"""Whether a feed is heard all the time: heartbeats, silences, and whether what was missed was brought after them.

Each source by itself: one that lives hides none that is dead.
"""

from collections import defaultdict
from collections.abc import Iterator

from monitor.core.events import AnyEvent, SourceHeartbeat, SyncRange
from monitor.onboarding.finding import Colour, Finding

SILENCE_MS = 60_000  # As long as a source with heartbeats may be silent before it is stale.
SKEW_MS = 2_000  # A collector's clock and ours differ a little; no network makes an event arrive before it happened.

Span = tuple[int, int]


class _Source:
    """What was heard of one source."""

    def __init__(self) -> None:
        self.beats: list[int] = []
        self.last_ms = 0
        self.gaps: list[Span] = []
        self.synced: list[Span] = []

    def heard(self, at_ms: int) -> None:
        """Note a sign of life."""
        if self.last_ms and at_ms - self.last_ms > SILENCE_MS:
            self.gaps.append((self.last_ms, at_ms))
        self.last_ms = max(self.last_ms, at_ms)

    def apart_ms(self) -> int:
        """Return the longest time between two beats."""
        return max((b - a for a, b in zip(self.beats, self.beats[1:], strict=False)), default=0)


class Life:
    """What was heard of all sources of a feed."""

    def __init__(self) -> None:
        self._sources: defaultdict[str | None, _Source] = defaultdict(_Source)
        self._newest_ms = 0

    def add(self, event: AnyEvent, at_ms: int) -> None:
        """Take one event that arrived, or, where that is not known, happened at an instant."""
        source = self._sources[event.source]
        source.heard(at_ms)
        self._newest_ms = max(self._newest_ms, at_ms)
        if isinstance(event, SourceHeartbeat):
            source.beats.append(int(event.ts_ms))
        elif isinstance(event, SyncRange) and event.complete:
            source.synced.append((int(event.from_ms), int(event.to_ms)))

    def findings(self) -> Iterator[Finding]:
        """Yield what there is to say: of heartbeats, of silences."""
        beating = {name: source for name, source in self._sources.items() if source.beats}
        if not beating:
            yield Finding(
                "heartbeat", "amber", "none",
                "Send source_heartbeat every 10 s: without it a dead collector is noticed only after 10 minutes.",
            )  # fmt: skip
            return
        worst = max(source.apart_ms() for source in beating.values())
        colour: Colour = "green" if worst <= SILENCE_MS else "amber"
        count = sum(len(source.beats) for source in beating.values())
        yield Finding("heartbeat", colour, f"{count}, at most {worst / 1000:.0f} s apart")
        gaps = [(name, gap) for name, source in beating.items() for gap in self._gaps(source)]
        uncovered = [(name, gap) for name, gap in gaps if not self._covered(beating[name], gap)]
        if uncovered:
            name, (start, end) = max(uncovered, key=lambda one: one[1][1] - one[1][0])
            whose = f", of {name}" if len(beating) > 1 else ""
            longest = f"the longest {(end - start) / 1000:.0f} s{whose}"
            yield Finding(
                "gaps", "red", f"{len(uncovered)} silences over 60 s, no sync_range after, {longest}",
                "After a pause send what was missed (backfill: true) and then a complete sync_range over the pause.",
            )  # fmt: skip
        elif gaps:
            yield Finding("gaps", "green", f"{len(gaps)} silences over 60 s, all covered by a sync_range")

    def _gaps(self, source: _Source) -> list[Span]:
        """Return the silences of a source, also that since it was last heard while others were."""
        silent = self._newest_ms - source.last_ms > SILENCE_MS
        return [*source.gaps, (source.last_ms, self._newest_ms)] if silent else source.gaps

    def _covered(self, source: _Source, gap: Span) -> bool:
        nobodys = self._sources[None].synced if None in self._sources else []
        return any(
            start <= gap[0] + SKEW_MS and end >= gap[1] - SILENCE_MS for start, end in (*source.synced, *nobodys)
        )
