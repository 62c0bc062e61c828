"""A mapping: which deliveries of a chat system become which events of ours.

``make`` lists ways to make events. Each is tried on each delivery; ``when`` decides, ``each`` walks
into lists, ``event`` has a JMESPath expression for each field. Expressions see

    item      what is walked over now; the whole delivery where there is no ``each``
    up        what was walked through on the way, outermost first: ``up[0]`` is the whole delivery
    payload   the whole delivery
    index     the place of the item in its innermost list
    headers   of the request, names in lower case

A delivery that nothing applies to is no error: chat systems send much that is no chat.
"""

import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jmespath
import msgspec
from jmespath.parser import ParsedResult
from pydantic import Field, field_validator, model_validator

from monitor.hooks.expressions import Expression, PlainExpression, compiles, in_words, unknown_table
from monitor.hooks.functions import WRONG, Unreadable, options
from monitor.hooks.verify import Check, Delivery, secret_of
from monitor.yaml_files import BadFiles, Document, Fault, Model, read
from monitor.yaml_wording import misplaced

ITEMS_AT_MOST = 10_000  # Of one delivery; as many as a batch may have events.


class Way(Model):
    """One way to make events of a delivery."""

    about: str | None = None
    when: Expression = "`true`"
    each: list[Expression] = Field(default_factory=list)
    only: Expression = "`true`"  # Of the items walked over, those for which this holds.
    event: dict[str, str | dict[str, str]]

    @field_validator("event")
    @classmethod
    def _fields_are_expressions(cls, value: dict[str, str | dict[str, str]]) -> dict[str, str | dict[str, str]]:
        for place, expression in _each_of(value):
            try:
                compiles(expression)
            except ValueError as error:
                raise misplaced(str(error), *place) from None
        return value


def _each_of(event: Mapping[str, str | dict[str, str]]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the expressions of an event, each with its place."""
    for field, expression in event.items():
        if isinstance(expression, dict):
            for key, one in expression.items():
                yield (field, key), one
        else:
            yield (field,), expression


class Challenge(Model):
    """How the address is proved to be ours: what is asked is answered.

    ``get``: the query parameter to give back as text, if ``token`` there has the secret of ``secret_env``. ``when`` and
    ``answer``: a body that asks, and the expression that gives the JSON to answer with.
    """

    get: str | None = None
    token: str | None = None
    secret_env: str | None = None
    when: PlainExpression | None = None
    answer: PlainExpression | None = None


class Example(Model):
    """A delivery and the events it must give: the mapping's own test."""

    about: str
    payload: Any
    headers: dict[str, str] = Field(default_factory=dict)
    events: list[dict[str, Any]]


class MappingFile(Model):
    """What a file in ``webhooks/`` says."""

    about: str
    platform: str
    verify: list[Check] = Field(default_factory=list)
    challenge: Challenge | None = None
    tables: dict[str, dict[str, str]] = Field(default_factory=dict)
    make: list[Way] = Field(min_length=1)
    examples: list[Example] = Field(default_factory=list)

    @model_validator(mode="after")
    def _tables_are_there(self) -> "MappingFile":
        for number, way in enumerate(self.make):
            walked = ((("each", at), one) for at, one in enumerate(way.each))
            asked = ((("event", *place), one) for place, one in _each_of(way.event))
            for place, one in ((("when",), way.when), *walked, (("only",), way.only), *asked):
                wrong = unknown_table(one, self.tables)
                if wrong is not None:
                    raise misplaced(wrong, "make", number, *place)
        return self


@dataclass(frozen=True, slots=True)
class _Way:
    when: ParsedResult
    each: tuple[ParsedResult, ...]
    only: ParsedResult
    event: dict[str, ParsedResult | dict[str, ParsedResult]]


class NotAsExpected(Exception):
    """A delivery is not as its mapping expects; ``error`` says where."""


class _NotMade(Exception):
    """A field of an event cannot be made; says which, and why."""


class WebhookMapping:
    """One mapping, ready to use.

    Args:
        name: of its file, and in its address.
        file: what the file says.
    """

    def __init__(self, name: str, file: MappingFile) -> None:
        self.name = name
        self.file = file
        self._ways = tuple(
            _Way(
                jmespath.compile(way.when),
                tuple(jmespath.compile(each) for each in way.each),
                jmespath.compile(way.only),
                {
                    field: {key: jmespath.compile(one) for key, one in expression.items()}
                    if isinstance(expression, dict)
                    else jmespath.compile(expression)
                    for field, expression in way.event.items()
                },
            )
            for way in file.make
        )

    def is_verified(self, delivery: Delivery, now_ms: int) -> bool | None:
        """Whether every check holds; None: there is none, or a secret of one is not set."""
        secrets = [(check, secret_of(check.secret_env)) for check in self.file.verify]
        if not secrets or any(secret is None for _, secret in secrets):
            return None
        return all(check.holds(delivery, secret or "", now_ms) for check, secret in secrets)

    def answer(self, payload: Any) -> Any:
        """Return what a body that asks for proof is answered with; None: it does not ask."""
        challenge = self.file.challenge
        if challenge is None or challenge.when is None or challenge.answer is None:
            return None
        scope = {"payload": payload}
        try:
            return jmespath.search(challenge.answer, scope) if jmespath.search(challenge.when, scope) else None
        except WRONG:
            return None

    def answer_get(self, query: Mapping[str, str]) -> str | None:
        """Return what a GET that asks for proof is answered with; None: it does not ask rightly."""
        challenge = self.file.challenge
        if challenge is None or challenge.get is None:
            return None
        if challenge.token is not None:
            secret = secret_of(challenge.secret_env or "")
            given = query.get(challenge.token, "")
            if secret is None or not hmac.compare_digest(given.encode(), secret.encode()):
                return None
        return query.get(challenge.get)

    def body(self, payload: Any, headers: Mapping[str, str], arrived_at_ms: int) -> bytes | None:
        """Return the events of a delivery as JSON, as they would be sent to ``/v1/events``; None: there are none.

        Raises:
            NotAsExpected: it cannot be made.
        """
        made = self.events(payload, headers, arrived_at_ms)
        try:
            return msgspec.json.encode(made) if made else None
        except WRONG as error:  # Half a character, out of JSON that comes as text.
            raise NotAsExpected(f"what is made of it is no JSON: {error}") from None

    def events(self, payload: Any, headers: Mapping[str, str], arrived_at_ms: int) -> list[dict[str, Any]]:
        """Return the events of a delivery.

        Raises:
            NotAsExpected: an expression cannot be made of it.
        """
        made: list[dict[str, Any]] = []
        opts = options(self.file.tables, arrived_at_ms)
        for number, way in enumerate(self._ways):
            try:
                whole = {"payload": payload, "item": payload, "up": [], "index": 0, "headers": dict(headers)}
                if not way.when.search(whole, opts):
                    continue
                for scope in _walk(way.each, whole, opts):
                    if way.only.search(scope, opts):
                        made.append(self._event(way, scope, opts))
                    if len(made) > ITEMS_AT_MOST:
                        raise NotAsExpected(f"a delivery may make {ITEMS_AT_MOST} events")
            except _NotMade as error:
                raise NotAsExpected(f"make.{number}.event.{error}") from None
            except WRONG as error:
                raise NotAsExpected(f"make.{number}: {in_words(error)}") from None
        return made

    def _event(self, way: _Way, scope: dict[str, Any], opts: jmespath.Options) -> dict[str, Any]:
        event: dict[str, Any] = {"platform": self.file.platform, "source": f"hook:{self.name}"}
        for field, expression in way.event.items():
            try:
                if isinstance(expression, dict):
                    value: Any = {key: one.search(scope, opts) for key, one in expression.items()}
                else:
                    value = expression.search(scope, opts)
            except WRONG as error:
                raise _NotMade(f"{field}: {in_words(error)}") from None
            if value is not None:
                event[field] = value
        return event


def _walk(each: tuple[ParsedResult, ...], scope: dict[str, Any], opts: jmespath.Options) -> Iterator[dict[str, Any]]:
    """Yield the scope of every item that is reached by walking into one list after the other."""
    if not each:
        yield scope
        return
    walked = each[0].search(scope, opts)
    # What a condition leaves of a list where it does not hold (`a == 'b' && rows`) is nothing to walk into.
    if walked and not isinstance(walked, list):
        raise Unreadable("each is a list to walk into, and gets one thing; write [ ] around it")
    for index, item in enumerate(walked or ()):
        yield from _walk(each[1:], scope | {"item": item, "up": [*scope["up"], scope["item"]], "index": index}, opts)


def load(folder: Path) -> tuple[dict[str, WebhookMapping], list[Fault]]:
    """Return the mappings in a folder by name, none where there is no folder, with all that is wrong in them."""
    made: dict[str, WebhookMapping] = {}
    faults: list[Fault] = []
    for path in sorted(folder.glob("*.yaml")) if folder.is_dir() else ():
        try:
            document: Document[MappingFile] = read(path, MappingFile, name=f"{folder.name}/{path.name}")
        except BadFiles as bad:
            faults += bad.faults
            continue
        mapping = made[path.stem] = WebhookMapping(path.stem, document.value)
        for number, example in enumerate(document.value.examples):
            faults += [document.fault(said, "examples", number) for said in differences(mapping, example)]
    return made, faults


EXAMPLE_ARRIVED_MS = 1_800_000_000_000


def differences(mapping: WebhookMapping, example: Example) -> Iterator[str]:
    """Yield how what an example gives differs from what it should; nothing where it is right.

    Of each event the fields that the example names are compared. ``arrived()`` is 2027-01-15T08:00:00Z there.
    """
    headers = {name.lower(): value for name, value in example.headers.items()}
    try:
        got = mapping.events(example.payload, headers, EXAMPLE_ARRIVED_MS)
    except NotAsExpected as error:
        yield f"{example.about}: {error}"
        return
    if len(got) != len(example.events):
        yield f"{example.about}: {len(example.events)} events are expected, {len(got)} are made"
        return
    for index, (wanted, made) in enumerate(zip(example.events, got, strict=True)):
        for field, value in wanted.items():
            if made.get(field) != value:
                should, is_ = (msgspec.json.encode(one).decode() for one in (value, made.get(field)))
                yield f"{example.about}: events.{index}.{field} should be {should}, is {is_}"
