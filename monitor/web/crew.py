"""Who is there, as boards show it: seat, state and load of those who answer, and how many of them.

Asked for every few seconds by each part of the floor that is looked at, so all rows are made
once for all of them.
"""

from typing import Any

from monitor.core.people_rows import AgentRow
from monitor.core.views import WaitRow
from monitor.web.scope import Scope
from monitor.web.services import Services

AGENTS_AT_MOST = 1_000  # A snapshot stays under a megabyte; those with a buyer waiting come first.
FRESH_MS = 4_000  # Less than the time between two looks of one board.


class Crew:
    """The people of one floor."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._rows: list[AgentRow] = []
        self._made_at_ms = 0

    def person(self, row: WaitRow) -> str | None:
        """Return whose wait it is, by the name that is in the list of agents; None: as the feed says."""
        people = self._services.people
        if people is None or not (row.agent or row.account):
            return None
        person = people.person_of(row.agent, row.account, row.shop, self._services.now_ms())
        return None if person == row.agent else person

    def agents(self, scope: Scope) -> list[dict[str, Any]]:
        """Return those of a part of the floor and who serves its shops, the ones with a buyer waiting first."""
        theirs = [row for row in self._all() if self._is_of(row, scope) or self._serves(row, scope)]
        shown = sorted(theirs, key=lambda row: (-row.waits, row.person))[:AGENTS_AT_MOST]
        return [
            {
                "agent": row.person,
                "name": row.nick,
                "seat": row.seat,
                "team": row.team,
                "state": row.state,
                "open": row.chats,
                "limit": row.limit,
            }
            for row in shown
        ]

    def staff(self, scope: Scope) -> dict[str, Any] | None:
        """Return how many are there; None: nothing tells."""
        rows = [row for row in self._of(scope) if row.on_shift or row.state not in ("offline", "unknown")]
        if not rows:
            return None
        expected = sum(row.on_shift for row in rows)
        return {
            "online": sum(row.state == "online" for row in rows),
            "away": sum(row.state in ("away", "suspended") for row in rows),
            "full": sum(row.state == "online" and row.limit is not None and row.chats >= row.limit for row in rows),
            "expected": expected or None,  # Nobody on shift: there is no roster, or it is night.
        }

    def _of(self, scope: Scope) -> list[AgentRow]:
        return [row for row in self._all() if self._is_of(row, scope)]

    @staticmethod
    def _is_of(row: AgentRow, scope: Scope) -> bool:
        return (scope.teams is None or row.team in scope.teams) and (
            scope.shops is None or not scope.shops.isdisjoint(row.shops)
        )

    def _serves(self, row: AgentRow, scope: Scope) -> bool:
        """Whether somebody of another team serves a shop of this part: its rows name them."""
        people, now_ms = self._services.people, self._services.now_ms()
        return people is not None and any(
            (scope.shops is None or shop in scope.shops)
            and (scope.teams is None or people.team_of_shop(shop, now_ms) in scope.teams)
            for shop in row.shops
        )

    def _all(self) -> list[AgentRow]:
        people = self._services.people
        if people is None:
            return []
        now_ms = self._services.now_ms()
        if not self._made_at_ms <= now_ms < self._made_at_ms + FRESH_MS:
            self._rows = list(people.rows(now_ms))
            self._made_at_ms = now_ms
        return self._rows
