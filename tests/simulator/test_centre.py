"""Who is there."""

from itertools import pairwise

import pytest

from monitor.simulator.centre import ALWAYS, DEAL, build_centre, people_needed


@pytest.mark.parametrize(("shops", "agents"), [(1, 4), (3, 4), (12, 9), (12, None), (40, 60), (400, 50), (2000, None)])
def test_every_shop_has_somebody_in_every_shift(shops: int, agents: int | None) -> None:
    centre = build_centre(seed=2, shops=shops, agents=agents)
    assert len({shop.name for shop in centre.shops}) == shops
    assert len({agent.name for agent in centre.agents}) == len(centre.agents)
    for shop in centre.shops:
        assert {agent.shift for agent in shop.agents} == set(DEAL)
    for agent in centre.agents:
        assert all(agent in shop.agents for shop in agent.shops)


def test_big_shops_have_dedicated_seats_and_the_others_share() -> None:
    centre = build_centre(seed=2, shops=16, agents=40)
    dedicated = [agent for agent in centre.agents if len(agent.shops) == 1]
    shared = [agent for agent in centre.agents if len(agent.shops) > 1]
    assert {agent.shops[0].name for agent in dedicated} == {shop.name for shop in centre.shops[::4]}
    assert shared


def test_one_person_alone_still_serves_all() -> None:
    centre = build_centre(seed=2, shops=5, agents=1)
    assert all(shop.agents == centre.agents for shop in centre.shops)


def test_always_on_means_no_shifts() -> None:
    assert {agent.shift for agent in build_centre(seed=1, shops=3, agents=5, always_on=True).agents} == {ALWAYS}


def test_a_seller_has_shops_on_several_platforms() -> None:
    shops = build_centre(seed=1, shops=12).shops
    assert len({shop.platform for shop in shops}) == 8
    assert any(one.name[:2] == other.name[:2] and one.platform != other.platform for one, other in pairwise(shops))


def test_a_collector_reports_few_shops() -> None:
    centre = build_centre(seed=1, shops=10)
    assert [len(collector.shops) for collector in centre.collectors] == [4, 4, 2]
    assert all(shop.collector is collector for collector in centre.collectors for shop in collector.shops)


def test_more_traffic_needs_more_people() -> None:
    assert people_needed(shops=50, buyers_per_hour=40) > people_needed(shops=50, buyers_per_hour=20)
    assert people_needed(shops=1, buyers_per_hour=0.1) == 4
