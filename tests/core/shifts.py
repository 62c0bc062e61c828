"""Three people who take shifts under one account."""

from monitor.core.policy import BUILT_IN, Policy
from monitor.core.roster import Account, Person, Register, ShopInfo, Team
from tests.staffed import Floor, slot

FRONT = "senye:front1"


def three_under_one_account() -> Register:
    # The time-line's 10:00 is the scenario's 15:50, so shifts change at 10:00 past that.
    change = 10 + 10 / 60
    return Register(
        shops=(ShopInfo(shop="senye", name="森野旗舰店", team="south"),),
        persons=(Person(id="chen"), Person(id="lin"), Person(id="zhou", team="south"), Person(id="lead")),
        accounts=(Account(account=FRONT, shop="senye", persons=("chen", "lin", "zhou")),),
        slots=(slot("chen", 2, change, seat="B07"), slot("lin", change, 18, seat="B07")),
        teams=(Team(id="south", leads=("lead",)),),
    )


def change_of_shifts(policy: Policy = BUILT_IN) -> Floor:
    floor = Floor(three_under_one_account(), policy)
    floor.presence("-5:00", "chen", "online", limit=8)
    floor.buyer("4:00", "定制能加急吗", chat="b1", account=FRONT)
    floor.agent("5:00", "亲稍等，我问下仓库", chat="b1", agent="chen", account=FRONT)
    floor.buyer("8:30", "今天拍今天发吗", chat="b2", account=FRONT)
    floor.presence("9:20", "chen", "offline")
    floor.presence("11:30", "zhou", "online", limit=8)
    floor.agent("11:45", "今天发的哦", chat="b2", agent="zhou", account=FRONT)
    floor.presence("13:00", "lin", "online", limit=8)
    [listed] = [one for one in floor.staff.hand_overs.all() if one.giver == "chen"]
    floor.received("13:00", listed.id, "lin")
    floor.agent("14:20", "3天可发", chat="b1", agent="lin", account=FRONT)
    floor.until("20:00")
    return floor
