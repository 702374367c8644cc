"""The recipe: everything that a training run can be told, in one typed TOML file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, get_type_hints

from leadterm.errors import LeadtermError, unknown_name
from leadterm.learned.parts import BaseSettings
from leadterm.ranking.trees import RankerSettings

__all__ = ["Recipe", "parse_recipe", "read_recipe"]


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

    Parameters
    ----------
    path : str or Path
        The file; what it does not say keeps its default.

    Returns
    -------
    Recipe
        The recipe.

    Raises
    ------
    LeadtermError
        If the file cannot be read, a key is unknown or a value has the wrong type.

    Examples
    --------
    >>> read_recipe("/nowhere.toml")
    Traceback (most recent call last):
    leadterm.errors.LeadtermError: cannot read recipe '/nowhere.toml': No such file or directory. ...
    """
    file = Path(path)
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise LeadtermError(f"cannot read recipe '{file}': {error.strerror}.", hint="Check the path.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise LeadtermError(f"recipe '{file}' is not TOML: {error}.", hint="Mend the line it names.") from error
    return parse_recipe(data)


def parse_recipe(data: Mapping[str, Any]) -> Recipe:
    """Make a recipe from nested mappings.

    Parameters
    ----------
    data : mapping
        Tables and keys as in :class:`Recipe`.

    Returns
    -------
    Recipe
        The recipe.

    Raises
    ------
    LeadtermError
        If a key is unknown or a value has the wrong type or range.

    Examples
    --------
    >>> parse_recipe({"base": {"shortlist": 40}}).base.shortlist
    40
    >>> parse_recipe({"sed": 1})
    Traceback (most recent call last):
    leadterm.errors.LeadtermError: unknown recipe key 'sed'; did you mean 'seed'? ...
    """
    made = _make(Recipe, data, "")
    assert isinstance(made, Recipe)
    if made.folds < 2 or made.ranker.folds < 2:
        raise LeadtermError(f"recipe: folds must be 2 or more; got {min(made.folds, made.ranker.folds)}.")
    return made


def _make(kind: Any, data: Mapping[str, Any], prefix: str) -> Any:
    """Fill a settings class from a mapping, checking names and types."""
    types = get_type_hints(kind)
    allowed = [f.name for f in fields(kind)]
    values: dict[str, Any] = {}
    for key, value in data.items():
        if key not in allowed:
            raise unknown_name("recipe key", prefix + key, [prefix + name for name in allowed])
        values[key] = _value(types[key], value, prefix + key)
    return kind(**values)


def _value(kind: Any, value: Any, name: str) -> Any:
    """Check one value against its type."""
    if is_dataclass(kind):
        if not isinstance(value, Mapping):
            raise LeadtermError(f"recipe key '{name}' is a table; got {type(value).__name__}.")
        return _make(kind, value, f"{name}.")
    if isinstance(value, bool) or not isinstance(value, int if kind is int else int | float):
        wanted = "a whole number" if kind is int else "a number"
        raise LeadtermError(f"recipe key '{name}' must be {wanted}; got {type(value).__name__} {value!r}.")
    if value < 0 or (value == 0 and name not in ("seed", "base.shortlist", "ranker.l2", "ranker.screening")):
        raise LeadtermError(f"recipe key '{name}' must be positive; got {value!r}.")
    return kind(value)
