"""``Run``: the codes a system suggests, with their scores."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from leadterm.errors import LeadtermError
from leadterm.evaluation.tables.labels import Floats, Ints, Label, Normalise, Objects, Span, normalise_code
from leadterm.evaluation.tables.numbering import Columns, build_columns, first_of_each, gather_spans
from leadterm.evaluation.tables.qrels import Qrels, hulls
from leadterm.schema import Mention, SuggestionSet, spans_of
from leadterm.storage.tsv import table_text

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

__all__ = ["Run", "make_run"]


@dataclass(frozen=True, eq=False)
class Run:
    """Suggested codes of encounters with their scores, one row for each (encounter, code).

    Build it with `from_file`, `from_frame`, `from_mapping` or `from_suggestions`.

    Parameters
    ----------
    name : str
        Name to show.
    encounters : tuple of str
        Encounters the run answers for, those it suggests nothing for too where known.
    labels : tuple of Label
        The distinct codes, in ascending order of key and system.
    row, col : numpy.ndarray of int64, shape (n_rows,)
        Positions in ``encounters`` and ``labels``; no pair twice.
    score : numpy.ndarray of float64, shape (n_rows,)
        Higher is better; ``-inf`` where the source gave no number.
    confidence : numpy.ndarray of float64, shape (n_rows,), or None
        Probabilities in ``[0, 1]``, where the source gives them.
    section : numpy.ndarray of object, shape (n_rows,), or None
        Section of the best evidence.
    evidence : mapping of (int, int) to tuple of Span
        Evidence of a (row, col), where there is any.
    threshold : float or None
        The run's own threshold on the score.
    has_scores : bool
        Whether the source gave scores, not ranks alone.
    counts : mapping of str to int
        What was met while reading, for instance ``n_duplicate_rows``.

    Examples
    --------
    >>> run = Run.from_mapping({"e1": {"E11.9": 0.9, "I10": 0.4}}, system="icd10cm")
    >>> [label.code for label in run.labels]
    ['E11.9', 'I10']
    """

    name: str
    encounters: tuple[str, ...]
    labels: tuple[Label, ...]
    row: Ints
    col: Ints
    score: Floats
    confidence: Floats | None = None
    section: Objects | None = None
    evidence: Mapping[tuple[int, int], tuple[Span, ...]] = field(default_factory=dict)
    threshold: float | None = None
    has_scores: bool = True
    counts: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def from_file(
        cls, path: str | Path, *, name: str = "", system: str | None = None, normalise: Normalise = normalise_code
    ) -> Run:
        """Read a run file: tab-separated ``encounter_id system code rank score`` with a header.

        A file that ends in ``.jsonl`` is read as suggestions, one encounter a line, with their threshold; a TREC run
        (``query Q0 document rank score tag``) is known by its first line. Optional columns: ``confidence``,
        ``section`` and ``evidence`` (spans ``[note_id:]start-end`` separated by ``;``). ``system`` may be missing if
        the argument names it; one of ``rank`` and ``score`` may be missing.

        Parameters
        ----------
        path : str or pathlib.Path
            The file, or the folder of a batch.
        name : str, optional
            Name to show; the file name without its ending by default.
        system : str, optional
            The code system where the file has no such column.
        normalise : callable, optional
            Gives the key of a code.

        Raises
        ------
        LeadtermError
            If the file cannot be read or a column is missing.
        """
        from pathlib import Path

        from leadterm.evaluation.tables.batch_answers import is_batch, read_answers

        if is_batch(path):
            return cls.from_suggestions(read_answers(path), name=name or Path(path).name, normalise=normalise)
        if Path(path).suffix.lower() == ".jsonl":
            from leadterm.evaluation.tables.suggestion_lines import read_suggestions

            return cls.from_suggestions(read_suggestions(path), name=name or Path(path).stem, normalise=normalise)
        from leadterm.evaluation.tables.run_files import read_table
        from leadterm.evaluation.tables.trec import is_trec, read_trec

        frame = read_trec(path) if is_trec(path) else read_table(path)
        return cls.from_frame(frame, name=name or Path(path).stem, system=system, normalise=normalise)

    @classmethod
    def from_frame(
        cls, frame: pd.DataFrame, *, name: str = "run", system: str | None = None, normalise: Normalise = normalise_code
    ) -> Run:
        """Read a frame with the columns of a run file.

        Nothing is dropped in silence; `counts` says how often each of these was met. Blanks around encounter ids
        and codes are taken off. A row without an encounter id or a code is left out (``n_blank_rows``). Of a code
        given twice for an encounter the best score stays (``n_duplicate_rows``). A score, or without scores a rank,
        that is no number or minus infinity stands last and is never chosen (``n_nan_scores``). Where rank and score
        disagree the score decides (``n_rank_order_differs``).

        Parameters
        ----------
        frame : pandas.DataFrame
            One row for each suggested code.
        name : str, optional
            Name to show.
        system : str, optional
            The code system where the frame has no such column.
        normalise : callable, optional
            Gives the key of a code.

        Raises
        ------
        LeadtermError
            If a column is missing, codes are not text or a confidence is outside ``[0, 1]``.
        """
        from leadterm.evaluation.tables.run_files import run_parts

        return make_run(name, **run_parts(frame, system, normalise))

    @classmethod
    def from_mapping(
        cls,
        scores: Mapping[str, Mapping[str, float] | Sequence[str]],
        *,
        system: str = "codes",
        name: str = "run",
        normalise: Normalise = normalise_code,
    ) -> Run:
        """Read ``{encounter_id: {code: score}}`` or ``{encounter_id: [best code, second code, …]}``.

        Parameters
        ----------
        scores : mapping
            Scores or ranked codes by encounter.
        system : str
            Name of the code system.
        name : str
            Name to show.
        normalise : callable, optional
            Gives the key of a code.
        """
        ranked = bool(scores) and not any(isinstance(found, Mapping) for found in scores.values())
        rows: list[tuple[str, str, float]] = []
        for encounter, found in scores.items():
            if isinstance(found, Mapping):
                rows += [(encounter, code, float(score)) for code, score in found.items()]
            else:
                rows += [(encounter, code, -float(i)) for i, code in enumerate(found, start=1)]
        names, codes, values = _unzip(rows)
        columns = build_columns(list(scores), names, [system] * len(rows), codes, normalise)
        return make_run(name, columns, np.array(values, dtype=np.float64), has_scores=not ranked)

    @classmethod
    def from_suggestions(
        cls, sets: Iterable[SuggestionSet], *, name: str = "", normalise: Normalise = normalise_code
    ) -> Run:
        """Read suggestion sets; the score is the confidence and the threshold is that of the sets.

        Each span of a suggestion is a piece of evidence, and so is each mention with gaps as a whole.

        Parameters
        ----------
        sets : iterable of SuggestionSet
            One for each encounter.
        name : str, optional
            Name to show; the name of the model by default.
        normalise : callable, optional
            Gives the key of a code.

        Raises
        ------
        LeadtermError
            If the sets have different thresholds.
        """
        known = list(sets)
        thresholds = {s.threshold for s in known}
        if len(thresholds) > 1:
            raise LeadtermError(
                f"suggestion sets of one run have {len(thresholds)} thresholds; one is allowed.",
                hint="Score each model by itself.",
            )
        rows = [(s.encounter_id, g) for s in known for g in s.suggestions]
        encounters, given = [e for e, _ in rows], [g for _, g in rows]
        systems, codes = [g.system for g in given], [g.code for g in given]
        columns = build_columns([s.encounter_id for s in known], encounters, systems, codes, normalise)
        confidence = np.array([g.confidence for g in given], dtype=np.float64)
        return make_run(
            name or (known[0].model if known else "run"), columns, confidence, confidence=confidence,
            section=np.array([g.section for g in given], dtype=object),
            evidence=[_spans(g.evidence) for g in given], threshold=thresholds.pop() if thresholds else None,
        )  # fmt: skip

    def to_frame(self) -> pd.DataFrame:
        """Give the run as a frame with the columns of a run file, best first within each encounter.

        Returns
        -------
        pandas.DataFrame
            ``encounter_id, system, code, rank, score``, and ``confidence, section, evidence`` where the run has
            them; scores of ``-inf`` as missing.
        """
        import pandas as pd

        order = np.lexsort((self.col, -self.score, self.row))
        row, shown = self.row[order], [self.labels[c] for c in self.col[order]]
        start = np.searchsorted(row, row)
        score = np.where(np.isfinite(self.score[order]), self.score[order], np.nan)
        columns: dict[str, Any] = {
            "encounter_id": [self.encounters[r] for r in row],
            "system": [x.system for x in shown],
            "code": [x.code for x in shown],
            "rank": np.arange(len(row)) - start + 1,
            "score": score,
        }
        if self.confidence is not None:
            columns["confidence"] = self.confidence[order]
        if self.section is not None:
            columns["section"] = self.section[order]
        if self.evidence:
            pairs = zip(row.tolist(), self.col[order].tolist(), strict=True)
            columns["evidence"] = [";".join(map(_span_cell, self.evidence.get(pair, ()))) for pair in pairs]
        return pd.DataFrame(columns)

    def to_text(self) -> str:
        """Give the run as a run file that `from_file` reads back; raises LeadtermError for an id with a tab in it."""
        frame = self.to_frame()
        if "section" in frame:
            frame["section"] = [" ".join(str(section).split()) for section in frame["section"]]
        known = [["" if cell != cell else cell for cell in frame[column].tolist()] for column in frame]
        return table_text([str(column) for column in frame], zip(*known, strict=True))

    def to_qrels(self, threshold: float | None = None) -> Qrels:
        """Take the suggestions at or above a threshold as if a coder had given them.

        The run as one more coder. ``threshold``: lowest score taken; the run's own threshold by default, every row if
        it has none.
        """
        limit = self.threshold if threshold is None else threshold
        keep = self.score > -np.inf
        if limit is not None:
            keep &= self.score >= limit
        none = np.zeros(int(keep.sum()), dtype=bool)
        return Qrels(self.encounters, self.labels, self.row[keep], self.col[keep], none)


def make_run(
    name: str,
    columns: Columns,
    score: Floats,
    *,
    confidence: Floats | None = None,
    section: Objects | None = None,
    evidence: Sequence[tuple[Span, ...]] = (),
    threshold: float | None = None,
    has_scores: bool = True,
    counts: Mapping[str, int] | None = None,
) -> Run:
    """Put a run together from columns: of a code given twice the best score stays.

    `name, columns, score, confidence, section, evidence, threshold, has_scores, counts`: See `Run`; the arrays have one
    entry for each row of ``columns``, duplicates included.
    """
    unknown = ~(score > -np.inf)
    score = np.where(unknown, -np.inf, score)
    order = np.lexsort((-score, columns.col, columns.row))
    kept = first_of_each(columns, order)
    row, col = columns.row[kept], columns.col[kept]
    found = dict(counts or {})
    found["n_rows"] = found.get("n_rows", len(score))
    found["n_duplicate_rows"] = len(score) - len(kept)
    found["n_nan_scores"] = int(unknown.sum())
    return Run(
        name,
        columns.encounters,
        columns.labels,
        row,
        col,
        score[kept],
        None if confidence is None else confidence[kept],
        None if section is None else section[kept],
        gather_spans(columns, evidence),
        threshold,
        has_scores,
        found,
    )


def _unzip(rows: Sequence[tuple[str, str, float]]) -> tuple[list[str], list[str], list[float]]:
    return [r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows]


def _spans(evidence: Sequence[Mention]) -> tuple[Span, ...]:
    single = [Span(v.note_id, v.start, v.end) for v in spans_of(evidence)]
    return tuple(dict.fromkeys((*single, *hulls(evidence))))


def _span_cell(span: Span) -> str:
    return f"{span.note_id}:{span.start}-{span.end}" if span.note_id else f"{span.start}-{span.end}"
