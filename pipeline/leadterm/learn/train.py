"""Train a corpus model from coded notes: stages, resumption, manifest and model card."""

from __future__ import annotations

import hashlib
import json
import platform
import resource
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leadterm.errors import LeadtermError, unknown_name
from leadterm.learn.calibration import OperatingPoint, best_f1_threshold, precision_threshold
from leadterm.learn.cards import model_card
from leadterm.learn.recipe import Recipe
from leadterm.learn.stack import CorpusModel, FoldRows, SystemModel, examples_of, fit_system, out_of_fold
from leadterm.learn.tokens import Tokens, tokenise
from leadterm.learn.work import WorkFolder
from leadterm.schema import Encounter

__all__ = ["TrainResult", "train"]

Progress = Callable[[str], None]


@dataclass(frozen=True)
class TrainResult:
    """What a training run gave.

    Parameters
    ----------
    model : CorpusModel
        The model.
    path : Path
        Its folder.
    point : OperatingPoint
        Out-of-fold precision, recall and F1 at the model's threshold.
    target : OperatingPoint or None
        The same at the target precision, if one was given and can be reached.
    """

    model: CorpusModel
    path: Path
    point: OperatingPoint
    target: OperatingPoint | None = None


@dataclass
class _Clock:
    """Seconds spent in each stage."""

    seconds: dict[str, float] = field(default_factory=dict)

    def stage(self, name: str, since: float) -> float:
        now = time.perf_counter()
        self.seconds[name] = round(self.seconds.get(name, 0.0) + now - since, 2)
        return now


def train(
    corpus: str | Path | Sequence[Encounter],
    output: str | Path,
    recipe: Recipe | None = None,
    *,
    splits: Sequence[str] = ("train",),
    systems: Sequence[str] | None = None,
    target_precision: float | None = None,
    titles: Mapping[str, Mapping[str, str]] | None = None,
    progress: Progress | None = None,
) -> TrainResult:
    """Learn from coded notes and write a model.

    An interrupted run leaves no half-written model; started again with the same corpus and recipe
    it takes up the folds that were finished.

    Parameters
    ----------
    corpus : path or sequence of Encounter
        A corpus folder, or encounters with reference codes.
    output : str or Path
        Folder of the model.
    recipe : Recipe, optional
        Settings; the default is good for every corpus.
    splits : sequence of str
        Splits of the corpus folder to learn from.
    systems : sequence of str, optional
        Code systems to learn; all that the corpus holds if left out.
    target_precision : float, optional
        Also find the threshold that gives this precision out of fold.
    titles : mapping of str to mapping of str to str, optional
        Titles of codes by system, to be shown with suggestions.
    progress : callable, optional
        Told the name of each step.

    Returns
    -------
    TrainResult
        The model and its out-of-fold figures.

    Raises
    ------
    LeadtermError
        If the corpus has nothing to learn from, a system is not in it, or the output cannot be written.
    """
    use, tell, start = recipe or Recipe(), progress or (lambda _: None), time.perf_counter()
    clock = _Clock()
    tell("reading the corpus")
    encounters = _read(corpus, splits)
    wanted = _systems(encounters, systems)
    texts = [tokenise(e) for e in encounters]
    now = clock.stage("read", start)
    groups = [e.patient_id or e.encounter_id for e in encounters]
    digest = _digest(encounters)
    work = WorkFolder.beside(output, {"corpus": digest, "recipe": use.to_json(), "version": version("leadterm")})
    fitted: dict[str, SystemModel] = {}
    rows: dict[str, FoldRows] = {}
    for name in wanted:
        rows[name], fitted[name] = _one_system(name, encounters, texts, groups, use, tell, work)
        now = clock.stage(name, now)
    confidence, right, missed = _pooled(fitted, rows)
    point = best_f1_threshold(confidence, right, missed=missed)
    target = precision_threshold(confidence, right, target_precision, missed=missed) if target_precision else None
    clock.stage("threshold", now)
    meta = _manifest(encounters, digest, splits, wanted, use, clock.seconds, fitted, point)
    model = CorpusModel(fitted, point.threshold, Path(output).name, titles or {}, meta)
    tell("writing the model")
    path = model.save(output, documents={"README.md": model_card(model, point, target, target_precision)})
    work.remove()
    return TrainResult(model, path, point, target)


def _one_system(
    name: str,
    encounters: Sequence[Encounter],
    texts: Sequence[Tokens],
    groups: Sequence[str],
    recipe: Recipe,
    tell: Progress,
    work: WorkFolder,
) -> tuple[FoldRows, SystemModel]:
    """Out-of-fold rows, then ranker and parts, of one code system."""
    examples = examples_of(encounters, texts, name)
    found = out_of_fold(
        examples, groups, recipe,
        progress=lambda step: tell(f"{name}: {step}"),
        fold_cache=lambda k, compute: work.fold(name, k, compute),
    )  # fmt: skip
    tell(f"{name}: ranker")
    return found, fit_system(examples, groups, found, recipe)


def _read(corpus: str | Path | Sequence[Encounter], splits: Sequence[str]) -> list[Encounter]:
    """Encounters of a folder or as given; ids must differ."""
    if isinstance(corpus, str | Path):
        from leadterm.corpus.files import read_split

        encounters = [e for split in splits for e in read_split(corpus, split)]
    else:
        encounters = list(corpus)
    twice = [name for name, n in Counter(e.encounter_id for e in encounters).items() if n > 1]
    if twice:
        raise LeadtermError(
            f"{len(twice)} encounter ids come twice, for instance '{twice[0]}'.",
            hint="Each encounter is learned from once; run 'leadterm corpus check'.",
        )
    if not any(e.codes for e in encounters):
        raise LeadtermError(
            f"none of the {len(encounters)} encounters has reference codes; there is nothing to learn from."
        )
    return encounters


def _systems(encounters: Sequence[Encounter], wanted: Sequence[str] | None) -> list[str]:
    """Code systems to learn, checked against the corpus."""
    held = sorted({code.system for e in encounters for code in e.codes})
    for name in wanted or ():
        if name not in held:
            raise unknown_name("code system in this corpus", name, held)
    return sorted(set(wanted)) if wanted else held


def _digest(encounters: Sequence[Encounter]) -> str:
    """SHA-256 of texts and codes, in order."""
    from leadterm.corpus.format import encode

    whole = hashlib.sha256()
    for encounter in encounters:
        whole.update(json.dumps(encode(encounter), sort_keys=True).encode("utf-8"))
    return whole.hexdigest()


def _pooled(
    fitted: Mapping[str, SystemModel], rows: Mapping[str, FoldRows]
) -> tuple[NDArray[np.float64], NDArray[np.int8], int]:
    """Out-of-fold confidence and truth of all systems together."""
    oof = [np.asarray(fitted[name].ranker.oof) for name in fitted]
    right = [rows[name].target for name in fitted]
    return np.concatenate(oof), np.concatenate(right), sum(r.missed for r in rows.values())


def _manifest(
    encounters: Sequence[Encounter],
    digest: str,
    splits: Sequence[str],
    systems: Sequence[str],
    recipe: Recipe,
    seconds: Mapping[str, float],
    fitted: Mapping[str, SystemModel],
    point: OperatingPoint,
) -> dict[str, Any]:
    """What a reader needs to judge and repeat the run."""
    figures = {name: dict(system.ranker.report) for name, system in fitted.items()}
    return {
        "corpus": {"sha256": digest, "splits": list(splits), "encounters": len(encounters), "systems": list(systems)},
        "languages": sorted({e.language for e in encounters}),
        "recipe": recipe.to_json(),
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("leadterm", "numpy", "scipy", "scikit-learn")},
        },
        "seconds": dict(seconds),
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "out_of_fold": {"all": {"f1": point.f1, "precision": point.precision, "recall": point.recall}, **figures},
    }
