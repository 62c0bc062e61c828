"""Expressions of a mapping (JMESPath): each is looked over when its file is read, and what is wrong said in words.

What no delivery is needed for is found at once: signs, brackets, functions and tables that there are not, and how many
values a function takes. Characters of an expression count from 1.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Annotated, Any
from unicodedata import normalize

import jmespath
from jmespath import exceptions
from jmespath import functions as jmespath_functions
from pydantic import AfterValidator

from monitor.hooks.functions import Functions
from monitor.yaml_files import did_you_mean

_OF_TABLES = ("lookup", "listed")
_CHINESE_QUOTES = str.maketrans("“”‘’、", "\"\"'',")
_PLAIN = jmespath_functions.Functions  # What JMESPath itself can do.


def compiles(expression: str) -> str:
    """Return an expression of ``make`` as it is.

    Raises:
        ValueError: it can give nothing, whatever is delivered.
    """
    return _checked(expression, Functions)


def compiles_plain(expression: str) -> str:
    """Return an expression of ``verify`` or ``challenge``: these know JMESPath's own functions only; see `compiles`."""
    return _checked(expression, _PLAIN)


Expression = Annotated[str, AfterValidator(compiles)]
PlainExpression = Annotated[str, AfterValidator(compiles_plain)]


def unknown_table(expression: str, tables: Collection[str]) -> str | None:
    """Return which table an expression looks into that its mapping does not have; None: none."""
    for call in _calls(jmespath.compile(expression).parsed):
        table = call["children"][0] if call["value"] in _OF_TABLES else {}
        name = table.get("value")
        if table.get("type") == "literal" and isinstance(name, str) and name not in tables:
            return f"the expression {expression!r}: there is no table {name}{did_you_mean(name, sorted(tables))}"
    return None


def in_words(error: Exception) -> str:
    """Return why an expression gives nothing for a delivery."""
    if isinstance(error, exceptions.JMESPathTypeError):
        kinds = ", ".join(error.expected_types)
        return f"{error.function_name} takes {kinds}, and gets {error.actual_type}"
    if isinstance(error, RecursionError):
        return "the delivery is nested too deep"
    return str(error)


def _checked(expression: str, known: type[_PLAIN]) -> str:
    try:
        parsed = jmespath.compile(expression).parsed
        wrong = next(filter(None, (_wrong_call(call, known.FUNCTION_TABLE) for call in _calls(parsed))), None)
    except exceptions.EmptyExpressionError:
        raise ValueError("an expression is missing here; write one, such as item.text") from None
    except exceptions.ParseError as error:
        wrong = _wrong_sign(expression, error)
    except RecursionError:
        raise ValueError("an expression is nested too deep") from None
    except ValueError as error:  # A number of thousands of digits.
        wrong = f"cannot be read: {error}"
    if wrong is not None:
        raise ValueError(f"the expression {expression!r}: {wrong}")
    return expression


def _wrong_sign(expression: str, error: exceptions.ParseError) -> str:
    """Return at which character an expression cannot be read on, and why."""
    if isinstance(error, exceptions.IncompleteExpressionError):
        return f"it ends too soon, after character {len(expression)}; is a bracket not closed?"
    at = error.lex_position
    sign = expression[at : at + 1] or str(error.token_value)
    if isinstance(error, exceptions.LexerError) and sign in "'\"`" and not _closed(expression, at):
        return f"{sign} at character {at + 1} is not closed"
    if isinstance(error, exceptions.LexerError) and sign == "`":
        return f"what stands between ` at character {at + 1} is no JSON"
    if sign == "=":
        return f"a single = at character {at + 1}; write == to compare"
    meant = normalize("NFKC", sign).translate(_CHINESE_QUOTES)
    if meant != sign and meant.isascii():
        return f"{sign} at character {at + 1} is full-width; write {meant}"
    return f"{sign} at character {at + 1} cannot stand there"


def _closed(expression: str, at: int) -> bool:
    """Whether a quotation mark has its counterpart."""
    return expression[at] in expression[at + 1 :].replace("\\" + expression[at], "")


def _calls(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield every call of a function in a parsed expression."""
    if node["type"] == "function_expression":
        yield node
    for child in node.get("children", ()):
        if isinstance(child, dict):
            yield from _calls(child)


def _wrong_call(call: Mapping[str, Any], known: Mapping[str, Any]) -> str | None:
    """Return what is wrong with a call by itself; None: nothing."""
    name, given = call["value"], len(call["children"])
    if name not in known:
        return f"there is no function {name}{did_you_mean(name, sorted(known))}"
    signature = known[name]["signature"]
    takes = len(signature)
    if signature and signature[-1].get("variadic"):
        return f"{name} takes at least {takes} values, not {given}" if given < takes else None
    return f"{name} takes {takes} values, not {given}" if given != takes else None
