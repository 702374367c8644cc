"""The recipe: everything that a training run can be told, in one typed TOML file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from leadterm.errors import LeadtermError
from leadterm.learned.parts import BaseSettings
from leadterm.ranking.trees import RankerSettings
from leadterm.storage.text_files import read_toml
from leadterm.storage.validation import STRICT, validated

__all__ = ["Recipe", "parse_recipe", "read_recipe"]

MAY_BE_0 = ("seed", "base.shortlist", "ranker.l2", "ranker.screening")


@dataclass(frozen=True)
class Recipe:
    """How a model is trained. The default is good for every corpus.

    Parameters
    ----------
    seed : int
        Of every random choice.
    folds : int
        Folds over encounters (patients where known) for the out-of-fold features.
    ranked_encounters : int
        About so many encounters train the ranker in a larger corpus: those of as many folds as hold them.
    base : BaseSettings
        Lexicon, similar phrases, mining, linear model.
    ranker : RankerSettings
        Trees.

    Examples
    --------
    >>> Recipe().folds
    10
    """

    __pydantic_config__ = STRICT

    seed: int = 0
    folds: int = 10
    ranked_encounters: int = 1000
    base: BaseSettings = field(default_factory=BaseSettings)
    ranker: RankerSettings = field(default_factory=RankerSettings)

    def to_json(self) -> dict[str, Any]:
        """Give the recipe as nested mappings."""
        return asdict(self)


def read_recipe(path: str | Path) -> Recipe:
    """Read a recipe from a TOML file.

    - ``path``: the file; what it does not say keeps its default.

    ``LeadtermError`` if the file cannot be read, a key is unknown or a value has the wrong type.

    >>> read_recipe("/nowhere.toml")
    Traceback (most recent call last):
    leadterm.errors.LeadtermError: cannot read recipe '/nowhere.toml': No such file or directory. ...
    """
    return parse_recipe(read_toml(path, what="recipe "))


def parse_recipe(data: Mapping[str, Any]) -> Recipe:
    """Make a recipe from nested mappings.


    ``LeadtermError`` if a key is unknown or a value has the wrong type or range.

    >>> parse_recipe({"base": {"shortlist": 40}}).base.shortlist
    40
    >>> parse_recipe({"sed": 1})
    Traceback (most recent call last):
    leadterm.errors.LeadtermError: unknown key in the recipe: 'sed'; did you mean 'seed'? ...
    """
    made = validated(Recipe, data, "the recipe", noun="key in")
    for name, value in _numbers(made.to_json()):
        if value < 0 or (value == 0 and name not in MAY_BE_0):
            raise LeadtermError(f"'{name}' in the recipe must be positive; got {value!r}.")
    if made.folds < 2 or made.ranker.folds < 2:
        raise LeadtermError(f"the recipe's folds must be 2 or more; got {min(made.folds, made.ranker.folds)}.")
    return made


def _numbers(table: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, float]]:
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from _numbers(value, f"{above}{name}.")
        else:
            yield above + name, value
