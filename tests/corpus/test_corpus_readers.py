"""Readers, on small sources made up in the official layouts."""

from __future__ import annotations

import base64
import csv
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from leadterm.codes import load_system
from leadterm.corpus import check, decode, encode, read_split
from leadterm.errors import LeadtermError
from leadterm.readers import READERS, import_corpus, options_of, read
from leadterm.readers.cmc2007 import codings
from leadterm.readers.mimic import read_splits
from leadterm.readers.mtsamples import ANNOTATIONS
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


SOURCES: dict[str, Callable[[Path], Path]] = {
    "codiesp": codiesp, "aci-bench": aci_bench, "cmc2007": cmc2007, "csv": csv_table, "jsonl": jsonl,
    "mimic3": mimic3, "mimic4": mimic4, "mdace": mdace, "mtsamples": mtsamples, "fhir": fhir,
}  # fmt: skip


def names(encounter: Encounter) -> list[tuple[str, str, str]]:
    return [(code.system, code.code, code.role) for code in encounter.codes]


# Contracts: every reader.


@pytest.mark.parametrize("kind", READERS)
def test_every_reader_makes_a_sound_corpus(kind: str, tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    source = SOURCES[kind](tmp_path / "source")
    card = import_corpus(kind, source, tmp_path / "out")
    assert card.counts["encounters"] == sum(card.splits.values()) > 0
    unlisted = ("unknown-code", "codes-not-checked")  # HCPCS is not among the packaged systems
    assert [problem for problem in check(tmp_path / "out") if problem.kind not in unlisted] == []
    again = read(kind, source).splits()
    assert {split: read_split(tmp_path / "out", split) for split in card.splits} == again
    assert all(code.system in card.systems for some in again.values() for one in some for code in one.codes)
    assert card.source
    assert card.licence
    assert card.phi_status


@pytest.mark.parametrize("kind", READERS)
def test_every_reader_is_deterministic(kind: str, tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    source = SOURCES[kind](tmp_path / "source")
    for name in ("one", "two"):
        import_corpus(kind, source, tmp_path / name)
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert files == sorted(path.name for path in (tmp_path / "two").iterdir())
    assert all((tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes() for name in files)


@pytest.mark.parametrize("kind", READERS)
def test_every_reader_refuses_what_it_cannot_read(kind: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "binary.csv").write_bytes(bytes(range(256)))
    for source in (tmp_path / "empty", tmp_path / "binary.csv", tmp_path / "missing"):
        with pytest.raises(LeadtermError):
            import_corpus(kind, source, tmp_path / "out")
    with pytest.raises(LeadtermError, match="unknown option"):
        read(kind, tmp_path / "empty", colour="blue")
    assert not (tmp_path / "out").exists()
    assert "colour" not in options_of(kind)


def test_unknown_kinds_get_a_guess() -> None:
    with pytest.raises(LeadtermError, match="did you mean 'mimic4'"):
        read("mimic-4", ".")


# Each reader on its own.


def test_codiesp_evidence(tmp_path: Path) -> None:
    made = read("codiesp", codiesp(tmp_path)).splits()
    assert list(made) == ["train", "dev"]
    one = made["train"][0]
    assert names(one) == [("icd10cm", "N28.1", ""), ("icd10pcs", "BT43", "")]
    words = [[[s.text for s in mention.spans] for mention in code.evidence] for code in one.codes]
    assert words == [[["quiste"], ["quiste", "riñón"]], [["Ecografía", "riñón"]]]
    english = read("codiesp", tmp_path, language="en").splits()["dev"][0]
    assert (english.language, english.codes[0].evidence) == ("en", ())


def test_codiesp_faults(tmp_path: Path) -> None:
    source = codiesp(tmp_path)
    lines = {"S1\tDIAGNOSTICO\tn28.1\tx\t17-23\n": "bad offsets", "S1\tDIAG\tn28.1\tx\t17 23\n": "unknown label",
             "S1\tDIAGNOSTICO\tn28.1\tx\t17 99\n": "lie outside", "S1\tn28.1\n": "2 fields, not 5"}  # fmt: skip
    for line, said in lines.items():
        (source / "train" / "trainX.tsv").write_text(line)
        with pytest.raises(LeadtermError, match=said):
            read("codiesp", source).splits()
    (source / "train" / "trainX.tsv").unlink()
    (source / "train" / "trainD.tsv").write_text("S9\tn28.1\n")
    with pytest.raises(LeadtermError, match="lacks the text of 1 coded cases, the first is S9"):
        read("codiesp", source).splits()


def test_aci_bench_reads_coded_notes_only(tmp_path: Path) -> None:
    made = read("aci-bench", aci_bench(tmp_path)).splits()
    assert [(split, [one.encounter_id for one in some]) for split, some in made.items()] == [("valid", ["D2"])]
    assert names(made["valid"][0]) == [("icd10cm", "M10.9", "")]
    (tmp_path / "icd10cm_codes.tsv").write_text("encounter_id\tsplit\tcode\nD9\ttrain\tM10.9\n")
    with pytest.raises(LeadtermError, match="no note for 1 coded encounters, the first is 'D9'"):
        read("aci-bench", tmp_path).splits()


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


def test_shipped_mtsamples_codes_hold_no_text_and_are_of_the_release() -> None:
    lines = [json.loads(line) for line in ANNOTATIONS.read_text(encoding="utf-8").splitlines()]
    assert {key for line in lines for key in line} == {"id", "setting", "codes"}
    keys = {key for line in lines for code in line["codes"] for key in code}
    assert keys == {"system", "code", "role", "need", "spans"}
    system = load_system("icd10cm")
    codes = {code["code"] for line in lines for code in line["codes"] if code["system"] == "icd10cm"}
    assert [code for code in sorted(codes) if not system.is_billable(code)] == []


def test_cmc2007_coders(tmp_path: Path) -> None:
    path = cmc2007(tmp_path)
    made = codings(path)
    given = {coder: [code for _, code, _ in names(some[0])] for coder, some in made.items()}
    assert given == {"CMC_MAJORITY": ["784.49"], "COMPANY1": ["466.0"], "COMPANY2": ["784.49"], "COMPANY3": []}
    assert made["COMPANY1"][0].notes[0].text == "CLINICAL HISTORY:\nCough.\n\nIMPRESSION:\nClear lungs."
    assert list(read("cmc2007", tmp_path, coder="COMPANY1", split="dev").splits()) == ["dev"]
    path.write_text("<docs><doc id='7'/></docs>")
    with pytest.raises(LeadtermError, match="lacks its id or its texts"):
        read("cmc2007", path)
    path.write_text("<!DOCTYPE x [<!ENTITY a 'b'>]><docs/>")
    with pytest.raises(LeadtermError, match="DOCTYPE"):
        read("cmc2007", path)
    path.write_text("<docs><doc>")
    with pytest.raises(LeadtermError, match="not well-formed"):
        read("cmc2007", path)


def test_csv_joins_rows_and_keeps_texts(tmp_path: Path) -> None:
    made = read("csv", csv_table(tmp_path)).splits()
    one = made["train"][0]
    assert [(note.note_id, note.text, note.kind) for note in one.notes] == [
        ("n1", 'Said "cough",\nthen left.', "visit"),
        ("n2", "Addendum.", ""),
    ]
    assert [code for _, code, _ in names(one)] == ["R05.9", "I10"]
    assert (made["dev"][0].setting, made["dev"][0].patient_id) == ("inpatient", "p2")


def test_csv_with_a_system_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "injuries.csv"
    table(path, ["encounter_id", "text", "codes"], ["1", "Fell.", "42;a1"], ["2", "Burnt.", "43"])
    titles = tmp_path / "titles.tsv"
    titles.write_text("42\tFalls\n44\tCuts\n")
    card = import_corpus("csv", path, tmp_path / "out", system="oiics", code_list=str(titles))
    assert card.code_lists == {"oiics": "codes-oiics.tsv"}
    assert (tmp_path / "out" / "codes-oiics.tsv").read_text() == "42\tFalls\n43\t\n44\tCuts\na1\t\n"
    assert check(tmp_path / "out") == []


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([["encounter_id", "text"]], "lacks the columns codes"),
        ([["encounter_id", "text", "codes"], ["1", "a", "b", "c"]], "line 2 has 4 fields, the header 3"),
        ([["encounter_id", "text", "codes"], ["", "a", "b"]], "line 2 has no encounter_id"),
        ([["encounter_id", "text", "codes", "split"], ["1", "", "", "a"], ["1", "", "", "b"]], "two values of 'split'"),
        ([["encounter_id", "text", "codes", "setting"], ["1", "", "", "home"]], "unknown setting 'home'"),
        ([["encounter_id", "text", "codes"]], "no encounter to write"),
    ],
)
def test_csv_faults(tmp_path: Path, lines: list[list[str]], said: str) -> None:
    table(tmp_path / "t.csv", *lines)
    with pytest.raises(LeadtermError, match=said):
        import_corpus("csv", tmp_path / "t.csv", tmp_path / "out")


def test_a_torn_gzip_is_named(tmp_path: Path) -> None:
    table(tmp_path / "t.csv.gz", ["encounter_id", "text", "codes"], ["1", "Fell." * 500, "I10"])
    whole = (tmp_path / "t.csv.gz").read_bytes()
    (tmp_path / "t.csv.gz").write_bytes(whole[:-20])
    with pytest.raises(LeadtermError, match="Is the file whole"):
        read("csv", tmp_path / "t.csv.gz")


def test_mimic3_gathers_admissions(tmp_path: Path) -> None:
    made = read("mimic3", mimic3(tmp_path)).splits()["train"]
    assert [one.encounter_id for one in made] == ["100002", "100001"]
    assert names(made[0]) == [("icd9cm", "E888.9", "principal"), ("icd9cm", "V15.82", "secondary")]
    one = made[1]
    assert names(one) == [
        ("icd9cm", "038.9", "principal"),
        ("icd9cm", "250.00", "secondary"),
        ("icd9pcs", "00.66", ""),
        ("icd9pcs", "38.93", ""),
    ]
    assert [(note.note_id, note.kind) for note in one.notes] == [
        ("11", "discharge summary"),
        ("13", "discharge summary, addendum"),
    ]
    assert (one.notes[0].text, one.sex, one.birth_year, one.patient_id) == (SUMMARY, "F", 2090, "1")
    every = read("mimic3", tmp_path, categories="Discharge summary, Radiology").splits()["train"]
    assert [len(one.notes) for one in every] == [1, 3]


def test_mimic3_with_split_files(tmp_path: Path) -> None:
    source = mimic3(tmp_path / "source")
    splits = tmp_path / "splits"
    splits.mkdir()
    (splits / "train_50_hadm_ids.csv").write_text("1\n")
    (splits / "train_full_hadm_ids.csv").write_text("hadm_id\n100002.0\n")
    (splits / "dev_full_hadm_ids.csv").write_text("100001\n")
    made = read("mimic3", source, split_files=str(splits / "*_full_*.csv")).splits()
    assert {split: [one.encounter_id for one in some] for split, some in made.items()} == {
        "train": ["100002"],
        "dev": ["100001"],
    }
    with pytest.raises(LeadtermError, match="two files for train"):
        read_splits(str(splits))
    with pytest.raises(LeadtermError, match="no split files"):
        read_splits(str(source))
    (splits / "dev_full_hadm_ids.csv").write_text("100002\n")
    with pytest.raises(LeadtermError, match="admission 100002 is in two splits"):
        read_splits(str(splits / "*_full_*.csv"))


def test_one_split_file_with_a_column(tmp_path: Path) -> None:
    table(tmp_path / "clean.csv", ["_id", "split"], ["5", "train"], ["6", "val"], ["7.0", "test"])
    assert read_splits(str(tmp_path / "clean.csv")) == {"5": "train", "6": "dev", "7": "test"}
    table(tmp_path / "bad.csv", ["hadm_id", "split"], ["5", "trial"])
    with pytest.raises(LeadtermError, match="line 2"):
        read_splits(str(tmp_path / "bad.csv"))


def test_mimic4_keeps_versions_apart(tmp_path: Path) -> None:
    source = mimic4(tmp_path)
    made = read("mimic4", source).splits()["train"]
    assert names(made[0]) == [
        ("icd9cm", "038.9", "principal"),
        ("icd9cm", "E888.9", "secondary"),
        ("icd9pcs", "00.66", ""),
    ]
    assert names(made[1]) == [
        ("icd10cm", "E11.9", "principal"),
        ("icd10cm", "W19.XXXA", "secondary"),
        ("icd10pcs", "0DJ08ZZ", ""),
    ]
    assert (made[0].sex, made[0].birth_year) == ("M", 2128)
    only = read("mimic4", source, icd_version="10").splits()["train"]
    assert [one.encounter_id for one in only] == ["20000002"]
    with pytest.raises(LeadtermError, match="unknown ICD version"):
        read("mimic4", source, icd_version="11")


def test_mimic_names_the_missing_table(tmp_path: Path) -> None:
    source = mimic3(tmp_path)
    (source / "DIAGNOSES_ICD.csv").unlink()
    with pytest.raises(LeadtermError, match=r"no diagnoses_icd\.csv"):
        read("mimic3", source)


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


# Real corpora, where they are at hand.


@pytest.mark.parametrize(
    ("kind", "place", "options", "splits"),
    [
        ("codiesp", "codiesp", {}, {"train": 500, "dev": 250}),
        ("codiesp", "codiesp", {"language": "en"}, {"train": 500, "dev": 250}),
        ("aci-bench", "aci-bench", {}, {"train": 51, "valid": 16}),
        ("cmc2007", "cmc2007/radiology.xml", {}, {"train": 659}),
    ],
)
def test_published_corpora(
    data: Path, tmp_path: Path, kind: str, place: str, options: dict[str, str], splits: dict[str, int]
) -> None:
    card = import_corpus(kind, data / place, tmp_path / "out", **options)
    assert card.splits == splits
    assert {problem.kind for problem in check(tmp_path / "out")} <= {"unknown-code"}


def test_codiesp_words_stand_at_their_offsets(data: Path) -> None:
    made = {one.encounter_id: one for some in read("codiesp", data / "codiesp").splits().values() for one in some}
    differ = total = 0
    for path in (data / "codiesp").glob("*/*X.tsv"):
        for line in path.read_text(encoding="utf-8").splitlines():
            case, _, code, words, _ = line.split("\t")
            given = next(one for one in made[case].codes if one.code == code.upper())
            found = {" ".join(m.text.split()) for m in given.evidence}
            total += 1
            differ += sorted(words.split()) not in [sorted(one.split()) for one in found]
    assert total > 13_000
    assert differ <= 10
