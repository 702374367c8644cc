"""FHIR bundles and bulk exports."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from reader_samples import SUMMARY, fhir, names

from leadterm.errors import LeadtermError
from leadterm.readers import read


def test_fhir_bundle(tmp_path: Path) -> None:
    one = read("fhir", fhir(tmp_path), split="dev").splits()["dev"][0]
    assert names(one) == [
        ("icd10cm", "J18.9", "principal"),
        ("icd10cm", "E11.9", "secondary"),
        ("icd10pcs", "0DJ08ZZ", ""),
    ]
    assert [(note.note_id, note.text, note.kind) for note in one.notes] == [
        ("d1", SUMMARY, "discharge summary"),
        ("d2", "Plain words, not base64.", ""),
    ]
    assert (one.encounter_id, one.patient_id, one.setting, one.sex) == ("v1", "p1", "inpatient", "F")
    assert (one.birth_year, one.date_of_service) == (1961, "2026-05-04")


def test_fhir_bulk_export_and_lone_documents(tmp_path: Path) -> None:
    attachment = {"contentType": "text/plain; charset=ISO-8859-1", "url": "Binary/b1"}
    document = {"resourceType": "DocumentReference", "id": "d1", "content": [{"attachment": attachment}]}
    (tmp_path / "DocumentReference.ndjson").write_text(json.dumps(document) + "\n")
    data = base64.b64encode("Ménière".encode("latin-1")).decode()
    (tmp_path / "Binary.ndjson").write_text(json.dumps({"resourceType": "Binary", "id": "b1", "data": data}) + "\n")
    one = read("fhir", tmp_path).splits()["train"][0]
    assert (one.encounter_id, one.notes[0].text, one.setting) == ("d1", "Ménière", "outpatient")
    attachment["contentType"] = "text/plain"
    (tmp_path / "DocumentReference.ndjson").write_text(json.dumps(document) + "\n")
    with pytest.raises(LeadtermError, match="document 'd1' is not in the character set"):
        read("fhir", tmp_path)
    (tmp_path / "DocumentReference.ndjson").write_text('{"a": 1}\n')
    with pytest.raises(LeadtermError, match="no resourceType"):
        read("fhir", tmp_path)
