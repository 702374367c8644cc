"""Keep a corpus model in a folder and read it back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from leadterm.dictionary.dictionary_model import DictionaryModel
from leadterm.errors import LeadtermError
from leadterm.learned.corpus_model import CorpusModel
from leadterm.learned.describe import SystemModel
from leadterm.learned.model_checks import check_base
from leadterm.learned.packing import PARTS
from leadterm.learned.parts import BaseModel
from leadterm.learned.prior_model import Prior
from leadterm.ranking.ranker import Ranker
from leadterm.rules.policy import Policy
from leadterm.storage.artifacts import Artifact, load_artifact, save_artifact
from leadterm.storage.soundness import check_finite, require

__all__ = ["KIND", "load_model", "save_model"]

KIND = "corpus-model"


def save_model(model: CorpusModel, path: str | Path, *, documents: Mapping[str, str] | None = None) -> Path:
    """Write a model as a folder.

    ``documents``: text files beside it, such as a model card. ``LeadtermError`` if the folder cannot be written.
    """
    arrays, parts = model.packed()
    return save_artifact(path, Artifact(KIND, {"name": model.name, **model.meta}, arrays, parts), documents=documents)


def load_model(
    path: str | Path, *, date: str | None = None, ner: str | None = None, linker: bool = False,
    policy: str | None = None, mmap: bool = True,
) -> CorpusModel:  # fmt: skip
    """Read a model from a folder.

    ``date``: date of service of encounters that have none of their own. ``ner``, ``linker``: mean nothing to a model of
    this kind; it remarks on them. ``policy``: what the site leaves out. ``mmap``: map the arrays, so that processes
    share them. ``LeadtermError`` if the folder is not a sound corpus model of this protocol.
    """
    artifact, chosen = load_artifact(path, kind=KIND, mmap=mmap), Policy.read(policy) if policy else None
    said = f"--ner and --linker change nothing: the model '{Path(path).name}' was learned from a corpus."
    try:
        made = _unpacked(artifact, "", artifact.meta)
        return replace(made, date=date, remarks=(said,) if ner or linker else (), policy=chosen)
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise LeadtermError(f"model '{Path(path).name}' is not sound.", hint="Train it again.") from error


def _unpacked(artifact: Artifact, place: str, meta: Mapping[str, Any]) -> CorpusModel:
    """The inverse of :meth:`CorpusModel.packed`."""
    header = artifact.parts[f"{place}model"]
    check_finite(np.array(float(header["threshold"])), "threshold")
    require(isinstance(header["name"], str) and isinstance(header["systems"], list), "name")
    require(len(set(header["systems"])) == len(header["systems"]), "systems")
    systems = {name: _system(artifact, f"{place}s{number}") for number, name in enumerate(header["systems"])}
    earlier: Prior | None = None
    if isinstance(header["earlier"], dict):  # that of a ranker stands for the dictionary's model
        ranker = Ranker.from_parts(artifact.arrays, header["earlier"], f"{place}earlier")
        earlier = DictionaryModel("dictionary", ranker)
    elif header["earlier"]:
        earlier = _unpacked(artifact, f"{place}earlier.", {})
    return CorpusModel(
        systems, float(header["threshold"]), header["name"], header["titles"], meta, header["releases"], earlier,
        artifact.arrays[f"{place}seen"],
    )  # fmt: skip


def _system(artifact: Artifact, prefix: str) -> SystemModel:
    header = artifact.parts[prefix]
    require(isinstance(header["codes"], list), "codes")
    made = {name: _put_together(kind, artifact, f"{prefix}.{name}.", header[name]) for name, kind in PARTS.items()}
    base = BaseModel(
        tuple(header["codes"]), artifact.arrays[f"{prefix}.texts"], artifact.arrays[f"{prefix}.categories"],
        made["lexicon"], made["index"], made["linear"], made["axes"], made["company"], int(header["shortlist"]),
    )  # fmt: skip
    check_base(base)
    return SystemModel(base, Ranker.from_parts(artifact.arrays, header["ranker"], f"{prefix}.ranker"))


def _put_together(kind: Any, artifact: Artifact, prefix: str, rest: Mapping[str, Any]) -> Any:
    """The inverse of :func:`_taken_apart`; lists become tuples."""
    values = {
        f.name: artifact.arrays[prefix + f.name] if prefix + f.name in artifact.arrays else _frozen(rest[f.name])
        for f in fields(kind)
    }
    return kind(**values)


def _frozen(value: Any) -> Any:
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value
