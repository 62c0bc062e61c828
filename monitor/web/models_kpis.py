"""What the API answers about scores and figures, for its documentation."""

from typing import Any

from pydantic import BaseModel, Field


class Score(BaseModel):
    """One score: the sums, and the rate and mean they make."""

    unit: str = Field(description="round, message, session, buyer_day, thread_first")
    hits: int
    misses: int
    undetermined: int = Field(description="Not due yet, or known between two bounds only: in no rate.")
    excluded: int
    sum_seconds: float
    waits: int = Field(description="How many waits the mean is over.")
    rate: float | None = Field(description="hits / (hits + misses); null: no sample.")
    mean_seconds: float | None
    left_out: dict[str, int] = Field(description="Why units are excluded.")
    courtesy_misses: int = Field(description="Misses in which the buyer said polite words only; platforms count them.")
    provisional: bool


class KpiRow(BaseModel):
    """One shop, agent, account, team or platform, or all of them."""

    name: str = Field(description="Of a person who is written down: the id (工号), whatever feeds call them.")
    nick: str | None = Field(default=None, description="Of a person: 花名.")
    platform: str | None = Field(default=None, description="Of a shop.")
    team: str | None = Field(default=None, description="Of a shop.")
    shops: int | None = Field(default=None, description="Of anybody else: over how many shops.")
    budget: dict[str, Any] | None = Field(default=None, description="Of a shop, today; see /v1/kpis/budget.")
    provisional: bool
    scores: dict[str, Score]
    figures: dict[str, Any] | None = Field(
        default=None,
        description="Waits, drop-off, missed, transfers, follow-ups, holding replies, buyers, messages left offline, "
        "bots; each mean, share and percentile with what it is made of. Left out where single scores are asked for.",
    )
    quality: dict[str, Any] | None = Field(
        default=None,
        description="Hits of service quality per 100 sessions, by rule, with what rates are over; of whole days.",
    )
    load: dict[str, Any] | None = Field(
        default=None,
        description="Of agents, teams and all, over whole days: time online and with a buyer waiting, occupancy "
        "(`too_full` above 0.85), mean open chats over the time online and the most at once, and saturation: chats of "
        "what the limits of today allow.",
    )


class Kpis(BaseModel):
    """Scores and figures of a span."""

    from_: str = Field(alias="from")
    to: str
    by: str
    now: str
    complete: bool = Field(description="False after a start, until all that is kept is scored again.")
    pending: dict[str, dict[str, Any]] | None = Field(default=None, description="Who waits now, by how long.")
    feeds: dict[str, dict[str, Any]] | None = Field(default=None, description="By shop: how fresh its feeds are.")
    rows: list[KpiRow]


class ProfileTold(BaseModel):
    """How a platform counts, from a day on."""

    id: str
    name: str
    platforms: list[str]
    unit: str
    statistic: str
    limit_seconds: float | None
    valid_from: str | None
    rolling_days: int
    lag_days: int
    platform_target: float | None
    source: str
    sure: str = Field(description="official, reproduced, blog, unverified")
    written: str = Field(description="Where it stands, file:line.")


class Profiles(BaseModel):
    """All profiles."""

    profiles: list[ProfileTold]


class Window(BaseModel):
    """One score of a shop over its platform's window."""

    shop: str
    profile: str
    first_day: str
    last_day: str
    platform_target: float | None
    unit: str
    hits: int
    misses: int
    undetermined: int
    excluded: int
    sum_seconds: float
    waits: int
    rate: float | None = Field(description="null: fewer than the platform asks for.")
    mean_seconds: float | None
    left_out: dict[str, int]
    courtesy_misses: int


class Windows(BaseModel):
    """Scores over the platforms' windows."""

    now: str
    windows: list[Window]


class BudgetTold(BaseModel):
    """How a shop stands today against its contract."""

    shop: str
    profile: str
    target: float | None = Field(description="null: none is written down (未设).")
    hits: int
    misses: int
    open: int
    rate: float | None
    left: int | None = Field(
        description="How many more may be missed today (达标余量); below 0: the target is lost. null: no target, or no "
        "sample yet today."
    )
    at_risk: bool


class Budgets(BaseModel):
    """The miss budget of each shop."""

    now: str
    shops: list[BudgetTold]


class OfficialDay(BaseModel):
    """A platform's figure beside ours."""

    day: str
    shop: str
    account: str | None
    profile: str
    official: dict[str, Any]
    ours: dict[str, Any] | None
    difference: float | None = Field(description="Ours less theirs.")
    range: list[float] | None = Field(default=None, description="Within which the causes could move ours.")
    causes: list[dict[str, Any]]
    explained: bool | None = Field(description="Whether the official figure lies within that range.")


class Compared(BaseModel):
    """Official figures beside ours."""

    days: list[OfficialDay]


class Loaded(BaseModel):
    """What was taken."""

    loaded: int
