"""Check what was read of a corpus model, before a number in it is followed."""

from __future__ import annotations

from leadterm.learned.linear import LinearModel
from leadterm.learned.parts import BaseModel
from leadterm.learned.pcs_axes import Axes
from leadterm.learned.phrases import Lexicon
from leadterm.learned.similar_phrases import PhraseIndex
from leadterm.storage.soundness import (
    check_finite,
    check_lengths,
    check_numbers,
    check_pointers,
    check_sparse,
    require,
)  # fmt: skip

__all__ = ["check_base"]

LINKS = {"operation", "part", "title"}


def check_base(base: BaseModel) -> None:
    """Check every part against the number of codes and against each other; raises ValueError."""
    n = len(base.codes)
    require(all(isinstance(code, str) for code in base.codes) and len(set(base.codes)) == n, "codes")
    require(base.shortlist >= 1, "shortlist")
    check_lengths(n, texts=base.texts, categories=base.categories)
    check_numbers(base.texts, 2**62, "texts")
    check_numbers(base.categories, n, "categories")  # those of codes that were never seen have no output
    check_numbers(base.categories[: base.seen], len(base.linear.offset) - base.seen, "categories of outputs")
    _check_lexicon(base.lexicon, n)
    _check_index(base.index, len(base.lexicon.phrases))
    _check_linear(base.linear)
    _check_axes(base.axes, n)
    check_sparse(base.company.data, base.company.indices, base.company.indptr, (n, n), "company")


def _check_lexicon(part: Lexicon, codes: int) -> None:
    n, pairs = len(part.phrases), len(part.code)
    check_lengths(n, idf=part.idf, texts=part.texts, evidence=part.evidence, anchor=part.anchor)
    check_lengths(pairs, here=part.here, text=part.text, own=part.own)
    check_pointers(part.start, n, pairs, "lexicon.start")
    check_numbers(part.code, codes, "lexicon.code")
    for array in (part.idf, part.texts, part.evidence, part.here, part.text, part.own):
        check_finite(array, "lexicon")


def _check_index(part: PhraseIndex, phrases: int) -> None:
    check_lengths(len(part.words), counts=part.counts)
    check_numbers(part.counts, 2**62, "index.counts")
    check_sparse(part.data, part.indices, part.indptr, (phrases, len(part.parts)), "index")
    require(isinstance(part.n_texts, int) and part.n_texts >= 0, "index.n_texts")


def _check_linear(part: LinearModel) -> None:
    landmarks, terms, outputs = len(part.indptr) - 1, len(part.terms), len(part.offset)
    check_lengths(terms, idf=part.idf)
    for array in (part.idf, part.offset, part.weights):
        check_finite(array, "linear")
    check_sparse(part.data, part.indices, part.indptr, (landmarks, terms), "linear")
    check_pointers(part.code_indptr, landmarks, len(part.code_indices), "linear.code_indptr")
    check_numbers(part.code_indices, outputs, "linear.code_indices")
    require(isinstance(part.neighbours, int) and part.neighbours >= 0, "linear.neighbours")
    if len(part.weights):
        require(part.weights.shape == (landmarks, outputs), "linear.weights")
    else:
        check_sparse(part.coef_data, part.coef_indices, part.coef_indptr, (terms, outputs), "linear.coefficients")


def _check_axes(part: Axes, codes: int) -> None:
    links = len(part.kinds)
    check_lengths(links, keys=part.keys, values=part.values)
    check_lengths(len(part.stems), texts=part.texts, tables=part.tables)
    check_lengths(len(part.code), share=part.share)
    check_pointers(part.start, len(part.units), links, "axes.start")
    check_pointers(part.rest, len(part.stems), len(part.code), "axes.rest")
    check_numbers(part.code, codes, "axes.code")
    require(set(part.kinds) <= LINKS, "axes.kinds")
    for array in (part.values, part.share, part.texts, part.tables):
        check_finite(array, "axes")
