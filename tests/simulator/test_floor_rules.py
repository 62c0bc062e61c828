"""The rules of a simulated floor are rules that hold, and say who is who on it."""

from pathlib import Path

from monitor.core.policy import BUILT_IN
from monitor.policy_files import load
from monitor.simulator import floor_rules
from monitor.simulator.centre import build_centre

NIGHT_MS = 1_795_143_600_000  # 2026-11-20 03:00 in Shanghai.


def test_what_is_written_can_be_read_and_holds_by_night(tmp_path: Path) -> None:
    centre = build_centre(seed=7, shops=12, agents=26, always_on=True)
    floor_rules.write(tmp_path / "rules", centre)
    rules = load(tmp_path / "rules")
    assert len(rules.register.shops) == 12
    assert {team.id for team in rules.register.teams} == {"A组", "B组"}
    shop = centre.shops[0]
    policy = rules.book.resolve(shop.platform, shop.name, None, NIGHT_MS).policy
    assert policy.steps != BUILT_IN.steps
    assert policy.hours is None, "all hours count"
