"""Forty files as they arrive, whole and damaged: what comes out of each, and that no row of any is lost in silence."""

from __future__ import annotations

import base64
import gzip
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from document_samples import NOTE, ccda, composition, docx, fhir, hl7, html, pdf, report, rtf, table

from leadterm.intake.encounters import read_items
from leadterm.intake.files import find_files

NOTES = "id,note\na,Assessment: Gout.\nb,Dry cough.\nc,Ménière disease.\n"
LINES = '{"id": "a", "text": "Gout."}\n{"id": "b", "text": "Dry cough."}\n'
PATIENT = '{"resourceType": "Patient", "id": "p1"}'
SCAN = fhir("image/png", b"\x89PNG\r\n")


def word() -> bytes:
    made = io.BytesIO()
    docx(made)
    return made.getvalue()


def workbook(rows: list[list[object]], before: str = "") -> bytes:
    import openpyxl

    book = openpyxl.Workbook()
    if before:
        book.active.append([before])
    sheet = book.create_sheet("data") if before else book.active
    for row in rows:
        sheet.append(row)
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def parquet() -> bytes:
    import pandas as pd

    made = io.BytesIO()
    pd.DataFrame({"id": [1, 2], "text": ["Gout.", None]}).to_parquet(made)
    return made.getvalue()


def packed(name: str, content: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr(name, content)
    return made.getvalue()


def contained() -> str:
    """A document whose text and patient stand within it."""
    held = [
        {"resourceType": "Binary", "id": "b1", "data": base64.b64encode(NOTE.encode()).decode()},
        {"resourceType": "Patient", "id": "p", "gender": "female"},
    ]
    attachment = {"contentType": "text/plain", "url": "#b1"}
    document = {"resourceType": "DocumentReference", "id": "d1", "contained": held, "subject": {"reference": "#p"}}
    return json.dumps(document | {"content": [{"attachment": attachment}]})


UNSTRUCTURED = (
    '<?xml version="1.0"?><ClinicalDocument xmlns="urn:hl7-org:v3"><component><nonXMLBody>'
    f'<text mediaType="application/rtf" representation="B64">{base64.b64encode(rtf()).decode()}</text>'
    "</nonXMLBody></component></ClinicalDocument>"
)
Content = str | bytes | Callable[[], bytes]
# name, content, rows (or documents) in it, encounters that come out, what is said of the others or of a guess
FILES: tuple[tuple[str, Content, int, int, str], ...] = (
    # documents
    ("plain.txt", NOTE, 1, 1, ""),
    ("windows.txt", NOTE.replace("\n", "\r\n").encode("cp1252"), 1, 1, "read as Windows-1252"),
    ("marked-utf8.txt", NOTE.encode("utf-8-sig"), 1, 1, ""),
    ("marked-utf16.txt", NOTE.encode("utf-16"), 1, 1, ""),
    ("bare-utf16.txt", NOTE.encode("utf-16-le"), 1, 1, "no byte order mark"),
    ("binary.txt", b"\x00\x01\x02\x03\x00\x00\xff" * 40, 1, 0, "is not text"),
    ("binary-like-utf16.txt", b"\x00\x01\x02\xff" * 40, 1, 0, "is not text"),
    ("blank.txt", " \n\t\n", 1, 0, "is empty"),
    ("a-pdf-by-another-name.txt", pdf(NOTE.split("\n")), 1, 1, ""),
    ("scanned.pdf", pdf([], scanned=True), 1, 0, "scanned pictures"),
    ("cut.pdf", pdf(["Gout."])[:80], 1, 0, "damaged"),
    ("page.html", html(), 1, 1, ""),
    ("page-cut-in-a-tag.html", html()[:-14] + "<div cla", 1, 1, ""),
    ("letter.rtf", rtf(), 1, 1, ""),
    ("letter-without-its-end.rtf", rtf()[:-1], 1, 1, "ends within a group of RTF"),
    ("letter.docx", word, 1, 1, ""),
    ("letter-cut.docx", b"PK\x03\x04" + b"x" * 30, 1, 0, "damaged"),
    ("old-letter.doc", b"\xd0\xcf\x11\xe0\xa1\xb1", 1, 0, "old office document"),
    ("archive.zip", packed("note.txt", NOTE), 1, 0, "a zip archive"),
    ("open.odt", packed("content.xml", "<x/>"), 1, 0, "an OpenDocument file"),
    ("zip-called-word.docx", packed("note.txt", NOTE), 1, 0, "a zip archive"),
    ("nothing.pdf", b"", 1, 0, "is empty"),
    ("marked.rtf", b"\xef\xbb\xbf" + rtf(), 1, 1, ""),
    (
        "message.eml",
        "From: a@b\nSubject: x\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n" + NOTE,
        1,
        1,
        "",
    ),
    (
        "archive.mht",
        'MIME-Version: 1.0\nContent-Type: multipart/related; boundary="x"\n\n--x\nContent-Type: text/html; '
        "charset=utf-8\n\n" + html() + "\n--x--\n",
        1,
        1,
        "",
    ),
    ("a-table-by-another-name.txt", NOTES.replace(",", "|"), 1, 0, "is a table"),
    ("scan.jpg", b"\xff\xd8\xff\xe0", 1, 0, "a picture (JPEG)"),
    # messages and resources
    ("visit.ccda.xml", ccda(), 1, 1, ""),
    ("cut.ccda.xml", ccda()[:-40], 1, 0, "not well-formed"),
    ("no-sections.xml", '<?xml version="1.0"?><ClinicalDocument xmlns="urn:hl7-org:v3"/>', 1, 0, "without a narrative"),
    ("body-in-base64.xml", UNSTRUCTURED, 1, 1, ""),
    ("batch.hl7", "FHS|^~\\&|A\rBHS|^~\\&|A\r" + hl7() + hl7().replace("v1\r", "v2\r") + "BTS|2\rFTS|1\r", 2, 2, ""),
    ("contained.json", contained(), 1, 1, ""),
    ("message.hl7", hl7(), 1, 1, ""),
    ("escaped.hl7", hl7(broken=True), 1, 1, ""),
    (
        "two-messages.hl7",
        hl7() + hl7().replace("v1\r", "v2\r") + "MSH|^~\\&|A|B|C|D|2025||ADT^A01|m|P|2.5\r",
        3,
        2,
        "1 of 3 messages have no text",
    ),
    ("bundle.json", fhir(), 1, 1, ""),
    ("html-within.json", fhir("text/html", html().encode()), 1, 1, ""),
    ("picture-within.json", SCAN, 1, 0, "no document with a text"),
    ("cut-base64.json", fhir().replace('"data": "', '"data": "%'), 1, 0, "whose base64 is damaged"),
    ("report.json", report(), 1, 1, ""),
    ("sections.json", composition(), 1, 1, ""),
    ("bulk.ndjson", report() + "\nno json\n" + PATIENT + "\n", 2, 1, "lines that are not JSON × 1"),
    # tables
    ("comma.csv", NOTES, 3, 3, ""),
    ("semicolon-windows.csv", NOTES.replace(",", ";").encode("cp1252"), 3, 3, "read as Windows-1252"),
    ("tab-utf16.tsv", NOTES.replace(",", "\t").encode("utf-16"), 3, 3, ""),
    ("packed.csv.gz", gzip.compress(NOTES.encode()), 3, 3, ""),
    ("packed-and-cut.csv.gz", gzip.compress(NOTES.encode() * 99)[:60], 1, 0, "cannot read"),
    ("mark-and-crlf.csv", b"\xef\xbb\xbf" + NOTES.replace("\n", "\r\n").encode(), 3, 3, ""),
    ("quotes-within.csv", NOTES + 'd,5\'10"" tall\ne,"Cough, "dry" and long."\n', 5, 4, "not doubled"),
    ("header-alone.csv", "id,note\n", 1, 0, "no row below it"),
    ("a-row-too-long.csv", NOTES + "d,Gout.,more\n", 4, 3, "has 3 fields, the header 2"),
    ("an-open-quote.csv", NOTES + 'd,"Gout.\n', 4, 3, "opens a quoted field that is never closed"),
    ("no-id-no-text.csv", NOTES + ",Gout.\ne,\nf,NaN\n", 6, 3, "has no id"),
    ("notes-of-one-visit.csv", "visit,note\nv1,Gout.\nv1,Dry cough.\n", 1, 1, ""),
    ("no-header.csv", "1,Gout.\n2,Dry cough.\n", 1, 0, "Is its first line a header?"),
    ("spelt-line-ends.csv", table(NOTE.replace("\n", "\\r\\n")), 1, 1, ""),
    ("tags.csv", table(html()), 1, 1, ""),
    ("second-sheet.xlsx", workbook([["id", "note"], [1, "Gout."], [2, None]], before="About"), 2, 1, "has no text"),
    ("both-sheets.xlsx", workbook([["id", "note"], [1, "Gout."]], before="note"), 1, 1, "is read, and not 'Sheet'"),
    ("workbook-by-another-name.csv", workbook([["id", "note"], [1, NOTE]]), 1, 1, ""),
    ("cut.xlsx", b"PK\x03\x04cut", 1, 0, "no readable Excel workbook"),
    ("columns.parquet", parquet, 2, 1, "has no text"),
    ("flat.jsonl", LINES, 2, 2, ""),
    ("bad-lines.jsonl", LINES + "{cut\n[1]\n" + '{"id": 1}\n', 5, 2, "line 3 is not JSON"),
    ("twice.jsonl", LINES + LINES.splitlines()[0] + "\n", 3, 2, "was there before"),
    ("number.jsonl", LINES + '{"id": ' + "9" * 5000 + ', "text": "Gout."}\n', 3, 2, "is not JSON"),
    ("half-a-pair.jsonl", LINES + '{"id": "\\ud800", "text": "Gout."}\n', 3, 2, "half a surrogate pair"),
)


def test_there_are_forty() -> None:
    assert len({name for name, *_ in FILES}) == len(FILES) >= 40


@pytest.mark.parametrize(("name", "content", "rows", "out", "said"), FILES, ids=[name for name, *_ in FILES])
def test_what_comes_out(name: str, content: Content, rows: int, out: int, said: str, tmp_path: Path) -> None:
    made = content() if callable(content) else content
    (tmp_path / name).write_bytes(made if isinstance(made, bytes) else made.encode())
    items = list(read_items(find_files([str(tmp_path / name)])))
    encounters = [item.encounter for item in items if item.encounter]
    problems = [item.problem for item in items if item.problem]
    told = "\n".join([*map(str, problems), *(item.warning for item in items if item.warning)])
    assert len(encounters) == out
    assert len(problems) == rows - out or (len(problems) < rows - out and f"{rows - out} of" in told) or "× 1" in told
    assert said in told
    assert bool(told) == bool(said)
    assert "Gout." not in told  # never the text of a note


def test_what_stands_within_a_resource_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(contained())
    (encounter,) = (item.encounter for item in read_items([tmp_path / "a.json"]) if item.encounter)
    assert (encounter.encounter_id, encounter.sex) == ("d1", "F")


@pytest.mark.parametrize(
    ("name", "content"), [(name, content) for name, content, _, out, said in FILES if out == 1 and not said]
)
def test_the_whole_note_comes_out(name: str, content: Content, tmp_path: Path) -> None:
    made = content() if callable(content) else content
    (tmp_path / name).write_bytes(made if isinstance(made, bytes) else made.encode())
    (encounter,) = (item.encounter for item in read_items([tmp_path / name]) if item.encounter)
    if name != "notes-of-one-visit.csv":
        assert encounter.notes[0].text.split() == NOTE.split()
