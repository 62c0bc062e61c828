"""Who is who, as it is written down: one row of each table, in YAML or in CSV."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from monitor.policy_files.chat_links import ChatLink
from monitor.policy_files.tables import Shape
from monitor.policy_files.values import Day, LocalInstant, Name, Names, Weekdays, Windows, Zone
from monitor.yaml_files import Model, did_you_mean, duration_ms
from monitor.yaml_wording import misplaced


def _target(value: Any) -> Any:
    """Return 0.9 for ``90%``, 30.0 for ``30s``; a number below 1 as it is."""
    if isinstance(value, str) and value.isdecimal() and len(value) <= 3:
        value = int(value)
    if isinstance(value, float | int) and not isinstance(value, bool) and 0 < value <= 1:
        return float(value)
    if isinstance(value, str) and value.endswith("%"):
        try:
            share = float(value[:-1]) / 100
        except ValueError:
            share = 0.0
        if 0 < share <= 1:
            return share
    elif isinstance(value, str) and value:
        return duration_ms(value) / 1000
    meant = f"; did you mean {value}%?" if isinstance(value, int | float) and 1 < value <= 100 else ""
    raise ValueError(f"{value!r} is no target; write 90% or, for a mean, 30s{meant}")


def _kind(value: Any) -> Any:
    return {"拼席": "shared", "专席": "dedicated"}.get(value, value) if isinstance(value, str) else value


def _handles(mentions: dict[str, str]) -> dict[str, str]:
    for kind in mentions:
        if kind not in HANDLES:
            raise misplaced(f"{kind} is no kind of handle{did_you_mean(kind, HANDLES)}", kind, key=True)
    return mentions


HANDLES = ("mobile", "feishu", "wecom", "slack", "teams")  # By what a person is mentioned; 钉钉 takes the mobile.
_TARGET_SCHEMA = {"anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^\d+(\.\d+)?%$|^(\d+m)?(\d+s)?$"}]}
_KINDS = ["shared", "dedicated", "拼席", "专席"]
Target = Annotated[float, BeforeValidator(_target), WithJsonSchema(_TARGET_SCHEMA)]


class ShopRow(Model):
    """One shop."""

    shop: Name
    platform: Name | None = None
    name: Name | None = None
    category: Name | None = None
    brand: Name | None = None
    team: Name | None = None
    targets: dict[Name, Target] = Field(default_factory=dict)
    contract_hours: Name | None = None
    chat_link: ChatLink | None = None
    brand_words: Names = Field(default_factory=list)


class TeamRow(Model):
    """One team."""

    id: Name
    name: Name | None = None
    floor: Name | None = None
    leads: Names = Field(default_factory=list)
    channels: Names = Field(default_factory=list)


class PersonRow(Model):
    """One person."""

    id: Name
    nick: Name | None = None
    team: Name | None = None
    names: Names = Field(default_factory=list)
    limit: Annotated[int, Field(ge=1, le=500)] | None = None
    mentions: Annotated[dict[Name, Name], AfterValidator(_handles)] = Field(default_factory=dict)
    ends: LocalInstant | None = None


class AccountRow(Model):
    """One sub-account of a platform, and who answers with it."""

    account: Name
    shop: Name | None = None
    platform: Name | None = None
    people: Names = Field(default_factory=list)


class RosterRow(Model):
    """A person on a seat for one shop or several, on certain days at certain hours."""

    person: Name
    shop: Names
    hours: Windows
    seat: Name | None = None
    kind: Annotated[Literal["shared", "dedicated"], BeforeValidator(_kind), WithJsonSchema({"enum": _KINDS})] = "shared"
    shift: Name | None = None
    account: Name | None = None
    days: Weekdays = frozenset(range(7))
    from_: Day | None = Field(alias="from", default=None)
    until: Day | None = None

    @model_validator(mode="after")
    def _fits(self) -> "RosterRow":
        if not self.hours:
            raise ValueError("a line of the roster needs hours")
        if self.from_ is not None and self.until is not None and self.until < self.from_:
            raise misplaced("it ends before it begins", "until")
        return self


class ShopsFile(Model):
    """``shops.yaml``."""

    version: Literal[1] = 1
    shops: list[ShopRow] = Field(default_factory=list)


class PeopleFile(Model):
    """``people.yaml``; ``zone`` is that of the roster and of the last days."""

    version: Literal[1] = 1
    zone: Zone = "Asia/Shanghai"
    teams: list[TeamRow] = Field(default_factory=list)
    people: list[PersonRow] = Field(default_factory=list)
    accounts: list[AccountRow] = Field(default_factory=list)
    roster: list[RosterRow] = Field(default_factory=list)


_ZH = {
    "店铺": "shop", "店铺ID": "shop", "平台": "platform", "名称": "name", "店铺名": "name", "类目": "category",
    "品牌": "brand", "团队": "team", "组": "team", "目标": "targets", "合同时段": "contract_hours",
    "聊天链接": "chat_link", "品牌词": "brand_words", "花名": "nick", "客服名": "names", "接待上限": "limit",
    "提醒": "mentions", "离职": "ends", "到期": "ends", "子账号": "account", "客服": "people", "组长": "leads",
    "通道": "channels", "楼层": "floor", "时段": "hours", "工位": "seat", "席位": "kind", "班次": "shift",
    "星期": "days", "开始": "from", "结束": "until",
}  # fmt: skip


def _shape(lists: str = "", maps: str = "", numbers: str = "", dates: str = "", **headers: str) -> Shape:
    return Shape(_ZH | headers, *(frozenset(keys.split()) for keys in (lists, maps, numbers, dates)))


SHAPES: dict[str, tuple[type[Model], Shape]] = {
    "shops": (ShopRow, _shape("brand_words", "targets")),
    "teams": (TeamRow, _shape("leads channels", 编号="id", 团队="id", 组="id")),
    "people": (PersonRow, _shape("names", "mentions", "limit", "ends", 工号="id")),
    "accounts": (AccountRow, _shape("people", 工号="people")),
    "roster": (RosterRow, _shape("shop hours days", dates="from until", 工号="person", 客服="person")),
}
"""The tables by the names of their CSV files."""
