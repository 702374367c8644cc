"""Keep a corpus model in a folder and read it back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leadterm.errors import LeadtermError
from leadterm.learned.cooccurrence import Company
from leadterm.learned.describe import SystemModel
from leadterm.learned.linear import LinearModel
from leadterm.learned.model import CorpusModel
from leadterm.learned.parts import BaseModel
from leadterm.learned.pcs_axes import Axes
from leadterm.learned.phrases import Lexicon
from leadterm.learned.similar_phrases import PhraseIndex
from leadterm.learned.soundness import check_base
from leadterm.ranking.ranker import Ranker
from leadterm.storage.artifacts import Artifact, load_artifact, save_artifact
from leadterm.storage.soundness import check_finite, require

__all__ = ["KIND", "load_model", "save_model"]

KIND = "corpus-model"
_PARTS: Mapping[str, Any] = {
    "lexicon": Lexicon, "index": PhraseIndex, "linear": LinearModel, "axes": Axes, "company": Company,
}  # fmt: skip


def save_model(model: CorpusModel, path: str | Path, *, documents: Mapping[str, str] | None = None) -> Path:
    """Write a model as a folder.

    Parameters
    ----------
    model : CorpusModel
        The model.
    path : str or Path
        The folder.
    documents : mapping of str to str, optional
        Text files beside it, such as a model card.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    LeadtermError
        If the folder cannot be written.
    """
    arrays, parts = _packed(model, "")
    return save_artifact(path, Artifact(KIND, {"name": model.name, **model.meta}, arrays, parts), documents=documents)


def _packed(model: CorpusModel, place: str) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Arrays and JSON parts of a model and of the one before it."""
    arrays: dict[str, NDArray[Any]] = {f"{place}seen": model.seen}
    parts: dict[str, Any] = {}
    for number, (_, system) in enumerate(sorted(model.systems.items())):
        base, prefix = system.base, f"{place}s{number}"
        arrays |= {f"{prefix}.texts": base.texts, f"{prefix}.categories": base.categories}
        header: dict[str, Any] = {"codes": base.codes, "shortlist": base.shortlist}
        header["ranker"] = system.ranker.header()
        arrays |= system.ranker.arrays(f"{prefix}.ranker")
        for name in _PARTS:
            numbers, rest = _taken_apart(getattr(base, name))
            arrays |= {f"{prefix}.{name}.{key}": value for key, value in numbers.items()}
            header[name] = rest
        parts[prefix] = header
    earlier = model.earlier
    if isinstance(earlier, CorpusModel):
        more, inner = _packed(earlier, f"{place}earlier.")
        arrays, parts = arrays | more, parts | inner
    elif earlier:
        arrays |= earlier.arrays(f"{place}earlier")
    parts[f"{place}model"] = {
        "name": model.name, "systems": sorted(model.systems), "threshold": model.threshold,
        "titles": dict(model.titles), "releases": dict(model.releases),
        "earlier": earlier.header() if isinstance(earlier, Ranker) else earlier is not None,
    }  # fmt: skip
    return arrays, parts


def load_model(path: str | Path, *, mmap: bool = True) -> CorpusModel:
    """Read a model from a folder.

    Parameters
    ----------
    path : str or Path
        The folder.
    mmap : bool
        Map the arrays, so that processes share them.

    Returns
    -------
    CorpusModel
        The model.

    Raises
    ------
    LeadtermError
        If the folder is not a sound corpus model of this protocol.
    """
    artifact = load_artifact(path, kind=KIND, mmap=mmap)
    try:
        return _unpacked(artifact, "", artifact.meta)
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise LeadtermError(f"model '{Path(path).name}' is not sound.", hint="Train it again.") from error


def _unpacked(artifact: Artifact, place: str, meta: Mapping[str, Any]) -> CorpusModel:
    """The inverse of :func:`_packed`."""
    header = artifact.parts[f"{place}model"]
    check_finite(np.array(float(header["threshold"])), "threshold")
    require(isinstance(header["name"], str) and isinstance(header["systems"], list), "name")
    require(len(set(header["systems"])) == len(header["systems"]), "systems")
    systems = {name: _system(artifact, f"{place}s{number}") for number, name in enumerate(header["systems"])}
    earlier: Ranker | CorpusModel | None = None
    if isinstance(header["earlier"], dict):
        earlier = Ranker.from_parts(artifact.arrays, header["earlier"], f"{place}earlier")
    elif header["earlier"]:
        earlier = _unpacked(artifact, f"{place}earlier.", {})
    return CorpusModel(
        systems, float(header["threshold"]), header["name"], header["titles"], meta, header["releases"], earlier,
        artifact.arrays[f"{place}seen"],
    )  # fmt: skip


def _system(artifact: Artifact, prefix: str) -> SystemModel:
    header = artifact.parts[prefix]
    require(isinstance(header["codes"], list), "codes")
    made = {name: _put_together(kind, artifact, f"{prefix}.{name}.", header[name]) for name, kind in _PARTS.items()}
    base = BaseModel(
        tuple(header["codes"]), artifact.arrays[f"{prefix}.texts"], artifact.arrays[f"{prefix}.categories"],
        made["lexicon"], made["index"], made["linear"], made["axes"], made["company"], int(header["shortlist"]),
    )  # fmt: skip
    check_base(base)
    return SystemModel(base, Ranker.from_parts(artifact.arrays, header["ranker"], f"{prefix}.ranker"))


def _taken_apart(part: Any) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Arrays of a part, and the rest of it."""
    values = {f.name: getattr(part, f.name) for f in fields(part)}
    arrays = {name: value for name, value in values.items() if isinstance(value, np.ndarray)}
    return arrays, {name: value for name, value in values.items() if name not in arrays}


def _put_together(kind: Any, artifact: Artifact, prefix: str, rest: Mapping[str, Any]) -> Any:
    """The inverse of :func:`_taken_apart`; lists become tuples."""
    values = {
        f.name: artifact.arrays[prefix + f.name] if prefix + f.name in artifact.arrays else _frozen(rest[f.name])
        for f in fields(kind)
    }
    return kind(**values)


def _frozen(value: Any) -> Any:
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value
