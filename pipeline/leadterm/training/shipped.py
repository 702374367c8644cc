"""Fits the ranker of dictionary candidates: the shipped model is made by ``make train``.

Notes of several sources teach it: the reference corpus, the same notes in other layouts, generated notes, and coded
MTSamples notes where the caller has their text.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leadterm import __version__
from leadterm.corpus.baseline import gather_baseline
from leadterm.dictionary.dictionary_model import DictionaryModel
from leadterm.dictionary.features import FEATURES, LEARNED, Feature
from leadterm.dictionary.short_notes import tempered
from leadterm.ranking.calibration import fit_calibration
from leadterm.ranking.ranker import Ranker, RankerSettings
from leadterm.ranking.report_rates import ReportRates, learn_rates
from leadterm.ranking.trees import export, group_folds, grow
from leadterm.ranking.word_weights import WordWeights, learn_words
from leadterm.storage.artifacts import Artifact, save_artifact
from leadterm.training.field_report import answer, choose_line, figures
from leadterm.training.held_out import held_out, leave_out, score
from leadterm.training.learn_first import fit_first, replay
from leadterm.training.shipped_card import write_card
from leadterm.training.shipped_rows import Rows, Source, gather, sources

__all__ = ["fit_ranker"]

RAISES = (
    Feature.IN_HEADING, Feature.IN_ASSESSMENT, Feature.IN_DIAGNOSIS, Feature.PRESENT, Feature.DETAIL_SCORE,
    Feature.BEST_COVERAGE,
)  # fmt: skip
LOWERS = (
    Feature.TERM_MISSING, Feature.GAP, Feature.ABSENT, Feature.SUBSUMED, Feature.INTEGRAL, Feature.REPLACED,
    Feature.DETAIL_UNSAID,
)  # fmt: skip
SETTINGS = RankerSettings(
    iterations=280, learning_rate=0.05, max_leaf_nodes=20, min_samples_leaf=30, folds=5, screening=0
)  # fmt: skip
BLIND = replace(SETTINGS, iterations=60, learning_rate=0.15)
"""Trees that know no code: what they expect is what the rates are measured against."""
SHARES = {"reference": 0.25, "generated": 0.15, "mtsamples": 0.6}
"""What the sources count for where the line is drawn."""
SIGNS = {**dict.fromkeys(map(str, RAISES), 1), **dict.fromkeys(map(str, LOWERS), -1)}


def fit_ranker(rows: Rows, *, seed: int = 0) -> Ranker:
    """Fit the ranker.

    Calibrated, with rates and a line chosen out of fold; its ``oof`` holds the out-of-fold confidence of all rows.
    Folds are by note: rates and trees that score a row have not seen its note in any layout. Optional codes are left
    out of everything but the scores. ``seed``: of folds and trees.
    """
    used = ~rows.optional
    fold = group_folds(rows.group, SETTINGS.folds, seed)
    features, rates, words = _with_learned(rows, _expected(rows, fold, seed), fold)
    grown, scores = _cross_fit(features, rows, fold, seed)
    told = used & ~rows.of("layouts")
    calibration = fit_calibration(scores[told], rows.target[told], fold[told])
    oof = calibration(scores)
    raw = [answer(one, t.codes, oof[at]) for one, t, at in zip(rows.encounters, rows.tables, rows.slices, strict=True)]
    line = choose_line(rows.by_source(raw), SHARES)
    oof = tempered(oof, features[:, FEATURES.index(Feature.NOTE_WORDS)], line)
    trees = export(grown)
    ranker = Ranker(FEATURES, *trees, calibration, line, {"ece": calibration.ece}, oof=oof, rates=rates, words=words)
    first, leads = fit_first(features, rows, oof, line, fold, seed)
    ranker = replace(ranker, first=first)
    answers = replay(DictionaryModel("default", ranker), rows, oof, leads)
    report = dict(ranker.report)
    for name, own in rows.by_source(answers).items():
        report |= {f"{name}.{figure}": value for figure, value in figures(own, line).items()}
    return replace(ranker, report=report)


def _cross_fit(
    features: NDArray[np.float32], rows: Rows, fold: NDArray[np.int64], seed: int
) -> tuple[Any, NDArray[np.float64]]:
    """Trees of all rows, and scores of each row by trees that have not seen its note."""
    signs = [SIGNS.get(name, 0) for name in FEATURES]
    used, scores = ~rows.optional, np.zeros(len(fold))

    def learn(which: NDArray[np.bool_]) -> Any:
        return grow(features[which], rows.target[which].astype(np.int8), rows.weight[which], signs, SETTINGS, seed)

    for k in np.unique(fold):
        scores[fold == k] = learn(used & (fold != k)).decision_function(features[fold == k])
    return learn(used), scores


def _expected(rows: Rows, fold: NDArray[np.int64], seed: int) -> NDArray[np.float64]:
    """Out-of-fold probability of each row by trees that know no code."""
    used, made = ~rows.optional, np.zeros(len(rows.target))
    signs = [0] * (len(FEATURES) - len(LEARNED))
    plain = rows.features[:, : -len(LEARNED)]
    for k in np.unique(fold):
        learn = used & (fold != k)
        trees = grow(plain[learn], rows.target[learn].astype(np.int8), rows.weight[learn], signs, BLIND, seed)
        made[fold == k] = 1 / (1 + np.exp(-trees.decision_function(plain[fold == k])))
    return made


def _with_learned(
    rows: Rows, expected: NDArray[np.float64], fold: NDArray[np.int64]
) -> tuple[NDArray[np.float32], ReportRates, WordWeights]:
    """Fill the learned columns, each row from other folds; and give what is learned of all notes that people coded."""
    features, kinds, codes = rows.features.copy(), np.array(rows.row_kinds), np.array(rows.codes)
    coded = ~rows.of("generated", "layouts") & ~rows.optional
    leads = rows.leads
    known = np.array([bool(found) for found in leads])[rows.number]
    first = np.array([code in leads[i] for code, i in zip(rows.codes, rows.number.tolist(), strict=True)])

    def learn(which: NDArray[np.bool_]) -> tuple[ReportRates, WordWeights]:
        at = np.flatnonzero(which)
        told, answers = [rows.words[i] for i in at], ((which[at], rows.target[at]), (known[at], first[at]))
        rates = learn_rates(codes[which].tolist(), rows.target[which], expected[which], kinds[which].tolist())
        return rates, learn_words(told, rows.number[at].tolist(), answers)

    for k in np.unique(fold):
        rates, words = learn(coded & (fold != k))
        for kind in np.unique(kinds):
            at = np.flatnonzero((fold == k) & (kinds == kind))
            around = words.columns([rows.words[i] for i in at])
            features[at, -len(LEARNED) :] = np.hstack([around, rates.columns(codes[at].tolist(), str(kind))])
    return features, *learn(coded)


def save(output: Path, ranker: Ranker, given: Sequence[Source], model: DictionaryModel) -> None:
    """Write the model folder, with its card."""
    seen = {encounter.digest for source in given for encounter in source.encounters}
    ranker = replace(ranker, seen=np.array(sorted(seen), dtype=np.uint64))
    counts = {source.name: len(source.encounters) for source in given}
    written = (one for source in given if source.name in ("reference", "mtsamples") for one in source.encounters)
    meta = {"sources": counts, "releases": dict(model.releases), "leadterm": __version__,
            "baseline": gather_baseline("", written).to_json()}  # fmt: skip
    artifact = Artifact("ranker", meta, ranker.arrays(), {"ranker": ranker.header()})
    card = write_card(meta, ranker.report, ranker.threshold, len(FEATURES))
    save_artifact(output, artifact, documents={"README.md": card})


def main(arguments: Sequence[str]) -> int:
    """Fit and save, or only report: see ``--help``."""
    parser = argparse.ArgumentParser(prog="python -m leadterm.training.shipped", description=__doc__)
    parser.add_argument("corpus", type=Path, help="the reference corpus")
    parser.add_argument("output", type=Path, nargs="?", help="model folder; without it figures are printed only")
    parser.add_argument("--limit", type=int, help="learn from so many MTSamples notes only")
    parser.add_argument("--notes", type=Path, help="MTSamples notes, JSON lines of id and text")
    parser.add_argument("--held-out", type=Path, help="codes of notes that teach nothing, but are scored")
    given = parser.parse_args(arguments)
    if given.held_out and not given.notes:
        parser.error("--held-out needs --notes")
    empty = Ranker((), {}, 0.0, 0, None, 0.5)  # type: ignore[arg-type]
    name = given.output.name if given.output else "default"
    model = DictionaryModel(name, empty)
    held = held_out(given.notes, given.held_out) if given.held_out else ()
    taught = leave_out(sources(model, given.corpus, given.notes, limit=given.limit), held)
    ranker = fit_ranker(gather(model, taught))
    unseen = {f"held_out.{figure}": value for figure, value in score(DictionaryModel(name, ranker), held).items()}
    for name, value in {"line": ranker.threshold, **ranker.report, **unseen}.items():
        print(f"{name}\t{value:.3f}")
    if given.output:
        save(given.output, ranker, taught, model)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
