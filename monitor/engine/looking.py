"""What stands open in a data folder, for commands: read beside a running service or without one."""

from pathlib import Path

from monitor.core.decisions import Round
from monitor.core.policy import BuiltIn
from monitor.core.tracker import Tracker
from monitor.engine.fetching import Fetcher
from monitor.engine.recovery import read_back
from monitor.engine.saving import Saving
from monitor.store.beside import open_line
from monitor.store.reading import Reading
from monitor.store.writing import read_tip

BUILT_IN = BuiltIn()  # Nothing is taken by it: each wait keeps the policy it opened with.


async def open_rounds(folder: Path, *, wall: bool, lateness_ms: int) -> tuple[int, list[Round]]:
    """Return the rounds of all open waits, and the instant as of which they stand: the last that was written down.

    Nothing is changed: a tracker is filled as at a start, of what the journal held at one moment, and thrown away.

    Args:
        folder: with the data.
        wall: whether time there is the wall clock.
        lateness_ms: as the service has it.

    Raises:
        UsageError: the folder cannot be read.
        StoreUnavailable: the disk cannot be read now.
    """
    async with open_line(folder) as line:
        await line.read(lambda db: db.execute("BEGIN"))
        tip = await line.read(read_tip)
        journal = Reading(line, line)
        tracker = Tracker(BUILT_IN, wall=wall, rows=True, lateness_ms=lateness_ms)
        await read_back(tracker, journal, Fetcher(journal, tracker), Saving(tracker), tip.saved_position)
        return tracker.now_ms, list(tracker.open_rounds(tracker.now_ms))
