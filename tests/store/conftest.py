import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from monitor.store.journal import Journal
from tests.store.floor import left_behind


@pytest_asyncio.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    opened = await Journal.open(tmp_path / "data")
    yield opened
    await opened.close()


@pytest.fixture(scope="session")
def once_left_behind(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return left_behind(tmp_path_factory.mktemp("floor"))


@pytest.fixture
def floor(once_left_behind: Path, tmp_path: Path) -> Path:
    """A copy of a data folder as a service leaves it, for one test to change."""
    shutil.copytree(once_left_behind, tmp_path / "data")
    return tmp_path / "data"
