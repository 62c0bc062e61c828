"""The audit trail over the real program's journal: every act by hand, with who did it."""

from pathlib import Path

from tests.web.two_owners import OURS, two_owners


async def test_what_people_did_is_told_newest_first_with_who_did_it(tmp_path: Path) -> None:
    async with two_owners(tmp_path) as owners:
        lead = owners.headers("lead shop")
        await owners.client.post(f"/v1/alerts/{owners.ids['ours']}/claim", headers=lead)
        await owners.client.post(f"/v1/alerts/{owners.ids['ours']}/mute", headers=lead)
        await owners.client.delete(f"/v1/silences/{owners.ids['silence']}", headers=owners.headers("lead all"))
        gone = {"reason": "招商"}
        told = await owners.client.post(f"/v1/waits/{owners.ids['ours']}/dismiss", json=gone, headers=lead)
        assert told.status_code == 200, told.text

        admin = owners.headers("admin all")
        audit = (await owners.client.get("/v1/audit?limit=4", headers=admin)).json()
        assert [(act["by"], act["what"], act["about"]) for act in audit["acts"]] == [
            ("lead-shop", "dismiss", owners.ids["ours"]),
            ("lead-all", "end_silence", owners.ids["silence"]),
            ("lead-shop", "mute", owners.ids["ours"]),
            ("lead-shop", "claim", owners.ids["ours"]),
        ]
        dismissed, _, muted, _ = audit["acts"]
        assert (dismissed["reason"], dismissed["shop"]) == ("招商", OURS)
        assert muted["until"] > muted["at"]
        # What is older comes with the next page; chat that was sent in at a door is no act.
        older = (await owners.client.get(f"/v1/audit?before={audit['next_before']}", headers=admin)).json()
        assert [act["what"] for act in older["acts"]] == ["claim", "silence", "silence"]
        assert older["acts"][1]["matchers"] == {"shop": "zebra-shop", "team": "lynx-team"}
        assert older["acts"][1]["reason"] == "okapi"
        assert older["next_before"] is None
