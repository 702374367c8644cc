"""Models by name: the one way to a model, and the only place that knows which kinds there are."""

from __future__ import annotations

import copyreg
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from leadterm.errors import LeadtermError, unknown_name

if TYPE_CHECKING:
    from leadterm.learned.prior_model import Prior
    from leadterm.suggester import Suggester

__all__ = ["KINDS", "Kind", "load", "load_prior"]


@dataclass(frozen=True, slots=True)
class Kind:
    """How a kind of model is read.

    - ``loader``: ``module:function``; it takes the folder and the options of `load`, and gives a `Suggester`.
    - ``is_prior``: whether a model can be trained on top of it: it is a `leadterm.learned.prior_model.Prior`.
    - ``learns``: whether it was learned from a corpus, so that training can go on from it.
    """

    loader: str
    is_prior: bool = False
    learns: bool = False


KINDS: Mapping[str, Kind] = {
    "ranker": Kind("leadterm.dictionary.dictionary_model:load_dictionary", is_prior=True),
    "corpus-model": Kind("leadterm.learned.store:load_model", is_prior=True, learns=True),
}
"""``kind`` in the manifest of a model's folder → how it is read. A new kind is a module and a line here."""

_LOADED: WeakKeyDictionary[Any, tuple[str, tuple[tuple[str, str | bool | None], ...]]] = WeakKeyDictionary()


def load(
    name: str | Path = "default", *, date: str | None = None, ner: str | None = None, linker: bool = False,
    policy: str | Path | None = None,
) -> Suggester:  # fmt: skip
    """Load a model by name or folder.

    Parameters
    ----------
    name : str or Path
        ``"default"``, another name in the models folder, or a folder.
    date : str, optional
        Date of service that decides the release of the codes.
    ner : str, optional
        A spaCy model, installed or a folder, whose entities are looked up by the linker where no term covers them.
    linker : bool
        Whether the linker also looks up headings and complaints that no term covers.
    policy : str or Path, optional
        What the site leaves out of the proposed set: ``"assessed"``, or a file (`leadterm.rules.policy.Policy`).

    Raises
    ------
    LeadtermError
        If there is no such model, it is damaged, or it is of a kind this version does not know; or no such policy.

    Examples
    --------
    >>> "icd10cm" in load().systems
    True
    """
    found: Suggester = _load(name, date=date, ner=ner, linker=linker, policy=str(policy) if policy else None)[1]
    return found


def _again(name: str, options: tuple[tuple[str, str | bool | None], ...]) -> Any:
    """Load a model that another process names; once, whoever asks."""
    return _once(name, options)


@lru_cache(maxsize=4)
def _once(name: str, options: tuple[tuple[str, str | bool | None], ...]) -> Any:
    return _load(name, **dict(options))[1]


def _by_name(model: Any) -> Any:
    """Pickle a loaded model as its name or folder; one made in memory as any object."""
    known = _LOADED.get(model)
    return (_again, known) if known else model.__reduce_ex__(2)


def load_prior(name: str | Path, *, learned: bool = False) -> Prior:
    """Load a model to train another on top of it.

    - ``name``: as for :func:`load`.
    - ``learned``: whether it must have been learned from a corpus.

    ``LeadtermError`` as :func:`load`; and if its kind cannot be built on.
    """
    kind, model = _load(name)
    if learned and not kind.learns:
        raise LeadtermError(f"model '{name}' was not learned from a corpus.", hint=f"Use --from {name}.")
    if not kind.is_prior:
        raise LeadtermError(f"model '{name}' is of a kind that no other is trained on top of.", hint="Use --from none.")
    found: Prior = model
    return found


def _load(name: str | Path, **options: str | bool | None) -> tuple[Kind, Any]:
    """The kind a model's manifest names, and the model."""
    from leadterm.paths import model_dir, model_names
    from leadterm.storage.artifacts import read_manifest

    folder = model_dir(name)
    given = str(read_manifest(folder).get("kind"))
    if given not in KINDS:
        raise unknown_name(f"kind of model '{name}':", given, KINDS, hint="A newer leadterm may have made it.")
    kind = KINDS[given]
    module, function = kind.loader.split(":")
    model = getattr(import_module(module), function)(folder, **options)
    plain = len(folder.parts) > 1 and str(name) in model_names()
    _LOADED[model] = (str(name) if plain else str(folder.resolve()), tuple(options.items()))
    copyreg.pickle(type(model), _by_name)
    return kind, model
