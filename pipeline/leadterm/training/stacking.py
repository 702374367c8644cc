"""The parts that read a text for one code system, and the ranker stacked on their features.

The ranker learns from out-of-fold features: the parts that describe a training encounter were fitted
without it, so no encounter is ever described by its own labels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from leadterm.errors import LeadtermError
from leadterm.learned.describe import SystemModel, describe, known_names
from leadterm.learned.parts import FEATURES, BaseModel, Example, fit_base
from leadterm.learned.tokens import Tokens
from leadterm.ranking.candidate_table import CandidateTable
from leadterm.ranking.ranker import Ranker
from leadterm.ranking.trees import group_folds
from leadterm.schema import Encounter, Mention
from leadterm.training.recipe import Recipe

__all__ = [
    "FoldFolder", "FoldRows", "examples_of", "fit_system", "fold_rows", "out_of_fold", "ranked",
]  # fmt: skip

_ENOUGH = 0.8
Progress = Callable[[str, float], None]


class FoldFolder(Protocol):
    """Keeps the rows of finished folds."""

    def read(self, number: int) -> FoldRows | None:
        """Give the rows of a fold, if it was finished."""

    def write(self, number: int, rows: FoldRows) -> None:
        """Keep the rows of a finished fold."""


@dataclass(frozen=True)
class FoldRows:
    """Out-of-fold candidates of training encounters.

    ``target``: 1 where the candidate is a reference code. ``base``: the parts that described them, where one held-out
    fold is enough: these parts are then the model's.
    """

    features: NDArray[np.float32]
    target: NDArray[np.int8]
    owner: NDArray[np.int64]
    missed: int
    base: BaseModel | None = None

    @classmethod
    def join(cls, parts: Sequence[FoldRows]) -> FoldRows:
        """Put the rows of folds end to end."""
        return cls(
            np.concatenate([p.features for p in parts]), np.concatenate([p.target for p in parts]),
            np.concatenate([p.owner for p in parts]), sum(p.missed for p in parts), parts[0].base,
        )  # fmt: skip


def examples_of(
    encounters: Sequence[Encounter],
    texts: Sequence[Tokens],
    system: str,
    known: Sequence[CandidateTable | None] | None = None,
) -> list[Example]:
    """Turn encounters into training examples for one code system.

    Evidence as word positions: the coders', or the dictionary's where the coders gave none. ``known``: what the
    dictionary found in each encounter that is ranked.

    >>> from leadterm.schema import EvidenceSpan, Note, ReferenceCode
    >>> gout = Mention.of(EvidenceSpan("n", 0, 4, "Gout"))
    >>> e = Encounter("e", (Note("n", "Gout."),), (ReferenceCode("s", "M10", "", (gout,)),))
    >>> from leadterm.learned.tokens import tokenise
    >>> examples_of([e], [tokenise(e)], "s")[0].evidence
    (('M10', (0,)),)
    """
    out = []
    tables: Sequence[CandidateTable | None] = known or [None] * len(texts)
    for encounter, tokens, table in zip(encounters, texts, tables, strict=True):
        given = [code for code in encounter.codes if code.system == system]
        found = dict(zip(table.codes, table.mentions, strict=True)) if table else {}
        evidence = [
            (code.code, positions)
            for code in given
            for positions in _positions(encounter, tokens, code.evidence or found.get(code.code, ()))
        ]
        out.append(Example(tokens, frozenset(code.code for code in given), tuple(evidence), table, system))
    return out


def _positions(encounter: Encounter, tokens: Tokens, evidence: Sequence[Mention]) -> Iterator[tuple[int, ...]]:
    """Word positions of each mention."""
    place = {note.note_id: i for i, note in enumerate(encounter.notes)}
    for mention in evidence:
        inside = np.zeros(len(tokens.words), dtype=bool)
        for span in mention.spans:
            here = tokens.note == place.get(span.note_id, -1)
            inside |= here & (tokens.start < span.end) & (tokens.end > span.start)
        if inside.any():
            yield tuple(np.flatnonzero(inside).tolist())


def out_of_fold(
    examples: Sequence[Example],
    groups: Sequence[str],
    recipe: Recipe,
    *,
    progress: Progress | None = None,
    folder: FoldFolder | None = None,
    jobs: int = 1,
) -> FoldRows:
    """Describe training examples by parts that were fitted without them and their groups.

    So many folds are held out as hold the encounters the recipe ranks: all of them in a small corpus, one in a very
    large one.

    ``groups``: patient or encounter of each; never divided. ``progress``: told the name of each step and the share of
    the work that is done.
    """
    from joblib import Parallel, delayed

    fold, n = _deal(groups, recipe)
    parts = {k: rows for k in range(n) if (rows := folder.read(k) if folder else None) is not None}
    todo = [k for k in range(n) if k not in parts]
    work = Parallel(n_jobs=min(jobs, max(1, len(todo))), return_as="generator")
    inner = jobs if n == 1 else 1
    rows_of = work(delayed(fold_rows)(examples, fold, k, recipe, keep=n == 1, jobs=inner) for k in todo)
    for k, rows in zip(todo, rows_of, strict=True):
        parts[k] = rows
        if folder:
            folder.write(k, rows)
        if progress:
            progress(f"fold {len(parts)} of {n}", len(parts) / n)
    return FoldRows.join([parts[k] for k in range(n)])


def ranked(groups: Sequence[str], recipe: Recipe) -> NDArray[np.bool_]:
    """Tell which training examples the ranker learns from: those of the folds that are held out.

    All True in a small corpus.

    >>> ranked(["a", "b", "c"], Recipe()).tolist()
    [True, True, True]
    """
    fold, n = _deal(groups, recipe)
    return np.asarray(fold < n)


def _deal(groups: Sequence[str], recipe: Recipe) -> tuple[NDArray[np.int64], int]:
    """Fold of each example, and how many of the folds, from the first, are held out in turn.

    All are, unless fewer hold about as many encounters as are to be ranked, of enough groups.
    """
    wanted = recipe.ranked_encounters
    fold = group_folds(groups, max(recipe.folds, len(groups) // wanted), recipe.seed)
    size = np.bincount(fold)
    n = 1 + int(np.searchsorted(np.cumsum(size), _ENOUGH * wanted))
    held = {group for group, k in zip(groups, fold.tolist(), strict=True) if k < n}
    few = len(groups) <= wanted or len(held) < recipe.ranker.folds or size[:n].sum() > 2 * wanted
    return fold, len(size) if few else n


def fold_rows(
    examples: Sequence[Example], fold: NDArray[np.int64], k: int, recipe: Recipe, *, keep: bool = False, jobs: int = 1
) -> FoldRows:
    """Describe the examples of one fold by parts fitted on the others.

    ``LeadtermError`` if the other folds hold no code.
    """
    base = fit_base([examples[i] for i in np.flatnonzero(fold != k)], recipe.base, recipe.seed, jobs=jobs)
    rows = _rows(base, examples, np.flatnonzero(fold == k), jobs)
    return replace(rows, base=base) if keep else rows


def fit_system(
    examples: Sequence[Example], groups: Sequence[str], rows: FoldRows, recipe: Recipe, *, jobs: int = 1
) -> SystemModel:
    """Fit the ranker on out-of-fold rows and the parts on all examples.

    ``LeadtermError`` if there is nothing to learn from.
    """
    names = (*FEATURES, *known_names([e.known for e in examples]))
    ranker = Ranker.fit(
        rows.features, rows.target, np.asarray(groups)[rows.owner], names,
        seed=recipe.seed, missed=rows.missed, settings=recipe.ranker, jobs=jobs,
    )  # fmt: skip
    return SystemModel(_whole(examples, groups, rows, recipe, jobs), ranker)


def _whole(examples: Sequence[Example], groups: Sequence[str], rows: FoldRows, recipe: Recipe, jobs: int) -> BaseModel:
    """The model's parts: of all examples, or those that described the only fold that was held out."""
    if rows.base is not None:
        return rows.base
    fold, n = _deal(groups, recipe)
    return fit_base([e for e, k in zip(examples, fold, strict=True) if n > 1 or k], recipe.base, recipe.seed, jobs=jobs)


def _rows(base: BaseModel, examples: Sequence[Example], held: NDArray[np.int64], jobs: int) -> FoldRows:
    """Candidates of held-out examples."""
    from joblib import Parallel, delayed

    if not base.codes:
        coded = sum(bool(example.codes) for example in examples)
        raise LeadtermError(
            f"{coded} of {len(examples)} encounters have codes of this system; two patients with codes are needed.",
            hint="Add coded encounters, or leave the system out with --system.",
        )
    width = len(FEATURES) + len(known_names([e.known for e in examples]))
    empty = FoldRows(np.zeros((0, width), np.float32), np.zeros(0, np.int8), np.zeros(0, np.int64), 0)
    parts, work = np.array_split(held, jobs), Parallel(n_jobs=jobs)
    found = work(delayed(_described)(base, [(i, examples[i]) for i in part.tolist()]) for part in parts)
    return FoldRows.join([empty, *(rows for some in found for rows in some)])


def _described(base: BaseModel, held: Sequence[tuple[int, Example]]) -> list[FoldRows]:
    """Candidates of some examples."""
    out = []
    for i, example in held:
        found = describe(base, example.tokens, example.known)
        right = np.array([name in example.codes for name in found.codes], dtype=np.int8)
        missed = len(example.codes) - int(right.sum())
        out.append(FoldRows(found.features, right, np.full(len(right), i), missed))
    return out
