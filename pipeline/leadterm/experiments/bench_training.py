"""Time and memory of training: ``python -m leadterm.experiments.bench_training`` (``make bench-train``).

Two tables. The first trains on made-up corpora of growing size, each in a process of its own. The
second fits the linear model of large corpora on a problem of many labels beside scikit-learn's
one-vs-rest LinearSVC and napkinXC, all in this run.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leadterm.errors import LeadtermError
from leadterm.experiments.made_up import Shape, made_up_encounters, made_up_matrix

__all__ = ["Contender", "Size", "contend", "main", "measure", "precision_at"]

CUTOFFS = (1, 5, 8)
TESTED = 2000
_WAIT = 0.5
Scored = tuple[NDArray[np.float32], float, float]
_STAGES = {"fold": "folds", "ranker": "ranker and parts"}


@dataclass(frozen=True)
class Size:
    """What one training took.

    `seconds`: Wall time of the training, without making the notes; `processor`: Processor time, of all processes;
    `stages`: Wall time by stage; `memory_mb`: Peak memory of the main process, notes included; `together_mb`: Peak
    memory of all its processes together, looked at twice a second; 0 where that cannot be seen; `f1`: Micro-F1 out of
    fold: whether it learned something.
    """

    notes: int
    seconds: float
    processor: float
    stages: dict[str, float]
    memory_mb: int
    together_mb: int
    f1: float


@dataclass(frozen=True)
class Contender:
    """What one learner of many labels did.

    `labels`: Labels it was trained on; `among`: Labels that were ranked and counted; `seconds, processor`: Of training:
    wall time, and processor time of all threads; `precision`: At 1, 5 and 8.
    """

    name: str
    labels: int
    among: int
    seconds: float
    processor: float
    precision: tuple[float, ...]


def _spent() -> float:
    """Processor time of this process and of finished ones it started."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


def measure(shape: Shape, jobs: int = 1) -> Size:
    """Train on a made-up corpus in this process.

    >>> measure(Shape(notes=40, words=40, codes=12, given=3, vocabulary=50)).notes
    40
    """
    from joblib.externals.loky import get_reusable_executor

    from leadterm.training.train_model import train

    marks: list[tuple[str, float]] = []
    encounters = list(made_up_encounters(shape))
    before, begun = _spent(), time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        result = train(
            encounters, Path(folder) / "model", jobs=jobs, earlier=None,
            progress=lambda step, _share: marks.append((step.rpartition(": ")[2].split(" ")[0], time.perf_counter())),
        )  # fmt: skip
        done = time.perf_counter()
    stages: dict[str, float] = {}
    for (step, start), end in zip(marks, [*(at for _, at in marks[1:]), done], strict=True):
        name = _STAGES.get(step, step)
        stages[name] = round(stages.get(name, 0.0) + end - start, 1)
    get_reusable_executor().shutdown(wait=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    spent = round(_spent() - before, 1)
    return Size(shape.notes, round(done - begun, 1), spent, stages, peak, 0, round(result.point.f1, 3))


def contend(texts: int, labels: int, subset: int, jobs: int = 1, seed: int = 0) -> list[Contender]:
    """Fit learners of many labels on one problem, one after the other.

    `subset`: Labels, the first ones, that LinearSVC is fitted on; it is compared on these alone.
    Gives ours twice: among all labels, and among those of the subset.

    >>> [c.among for c in contend(60, 12, 5)][:3]
    [12, 5, 5]
    """
    tested = min(TESTED, texts // 2)
    matrix, given = made_up_matrix(texts + tested, labels, seed=seed)
    train = matrix[:texts], given[:texts]
    new, truth = matrix[texts:], given[texts:].toarray() > 0
    ours = _timed(lambda: _ours(*train, new, jobs))
    svc = _timed(lambda: _linear_svc(*train, new, subset, jobs))
    other = _napkin(*train, new, jobs)

    def row(name: str, trained: int, among: int, done: Scored) -> Contender:
        figures = precision_at(done[0][:, :among], truth[:, :among])
        return Contender(name, trained, among, done[1], done[2], figures)

    out = [row("leadterm", labels, labels, ours), row("leadterm", labels, subset, ours)]
    out.append(row("LinearSVC one-vs-rest", subset, subset, svc))
    return out if other is None else [*out, row("napkinXC PLT", labels, labels, other)]


def _timed(work: Callable[[], Callable[[], NDArray[np.float32]]]) -> Scored:
    """Scores, which are not part of the time; wall and processor time."""
    before, begun = _spent(), time.perf_counter()
    scorer = work()
    seconds, processor = time.perf_counter() - begun, _spent() - before
    return scorer(), round(seconds, 1), round(processor, 1)


def _ours(matrix: Any, given: Any, new: Any, jobs: int) -> Callable[[], NDArray[np.float32]]:
    from leadterm.learned.one_vs_rest import OneVsRestSettings, fit_one_vs_rest

    found = fit_one_vs_rest(matrix, given, OneVsRestSettings(), 0, jobs=jobs)
    return lambda: np.asarray((new @ found.weights).toarray() + found.offset)


def _linear_svc(matrix: Any, given: Any, new: Any, labels: int, jobs: int) -> Callable[[], NDArray[np.float32]]:
    from joblib import Parallel, delayed
    from sklearn.svm import LinearSVC

    columns, wide = given.tocsc(), matrix.astype(np.float64)

    def fit(label: int) -> Any:
        return LinearSVC(random_state=0).fit(wide, columns[:, [label]].toarray().ravel())

    some = [j for j in range(labels) if 0 < columns[:, [j]].nnz < matrix.shape[0]]
    models = Parallel(n_jobs=jobs, prefer="threads")(delayed(fit)(j) for j in some)

    def score() -> NDArray[np.float32]:
        out = np.full((new.shape[0], labels), -1e3, dtype=np.float32)
        for j, model in zip(some, models, strict=True):
            out[:, j] = model.decision_function(new)
        return out

    return score


def _napkin(matrix: Any, given: Any, new: Any, jobs: int) -> Scored | None:
    """Scores and times of napkinXC; None where it is not installed."""
    try:
        from napkinxc.models import PLT
    except ImportError:
        return None
    rows = [row.tolist() for row in np.split(given.indices, given.indptr[1:-1])]
    with tempfile.TemporaryDirectory() as folder:

        def work() -> Callable[[], NDArray[np.float32]]:
            model = PLT(folder, seed=0, threads=jobs)
            model.fit(matrix, rows)
            return lambda: _laid_out(model.predict(new, top_k=max(CUTOFFS)), given.shape[1])

        return _timed(work)


def _laid_out(found: Sequence[Sequence[int]], labels: int) -> NDArray[np.float32]:
    """Scores that rank labels as given."""
    out = np.zeros((len(found), labels), dtype=np.float32)
    for row, names in enumerate(found):
        out[row, list(names)] = np.arange(len(names), 0, -1)
    return out


def precision_at(scores: NDArray[Any], truth: NDArray[np.bool_]) -> tuple[float, ...]:
    """Share of right labels among the best 1, 5 and 8 of each row.

    >>> precision_at(np.array([[3.0, 2, 1, 0, 0, 0, 0, 0]]), np.arange(8)[None, :] < 2)
    (1.0, 0.4, 0.25)
    """
    best = np.argsort(-scores, axis=1, kind="stable")[:, : max(CUTOFFS)]
    hits = np.take_along_axis(truth, best, axis=1)
    return tuple(round(float(hits[:, :k].sum(axis=1).mean() / k), 4) for k in CUTOFFS)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print both tables; write them as JSON, and a plot, where a folder is given."""
    program = "python -m leadterm.experiments.bench_training"
    parser = argparse.ArgumentParser(prog=program, description="Time and memory of training.")
    parser.add_argument("--notes", default="1000,3000,10000", help="sizes of the corpora, with commas (%(default)s)")
    parser.add_argument("--words", type=int, default=1000, help="words of a note (%(default)s)")
    parser.add_argument("--codes", type=int, default=8000, help="codes there are (%(default)s)")
    parser.add_argument("--texts", type=int, default=20000, help="rows of the second problem (%(default)s)")
    parser.add_argument("--labels", type=int, default=5000, help="labels of the second problem; 0 leaves it out")
    parser.add_argument("--svc-labels", type=int, default=500, help="labels LinearSVC is fitted on (%(default)s)")
    parser.add_argument("--jobs", type=int, default=2, help="processes and threads (%(default)s)")
    parser.add_argument("--output", type=Path, help="folder for bench-train.json and bench-train.png")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    if asked.one is not None:
        sys.stdout.write(json.dumps(asdict(measure(Shape(asked.one, asked.words, asked.codes), asked.jobs))))
        return 0
    sizes = [_apart(int(n), asked) for n in asked.notes.split(",") if n]
    print(_sizes_table(sizes), flush=True)
    rows: list[Contender] = []
    if asked.labels:
        rows = contend(asked.texts, asked.labels, min(asked.svc_labels, asked.labels), asked.jobs)
        print(_contenders_table(rows, asked))
    if asked.output:
        _write(asked.output, sizes, rows)
    return 0


def _apart(notes: int, asked: argparse.Namespace) -> Size:
    """Measure in a fresh process, so that peak memory is that of one size."""
    given = ["--one", notes, "--words", asked.words, "--codes", asked.codes, "--jobs", asked.jobs]
    command = [sys.executable, "-m", "leadterm.experiments.bench_training", *map(str, given)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        peak = 0
        while running.poll() is None:
            peak = max(peak, _memory(running.pid))
            time.sleep(_WAIT)
        said = running.stdout.read() if running.stdout else ""
    if running.returncode:
        raise LeadtermError(f"training on {notes} made-up notes failed with status {running.returncode}.")
    print(f"{notes} notes done", file=sys.stderr)
    return replace(Size(**json.loads(said)), together_mb=peak)


def _memory(pid: int) -> int:
    """Megabytes of a process and of those it started, where the system tells."""
    folder = Path(f"/proc/{pid}")
    try:
        own = int((folder / "statm").read_text().split()[1]) * resource.getpagesize() >> 20
        started = (folder / "task" / str(pid) / "children").read_text().split()
    except (OSError, ValueError, IndexError):
        return 0
    return own + sum(_memory(int(child)) for child in started)


def _sizes_table(sizes: Sequence[Size]) -> str:
    """The first table, and the stages below it."""
    lines = ["   notes  seconds  processor  ms a note  memory MB  together MB     F1"]
    for s in sizes:
        each = 1000 * s.seconds / s.notes
        lines.append(
            f"{s.notes:8d} {s.seconds:8.1f} {s.processor:10.1f} {each:10.1f} {s.memory_mb:10d} "
            f"{s.together_mb:12d} {s.f1:6.3f}"
        )
    lines += ["", *(f"{s.notes:8d}  " + ", ".join(f"{k} {v}" for k, v in s.stages.items()) for s in sizes)]
    return "\n".join(lines) + "\n"


def _contenders_table(rows: Sequence[Contender], asked: argparse.Namespace) -> str:
    """The second table."""
    lines = [f"{asked.texts} texts, {asked.labels} labels, {TESTED} tested"]
    lines.append(f"{'':24s} trained on  ranked  seconds  processor    P@1    P@5    P@8")
    for row in rows:
        figures = " ".join(f"{p:6.3f}" for p in row.precision)
        lines.append(
            f"{row.name:24s} {row.labels:10d} {row.among:7d} {row.seconds:8.1f} {row.processor:10.1f} {figures}"
        )
    if asked.svc_labels < asked.labels:
        times = asked.labels / asked.svc_labels
        lines.append(f"LinearSVC saw {asked.svc_labels} labels only; all take {times:.0f} times as long.")
    if not any(row.name.startswith("napkin") for row in rows):
        lines.append("napkinXC is not installed: pip install 'leadterm[xmc]'.")
    return "\n".join(lines)


def _write(folder: Path, sizes: Sequence[Size], rows: Sequence[Contender]) -> None:
    """Write the figures, and a plot where matplotlib is installed."""
    folder.mkdir(parents=True, exist_ok=True)
    figures = {"sizes": [asdict(s) for s in sizes], "many_labels": [asdict(r) for r in rows]}
    (folder / "bench-train.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    if not sizes:
        return
    try:
        import matplotlib

        matplotlib.use("Agg")
        from matplotlib import pyplot
    except ImportError:
        print("no plot: matplotlib is not installed (pip install 'leadterm[viz]').", file=sys.stderr)
        return
    from matplotlib.ticker import NullFormatter, StrMethodFormatter

    figure, axes = pyplot.subplots(figsize=(6.4, 4.2), layout="constrained")
    notes = [s.notes for s in sizes]
    for name, used, mark in (
        ("processor time, all processes", [s.processor / 60 for s in sizes], "s--"),
        ("wall time", [s.seconds / 60 for s in sizes], "o-"),
    ):
        axes.loglog(notes, used, mark, label=name)
        for at, minutes in zip(notes, used, strict=True):
            axes.annotate(f"{minutes:.1f}", (at, minutes), xytext=(0, 7), textcoords="offset points", ha="center")
    last = sizes[-1]
    axes.loglog(notes, [last.seconds / 60 * n / last.notes for n in notes], ":", color="grey", label="in proportion")
    axes.set(xlabel="notes of about 1,000 words", ylabel="minutes", title="Training on made-up corpora", xticks=notes)
    axes.margins(0.08, 0.15)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(StrMethodFormatter("{x:,g}"))
        axis.set_minor_formatter(NullFormatter())
    axes.legend(frameon=False)
    figure.savefig(folder / "bench-train.png", dpi=150)


if __name__ == "__main__":
    raise SystemExit(main())
