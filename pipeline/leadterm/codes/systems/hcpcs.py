"""HCPCS Level II: supplies, drugs and services that CPT lacks; and its modifiers."""

from leadterm.codes.systems.spec import SystemSpec

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
)  # fmt: skip
MODIFIERS = SystemSpec("hcpcs_modifiers", "HCPCS Level II modifiers", calendar="calendar")
