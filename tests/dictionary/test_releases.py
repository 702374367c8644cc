"""Whatever release is at hand, no note may stop for a code that our tables name and the release lacks."""

from __future__ import annotations

from pathlib import Path

import pytest

from leadterm.codes import available, load_system
from leadterm.codes.official.install import install
from leadterm.codes.systems import dictionary_system
from leadterm.dictionary.code_tables import code_tables
from leadterm.models import load
from leadterm.schema import Encounter, Note
from leadterm.text.knowledge import load_table

NOTE = (
    "Assessment: 1. Type 2 diabetes with hypertension and chronic kidney disease, stage 3.\n"
    "2. History of breast cancer.\n"
    "3. Slipped on ice, fracture of the left wrist, chronic low back pain.\nTakes semaglutide, metformin and insulin.\n"
    "Specimen: sigmoid colon, resection. Diagnosis: adenocarcinoma, metastatic to the liver."
)
TABLES = {"companions.tsv": "companion", "history_codes.tsv": "code", "combinations.tsv": "code"}


def releases() -> list[str]:
    return sorted({part.release for part in available() if part.system == dictionary_system()})


@pytest.mark.parametrize("release", releases())
def test_of_the_tables_only_codes_of_the_release_are_used(release: str) -> None:
    part = next(p for p in available() if (p.system, p.release) == (dictionary_system(), release))
    system = load_system(dictionary_system(), part.effective_from)
    tables = code_tables(system)
    used = {row[2] for _, row in tables.companions} | set(tables.history.values())
    assert all(code in system for code in used)
    assert all(system.is_billable(code) for _, code in tables.combinations)


def test_the_release_that_comes_with_leadterm_lacks_no_row() -> None:
    tables = code_tables(load_system(dictionary_system()))
    kept = len(tables.companions), len(tables.history), len(tables.combinations)
    assert kept == tuple(len(load_table(name)) for name in TABLES)


@pytest.mark.parametrize("codes", ["I10 E11 E11.9 M10.9 S52 S52.5 S62.102A", "ZZ", "Z85.3 N18.30 R05"])
def test_a_release_without_the_codes_of_our_tables(
    codes: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    table = tmp_path / "list.tsv"
    table.write_text("code\ttitle\n" + "".join(f"{code}\tHypertension of {code}\n" for code in codes.split()))
    install(table, system="icd10cm", release="2021", force=True)
    result = load(date="2021-01-01").suggest(Encounter("e1", (Note("n1", NOTE),)), systems=["icd10cm"])
    assert {s.code.replace(".", "") for s in result.suggestions} <= set(codes.replace(".", "").split())
