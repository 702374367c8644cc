"""The primary site of a pathology report: one that names a malignancy has one, however weak its words stand."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from leadterm.text.layout.note_kind import find_kind
from leadterm.text.matching.told_sites import told_sites

if TYPE_CHECKING:
    from leadterm.codes.system import CodeSystem
    from leadterm.rules.findings import Coded
    from leadterm.schema import Encounter

__all__ = ["primary_site"]

MALIGNANT = re.compile(r"carcino|cancer|malign|sarcoma|melanoma|lymphoma|\bca\b", re.IGNORECASE)
CARCINOMA = re.compile(
    r"(?<!no )(?<!negative for )"
    r"(?:carcinom|sarcoma|melanoma|lymphoma|(?:colon|colorectal|rectal|gastric|lung|breast|ovarian|liver) cancer)",
    re.IGNORECASE,
)
SPREAD = re.compile(r"metasta", re.IGNORECASE)
SEVERAL = re.compile(r"\b(?:tumou?r|primary|cancer)\s*(?:site|no\.?|number)?\s*#?\s*2\b", re.IGNORECASE)
SAID = frozenset({"present", "history"})  # a heading such as "diagnosis & history" makes one of what is there
NO_SITE = ("C26", "C45.9", "C49.9", "C76", "C77", "C78", "C79", "C80")
UNTOLD = re.compile(r"unspecified|not specified|\b(?:right|left|bilateral)\b", re.IGNORECASE)  # a side: the same organ
PLAIN, OF_PART = 3.0, 1.0  # said behind "tumor site": a whole organ, too; of the tumor's specimen
LEAST, SHARE = 0.004, 0.1
"""Of the confidence of the surest code of the organ: what a part of it must have to be told as the site."""


def primary_site(encounter: Encounter, proposed: Sequence[Coded], system: CodeSystem) -> tuple[str, ...]:
    """Give the code of the organ that most speaks for, and of its parts the surest; none of other kinds of document.

    Several only where the report itself numbers its tumors.

    >>> from leadterm.codes import load_system
    >>> from leadterm.rules.findings import Coded
    >>> from leadterm.schema import Encounter, EvidenceSpan, Mention, Note
    >>> said = (Mention("n1", (EvidenceSpan("n1", 0, 14, "adenocarcinoma"),)),)
    >>> note = Note("n1", "adenocarcinoma. SURGICAL PATHOLOGY REPORT")
    >>> sure = {"C18.9": 0.2, "C18.2": 0.1, "C61": 0.1}
    >>> found = [Coded("icd10cm", code, evidence=said, confidence=sure[code]) for code in sure]
    >>> primary_site(Encounter("e", (note,)), found, load_system("icd10cm"))
    ('C18.2',)
    """
    if any(find_kind(note.text, note.kind).name != "pathology" for note in encounter.notes[:1]):
        return ()
    sites = [one for one in proposed if one.code[0] == "C" and not one.code.startswith(NO_SITE)]
    said = told_sites(encounter.notes[0].text) if _is_carcinoma(encounter) else {}
    own = [one for one in sites if any(m.assertion in SAID for m in one.evidence)]
    fitting = {site: _surest(of).code for site in said if (of := [one for one in own if one.code.startswith(site)])}
    told = _told(encounter, fitting, said, system)
    if told:
        return told
    sites = [one for one in sites if one.confidence >= LEAST and one.evidence[0].assertion == "present"]
    sites = [one for one in sites if not SPREAD.search(one.evidence[0].text)] or sites
    organs = tuple({site[:3] for site in fitting if said[site] >= OF_PART})
    sites = [one for one in sites if one.code.startswith(organs)] or sites
    if not any(MALIGNANT.search(one.evidence[0].text) for one in sites) and not (sites and _is_carcinoma(encounter)):
        return ()
    return (_voted(sites, system),)


def _voted(sites: Sequence[Coded], system: CodeSystem) -> str:
    """The surest part of the organ that most speaks for, or its surest code."""
    organs: dict[str, float] = {}
    for one in sites:
        organs[one.code[:3]] = organs.get(one.code[:3], 0.0) + one.confidence
    organ = max(organs, key=lambda category: (organs[category], category))
    own = [one for one in sites if one.code.startswith(organ)]
    enough = SHARE * max(one.confidence for one in own)
    parts = [one for one in own if one.confidence >= enough and not UNTOLD.search(system.title(one.code))]
    return _surest(parts or own).code


def _surest(sites: Sequence[Coded]) -> Coded:
    return max(sites, key=lambda one: (one.confidence, one.code))


def _is_carcinoma(encounter: Encounter) -> bool:
    """Whether the report names a carcinoma, wherever its site stands."""
    return bool(CARCINOMA.search(encounter.notes[0].text))


def _told(
    encounter: Encounter, fitting: Mapping[str, str], said: Mapping[str, float], system: CodeSystem
) -> tuple[str, ...]:
    """The codes of the site that the report itself calls the tumor's; a part goes before its whole organ.

    ``fitting``: of each site that is told, its surest code. ``said``: how plainly each is told.
    """
    if not fitting:
        return ()
    parts = [site for site in fitting if not UNTOLD.search(system.title(fitting[site]))]
    whole = max(fitting, key=lambda site: (said[site], site))
    of_organ = [site for site in parts if site[:3] == whole[:3]] or [whole] * (said[whole] >= PLAIN)
    if not of_organ:
        return ()
    best = max(of_organ, key=lambda site: (said[site], site))
    if SEVERAL.search(encounter.notes[0].text):
        return tuple(sorted({fitting[site] for site in of_organ if said[site] >= said[best]}))
    return (fitting[best],)
