"""The floor's own profiles: the general rates every shop is shown, whatever its platform counts.

They are formulas, no facts about a platform, so they stand here and not in a file. What begins
in the hours that the rules count for the shop is looked at, and only what a person writes is a
reply. The reply rate of the day is the platforms' own, and has all hours.
"""

from monitor.core.scores.profile import Profile, ProfileBook
from monitor.core.units import MINUTE_MS

ZONE = "Asia/Shanghai"

FLOOR = ProfileBook(
    (
        Profile(
            id="first_30s",
            unit="session",
            starts="session_start",
            limit_ms=30_000,
            bot_only="drop",
            offline="drop",
            shop_hours=True,
            hours_by="session_start",
        ),
        Profile(
            id="capped_mean",
            statistic="mean",
            cap_ms=10 * MINUTE_MS,
            unanswered_as_ms=10 * MINUTE_MS,
            day_starts_ms=0,
            bot_only="drop",
            shop_hours=True,
        ),
        Profile(id="rate_3min_round", limit_ms=3 * MINUTE_MS, bot_only="drop", shop_hours=True),
        Profile(
            id="rate_3min_buyer",
            unit="buyer_day",
            key="buyer",
            limit_ms=3 * MINUTE_MS,
            day_starts_ms=0,
            bot_only="drop",
            shop_hours=True,
        ),
        Profile(
            id="rate_3min_session",
            unit="session",
            limit_ms=3 * MINUTE_MS,
            bot_only="drop",
            shop_hours=True,
            hours_by="session_start",
        ),
        Profile(id="rate_3min_message", unit="message", limit_ms=3 * MINUTE_MS, bot_only="drop", shop_hours=True),
        Profile(id="reply_rate_day", unit="buyer_day", key="account_buyer", day_starts_ms=0),
    )
)

ROUNDS = Profile(id="rounds")
"""What the figures walk by: each wait of the buyer, which no day's end closes."""
