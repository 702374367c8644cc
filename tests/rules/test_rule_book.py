"""Every rule of the book fires where it should and stays silent where it should."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from leadterm.codes.official.install import install
from leadterm.rules.book import SOURCES, all_rules
from leadterm.rules.code_checks import check_items
from leadterm.rules.findings import Coded, Facts
from leadterm.schema import EvidenceSpan, Mention, Note
from leadterm.storage.tsv import parse_table

CASES = parse_table((Path(__file__).parent / "rule_cases.tsv").read_text(encoding="utf-8"), "rule_cases.tsv")
READING = "Suggestions: "  # rules/test_coherence.py, and the hints of suggestions
ELSEWHERE = {"ncci-pair", "mue-units", "not-covered", "no-reason",  # test_edits.py
             "not-coded", "not-supported", "doubtful", "other-code"}  # test_review.py  # fmt: skip


def pairs(cell: str, parting: str) -> dict[str, str]:
    return dict(part.split("=", 1) for part in cell.split(parting) if "=" in part)


def item_of(cell: str, text: str) -> Coded:
    code, _, rest = cell.partition("/")
    of = pairs(rest, "/")
    words = of.get("words", "it").replace("_", " ")
    start = max(0, text.find(words))
    mention = Mention("n1", (EvidenceSpan("n1", start, start + len(words), words),),
                      of.get("assertion", "present"), section=of.get("section", ""))  # type: ignore[arg-type]  # fmt: skip
    units, modifiers = float(of.get("units", 1)), tuple(filter(None, of.get("mods", "").split("+")))
    return Coded(of.get("system", "icd10cm"), code, poa=of.get("poa", ""), units=units, modifiers=modifiers,
                 evidence=(mention,) if {"assertion", "words", "section"} & set(of) else ())  # fmt: skip


def facts_of(cell: str) -> Facts:
    of = pairs(cell, " ")
    text = of.get("note", "").replace("_", " ")
    noted = {code: Mention.of(EvidenceSpan("n1", 0, 2, "it")) for code in of.get("noted", "").split("+") if code}
    day, born = (date.fromisoformat(of[name]) if name in of else None for name in ("day", "born"))
    notes = (Note("n1", text),) if text else ()
    return Facts(day, of.get("setting", "outpatient"), of.get("sex"), born, noted=noted, notes=notes)


@pytest.fixture(scope="module", autouse=True)
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Install a list of HCPCS codes of which one begins within the year."""
    line = f"{'G0108001003':<11}{'Diabetes training':<80}{'short':<28}".ljust(268) + "202604012026040100000000N"
    path = tmp_path_factory.mktemp("files") / "HCPC2026_CONTR_ANWEB.txt"
    path.write_text(line + "\n", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("data")))
        install(path, force=True)
        yield


@pytest.mark.parametrize("row", CASES, ids=lambda row: f"{row['rule']} {row['codes']}")
def test_the_rule_fires_or_stays_silent(row: dict[str, str]) -> None:
    facts = facts_of(row["facts"])
    text = facts.notes[0].text if facts.notes else ""
    found = check_items(facts, [item_of(cell, text) for cell in row["codes"].split()])
    assert (row["rule"] in {one.rule for one in found}) == (row["fires"] == "yes"), [one.message for one in found]
    for one in found:
        assert one.message
        assert not re.search(r"[{}]", one.message + one.fix)


def test_every_rule_has_cases_of_both_kinds() -> None:
    kinds = defaultdict(set)
    for row in CASES:
        kinds[row["rule"]].add(row["fires"])
    form = SOURCES["claim"]  # rules of the form have tests/claim
    wanted = {name for name, rule in all_rules().items() if rule.severity != "off" and rule.source != form
              and not rule.title.startswith(READING)} - ELSEWHERE  # fmt: skip
    assert {name for name in wanted if kinds[name] != {"yes", "no"}} == set()
    assert set(kinds) <= set(all_rules())


def test_the_sentences_stand_in_the_guidelines(data: Path) -> None:
    text = (data / "claims" / "icd10cm_fy2025" / "guidelines_fy2025.txt").read_text(encoding="utf-8")
    text = re.sub(r"ICD-10-CM Official Guidelines for Coding and Reporting\s+FY 2025\s+Page \d+ of \d+", " ", text)
    text = " ".join(text.split())
    assert [rule.name for rule in all_rules().values() if rule.sentence and rule.sentence not in text] == []
