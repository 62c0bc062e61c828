"""Asking this machine by plain HTTP, for which no certificates of the world are read: that takes longer than an answer.

Hand `PLAIN` to httpx as ``verify``.
"""

import ssl

PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
