"""Rules that change while the service runs, through the real engine and journal."""

import asyncio
import signal
from pathlib import Path
from typing import Any

import httpx

from monitor.policy_files.where import Choice
from monitor.web.api_rules import HeldTo
from tests.plain import PLAIN
from tests.policy_files.folders import DEFAULT, write
from tests.program import running as program
from tests.waiting import DEADLINE_SECONDS, until
from tests.web.stand import standing
from tests.web.whole import running, said

QUICK = DEFAULT.replace("slow: 60s", "slow: 5s")


async def stages(client: httpx.AsyncClient) -> dict[str, Any]:
    waits = (await client.get("/v1/waits")).json()["waits"]
    return {wait["conversation"]: wait["stage"] for wait in waits}


async def test_new_rules_are_for_what_opens_from_now_on(tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    folder.mkdir()
    write(folder, default=DEFAULT)
    async with running(tmp_path / "data", rules=Choice(folder, "--rules")) as (app, client):
        await client.post("/v1/events", json=said(1, 20, conversation="before"))
        before = (await client.get("/v1/rules")).json()
        assert (before["why"], before["good"], before["folder"]) == ("--rules", True, str(folder))
        held = (await client.get("/v1/rules/explain?shop=senye&platform=taobao")).json()
        HeldTo.model_validate(held, extra="forbid")
        assert held["stages"][0] == {"name": "slow", "after_seconds": 60}
        assert held["rules_version"] == before["rules_version"]
        assert (held["buyer"], held["promise"]["stages"][0]["after_seconds"]) == (None, 180)
        words = {"shop": "senye", "buyer": "好的谢谢", "reply": "稍等，10分钟内回复您"}
        held = (await client.get("/v1/rules/explain", params=words)).json()
        assert (held["buyer"]["means"], held["buyer"]["words"]) == ("courtesy", ["好的", "谢谢"])
        assert (held["reply"]["means"], held["promise"]["stages"][0]["after_seconds"]) == ("holding", 600)
        write(folder, default=QUICK)
        after = await client.post("/v1/rules/reload")
        assert after.status_code == 200
        assert (await client.get("/v1/rules/explain?shop=senye")).json()["stages"][0]["after_seconds"] == 5
        assert after.json()["rules_version"] != before["rules_version"]
        assert (await app.journal.rules_text(after.json()["rules_version"])) is not None
        await client.post("/v1/events", json=said(2, 20, conversation="after"))
        assert await stages(client) == {"before": "fresh", "after": "slow"}
    async with running(tmp_path / "data", rules=Choice(folder, "--rules")) as (
        _,
        client,
    ):  # And so it stays over a restart.
        assert await stages(client) == {"before": "fresh", "after": "slow"}


async def test_wrong_rules_are_refused_with_their_place_and_lose_no_wait(tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    folder.mkdir()
    write(folder, default=DEFAULT)
    async with running(tmp_path / "data", rules=Choice(folder, "--rules")) as (_, client):
        await client.post("/v1/events", json=said(1, 20))
        before = (await client.get("/v1/rules")).json()["rules_version"]
        write(folder, default=DEFAULT.replace("60s", "60"))
        refused = await client.post("/v1/rules/reload")
        assert refused.status_code == 400
        [error] = refused.json()["errors"]
        assert (Path(error["file"]).name, error["line"]) == ("default.yaml", 4)
        assert refused.json()["rules_version"] == before
        ready = (await client.get("/readyz")).json()
        assert (ready["ready"], ready["rules_version"], ready["rules_good"]) == (True, before, False)
        assert "presales_rules_last_reload_successful 0" in (await client.get("/metrics")).text
        assert len(await stages(client)) == 1
        write(folder, default=DEFAULT)
        assert (await client.post("/v1/rules/reload")).status_code == 200
        metrics = (await client.get("/metrics")).text
        assert "presales_rules_last_reload_successful 1" in metrics
        assert f'rules_hash="{before}"' in metrics


async def test_without_a_folder_there_is_nothing_to_read_again() -> None:
    async with standing() as stand, stand.client() as client:
        assert (await client.get("/v1/rules")).json()["rules_version"] == "built-in"
        assert (await client.post("/v1/rules/reload")).status_code == 404


async def test_a_signal_reads_them_again(tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    folder.mkdir()
    write(folder, default=DEFAULT)
    with program(tmp_path / "service", "--rules", str(folder)) as service:
        assert f"rules: {folder} (--rules)" in service.printed()
        async with httpx.AsyncClient(
            base_url=service.url, timeout=DEADLINE_SECONDS, verify=PLAIN, trust_env=False
        ) as client:
            before = (await client.get("/v1/rules")).json()["rules_version"]
            write(folder, default=QUICK)
            service.process.send_signal(signal.SIGHUP)
            async with asyncio.timeout(DEADLINE_SECONDS):
                while (await client.get("/v1/rules")).json()["rules_version"] == before:
                    pass
        await until(lambda: "are in force" in service.printed())
