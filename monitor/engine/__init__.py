"""The one loop: take what has arrived, decide, commit, and only then say so.

    doors ── submit ──► queue ─► look up duplicates ─► tracker ─► one commit ─► acknowledge
                                                                            └► watchers (board, metrics, courier)

Events, decisions, changed rows and what is to be told go to disk in one
transaction. A door is told "stored" after it, a watcher sees a decision after it,
so nothing is told that a crash could take back.
"""

from monitor.engine.changes import Accepted, Changes, Readiness, Receipt, Router, Watcher
from monitor.engine.loop import JUDGED_A_COMMIT, Engine

__all__ = ["JUDGED_A_COMMIT", "Accepted", "Changes", "Engine", "Readiness", "Receipt", "Router", "Watcher"]
