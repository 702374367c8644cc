"""Train a corpus model from coded notes: stages, resumption, manifest and model card."""

from __future__ import annotations

import hashlib
import json
import platform
import resource
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from leadterm.corpus.baseline import gather_baseline
from leadterm.errors import LeadtermError, unknown_name
from leadterm.learned.corpus_model import CorpusModel
from leadterm.learned.describe import SystemModel
from leadterm.learned.prior_model import Prior
from leadterm.learned.store import save_model
from leadterm.learned.titles import known_titles
from leadterm.learned.tokens import Tokens, tokenise
from leadterm.ranking.calibration import OperatingPoint, best_f1_threshold, precision_threshold
from leadterm.ranking.candidate_table import CandidateTable
from leadterm.schema import Encounter
from leadterm.storage.artifacts import check_output
from leadterm.training.checkpoint import WorkFolder
from leadterm.training.model_card import model_card
from leadterm.training.prior import fitting_prior
from leadterm.training.recipe import Recipe
from leadterm.training.stacking import FoldRows, examples_of, fit_system, out_of_fold, ranked

__all__ = ["TrainResult", "train"]

_MANY, _AT_ONCE = 5000, 500
Progress = Callable[[str, float], None]


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
    remarks : tuple of str
        What a reader of the corpus should know, such as codes in another spelling.
    """

    model: CorpusModel
    path: Path
    point: OperatingPoint
    target: OperatingPoint | None = None
    remarks: tuple[str, ...] = ()


@dataclass
class _Clock:
    """Seconds spent in each stage."""

    seconds: dict[str, float] = field(default_factory=dict)
    last: float = field(default_factory=time.perf_counter)

    def stage(self, name: str) -> None:
        now = time.perf_counter()
        self.seconds[name], self.last = round(now - self.last, 2), now


def train(
    corpus: str | Path | Sequence[Encounter],
    output: str | Path,
    recipe: Recipe | None = None,
    *,
    splits: Sequence[str] = ("train",),
    systems: Sequence[str] | None = None,
    target_precision: float | None = None,
    titles: Mapping[str, Mapping[str, str]] | None = None,
    earlier: Prior | Literal["auto"] | None = "auto",
    jobs: int = 1,
    progress: Progress | None = None,
) -> TrainResult:
    """Learn from coded notes and write a model.

    An interrupted run leaves no half-written model; started again it takes up the folds that were finished.

    - ``corpus``: a corpus folder, or encounters with codes. ``recipe``: settings; the default is good for every corpus.
    - ``systems``: code systems to learn; all that the corpus holds if left out.
    - ``target_precision``: also find the threshold that gives this precision out of fold.
    - ``titles``: titles of codes by system, to be shown with suggestions; found where they can be if left out.
    - ``earlier``: a model whose knowledge is kept: what it says of an encounter is learned from too. Encounters that
      a corpus model learned from before are left out. By default the shipped model where it fits.
    - ``jobs``: processes; the result does not depend on them. ``progress``: told each step and the share that is done.

    ``LeadtermError`` if the corpus has nothing to learn from, a system is not in it, or the output cannot be written.
    """
    _refuse_early(output, target_precision)
    use, tell, clock = recipe or Recipe(), progress or (lambda _step, _share: None), _Clock()
    tell("reading the corpus", 0.0)
    ground = _ground(corpus, splits, systems, earlier)
    work = WorkFolder.beside(output, _depends(ground.digest, use, ground.earlier))
    learner = _Learner(ground.encounters, use, ground.earlier, jobs, tell, work, clock)
    clock.stage("read")
    learned = learner.learn_all(ground.systems)
    fitted, point, target = _with_thresholds(learned, target_precision, clock)
    releases, said = known_titles(corpus if isinstance(corpus, str | Path) else None, fitted)
    meta = _manifest(ground, splits, use, clock.seconds, fitted, point)
    meta |= _bought(target_precision, target) | {"releases": releases}
    name, shown, seen = Path(output).name, titles or said, ground.digests
    model = CorpusModel(fitted, point.threshold, name, shown, meta, releases, ground.earlier, seen)
    tell("writing the model", 1.0)
    path = save_model(model, output, documents={"README.md": model_card(model, point, target, target_precision)})
    work.remove()
    return TrainResult(model, path, point, target, ground.remarks)


@dataclass(frozen=True)
class _Ground:
    """What there is to learn from: encounters new to the earlier model, and the code systems they hold."""

    encounters: list[Encounter]
    systems: list[str]
    earlier: Prior | None
    digest: str
    remarks: tuple[str, ...]

    @property
    def digests(self) -> NDArray[np.uint64]:
        return np.array(sorted(e.digest for e in self.encounters), dtype=np.uint64)


def _ground(
    corpus: str | Path | Sequence[Encounter], splits: Sequence[str], systems: Sequence[str] | None,
    earlier: Prior | str | None,
) -> _Ground:  # fmt: skip
    encounters = _read(corpus, splits)
    wanted = _systems(encounters, systems)
    prior, encounters, remarks = _beside_prior(encounters, wanted, earlier)
    wanted = _left(encounters, wanted)
    return _Ground(encounters, wanted, prior, _digest(encounters), (*remarks, *_remarks(encounters, wanted)))


def _refuse_early(output: str | Path, wanted: float | None) -> None:
    """Refuse an output or a target that cannot be meant before hours of training, not after."""
    check_output(output, documents=("README.md",))
    if wanted is None or 0 < wanted < 1:
        return
    meant = f"; did you mean {wanted / 100:g}?" if 1 < wanted < 100 else "."
    raise LeadtermError(f"the target precision {wanted:g} is not between 0 and 1{meant}", hint="Give a share: 0.95.")


def _bought(wanted: float | None, target: OperatingPoint | None) -> dict[str, Any]:
    """What the manifest keeps of a target precision: the threshold it buys, and how many cases that rests on."""
    if wanted is None:
        return {}
    return {"target": {"wanted": wanted, **(asdict(target) if target else {})}}


@dataclass
class _Learner:
    """Learns one code system after the other from the same encounters."""

    encounters: Sequence[Encounter]
    recipe: Recipe
    earlier: Prior | None
    jobs: int
    tell: Progress
    work: WorkFolder
    clock: _Clock

    @cached_property
    def texts(self) -> list[Tokens]:
        """Words of each encounter."""
        if self.jobs == 1 or len(self.encounters) < _MANY:
            return _tokenised(self.encounters)
        from joblib import Parallel, delayed

        parts = [self.encounters[i : i + _AT_ONCE] for i in range(0, len(self.encounters), _AT_ONCE)]
        found = Parallel(n_jobs=self.jobs)(delayed(_tokenised)(part) for part in parts)
        return [tokens for part in found for tokens in part]

    def learn_all(self, systems: Sequence[str]) -> dict[str, tuple[FoldRows, SystemModel]]:
        return {name: self.learn(name, i / len(systems), 1 / len(systems)) for i, name in enumerate(systems)}

    def learn(self, name: str, start: float, share: float) -> tuple[FoldRows, SystemModel]:
        """Out-of-fold rows, then ranker and parts, of one code system."""
        groups = [e.patient_id or e.encounter_id for e in self.encounters]
        self.tell(f"{name}: words", start)
        examples = examples_of(self.encounters, self.texts, name, self._known(name, groups, start))
        self.tell(f"{name}: folds", start)
        found = out_of_fold(
            examples, groups, self.recipe, folder=self.work.of(name), jobs=self.jobs,
            progress=lambda step, done: self.tell(f"{name}: {step}", start + 0.6 * share * done),
        )  # fmt: skip
        self.tell(f"{name}: ranker", start + 0.6 * share)
        system = fit_system(examples, groups, found, self.recipe, jobs=self.jobs)
        self.clock.stage(name)
        return found, system

    def _known(self, name: str, groups: Sequence[str], start: float) -> list[CandidateTable | None] | None:
        """What the earlier model says of each encounter that the ranker learns from."""
        if self.earlier is None or name not in self.earlier.prior_systems:
            return None
        self.tell(f"{name}: asking the earlier model", start)
        counts = Counter(code.code for encounter in self.encounters for code in encounter.codes if code.system == name)
        codes = frozenset(code for code, n in counts.items() if n > 1)  # none is shaped by an encounter's own code
        asked = zip(self.encounters, ranked(groups, self.recipe), strict=True)
        return [self.earlier.prior_table(e, name, codes) if wanted else None for e, wanted in asked]


def _tokenised(encounters: Sequence[Encounter]) -> list[Tokens]:
    return [tokenise(encounter) for encounter in encounters]


def _beside_prior(
    encounters: list[Encounter], wanted: Sequence[str], earlier: Prior | str | None
) -> tuple[Prior | None, list[Encounter], list[str]]:
    """Choose the earlier model, leave out what it has learned from, and say what was left aside."""
    if isinstance(earlier, str):
        earlier = fitting_prior(encounters, wanted)
    elif earlier is not None and not earlier.prior_systems & set(wanted):
        return None, encounters, [f"model '{earlier.name}' knows nothing of {', '.join(wanted)}; it was left aside."]
    fresh = _fresh(encounters, earlier)
    if earlier is None or len(fresh) == len(encounters):
        return earlier, fresh, []
    left = f"{len(encounters) - len(fresh)} of {len(encounters)} encounters were left out"
    return earlier, fresh, [f"{left}: model '{earlier.name}' has learned from them."]


def _fresh(encounters: list[Encounter], earlier: Prior | None) -> list[Encounter]:
    """Encounters the earlier model did not learn from."""
    if earlier is None:
        return encounters
    kept = [encounter for encounter in encounters if not earlier.has_seen(encounter)]
    if not kept:
        raise LeadtermError(
            f"model '{earlier.name}' has already learned from all {len(encounters)} encounters.",
            hint="Continue with encounters that are new to it.",
        )
    return kept


def _left(encounters: Sequence[Encounter], systems: list[str]) -> list[str]:
    """Code systems that the encounters still hold once those the earlier model knows are left out."""
    held = {code.system for encounter in encounters for code in encounter.codes}
    left = [name for name in systems if name in held]
    if not left:
        raise LeadtermError(
            f"the {len(encounters)} encounters new to the earlier model have no codes of {', '.join(systems)}.",
            hint="Continue with coded encounters that are new to it, or train without it (--from none).",
        )
    return left


def _depends(digest: str, recipe: Recipe, earlier: Prior | None) -> dict[str, Any]:
    """What the folds depend on."""
    before = "" if earlier is None else json.dumps([earlier.name, *earlier.fingerprint], sort_keys=True)
    return {"corpus": digest, "recipe": recipe.to_json(), "version": version("leadterm"), "earlier": before}


def _read(corpus: str | Path | Sequence[Encounter], splits: Sequence[str]) -> list[Encounter]:
    """Encounters of a folder or as given; ids must differ."""
    if isinstance(corpus, str | Path):
        from leadterm.corpus.card import read_card
        from leadterm.corpus.splits import read_split

        read_card(corpus)  # what is wrong with it is better said now than after the training
        encounters = [e for split in splits for e in read_split(corpus, split)]
    else:
        encounters = list(corpus)
    twice = [name for name, n in Counter(e.encounter_id for e in encounters).items() if n > 1]
    if twice:
        raise LeadtermError(
            f"encounter ids come twice ({len(twice)}), for instance '{twice[0]}'.",
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


def _remarks(encounters: Sequence[Encounter], systems: Sequence[str]) -> Iterator[str]:
    """What was learned as it stands though it may not be meant so."""
    from leadterm.corpus.code_spelling import canonical

    given = Counter((code.system, code.code) for e in encounters for code in e.codes if code.system in systems)
    odd = sorted((system, code) for system, code in given if canonical(system, code) != code)
    if odd:
        (system, code), n = odd[0], sum(given[pair] for pair in odd)
        yield (
            f"{n} of {given.total()} codes are not written as their system writes them ('{code}' for "
            f"'{canonical(system, code)}'); they were learned as they stand. 'leadterm corpus check --fix' mends them."
        )
    if bare := sum(not any(code.system in systems for code in e.codes) for e in encounters):
        yield f"{bare} of {len(encounters)} encounters have no code of {', '.join(systems)}."


def _digest(encounters: Sequence[Encounter]) -> str:
    """SHA-256 of texts and codes, in order."""
    from leadterm.corpus.format import encode

    whole = hashlib.sha256()
    for encounter in encounters:
        whole.update(json.dumps(encode(encounter), sort_keys=True).encode("utf-8"))
    return whole.hexdigest()


def _with_thresholds(
    learned: Mapping[str, tuple[FoldRows, SystemModel]], wanted: float | None, clock: _Clock
) -> tuple[dict[str, SystemModel], OperatingPoint, OperatingPoint | None]:
    """The models of the systems, the best threshold out of fold over all of them, and that of a wanted precision."""
    confidence = np.concatenate([np.asarray(system.ranker.oof) for _, system in learned.values()])
    right = np.concatenate([rows.target for rows, _ in learned.values()])
    missed = sum(rows.missed for rows, _ in learned.values())
    point = best_f1_threshold(confidence, right, missed=missed)
    target = precision_threshold(confidence, right, wanted, missed=missed) if wanted else None
    clock.stage("threshold")
    return {name: system for name, (_, system) in learned.items()}, point, target


def _manifest(
    ground: _Ground, splits: Sequence[str], recipe: Recipe, seconds: Mapping[str, float],
    fitted: Mapping[str, SystemModel], point: OperatingPoint,
) -> dict[str, Any]:  # fmt: skip
    """What a reader needs to judge and repeat the run."""
    figures = {name: dict(system.ranker.report) for name, system in fitted.items()}
    held = {"encounters": len(ground.encounters), "systems": list(ground.systems)}
    return {
        "corpus": {"sha256": ground.digest, "splits": list(splits), **held},
        "languages": sorted({e.language for e in ground.encounters}),
        "baseline": gather_baseline("", ground.encounters).to_json(),
        "recipe": recipe.to_json(),
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("leadterm", "numpy", "scipy", "scikit-learn")},
        },
        "seconds": dict(seconds),
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "out_of_fold": {"all": {"f1": point.f1, "precision": point.precision, "recall": point.recall}, **figures},
    }
