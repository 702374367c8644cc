"""How many encounters the rules check in a second, on one core: ``python -m leadterm.experiments.bench_rules``."""

from __future__ import annotations

import random
import sys
from time import process_time

from leadterm.codes import load_system
from leadterm.rules.code_checks import check_items
from leadterm.rules.findings import Coded, Facts
from leadterm.storage.tsv import package_table

__all__ = ["measure"]

ENCOUNTERS, CODES, SEED = 800, 8, 7  # about 3,500 codes, as a hospital uses


def measure(count: int = ENCOUNTERS) -> tuple[float, float, int]:
    """Check made-up encounters of eight codes each, twice: encounters a second of processor time, and findings.

    Half of the codes are those of common combinations, half are drawn from all billable codes: the first time nearly
    every code is new, the second time all are known, as the codes of a large batch are.
    """
    system = load_system("icd10cm")
    every = [code for code in system if system.is_billable(code)]
    common = sorted({code for row in package_table("leadterm.text.knowledge", "combinations.tsv")
                     for code in (row["code"], *row["parts"].replace("|", "+").split("+"))
                     if code in system and system.is_billable(code)})  # fmt: skip
    draw = random.Random(SEED)
    sets = [draw.sample(common, CODES // 2) + draw.sample(every, CODES // 2) for _ in range(count)]
    facts = Facts(system.effective_from, "inpatient", "F")
    check_items(facts, [Coded("icd10cm", "I10")])  # what is loaded once
    speeds, found = [], 0
    for _ in range(2):
        start = process_time()
        found = sum(len(check_items(facts, [Coded("icd10cm", code) for code in codes])) for codes in sets)
        speeds.append(count / (process_time() - start))
    return speeds[0], speeds[1], found


if __name__ == "__main__":
    new, known, findings = measure(int(sys.argv[1]) if len(sys.argv) > 1 else ENCOUNTERS)
    print(f"{new:,.0f} encounters a second of processor time with new codes, {known:,.0f} with codes seen before "
          f"({CODES} codes each, {findings:,} findings)")  # fmt: skip
