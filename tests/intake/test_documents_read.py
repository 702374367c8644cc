"""The same note in every format gives the same codes; what cannot be read is refused by what it is."""

from __future__ import annotations

import json
import re
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
from document_samples import NOTE, any_note, fhir, hl7, pdf, printed, rtf, table, write_all

from leadterm.cli import main
from leadterm.corpus import read_split
from leadterm.dictionary.dictionary_model import DictionaryModel
from leadterm.intake.encounters import Item, read_items
from leadterm.intake.files import find_files
from leadterm.intake.formats import recognise
from leadterm.intake.markup import html_text, readable
from leadterm.intake.pdf import pdf_text
from leadterm.readers import read
from leadterm.schema import Encounter, Note

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("formats")
    write_all(made)
    return made


def one(path: Path) -> Item:
    (item,) = read_items([path])
    return item


def test_the_same_note_gives_the_same_codes_in_every_format(folder: Path, engine: DictionaryModel) -> None:
    wanted: list[tuple[str, str]] = []
    for path in sorted(folder.iterdir(), key=lambda path: path.name != "note.txt"):
        encounter = one(path).encounter
        assert encounter is not None, path.name
        assert encounter.notes[0].text.split() == NOTE.split(), path.name
        found = engine.suggest(encounter)
        codes = sorted((s.code, s.assertion) for s in found.suggestions if s.confidence >= found.threshold)
        wanted = wanted or codes
        assert codes == wanted, path.name
    assert {"J45.21", "I10", "M17.11"} <= {code for code, _ in wanted}


def test_whom_and_when_a_document_is_about(folder: Path) -> None:
    for name in ("ccda.xml", "lines.hl7", "b.fhir.json"):
        found = one(folder / name).encounter
        assert found is not None
        assert (found.encounter_id, found.patient_id, found.sex, found.birth_year, found.date_of_service) == (
            "v1", "p1", "F", 1961, "2025-03-14",
        )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("scan.pdf", pdf([], scanned=True), "its pages are scanned pictures"),
        ("blank.pdf", pdf([]), "it has no text layer"),
        ("cut.pdf", pdf(["Gout."])[:60], "is a PDF that is damaged"),
        ("a.docx", b"PK\x03\x04cut", "an office document or zip, damaged"),
        ("a.doc", b"\xd0\xcf\x11\xe0rest", "an old office document"),
        ("a.jpg", b"\xff\xd8\xff\xe0", "a picture (JPEG)"),
        ("a.tif", b"II*\x00", "a scan (TIFF)"),
        ("a.xls", b"\xd0\xcf\x11\xe0rest", "an old Excel file (.xls)"),
        ("a.parquet", b"PAR1cut", "no readable Parquet file"),
        ("a.xlsx", b"PK\x03\x04cut", "no readable Excel workbook"),
        ("a.xml", b"<ClinicalDocument><component></ClinicalDocument>", "not well-formed XML at line 1"),
        ("b.xml", b"<!DOCTYPE x [<!ENTITY a 'b'>]><ClinicalDocument/>", "declares entities"),
        ("c.xml", b"<ClinicalDocument/>", "without a narrative"),
        ("d.xml", b'<?xml version="1.0"?><Bundle xmlns="http://hl7.org/fhir"><text/></Bundle>', "not read (<Bundle>)"),
        ("a.hl7", b"MSH|^~\\&|A|B|C|D|2025||ADT^A01|m|P|2.5\r", "no HL7 message with a text"),
        ("a.json", b'{"resourceType": "Patient", "id": "1"}', "no document with a text"),
        ("a.html", b"<html><body><script>1</script></body></html>", "is empty"),
    ],
)
def test_what_cannot_be_read_is_refused_by_what_it_is(name: str, content: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    problems = [str(item.problem) for item in read_items([tmp_path / name]) if item.problem]
    assert len(problems) == 1
    assert said in problems[0]


@pytest.mark.parametrize(
    ("name", "module", "content"),
    [("a.rtf", "striprtf.striprtf", rtf()), ("a.pdf", "pypdf", pdf(["Gout."]))],
)
def test_a_missing_package_is_named(
    name: str, module: str, content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    (tmp_path / name).write_bytes(content)
    assert main(["suggest", str(tmp_path / name)]) == 2
    assert "pip install 'leadterm[documents]'" in capsys.readouterr().err


@pytest.mark.parametrize("odd", ["<![C x>", "<![>", "<![if !mso]>", "<![CDATA[x]]>", "<!x>", "<![endif]-->"])
def test_what_looks_like_a_marked_section(odd: str, tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(f"<html><body><p>Gout of the {odd} left knee.</p></body></html>")
    found = next(iter(read_items([tmp_path / "a.html"]))).encounter
    assert found is not None
    assert found.notes[0].text.startswith("Gout of the")
    assert "left knee." in found.notes[0].text


def test_html_as_it_is_seen() -> None:
    page = "<p>A &lt; b&nbsp;c</p><table><tr><td>BP</td><td> 120 </td></tr><tr><td>P</td><td>70</td></tr></table>"
    assert html_text(page + "<ul><li>one<li>two</ul><script>x</script>") == (
        "A < b c\n\nBP  120\nP  70\n\n- one\n- two\n"
    )  # fmt: skip
    assert html_text("<p>BP&nbsp;&nbsp;120<br>&nbsp;&nbsp;P \n 70</p>") == "BP  120\n  P 70\n"  # spaces that are seen
    for plain in ("BP <120 and >80", "a<b>c", "Take 1 tab\\night", "<b>Hx</b> & Px\n"):
        assert readable(plain) == plain


@pytest.mark.parametrize(
    ("spelt", "text"),
    [
        (r"Cough.\r\nRest.", "Cough.\nRest."),
        (r"Cough.\nRest.", "Cough.\nRest."),
        ("Cough.&#13;&#10;Rest.", "Cough.\n\nRest."),
        ("Hx:\n1. Gout.\\r\\n2. Cough", "Hx:\n1. Gout.\n2. Cough"),
        ("Hx:\n1. Gout.\\n2. Cough.\\n", "Hx:\n1. Gout.\n2. Cough.\n"),
        ("Hx:\nsee C:\\notes", "Hx:\nsee C:\\notes"),
        ("Cough &amp; wheeze", "Cough & wheeze"),
        ("Caf&eacute; au lait, T &gt; 38&#176;C", "Café au lait, T > 38°C"),
        ("Cough&nbsp;today &amp;lt; 3 weeks", "Cough today < 3 weeks"),
        ("&lt;p&gt;Cough.&lt;/p&gt;&lt;p&gt;Rest.&lt;/p&gt;", "Cough.\n\nRest.\n"),
        ("R&D; A&B &unknown; q4h", "R&D; A&B &unknown; q4h"),
    ],
)
def test_what_an_export_spelt_out(spelt: str, text: str, tmp_path: Path) -> None:
    assert readable(spelt) == text
    (tmp_path / "t.jsonl").write_text(json.dumps({"id": "1", "text": spelt}))
    (tmp_path / "t.csv").write_text(table(spelt), newline="")
    for name in ("t.jsonl", "t.csv"):
        encounter = one(tmp_path / name).encounter
        assert encounter is not None
        assert encounter.notes[0].text == text


def test_escapes_of_hl7_and_several_messages(tmp_path: Path) -> None:
    text = hl7(broken=True).replace("Cough \\T\\ wheeze", "Cough \\T\\ \\H\\wheeze\\N\\ \\X0D0A\\at 20\\S\\2 \\F\\ x")
    other = hl7().replace("v1\r", "v2\r").replace("|m1|", "|m2|")
    empty = "MSH|^~\\&|A|B|C|D|2025||ADT^A01|m3|P|2.5\rPV1|1|I\r"
    (tmp_path / "a.hl7").write_text(text + other + empty)
    found = list(read_items([tmp_path / "a.hl7"]))
    assert [item.encounter.encounter_id for item in found if item.encounter] == ["v1", "v2"]
    assert any("1 of 3 messages have no text" in item.warning for item in found)
    first = next(item.encounter for item in found if item.encounter)
    assert first.notes[0].text.startswith("CHIEF COMPLAINT: Cough & wheeze \nat 20^2 | x")


def test_documents_within_documents(tmp_path: Path) -> None:
    import base64

    packed = base64.b64encode(rtf()).decode()
    message = hl7().split("OBX")[0] + f"OBX|1|ED|PDF^Letter||^application^rtf^Base64^{packed}\r"
    (tmp_path / "a.hl7").write_text(message)
    encounter = one(tmp_path / "a.hl7").encounter
    assert encounter is not None
    assert encounter.notes[0].text.split() == NOTE.split()


def test_bulk_folders_and_what_is_passed_over(tmp_path: Path) -> None:
    bundle = json.loads(fhir())
    for entry in bundle["entry"]:
        kind = entry["resource"]["resourceType"]
        (tmp_path / f"{kind}.ndjson").write_text(json.dumps(entry["resource"]) + "\nno json\n")
    condition = {
        "resourceType": "Condition", "id": "c1",
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": "1"},
                            {"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "I10"}]},
    }  # fmt: skip
    visit = bundle["entry"][1]["resource"] | {"diagnosis": [{"condition": {"reference": "Condition/c1"}}]}
    (tmp_path / "Encounter.ndjson").write_text(json.dumps(visit))
    (tmp_path / "Condition.ndjson").write_text(json.dumps(condition))
    (item,) = [item for item in read_items(find_files([str(tmp_path)])) if item.encounter]
    assert item.encounter is not None
    assert (item.encounter.sex, item.encounter.codes) == ("F", ())
    made = read("fhir", tmp_path)
    assert [code.code for code in made.splits()["train"][0].codes] == ["I10"]
    assert "codings of http://snomed.info/sct × 1: passed over" in made.remarks
    assert "lines that are not JSON × 2: passed over" in made.remarks


def test_an_element_that_holds_the_note(tmp_path: Path) -> None:
    record = "<record><TEXT><![CDATA[Dry cough.\n]]></TEXT><TAGS/></record>"
    (tmp_path / "a.xml").write_text(f"<?xml version='1.0'?>{record}")
    encounter = one(tmp_path / "a.xml").encounter
    assert encounter is not None
    assert encounter.notes[0].text == "Dry cough.\n"


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_wide_text_without_a_mark(encoding: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(NOTE.encode(encoding))
    item = one(tmp_path / "a.txt")
    assert item.encounter is not None
    assert item.encounter.notes[0].text == NOTE
    assert f"read as {encoding.upper()}" in item.warning


def test_formats_are_known_by_content_before_name() -> None:
    assert [kind.name if (kind := recognise(start, "a.txt")) else "" for start in (b"%PDF-1", b"MSH|^", b"Cough.")] == [
        "PDF", "HL7 v2", "",
    ]  # fmt: skip


HARD = """DISCHARGE SUMMARY

ADMITTED ........ 03/09/2025
DIAGNOSES (in order)
  1. Ménière’s disease, left ear – worse
  2. Sjögren syndrome & “dry eyes” on both sides; she uses drops every two hours and has seen no change for the
     better so far this year
  3. Temp 38.4 °C <¼ of readings>, 5 µg/day ± 1

LABS
  Na      K       Creatinine
  138     4.1     1.9 (baseline 1.1)

    MEDICATIONS
    • metformin 500 mg — type 2 diabetes with polyneuropathy
    • lisinopril
HISTORY: gout (2019), no asthma; mother: breast cancer. Allergic to penicillin\\sulfa {rash} | see C:\\chart
PLAN: acute kidney injury on stage 3a chronic kidney disease, resolving. Fell from a ladder; closed fracture of
the right distal radius, splinted.
"""


@pytest.mark.parametrize("font", [b"Helvetica", b"Courier"])
def test_a_pdf_gives_paragraphs_and_no_lines_that_the_page_cut(font: bytes) -> None:
    course = (
        "She was treated with oxygen, nebulizers and steroids for an acute exacerbation of her asthma and did well. "
    )
    listed = ["1. Acute exacerbation of mild intermittent asthma.", "2. Chronic kidney disease, stage 3b.", "3. Gout."]
    note = "\n".join(["COURSE: " + course * 3 + "No fever.", "", "PLAN:", *listed, "", "Return: six weeks.", ""])
    text, _ = pdf_text(printed(note, 80).replace(b"Helvetica", font), "a.pdf")
    assert text == re.sub(" +", " ", note)
    double = pdf([line for piece in textwrap.wrap(course * 3, 80) for line in (piece, "")])
    assert "\n\n" not in pdf_text(double, "a.pdf")[0]
    short = "Vitals:\nBP 120/70\nTemperature 37.1\nHeart rate 70\n"
    assert pdf_text(printed(short), "a.pdf")[0] == short


def answers(engine: DictionaryModel, encounter: Encounter, text: str) -> list[Any]:
    """Code, confidence, assertion and words of each suggestion for a text, in the setting and kind its file says."""
    found = engine.suggest(Encounter("v1", (Note("n1", text, encounter.notes[0].kind),), setting=encounter.setting))
    return [
        (s.code, round(s.confidence, 4), s.assertion, tuple(" ".join(m.text.split()) for m in s.evidence))
        for s in found.suggestions
    ]


def differences(engine: DictionaryModel, note: str, folder: Path) -> list[str]:
    """Formats in which a note gives other codes, confidence or words; of PDF: the proposed codes, in any order."""
    wanted: list[Any] = []
    known: dict[tuple[str, str, str], list[Any]] = {}
    told = []
    for name, content in any_note(note).items():
        (folder / name).write_bytes(content)
        encounter = one(folder / name).encounter
        assert encounter is not None, name
        text = encounter.notes[0].text.replace("\r\n", "\n")
        assert text.split() == note.split(), name
        facts = text, encounter.setting, encounter.notes[0].kind
        known[facts] = found = known.get(facts) or answers(engine, encounter, text)
        wanted = wanted or found
        if name == "note.pdf":
            line, both = engine.threshold, (found, wanted)
            found, compared = (sorted((c, a, w) for c, p, a, w in rows if p >= line) for rows in both)
        else:
            compared = wanted
        if found != compared:
            told.append(f"{name}: {sorted(set(found) ^ set(compared))}")
    return told


def test_27_notes_give_the_same_codes_in_every_format(tmp_path: Path, engine: DictionaryModel) -> None:
    root = Path(__file__).parents[2]
    notes = [encounter.notes[0].text for encounter in read_split(root / "corpora" / "reference", "train")[::34]]
    for note in [HARD, *notes[:26]]:
        assert not differences(engine, note.replace("\u2192", "->").rstrip("\n") + "\n", tmp_path)


def test_27_transcriptions_give_the_same_codes_in_every_format(
    tmp_path: Path, engine: DictionaryModel, data: Path
) -> None:
    folder = data / "mtsamples"
    rows, notes = ((folder / f"{name}.jsonl").read_text(encoding="utf-8") for name in ("coded27", "notes"))
    texts = {row["id"]: row["text"] for row in map(json.loads, notes.splitlines())}
    for ident in (row["id"] for row in map(json.loads, rows.splitlines())):
        assert not differences(engine, texts[ident].rstrip("\n") + "\n", tmp_path), ident
