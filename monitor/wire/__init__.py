"""Bytes in, events out: decoding, checking, and words for what is wrong."""
