"""``evaluate``: every metric of a run against reference codes, in one ``Report``."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from leadterm.errors import unknown_name
from leadterm.evaluation.metrics.breakdown import breakdowns
from leadterm.evaluation.metrics.breakdown_intervals import group_intervals
from leadterm.evaluation.metrics.by_code import areas, label_counts, macro_metrics, precision_recall_curve
from leadterm.evaluation.metrics.evidence_spans import evidence_scores
from leadterm.evaluation.metrics.hierarchy import FirstCharacters, Hierarchy, hierarchical, related
from leadterm.evaluation.metrics.mistakes import mistakes, volume
from leadterm.evaluation.metrics.ratios import CUTOFFS, Ratios, all_ratios
from leadterm.evaluation.metrics.reliability import TARGETS, calibration, coverage_at_precision
from leadterm.evaluation.metrics.resample import bootstrap, intervals
from leadterm.evaluation.metrics.thresholds import ChosenThreshold, set_threshold
from leadterm.evaluation.tables.align import Aligned, align
from leadterm.evaluation.tables.qrels import Qrels
from leadterm.evaluation.tables.run import Run
from leadterm.evaluation.warnings import warnings_of
from leadterm.schema import Encounter

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SCHEMA_VERSION", "AnyQrels", "AnyRun", "Report", "as_qrels", "as_run", "evaluate", "the_only"]

SCHEMA_VERSION = 1
AnyRun = Any
AnyQrels = Any


@dataclass(frozen=True, eq=False)
class Report:
    """All figures of one run.

    Parameters
    ----------
    name : str
        Name of the run.
    values : mapping of str to object
        What `to_json` gives: metrics, ``ci``, breakdowns, counts; see ``report.schema.json``.
    table : Aligned
        The rows behind the figures.
    ratios : Ratios
        Metrics by encounter.

    Examples
    --------
    >>> report = evaluate({"e1": {"I10": 0.9, "E11.9": 0.2}}, {"e1": ["I10"]}, threshold=0.5, n_bootstrap=0)
    >>> report["micro_f1"], report["map"], report["n_encounters"]
    (1.0, 1.0, 1)
    """

    name: str
    values: Mapping[str, Any]
    table: Aligned = field(repr=False)
    ratios: Ratios = field(repr=False)

    def __getitem__(self, key: str) -> Any:
        """Give one figure by its name in the JSON."""
        if key not in self.values:
            raise unknown_name("figure", key, self.values)
        return self.values[key]

    def to_json(self) -> dict[str, Any]:
        """Give the report as a JSON object; it holds codes and encounter ids, never note text."""
        return dict(self.values)

    def dumps(self) -> str:
        """Give the report as JSON text, the same bytes for the same input."""
        return json.dumps(self.values, indent=1, ensure_ascii=False, allow_nan=False) + "\n"

    def metrics(self) -> dict[str, float]:
        """Give the single figures that lie between 0 and 1, by name."""
        names = [*self.ratios.names, *_LABEL_METRICS]
        return {name: float(self.values[name]) for name in names if name in self.values}

    def to_frame(self) -> pd.DataFrame:
        """Give the single figures as a frame with columns ``metric, value, low, high``."""
        import pandas as pd

        ci = self.values["ci"]
        rows = [(name, value, *ci.get(name, (None, None))) for name, value in self.metrics().items()]
        return pd.DataFrame(rows, columns=["metric", "value", "low", "high"])


_LABEL_METRICS = (
    "macro_precision", "macro_recall", "macro_f1", "macro_f1_harmonic", "micro_auc", "macro_auc",
    "micro_average_precision", "macro_average_precision",
)  # fmt: skip


def as_run(run: AnyRun, *, system: str | None = None) -> Run:
    """Take a run in any form.

    `system`: The code system of a mapping, or of a table without such a column.

    >>> as_run({"e1": ["I10"]}).name
    'run'
    """
    if isinstance(run, Run):
        return run
    if isinstance(run, str | Path):
        return Run.from_file(run, system=system)
    if isinstance(run, Mapping):
        return Run.from_mapping(run, system=system or "codes")
    if hasattr(run, "columns"):
        return Run.from_frame(run, system=system)
    return Run.from_suggestions(run)


def as_qrels(qrels: AnyQrels, *, system: str | None = None) -> Qrels:
    """Take reference codes in any form.

    `system`: The code system of a mapping, or of a frame without such a column.

    >>> as_qrels({"e1": ["I10"]}).encounters
    ('e1',)
    """
    if isinstance(qrels, Qrels):
        return qrels
    if isinstance(qrels, Mapping):
        return Qrels.from_mapping(qrels, system=system or "codes")
    if hasattr(qrels, "columns"):
        return Qrels.from_frame(qrels, system=system)
    encounters: Iterable[Encounter] = qrels
    return Qrels.from_encounters(encounters)


def the_only(systems: Collection[str] | None) -> str | None:
    """Give the one code system that is named: that of tables without such a column.

    Gives none where several or none are named.

    >>> the_only(["icd10cm"]), the_only(["icd10cm", "icd10pcs"]), the_only(None)
    ('icd10cm', None, None)
    """
    return next(iter(systems)) if systems and len(systems) == 1 else None


def evaluate(
    run: AnyRun,
    qrels: AnyQrels,
    *,
    threshold: float | ChosenThreshold | str | None = None,
    systems: Collection[str] | None = None,
    split: str | None = None,
    ks: Iterable[int] = CUTOFFS,
    n_bootstrap: int = 1000,
    seed: int = 0,
    training: Qrels | Mapping[str, int] | None = None,
    uncoded: str = "drop",
    tolerance: int = 10,
    targets: Iterable[float] = TARGETS,
    hierarchy: Hierarchy | None = None,
    remarks: Iterable[str] = (),
) -> Report:
    """Score a run against reference codes; ``report.schema.json`` defines each figure.

    - ``threshold``: lowest score that counts as chosen; ``"cv"`` chooses it for each fold of patients on the others;
      None takes the run's own; a run without one has every row chosen.
    - ``systems``: code systems to score; by default all. ``split``: its name; a threshold chosen on it is refused.
    - ``ks``: cutoffs beside the usual ones; ``targets``: precision targets for coverage.
    - ``n_bootstrap``: bootstrap samples for the 95 % intervals, drawn by patient where known; 0 for none.
    - ``training``: what the system learned from, for seen, few-shot and unseen codes.
    - ``uncoded``: whether encounters without reference codes are left out. ``tolerance``: characters, for evidence.
    - ``hierarchy``: knows categories and chapters, as ``leadterm.codes.levels`` does; else three characters stand in.
    - ``remarks``: what a reader must know beside what is found here; they head the warnings.

    ``LeadtermError`` if there is nothing to score, a name is unknown or the threshold was chosen on what is scored.

    >>> report = evaluate({"e1": ["I10", "J45.909"]}, {"e1": ["i10"], "e2": ["E119"]}, n_bootstrap=0)
    >>> report["micro_precision"], report["micro_recall"], report["warnings"][0]
    (0.5, 0.5, '1 encounter was not answered by the run: scored as empty answers.')
    """
    known = as_run(run, system=the_only(systems))
    table = align(known, as_qrels(qrels, system=the_only(systems)), systems=systems, uncoded=uncoded)
    table, limit, source = set_threshold(table, known, threshold, split, seed)
    ratios, aims = all_ratios(table, ks), tuple(targets) if known.has_scores else ()
    values = {
        **_head(table, known, split, limit, source, seed, n_bootstrap),
        **_figures(table, ratios, training, hierarchy or FirstCharacters(), tolerance, aims, n_bootstrap, seed),
        "warnings": [*remarks, *warnings_of(table, known, uncoded)],
    }
    return Report(known.name, _finite(values), table, ratios)


def _figures(
    table: Aligned, ratios: Ratios, training: Qrels | Mapping[str, int] | None, levels: Hierarchy,
    tolerance: int, aims: tuple[float, ...], n_bootstrap: int, seed: int,
) -> dict[str, Any]:  # fmt: skip
    """Everything that is counted, in the order of the report."""
    samples = bootstrap(table, ratios, n_bootstrap, seed) if n_bootstrap else {}
    single = {**ratios.values(), **macro_metrics(label_counts(table)), **areas(table)}
    return {
        **single,
        "ci": intervals(samples, single),
        **breakdowns(table, ratios, training, levels),
        "ci_by_group": group_intervals(table, training, n_bootstrap, seed, levels),
        "hierarchy": hierarchical(table, levels),
        "evidence": evidence_scores(table, tolerance),
        "calibration": calibration(table),
        "coverage": coverage_at_precision(table, aims, n_samples=n_bootstrap, seed=seed),
        "volume": volume(table),
        "wrong_suggestions": related(table, levels),
        "precision_recall": precision_recall_curve(table),
        "mistakes": mistakes(table, levels),
        "counts": dict(table.counts),
    }


def _head(
    table: Aligned, run: Run, split: str | None, limit: float | None, source: str, seed: int, n_bootstrap: int
) -> dict[str, Any]:
    from leadterm import __version__

    return {
        "schema_version": SCHEMA_VERSION,
        "leadterm_version": __version__,
        "run": run.name,
        "split": split,
        "systems": sorted({table.labels[c].system for c in np.unique(table.gold_col)}),
        "n_encounters": table.n,
        "n_patients": int(table.group.max()) + 1,
        "n_codes": len(np.unique(table.gold_col)),
        "n_reference_codes": len(table.gold_col),
        "n_suggestions": len(table.row),
        "n_chosen": int(table.chosen.sum()),
        "threshold": limit,
        "threshold_source": source,
        "n_bootstrap": n_bootstrap,
        "seed": seed,
    }


def _finite(value: Any) -> Any:
    """Replace numbers that JSON cannot hold by None, and numpy's by Python's."""
    if isinstance(value, Mapping):
        return {key: _finite(v) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(v) for v in value]
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else None
    return int(value) if isinstance(value, np.integer) else value
