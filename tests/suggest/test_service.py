"""What the suggester remembers of what it has suggested."""

from typing import Any, cast

from monitor.core.roster import Register
from monitor.core.units import DAY_MS, HOUR_MS
from monitor.metrics import Metrics
from monitor.policy_files.phrases import PhraseFiles
from monitor.policy_files.where import default_folder
from monitor.suggest.libraries import Source
from monitor.suggest.service import READINGS_HELD, Suggester
from tests.suggest.shop import NOW_MS, shipped_reader


class Nobody:
    """No wait, no word of one, nothing learnt."""

    async def tallies(self, _shop: str) -> list[Any]:
        return []


async def test_offers_are_remembered_for_a_day() -> None:
    now_ms = NOW_MS
    nobody = cast(Any, Nobody())
    source = Source(PhraseFiles(default_folder()), shipped_reader(), lambda _: None)
    suggester = Suggester(
        engine=nobody, talk=nobody, store=nobody, source=source, register=Register(),
        metrics=Metrics(version="0"), now_ms=lambda: now_ms,
    )  # fmt: skip
    made = []
    for _ in range(72):
        made.append((await suggester.suggest_for_text("senye", "有货吗")).id)
        now_ms += HOUR_MS
    remembered = [id for id in made if suggester.offer(id) is not None]
    assert remembered == made[-DAY_MS // HOUR_MS - 1 :]


def test_readings_are_kept_of_the_texts_asked_about_last() -> None:
    nobody = cast(Any, Nobody())
    source = Source(PhraseFiles(default_folder()), shipped_reader(), lambda _: None)
    suggester = Suggester(
        engine=nobody, talk=nobody, store=nobody, source=source, register=Register(),
        metrics=Metrics(version="0"), now_ms=lambda: NOW_MS,
    )  # fmt: skip
    again = suggester.read("有货吗")
    for number in range(3 * READINGS_HELD):
        suggester.read(f"有第{number}种颜色吗")
        assert suggester.read("有货吗") is again
    assert len(suggester._readings) == READINGS_HELD
