"""The primary site of a pathology report: one that names a malignancy has one, however weak its words stand."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from leadterm.rules.told_sites import told_sites
from leadterm.text.layout.note_kind import find_kind

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
SAID = frozenset({"present", "history"})  # a heading such as "diagnosis & history" makes one of what is there
NO_SITE = ("C26", "C45.9", "C49.9", "C76", "C77", "C78", "C79", "C80")
UNTOLD = re.compile(r"unspecified|\b(?:right|left|bilateral)\b", re.IGNORECASE)  # a side makes no other organ
PLAIN = 3.0  # said behind "tumor site": a whole organ, too
LEAST, SHARE = 0.004, 0.1
"""Of the confidence of the surest code of the organ: what a part of it must have to be told as the site."""


def primary_site(encounter: Encounter, proposed: Sequence[Coded], system: CodeSystem) -> str | None:
    """Give the code of the organ that most speaks for, and of its parts the surest; None of other kinds of document.

    >>> from leadterm.codes import load_system
    >>> from leadterm.rules.findings import Coded
    >>> from leadterm.schema import Encounter, EvidenceSpan, Mention, Note
    >>> said = (Mention("n1", (EvidenceSpan("n1", 0, 14, "adenocarcinoma"),)),)
    >>> note = Note("n1", "adenocarcinoma. SURGICAL PATHOLOGY REPORT")
    >>> sure = {"C18.9": 0.2, "C18.2": 0.1, "C61": 0.1}
    >>> found = [Coded("icd10cm", code, evidence=said, confidence=sure[code]) for code in sure]
    >>> primary_site(Encounter("e", (note,)), found, load_system("icd10cm"))
    'C18.2'
    """
    if any(find_kind(note.text, note.kind).name != "pathology" for note in encounter.notes[:1]):
        return None
    sites = [one for one in proposed if one.code[0] == "C" and not one.code.startswith(NO_SITE)]
    told = _told(encounter, [one for one in sites if any(m.assertion in SAID for m in one.evidence)], system)
    if told is not None:
        return told
    sites = [one for one in sites if one.confidence >= LEAST and one.evidence[0].assertion == "present"]
    if not sites:
        return None
    if not (any(MALIGNANT.search(one.evidence[0].text) for one in sites) or _is_carcinoma(encounter)):
        return None
    organs: dict[str, float] = {}
    for one in sites:
        organs[one.code[:3]] = organs.get(one.code[:3], 0.0) + one.confidence
    organ = max(organs, key=lambda category: (organs[category], category))
    own = [one for one in sites if one.code.startswith(organ)]
    enough = SHARE * max(one.confidence for one in own)
    parts = [one for one in own if one.confidence >= enough and not UNTOLD.search(system.title(one.code))]
    return max(parts or own, key=lambda one: (one.confidence, one.code)).code


def _is_carcinoma(encounter: Encounter) -> bool:
    """Whether the report names a carcinoma, wherever its site stands."""
    return bool(CARCINOMA.search(encounter.notes[0].text))


def _told(encounter: Encounter, sites: Sequence[Coded], system: CodeSystem) -> str | None:
    """The surest code of the site that the report itself calls the tumor's; a part goes before its whole organ."""
    said = told_sites(encounter.notes[0].text) if _is_carcinoma(encounter) else {}
    fitting = {
        site: max(own, key=lambda one: (one.confidence, one.code)).code
        for site in said
        if (own := [one for one in sites if one.code.startswith(site)])
    }
    if not fitting:
        return None
    parts = [site for site in fitting if not UNTOLD.search(system.title(fitting[site]))]
    whole = max(fitting, key=lambda site: (said[site], site))
    of_organ = [site for site in parts if site[:3] == whole[:3]] or [whole] * (said[whole] >= PLAIN)
    return fitting[max(of_organ, key=lambda site: (said[site], site))] if of_organ else None
