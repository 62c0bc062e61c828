"""A time-line with people in it."""

from typing import Any

from monitor.core import decisions as d
from monitor.core import events as ev
from monitor.core.people import People
from monitor.core.policy import BUILT_IN, Policy
from monitor.core.roster import Register, Slot
from tests.timeline import Timeline, When, at_ms, shown

HOUR_MS = 3_600_000
SAID = (d.ShopUnattended, d.ShopAttended, d.AgentAbsent, d.AgentArrived, d.ShiftWorked)


def slot(person: str, starts: float, ends: float, shop: str = "senye", **more: Any) -> Slot:
    return Slot(person=person, shop=shop, starts_ms=int(starts * HOUR_MS), ends_ms=int(ends * HOUR_MS), **more)


class Floor(Timeline):
    """A time-line with people in it; it begins at ten in the morning in Shanghai, a Monday."""

    def __init__(self, register: Register | None = None, policy: Policy = BUILT_IN, **options: Any) -> None:
        self.staff = People(register)
        super().__init__(policy, people=self.staff, **options)

    def presence(self, when: When, agent: str, state: Any, **fields: Any) -> "Floor":
        """An agent goes, or comes."""
        fields.setdefault("shops", ["senye"])
        self.event(
            ev.AgentPresence(
                type="agent_presence",
                id=f"p{self._number + 1}",
                ts_ms=at_ms(when),
                source="collector",
                agent=agent,
                state=state,
                **fields,
            )
        )
        return self

    def received(self, when: When, hand_over: str, by: str) -> "Floor":
        """Somebody says that they have a list."""
        self.event(
            ev.HandOverReceived(
                type="hand_over_received",
                id=f"r{self._number + 1}",
                ts_ms=at_ms(when),
                shop="senye",
                hand_over=hand_over,
                by=by,
            )
        )
        return self

    def of(self, *kinds: type[Any]) -> list[Any]:
        """The decisions of these kinds."""
        return [decision for decision in self.decisions if isinstance(decision, kinds)]

    def said(self, *args: Any, **fields: Any) -> "Floor":
        """Hand over a message."""
        super().said(*args, **fields)
        return self

    def people_said(self, when: When) -> list[str]:
        """What was said of shops and shifts until then."""
        self.until(when)
        return [line(decision) for decision in self.of(*SAID)]


def line(decision: Any) -> str:
    """A decision as the tests write it."""
    match decision:
        case d.ShopUnattended():
            return f"{shown(decision.decided_at_ms)} unattended {decision.reason} {decision.waiting} waiting"
        case d.ShopAttended():
            return f"{shown(decision.decided_at_ms)} attended by {decision.by}"
        case d.AgentAbsent():
            return f"{shown(decision.decided_at_ms)} absent {decision.person}"
        case d.AgentArrived():
            return f"{shown(decision.decided_at_ms)} {decision.person} late by {decision.late_ms // 1000}"
        case d.ShiftWorked():
            return f"{decision.person} late {decision.late_ms // 1000} early {decision.early_ms // 1000}"
    raise AssertionError(decision)
