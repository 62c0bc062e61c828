"""Rules compiled: overlays from general to particular, in each the first that fits.

The rules of a floor (YAML) compile into one `Book`. Its sections go from general to
particular: default, platform, shop, campaign. Of each section the first `Layer`
that fits the shop, the phase and the instant is laid over what the sections before
it gave; a section of which none fits changes nothing.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from monitor.core.hours import ALWAYS_MS, Calendar, Hours, without
from monitor.core.policy import Policy, Resolved


class Layer(Struct, frozen=True, kw_only=True):
    """One rule: whom and when it fits, and what it changes.

    Attributes:
        rule: where it stands, ``file:line``.
        sets: fields of `Policy` with their values, each whole; and ``merchant``, hours that are the merchant's whoever
            says the hours themselves (None: none are).
        platforms, shops, phases: it fits these only; None: all. An event that names no phase has none of them.
        hours: it fits while these count; None: always.
        from_ms, until_ms: it fits from, and before, these instants: a campaign ends by itself.
        named: whether the policy is named after it: not after what only says whose a shop is.
    """

    rule: str
    sets: Mapping[str, Any]
    platforms: frozenset[str] | None = None
    shops: frozenset[str] | None = None
    phases: frozenset[str] | None = None
    hours: Hours | None = None
    from_ms: int = -ALWAYS_MS
    until_ms: int = ALWAYS_MS
    named: bool = True

    def fits(self, platform: str, shop: str, phase: str | None) -> bool:
        """Whether it is for this shop and phase at all."""
        return (
            (self.platforms is None or platform in self.platforms)
            and (self.shops is None or shop in self.shops)
            and (self.phases is None or phase in self.phases)
        )


SHOPS_KEPT = 20_000  # Whose layers are found. Names come from outside, and anybody may ask what would hold for one.

Ready = tuple[Layer, int, int, Calendar | None]  # A layer with what is asked of it for each event: from, until, when.


def _until_one_holds(layers: Iterable[Ready]) -> tuple[Ready, ...]:
    """Return layers up to the first that holds at any time: those behind it are never asked."""
    found = []
    for ready in layers:
        found.append(ready)
        _, since_ms, before_ms, calendar = ready
        if calendar is None and since_ms == -ALWAYS_MS and before_ms == ALWAYS_MS:
            break
    return tuple(found)


class _Section:
    """The layers of a section, those that name shops found by them: of thousands a shop has a few."""

    __slots__ = ("_layers", "_of_any", "_of_shop", "_unnamed", "knows_phases")

    def __init__(self, layers: Sequence[Ready]) -> None:
        self._layers = tuple(layers)
        self._unnamed = [place for place, (layer, *_) in enumerate(layers) if layer.shops is None]
        self._of_any: dict[tuple[str, str | None], tuple[list[int], tuple[Ready, ...]]] = {}
        self._of_shop: dict[str, list[int]] = {}
        for place, (layer, *_) in enumerate(layers):
            for shop in layer.shops or ():
                self._of_shop.setdefault(shop, []).append(place)
        self.knows_phases = any(layer.phases is not None for layer, *_ in layers)

    @property
    def layers(self) -> list[Layer]:
        """All of them."""
        return [layer for layer, *_ in self._layers]

    def fitting(self, platform: str, shop: str, phase: str | None) -> tuple[Ready, ...]:
        """Return those that are for this shop and phase, in their order."""
        unnamed = self._of_any.get((platform, phase))
        if unnamed is None:
            places = [place for place in self._unnamed if self._layers[place][0].fits(platform, "", phase)]
            unnamed = self._of_any[platform, phase] = places, _until_one_holds(self._layers[place] for place in places)
        named = [
            place
            for place in self._of_shop.get(shop, ())
            if ((layer := self._layers[place][0]).platforms is None or platform in layer.platforms)
            and (layer.phases is None or phase in layer.phases)
        ]
        if not named:
            return unnamed[1]
        if unnamed[0]:
            named = sorted(unnamed[0] + named)
        return _until_one_holds(self._layers[place] for place in named)


Fitting = tuple[tuple[Ready, ...], ...]  # Of each section the layers that are for a shop and phase.


class Book:
    """One version of the rules.

    Args:
        base: what holds where no layer says otherwise.
        sections: the layers, from general to particular; in each the first that fits.
        rules: the hash that names this version.
    """

    def __init__(self, base: Policy, sections: Sequence[Sequence[Layer]], rules: str) -> None:
        self.rules = rules
        self._base = base
        self._phases = sorted({p for section in sections for layer in section for p in layer.phases or ()})
        calendars: dict[Hours, Calendar] = {}

        def ready(layer: Layer) -> Ready:
            calendar = None
            if layer.hours is not None:
                calendar = calendars.setdefault(layer.hours, Calendar(layer.hours))
            return layer, layer.from_ms, layer.until_ms, calendar

        self._sections = tuple(_Section(tuple(map(ready, section))) for section in sections)
        self._of_shop: dict[tuple[str, str], dict[str | None, Fitting]] = {}
        self._made: dict[tuple[int, ...], Policy] = {}

    def phases_of(self, platform: str, shop: str) -> Collection[str]:
        """Return the phases that make a difference for a shop; any other is as if none were named."""
        return [phase for phase in self._by_phase(platform, shop) if phase is not None]

    def _by_phase(self, platform: str, shop: str) -> dict[str | None, Fitting]:
        """Return what is for a shop where no phase is named, and for each phase for which that is something else."""
        found = self._of_shop.get((platform, shop))
        if found is None:
            if len(self._of_shop) >= SHOPS_KEPT:
                self._of_shop.clear()
            plain = tuple([section.fitting(platform, shop, None) for section in self._sections])
            found = self._of_shop[platform, shop] = {None: plain}
            for phase in self._phases:
                fitting = tuple(
                    [
                        section.fitting(platform, shop, phase) if section.knows_phases else as_plain
                        for section, as_plain in zip(self._sections, plain, strict=True)
                    ]
                )
                if fitting != plain:
                    found[phase] = fitting
        return found

    def resolve(self, platform: str, shop: str, phase: str | None, at_ms: int) -> Resolved:
        """Return the policy in force for a shop, a phase and an instant, and for how long that answer stands."""
        by_phase = self._of_shop.get((platform, shop)) or self._by_phase(platform, shop)
        from_ms, until_ms = -ALWAYS_MS, ALWAYS_MS
        chosen: list[Layer] = []
        for section in by_phase.get(phase) or by_phase[None]:
            for layer, since_ms, before_ms, calendar in section:
                if at_ms < since_ms:
                    if since_ms < until_ms:
                        until_ms = since_ms
                    continue
                if at_ms >= before_ms:
                    if before_ms > from_ms:
                        from_ms = before_ms
                    continue
                holds = True
                if calendar is not None:
                    holds, opens_ms, closes_ms = calendar.span(at_ms)
                    since_ms, before_ms = max(since_ms, opens_ms), min(before_ms, closes_ms)
                if since_ms > from_ms:
                    from_ms = since_ms
                if before_ms < until_ms:
                    until_ms = before_ms
                if holds:
                    chosen.append(layer)
                    break
        return Resolved(self._policy(chosen), from_ms, until_ms)

    def limits_ms(self) -> set[int]:
        """Return the limits of all stages, whatever they are for."""
        windows = [self._base.window, self._base.first_window]
        for section in self._sections:
            for layer in section.layers:
                windows += (layer.sets.get("window"), layer.sets.get("first_window"))
        return {stage.after_ms for window in windows for stage in window or ()}

    def layers(self, platform: str, shop: str, phase: str | None, at_ms: int) -> list[Layer]:
        """Return those that hold for a shop, a phase and an instant, from general to particular."""
        found: list[Layer] = []
        for section in self._sections:
            for layer, _, _, calendar in section.fitting(platform, shop, phase):
                if layer.from_ms <= at_ms < layer.until_ms and (calendar is None or calendar.is_open(at_ms)):
                    found.append(layer)
                    break
        return found

    def _policy(self, chosen: list[Layer]) -> Policy:
        key = tuple(map(id, chosen))
        policy = self._made.get(key)
        if policy is None:
            sets: dict[str, Any] = {}
            for layer in chosen:
                sets |= layer.sets
                if layer.named:
                    sets["rule"] = layer.rule
            policy = self._made[key] = overlaid(self._base, sets)
        return policy


def overlaid(base: Policy, sets: Mapping[str, Any]) -> Policy:
    """Return a policy with what layers set of it: what is the merchant's is taken out of its hours."""
    changes = dict(sets)
    merchant = changes.pop("merchant", None)
    if merchant is not None:
        changes["hours"] = without(changes.get("hours", base.hours), merchant)
    return replace(base, **changes)
