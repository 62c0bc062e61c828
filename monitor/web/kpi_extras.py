"""What stands beside the scores of a span of days: service quality per session, and the load of people.

Both are sums of days that others keep; here they are put beside the rows of `/v1/kpis`,
each rate made of its sums at the end. A span that is no whole days has neither.
"""

import asyncio
from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from monitor.core.people import People
from monitor.core.scores.figures import BUYER_FIGURES, Figures
from monitor.core.scores.shown import shown
from monitor.core.scores.totals import By
from monitor.scoring.reading import Reading
from monitor.store.quality import Count
from monitor.suggest.rates import rates
from monitor.web.access import Caller
from monitor.web.services import Services
from monitor.web.shapes import encode, seconds

ROWS_A_SLICE = 200
FULL = 0.85  # Busier than this, nobody has time for the next buyer.


class _Figures(Struct, frozen=True):
    sessions: int = 0


class _Row(Struct, frozen=True):
    name: str
    figures: _Figures = _Figures()


_row = msgspec.json.Decoder(_Row).decode


class Load(NamedTuple):
    """Sums of one person's days, or of several persons'."""

    online_ms: int = 0
    busy_ms: int = 0
    chats_ms: int = 0
    most: int = 0
    room_ms: int = 0  # Time online times the limit, of those whose limit is known…
    held_ms: int = 0  # …and the chats of the same.

    def and_(self, other: "Load") -> "Load":
        """Return both together."""
        return Load(
            self.online_ms + other.online_ms,
            self.busy_ms + other.busy_ms,
            self.chats_ms + other.chats_ms,
            max(self.most, other.most),
            self.room_ms + other.room_ms,
            self.held_ms + other.held_ms,
        )

    def as_json(self) -> dict[str, Any]:
        """Return the sums and the rates they make."""
        occupancy = self.busy_ms / self.online_ms if self.online_ms else None
        return {
            "online_seconds": seconds(self.online_ms),
            "busy_seconds": seconds(self.busy_ms),
            "occupancy": occupancy,
            "too_full": occupancy is not None and occupancy > FULL,
            "mean_open": self.chats_ms / self.online_ms if self.online_ms else None,
            "most_open": self.most,
            "saturation": self.held_ms / self.room_ms if self.room_ms else None,
        }


async def with_extras(
    services: Services, reading: Reading, rows: Sequence[bytes], days: tuple[int, int], by: By, caller: Caller
) -> list[bytes]:
    """Return rows of some days, each with its ``quality`` and ``load`` where they are known of its kind."""
    if by == "account" or not (rows or by == "agent"):  # What agents say and how full they are is of people.
        return list(rows)
    counts = await services.journal.quality.counts(_date(days[0]), _date(days[1]), caller.shops)
    if caller.teams is not None:
        counts = [row for row in counts if row[2] in caller.teams]
    # A month of a large floor is a hundred thousand counts: not on the loop.
    quality = await asyncio.to_thread(lambda: rates(_renamed(counts, reading, by), "shop"))
    loads = await _loads(services, reading, days, by, caller)
    register, now_ms = reading.register(), services.now_ms()
    found: list[tuple[str, bytes]] = []
    named: set[str] = set()
    for number, row in enumerate(rows, 1):
        known = _row(row)
        more: dict[str, Any] = {}
        if known.name in quality:
            more["quality"] = _per_session(quality[known.name], known.figures.sessions)
        person = register.who(known.name, None, None, now_ms) if by == "agent" else None
        load = loads.get(person or known.name)
        if load is not None:
            more["load"] = load.as_json()
            named.add(person or known.name)
        found.append((known.name, row[:-1] + b"," + encode(more)[1:] if more else row))
        if number % ROWS_A_SLICE == 0:
            await asyncio.sleep(0)
    if by == "agent" and not caller.bound:
        found += [(person, _idle(person, load)) for person, load in loads.items() if person not in named]
        found.sort()
    return [row for _, row in found]


def _idle(person: str, load: Load) -> bytes:
    """Return the row of somebody who was there and had no chat that counts."""
    figures = shown(Figures(), [0] * len(BUYER_FIGURES))
    row = {"name": person, "shops": 0, "provisional": False, "scores": {}, "figures": figures, "load": load.as_json()}
    return encode(row)


def _renamed(counts: Sequence[Count], reading: Reading, by: By) -> list[Count]:
    """Put into the shop's place the name of the row that a count belongs to."""
    return [(day, reading.name_of(by, shop, agent), team, agent, what, n) for day, shop, team, agent, what, n in counts]


def _per_session(figures: dict[str, Any], sessions: int) -> dict[str, Any]:
    hits = sum(figures["hits"].values())
    return {
        "hits": hits,
        "sessions": sessions,
        "hits_per_100_sessions": round(100 * hits / sessions, 2) if sessions else None,
        "by_rule": figures["hits"],
        "replies": figures["replies"],
        "polite_rate": figures["polite_rate"],
        "apology_rate": figures["apology_rate"],
    }


async def _loads(
    services: Services, reading: Reading, days: tuple[int, int], by: By, caller: Caller
) -> dict[str, Load]:
    """Return the load by row: of persons over all their shops, of teams and all only for who may see all of it."""
    people = services.people
    if people is None or by not in ("agent", "team", "all") or (by != "agent" and caller.bound):
        return {}
    today = reading.scorer.today
    found: dict[str, Load] = {}
    if days[0] < today:
        for one in await services.journal.floor_log.days(_date(days[0]), _date(min(days[1], today - 1))):
            load = _load(people, one.person, one.online_ms, one.busy_ms, one.chats_ms, one.most_chats)
            _add(found, by, one.person, one.team, load)
    if days[1] >= today:
        for number, row in enumerate(people.rows(services.now_ms()), 1):
            own = row.today
            load = _load(people, row.person, own.online_ms, own.busy_ms, own.chats_ms, own.most_chats)
            _add(found, by, row.person, row.team, load)
            if number % ROWS_A_SLICE == 0:
                await asyncio.sleep(0)
    return found


def _load(people: People, person: str, online_ms: int, busy_ms: int, chats_ms: int, most: int) -> Load:
    limit = people.load(person)[1] or 0
    return Load(online_ms, busy_ms, chats_ms, most, online_ms * limit, chats_ms if limit else 0)


def _add(found: dict[str, Load], by: By, person: str, team: str, load: Load) -> None:
    name = {"agent": person, "team": team}.get(by, "all")
    found[name] = found.get(name, Load()).and_(load)


def _date(day: int) -> str:
    return date.fromordinal(day).isoformat()
