"""A shop or a buyer is taken out of the data, and that nothing is left is looked for in the bytes."""

import json
from pathlib import Path

from monitor.store.journal import Journal
from monitor.store.purge import purge_shop
from tests.program import running
from tests.store.made import commit, event
from tests.typed import typed


def test_a_buyer_is_gone_from_every_table_and_every_byte_and_others_stay(floor: Path) -> None:
    done = typed("purge", "--buyer", "wang", "--data", floor, "--yes", "--json")
    told = json.loads(done.stdout)
    assert (done.exit_code, told["left"]) == (0, 0)
    assert (told["deleted"]["events"], told["deleted"]["rounds"], told["deleted"]["alerts"]) == (2, 1, 1)
    database = (floor / "journal.db").read_bytes()
    assert b"wang" not in database
    assert b"zhang" in database
    with running(floor.parent, settings={"PRESALES_CLOCK": "event"}) as program:
        assert program.url  # It starts on what is left.


def test_a_buyer_of_one_shop_stays_in_the_other(floor: Path) -> None:
    told = json.loads(
        typed("purge", "--buyer", "zhang", "--shop", "nanfeng", "--data", floor, "--yes", "--json").stdout
    )
    assert told["deleted"]["events"] == 2
    assert (told["deleted"].get("quarantine"), told["left"]) == (None, 0), "refused input that names no shop may be it"
    rows = typed("export", "--buyer", "zhang", "--data", floor).stdout.splitlines()
    assert [json.loads(row)["kept"] for row in rows] == ["event", "event", "round", "refused"]


def test_a_shop_is_gone_and_the_service_starts_on_what_is_left(floor: Path) -> None:
    done = typed("purge", "--shop", "kaisa", "--data", floor, "--yes", "--json")
    assert (done.exit_code, json.loads(done.stdout)["left"]) == (0, 0)
    assert b"kaisa" not in (floor / "journal.db").read_bytes()
    with running(floor.parent, settings={"PRESALES_CLOCK": "event"}) as program:
        assert "nanfeng" in (floor / "journal.db").read_bytes().decode("latin-1")
        assert program.url


def test_what_is_old_goes_and_nothing_else_and_that_is_looked_for(floor: Path) -> None:
    """All was said about an hour ago; what a restart still needs stays, without words and names."""
    told = json.loads(typed("purge", "--older-than", "1d", "--data", floor, "--yes", "--json").stdout)
    assert told["left"] == 0
    assert b"words 3" in (floor / "journal.db").read_bytes()
    told = json.loads(typed("purge", "--older-than", "10m", "--data", floor, "--yes", "--json").stdout)
    assert told["left"] == 0
    after = (floor / "journal.db").read_bytes()
    for gone in (b"words 3", b"words 5", b"sofa of wang", b"field of zhang"):
        assert gone not in after, gone


def test_all_that_is_kept_of_a_buyer_is_given_out(floor: Path) -> None:
    done = typed("export", "--buyer", "wang", "--data", floor)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["kept"] for row in rows] == ["event", "event", "round", "alert", "to be judged"]
    assert rows[0]["is"]["text"] == "words 3"
    assert typed("export", "--buyer", "nobody", "--data", floor).exit_code == 1


def test_a_purge_asks_first_and_not_while_the_service_runs(floor: Path) -> None:
    asked = typed("purge", "--shop", "kaisa", "--data", floor, input="n\n")
    assert (asked.exit_code, "gone for good" in asked.output) == (1, True)
    assert typed("purge", "--data", floor).exit_code == 2
    no_unit = typed("purge", "--older-than", "90", "--data", floor)
    assert (no_unit.exit_code, "write 90d for days" in no_unit.output) == (2, True)
    with running(floor.parent, settings={"PRESALES_CLOCK": "event"}):
        assert typed("purge", "--shop", "kaisa", "--data", floor, "--yes").exit_code == 2


async def test_a_purged_folder_still_opens_as_a_journal(floor: Path) -> None:
    typed("purge", "--shop", "kaisa", "--data", floor, "--yes")
    journal = await Journal.open(floor)
    try:
        assert len(await journal.history("nanfeng", "zhang")) == 2
    finally:
        await journal.close()


async def test_a_shop_that_is_called_as_its_platform_goes_and_others_keep_their_platform(tmp_path: Path) -> None:
    own, others = (
        event(n, shop=shop, body=f'{{"id":"m-{n}","shop":"{shop}","platform":"taobao"}}'.encode())
        for n, shop in enumerate(("taobao", "senye"), start=1)
    )
    journal = await Journal.open(tmp_path)
    await journal.commit(commit(own, others))
    await journal.close()
    done = purge_shop(tmp_path, "taobao")
    assert (done.deleted["events"], done.renamed) == (1, 0)
    assert done.left == 1, "the word is there still, as the platform of another shop"
    journal = await Journal.open(tmp_path)
    assert await journal.beyond(0, 9) == [others]
    await journal.close()


async def test_a_shop_that_is_called_as_a_field_is_spoils_no_row(tmp_path: Path) -> None:
    journal = await Journal.open(tmp_path)
    others = event(1, body=b'{"id":"m-1","shop":"senye","text":"agent"}')
    await journal.commit(commit(others))
    await journal.close()
    for name in ("text", "agent", "shop", "message", "system"):
        assert purge_shop(tmp_path, name).renamed == 0
    journal = await Journal.open(tmp_path)
    assert await journal.beyond(0, 9) == [others]
    await journal.close()
