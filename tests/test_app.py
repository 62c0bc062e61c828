"""All parts together: how they end."""

from pathlib import Path
from unittest.mock import AsyncMock

import pytest

from monitor.store.journal import Journal
from tests.web.whole import running


async def test_a_part_that_cannot_be_ended_keeps_no_other_from_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(RuntimeError, match="stuck"):  # noqa: PT012 - it comes at the end of the block inside
        async with running(tmp_path) as (app, _):
            shutdown = app.server._server.shutdown
            monkeypatch.setattr(app.server._server, "shutdown", AsyncMock(side_effect=RuntimeError("stuck")))
    assert "a part of the service could not be ended" in caplog.text
    await shutdown()
    journal = await Journal.open(tmp_path)  # Nobody holds the data any more.
    await journal.close()
