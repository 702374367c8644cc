"""Small sources in the official layouts, all made up."""

from __future__ import annotations

import base64
import csv
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from leadterm.readers import import_corpus
from leadterm.schema import Encounter

SUMMARY = "Admitted with pneumonia.\nHistory of diabetes.\n"


def table(path: Path, *lines: list[str]) -> None:
    opener: Callable[..., Any] = gzip.open if path.suffix == ".gz" else open
    path.parent.mkdir(parents=True, exist_ok=True)
    with opener(path, "wt", encoding="utf-8", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_MINIMAL).writerows(lines)


def codiesp(folder: Path) -> Path:
    for split, case in (("train", "S1"), ("dev", "S2")):
        for texts, text in (("text_files", "Ecografía renal: quiste en riñón."), ("text_files_en", "Renal cyst.")):
            (folder / split / texts).mkdir(parents=True)
            (folder / split / texts / f"{case}.txt").write_text(text, encoding="utf-8")
        (folder / split / f"{split}D.tsv").write_text(f"{case}\tn28.1\n{case}\tn28.1\n")
        (folder / split / f"{split}P.tsv").write_text(f"{case}\tbt43\n")
        lines = f"{case}\tPROCEDIMIENTO\tbt43\tecografía riñón\t0 9;27 32\n"
        lines += f"{case}\tDIAGNOSTICO\tn28.1\tquiste riñón\t17 23;27 27;27 32\n"
        lines += f"{case}\tDIAGNOSTICO\tn28.1\tquiste\t17 23\n"
        (folder / split / f"{split}X.tsv").write_text(lines, encoding="utf-8")
    return folder


def aci_bench(folder: Path) -> Path:
    table(
        folder / "train.csv", ["dataset", "encounter_id", "dialogue", "note"], ["x", "D1", "hi", "Knee pain.\nStable."]
    )
    table(folder / "valid.csv", ["dataset", "encounter_id", "dialogue", "note"], ["x", "D2", "hi", "Gout, again"])
    (folder / "icd10cm_codes.tsv").write_text("encounter_id\tsplit\tcode\nD2\tvalid\tM10.9\nD2\tvalid\tm109\n")
    return folder


def cmc2007(folder: Path) -> Path:
    path = folder / "radiology.xml"
    path.write_text(
        "<docs><doc id='7' type='REPORT'><codes>"
        "<code origin='CMC_MAJORITY' type='ICD-9-CM'>784.49</code><code origin='COMPANY1' type='ICD-9-CM'>4660</code>"
        "<code origin='COMPANY2' type='ICD-9-CM'>784.49</code></codes><texts>"
        "<text origin='X' type='CLINICAL_HISTORY'>Cough.</text><text origin='X' type='IMPRESSION'>Clear lungs.</text>"
        "</texts></doc></docs>"
    )
    return path


def csv_table(folder: Path) -> Path:
    path = folder / "notes.csv"
    table(
        path,
        ["encounter_id", "text", "codes", "split", "patient_id", "setting", "kind"],
        ["e1", 'Said "cough",\nthen left.', "r059; i10", "train", "p1", "outpatient", "visit"],
        ["e2", "Falls.", "I10 R05.9", "dev", "p2", "inpatient", ""],
        ["e1", "Addendum.", "I10", "", "", "", ""],
    )
    return path


def jsonl(folder: Path) -> Path:
    import_corpus("csv", csv_table(folder), folder / "demo")
    return folder / "demo"


def mimic3(folder: Path) -> Path:
    head = ["ROW_ID", "SUBJECT_ID", "HADM_ID", "CHARTDATE", "CHARTTIME", "STORETIME", "CATEGORY", "DESCRIPTION", "CGID",
            "ISERROR", "TEXT"]  # fmt: skip

    def row(number: str, admission: str, category: str, description: str, error: str, text: str) -> list[str]:
        return [number, "1", admission, "2150-01-01", "", "", category, description, "", error, text]

    table(
        folder / "NOTEEVENTS.csv.gz",
        head,
        row("11", "100001", "Discharge summary", "Report", "", SUMMARY),
        row("12", "100002", "Discharge summary", "Report", "", "Fell."),
        row("13", "100001", "Discharge summary", "Addendum", "", "Also, asthma."),
        row("14", "100001", "Radiology", "CHEST", "", "Clear."),
        row("15", "100001", "Discharge summary", "Report", "1", "Wrong patient."),
        row("16", "", "Discharge summary", "Report", "", "No stay."),
        row("17", "100003", "Discharge summary", "Report", "", "Not coded."),
    )
    head = ["ROW_ID", "SUBJECT_ID", "HADM_ID", "SEQ_NUM", "ICD9_CODE"]
    table(
        folder / "DIAGNOSES_ICD.csv",
        head,
        ["1", "1", "100001", "2", "25000"],
        ["2", "1", "100001", "1", "0389"],
        ["3", "1", "100002", "1", "E8889"],
        ["4", "1", "100002", "2", "V1582"],
        ["5", "1", "100002", "3", ""],
    )
    table(folder / "PROCEDURES_ICD.csv", head, ["1", "1", "100001", "1", "0066"], ["2", "1", "100001", "2", "3893"])
    table(folder / "PATIENTS.csv", ["ROW_ID", "SUBJECT_ID", "GENDER", "DOB"], ["1", "1", "F", "2090-05-01 00:00:00"])
    return folder


def mimic4(folder: Path) -> Path:
    table(
        folder / "note" / "discharge.csv.gz",
        ["note_id", "subject_id", "hadm_id", "note_type", "note_seq", "charttime", "storetime", "text"],
        ["1-DS-1", "1", "20000001", "DS", "1", "", "", SUMMARY],
        ["1-DS-2", "1", "20000002", "DS", "2", "", "", "Fell."],
    )
    head = ["subject_id", "hadm_id", "seq_num", "icd_code", "icd_version"]
    table(
        folder / "hosp" / "diagnoses_icd.csv.gz",
        head,
        ["1", "20000001", "1", "0389", "9"],
        ["1", "20000001", "2", "E8889  ", "9"],
        ["1", "20000002", "1", "E119", "10"],
        ["1", "20000002", "2", "W19XXXA", "10"],
    )
    head = ["subject_id", "hadm_id", "seq_num", "chartdate", "icd_code", "icd_version"]
    rows = [["1", "20000001", "1", "", "0066", "9"], ["1", "20000002", "1", "", "0DJ08ZZ", "10"]]
    table(folder / "hosp" / "procedures_icd.csv.gz", head, *rows)
    head = ["subject_id", "gender", "anchor_age", "anchor_year", "anchor_year_group", "dod"]
    table(folder / "hosp" / "patients.csv.gz", head, ["1", "M", "52", "2180", "2014 - 2016", ""])
    return folder


def mdace(folder: Path) -> Path:
    marks = [
        {"begin": 14, "end": 23, "code": "J18.9", "code_system": "ICD-10-CM", "type": "Human"},
        {"begin": 36, "end": 44, "code": "E11.9", "code_system": "ICD-10-CM", "type": "Human"},
        {"begin": 0, "end": 8, "code": "J18.9", "code_system": "ICD-10-CM", "type": "Human"},
    ]
    notes = [{"note_id": 11, "category": "Discharge summary", "annotations": marks, "text": SUMMARY}]
    (folder / "100001-ICD-10.json").write_text(json.dumps({"hadm_id": 100001, "comment": "", "notes": notes}))
    return folder


def mtsamples(folder: Path) -> Path:
    """Two notes under numbers that are coded, with words where the codes' offsets point, and one that is not."""
    path = folder / "notes.jsonl"
    lines = [{"id": name, "text": "Gout of the foot. " * 400, "extra": 1} for name in ("35", "37", "not coded")]
    path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    return path


def fhir(folder: Path) -> Path:
    path = folder / "bundle.json"
    system = "http://hl7.org/fhir/sid/icd-10-cm"
    visit = {"reference": "urn:uuid:v1"}
    encoded = base64.b64encode(SUMMARY.encode()).decode()
    resources: list[dict[str, Any]] = [
        {"resourceType": "Patient", "id": "p1", "gender": "female", "birthDate": "1961-02-03"},
        {"resourceType": "Encounter", "id": "v1", "class": {"code": "IMP"}, "subject": {"reference": "Patient/p1"},
         "period": {"start": "2026-05-04T10:00:00Z"},
         "diagnosis": [{"condition": {"reference": "Condition/c1"}, "rank": 1}]},
        {"resourceType": "DocumentReference", "id": "d1", "status": "current", "type": {"text": "Discharge summary"},
         "context": {"encounter": [visit]},
         "content": [{"attachment": {"contentType": "text/plain", "data": encoded}}]},
        {"resourceType": "DocumentReference", "id": "d2", "status": "current", "context": {"encounter": [visit]},
         "content": [{"attachment": {"contentType": "text/plain", "data": "Plain words, not base64."}}]},
        {"resourceType": "DocumentReference", "id": "d3", "status": "entered-in-error",
         "context": {"encounter": [visit]},
         "content": [{"attachment": {"contentType": "text/plain", "data": "Wrong."}}]},
        {"resourceType": "Condition", "id": "c1", "encounter": visit,
         "code": {"coding": [{"system": "http://snomed.info/sct", "code": "1"}, {"system": system, "code": "J18.9"}]}},
        {"resourceType": "Condition", "id": "c2", "encounter": {"reference": "Encounter/v1/_history/2"},
         "code": {"coding": [{"system": system, "code": "e119"}]}},
        {"resourceType": "Condition", "id": "c3", "encounter": visit,
         "code": {"coding": [{"system": system, "code": "I10"}]},
         "verificationStatus": {"coding": [{"code": "refuted"}]}},
        {"resourceType": "Procedure", "id": "r1", "status": "completed", "encounter": visit,
         "code": {"coding": [{"system": "http://www.cms.gov/Medicare/Coding/ICD10", "code": "0DJ08ZZ"}]}},
    ]  # fmt: skip
    entries = [{"fullUrl": f"urn:uuid:{one['id']}", "resource": one} for one in resources]
    path.write_text(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}))
    return path


def decisions(folder: Path) -> Path:
    from leadterm.decisions.changes import Change, Entry, key_of
    from leadterm.decisions.decision_store import DecisionStore
    from leadterm.schema import Encounter, Note

    text = "Assessment: Gout of the left knee.\n"
    (folder / "notes").mkdir()
    (folder / "notes" / "visit.txt").write_text(text, encoding="utf-8")
    (folder / "notes" / "later.txt").write_text("Cough.\n", encoding="utf-8")
    store = DecisionStore(folder)
    add = Change("add", "icd10cm", "M10.062", evidence=(("visit", ((12, 33),)),))
    changes = Change("accept", "icd10cm", "I10"), add, Change("sequence", value="icd10cm:M10.062 icd10cm:I10")
    key = key_of(Encounter("visit", (Note("n", text),)))
    store.append(Entry("1", "", "ana", *key, (*changes, Change("finish")), releases={"icd10cm": "2026.04"}))
    store.close()
    return folder


SOURCES: dict[str, Callable[[Path], Path]] = {
    "codiesp": codiesp, "aci-bench": aci_bench, "cmc2007": cmc2007, "csv": csv_table, "jsonl": jsonl,
    "mimic3": mimic3, "mimic4": mimic4, "mdace": mdace, "mtsamples": mtsamples, "fhir": fhir,
    "decisions": decisions,
}  # fmt: skip


def names(encounter: Encounter) -> list[tuple[str, str, str]]:
    return [(code.system, code.code, code.role) for code in encounter.codes]
