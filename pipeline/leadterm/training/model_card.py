"""The model card: what a trained model is, what it was measured to do, and its limits."""

from __future__ import annotations

from leadterm.errors import counted
from leadterm.learned.corpus_model import CorpusModel
from leadterm.ranking.calibration import OperatingPoint

__all__ = ["model_card"]


def model_card(
    model: CorpusModel, point: OperatingPoint, target: OperatingPoint | None, target_precision: float | None
) -> str:
    """Write the card of a model from its run; it holds no text of the corpus.

    ``target``: those at the target precision, where it can be reached.
    """
    lines = [*_head(model), *_figures(model), ""]
    lines.append(f"All systems at the threshold {model.threshold:.3f}: {_said(point)}.")
    if target_precision is not None:
        reached = _said(target) if target else "no threshold reaches it"
        at = f" from confidence {target.threshold:.3f}" if target else ""
        lines.append(f"At a target precision of {target_precision:g}{at}: {reached}.")
    return "\n".join([*lines, *_limits(model)])


def _head(model: CorpusModel) -> list[str]:
    corpus = model.meta["corpus"]
    return [
        f"# Model card: {model.name}",
        "",
        f"A corpus model of leadterm. It suggests codes; a person confirms them. Learned from {corpus['encounters']}",
        f"coded encounters (splits: {', '.join(corpus['splits'])}; languages: {', '.join(model.meta['languages'])}).",
        *([f"It keeps what the model {model.earlier.name!r} knows."] if model.earlier else []),
        "",
    ]


def _figures(model: CorpusModel) -> list[str]:
    """The figures of each system."""
    lines = [
        "## Figures",
        "",
        "Out of fold: encounters (of a large corpus, some of them) were scored by parts fitted without them.",
        "",
        "| system | codes | phrases | precision | recall | F1 | calibration error |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, system in sorted(model.learned.items()):
        report = system.ranker.report
        lines.append(
            f"| {name} | {system.base.seen} | {len(system.base.lexicon.phrases)} | {report['precision']:.3f} "
            f"| {report['recall']:.3f} | {report['f1']:.3f} | {report['ece']:.4f} |"
        )
    return lines


def _limits(model: CorpusModel) -> list[str]:
    built = any(system.base.axes.stems for system in model.learned.values())
    return [
        "",
        "## Limits",
        "",
        "- It can only suggest codes that its training encounters hold"
        + (", or that the earlier model knows" if model.earlier else "")
        + (", or procedures put together from an operation and a body part that it has learned." if built else "."),
        "- Its figures hold for notes like those it learned from; measure it on your own before use.",
        "- The manifest tells what its notes and codes were like, so that drift can be seen (`leadterm review`).",
        "- The lexicon holds phrases of the training notes and the linear model their words: treat the folder",
        "  as you treat the notes.",
        "",
    ]


def _said(point: OperatingPoint) -> str:
    return (
        f"precision {point.precision:.3f} (95 % interval {point.low:.3f} to {point.high:.3f}), "
        f"recall {point.recall:.3f}, F1 {point.f1:.3f}, {counted(point.kept, 'suggestion')} kept"
    )
