"""Make the compact tables of what codes mean for payment from the official files, once a year.

``python -m leadterm.claim.impact_tables CLAIMS HCC`` writes them beside this module: from the folder of claim data
(``drg/ccmcc_hac_*.csv``, ``drg/cc_exclusion_groups_*.csv``, ``drg/table5_*``, ``hcc/ra_dx_to_cc_*.csv``, ``icd10cm_*``)
and the folder of labels (``ra_labels_*.csv``). The newest file of each kind counts.
"""

from __future__ import annotations

import csv
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from leadterm.rules.code_sets import CMS, TOKENS, by_prefix, sets_text
from leadterm.storage.tsv import table_text
from leadterm.storage.writer import write_file

__all__ = ["make_tables"]

ALWAYS, SINCE_2025 = "No Exc", ("Z591", "Z5981")  # housing: complications since the final rule of FY2025
MODEL, DOMAIN, VERSION = "CMS-HCC Model V28", "CMS-HCC", "V28"


def make_tables(claims: Path, labels: Path) -> dict[str, str]:
    """Give the text of each table."""
    known = {*_newest(claims, "icd10cm_*/icd10cm_codes_*.txt").read_text(encoding="utf-8").split()}
    below = by_prefix(known)
    levels, groups = defaultdict[str, set[str]](set), defaultdict[str, set[str]](set)
    for row in _rows(_newest(claims, "drg/ccmcc_hac_*.csv")):
        levels[f"{row['level']} {row['exclusion_group']}"].add(row["code"])
        if row["mcc_only_if_alive"] == "1":
            levels["alive"].add(row["code"])
    for row in _rows(_newest(claims, "drg/ccmcc_v*.csv")):
        if row["exclusion_group"] == ALWAYS:  # the newer file leaves out those that nothing excludes
            levels[f"{row['cc_mcc']} none"].add(row["code"].replace(".", ""))
    levels["CC none"] |= {code for token in SINCE_2025 for code in below[token]}
    for row in _rows(_newest(claims, "drg/cc_exclusion_groups_*.csv")):
        groups[row["exclusion_group"]].add(row["principal_code"])
    conditions = defaultdict[str, set[str]](set)
    for row in _rows(_newest(claims, "hcc/ra_dx_to_cc_*.csv")):
        if row["model_name"] == MODEL:
            conditions[row["cc"]].add(row["diagnosis_code"])
    named = {
        row["cc"].removeprefix("HCC"): " ".join(row["label"].split())
        for row in _rows(_newest(labels, "ra_labels_*.csv"))
        if (row["model_domain"], row["model_version"]) == (DOMAIN, VERSION)
    }
    told = {
        "complications.tsv": "# Complications and comorbidities of MS-DRG v43.1 (FY2026): level and group of the\n"
        "# principal diagnoses that leave it out (exclusions.tsv; none: nothing does, as in v41.1 and FY2025);\n"
        f"# alive: major only if the patient lives.\n{TOKENS}{CMS}.\n",
        "exclusions.tsv": "# Principal diagnoses beside which a complication does not count, by group, MS-DRG v43.1.\n"
        f"{TOKENS}{CMS}.\n",
        "hcc.tsv": f"# Hierarchical condition categories of {MODEL}, payment year 2027.\n{TOKENS}{CMS}.\n",
    }  # fmt: skip
    made = {
        name: told[name] + sets_text({(one, "-", "-"): codes & known for one, codes in sets.items()}, below)
        for name, sets in (("complications.tsv", levels), ("exclusions.tsv", groups), ("hcc.tsv", conditions))
    }
    weights = [(row[0], row[3], row[6], row[8]) for row in _table5(claims) if row[0].isdigit()]
    told_weights = (
        f"# Relative weights of MS-DRGs and geometric mean days of stay, FY2026 final rule, Table 5.\n{CMS}.\n"
    )
    made["drg_weights.tsv"] = told_weights + table_text(("drg", "mdc", "weight", "days"), weights)
    head = f"# Names of the categories of {MODEL}.\n{CMS}.\n"
    names = sorted((cc, named[cc]) for cc in conditions if cc in named)
    return {**made, "hcc_names.tsv": head + table_text(("hcc", "name"), names)}


def _newest(folder: Path, pattern: str) -> Path:
    return sorted(folder.glob(pattern))[-1]


def _table5(claims: Path) -> Iterator[list[str]]:
    text = _newest(claims, "drg/table5_drg_weights_*.txt").read_text(encoding="latin-1")
    for row in csv.reader(text.splitlines(), delimiter="\t"):
        if len(row) > 8:
            yield [cell.strip() for cell in row]


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


if __name__ == "__main__":
    for name, text in make_tables(Path(sys.argv[1]), Path(sys.argv[2])).items():
        write_file(Path(__file__).parent / name, text)
