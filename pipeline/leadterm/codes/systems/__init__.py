"""What each code system is: one file a system, one line for it here; any other name is a plain list."""

from __future__ import annotations

from collections.abc import Sequence

from leadterm.codes.systems import claim_lists, cpt, hcpcs, icd9cm, icd9pcs, icd10cm, icd10pcs
from leadterm.codes.systems.spec import SystemSpec

__all__ = ["SYSTEMS", "SystemSpec", "dictionary_system", "recognise_codes", "spec_of", "systems_by_uri"]

SYSTEMS: dict[str, SystemSpec] = {
    spec.name: spec
    for spec in (
        # Where the codes of a list look like several systems' and its name tells none, the first is taken.
        icd10pcs.SPEC,
        icd9pcs.SPEC,
        icd9cm.SPEC,
        icd10cm.SPEC,
        hcpcs.SPEC,
        hcpcs.MODIFIERS,
        cpt.SPEC,
        claim_lists.REVENUE_CODES,
        claim_lists.PLACE_OF_SERVICE,
        claim_lists.DISCHARGE_STATUS,
    )
}


def spec_of(system: str) -> SystemSpec:
    """Give what is known of a system; of one that a corpus or a user declares, its name.

    >>> spec_of("icd9pcs").dot, spec_of("injury codes").dot
    (2, 0)
    """
    return SYSTEMS.get(system) or SystemSpec(system)


def dictionary_system() -> str:
    """Name the system that the knowledge tables speak of, and so the dictionary's model."""
    return next(spec.name for spec in SYSTEMS.values() if spec.knowledge)


def systems_by_uri() -> dict[str, str]:
    """Map every URI and OID that FHIR resources use to the name of its system."""
    return {uri: spec.name for spec in SYSTEMS.values() for uri in spec.uris}


def recognise_codes(codes: Sequence[str], label: str, headings: Sequence[str] | None = None) -> SystemSpec | None:
    """Tell by many codes together, and else by the name of the file, to which system a list belongs.

    ``headings`` are the codes that an order file marks as not complete; only systems with order files count then.

    >>> recognise_codes(["I10", "QA00101"], "list.txt").name, recognise_codes(["A0425"], "HCPC2026.txt").name
    ('icd10cm', 'hcpcs')
    """
    known = [spec for spec in SYSTEMS.values() if headings is None or spec.headings]
    named = [spec for spec in known if spec.names_file(label)]
    fitting = [spec for spec in known if spec.fits(codes, headings or ())]
    return next((spec for spec in named if spec in fitting), None) or next(iter(fitting or named), None)
