"""Which chats are to be scored anew once presence has told who was there: of shops where that makes a difference."""

import asyncio

from monitor.core.events import AgentPresence
from monitor.core.roster import Register
from monitor.core.scores.board import Board
from monitor.core.scores.staff import Manned, Staff
from monitor.scoring.logs import Key

LATE_MS = 600_000  # Presence that comes so late still tells whether a chat scored since was left to nobody.
SHOPS_A_SLICE = 50


class Manning:
    """What presence has said, and which chats were scored by it of late.

    Attributes:
        staff: who was there, over all shops.
    """

    def __init__(self) -> None:
        self.staff = Staff()
        self._restaffed: dict[str, int] = {}  # Shops of which presence has said something, and from when on.
        self._manned: dict[str, Manned] = {}  # What was known of each when that was last looked at.
        self._scored: dict[str, dict[str, int]] = {}  # By shop: chats scored of late, and when.

    @property
    def waiting(self) -> bool:
        """Whether presence has said something that was not looked at yet."""
        return bool(self._restaffed)

    def begin(self) -> None:
        """Remember what `staff` knows, before any chat is scored by it."""
        self._manned = {name: self.staff.of(name) for name in self.staff.shops()}

    def note(self, event: AgentPresence, register: Register) -> None:
        """Take presence."""
        for name in self.staff.note(event, register):
            self._restaffed[name] = min(event.ts_ms, self._restaffed.get(name, event.ts_ms))

    def scored(self, key: Key, now_ms: int) -> None:
        """Note that a chat was scored."""
        if key[0] in self._manned:
            self._scored.setdefault(key[0], {})[key[1]] = now_ms

    async def look(self, board: Board) -> set[Key]:
        """Return the chats whose shop, as presence says now, had nobody or somebody when they began."""
        found: set[Key] = set()
        restaffed, self._restaffed = self._restaffed, {}
        for number, (name, from_ms) in enumerate(restaffed.items(), 1):
            manned, was = self.staff.of(name), self._manned.get(name)
            if was is None:
                found.update(board.keys(name))  # Nothing was known of it till now.
            elif manned.spans != was.spans:
                found.update((name, key) for key, at_ms in self._scored.get(name, {}).items() if at_ms >= from_ms)
            self._manned[name] = manned
            if number % SHOPS_A_SLICE == 0:
                await asyncio.sleep(0)
        return found

    def let_go(self, now_ms: int) -> None:
        """Let go of the chats scored so long ago that presence tells nothing new of them."""
        for name, scored in self._scored.items():
            self._scored[name] = {key: at_ms for key, at_ms in scored.items() if at_ms >= now_ms - LATE_MS}
