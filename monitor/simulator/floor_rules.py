"""Rules for a simulated floor: its shops with targets, its people in two teams on their seats, hours without end.

So a demonstration shows what a floor sees that has written down who is who: what may still be missed today,
who should be there, whom an alert goes to. All that is not written here is the shipped rules.
"""

import shutil
from pathlib import Path

import yaml

from monitor.simulator.centre import Agent, Centre, parted

TARGET = "85%"
# The score by which a shop of a platform is held in its contract.
SCORES = {
    "taobao": "taobao_3min",
    "tmall": "taobao_3min",
    "jd": "jd_first_30s",
    "pinduoduo": "pinduoduo_3min",
    "douyin": "douyin_3min_session",
    "kuaishou": "kuaishou_3min",
    "xiaohongshu": "xiaohongshu_3min",
}
LEADS = {"A组": "王组长", "B组": "李组长"}
FLOORS = {"A组": "二楼", "B组": "三楼"}
TEAMS = tuple(LEADS)


# Platforms count by day; a demonstration is looked at by night too, and says so in the name.
ALL_DAY = {
    "id": "demo_3min",
    "name": "三分钟回复率（演示，全天）",
    "unit": "round",
    "limit": "3m",
    "ends_by": ["agent", "assist"],
    "bot_only": "drop",
    "zone": "Asia/Shanghai",
    "valid_from": "2020-01-01",
    "source": "made for the demonstration",
    "sure": "unverified",
}


def write(folder: Path, centre: Centre, *, platforms: Path | None = None) -> None:
    """Write the rules of a centre into a folder that is made for them.

    Args:
        folder: where.
        centre: whose.
        platforms: the shipped definitions of scores; beside them one is written that counts all day, by which all
            shops are held. None: each is held by its platform's own.
    """
    folder.mkdir(parents=True, exist_ok=True)
    scores = SCORES
    if platforms is not None:
        shutil.copytree(platforms, folder / "platforms")
        names = sorted({shop.platform for shop in centre.shops})
        _dump(folder / "platforms" / "demo.yaml", {"platforms": names, "profiles": [ALL_DAY]})
        scores = dict.fromkeys(names, str(ALL_DAY["id"]))
    # As the people are seated, in neighbours: who serves several shops belongs where the chats do.
    parts = zip(TEAMS, parted(centre.shops, len(TEAMS)), strict=True)
    team_of = {shop.name: team for team, shops in parts for shop in shops}
    _dump(
        folder / "rules.yaml",
        {
            "version": 1,
            # A demonstration is looked at by day and by night.
            "platforms": [
                {"name": "演示", "match": {"platform": sorted({s.platform for s in centre.shops})}, "hours": "all"}
            ],
        },
    )
    _dump(
        folder / "shops.yaml",
        {
            "version": 1,
            "shops": [
                {"shop": shop.name, "platform": shop.platform, "category": shop.category, "team": team_of[shop.name]}
                | ({"targets": {scores[shop.platform]: TARGET}} if shop.platform in scores else {})
                for shop in centre.shops
            ],
        },
    )
    leads = [{"id": f"lead-{team}", "nick": nick, "team": team} for team, nick in LEADS.items()]
    _dump(
        folder / "people.yaml",
        {
            "version": 1,
            "teams": [{"id": team, "floor": FLOORS[team], "leads": [f"lead-{team}"]} for team in LEADS],
            "people": leads + [_person(agent, team_of) for agent in centre.agents],
            "roster": [
                {
                    "person": agent.name,
                    "shop": shop.name,
                    "hours": "00:00-24:00",
                    "seat": agent.name.removesuffix(agent.alias),
                }
                for agent in centre.agents
                for shop in agent.shops
            ],
        },
    )
    # What a team's group would get is printed where the demonstration was started.
    _dump(
        folder / "channels.yaml",
        {
            "version": 1,
            "channels": {"terminal": {"type": "log"}},
            "routes": [{"team": "terminal", "digest": "terminal"}],
        },
    )


def _person(agent: Agent, team_of: dict[str, str]) -> dict[str, object]:
    team = team_of[agent.shops[0].name] if agent.shops else TEAMS[0]
    return {"id": agent.name, "nick": agent.alias, "team": team, "limit": agent.limit, "names": [agent.name]}


def _dump(path: Path, value: object) -> None:
    path.write_text(yaml.safe_dump(value, allow_unicode=True, sort_keys=False), "utf-8")
