"""What a note says stands in the answers that were asked for, and nowhere else."""

from __future__ import annotations

import base64
import csv
import gzip
import io
import json
import logging
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from leadterm.cli import main
from leadterm.errors import LeadtermError
from leadterm.intake import extras, table_files
from leadterm.intake.encounters import read_items
from leadterm.pages.suggestion_rows import csv_lines

Capture = pytest.CaptureFixture[str]
MARKER = "qvordwick"  # no code has it as evidence
NOTE = f"Mr {MARKER} has gout of the left knee, tel. 555-{MARKER}."


def fhir(**more: object) -> str:
    data = base64.b64encode(NOTE.encode()).decode()
    return json.dumps({"resourceType": "DocumentReference", "content": [{"attachment": {"data": data}}], **more})


BAD: dict[str, bytes] = {
    "cut.jsonl": f'{{"id": "1", "text": "{NOTE}'.encode(),
    "list.jsonl": json.dumps([NOTE]).encode(),
    "kind.jsonl": json.dumps({"id": "1", "text": {"a": NOTE}}).encode(),
    "setting.jsonl": json.dumps({"id": "1", "text": "Gout.", "setting": NOTE}).encode(),
    "date.jsonl": json.dumps({"id": "1", "text": "Gout.", "date": NOTE}).encode(),
    "notes.json": json.dumps({"encounter_id": "1", "notes": NOTE}).encode(),
    "spans.json": json.dumps({"encounter_id": "1", "notes": [{"note_id": NOTE, "text": 7}]}).encode(),
    "noheader.csv": f"1,{NOTE},M10.9\n2,{NOTE},M10.9\n".encode(),
    "quote.csv": f'id,text\n1,"{NOTE}" more\n2,"{NOTE}\n'.encode(),
    "fields.csv": f"id,text\n1,{NOTE},{NOTE},{NOTE}\n".encode(),
    "twice.csv": f"id,text,sex,setting\n1,a,F,{NOTE}\n1,b,M,{NOTE}\n".encode(),
    "sex.csv": f"id,text,birth_year,language\n1,gout,{NOTE},{NOTE}\n".encode(),
    "fhir.json": fhir(status=NOTE, date=NOTE).encode(),
    "fhir2.json": fhir(content=NOTE).encode(),
    "x.hl7": f"MSH|^~\\&|A|B\rOBX|1|{NOTE}|{NOTE}".encode(),
    "x.xml": f"<?xml version='1.0'?><a><b>{NOTE}</a>".encode(),
    "cda.xml": f"<?xml version='1.0'?><ClinicalDocument><title>{NOTE}</title></ClinicalDocument>".encode(),
    "x.rtf": b"{\\rtf1 " + NOTE.encode(),
    "x.pdf": b"%PDF-1.7 " + NOTE.encode(),
    "latin.txt": NOTE.encode() + b"\x81\x8d\x00",
    "utf16.txt": b"\xff\xfe" + NOTE.encode("utf-16-le") + b"\x00",
}


@pytest.mark.usefixtures("loaded")
@pytest.mark.parametrize("name", BAD)
def test_messages_and_logs_say_nothing_of_the_note(
    name: str, tmp_path: Path, capsys: Capture, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    (tmp_path / name).write_bytes(BAD[name])
    main(["suggest", str(tmp_path / name), "--format", "jsonl", "-o", str(tmp_path / "answers")])
    kind = "fhir" if "fhir" in name else "csv"
    main(["corpus", "import", kind, str(tmp_path / name), "-o", str(tmp_path / "corpus")])
    said = capsys.readouterr()
    assert MARKER not in said.err + said.out
    assert MARKER not in "".join(record.getMessage() for record in caplog.records if record.name != "asyncio")


@pytest.mark.usefixtures("loaded")
def test_files_beside_the_answers_hold_no_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    for variable in ("XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "TMPDIR"):
        (tmp_path / variable).mkdir()
        monkeypatch.setenv(variable, str(tmp_path / variable))
    monkeypatch.setattr("leadterm.batch.supervisor.run_local", _here)
    source = tmp_path / "notes.csv"
    source.write_text(f'id,text\n1,"{NOTE}"\n2,"{NOTE}" broken\n1,"Again: {NOTE}"\n3,\n')
    told = ["--log", str(tmp_path / "log.jsonl"), "--metrics", str(tmp_path / "leadterm.prom")]
    main(["batch", str(source), str(tmp_path / "out"), "--format", "jsonl", *told])
    main(["suggest", str(source), "--format", "html", "-o", str(tmp_path / "page.html")])
    capsys.readouterr()
    asked = {tmp_path / "page.html", source, *(tmp_path / "out").glob("part-*")}
    files = [path for path in tmp_path.rglob("*") if path.is_file() and path not in asked]
    assert {tmp_path / "out" / "_dead_letters.jsonl", tmp_path / "log.jsonl", tmp_path / "leadterm.prom"} <= set(files)
    assert [path for path in files if MARKER.encode() in path.read_bytes()] == []
    assert MARKER not in "".join(map(str, files))


def _here(folder: object, numbers: object, *_: object) -> object:
    from batch_samples import inline

    return inline(folder, numbers)  # type: ignore[arg-type]


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r"])
def test_a_spreadsheet_takes_no_cell_for_a_formula(first: str, tmp_path: Path, loaded: list[object]) -> None:
    evil = f"{first}HYPERLINK(1)"
    assert next(csv.reader(io.StringIO([*csv_lines([[evil]], ["x"])][1], newline="")))[0] == f"'{evil}"
    (tmp_path / "n.jsonl").write_text(json.dumps({"id": evil, "text": f"Assessment:\n- {first}gout"}) + "\n")
    assert main(["suggest", str(tmp_path / "n.jsonl"), "--format", "csv", "-o", str(tmp_path / "a.csv")]) == 0
    rows = list(csv.reader(io.StringIO((tmp_path / "a.csv").read_bytes().decode(), newline="")))
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert loaded


def test_escape_sequences_are_shown_and_not_obeyed(tmp_path: Path, loaded: list[object], capsys: Capture) -> None:
    evil = "\x1b]0;owned\x07\x1b[31m\x9b2J\u202e[link=file:///etc/passwd]x[/link]"
    (tmp_path / "n.jsonl").write_text(json.dumps({"id": f"e{evil}", "text": f"Assessment: gout{evil} of the knee."}))
    for kind in ("table", "html"):
        assert main(["suggest", str(tmp_path / "n.jsonl"), "--format", kind]) == 0
    (tmp_path / f"x{evil.replace('/', '')}.jsonl").write_text("no json")
    assert main(["suggest", str(tmp_path / f"x{evil.replace('/', '')}.jsonl")]) == 2
    said = capsys.readouterr()
    assert loaded
    for stream in (said.out.partition("<!doctype")[0], said.err):
        assert not [char for char in stream if not char.isprintable() and char != "\n"]


def docx_bomb(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b" " * 3_000_000)


def xlsx_bomb(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"")
        archive.writestr("xl/sharedStrings.xml", b" " * 3_000_000)


def xml_bomb(path: Path, before: str = "") -> None:
    entities = "".join(f'<!ENTITY e{i + 1} "{f"&e{i};" * 10}">' for i in range(9))
    path.write_text(f'<?xml version="1.0"?>{before}<!DOCTYPE a [<!ENTITY e0 "aaaaaaaaaa">{entities}]><text>&e9;</text>')


def late_xml_bomb(path: Path) -> None:
    xml_bomb(path, f"<!--{'x' * 20_000}-->")


def outer_xml(path: Path) -> None:
    path.write_text('<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><text>gout &x;</text>')


def packed_line(path: Path) -> None:
    path.write_bytes(gzip.compress(b"id,text\n1," + b"a" * 3_000_000))


@pytest.mark.parametrize(
    ("name", "make"),
    [("a.docx", docx_bomb), ("a.xlsx", xlsx_bomb), ("a.xml", xml_bomb), ("b.xml", late_xml_bomb), ("c.xml", outer_xml),
     ("a.csv.gz", packed_line)],
)  # fmt: skip
def test_what_swells_is_refused(
    name: str, make: Callable[[Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extras, "LARGEST_ARCHIVE", 1_000_000)
    monkeypatch.setattr(table_files, "LARGEST", 1_000_000)
    make(tmp_path / name)
    items = list(read_items([tmp_path / name]))
    assert items
    assert all(item.encounter is None for item in items)
    assert all(isinstance(item.problem, LeadtermError) for item in items)
    assert "root:" not in str([item.problem for item in items])


@pytest.mark.usefixtures("loaded")
def test_what_holds_text_for_a_while_is_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from batch_samples import rows, run_here, write_csv

    seen: dict[str, int] = {}

    def look(folder: object, *_: object) -> list[object]:
        inner = folder.inner  # type: ignore[attr-defined]
        seen.update({path.name: stat.S_IMODE(path.stat().st_mode) for path in (inner, *inner.iterdir())})
        return []

    monkeypatch.setattr("batch_samples.inline", look)
    source = write_csv(tmp_path / "n.csv", [*rows(4), *rows(4)])  # rows of an encounter apart: put aside
    run_here(source, tmp_path / "out")
    assert seen["_run"] == seen["input"] == 0o700
    assert seen["lock"] == seen["records.jsonl"] == 0o600
