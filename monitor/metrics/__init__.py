"""Every metric, in one list (`FAMILIES`).

Hot paths count in plain dicts and attributes of `Metrics`; `FAMILIES` says what
each one is called outside, with its help, labels and where it is read. What the
process itself costs (CPU, memory, open files) comes from ``prometheus_client``'s
own collectors.

Counters count decisions as they were made, corrections beside them. The exact
numbers of a day are in the API, not here.
"""

from monitor.metrics.exposition import CONTENT_TYPE, Exposition
from monitor.metrics.families import FAMILIES
from monitor.metrics.numbers import OTHER, REPLY_EDGES, SERIES_AT_MOST, Metrics
from monitor.metrics.watcher import Accepted, Watcher

__all__ = [
    "CONTENT_TYPE",
    "FAMILIES",
    "OTHER",
    "REPLY_EDGES",
    "SERIES_AT_MOST",
    "Accepted",
    "Exposition",
    "Metrics",
    "Watcher",
]
