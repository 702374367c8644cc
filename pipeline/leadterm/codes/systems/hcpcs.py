"""HCPCS Level II: supplies, drugs and services that CPT lacks; and its modifiers."""

from leadterm.codes.systems.hcpcs_units import unit_of
from leadterm.codes.systems.spec import Packaged, SystemSpec

COVERAGE = {
    "C": "the Medicare contractor decides",
    "D": "special coverage instructions apply",
    "I": "not payable by Medicare",
    "M": "not covered by Medicare",
    "S": "not covered by Medicare, by statute",
}
PRICING = {
    "00": "not priced apart by Part B", "11": "physician fee schedule, by national values",
    "12": "anaesthesia fee schedule", "13": "physician fee schedule, by the contractor",
    "21": "clinical laboratory fee schedule", "22": "clinical laboratory, by the contractor",
    "31": "equipment that is often serviced", "32": "inexpensive and routinely purchased equipment",
    "33": "oxygen and oxygen equipment", "34": "supplies of equipment", "35": "surgical dressings",
    "36": "capped rental", "37": "ostomy, tracheostomy and urological supplies",
    "38": "orthotics, prosthetics, vision", "39": "parenteral and enteral nutrition", "45": "customised equipment",
    "46": "by the contractor", "51": "drugs", "52": "reasonable charge", "53": "by statute", "54": "vaccinations",
    "55": "splints and casts", "56": "lenses inserted in an office", "57": "other, by the contractor",
    "99": "no value established",
}  # fmt: skip

SPEC = SystemSpec(
    "hcpcs",
    "HCPCS Level II",
    codes="procedure",
    uris=(
        "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets",
        "https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets", "urn:oid:2.16.840.1.113883.6.285",
    ),
    x12=("HC",),
    calendar="calendar",
    pattern=r"[A-V]\d{4}",
    in_file_name=r"hcpc",
    packaged=Packaged("codes", "leadterm", "codes/systems", "hcpcs_codes.tsv"),
    unit=unit_of,
    facts={"coverage": COVERAGE, "pricing": PRICING, "replaced by": {}},
)  # fmt: skip
MODIFIERS = SystemSpec(
    "hcpcs_modifiers",
    "HCPCS Level II modifiers",
    calendar="calendar",
    packaged=Packaged("codes", "leadterm", "codes/systems", "hcpcs_modifiers.tsv"),
)
