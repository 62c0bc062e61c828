from pathlib import Path

import pytest

from monitor.errors import UsageError
from monitor.store.entries import Holder, Token
from monitor.store.journal import Journal
from monitor.store.tokens import Tokens, open_tokens


async def holder_of(tokens: Tokens, sha256: str) -> str | None:
    found = await tokens.find(sha256)
    return None if found is None else found.name


async def test_a_token_lets_in_until_it_is_revoked(journal: Journal) -> None:
    tokens = journal.tokens
    assert not await tokens.any()
    await tokens.add("collector", "aa", 10)
    assert await tokens.any()
    assert await holder_of(tokens, "aa") == "collector"
    assert await holder_of(tokens, "ab") is None
    assert await tokens.revoke("collector", 20)
    assert not await tokens.revoke("collector", 21)
    assert await holder_of(tokens, "aa") is None
    assert await tokens.list() == [Token(name="collector", created_at_ms=10, revoked_at_ms=20)]


async def test_with_all_tokens_revoked_one_is_still_asked_for(journal: Journal) -> None:
    await journal.tokens.add("collector", "aa", 10)
    await journal.tokens.revoke("collector", 20)
    assert await journal.tokens.any()


async def test_a_name_is_given_once_until_it_is_revoked(journal: Journal) -> None:
    await journal.tokens.add("collector", "aa", 10)
    with pytest.raises(UsageError, match="a token 'collector' already"):
        await journal.tokens.add("collector", "bb", 11)
    assert await holder_of(journal.tokens, "bb") is None
    await journal.tokens.revoke("collector", 20)
    await journal.tokens.add("collector", "bb", 21)
    assert await holder_of(journal.tokens, "bb") == "collector"


async def test_a_token_made_beside_a_running_service_counts_at_once(journal: Journal) -> None:
    async with open_tokens(journal._folder) as beside:
        await beside.add("collector", "aa", 10)
        assert await holder_of(journal.tokens, "aa") == "collector"
        await journal.tokens.revoke("collector", 20)
        assert await holder_of(beside, "aa") is None


async def test_tokens_can_be_made_before_the_first_start(tmp_path: Path) -> None:
    async with open_tokens(tmp_path / "data") as tokens:
        await tokens.add("collector", "aa", 10)
    journal = await Journal.open(tmp_path / "data")
    assert journal.epoch
    assert await holder_of(journal.tokens, "aa") == "collector"
    await journal.close()


async def test_a_folder_of_something_else_is_said(tmp_path: Path) -> None:
    (tmp_path / "journal.db").write_text("no database" * 100)
    with pytest.raises(UsageError, match="not a database"):
        async with open_tokens(tmp_path):
            raise AssertionError("opened")


async def test_a_token_says_what_it_is_for(journal: Journal) -> None:
    await journal.tokens.add("hall", "aa", 10, shops=["b", "a"], teams=["x"], role="viewer")
    await journal.tokens.add("all", "bb", 11)
    hall = Holder("hall", frozenset({"a", "b"}), frozenset({"x"}), "viewer")
    assert await journal.tokens.find("aa") == await journal.tokens.named("hall") == hall
    assert await journal.tokens.find("bb") == Holder("all", None, None, "admin")
    await journal.tokens.revoke("hall", 12)
    assert await journal.tokens.named("hall") is None
