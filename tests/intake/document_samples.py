"""One made-up note in every format that a hospital keeps it in."""

from __future__ import annotations

import base64
import csv
import io
import json
import re
import textwrap
from html import escape
from pathlib import Path

NOTE = """CHIEF COMPLAINT: Cough & wheeze.

HISTORY OF PRESENT ILLNESS:
She has coughed for nine days. No chest pain. Her mother had gout.

PAST MEDICAL HISTORY:
Ménière disease.

ASSESSMENT AND PLAN:
1. Mild intermittent asthma with acute exacerbation. Prednisone for five days.
2. Essential hypertension, stable on lisinopril.
3. Primary osteoarthritis of the right knee.
"""


def sections() -> list[tuple[str, str]]:
    blocks = [block.partition(":") for block in NOTE.strip().split("\n\n")]
    return [(title, text.strip()) for title, _, text in blocks]


def shown(line: str) -> str:
    """A line as a page keeps it: spaces that are seen are spelt as such."""
    return re.sub("^ +|(?<= ) +", lambda found: "&nbsp;" * len(found[0]), escape(line))


def html(text: str = NOTE) -> str:
    body = "".join(f"<div>{shown(line)}</div>" if line else "<br>" for line in text.split("\n"))
    return f"<html><head><title>x</title><style>p {{color: red}}</style></head><body>{body}</body></html>"


def rtf(text: str = NOTE) -> bytes:
    def spelt(char: str) -> str:
        if ord(char) < 128:
            return f"\\{char}" if char in "\\{}" else char
        try:
            return f"\\'{char.encode('cp1252').hex()}"
        except UnicodeEncodeError:
            return f"\\u{ord(char)}?"

    lines = ["".join(map(spelt, line)) for line in text.split("\n")]
    return ("{\\rtf1\\ansi\\ansicpg1252{\\fonttbl\\f0 Arial;}\\f0 " + "\\par\n".join(lines) + "}").encode()


def docx(path: Path | io.BytesIO) -> None:
    import docx as library

    document = library.Document()
    for title, text in sections():
        document.add_heading(title, 2)
        for line in text.split("\n"):
            numbered = line[:3] in ("1. ", "2. ", "3. ")
            document.add_paragraph(line[3:] if numbered else line, style="List Number" if numbered else None)
    document.save(str(path) if isinstance(path, Path) else path)


def pdf(lines: list[str], *, scanned: bool = False) -> bytes:
    """Write a PDF of one page by hand: text, or a picture alone."""
    shown = "".join(f"({line}) Tj T*\n" for line in lines)
    content = b"q 9 0 0 9 0 0 cm /I Do Q" if scanned else f"BT /F 9 Tf 12 TL 40 800 Td\n{shown}ET".encode("cp1252")
    font = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"
    picture = b"<</Type/XObject/Subtype/Image/Width 1/Height 1/ColorSpace/DeviceGray/BitsPerComponent 8/Length 1>>"
    picture += b"stream\n0\nendstream"
    uses = b"/XObject<</I 5 0 R>>" if scanned else b"/Font<</F 5 0 R>>"
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 850]/Contents 4 0 R/Resources<<" + uses + b">>>>",
        b"<</Length %d>>stream\n" % len(content) + content + b"\nendstream",
        picture if scanned else font,
    ]
    made, places = b"%PDF-1.4\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(made))
        made += b"%d 0 obj" % number + one + b"endobj\n"
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    start = len(made)
    end = b"trailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % start
    return made + b"xref\n0 6\n0000000000 65535 f \n" + table + end


def ccda() -> str:
    def section(title: str, text: str) -> str:
        lines = text.split("\n")
        items = [line for line in lines if line[:1].isdigit()]
        said = "".join(f"<paragraph>{escape(line)}</paragraph>" for line in lines if line not in items)
        listed = "".join(f"<item>{escape(line[3:])}</item>" for line in items)
        said += f'<list listType="ordered">{listed}</list>' if listed else ""
        entry = '<entry><observation><value displayName="Gout"/></observation></entry>'
        return f"<component><section><title>{title}</title><text>{said}</text>{entry}</section></component>"

    body = "".join(section(*one) for one in sections())
    return (
        '<?xml version="1.0" encoding="UTF-8"?><ClinicalDocument xmlns="urn:hl7-org:v3"><id extension="d1"/>'
        '<title>Progress Note</title><recordTarget><patientRole><id extension="p1"/><patient>'
        '<administrativeGenderCode code="F"/><birthTime value="19610203"/></patient></patientRole></recordTarget>'
        '<componentOf><encompassingEncounter><id extension="v1"/><code code="AMB"/>'
        '<effectiveTime><low value="20250314"/></effectiveTime></encompassingEncounter></componentOf>'
        f"<component><structuredBody>{body}</structuredBody></component></ClinicalDocument>"
    )


def hl7(text: str = NOTE, *, broken: bool = False, stated: bool = True) -> str:
    """An MDM message: one OBX a line, or one OBX with escaped line ends; `stated`: with setting and kind."""
    spelt = {"\\": "\\E\\", "&": "\\T\\", "|": "\\F\\", "^": "\\S\\", "~": "\\R\\"}
    said = "".join(spelt.get(char, char) for char in text)
    lines = [said.rstrip("\n").replace("\n", "\\.br\\")] if broken else said.rstrip("\n").split("\n")
    kind = "FT" if broken else "TX"
    observed = [f"OBX|{n}|{kind}|11506-3^Progress note||{line}||||||F" for n, line in enumerate(lines, 1)]
    head = [
        "MSH|^~\\&|A|B|C|D|20250314||MDM^T02|m1|P|2.5|||||USA|UNICODE UTF-8",
        "PID|1||p1^^^H^MR||Doe^Ann||19610203|F",
        f"PV1|1|{'O' * stated}|" + "|" * 16 + "v1",
        f"TXA|1|{'PN^Progress note' * stated}|TX|20250314",
    ]
    return "\r".join([*head, *observed]) + "\r"


def fhir(media: str = "text/plain", data: bytes | None = None, *, stated: bool = True) -> str:
    attachment = {"contentType": media, "data": base64.b64encode(NOTE.encode() if data is None else data).decode()}
    resources = [
        {"resourceType": "Patient", "id": "p1", "gender": "female", "birthDate": "1961-02-03"},
        {"resourceType": "Encounter", "id": "v1", "class": {"code": "AMB" * stated}, "period": {"start": "2025-03-14"},
         "subject": {"reference": "Patient/p1"}},
        {"resourceType": "DocumentReference", "id": "d1", "context": {"encounter": [{"reference": "Encounter/v1"}]},
         "content": [{"attachment": attachment}]},
    ]  # fmt: skip
    entries = [{"resource": one} for one in resources]
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries})


def report() -> str:
    """A DiagnosticReport with a presented form."""
    form = {"contentType": "text/html", "data": base64.b64encode(html().encode()).decode()}
    return json.dumps({"resourceType": "DiagnosticReport", "id": "v1", "status": "final", "presentedForm": [form]})


def composition() -> str:
    """A Composition: a narrative a section."""

    def narrative(text: str) -> dict[str, str]:
        lines = "".join(f"<p>{escape(line)}</p>" for line in text.split("\n"))
        return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{lines}</div>'}

    listed = [{"title": title, "text": narrative(text)} for title, text in sections()]
    return json.dumps({"resourceType": "Composition", "id": "v1", "status": "final", "section": listed})


def table(text: str, separator: str = ",") -> str:
    made = io.StringIO()
    csv.writer(made, delimiter=separator).writerows([["visit_id", "note"], ["v1", text]])
    return made.getvalue()


def bare_docx(text: str) -> bytes:
    """A Word document with a paragraph a line."""
    import docx as library

    document, made = library.Document(), io.BytesIO()
    for line in text.rstrip("\n").split("\n"):
        document.add_paragraph(line)
    document.save(made)
    return made.getvalue()


def bare_ccda(text: str) -> str:
    """A clinical document with the whole note in one section."""
    said = "<br/>".join(shown(line).replace("&nbsp;", "&#160;") for line in text.rstrip("\n").split("\n"))
    body = f"<component><section><text>{said}</text></section></component>"
    return (
        '<?xml version="1.0" encoding="UTF-8"?><ClinicalDocument xmlns="urn:hl7-org:v3"><id extension="d1"/>'
        f"<component><structuredBody>{body}</structuredBody></component></ClinicalDocument>"
    )


def printed(text: str, width: int = 95) -> bytes:
    """A PDF of a note: long lines are cut where the page ends."""
    cut = [textwrap.wrap(line, width, break_on_hyphens=False) or [""] for line in text.split("\n")]
    return pdf([re.sub(r"([\\()])", r"\\\1", line) for lines in cut for line in lines])


def any_note(text: str) -> dict[str, bytes]:
    """A note in every format, without a word of what it is or where it was written."""
    texts = {
        "note.txt": text, "page.html": html(text), "whole.ccda.xml": bare_ccda(text),
        "lines.hl7": hl7(text, stated=False), "broken.hl7": hl7(text, broken=True, stated=False),
        "b.json": fhir(data=text.encode(), stated=False),
        "html.json": fhir("text/html", html(text).encode(), stated=False),
        "rtf.json": fhir("application/rtf", rtf(text), stated=False),
        "t.csv": table(text), "escaped.tsv": table(text.replace("\n", "\\n"), "\t"),
        "flat.jsonl": json.dumps({"id": "v1", "text": text}),
    }  # fmt: skip
    packed = {"note.rtf": rtf(text), "note.docx": bare_docx(text), "note.pdf": printed(text)}
    packed |= {"wide.txt": text.encode("utf-16"), "windows.txt": text.replace("\n", "\r\n").encode("cp1252")}
    return {name: one.encode() for name, one in texts.items()} | packed


def write_all(folder: Path) -> list[Path]:
    """Write the note in every format; gives the files."""
    texts = {
        "note.txt": NOTE, "page.html": html(), "page.txt": html(), "ccda.xml": ccda(), "lines.hl7": hl7(),
        "broken.hl7": hl7(broken=True), "b.fhir.json": fhir(), "html.fhir.json": fhir("text/html", html().encode()),
        "rtf.fhir.json": fhir("application/rtf", rtf()), "cda.fhir.json": fhir("text/xml", ccda().encode()),
        "report.json": report(), "composition.json": composition(), "t.csv": table(NOTE),
        "tags.csv": table(html(), ";"),
        "escaped.tsv": table(NOTE.replace("\n", "\\n"), "\t"),
        "flat.jsonl": json.dumps({"id": "v1", "text": NOTE}),
    }  # fmt: skip
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8", newline="")
    (folder / "wide.txt").write_bytes(NOTE.encode("utf-16"))
    (folder / "latin.txt").write_bytes(NOTE.encode("latin-1"))
    (folder / "note.rtf").write_bytes(rtf())
    (folder / "note.pdf").write_bytes(pdf(NOTE.split("\n")))
    docx(folder / "note.docx")
    return sorted(folder.iterdir())
