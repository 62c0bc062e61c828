"""The day's figures for boards."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from monitor.core.roster import Register, ShopInfo
from monitor.web.scope import WHOLE
from monitor.web.services import Services
from monitor.web.today import Today
from tests.core.scores.day import Chatter
from tests.scoring.floor import floor, reading


async def test_nothing_is_said_to_be_used_up_before_anything_is_decided(tmp_path: Path) -> None:
    targets = Register(shops=(ShopInfo(shop="senye", platform="taobao", targets={"taobao_3min": 0.75}),))
    async with floor(tmp_path) as f:

        async def day() -> dict[str, Any]:
            services = SimpleNamespace(scores=reading(f, targets), now_ms=lambda: 0)
            told = await Today(cast(Services, services)).of(WHOLE)
            assert told is not None
            return told

        before = await day()
        assert (before["may_miss"], before["targets"]) == (None, 1)
        await f.tell(Chatter().b("10:00:00").a("10:00:30"))
        await f.at("11:00:00")
        assert (await day())["may_miss"] == 0, "one in four may be missed, and there was one"
