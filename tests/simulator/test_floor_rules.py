"""The rules of a simulated floor are rules that hold, and say who is who on it."""

from pathlib import Path

from monitor.core.policy import BUILT_IN
from monitor.policy_files import load
from monitor.policy_files.where import default_folder
from monitor.simulator import floor_rules
from monitor.simulator.centre import build_centre
from monitor.simulator.live import live_simulation

NIGHT_MS = 1_795_143_600_000  # 2026-11-20 03:00 in Shanghai.


def test_whoever_serves_a_shop_is_of_its_team(tmp_path: Path) -> None:
    centre = live_simulation(7, NIGHT_MS).centre
    floor_rules.write(tmp_path / "rules", centre)
    register = load(tmp_path / "rules").register
    teams = {person.id: person.team for person in register.persons}
    assert [agent.name for agent in centre.agents if not agent.shops] == []
    for agent in centre.agents:
        assert {register.team_of_shop(shop.name) for shop in agent.shops} == {teams[agent.name]}


def test_what_is_written_can_be_read_and_holds_by_night(tmp_path: Path) -> None:
    centre = build_centre(seed=7, shops=12, agents=26, always_on=True)
    floor_rules.write(tmp_path / "rules", centre, platforms=default_folder() / "platforms")
    rules = load(tmp_path / "rules")
    assert len(rules.register.shops) == 12
    assert {team.id for team in rules.register.teams} == {"A组", "B组"}
    shop = centre.shops[0]
    policy = rules.book.resolve(shop.platform, shop.name, None, NIGHT_MS).policy
    assert policy.steps != BUILT_IN.steps
    assert policy.hours is None, "all hours count"
    # Each shop is held to a score that counts by night too, and the platforms' own are there to be asked for.
    assert {tuple(shop.targets.items()) for shop in rules.register.shops} == {(("demo_3min", 0.85),)}
    all_day = rules.profiles.newest("demo_3min")
    assert all_day is not None
    assert all_day.hours is None
    assert rules.profiles.newest("taobao_3min") is not None
