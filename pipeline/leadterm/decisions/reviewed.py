"""An encounter with the codes that were decided for."""

from __future__ import annotations

from dataclasses import replace

from leadterm.codes.systems import spec_of
from leadterm.decisions.changes import Line, mentions_of
from leadterm.decisions.verdicts import Standing
from leadterm.rules.code_sets import code_sets
from leadterm.schema import Encounter, ReferenceCode
from leadterm.service_line import LEADING

__all__ = ["reviewed"]


def reviewed(encounter: Encounter, state: Standing) -> Encounter:
    """Give the encounter with its codes in their sequence, the leading one by its role; an external cause never leads.

    >>> from leadterm.decisions.changes import Change, Entry
    >>> from leadterm.decisions.verdicts import standing
    >>> from leadterm.schema import Note
    >>> add = Entry("1", "", "ana", "e1", "0f", (Change("add", "icd10cm", "M10.9", evidence=(("n1", ((0, 4),)),)),))
    >>> found = reviewed(Encounter("e1", (Note("n1", "Gout."),)), standing([add]))
    >>> [(one.code, one.role, one.evidence[0].text) for one in found.codes]
    [('M10.9', 'first-listed', 'Gout')]
    """
    final = state.final
    external = code_sets("guideline_sets.tsv")
    able = (key for key in final if spec_of(key[0]).codes == "diagnosis")
    lead = next((key for key in able if not external.holds("external-cause", key[1])), None)
    codes = []
    for key, verdict in final.items():
        role, line = LEADING[encounter.setting] if key == lead else "secondary", verdict.line or Line()
        evidence = mentions_of(encounter, verdict.evidence)
        codes.append(ReferenceCode(*key, role, evidence, units=line.units, modifiers=line.modifiers))
    return replace(encounter, codes=tuple(codes))
