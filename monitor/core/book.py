"""Rules compiled: overlays from general to particular, in each the first that fits.

The rules of a floor (YAML) compile into one `Book`. Its sections go from general to
particular: default, platform, shop, campaign. Of each section the first `Layer`
that fits the shop, the phase and the instant is laid over what the sections before
it gave; a section of which none fits changes nothing.
"""

from collections.abc import Mapping, Sequence
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


Ready = tuple[Layer, int, int, Calendar | None]  # A layer with what is asked of it for each event: from, until, when.


class _Section:
    """The layers of a section, those that name shops found by them: of thousands a shop has a few."""

    __slots__ = ("_all_of_shop", "_layers", "_of_any", "_of_shop", "_unnamed")

    def __init__(self, layers: Sequence[Ready]) -> None:
        self._layers = tuple(layers)
        self._unnamed = [place for place, (layer, *_) in enumerate(layers) if layer.shops is None]
        self._of_any: dict[tuple[str, str | None], tuple[list[int], tuple[Ready, ...]]] = {}
        self._of_shop: dict[str, list[int]] = {}
        for place, (layer, *_) in enumerate(layers):
            for shop in layer.shops or ():
                self._of_shop.setdefault(shop, []).append(place)
        # Where those that name shops ask for nothing else: all of a shop's, which need no look for each phase.
        self._all_of_shop: dict[str, tuple[Ready, ...]] | None = None
        if all(layer.shops is None or (layer.platforms is None and layer.phases is None) for layer, *_ in layers):
            self._all_of_shop = {
                shop: tuple([layers[place] for place in places]) for shop, places in self._of_shop.items()
            }

    def fitting(self, platform: str, shop: str, phase: str | None) -> tuple[Ready, ...]:
        """Return those that are for this shop and phase, in their order."""
        if not self._unnamed and self._all_of_shop is not None:
            return self._all_of_shop.get(shop, ())
        unnamed = self._of_any.get((platform, phase))
        if unnamed is None:
            places = [place for place in self._unnamed if self._layers[place][0].fits(platform, "", phase)]
            unnamed = self._of_any[platform, phase] = (places, tuple([self._layers[place] for place in places]))
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
        return tuple([self._layers[place] for place in named])


class Book:
    """One version of the rules.

    Args:
        base: what holds where no layer says otherwise.
        sections: the layers, from general to particular; in each the first that fits.
        rules: the hash that names this version.
    """

    def __init__(self, base: Policy, sections: Sequence[Sequence[Layer]], rules: str) -> None:
        self.rules = rules
        self.phases = frozenset(p for section in sections for layer in section for p in layer.phases or ())
        self._base = base
        calendars: dict[Hours, Calendar] = {}

        def ready(layer: Layer) -> Ready:
            calendar = None
            if layer.hours is not None:
                calendar = calendars.setdefault(layer.hours, Calendar(layer.hours))
            return layer, layer.from_ms, layer.until_ms, calendar

        self._sections = tuple(_Section(tuple(map(ready, section))) for section in sections)
        self._fitting: dict[tuple[str, str, str | None], tuple[tuple[Ready, ...], ...]] = {}
        self._made: dict[tuple[int, ...], Policy] = {}

    def resolve(self, platform: str, shop: str, phase: str | None, at_ms: int) -> Resolved:
        """Return the policy in force for a shop, a phase and an instant, and for how long that answer stands."""
        if phase not in self.phases:
            phase = None
        key = (platform, shop, phase)
        sections = self._fitting.get(key)
        if sections is None:
            fitting = [section.fitting(platform, shop, phase) for section in self._sections]
            sections = self._fitting[key] = tuple(fitting)
        from_ms, until_ms = -ALWAYS_MS, ALWAYS_MS
        chosen: list[Layer] = []
        for section in sections:
            for layer, since_ms, before_ms, calendar in section:
                if at_ms < since_ms:
                    holds, since_ms, before_ms = False, from_ms, since_ms
                elif at_ms >= before_ms:
                    holds, since_ms, before_ms = False, before_ms, until_ms
                else:
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
