"""What buyers ask about, on the rows of boards: read once for each thing they say."""

import json
from pathlib import Path

from websockets.asyncio.client import connect

from monitor.suggest.intents import NOTHING, Reading, Told
from monitor.web.asked import Asked
from tests.web.stand import a_row, standing
from tests.web.whole import eventually, running, said


class Reads:
    """Answers as it is told, and counts."""

    def __init__(self) -> None:
        self.knows: dict[str, Reading] = {}
        self.asked = 0

    def reading(self, _shop: str, conversation: str) -> Reading | None:
        self.asked += 1
        return self.knows.get(conversation)


def asks(intent: str, confidence: float = 0.8) -> Reading:
    return Reading((Told(intent, confidence, ("多少钱",)),), "presale", 0.8)


def test_a_wait_is_read_again_only_when_its_buyer_wrote_more() -> None:
    reads = Reads()
    reads.knows["c-1"] = asks("price")
    asked = Asked(reads)
    assert [asked.intent(a_row(1)) for _ in range(3)] == ["price"] * 3
    assert reads.asked == 1
    reads.knows["c-1"] = asks("size")
    assert asked.intent(a_row(1, messages=2)) == "size"
    assert reads.asked == 2


def test_what_was_asked_in_waits_that_are_over_is_forgotten() -> None:
    reads = Reads()
    asked = Asked(reads)
    for day in range(100):
        for wait in range(10 * day, 10 * day + 10):
            reads.knows = {f"c-{wait}": asks("price")}
            assert asked.intent(a_row(wait)) == "price"
        asked.over((wait, "answered") for wait in range(10 * day, 10 * day + 9))
    assert len(asked._known) == 100


def test_what_is_not_sure_is_left_out() -> None:
    reads = Reads()
    reads.knows |= {"c-1": asks("price", 0.4), "c-2": NOTHING}
    asked = Asked(reads)
    assert asked.intent(a_row(1)) is None
    assert asked.intent(a_row(2)) is None


def test_what_is_being_read_back_is_asked_for_again_and_meanwhile_the_last_stands() -> None:
    reads = Reads()
    asked = Asked(reads)
    assert asked.intent(a_row(1)) is None
    reads.knows["c-1"] = asks("stock")
    assert asked.intent(a_row(1)) == "stock"
    del reads.knows["c-1"]
    assert asked.intent(a_row(1, messages=2)) == "stock"


def test_without_suggestions_no_row_has_one() -> None:
    assert Asked(None).intent(a_row(1)) is None


async def test_the_live_feed_names_what_is_asked_and_never_the_words(tmp_path: Path) -> None:
    async with running(tmp_path) as (app, client):
        await client.post("/v1/events", json=[said(1, 20, text="这件多少钱一件")])
        await eventually(client, "/v1/waits", lambda told: told["waits"])
        async with connect(f"{app.server.url.replace('http', 'ws')}/v1/live", proxy=None) as board:
            await board.send('{"type":"hello","v":1}')
            snapshot = str(await board.recv())
        assert json.loads(snapshot)["waits"][0]["intent"] == "price"
        assert "多少钱" not in snapshot


async def test_a_wait_that_ends_is_forgotten_by_all_boards() -> None:
    reads = Reads()
    reads.knows["c-1"] = asks("price")
    async with standing(rows=[a_row(1)]) as stand:
        stand.web.hubs._asked = asked = Asked(reads)
        assert asked.intent(a_row(1)) == "price"
        stand.engine.commit(gone=[(1, "answered")])
        assert asked.intent(a_row(1)) == "price"
    assert reads.asked == 2
