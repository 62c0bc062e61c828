"""What part of the floor one viewer sees: what the token allows, and of that what the board is about."""

from collections.abc import Collection
from typing import NamedTuple

from msgspec import Struct

from monitor.core.roster import Register
from monitor.web.access import Caller


class Asked(Struct):
    """What a board says it is about; an empty list is everything. A floor is the teams that sit on it."""

    shops: list[str] = []
    teams: list[str] = []
    platforms: list[str] = []
    floors: list[str] = []


class Scope(NamedTuple):
    """A part of the floor; None: no bound of that kind."""

    shops: frozenset[str] | None = None
    teams: frozenset[str] | None = None
    platforms: frozenset[str] | None = None

    def holds(self, platform: str, shop: str, team: str) -> bool:
        """Whether a wait there is part of it."""
        return (
            (self.shops is None or shop in self.shops)
            and (self.teams is None or team in self.teams)
            and (self.platforms is None or platform in self.platforms)
        )


WHOLE = Scope()


def scope_of(caller: Caller, asked: Asked | None, register: Register) -> Scope:
    """Return what a caller who asks for a board gets to see; never more than it may.

    Args:
        caller: who asks.
        asked: for which board.
        register: says which teams sit on a floor; a floor that it does not know has none.
    """
    if asked is None:
        return Scope(caller.shops, caller.teams)
    platforms = frozenset(asked.platforms) if asked.platforms else None
    teams = _both(caller.teams, asked.teams)
    if asked.floors:
        there = register.teams_on(asked.floors)
        teams = there if teams is None else teams & there
    return Scope(_both(caller.shops, asked.shops), teams, platforms)


def _both(allowed: frozenset[str] | None, asked: Collection[str]) -> frozenset[str] | None:
    if not asked:
        return allowed
    return frozenset(asked) if allowed is None else allowed & frozenset(asked)
