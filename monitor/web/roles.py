"""What a role may do: one list for all routes, so that a route nobody thought of is closed to those who only look.

A *viewer* sees the board, the figures and the sources, never what buyers wrote. An *agent* sees chats and
suggestions, claims, and receives hand-overs. A *lead* acts for others: dismisses, silences, resolves. An *admin*
does everything. A *source* brings events and sees nothing.
"""

import re
from typing import Final

from monitor.store.entries import Role
from monitor.web.access import Caller, Denied

_RANK: Final[dict[Role, int]] = {"source": 0, "viewer": 1, "agent": 2, "lead": 3, "admin": 4}

# The first that fits counts; then: to read, a viewer; to act, a lead.
_NEEDS: Final[tuple[tuple[str, re.Pattern[str], Role], ...]] = (
    ("*", re.compile(r"/v1/quarantine(/.*)?"), "admin"),
    ("*", re.compile(r"/v1/audit"), "admin"),
    ("POST", re.compile(r"/v1/rules/.*"), "admin"),
    ("*", re.compile(r"/v1/conversations/.*"), "agent"),
    ("*", re.compile(r"/v1/suggestions(/.*)?"), "agent"),
    ("POST", re.compile(r"/v1/reports/xlsx"), "viewer"),
    ("POST", re.compile(r"/v1/live/ticket"), "viewer"),
    ("POST", re.compile(r"/v1/handover/[^/]+/receive"), "agent"),
    ("POST", re.compile(r"/v1/alerts/[^/]+/(claim|release)"), "agent"),
)
_FOR_SOURCES = re.compile(r"/v1/(events|ingest|hooks/.*)")


def needed(method: str, path: str) -> Role:
    """Return the least role for a route."""
    for of, pattern, role in _NEEDS:
        if of in ("*", method) and pattern.fullmatch(path):
            return role
    return "viewer" if method in ("GET", "HEAD") else "lead"


def brings_events(path: str) -> bool:
    """Whether a route is a door of events."""
    return _FOR_SOURCES.fullmatch(path) is not None


def refused(caller: Caller, method: str, path: str) -> Denied | None:
    """Return why a caller may not do this; None: it may."""
    if brings_events(path):
        allowed = caller.role in ("source", "admin")
        wanted: Role = "source"
    else:
        wanted = needed(method, path)
        allowed = _RANK[caller.role] >= _RANK[wanted]
    if allowed:
        return None
    return Denied(403, f"{caller.name} is {caller.role} here; this is for the role {wanted}")
