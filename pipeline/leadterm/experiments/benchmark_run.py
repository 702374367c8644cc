"""Run a benchmark: import, train, let every system answer, score, test, check."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from leadterm.codes import levels
from leadterm.codes.systems import dictionary_system
from leadterm.corpus import read_split
from leadterm.evaluation import Qrels, Report, Run, choose_threshold, compare, evaluate
from leadterm.evaluation.comparison import Comparison
from leadterm.evaluation.protocol import Trainer, cross_validate
from leadterm.experiments.baselines import dictionary_lookup
from leadterm.experiments.benchmarks import Benchmark, Verdict, check_figures
from leadterm.experiments.trainers import answer_of, corpus_trainer, linear_trainer, phrase_trainer
from leadterm.schema import Encounter
from leadterm.text.words.languages import TRANSLATED
from leadterm.training.recipe import Recipe

__all__ = [
    "DEFAULT", "DICTIONARY", "LINEAR", "PHRASES", "TRAINED", "Outcome", "Settings", "figures_of", "run_benchmark",
]  # fmt: skip

TRAINED, DEFAULT, DICTIONARY, PHRASES, LINEAR = "trained", "default", "dictionary", "phrases", "linear"
POLICED = "policed"


def _silent(_step: str) -> None:
    """Say nothing."""


def _same(encounters: Iterable[Encounter]) -> Iterable[Encounter]:
    return encounters


@dataclass(frozen=True)
class Settings:
    """How a benchmark is run.

    `options`: Of the reader, beside those of the benchmark; `recipe`: Of the training; `baselines`: Whether plain
    systems are scored too; `n_bootstrap, seed`: Samples for the intervals; seed of everything random; `progress`: Told
    each step; `watch`: Passes encounters on while the shipped model is asked.

    >>> Settings().n_bootstrap
    1000
    """

    options: Mapping[str, str] = field(default_factory=dict)
    recipe: Recipe | None = None
    baselines: bool = True
    n_bootstrap: int = 1000
    seed: int = 0
    progress: Callable[[str], None] = _silent
    watch: Callable[[Iterable[Encounter]], Iterable[Encounter]] = _same


@dataclass(frozen=True)
class Outcome:
    """What a benchmark gave.

    `report`: Of the trained model; `runs`: Of all our systems; `rows`: Figures of our systems by name; `comparison`:
    Tests between our systems; `verdicts`: Against the expected figures; `manifests`: Of each training; `seconds`: The
    whole took.
    """

    benchmark: Benchmark
    encounters: list[Encounter]
    report: Report
    runs: Mapping[str, Run]
    rows: Mapping[str, Mapping[str, float]]
    comparison: Comparison | None
    verdicts: list[Verdict]
    manifests: list[Mapping[str, Any]]
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """Give everything but note text as a JSON object."""
        return {
            "schema_version": 1,
            "benchmark": asdict(self.benchmark),
            "report": self.report.to_json(),
            "rows": {name: dict(figures) for name, figures in self.rows.items()},
            "comparison": self.comparison.to_json() if self.comparison else None,
            "verdicts": [asdict(v) for v in self.verdicts],
            "manifests": list(self.manifests),
            "seconds": round(self.seconds, 1),
        }


def run_benchmark(chosen: Benchmark, data: str | Path, folder: str | Path, settings: Settings | None = None) -> Outcome:
    """Run a benchmark.

    ``folder``: where ``corpus`` and, without folds, ``model`` are made.

    ``LeadtermError`` if the data cannot be read or a split is missing.
    """
    from leadterm.models import load_prior
    from leadterm.readers import import_corpus

    use, start, corpus = settings or Settings(), time.perf_counter(), Path(folder) / "corpus"
    use.progress("reading the data")
    import_corpus(chosen.reader, data, corpus, watch=iter, say=use.progress, **{**chosen.options, **use.options})
    train = [e for split in chosen.fit for e in read_split(corpus, split)]
    test = train if chosen.folds else read_split(corpus, chosen.report)
    runs = _plain(chosen, train, test, use)
    limits: dict[str, Any] = {name: None if name in (DEFAULT, POLICED) else "cv" for name in runs}
    manifests: list[Mapping[str, Any]] = []
    trainer = corpus_trainer(
        use.recipe, systems=chosen.systems, name=TRAINED, output=None if chosen.folds else Path(folder) / "model",
        earlier=load_prior(chosen.earlier) if chosen.earlier else "auto",
        progress=lambda step: use.progress(f"training: {step}"), done=lambda r: manifests.append(r.model.meta),
    )  # fmt: skip
    runs[TRAINED], limits[TRAINED] = _trained(chosen, trainer, train, test, corpus, use)
    use.progress("scoring")
    reports = _reports(chosen, runs, limits, train, test, use)
    found = None
    if len(runs) > 1:
        found = compare(
            runs, Qrels.from_encounters(test), thresholds=limits, systems=chosen.systems, split=chosen.report,
            n_bootstrap=use.n_bootstrap, seed=use.seed,
        )  # fmt: skip
    rows = {name: figures_of(report) for name, report in reports.items()}
    verdicts = check_figures([e for e in chosen.expected if e.row in rows], rows)
    seconds = time.perf_counter() - start
    return Outcome(chosen, test, reports[TRAINED], runs, rows, found, verdicts, manifests, seconds)


def figures_of(report: Report) -> dict[str, float]:
    """Give the single figures of a report, those of evidence too, as ``evidence_RULE_f1`` and so on.

    >>> figures_of(evaluate({"e1": {"I10": 0.9}}, {"e1": ["I10"]}, n_bootstrap=0))["micro_f1"]
    1.0
    """
    rules = (report["evidence"] or {}).get("rules", {})
    more = {f"evidence_{rule}_{m}": scores[m] for rule, scores in rules.items() for m in ("precision", "recall", "f1")}
    return {**report.metrics(), **more}


def _trained(
    chosen: Benchmark,
    trainer: Trainer,
    train: Sequence[Encounter],
    test: Sequence[Encounter],
    corpus: Path,
    use: Settings,
) -> tuple[Run, Any]:
    """Train and answer, by folds or by splits; give the run and its threshold."""
    if chosen.folds:
        run = cross_validate(trainer, test, folds=chosen.folds, seed=use.seed, name=TRAINED, progress=use.progress)
        return run, "cv"
    answer = trainer(train)
    use.progress("suggesting")
    if chosen.choose in chosen.fit:
        return answer(test), None
    held = read_split(corpus, chosen.choose)
    limit = choose_threshold(answer(held), Qrels.from_encounters(held), chosen.choose, systems=chosen.systems)
    return answer(test), limit


def _plain(chosen: Benchmark, train: list[Encounter], test: list[Encounter], use: Settings) -> dict[str, Run]:
    """Let the baselines that fit the corpus, and the shipped model, answer."""
    runs: dict[str, Run] = {}

    def learned(trainer: Trainer, name: str) -> None:
        use.progress(f"baseline: {name}")
        folds = chosen.folds
        runs[name] = (
            cross_validate(trainer, test, folds=folds, seed=use.seed, name=name) if folds else trainer(train)(test)
        )

    if use.baselines:
        learned(linear_trainer(chosen.systems, name=LINEAR, seed=use.seed), LINEAR)
        if any(code.evidence for e in train for code in e.codes):
            learned(phrase_trainer(name=PHRASES), PHRASES)
        if dictionary_system() in chosen.systems and all(e.language in ("en", *TRANSLATED) for e in test):
            runs |= _shipped(test, chosen.policy, use)
    return runs


def _shipped(test: list[Encounter], policy: str, use: Settings) -> dict[str, Run]:
    """Let the dictionary answer in plain order, and ranked by the shipped model, also after the coders' policy."""
    from leadterm.dictionary.dictionary_model import load_dictionary
    from leadterm.paths import model_dir

    use.progress("the shipped model")
    shipped = load_dictionary(model_dir("default"))
    plain = Run.from_frame(dictionary_lookup(shipped, use.watch(test)), name=DICTIONARY)
    runs = {DICTIONARY: plain, DEFAULT: answer_of(shipped, DEFAULT, use.watch)(test)}
    if policy:
        policed = load_dictionary(model_dir("default"), policy=policy)
        runs[POLICED] = answer_of(policed, POLICED, use.watch)(test)
    return runs


def _reports(
    chosen: Benchmark,
    runs: Mapping[str, Run],
    limits: Mapping[str, Any],
    train: Sequence[Encounter],
    test: Sequence[Encounter],
    use: Settings,
) -> dict[str, Report]:
    """Score every run; the trained model with intervals."""
    seen = None if chosen.folds else Counter(code.code for e in train for code in e.codes)
    qrels = Qrels.from_encounters(test)
    return {
        name: evaluate(
            run, qrels, threshold=limits[name], systems=chosen.systems, split=chosen.report, seed=use.seed,
            n_bootstrap=use.n_bootstrap if name == TRAINED else 0, training=seen, hierarchy=levels,
        )
        for name, run in runs.items()
    }  # fmt: skip
