"""``Qrels``: the reference codes of encounters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from leadterm.evaluation.tables.labels import Bools, Ints, Label, Normalise, Span, normalise_code, normalise_system
from leadterm.evaluation.tables.numbering import build_columns, first_of_each, gather_spans
from leadterm.schema import Encounter, Mention

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["EncounterInfo", "Qrels", "hulls"]

PRINCIPAL_ROLES = ("principal", "first-listed")


@dataclass(frozen=True, slots=True)
class EncounterInfo:
    """What is known of an encounter beside its codes.

    ``patient_id``: the patient; encounters of one patient are resampled together. ``setting``: ``outpatient``,
    ``inpatient`` or empty. ``n_words``: length of the notes in words.

    >>> EncounterInfo("p1").setting
    ''
    """

    patient_id: str | None = None
    setting: str = ""
    n_words: int | None = None


@dataclass(frozen=True, eq=False)
class Qrels:
    """Reference codes of encounters, one row for each (encounter, code).

    Build it with `from_encounters`, `from_mapping` or `from_frame`.

    - ``encounters``: all encounters, those without a code too.
    - ``labels``: the distinct codes, in ascending order of key and system.
    - ``row``, ``col``: positions in ``encounters`` and ``labels``; no pair twice.
    - ``principal``: whether the code is the principal or first-listed one.
    - ``evidence``: evidence of a (row, col), where there is any.
    - ``info``: by encounter, where known.
    - ``counts``: what was met while reading, for instance ``n_duplicate_reference_codes``.
    - ``optional``: key and system of codes that an encounter may have or not: they are no rows, and suggesting them is
      no mistake.

    >>> qrels = Qrels.from_mapping({"e1": ["E11.9", "e119", "I10"], "e2": []}, system="icd10cm")
    >>> len(qrels.row), qrels.counts["n_duplicate_reference_codes"]
    (2, 1)
    """

    encounters: tuple[str, ...]
    labels: tuple[Label, ...]
    row: Ints
    col: Ints
    principal: Bools
    evidence: Mapping[tuple[int, int], tuple[Span, ...]] = field(default_factory=dict)
    info: Mapping[str, EncounterInfo] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    optional: Mapping[str, frozenset[tuple[str, str]]] = field(default_factory=dict)

    @classmethod
    def from_encounters(cls, encounters: Iterable[Encounter], *, normalise: Normalise = normalise_code) -> Qrels:
        """Read the reference codes of encounters.

        - ``encounters``: the encounters; those without codes are kept as not coded.
        - ``normalise``: gives the key of a code.
        """
        known, rows, optional = list(encounters), [], {}
        for encounter in known:
            name, demanded = encounter.encounter_id, [c for c in encounter.codes if c.need == "must"]
            rows += [(name, c.system, c.code, c.role, hulls(c.evidence)) for c in demanded]
            if len(demanded) < len(encounter.codes):
                keys = {(normalise(c.code), normalise_system(c.system)) for c in encounter.codes if c.need == "may"}
                optional[name] = frozenset(keys - {(normalise(c.code), normalise_system(c.system)) for c in demanded})
        info = {e.encounter_id: _info(e) for e in known}
        return replace(_qrels([e.encounter_id for e in known], rows, info, normalise), optional=optional)

    @classmethod
    def from_mapping(
        cls, codes: Mapping[str, Iterable[str]], *, system: str = "codes", normalise: Normalise = normalise_code
    ) -> Qrels:
        """Read ``{encounter_id: codes}``, all of one code system.

        - ``normalise``: gives the key of a code.
        """
        rows = [(e, system, code, "", ()) for e, found in codes.items() for code in found]
        return _qrels(list(codes), rows, {}, normalise)

    @classmethod
    def from_frame(
        cls, frame: pd.DataFrame, *, system: str | None = None, normalise: Normalise = normalise_code
    ) -> Qrels:
        """Read a frame with columns ``encounter_id, code`` and optionally ``system, role, patient_id``.

        - ``frame``: one row for each reference code; an empty code marks an encounter without codes.
        - ``system``: the code system where the frame has no such column.
        - ``normalise``: gives the key of a code.

        ``LeadtermError`` if a column is missing or codes are not text.
        """
        from leadterm.evaluation.tables.run_files import qrels_rows

        encounters, rows, patients = qrels_rows(frame, system)
        info = {e: EncounterInfo(patient_id=p) for e, p in patients.items()}
        return _qrels(encounters, rows, info, normalise)

    def only(self, encounters: Iterable[str]) -> Qrels:
        """Keep these encounters; the others are left out.

        ``encounters``: encounter ids; ids that are not here are passed over.
        """
        wanted = set(encounters)
        kept = [i for i, e in enumerate(self.encounters) if e in wanted]
        place = np.full(len(self.encounters), -1, dtype=np.int64)
        place[kept] = np.arange(len(kept))
        mask = place[self.row] >= 0 if len(self.row) else np.zeros(0, dtype=bool)
        evidence = {(int(place[r]), c): s for (r, c), s in self.evidence.items() if place[r] >= 0}
        names = tuple(self.encounters[i] for i in kept)
        info = {e: self.info[e] for e in names if e in self.info}
        return Qrels(
            names, self.labels, place[self.row[mask]], self.col[mask], self.principal[mask], evidence, info,
            self.counts, self.optional,
        )  # fmt: skip


def hulls(evidence: Iterable[Mention]) -> tuple[Span, ...]:
    """Give one span for each mention: from its first to its last character.

    >>> from leadterm.schema import EvidenceSpan
    >>> hulls([Mention.of(EvidenceSpan("n1", 0, 4, "left"), EvidenceSpan("n1", 9, 13, "knee"))])
    (Span(note_id='n1', start=0, end=13),)
    """
    return tuple(Span(mention.note_id, mention.start, mention.end) for mention in evidence if mention.spans)


def _info(encounter: Encounter) -> EncounterInfo:
    words = sum(len(note.text.split()) for note in encounter.notes)
    return EncounterInfo(encounter.patient_id, encounter.setting, words)


def _qrels(
    encounters: Sequence[str],
    rows: Sequence[tuple[str, str, str, str, tuple[Span, ...]]],
    info: Mapping[str, EncounterInfo],
    normalise: Normalise,
) -> Qrels:
    columns = build_columns(encounters, [r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows], normalise)
    first_listed = np.array([r[3] in PRINCIPAL_ROLES for r in rows], dtype=bool)
    order = np.lexsort((~first_listed, columns.col, columns.row))
    kept = first_of_each(columns, order)
    counts = {
        "n_duplicate_reference_codes": len(rows) - len(kept),
        "n_duplicate_encounters": len(encounters) - len(set(encounters)),
    }
    return Qrels(
        columns.encounters,
        columns.labels,
        columns.row[kept],
        columns.col[kept],
        first_listed[kept],
        gather_spans(columns, [r[4] for r in rows]),
        info,
        counts,
    )
