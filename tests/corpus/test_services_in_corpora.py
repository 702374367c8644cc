"""Services in a corpus: units and modifiers, in the format of encounters and in the sources of the reference corpus."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from leadterm.corpus import read_split
from leadterm.corpus.format import decode, encode
from leadterm.errors import LeadtermError
from leadterm.readers.reference_format import parse
from leadterm.readers.reference_sources import build, read_sources

FOLDER = Path(__file__).parents[2] / "corpora" / "services"

SOURCE = """\
encounter: x-1
setting: outpatient
kind: progress note
sex: F
birth_year: 1961
date_of_service: 2026-05-04
codes:
- M17.11 first-listed | osteoarthritis of the right knee
- hcpcs:J3301 x4 -RT -JZ | Kenalog 40 mg
{more}---
Primary osteoarthritis of the right knee. Kenalog 40 mg injected into the right knee.
"""


def test_a_source_line_carries_units_and_modifiers_to_the_corpus() -> None:
    files = build(parse(SOURCE.format(more=""), "x.md"))
    assert 'hcpcs = "' in files["corpus.toml"]
    encounter = decode(json.loads(files["train.jsonl"]))
    service = encounter.codes[1]
    assert (service.system, service.role, service.units, service.modifiers) == ("hcpcs", "", 4.0, ("RT", "JZ"))
    assert service.evidence[0].text == "Kenalog 40 mg"
    assert encode(encounter)["codes"][1]["units"] == 4


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("- hcpcs:J1040 x1 | Kenalog\n", "J1040 ended 2024-03-31"),
        ("- hcpcs:Z9999 | Kenalog\n", "Z9999 is not a code of hcpcs"),
        ("- hcpcs:J3300 x1 -ZZ | Kenalog\n", "unknown modifier ZZ"),
        ("- hcpcs:J3301 x1 | Kenalog\n", "J3301 comes twice"),
        ("- hcpcs:J3300 4 | Kenalog\n", "not a code line"),
    ],
)
def test_faults_of_services_in_sources(line: str, says: str) -> None:
    with pytest.raises(LeadtermError, match=says):
        build(parse(SOURCE.format(more=line), "x.md"))


@pytest.mark.parametrize("extra", [{"units": 0}, {"units": "two"}, {"modifiers": ["right"]}, {"modifiers": "RT"}])
def test_units_and_modifiers_of_another_form_are_refused(extra: dict[str, object]) -> None:
    line = {"encounter_id": "e", "notes": [{"note_id": "n", "text": "x"}],
            "codes": [{"system": "hcpcs", "code": "J3301", **extra}]}  # fmt: skip
    with pytest.raises(LeadtermError, match=r"units|modifiers"):
        decode(line)


def test_the_corpus_of_services_is_built_from_its_sources() -> None:
    made = build(read_sources(FOLDER / "sources"), "services")
    assert {name: (FOLDER / name).read_text(encoding="utf-8") for name in made} == made
    encounters = read_split(FOLDER, "train")
    with_services = [one for one in encounters if any(code.system == "hcpcs" for code in one.codes)]
    assert len(encounters) >= 60
    assert 0.05 < 1 - len(with_services) / len(encounters) < 0.2
