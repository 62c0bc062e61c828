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


async def test_the_first_figures_of_a_day_are_shown_when_next_asked_for(tmp_path: Path) -> None:
    async with floor(tmp_path) as f:
        today = Today(cast(Services, SimpleNamespace(scores=reading(f), now_ms=lambda: 0)))

        async def received() -> int | None:
            told = await today.of(WHOLE)
            assert told is not None
            return cast("int | None", told["received"])

        assert await received() is None
        await f.tell(Chatter().b("10:00:00").a("10:00:30"))
        await f.at("11:00:00")
        assert await received() == 1, "though no time has passed: that there were none was not kept"


async def test_half_of_a_day_is_not_shown_as_the_day(tmp_path: Path) -> None:
    targets = Register(shops=(ShopInfo(shop="senye", platform="taobao", targets={"taobao_3min": 0.75}),))
    async with floor(tmp_path) as f:
        await f.tell(Chatter().b("10:00:00").a("10:00:30"))
        await f.at("11:00:00")
        scores = reading(f, targets)
        f.scorer.complete = False
        now_ms = 0
        today = Today(cast(Services, SimpleNamespace(scores=scores, now_ms=lambda: now_ms)))
        half = await today.of(WHOLE)
        assert half is not None
        assert (half["received"], half["may_miss"], half["rate"], half["targets"]) == (None, None, None, 1)
        f.scorer.complete = True
        whole = await today.of(WHOLE)
        assert whole is not None
        assert (whole["received"], whole["may_miss"], whole["rate"]) == (1, 0, 1.0)
        f.scorer.complete, now_ms = False, 60_000
        assert await today.of(WHOLE) == whole, "what was known stands until all is scored anew"
