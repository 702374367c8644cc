"""Facts from a file made into a dataclass: strict types, no unknown names, and errors in one voice."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import is_dataclass
from functools import lru_cache
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from leadterm.errors import LeadtermError, quote_name, unknown_name

__all__ = ["STRICT", "Strict", "validated"]

T = TypeVar("T")
Strict = Mapping[str, Any]
STRICT: Strict = {"extra": "forbid", "strict": True, "hide_input_in_errors": True, "allow_inf_nan": False}
"""Value of ``__pydantic_config__`` for every dataclass that is read from a file."""

PLAIN = {str: "a string", int: "a whole number", float: "a number", bool: "true or false"}
MANY = {str: "strings", int: "whole numbers", float: "numbers"}
EMPTY = ("is empty", "It is needed.")
BROKEN = ("has half a surrogate pair", "Export it as UTF-8.")
FAULTS = {"string_pattern_mismatch": EMPTY, "too_short": EMPTY, "string_unicode": BROKEN, "value_error": BROKEN}


def validated(kind: type[T], given: object, where: str, *, noun: str = "field in") -> T:
    """Make a dataclass of what a file says, where lists become tuples, or a ``TypedDict``, where they stay lists.

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
    reader: Any = _reader
    read, invalid = reader(kind)
    try:
        made: T = read(given)
    except invalid as error:
        raise _explained(error.errors(include_url=False, include_input=False), kind, where, noun) from None
    return made


@lru_cache(maxsize=32)
def _reader(kind: Any) -> tuple[Callable[[object], Any], Any]:
    """Give the function that reads a kind, and the error it raises."""
    from pydantic import TypeAdapter, ValidationError  # heavy, and most commands do without it

    validator = TypeAdapter(kind).validator
    if not is_dataclass(kind):
        return validator.validate_python, ValidationError

    def read(given: object) -> Any:
        return validator.validate_json(json.dumps(given, default=lambda value: {type(value).__name__: None}))

    return read, ValidationError


def _explained(faults: Sequence[Any], kind: Any, where: str, noun: str) -> LeadtermError:
    """Translate what pydantic found: unknown names first, then missing ones, then the first wrong value."""
    for fault in faults:
        if fault["type"] in ("unexpected_keyword_argument", "extra_forbidden"):
            *above, name = fault["loc"]
            allowed = get_type_hints(_kind_at(kind, above))
            if quote_name(name) != f"'{name}'":
                hint = f"Allowed: {', '.join(allowed)}."
                return LeadtermError(f"unknown {noun} {where}: {quote_name(name)}.", hint=hint)
            return unknown_name(f"{noun} {where}:", name, allowed)
    missing = [_dotted(fault["loc"]) for fault in faults if fault["type"] == "missing"]
    if missing:
        return LeadtermError(f"{where} lacks {', '.join(missing)}.", hint="Each of them is needed.")
    place, wanted = _culprit(kind, faults[0]["loc"])
    if not place:
        names = ", ".join(get_type_hints(kind))
        return LeadtermError(f"{where} is no {_table(kind)} of names and values.", hint=f"Its names: {names}.")
    said, hint = FAULTS.get(faults[0]["type"], ("has the wrong type", f"It must be {_wanted(wanted)}."))
    return LeadtermError(f"'{_dotted(place)}' in {where} {said}.", hint=hint)


def _culprit(kind: Any, place: Sequence[str | int]) -> tuple[Sequence[str | int], Any]:
    """Find the field that is wrong: the whole list or table where it is one of plain values."""
    for n in range(1, len(place)):
        here = _kind_at(kind, place[:n])
        if not _has_names(here) and not any(map(_has_names, get_args(here))):
            return place[:n], here
    return place, _kind_at(kind, place)


def _dotted(place: Sequence[str | int]) -> str:
    return ".".join(str(step) for step in place)


def _has_names(kind: Any) -> bool:
    return is_dataclass(kind) or hasattr(kind, "__total__")  # which every TypedDict has


def _table(kind: Any) -> str:
    """Say how the files call names with values: dataclasses come from TOML, the others from JSON."""
    return "object" if hasattr(kind, "__total__") else "table"


def _kind_at(kind: Any, place: Sequence[str | int]) -> Any:
    """Find the type at a place, a field or an entry of a list or table, without the None it may be instead."""
    for step in place:
        inner = get_args(kind)
        kind = get_type_hints(kind)[str(step)] if _has_names(kind) else inner[-1 if isinstance(step, str) else 0]
        if type(None) in get_args(kind):
            kind = next(one for one in get_args(kind) if one is not type(None))
    return kind


def _wanted(kind: Any) -> str:
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Literal:
        return f"one of {', '.join(map(str, inner))}"
    if origin in (tuple, list):
        return f"a list of {_many(inner[0])}"
    if origin is not None and issubclass(origin, Mapping):
        return f"a table of {_many(inner[1])}"
    return PLAIN.get(kind, "an object" if _table(kind) == "object" else "a table")


def _many(kind: Any) -> str:
    if get_origin(kind) is tuple:
        return f"pairs of {_many(get_args(kind)[0])}"
    return MANY.get(kind, f"{_table(kind)}s" if _has_names(kind) else "values")
