"""CPT: procedures, from a list that the user has a licence for; leadterm has none of its codes or titles."""

from leadterm.codes.systems.spec import SystemSpec

SPEC = SystemSpec(
    "cpt",
    "CPT",
    codes="procedure",
    uris=("http://www.ama-assn.org/go/cpt", "urn:oid:2.16.840.1.113883.6.12"),
    x12=("HC",),
    calendar="calendar",
)
