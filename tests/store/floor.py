"""A data folder as a service leaves it: two shops, two buyers, one of whom had an alert."""

import signal
import time
from pathlib import Path
from typing import Any

import httpx

from tests.plain import PLAIN
from tests.program import running
from tests.waiting import DEADLINE_SECONDS

# A while ago, by the clock of the machine too: what is refused is known by when it came.
SPOKEN_MS = time.time_ns() // 1_000_000 - 3_600_000


def said(number: int, buyer: str, role: str, at_ms: int, **more: Any) -> dict[str, Any]:
    event = {
        "id": f"m-{number}",
        "ts": at_ms,
        "shop": "kaisa",
        "buyer": buyer,
        "role": role,
        "text": f"words {number}",
    }
    return {name: value for name, value in (event | more).items() if value is not None}


def left_behind(folder: Path) -> Path:
    """Run a service, let two buyers of one shop and one of another speak, stop it; return its data folder."""
    receiver = {"PRESALES_CLOCK": "event"}
    with running(folder, settings=receiver) as program:
        at_ms = SPOKEN_MS
        events = [
            said(1, "zhang", "buyer", at_ms),
            said(2, "zhang", "agent", at_ms + 20_000, agent="lin"),
            said(
                3,
                "wang",
                "buyer",
                at_ms + 30_000,
                conversation="chat-of-wang",
                product={"id": 7, "name": "sofa of wang"},
            ),
            said(4, "wang", "agent", at_ms + 430_000, agent="lin", conversation="chat-of-wang"),
            said(5, "zhang", "buyer", at_ms + 440_000, shop="nanfeng", unknown="field of zhang"),
            said(6, "zhang", "agent", at_ms + 450_000, shop="nanfeng"),
        ]
        with httpx.Client(base_url=program.url, timeout=DEADLINE_SECONDS, verify=PLAIN) as client:
            for event in events:  # One by one, so that each limit is judged before what comes after it.
                assert client.post("/v1/events", json=event).status_code == 202
            assert client.post("/v1/events", json={"id": "bad", "buyer": "zhang"}).status_code == 400
        program.process.send_signal(signal.SIGTERM)
        assert program.process.wait(DEADLINE_SECONDS) == 0
    return folder / "data"
