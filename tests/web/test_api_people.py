"""People, shops and hand-overs over the API."""

from hashlib import sha256

import httpx

from monitor.core.decisions import FeedGap, ShiftWorked
from monitor.core.events import HandOverReceived
from monitor.core.roster import Person, Register, ShopInfo
from monitor.store.entries import Holder, Quarantined, QuarantineEntry
from monitor.web.models import Gaps, Sources
from monitor.web.models_people import Agents, HandOvers, Received, Shifts, Shops
from tests.staffed import Floor, slot
from tests.web.stand import ListedTokens, a_source, open_to


def evening() -> Floor:
    """A shop whose shift has ended with a chat open, and one that nobody serves; at twelve minutes past ten."""
    floor = Floor(
        Register(
            persons=(Person(id="1007", nick="小林", team="south"), Person(id="1008", nick="小周", team="south")),
            shops=(
                ShopInfo(
                    shop="senye", name="森野旗舰店", platform="taobao", team="south", targets={"taobao_3min": 0.9}
                ),
            ),
            slots=(slot("1007", 2, 10.15, seat="B07"), slot("1008", 10.15, 20, seat="B07")),
        )
    )
    floor.presence("0:00", "1007", "online", limit=4)
    floor.presence("0:10", "mei", "offline", shops=["lvya"])
    floor.buyer("1:00", "有货吗", chat="c-1", agent="1007", buyer="张三")
    floor.buyer("2:00", "有货吗", chat="c-2", agent="1007").agent("3:00", chat="c-2", agent="1007")
    floor.until("9:30")
    return floor


async def test_agents_come_with_load_and_the_sums_of_their_day() -> None:
    async with open_to(evening()) as stand, stand.client() as client:
        told = (await client.get("/v1/agents", params={"team": "south"})).json()
        Agents.model_validate(told, extra="forbid")
        lin, zhou = told["agents"]
        assert (lin["agent"], lin["name"], lin["state"], lin["open"], lin["limit"]) == ("1007", "小林", "online", 2, 4)
        assert (lin["saturation"], lin["waits_open"], lin["online_seconds"]) == (0.5, 1, 570)
        assert lin["busy_seconds"] == 510
        assert lin["occupancy"] == 510 / 570
        assert (zhou["agent"], zhou["state"], zhou["seat"], zhou["on_shift"]) == ("1008", "unknown", "B07", True)
        mei = (await client.get("/v1/agents?state=offline")).json()["agents"]
        assert [agent["agent"] for agent in mei] == ["mei"]


async def test_shops_say_whether_anybody_can_take_a_new_chat() -> None:
    async with open_to(evening()) as stand, stand.client() as client:
        told = (await client.get("/v1/shops")).json()
        Shops.model_validate(told, extra="forbid")
        senye, lvya = told["shops"]
        assert (senye["shop"], senye["name"], senye["attended"]) == ("senye", "森野旗舰店", True)
        assert senye["targets"] == {"taobao_3min": 0.9}
        assert senye["waits_open"]["lost"] == 1
        assert senye["absent"] == ["1008"]
        assert (lvya["shop"], lvya["attended"], lvya["name"]) == ("lvya", False, "lvya")


async def test_a_hand_over_is_shown_and_received_by_name() -> None:
    async with open_to(evening()) as stand, stand.client() as client:
        told = (await client.get("/v1/handover")).json()
        HandOvers.model_validate(told, extra="forbid")
        [one] = told["handovers"]
        assert (one["giver"], one["receiver"], one["state"]) == ("1007", "1008", "open")
        [left] = one["left"]
        assert (left["kind"], left["conversation"], left["buyer"], left["age_seconds"]) == ("wait", "c-1", "张*", 510)
        answered = await client.post(f"/v1/handover/{one['id']}/receive", json={"by": "1008"})
        Received.model_validate(answered.json(), extra="forbid")
        [event] = stand.engine.events
        assert isinstance(event, HandOverReceived)
        assert (event.hand_over, event.by, event.shop) == (one["id"], "1008", "senye")
        assert event.meta == {"token": "local"}
        assert (await client.post("/v1/handover/none/receive")).status_code == 404


async def test_what_is_received_cannot_be_received_again() -> None:
    floor = evening()
    [one] = floor.staff.hand_overs.all()
    floor.received("9:40", one.id, "1008")
    async with open_to(floor) as stand, stand.client() as client:
        again = await client.post(f"/v1/handover/{one.id}/receive")
        assert again.status_code == 400
        assert "1008 has received it" in again.json()["error"]


async def test_a_caller_sees_the_people_of_its_shops_and_teams_only() -> None:
    tokens = ListedTokens()
    async with open_to(evening(), tokens) as stand:
        for name, shops, teams in (("lvya", {"lvya"}, None), ("north", None, {"north"}), ("south", None, {"south"})):
            await _token(tokens, name, shops, teams)

        async def seen(name: str) -> tuple[list[str], list[str], int]:
            async with stand.client(headers={"authorization": f"Bearer {name}"}) as client:
                return (
                    [agent["agent"] for agent in await _list(client, "agents")],
                    [shop["shop"] for shop in await _list(client, "shops")],
                    len(await _list(client, "handover", "handovers")),
                )

        assert await seen("lvya") == (["mei"], ["lvya"], 0)
        assert await seen("north") == ([], [], 0)
        assert await seen("south") == (["1007", "1008"], ["senye"], 1)
        [one] = [one.id for one in stand.services.people.hand_overs.all()] if stand.services.people else [""]
        async with stand.client(headers={"authorization": "Bearer north"}) as client:
            assert (await client.post(f"/v1/handover/{one}/receive")).status_code == 403


async def test_gauges_of_people_and_shops() -> None:
    floor = evening()
    floor.buyer("9:40", chat="c-9", shop="lvya", platform="pinduoduo")
    floor.until("10:50")
    async with open_to(floor) as stand, stand.client() as client:
        text = (await client.get("/metrics")).text
        assert 'presales_agents{team="south",state="online"} 1' in text
        assert 'presales_agents{team="south",state="unknown"} 1' in text
        assert 'presales_unattended_shops{platform="pinduoduo"} 1' in text
        assert 'presales_unattended_shops{platform="taobao"} 0' in text
        assert 'presales_stale_shops{platform="taobao"} 0' in text


async def _list(client: httpx.AsyncClient, what: str, key: str | None = None) -> list[dict[str, str]]:
    answer = await client.get(f"/v1/{what}")
    found: list[dict[str, str]] = answer.json()[key or what]
    return found


async def _token(tokens: ListedTokens, name: str, shops: set[str] | None, teams: set[str] | None) -> None:
    tokens.holders[sha256(name.encode()).hexdigest()] = Holder(
        name=name,
        shops=None if shops is None else frozenset(shops),
        teams=None if teams is None else frozenset(teams),
        role="lead",
    )


async def test_gaps_and_shifts_of_the_last_day() -> None:
    async with open_to(evening()) as stand, stand.client() as client:
        now_ms = stand.services.now_ms()
        stand.journal.floor_log.known_gaps = [
            FeedGap(
                source="c12",
                account="jie",
                shop="senye",
                from_ms=now_ms - 300_000,
                to_ms=now_ms - 80_000,
                reason="account",
                filled=True,
                decided_at_ms=now_ms,
            )
        ]
        stand.journal.floor_log.known_shifts = [
            ShiftWorked(
                person="1007",
                team="south",
                shops=("senye",),
                starts_at_ms=now_ms - 7_200_000,
                ends_at_ms=now_ms - 60_000,
                there_ms=7_000_000,
                late_ms=140_000,
                early_ms=0,
            )
        ]
        gaps = (await client.get("/v1/gaps")).json()
        Gaps.model_validate(gaps, extra="forbid")
        [gap] = gaps["gaps"]
        assert (gap["account"], gap["seconds"], gap["filled"]) == ("jie", 220, True)
        shifts = (await client.get("/v1/shifts?team=south")).json()
        Shifts.model_validate(shifts, extra="forbid")
        [shift] = shifts["shifts"]
        assert (shift["agent"], shift["late_seconds"], shift["early_seconds"]) == ("1007", 140, 0)
        assert shifts["planned"] == [
            {"name": None, "from": "02:00", "to": "10:09", "offset": "+08:00"},
            {"name": None, "from": "10:09", "to": "20:00", "offset": "+08:00"},
        ]
        assert (await client.get("/v1/gaps?from=yesterday")).status_code == 400


async def test_a_shift_in_two_owners_shops_names_neither_to_the_other() -> None:
    floor, tokens = evening(), ListedTokens()
    await _token(tokens, "owner", {"senye"}, None)
    async with open_to(floor, tokens) as stand, stand.client(headers={"authorization": "Bearer owner"}) as client:
        now_ms = floor.tracker.now_ms
        stand.journal.floor_log.known_shifts = [
            ShiftWorked(
                person="1007",
                team="south",
                shops=("senye", "lvya"),
                starts_at_ms=now_ms - 7_200_000,
                ends_at_ms=now_ms - 60_000,
                there_ms=7_000_000,
                late_ms=0,
                early_ms=0,
            )
        ]
        [told] = (await client.get("/v1/shifts")).json()["shifts"]
        assert told["shops"] == ["senye"]
        assert len((await client.get("/v1/shifts")).json()["planned"]) == 2
    await _token(tokens, "other", {"lvya"}, None)
    async with open_to(floor, tokens) as stand, stand.client(headers={"authorization": "Bearer other"}) as client:
        assert (await client.get("/v1/shifts")).json()["planned"] == [], "nobody is on the roster of theirs"


async def test_sources_say_how_many_shops_are_seen_and_what_was_wrong_last() -> None:
    floor = evening()
    async with open_to(floor) as stand, stand.client() as client:
        stand.engine.known_sources = [a_source("c12", host="PC-7", version="1.4", backlog=3, skew_ms=1_500)]
        stand.journal.quarantine.entries[1] = QuarantineEntry(
            number=1,
            resent_at_ms=None,
            refused=Quarantined(
                at_ms=floor.tracker.now_ms,
                door="http",
                source="c12",
                index=0,
                path="$.ts",
                error="is missing",
                reason="missing",
                body=b"{}",
                length=2,
                sha256="",
            ),
        )
        told = (await client.get("/v1/sources")).json()
        Sources.model_validate(told, extra="forbid")
        assert told["coverage"] == {"shops": 2, "ok": 2, "catching_up": 0, "stale": 0, "unknown": 0}
        [source] = told["sources"]
        assert (source["host"], source["version"], source["backlog"], source["clock_skew_seconds"]) == (
            "PC-7",
            "1.4",
            3,
            1.5,
        )
        assert (source["last_fault"]["reason"], source["last_fault"]["error"]) == ("missing", "is missing")
