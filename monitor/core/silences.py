"""Silences: of what matches nothing is told, until; each with who wants that, and why."""

from msgspec import Struct

from monitor.core import events as ev

MATCHERS = ("shop", "platform", "team", "agent", "stage")
SILENCES_AT_MOST = 1_000  # A floor has a handful; each is compared with all that is told.


class Silence(Struct, array_like=True, frozen=True):
    """One silence; each of its matchers must fit."""

    id: str
    matchers: dict[str, str]
    by: str
    reason: str
    from_ms: int
    until_ms: int

    def fits(self, at_ms: int, about: dict[str, str | None]) -> bool:
        """Whether something is not to be told at an instant."""
        return self.from_ms <= at_ms < self.until_ms and all(
            about.get(name) == value for name, value in self.matchers.items()
        )


class Silences(dict[str, Silence]):
    """The silences in force, by id."""

    def begin(self, event: ev.SilenceSet) -> None:
        """Take a silence; those that are over make room."""
        for id in [id for id, silence in self.items() if silence.until_ms <= event.ts_ms]:
            del self[id]
        if len(self) < SILENCES_AT_MOST and event.matchers:
            self[event.silence] = Silence(
                event.silence, event.matchers, event.by, event.reason, event.ts_ms, event.until_ms
            )

    def covers(self, at_ms: int, **about: str | None) -> bool:
        """Whether something of this shop, platform, team, agent and stage is not to be told at an instant."""
        return any(silence.fits(at_ms, about) for silence in self.values())
