"""One bad note is reported in its place; all others get their codes."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from leadterm.cli import main
from leadterm.cli.answers import answer_text, write_answers
from leadterm.dictionary.dictionary_model import DictionaryModel
from leadterm.errors import LeadtermError
from leadterm.intake import decode
from leadterm.intake.encounters import read_items
from leadterm.intake.files import encounter_id_of, find_files
from leadterm.pages.suggestion_fhir import EMPTY
from leadterm.pages.wanted import Format, Wanted
from leadterm.schema import Encounter, Note, SuggestionSet

Capture = pytest.CaptureFixture[str]
NOTE = "Assessment: Gout of the left knee.\n"
FORMATS = ("jsonl", "json", "table", "fhir", "html")


def line(name: object = "e1", **more: object) -> str:
    return json.dumps({"encounter_id": name, "notes": [{"note_id": "n1", "text": NOTE}], **more})


@pytest.mark.parametrize("name", [b"caf\xe9", b"\xff\xfe", b"a\x80b", "é".encode()])
def test_a_file_name_in_another_encoding(name: bytes, loaded: list[object], tmp_path: Path, capsys: Capture) -> None:
    for stem in (b"a", name, b"z"):
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + stem + b".txt")).write_text(NOTE)
    assert main(["suggest", str(tmp_path), "--format", "jsonl"]) == 0
    ids = [json.loads(each)["encounter_id"] for each in capsys.readouterr().out.splitlines()]
    assert sorted(ids) == sorted(["a", name.decode("utf-8", "replace"), "z"])
    assert len(loaded) == 1


def test_names_that_become_the_same(tmp_path: Path) -> None:
    for stem in (b"b\xe8", b"b\xe9", b"c"):
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + stem + b".txt")).write_text(NOTE)
    found = list(read_items(find_files([str(tmp_path)])))
    assert [item.encounter.encounter_id if item.encounter else "" for item in found] == ["b\ufffd", "", "c"]
    assert encounter_id_of(Path(os.fsdecode(b"x\xe9.txt"))) == "x\ufffd"


@pytest.mark.parametrize(
    "bad",
    [
        line("\ud800x"),
        line(patient_id="\udfff"),
        line(setting="\ud900"),
        line("e", notes=[{"note_id": "n\ud800", "text": NOTE}]),
        line("e", notes=[{"note_id": "n", "text": "x\udc00"}]),
        line("e", patient={"birth_year": 1})[:-2] + "9" * 5000 + "}}",
        '{"x": ' + "9" * 5000 + "}",
        "[" * 200_000,
        '{"encounter_id": NaN}',
        "{",
        "null",
        '"text"',
        line(""),
        line("e", notes=[]),
        line("e", notes=[{"note_id": "n", "text": " \n"}]),
        line("e", setting="ICU"),
    ],
)
def test_a_bad_line_of_json(bad: str, tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text("\n".join((line("first"), bad, line("last"))))
    found = list(read_items([tmp_path / "x.jsonl"]))
    assert [item.encounter is None for item in found] == [False, True, False]
    assert "line 2" in str(found[1].problem)
    (tmp_path / "x.json").write_text(bad)
    (item,) = read_items([tmp_path / "x.json"])
    assert isinstance(item.problem, LeadtermError)


def test_bytes_that_are_no_text_spoil_their_line_only(tmp_path: Path) -> None:
    latin = line("caf\xe9").encode().replace(b"\\u00e9", b"\xe9")
    (tmp_path / "x.jsonl").write_bytes(b"\n".join((line("a").encode(), latin, b"\x81\x00", line("z").encode())))
    found = list(read_items([tmp_path / "x.jsonl"]))
    assert [item.encounter.encounter_id if item.encounter else "" for item in found] == ["a", "caf\xe9", "", "z"]
    assert "Windows-1252" in found[1].warning


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_lines_in_wide_encodings(encoding: str, tmp_path: Path) -> None:
    text = "\n".join(json.dumps(json.loads(line(name)), ensure_ascii=False) for name in ("é", "Ċ", "z"))
    (tmp_path / "x.jsonl").write_bytes(text.encode(encoding))
    found = list(read_items([tmp_path / "x.jsonl"]))
    assert [item.encounter.encounter_id for item in found if item.encounter] == ["é", "Ċ", "z"]


def test_a_note_over_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leadterm.intake.files.LARGEST", 500)
    monkeypatch.setattr("leadterm.intake.encounters.LARGEST", 500)
    monkeypatch.setattr(decode, "LARGEST", 500)
    long = line("long", notes=[{"note_id": "n", "text": "x" * 3000}])
    (tmp_path / "a.txt").write_text("x" * 501)
    (tmp_path / "b.txt").write_text("x" * 500)
    (tmp_path / "c.jsonl").write_text("\n".join((line("c1"), long, line("c2"))))
    found = list(read_items(find_files([str(tmp_path)])))
    names = [item.encounter.encounter_id if item.encounter else str(item.problem) for item in found]
    assert [name for name in names if "larger" not in name] == ["b", "c1", "c2"]
    assert len(names) == 5
    with pytest.raises(LeadtermError, match="larger than 500 bytes"):
        decode.read_note_text(b"x" * 501, "x")


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("fault", [LeadtermError("no code 'Z79.85'."), ValueError("Gout of"), RecursionError()])
def test_a_fault_at_one_note(
    format: str, fault: Exception, tmp_path: Path, engine: DictionaryModel, loaded: list[object], capsys: Capture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    real = type(engine).suggest

    def suggest(self: DictionaryModel, encounter: Encounter, **wanted: Any) -> SuggestionSet:
        if encounter.encounter_id.startswith("bad"):
            raise fault
        return real(self, encounter, **wanted)

    monkeypatch.setattr(type(engine), "suggest", suggest)
    for name in ("alpha", "bad", "omega"):
        (tmp_path / f"{name}.txt").write_text(NOTE)
    assert main(["suggest", str(tmp_path), "--format", format]) == 2
    shown = capsys.readouterr()
    assert "alpha" in shown.out
    assert "omega" in shown.out
    assert "'bad' has no codes: " in shown.err
    assert "1 of 3 encounters" in shown.err
    assert "Gout" not in shown.err
    out = tmp_path / "out"
    assert main(["suggest", str(tmp_path / "bad.txt"), "--format", format, "-o", str(out)]) == 2
    assert not out.exists()
    assert len(loaded) == 2


@pytest.mark.parametrize("kind", ["jsonl", "json", "fhir", "table"])
def test_answers_are_written_as_they_come(kind: str, engine: DictionaryModel, tmp_path: Path, capsys: Capture) -> None:
    wanted, written = Wanted((), None, None, Format(kind)), list[int]()

    def answers() -> Iterator[tuple[Encounter, SuggestionSet, str]]:
        for number in range(3):
            written.append(len(capsys.readouterr().out))
            encounter = Encounter(f"e{number}", (Note("n1", NOTE),))
            result = wanted.ask(engine, encounter)
            yield encounter, result, answer_text(encounter, result, wanted, "-")

    write_answers(answers(), wanted, "-")
    assert written[0] == 0
    assert all(written[1:])
    write_answers(answers(), wanted, str(tmp_path / "out"))
    text = (tmp_path / "out").read_text()
    if kind in ("json", "fhir"):
        assert text == json.dumps(json.loads(text), ensure_ascii=False, indent=1) + "\n"
    write_answers((), wanted, str(tmp_path / "none"))
    nothing = {"json": "[]\n", "fhir": json.dumps(EMPTY, indent=1) + "\n"}
    assert (tmp_path / "none").read_text() == nothing.get(kind, "")
