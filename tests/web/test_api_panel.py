"""What an agent's panel asks for, and who is there on the live feed."""

import json
from typing import Any

from websockets.asyncio.client import connect

from monitor.core.roster import Person, Register
from monitor.store.entries import Holder
from monitor.web.access import new_token
from monitor.web.api_panel import Panel
from tests.staffed import Floor, slot
from tests.web.stand import ListedTokens, Stand, a_row, open_to


def working() -> Floor:
    """小林 has promised one buyer an answer, greeted another, and a third had the last word; at two past ten."""
    floor = Floor(
        Register(
            persons=(Person(id="1007", nick="小林", team="south"),),
            slots=(slot("1007", 2, 20, seat="B07"),),
        )
    )
    floor.presence("0:00", "1007", "online", limit=4, shops=["senye"])
    floor.buyer("0:10", "有货吗", chat="c-1", agent="1007", buyer="张三").agent(
        "0:20", "稍等", chat="c-1", agent="1007"
    )
    floor.buyer("0:30", "有货吗", chat="c-2", agent="1007").agent("0:40", "有的亲", chat="c-2", agent="1007")
    floor.buyer("0:50", "好的谢谢", chat="c-2")
    floor.buyer("1:00", "在吗", chat="c-3", agent="1008")
    floor.until("2:00")
    return floor


async def asked(stand: Stand, agent: str, **more: Any) -> dict[str, Any]:
    async with stand.client(**more) as client:
        told: dict[str, Any] = (await client.get("/v1/panel", params={"agent": agent})).json()
        Panel.model_validate(told, extra="forbid")
        return told


async def test_the_panel_names_what_its_agent_owes_and_nobody_else_s() -> None:
    async with open_to(working()) as stand:
        told = await asked(stand, "1007")
        assert (told["name"], told["seat"], told["open"], told["limit"]) == ("小林", "B07", 2, 4)
        promise, courtesy = told["owed"]
        assert (promise["kind"], promise["conversation"], promise["buyer"]) == ("promise", "c-1", "张*")
        assert promise["due_at"] is not None
        assert (courtesy["kind"], courtesy["conversation"], courtesy["due_at"]) == ("courtesy", "c-2", None)
        assert await asked(stand, "小林") == told, "whichever of the agent's names is asked for"
        nobody = await asked(stand, "who")
        assert (nobody["owed"], nobody["state"], nobody["open"]) == ([], "unknown", None)


async def test_a_caller_of_other_shops_is_told_nothing_of_these() -> None:
    token, digest = new_token()
    tokens = ListedTokens()
    tokens.holders[digest] = Holder("ming", frozenset({"other"}), None, "agent")
    async with open_to(working(), tokens) as stand:
        told = await asked(stand, "1007", headers={"Authorization": f"Bearer {token}"})
        assert (told["shops"], told["owed"]) == ([], [])


async def test_the_live_feed_says_who_is_there_and_whose_each_wait_is() -> None:
    async with open_to(working()) as stand:
        stand.engine.rows = {1: a_row(1, agent=None, account="senye:lin"), 2: a_row(2, agent="1007")}
        stand.web.floor.begin()
        async with connect(f"{stand.ws}/v1/live", proxy=None) as line:
            await line.send('{"type":"hello","v":1}')
            seen = json.loads(await line.recv())
        assert seen["counts"]["staff"] == {"online": 1, "away": 0, "full": 0, "expected": 1}
        [lin] = [agent for agent in seen["agents"] if agent["agent"] == "1007"]
        assert (lin["name"], lin["seat"], lin["state"], lin["open"], lin["limit"]) == ("小林", "B07", "online", 2, 4)
        whose = {wait["id"]: wait.get("person", wait["agent"]) for wait in seen["waits"]}
        assert whose == {"k3f9-1": "senye:lin", "k3f9-2": "1007"}
