"""The phrase library: what agents can answer with, in layers of general, category and shop.

A phrase of the shop with the id of a general one replaces it. Variables are strict:
a phrase with one that has no value here is withheld, never shown with a hole in it.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

GENERAL, CATEGORY, SHOP = 0, 1, 2  # The nearer a layer, the more it counts.
FILLED = frozenset({"product", "price", "agent", "shop"})  # Variables that the chat and the registers fill.
_VARIABLE = re.compile(r"\{([a-z][a-z0-9_]{0,39})\}")
# What people leave open in templates: [name], 【name】, ___, XX, {{name}}. Such a phrase is a draft.
_HOLE = re.compile(
    r"\[[^\]\n]{0,60}\]|【(?:[^】\n]{0,10}(?:填|名|数|额|时间|日期)[^】\n]{0,10})】|_{2,}|\{\{|(?<![A-Za-z])[Xx]{2,3}(?=[元天折件%小号])"
)
_PLAIN_BRACE = re.compile(r"[{}]")


class Phrase(Struct, frozen=True, gc=False):
    """One thing an agent can answer."""

    id: str
    lang: str  # zh, en
    intent: str
    text: str
    triggers: tuple[str, ...] = ()
    phase: str = "any"
    holding: bool = False  # "稍等": keeps the buyer, answers nothing.
    question: bool = False  # Asks what the buyer needs.
    products: tuple[str, ...] = ()  # Only where one of these is asked about.
    valid_from_ms: int = 0
    valid_to_ms: int = 0  # The first instant it holds no more; 0: it always does.
    layer: int = GENERAL
    place: str = ""  # file:line

    def holds(self, now_ms: int) -> bool:
        """Whether it is valid now."""
        return self.valid_from_ms <= now_ms and (not self.valid_to_ms or now_ms < self.valid_to_ms)

    def is_for(self, product: str) -> bool:
        """Whether it may be said of a product, given by its name or number; "" where none is known."""
        if not self.products:
            return True
        named = product.casefold()
        return bool(named) and any(own.casefold() in named for own in self.products)


def variables(text: str) -> tuple[str, ...]:
    """Return the names of a text's variables."""
    return tuple(dict.fromkeys(_VARIABLE.findall(text)))


def wrong_with(text: str) -> str | None:
    """Return what keeps a text from being a phrase; None: nothing."""
    hole = _HOLE.search(text)
    if hole is not None:
        return f"{hole[0]!r} is still to be filled in; write a variable such as {{price}}, or the words"
    if _PLAIN_BRACE.search(_VARIABLE.sub("", text)):
        return "a brace that is no variable; variables look like {price}: small letters, digits and _"
    return None


def rendered(text: str, values: Mapping[str, str]) -> str | None:
    """Return a text with its variables filled in; None where one has no value."""
    if "{" not in text:
        return text
    names = variables(text)
    if any(not values.get(name) for name in names):
        return None
    return _VARIABLE.sub(lambda found: values[found[1]], text)


def product_values(product: Any) -> dict[str, str]:
    """Return what an event's product tells: its name and price, in the forms that platforms use."""
    if isinstance(product, str):
        return {"product": product[:80]} if product else {}
    if not isinstance(product, Mapping):
        return {}
    values = {}
    for name, keys in (("product", ("title", "name", "product")), ("price", ("price", "sale_price"))):
        for key in keys:
            found = product.get(key)
            if isinstance(found, str | int | float) and not isinstance(found, bool) and str(found).strip():
                values[name] = str(found).strip()[:80]
                break
    return values


def product_name(product: Any) -> str:
    """Return by what phrases know a product: its names and numbers in one text."""
    if isinstance(product, str):
        return product
    if isinstance(product, Mapping):
        return " ".join(str(product[key]) for key in ("id", "sku", "title", "name") if product.get(key))
    return ""


def layered(*layers: Iterable[Phrase]) -> list[Phrase]:
    """Return the phrases of several layers, general first: of one id the nearest stands."""
    found: dict[str, Phrase] = {}
    for layer in layers:
        for phrase in layer:
            found.pop(phrase.id, None)
            found[phrase.id] = phrase
    return list(found.values())
