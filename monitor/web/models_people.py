"""What the API answers about people, shops and hand-overs, for its documentation."""

from pydantic import BaseModel, Field


class Own(BaseModel):
    """What somebody has done today, over all shops."""

    replies: int = Field(description="Waits that they have ended.")
    first_reply_seconds: float | None
    mean_reply_seconds: float | None
    held: int = Field(description="Of the replies those that only held off, greeted, or had two characters at most.")
    promises_missed: int = Field(description='"稍等" with nothing after it for 15 min.')


class Agent(BaseModel):
    """Somebody who answers."""

    agent: str = Field(description="The register's id (工号), else the name the feeds give.")
    name: str | None = Field(description="花名")
    team: str
    seat: str | None
    state: str = Field(description="online, away, suspended, offline; unknown: on shift, and nothing was heard.")
    state_since: str | None
    shops: list[str]
    open: int = Field(description="Chats with a word in the last ten minutes, over all shops and accounts.")
    limit: int | None
    saturation: float | None = Field(description="open / limit; null without a limit.")
    waits_open: int = Field(description="Buyers of theirs who wait.")
    on_shift: bool
    shift_ends_at: str | None
    online_seconds: float = Field(description="Of today, as are the other sums.")
    away_seconds: float
    suspended_seconds: float
    offline_seconds: float
    busy_seconds: float = Field(description="Online, with a buyer of theirs waiting.")
    occupancy: float | None = Field(description="busy / online; null before any time online.")
    mean_open: float | None = Field(description="Mean of open chats over the time online.")
    most_open: int
    own: Own | None = Field(description="null: nothing is counted of them today.")


class Agents(BaseModel):
    """Everybody who was heard of, or is on shift."""

    now: str
    agents: list[Agent]


class Shop(BaseModel):
    """One shop."""

    shop: str
    platform: str
    name: str = Field(description="As people see it; the id where nobody wrote one down.")
    team: str
    brand: str | None
    category: str | None
    targets: dict[str, float] = Field(description="By score; empty: none is set.")
    state: str = Field(description="ok, catching_up, stale (UNKNOWN on the board), unknown (nothing was heard of it).")
    attended: bool | None = Field(description="Somebody can take a new chat; null: no presence and no roster names it.")
    unattended_since: str | None = Field(description="Set once it has been too long.")
    able: list[str] = Field(description="Who can take a new chat.")
    absent: list[str] = Field(description="On shift, and not there.")
    waits_open: dict[str, int] = Field(description="Buyers who need an answer, by stage.")
    bot_held: int
    courtesy: int
    answered_today: int


class Shops(BaseModel):
    """Every shop that was heard of, or is written down."""

    now: str
    shops: list[Shop]


class Shift(BaseModel):
    """A shift that is over."""

    agent: str
    team: str
    shops: list[str]
    starts_at: str
    ends_at: str
    there_seconds: float
    late_seconds: float
    early_seconds: float = Field(description="Gone so long before the end.")


class PlannedShift(BaseModel):
    """Hours in which people work, as the roster has them."""

    name: str | None
    from_: str = Field(alias="from", description="08:00, by the roster's clock.")
    to: str = Field(description="24:00; at or before `from`: on the next day.")
    offset: str = Field(description="That clock's, as it is now: +08:00.")


class Shifts(BaseModel):
    """Shifts, the last to end first."""

    now: str
    shifts: list[Shift]
    planned: list[PlannedShift] = Field(description="Which shifts there are, by the roster of today; none: no roster.")


class Left(BaseModel):
    """One thing left open."""

    kind: str = Field(description="wait or promise")
    platform: str
    conversation: str
    buyer: str = Field(description="Masked.")
    account: str | None
    since: str
    age_seconds: float
    wait: str | None = Field(description="Id of the wait.")


class HandOver(BaseModel):
    """What a shift leaves open, and who receives it."""

    id: str
    shop: str
    team: str
    giver: str | None = Field(description="null: left overnight.")
    receiver: str | None = Field(description="The next slot's person, else the lead.")
    to_lead: bool
    shift_ends_at: str
    due_at: str = Field(description="Unreceived then, it is told.")
    state: str = Field(description="coming, open, received, over")
    received_by: str | None
    received_at: str | None
    left: list[Left] = Field(description="What is open still.")


class HandOvers(BaseModel):
    """The lists of the last day."""

    now: str
    handovers: list[HandOver]


class Received(BaseModel):
    """A list that somebody has."""

    id: str
    event: str = Field(description="Id of the event that is stored for it.")


class Receipt(BaseModel):
    """Who receives, where the token does not say."""

    by: str | None = Field(default=None, min_length=1, max_length=200, description="Default: the token's name.")
