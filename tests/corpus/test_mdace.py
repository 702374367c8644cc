"""MDACE over MIMIC-III."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from reader_samples import mdace, mimic3

from leadterm.errors import LeadtermError
from leadterm.readers import read


def test_mdace_joined_to_mimic3(tmp_path: Path) -> None:
    source, notes = mdace(tmp_path), mimic3(tmp_path / "mimic")
    path = source / "100001-ICD-10.json"
    chart = json.loads(path.read_text())
    del chart["notes"][0]["text"]
    path.write_text(json.dumps(chart))
    with pytest.raises(LeadtermError, match="hold no texts"):
        read("mdace", source).splits()
    (tmp_path / "MDace-ev-val.csv").write_text("100001\n")
    made = read("mdace", source, notes=str(notes), split_files=str(tmp_path / "MDace-ev-*.csv")).splits()
    one = made["dev"][0]
    assert (one.encounter_id, one.patient_id) == ("100001", "1")
    words = {code.code: [m.spans[0].text for m in code.evidence] for code in one.codes}
    assert words == {"J18.9": ["Admitted", "pneumonia"], "E11.9": ["diabetes"]}
    chart["notes"][0]["note_id"] = 99
    path.write_text(json.dumps(chart))
    with pytest.raises(LeadtermError, match="the first has ROW_ID 99"):
        read("mdace", source, notes=str(notes)).splits()
    chart["notes"][0] |= {"text": "Short."}
    path.write_text(json.dumps(chart))
    with pytest.raises(LeadtermError, match="outside its text of 6 characters"):
        read("mdace", source).splits()
    path.write_text("{}")
    with pytest.raises(LeadtermError, match="not an MDACE chart"):
        read("mdace", source)
