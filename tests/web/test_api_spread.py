"""How long buyers waited, by length and hour."""

from datetime import datetime
from typing import Any

import msgspec
import pytest

from monitor.store.entries import Holder
from monitor.web.access import new_token
from monitor.web.api_spread import Spread
from tests.web.stand import ListedTokens, Stand, standing


def a_round(clock: str, waited: float | None, outcome: str = "answered", **more: Any) -> bytes:
    opened = round(datetime.fromisoformat(f"{clock}+08:00").timestamp() * 1000)
    ended = None if waited is None else opened + round(waited * 1000)
    values = {"platform": "taobao", "shop": "senye", "team": "a", "outcome": outcome} | more
    return msgspec.json.encode(values | {"opened_at_ms": opened, "ended_at_ms": ended, "wait": 1})


async def spread(stand: Stand, query: str = "from=2026-11-23&to=2026-11-24", **more: Any) -> dict[str, Any]:
    async with stand.client(**more) as client:
        told: dict[str, Any] = (await client.get(f"/v1/kpis/spread?{query}")).json()
        Spread.model_validate(told, extra="forbid")
        return told


ROUNDS = [
    a_round("2026-11-23T00:00:00", 5),
    a_round("2026-11-23T00:59:59", 5.001),
    a_round("2026-11-23T20:10:00", 180),
    a_round("2026-11-23T20:20:00", 181, shop="lvya", team="b"),
    a_round("2026-11-23T20:30:00", 700, "expired"),
    a_round("2026-11-23T20:40:00", None, "open"),
    a_round("2026-11-23T20:50:00", 9, "dismissed"),
    a_round("2026-11-24T23:59:59", 10),
    a_round("2026-11-25T00:00:00", 10),
]


async def test_rounds_are_counted_by_length_and_by_the_hour_they_began_in() -> None:
    async with standing() as stand:
        stand.journal.known_rounds = ROUNDS
        told = await spread(stand)
        bands = {band["upto_seconds"]: band["rounds"] for band in told["bands"] if band["rounds"]}
        assert bands == {5: 1, 10: 2, 180: 1, 240: 1}
        assert told["hours"] == [
            {"day": "2026-11-23", "hour": 0, "rounds": 2, "over_limit": 0, "mean_seconds": 5.0005},
            {"day": "2026-11-23", "hour": 20, "rounds": 4, "over_limit": 2, "mean_seconds": 180.5},
            {"day": "2026-11-24", "hour": 23, "rounds": 1, "over_limit": 0, "mean_seconds": 10.0},
        ]


async def test_a_part_of_the_floor_and_what_a_caller_may_see() -> None:
    token, digest = new_token()
    tokens = ListedTokens()
    tokens.holders[digest] = Holder("ming", frozenset({"lvya"}), None, "viewer")
    async with standing(tokens=tokens) as stand:
        stand.journal.known_rounds = ROUNDS
        told = await spread(stand, headers={"Authorization": f"Bearer {token}"})
        assert [hour["rounds"] for hour in told["hours"]] == [1]
    async with standing() as stand:
        stand.journal.known_rounds = ROUNDS
        told = await spread(stand, "from=2026-11-23&to=2026-11-23&team=b")
        assert [hour["rounds"] for hour in told["hours"]] == [1]


@pytest.mark.parametrize(
    "query", ["from=x&to=2026-11-23", "from=2026-11-24&to=2026-11-23", "from=2026-01-01&to=2026-11-23"]
)
async def test_a_span_that_is_none_is_said(query: str) -> None:
    async with standing() as stand, stand.client() as client:
        answer = await client.get(f"/v1/kpis/spread?{query}")
        assert answer.status_code == 400
        assert "from" in answer.json()["error"]
