"""MTSamples: shipped codes, texts from elsewhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from leadterm.codes import load_system
from leadterm.corpus import decode, encode
from leadterm.errors import LeadtermError
from leadterm.readers import read
from leadterm.readers.mtsamples import ANNOTATIONS


def test_mtsamples_joins_codes_with_text_and_keeps_what_is_optional(tmp_path: Path) -> None:
    own = tmp_path / "codes.jsonl"
    given = [{"system": "icd10cm", "code": "M10.9", "role": "first-listed", "spans": [[0, 4]]},
             {"system": "icd10cm", "code": "I10", "role": "secondary", "need": "may", "spans": []}]  # fmt: skip
    own.write_text(json.dumps({"id": "7", "setting": "inpatient", "codes": given}), encoding="utf-8")
    notes = tmp_path / "notes.jsonl"
    notes.write_text('{"id": "7", "text": "Gout."}\n{"id": "8", "text": "Cough."}\n', encoding="utf-8")
    (encounter,) = read("mtsamples", notes, annotations=str(own)).splits()["train"]
    assert (encounter.encounter_id, encounter.setting) == ("7", "inpatient")
    assert [(code.code, code.need) for code in encounter.codes] == [("M10.9", "must"), ("I10", "may")]
    assert encounter.codes[0].spans[0].text == "Gout"
    assert decode(encode(encounter)) == encounter


@pytest.mark.parametrize(
    ("text", "said"),
    [("x", "is not JSON"), ('{"id": "35"}', "no object with id, text"), ('{"id": "35", "text": "Gout."}', "do not fit"),
     ('{"id": "none", "text": "Gout."}', "has codes"), ('{"id": 35, "text": "Gout."}', "not text")],
)  # fmt: skip
def test_mtsamples_faults_never_show_the_text(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "notes.jsonl").write_text(text, encoding="utf-8")
    with pytest.raises(LeadtermError, match=said) as caught:
        read("mtsamples", tmp_path / "notes.jsonl").splits()
    assert "Gout" not in str(caught.value)


@pytest.mark.parametrize("path", [ANNOTATIONS, ANNOTATIONS.with_name("held-out.jsonl")], ids=lambda path: path.stem)
def test_shipped_mtsamples_codes_hold_no_text_and_are_of_the_release(path: Path) -> None:
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert {key for line in lines for key in line} == {"id", "setting", "codes"}
    keys = {key for line in lines for code in line["codes"] for key in code}
    assert keys <= {"system", "code", "role", "need", "spans", "units"}
    system = load_system("icd10cm")
    codes = {code["code"] for line in lines for code in line["codes"] if code["system"] == "icd10cm"}
    assert [code for code in sorted(codes) if not system.is_billable(code)] == []
