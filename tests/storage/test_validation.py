"""Facts from files: strict types, and errors that name the place and never the value."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from leadterm.errors import LeadtermError
from leadterm.storage.validation import STRICT, validated


@dataclass(frozen=True)
class Part:
    __pydantic_config__ = STRICT
    size: int
    share: float | None = None


@dataclass(frozen=True)
class Whole:
    __pydantic_config__ = STRICT
    name: str
    parts: tuple[Part, ...] = ()
    words: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    done: bool = False


def test_lists_become_tuples_and_whole_numbers_shares() -> None:
    made = validated(Whole, {"name": "a", "parts": [{"size": 1, "share": 1}], "words": ["x"], "counts": {"y": 2}}, "f")
    assert made == Whole("a", (Part(1, 1.0),), ("x",), {"y": 2})


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"nmae": "SECRET"}, "did you mean 'name'"),
        ({"name": "a", "SECRET of a note": 1}, "16 characters that are no name"),
        ({}, "f lacks name."),
        ({"name": 3}, "'name' in f has the wrong type. It must be a string."),
        ({"name": None}, "It must be a string"),
        ({"name": datetime.date(2026, 1, 1)}, "It must be a string"),
        ({"name": ["SECRET"]}, "It must be a string"),
        ({"name": "a", "words": "SECRET"}, "'words' in f has the wrong type. It must be a list of strings."),
        ({"name": "a", "words": ["x", 5]}, "'words' in f has the wrong type. It must be a list of strings."),
        ({"name": "a", "counts": {"y": 1.5}}, "'counts' in f has the wrong type. It must be a table of whole numbers."),
        ({"name": "a", "counts": {"y": True}}, "a table of whole numbers"),
        ({"name": "a", "counts": {"y": "1"}}, "a table of whole numbers"),
        ({"name": "a", "done": "yes"}, "true or false"),
        ({"name": "a", "parts": [{"size": 1}, {"size": "SECRET"}]}, "'parts.1.size' in f"),
        ({"name": "a", "parts": [{"size": 1, "share": float("nan")}]}, "It must be a number."),
        ({"name": "a", "parts": [{"size": 1, "sise": 1}]}, "did you mean 'size'"),
        ({"name": "a", "parts": [{}]}, "lacks parts.0.size"),
        ([1], "f is no table of names and values"),
    ],
)
def test_faults(given: object, said: str) -> None:
    with pytest.raises(LeadtermError) as caught:
        validated(Whole, given, "f")
    assert said in str(caught.value)
    assert "SECRET" not in str(caught.value)
