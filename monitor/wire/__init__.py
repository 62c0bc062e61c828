"""Bytes in, events out: decoding, checking, and words for what is wrong."""

from monitor.wire.batch import Limits, Refused
from monitor.wire.decode import decode, decode_line
from monitor.wire.instants import instant_text
from monitor.wire.schema import schema
from monitor.wire.split import events_of_log
from monitor.wire.stored import decode_stored, encode_event, same

__all__ = [
    "Limits",
    "Refused",
    "decode",
    "decode_line",
    "decode_stored",
    "encode_event",
    "events_of_log",
    "instant_text",
    "same",
    "schema",
]
