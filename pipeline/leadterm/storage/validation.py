"""Facts from a file made into a dataclass: strict types, no unknown names, and errors in one voice."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import lru_cache
from types import UnionType
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from leadterm.errors import LeadtermError, quote_name, unknown_name

__all__ = ["STRICT", "Strict", "validated"]

T = TypeVar("T")
Strict = Mapping[str, Any]
STRICT: Strict = {"extra": "forbid", "strict": True, "hide_input_in_errors": True, "allow_inf_nan": False}
"""Value of ``__pydantic_config__`` for every dataclass that is read from a file."""

Fault = Mapping[str, Any]
PLAIN = {str: "a string", int: "a whole number", float: "a number", bool: "true or false"}
MANY = {str: "strings", int: "whole numbers", float: "numbers"}


def validated(kind: type[T], given: object, where: str, *, noun: str = "field in") -> T:
    """Make a dataclass of what a file says; lists become tuples.

    ``LeadtermError`` if a name is unknown or missing or a value has the wrong type: it names the place, never the
    value.

    >>> from dataclasses import dataclass
    >>> @dataclass
    ... class Size:
    ...     __pydantic_config__ = STRICT
    ...     width: int
    >>> validated(Size, {"width": "9"}, "size.toml")
    Traceback (most recent call last):
    leadterm.errors.LeadtermError: 'width' in size.toml has the wrong type. It must be a whole number.
    """
    from pydantic import ValidationError  # heavy, and most commands do without it

    reader: Any = _adapter
    try:
        made: T = reader(kind).validate_json(json.dumps(given, default=lambda value: {type(value).__name__: None}))
    except ValidationError as error:
        raise _explained(error.errors(include_url=False, include_input=False), kind, where, noun) from None
    return made


@lru_cache(maxsize=32)
def _adapter(kind: Any) -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


def _explained(faults: Sequence[Any], kind: Any, where: str, noun: str) -> LeadtermError:
    """Translate what pydantic found: unknown names first, then missing ones, then the first wrong value."""
    for fault in faults:
        if fault["type"] in ("unexpected_keyword_argument", "extra_forbidden"):
            *above, name = fault["loc"]
            allowed = [field.name for field in fields(_kind_at(kind, above))]
            if quote_name(name) != f"'{name}'":
                return LeadtermError(f"unknown {noun} {where}: {quote_name(name)}.", hint=f"Allowed: {allowed}.")
            return unknown_name(f"{noun} {where}:", name, allowed)
    missing = [_dotted(fault["loc"]) for fault in faults if fault["type"] == "missing"]
    if missing:
        return LeadtermError(f"{where} lacks {', '.join(missing)}.", hint="Each of them is needed.")
    place, wanted = _culprit(kind, faults[0]["loc"])
    if not place:
        return LeadtermError(f"{where} is no table of names and values.", hint="Write NAME = VALUE on each line.")
    return LeadtermError(f"'{_dotted(place)}' in {where} has the wrong type.", hint=f"It must be {_wanted(wanted)}.")


def _culprit(kind: Any, place: Sequence[str | int]) -> tuple[Sequence[str | int], Any]:
    """Find the field that is wrong: the whole list or table where it is one of plain values."""
    for n in range(1, len(place)):
        here = _kind_at(kind, place[:n])
        if not is_dataclass(here) and not any(map(is_dataclass, get_args(here))):
            return place[:n], here
    return place, _kind_at(kind, place)


def _dotted(place: Sequence[str | int]) -> str:
    return ".".join(str(step) for step in place)


def _kind_at(kind: Any, place: Sequence[str | int]) -> Any:
    """Find the type at a place: a field of a dataclass, or an entry of a list or table."""
    for step in place:
        if is_dataclass(kind):
            kind = get_type_hints(kind)[str(step)]
        else:
            kind = get_args(kind)[-1 if isinstance(step, str) else 0]
    return kind


def _wanted(kind: Any) -> str:
    origin, inner = get_origin(kind), get_args(kind)
    if origin is tuple:
        return f"a list of {MANY.get(inner[0], 'tables')}"
    if origin is not None and issubclass(origin, Mapping):
        return f"a table of {MANY.get(inner[1], 'values')}"
    if origin is Literal:
        return f"one of {', '.join(map(str, inner))}"
    if isinstance(kind, UnionType):
        return " or ".join(_wanted(one) for one in inner if one is not type(None))
    return PLAIN.get(kind, "a table")
