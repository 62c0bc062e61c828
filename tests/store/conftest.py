from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from monitor.store.journal import Journal


@pytest_asyncio.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    opened = await Journal.open(tmp_path / "data")
    yield opened
    await opened.close()
