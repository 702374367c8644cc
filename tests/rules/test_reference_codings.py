"""The codings of the reference corpus keep the rules, or their source says which pair of codes is right and stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from leadterm.corpus import read_split
from leadterm.readers.reference_sources import read_sources
from leadterm.rules.code_checks import check_codes

CORPUS = Path(__file__).parents[2] / "corpora" / "reference"


def test_no_error_is_raised_on_the_reference_corpus() -> None:
    allowed = {
        source.encounter_id: {frozenset(pair.split()) for pair in source.fields.get("excludes1_allowed", "").split(";")}
        for source in read_sources(CORPUS / "sources")
    }
    encounters = read_split(CORPUS, "train")
    errors = [
        (one.encounter_id, finding.rule, finding.codes)
        for one in encounters
        for finding in check_codes(one)
        if finding.severity == "error" and frozenset(finding.codes) not in allowed.get(one.encounter_id, set())
    ]
    assert len(encounters) > 800
    assert errors == []


@pytest.mark.parametrize("name", ["stays", "services"])
def test_no_error_is_raised_on_procedures_and_services(name: str) -> None:
    encounters = read_split(CORPUS.parent / name, "train")
    found = [(one.encounter_id, each.message) for one in encounters for each in check_codes(one) if each.blocks]
    assert len(encounters) == 90
    assert found == []
