"""Whatever a file holds, reading it gives encounters or a message; offsets always lie within the text.

Bounded here; ``make fuzz`` runs as many examples as it is told.
"""

from __future__ import annotations

import base64
import io
import json
import os
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadterm.errors import LeadtermError
from leadterm.intake.cutting import cut
from leadterm.intake.encounters import Item, read_items
from leadterm.intake.pieces import Piece, read_piece
from leadterm.schema import Encounter, Note
from leadterm.suggester import Suggester

MANY = int(os.environ.get("LEADTERM_FUZZ", "40"))
fuzzed = settings(
    max_examples=MANY, deadline=None, derandomize="LEADTERM_FUZZ" not in os.environ,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
TEXT = "Visit. Assessment: Gout of the left knee, 3 mg. Denies chest pain."
PACKED = base64.b64encode(TEXT.encode()).decode()


def docx() -> bytes:
    import docx as library

    document, file = library.Document(), io.BytesIO()
    document.add_paragraph(TEXT)
    document.save(file)
    return file.getvalue()


def workbook() -> bytes:
    import openpyxl

    book, file = openpyxl.Workbook(), io.BytesIO()
    book.active.append(["id", "text"])
    book.active.append(["1", TEXT])
    book.save(file)
    return file.getvalue()


def parquet() -> bytes:
    import pyarrow as pa
    from pyarrow import parquet as library

    file = pa.BufferOutputStream()
    library.write_table(pa.table({"id": ["1", "2"], "text": [TEXT, TEXT]}), file)
    return bytes(file.getvalue())


def archive() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("icd10cm_codes_2027.txt", "A000    Cholera\n" * 5)
    return file.getvalue()


SEEDS: dict[str, bytes] = {
    "a.txt": TEXT.encode(),
    "a.jsonl": (json.dumps({"id": "1", "text": TEXT}) + "\n").encode() * 3,
    "a.json": json.dumps([{"encounter_id": "1", "notes": [{"note_id": "n", "text": TEXT}]}]).encode(),
    "b.json": json.dumps({"resourceType": "DocumentReference", "id": "d", "status": "current", "date": "2025-01-02",
                          "content": [{"attachment": {"contentType": "text/plain", "data": PACKED}}]}).encode(),
    "a.csv": f'id,text,sex,date\n1,"{TEXT}",F,2025-01-02\n2,"{TEXT}",M,1/2/2025\n'.encode(),
    "a.tsv": f"id\ttext\n1\t{TEXT}\n".encode("utf-16"),
    "a.hl7": f"MSH|^~\\&|A|B|C|D|2025||ORU^R01|m|P|2.5\rPID|1||7\rOBX|1|TX|note||{TEXT}\r".encode(),
    "a.xml": f"<?xml version='1.0'?><r><text>{TEXT}</text></r>".encode(),
    "c.xml": b"<?xml version='1.0'?><ClinicalDocument xmlns='urn:hl7-org:v3'><component><structuredBody><component>"
             b"<section><title>Plan</title><text>" + TEXT.encode() + b"</text></section></component></structuredBody>"
             b"</component></ClinicalDocument>",
    "a.html": f"<html><head><title>x</title></head><body><p>{TEXT}</p><ul><li>gout</li></ul></body></html>".encode(),
    "a.rtf": b"{\\rtf1\\ansi\\ansicpg1252 " + TEXT.encode() + b"\\par}",
}  # fmt: skip
MADE: dict[str, Callable[[], bytes]] = {"a.docx": docx, "a.xlsx": workbook, "a.parquet": parquet, "a.zip": archive}
PIECES = [b"\xff\xfe", b"\x00", b'"', b"\\u0000", b"\xff" * 4, b"<![CDATA["]
CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["set", "cut", "add", "double", "end"]),
        st.floats(0, 1, exclude_max=True),
        st.binary(min_size=1, max_size=6) | st.sampled_from(PIECES),
    ),
    min_size=1, max_size=5,
)  # fmt: skip


def spoil(content: bytes, changes: list[tuple[str, float, bytes]]) -> bytes:
    made = bytearray(content)
    for what, share, piece in changes:
        at = int(share * len(made))
        if what == "set":
            made[at : at + len(piece)] = piece
        elif what == "cut":
            del made[at : at + len(piece) * 3]
        elif what == "add":
            made[at:at] = piece
        elif what == "double":
            made[at:at] = made[at : at + 200]
        else:
            del made[at:]
    return bytes(made)


def look(item: Item) -> None:
    assert item.encounter is not None or item.problem is not None or item.warning
    assert item.problem is None or isinstance(item.problem, LeadtermError)
    if item.encounter is not None:
        json.dumps([note.text for note in item.encounter.notes]).encode()
        assert item.encounter.encounter_id.encode()


@fuzzed
@given(name=st.sampled_from(sorted([*SEEDS, *MADE])), changes=CHANGES)
def test_broken_files_of_every_format(name: str, changes: list[tuple[str, float, bytes]], tmp_path: Path) -> None:
    content = MADE[name]() if name in MADE else SEEDS[name]
    (tmp_path / name).write_bytes(spoil(content, changes))
    for item in read_items([tmp_path / name]):
        look(item)


@fuzzed
@given(name=st.sampled_from(["a.jsonl", "a.csv", "a.tsv", "a.parquet"]), changes=CHANGES, size=st.integers(1, 3))
def test_what_is_cut_is_what_is_read_whole(
    name: str, changes: list[tuple[str, float, bytes]], size: int, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(spoil(MADE[name]() if name in MADE else SEEDS[name], changes))
    aside: list[Path] = []

    def put_aside(files: Sequence[Path]) -> Path:
        aside.extend(files)
        (tmp_path / "aside.jsonl").write_bytes(b"")
        return tmp_path / "aside.jsonl"

    pieces = [Piece.from_json(json.loads(json.dumps(piece.to_json()))) for piece in cut([path], put_aside, notes=size)]
    if aside:  # read as a whole
        return
    try:
        found = [item.encounter for piece in pieces for item in read_piece(piece) if item.encounter is not None]
    except LeadtermError:  # damaged within: told of the part
        return
    whole = [item.encounter for item in read_items([path]) if item.encounter is not None]
    names = {encounter.encounter_id for encounter in whole}
    assert names <= {encounter.encounter_id for encounter in found}
    if len({encounter.encounter_id for encounter in found}) == len(found):
        assert found == whole


ALPHABET = st.characters(codec="utf-8") | st.sampled_from("\n\r\t\x0b\x85\u2028 .,:;-#*/()0123456789")
WORDS = st.sampled_from(
    ["gout", "Assessment:", "no", "left knee", "diabetes mellitus", "type 2", "\n- ", "denies", "µg", "ﬁbrosis",
     "I\u0307", "e\u0301", "Z79.4", "120/80", "\x1b[31m", "Ärzte", "患者", "🙂"]
)  # fmt: skip


@fuzzed
@given(pieces=st.lists(WORDS | st.text(ALPHABET, max_size=12), max_size=25), joint=st.sampled_from([" ", "", "\n"]))
def test_offsets_lie_in_the_text_and_tell_its_words(pieces: list[str], joint: str, engine: Suggester) -> None:
    text = joint.join(pieces)
    found = engine.suggest(Encounter("e", (Note("n", text),)))
    for one in found.suggestions:
        for span in (*one.spans, *one.cues):
            assert text[span.start : span.end] == span.text
    json.dumps(found.to_json(), allow_nan=False).encode()


@pytest.mark.parametrize("name", sorted([*SEEDS, *MADE]))
def test_the_seeds_themselves_are_read(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(MADE[name]() if name in MADE else SEEDS[name])
    items = list(read_items([tmp_path / name]))
    assert any(item.encounter is not None for item in items) == (name != "a.zip")
