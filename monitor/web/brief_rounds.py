"""Rounds as the journal has them, as far as reports ask: reading all of a round costs several times as much."""

import msgspec
from msgspec import Struct


class BriefRound(Struct, gc=False):
    """What is counted of a round."""

    wait: int
    platform: str
    shop: str
    team: str
    opened_at_ms: int
    ended_at_ms: int | None  # None: it has no end that anybody saw.
    outcome: str


brief_round = msgspec.json.Decoder(BriefRound).decode
