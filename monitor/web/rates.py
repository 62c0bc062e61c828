"""How often one caller may come: bringing events, and all else.

Who shows a token (or is named by a proxy of ours) is known by its name, wherever it comes from; others by their
address. So nobody is shut out by a neighbour without a token. An address of `listen.proxies` stands for everybody
behind it and has no bound.

One number for each caller says until when what it has asked for so far would keep it busy at the allowed pace. Ten
seconds of that may be taken at once, so that a page which loads, or a collector that was off, waits for nothing.
"""

import math
import time
from dataclasses import dataclass

from starlette.types import Scope

from monitor.settings import Settings
from monitor.web.access import LOCAL, Caller, Denied
from monitor.web.bounds import ADDRESSES_AT_MOST

AT_ONCE_SECONDS = 10.0


class Rate:
    """So many a second for each, and ten seconds' worth at once."""

    def __init__(self, per_second: float) -> None:
        self._each_seconds = 1 / per_second
        self._busy_until: dict[str, float] = {}

    def count(self, who: str, *, anyway: bool = False) -> float:
        """Count one more; return 0, or how many seconds too early it comes.

        Args:
            who: whose it is.
            anyway: count it also when it comes too early, as it is held back until then; else it is turned away.
        """
        now = time.monotonic()
        until = max(self._busy_until.get(who, now), now) + self._each_seconds
        early = max(0.0, until - now - AT_ONCE_SECONDS)
        if early and not anyway:
            return early
        if len(self._busy_until) >= ADDRESSES_AT_MOST and who not in self._busy_until:
            self._busy_until.clear()
        self._busy_until[who] = until
        return early


@dataclass(frozen=True, slots=True)
class Pace:
    """One caller's own rate; without one there is no bound."""

    rate: Rate | None
    who: str

    def too_early(self) -> float:
        """Count one more unless it comes too early; return 0, or by how many seconds it does."""
        return 0.0 if self.rate is None else self.rate.count(self.who)

    def hold_seconds(self) -> float:
        """Count one more; return for how long it has to be held back."""
        return 0.0 if self.rate is None else self.rate.count(self.who, anyway=True)


class Rates:
    """The rates of all callers, of those with a name apart from those with an address only.

    Addresses are somebody else's to make up: however many there are, no name is forgotten for them.
    """

    def __init__(self, settings: Settings) -> None:
        self._proxies = frozenset(settings.listen.proxies)
        sends, asks = settings.limits.sends_per_second, settings.limits.asks_per_second
        self._named = {True: Rate(sends), False: Rate(asks)}
        self._addressed = {True: Rate(sends), False: Rate(asks)}

    def pace(self, scope: Scope, caller: Caller | Denied, *, brings: bool) -> Pace:
        """Return the rate of who sends this; whoever is denied goes by the address. ``brings``: it brings events."""
        if isinstance(caller, Caller) and caller is not LOCAL:
            return Pace(self._named[brings], caller.name)
        peer = scope.get("client")
        if peer is None or peer[0] in self._proxies:
            return Pace(None, "")
        return Pace(self._addressed[brings], peer[0])

    def too_often(self, scope: Scope, caller: Caller | Denied, *, brings: bool) -> Denied | None:
        """Count one request; Denied if it is one too many."""
        early = self.pace(scope, caller, brings=brings).too_early()
        if not early:
            return None
        setting = "limits.sends_per_second" if brings else "limits.asks_per_second"
        return Denied(429, f"too many requests ({setting}); try again later", math.ceil(early))
