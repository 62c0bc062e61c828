"""What would hold for a wait that opens at some instant: from which line, and when each stage and step is due."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from monitor.core.book import Layer
from monitor.core.hours import ALWAYS_MS, CountedClock
from monitor.core.policy import Policy, Stage, Step
from monitor.core.roster import ShopInfo
from monitor.errors import UsageError
from monitor.policy_files.explain_words import Read, read_words
from monitor.policy_files.rule_set import RuleSet
from monitor.policy_files.values import date_of
from monitor.wire.instants import NotAnInstant, instant_ms, instant_text


def instant_given(text: str, zone: str) -> int:
    """Return the instant that a person names: RFC 3339, epoch milliseconds, or the clock on the floor's wall.

    Raises:
        UsageError: it is none.
    """
    try:
        return instant_ms(float(text) if text.isdecimal() else text)  # An int of thousands of digits cannot be read.
    except NotAnInstant as error:
        try:
            local = datetime.fromisoformat(date_of(text))
        except ValueError:
            raise UsageError(f'{text}: {error}, or by the clock of the floor "2026-11-10 20:00"') from None
        if local.tzinfo is not None:
            raise UsageError(f"{text}: {error}") from None
        try:
            return instant_ms(round(local.replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000))
        except (NotAnInstant, OverflowError, ValueError) as far:
            raise UsageError(f"{text}: {far}") from None


def explained(
    rules: RuleSet,
    *,
    platform: str | None,
    shop: str,
    phase: str | None,
    at_ms: int,
    until_ms: int | None,
    buyer: str | None = None,
    reply: str | None = None,
) -> dict[str, Any]:
    """Return what holds, as ``explain --json`` prints it.

    Args:
        rules: where to look.
        platform: of the shop; None: the register's, else ``unknown``.
        shop: as the events name it.
        phase: of the messages; None: they name none.
        at_ms: when the wait opens, or a holding reply is given.
        until_ms: to where the counted clock is asked; None: not asked.
        buyer: words of a buyer, of which is told what they are and why; None: not asked.
        reply: those of an agent; a promise is then due by what they name.
    """
    info = rules.register.shop(shop)
    platform = platform or (info.platform if info is not None else None) or "unknown"
    resolved = rules.book.resolve(platform, shop, phase, at_ms)
    policy = resolved.policy
    clock = CountedClock(policy.hours, policy.run_on_ms) if policy.hours is not None else None

    def due(length_ms: int) -> int | None:
        if clock is None:
            return at_ms + length_ms
        due_ms = clock.due(at_ms, at_ms, max(1, length_ms))
        return due_ms if due_ms < ALWAYS_MS else None

    def counted(until_ms: int) -> int:
        if until_ms <= at_ms:
            return 0
        return until_ms - at_ms if clock is None else clock.counted(at_ms, at_ms, until_ms)

    def stages(window: tuple[Stage, ...]) -> list[dict[str, Any]]:
        return [
            {"name": stage.name, "after_seconds": stage.after_ms / 1000, "due_at": _text(due(stage.after_ms + 1), -1)}
            for stage in window
        ]

    def steps(ladder: tuple[Step, ...], later_ms: int = 0) -> list[dict[str, Any]]:
        moved = (step._replace(at_ms=step.at_ms + later_ms) for step in ladder)
        # The clock is asked for a millisecond at least: a step of 0 s is told as the wait opens, or as hours begin.
        return [_step(step) | {"due_at": _text(due(step.at_ms), 0 if step.at_ms else -1)} for step in moved]

    def read(role: Literal["buyer", "agent"], text: str | None) -> Read | None:
        return None if text is None else read_words(rules, platform=platform, shop=shop, role=role, text=text)

    said, replied = read("buyer", buyer), read("agent", reply)
    promised_ms = replied.promised_ms if replied is not None else 0
    promise = policy.promise.given(promised_ms) if promised_ms else policy.promise

    return {
        "rules_version": rules.hash,
        "rule": policy.rule,
        "window": policy.name,
        "said_by": _said_by(rules, policy, rules.book.layers(platform, shop, phase, at_ms), info),
        "stages": stages(policy.window),
        "steps": steps(policy.steps),
        "first_reply": {
            "stages": stages(policy.window if policy.first_window is None else policy.first_window),
            "steps": steps(policy.steps if policy.first_steps is None else policy.first_steps),
        },
        "courtesy": {"steps": steps(policy.courtesy_steps)},
        "promise": {
            "stages": stages(tuple(map(Stage, ("due", "late", "missed"), promise))),
            "steps": steps(policy.promise_steps, promise.due_ms - policy.promise.due_ms),
        },
        "greeting": {
            "stages": stages((Stage("due", policy.greeting_due_ms),)),
            "steps": steps(policy.greeting_steps),
        },
        "buyer": None if said is None or buyer is None else said.as_json(buyer),
        "reply": None if replied is None or reply is None else replied.as_json(reply),
        "counted_seconds": None if until_ms is None else counted(until_ms) / 1000,
        "counts_now": clock is None or clock.span(at_ms, at_ms)[0],
        "from": _text(None if resolved.from_ms <= -ALWAYS_MS else resolved.from_ms),
        "until": _text(None if resolved.until_ms >= ALWAYS_MS else resolved.until_ms),
        "platform": platform,
        "shop": shop,
        "phase": phase,
        "at": instant_text(at_ms),
    } | _plain(policy)


# The keys of a policy as the rules call them, by the field of `Policy` that they set.
_KEYS = {
    "window": "stages", "steps": "steps", "first_window": "first_reply", "first_steps": "first_reply",
    "hours": "hours", "merchant": "merchant_hours", "promise": "promises", "greeting_due_ms": "greeting",
    "courtesy_steps": "courtesy", "ends_wait": "ends_by", "bot": "bot", "team": "team",
}  # fmt: skip


def _said_by(rules: RuleSet, policy: Policy, layers: Iterable[Layer], info: ShopInfo | None) -> dict[str, str]:
    """Return where each key that holds is said last, ``file:line``."""
    said = dict.fromkeys(_KEYS.values(), rules.policies.base.rule)
    said["first_reply"] = said["stages"]
    for layer in layers:
        for field, key in _KEYS.items():
            if field in layer.sets and not (layer.sets[field] is None and field.startswith("first_")):
                said[key] = layer.rule if layer.named or info is None or info.place is None else info.place
    if policy.first_window is None and policy.first_steps is None:
        said["first_reply"] = said["stages"]
    return said


def _plain(policy: Policy) -> dict[str, Any]:
    return {
        "responsible": policy.responsible,
        "ends_by": sorted(policy.ends_wait),
        "bot": policy.bot,
        "team": policy.team,
        "promise_seconds": [limit_ms / 1000 for limit_ms in policy.promise],
        "greeting_seconds": policy.greeting_due_ms / 1000,
        "session_gap_seconds": policy.session_gap_ms / 1000,
        "give_up_seconds": policy.give_up_ms / 1000,
        "run_on_seconds": policy.run_on_ms / 1000,
    }


def _step(step: Step) -> dict[str, Any]:
    said: dict[str, Any] = {"at_seconds": step.at_ms / 1000, "to": step.to}
    if step.gather_ms:
        said["gather_seconds"] = step.gather_ms / 1000
    if step.if_unclaimed:
        said["if_unclaimed"] = True
    if step.repeats:
        said |= {"repeat_seconds": step.repeat_ms / 1000, "repeats": step.repeats}
    return said


def _text(at_ms: int | None, more_ms: int = 0) -> str | None:
    return None if at_ms is None else instant_text(at_ms + more_ms)
