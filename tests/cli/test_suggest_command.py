"""``leadterm suggest``: formats, input, exit statuses, and what it says of input it cannot read."""

from __future__ import annotations

import io
import json
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from leadterm.cli import main
from leadterm.dictionary.dictionary_model import DictionaryModel

Capture = pytest.CaptureFixture[str]
WORD = "Zebrafish"
ASTHMA = "Assessment: Mild intermittent asthma.\n"


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def corpus_line(name: str, text: str = ASTHMA, **more: object) -> str:
    return json.dumps({"encounter_id": name, "notes": [{"note_id": "n1", "text": text}], **more}) + "\n"


@pytest.mark.usefixtures("loaded")
class TestFormats:
    def test_jsonl_has_every_key_and_exact_offsets(self, sample: Path, capsys: Capture) -> None:
        assert main(["suggest", str(sample), "--format", "jsonl"]) == 0
        shown = capsys.readouterr()
        assert shown.err == ""
        (result,) = lines(shown.out)
        assert list(result) == ["encounter_id", "model", "leadterm", "releases", "threshold", "read_as", "suggestions"]
        assert result["read_as"]["setting"] == "outpatient"
        assert (result["encounter_id"], result["model"]) == ("visit", "default")
        text = sample.read_bytes().decode()
        assert {"M17.11", "E11.22", "N18.31"} <= {s["code"] for s in result["suggestions"][:6]}
        assert [s["rank"] for s in result["suggestions"]] == list(range(1, len(result["suggestions"]) + 1))
        for suggestion in result["suggestions"]:
            assert len(suggestion["hints"]) <= 2
            for span in suggestion["evidence"] + suggestion["cues"]:
                assert text[span["start"] : span["end"]] == span["text"]

    def test_json_is_a_list_of_the_same_objects(self, sample: Path, capsys: Capture) -> None:
        main(["suggest", str(sample), "--format", "jsonl"])
        expected = lines(capsys.readouterr().out)
        assert main(["suggest", str(sample), "--format", "json"]) == 0
        assert json.loads(capsys.readouterr().out) == expected

    def test_what_the_notes_are_taken_for_is_said(self, tmp_path: Path, capsys: Capture) -> None:
        note = tmp_path / "stay.txt"
        note.write_text("DISCHARGE SUMMARY\nHospital course: she was admitted with pneumonia and did well.")
        assert main(["suggest", str(note)]) == 0
        assert "stay  inpatient (detected) · discharge summary · model" in capsys.readouterr().out
        assert main(["suggest", str(note), "--setting", "outpatient", "--format", "html"]) == 0
        assert "<small>outpatient · discharge summary</small>" in capsys.readouterr().out
        assert main(["suggest", str(note), "--format", "jsonl"]) == 0
        kinds = {"stay": "discharge summary"}
        (result,) = lines(capsys.readouterr().out)
        assert result["read_as"] == {"setting": "inpatient", "setting_detected": True, "kinds": kinds}

    def test_table_has_two_tiers_and_marks_evidence(self, sample: Path, capsys: Capture) -> None:
        assert main(["suggest", str(sample)]) == 0
        shown = capsys.readouterr().out
        assert shown.index("\nsuggested\n") < shown.index("M17.11") < shown.index("\nalso consider\n")
        assert "[Primary osteoarthritis] of the [right knee]" in shown
        assert not any(line != line.rstrip() or len(line) > 120 for line in shown.splitlines())

    def test_fhir_conditions_are_provisional_with_evidence(self, sample: Path, capsys: Capture) -> None:
        assert main(["suggest", str(sample), "--format", "fhir"]) == 0
        bundle = json.loads(capsys.readouterr().out)
        assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "collection")
        resources = [entry["resource"] for entry in bundle["entry"]]
        coded = {r["code"]["coding"][0]["code"]: r for r in resources}
        knee = coded["M17.11"]
        assert knee["resourceType"] == "Condition"
        assert knee["verificationStatus"]["coding"][0]["code"] == "provisional"
        assert knee["code"]["coding"][0]["system"] == "http://hl7.org/fhir/sid/icd-10-cm"
        assert knee["encounter"]["identifier"]["value"] == "visit"
        assert 0.5 < knee["extension"][0]["valueDecimal"] <= 1
        text = sample.read_bytes().decode()
        for resource in (one for one in resources if one["resourceType"] == "Condition"):
            for span in resource["evidence"][0]["extension"]:
                part = {p["url"]: next(v for k, v in p.items() if k != "url") for p in span["extension"]}
                assert text[part["start"] : part["end"]] == part["text"]
        assert len({entry["fullUrl"] for entry in bundle["entry"]}) == len(resources)

    def test_html_is_one_page_that_holds_the_note_unchanged(self, tmp_path: Path, capsys: Capture) -> None:
        text = '<b>Hx & Px</b>\r\nAssessment: Asthma, mild intermittent. "Ok"\n'
        (tmp_path / "a<1>.txt").write_bytes(text.encode())
        assert main(["suggest", str(tmp_path / "a<1>.txt"), "--format", "html"]) == 0
        page = capsys.readouterr().out
        assert "http:" not in page
        assert "https:" not in page
        assert "<script" not in page
        assert "src=" not in page
        reader = NoteReader()
        reader.feed(page)
        assert reader.text == text
        assert "a&lt;1&gt;" in page

    @pytest.mark.parametrize("format", ["table", "json", "jsonl", "fhir", "html"])
    def test_same_bytes_twice_on_screen_and_in_a_file(
        self, format: str, sample: Path, tmp_path: Path, capsys: Capture
    ) -> None:
        made = tmp_path / "out" / "result"
        seen = []
        for _ in range(2):
            assert main(["suggest", str(sample), "--format", format]) == 0
            seen.append(capsys.readouterr().out)
        assert main(["suggest", str(sample), "--format", format, "--output", str(made)]) == 0
        assert capsys.readouterr().out == ""
        assert seen[0] == seen[1] == made.read_bytes().decode()
        assert [path.name for path in made.parent.iterdir()] == ["result"]


class NoteReader(HTMLParser):
    """Puts the text of the note together again."""

    def __init__(self) -> None:
        super().__init__()
        self.text, self.depth = "", 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "div" and (self.depth or ("class", "text") in attrs):
            self.depth += 1

    def handle_endtag(self, tag: str) -> None:
        self.depth -= tag == "div" and self.depth > 0

    def handle_data(self, data: str) -> None:
        self.text += data if self.depth else ""


@pytest.mark.usefixtures("loaded")
class TestInput:
    def test_a_folder_stands_for_its_files_sorted(self, tmp_path: Path, capsys: Capture) -> None:
        for name in ("b.txt", "a.note", ".hidden"):
            (tmp_path / name).write_text(ASTHMA)
        (tmp_path / "deeper").mkdir()
        (tmp_path / "deeper" / "c.txt").write_text(ASTHMA)
        assert main(["suggest", str(tmp_path), "--format", "jsonl"]) == 0
        assert [r["encounter_id"] for r in lines(capsys.readouterr().out)] == ["a", "b"]

    def test_encounters_as_json_keep_their_ids_and_setting(self, tmp_path: Path, capsys: Capture) -> None:
        (tmp_path / "x.jsonl").write_text(corpus_line("e1") + "\n" + corpus_line("e2", setting="inpatient"))
        (tmp_path / "y.json").write_text(f"[{corpus_line('e3')}]")
        (tmp_path / "z.json").write_text(corpus_line("e4"))
        assert main(["suggest", str(tmp_path), "--format", "jsonl"]) == 0
        assert [r["encounter_id"] for r in lines(capsys.readouterr().out)] == ["e1", "e2", "e3", "e4"]
        assert main(["suggest", str(tmp_path / "x.jsonl")]) == 0
        assert "e2  inpatient" in capsys.readouterr().out

    def test_a_corpus_folder_stands_for_its_splits(self, tmp_path: Path, capsys: Capture) -> None:
        (tmp_path / "train.jsonl").write_text(corpus_line("e1"))
        (tmp_path / "corpus.toml").write_text("")
        (tmp_path / "README.md").write_text("Not a note.")
        assert main(["suggest", str(tmp_path), "--format", "jsonl"]) == 0
        assert [r["encounter_id"] for r in lines(capsys.readouterr().out)] == ["e1"]

    @pytest.mark.parametrize("arguments", [[], ["-"]])
    def test_standard_input(self, arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
        piped = SimpleNamespace(buffer=io.BytesIO(ASTHMA.encode()), isatty=lambda: False)
        monkeypatch.setattr("sys.stdin", piped)
        assert main(["suggest", *arguments, "--format", "jsonl"]) == 0
        (result,) = lines(capsys.readouterr().out)
        assert result["encounter_id"] == "stdin"
        assert result["suggestions"][0]["code"].startswith("J45")

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    def test_encodings_and_line_ends_leave_offsets_exact(
        self, encoding: str, end: str, tmp_path: Path, capsys: Capture
    ) -> None:
        text = f"Patient: Zoë{end}{end}Assessment:{end}1. Asthma, mild intermittent{end}"
        (tmp_path / "a.txt").write_bytes(text.encode(encoding))
        assert main(["suggest", str(tmp_path / "a.txt"), "--format", "jsonl"]) == 0
        shown = capsys.readouterr()
        assert shown.err == ""
        spans = [span for s in lines(shown.out)[0]["suggestions"] for span in s["evidence"]]
        assert "Asthma" in {span["text"][:6] for span in spans}
        assert all(text[span["start"] : span["end"]] == span["text"] for span in spans)

    def test_windows_1252_is_read_with_a_warning(self, tmp_path: Path, capsys: Capture) -> None:
        (tmp_path / "a.txt").write_bytes("Zoë: mild intermittent asthma".encode("cp1252"))
        assert main(["suggest", str(tmp_path / "a.txt")]) == 0
        shown = capsys.readouterr()
        assert "warning: " in shown.err
        assert "Windows-1252" in shown.err
        assert shown.err.count("\n") == 1

    def test_another_language_is_warned_of_once(self, tmp_path: Path, capsys: Capture) -> None:
        text = "Le patient est suivi pour une toux depuis deux semaines, sans fièvre ni asthénie."
        for name in ("a.txt", "b.txt"):
            (tmp_path / name).write_text(text)
        assert main(["suggest", str(tmp_path)]) == 0
        shown = capsys.readouterr().err
        assert shown == "leadterm: warning: 'a' reads as French; this model reads English and Spanish.\n"

    def test_a_note_in_spanish_is_read_as_such(self, tmp_path: Path, capsys: Capture) -> None:
        (tmp_path / "a.txt").write_text("El paciente acude por dolor en la rodilla derecha desde hace un mes.")
        assert main(["suggest", str(tmp_path / "a.txt"), "--format", "json"]) == 0
        shown = capsys.readouterr()
        assert shown.err == "leadterm: note: 'a' reads as Spanish; it is read as such.\n"
        first = json.loads(shown.out)[0]["suggestions"][0]
        assert first["code"] == "M25.561"
        assert "rodilla" in first["evidence"][-1]["text"]

    def test_a_bad_note_among_many_is_reported_and_the_others_are_coded(self, tmp_path: Path, capsys: Capture) -> None:
        (tmp_path / "a.txt").write_text(ASTHMA)
        (tmp_path / "b.txt").write_bytes(b"\x89PNG\x00\x00" + WORD.encode())
        (tmp_path / "c.jsonl").write_text(corpus_line("e1") + '{"note": "' + WORD + '"}\n' + corpus_line("e1"))
        (tmp_path / "d.txt").write_text(" \n")
        made = tmp_path / "made.jsonl"
        arguments = [str(tmp_path / name) for name in ("a.txt", "b.txt", "c.jsonl", "d.txt")]
        assert main(["suggest", *arguments, "--format", "jsonl", "-o", str(made)]) == 2
        assert [r["encounter_id"] for r in lines(made.read_text())] == ["a", "e1"]
        said = capsys.readouterr().err.splitlines()
        assert len(said) == 5
        assert "b.txt' is not text" in said[0]
        assert "c.jsonl' line 2" in said[1]
        assert "'e1' was there before" in said[2]
        assert "d.txt' is empty" in said[3]
        assert said[4] == "leadterm: 4 of 6 encounters could not be read and have no codes."
        assert not any(WORD in line for line in said)

    def test_a_note_with_nothing_codable_says_so(self, tmp_path: Path, capsys: Capture) -> None:
        (tmp_path / "a.txt").write_text("Qwxzv.")
        assert main(["suggest", str(tmp_path / "a.txt")]) == 0
        assert "nothing codable" in capsys.readouterr().out
        assert main(["suggest", str(tmp_path / "a.txt"), "--format", "fhir"]) == 0
        assert json.loads(capsys.readouterr().out) == {"resourceType": "Bundle", "type": "collection"}
        assert main(["suggest", str(tmp_path / "a.txt"), "--format", "html"]) == 0
        assert "nothing codable" in capsys.readouterr().out


@pytest.mark.usefixtures("loaded")
class TestOptions:
    def test_top_and_threshold(self, sample: Path, capsys: Capture) -> None:
        assert main(["suggest", str(sample), "--format", "jsonl", "--top", "3", "--threshold", "0.9"]) == 0
        (result,) = lines(capsys.readouterr().out)
        assert (len(result["suggestions"]), result["threshold"]) == (3, 0.9)
        assert main(["suggest", str(sample), "--format", "fhir", "--threshold", "1"]) == 0
        assert "entry" not in json.loads(capsys.readouterr().out)
        assert main(["suggest", str(sample), "--top", "2"]) == 0
        assert "less likely; --top" in capsys.readouterr().out

    def test_setting_and_system_are_passed_on(self, sample: Path, capsys: Capture) -> None:
        assert main(["suggest", str(sample), "--setting", "inpatient", "--system", "icd10cm"]) == 0
        assert "visit  inpatient" in capsys.readouterr().out

    def test_model_date_and_ner_reach_the_loader(self, sample: Path, loaded: list[object], capsys: Capture) -> None:
        assert main(["suggest", str(sample), "--model", "mine", "--date", "2026-01-05", "--ner", "xx"]) == 0
        assert loaded == [("mine", {"date": "2026-01-05", "ner": "xx", "linker": False, "policy": None})]
        assert main(["suggest", str(sample), "--date", "1990-01-05"]) == 0
        assert "warning: no release of icd10cm for 1990-01-05" in capsys.readouterr().err

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (["--setting", "outpatent"], "unknown setting 'outpatent'; did you mean 'outpatient'?"),
            (["--system", "icd10c"], "did you mean 'icd10cm'?"),
            (["--format", "jsnl"], "'jsnl'"),
            (["--top", "0"], "--top"),
            (["--threshold", "1.5"], "--threshold"),
            (["nowhere.txt"], "no such file or folder: 'nowhere.txt'"),
        ],
    )
    def test_bad_options_say_what_is_allowed(
        self, arguments: list[str], said: str, sample: Path, capsys: Capture
    ) -> None:
        assert main(["suggest", str(sample), *arguments]) == 2
        shown = capsys.readouterr()
        assert said in shown.err
        assert shown.err.count("\n") <= 2
        assert shown.out == ""


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.txt", b"", "'{path}' is empty"),
        ("a.txt", b" \r\n\t\n", "'{path}' is empty"),
        ("a.txt", b"Zebrafish \x00 seen", "has NUL bytes"),
        ("a.txt", b"\xff\xfeZ\x00e\x00b", "damaged: it is not utf-16-le"),
        ("a.txt", b"Zebrafish \x81\x8d", "neither UTF-8 (byte 10) nor Windows-1252"),
        ("a.txt", b"%PDF-1.7 Zebrafish", "is a PDF that is damaged"),
        ("a.rtf", b"{\\rtf1 }", "is empty"),
        ("a.txt", b"\x89PNG\r\n\x1a\nZebrafish", "is a picture (PNG), not plain text"),
        ("a.docx", b"PK\x03\x04Zebrafish", "is an office document"),
        ("a.json", b'{"text": "Zebrafish"', "is not JSON"),
        ("a.jsonl", b"[1, 2]\n", "line 1: the encounter is no object"),
        ("a.jsonl", b'{"encounter_id": "e1", "notes": []}\n', "line 1: 'notes' in the encounter is empty"),
        ("a.json", b'{"encounter_id": "e1", "notes": [{"note_id": "n", "text": " "}]}', "is empty"),
    ],
)
def test_input_that_cannot_be_read_is_refused_before_a_model_is_loaded(
    name: str, content: bytes, said: str, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leadterm.models.load", None)
    path = tmp_path / name
    path.write_bytes(content)
    assert main(["suggest", str(path), "--output", str(tmp_path / "out")]) == 2
    shown = capsys.readouterr()
    assert said.format(path=path) in shown.err
    assert WORD not in shown.err
    assert shown.err.count("\n") == 1
    assert shown.out == ""
    assert not (tmp_path / "out").exists()


def test_names_that_cannot_be_meant(tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "a.txt").write_text(ASTHMA)
    (tmp_path / "a.note").write_text(ASTHMA)
    (tmp_path / "empty").mkdir()
    terminal = SimpleNamespace(buffer=io.BytesIO(), isatty=lambda: True)
    monkeypatch.setattr("sys.stdin", terminal)
    for arguments, said in [
        ([str(tmp_path / "one"), str(tmp_path / "a.note")], "would both be the encounter 'a'"),
        ([str(tmp_path / "empty")], "has no file directly inside"),
        ([str(tmp_path / "a.not")], "did you mean"),
        ([], "no note is given"),
        ([str(tmp_path / "a.note"), "--model", "defalt"], "unknown model 'defalt'; did you mean 'default'?"),
    ]:
        assert main(["suggest", *arguments]) == 2
        assert said in capsys.readouterr().err


def test_output_that_cannot_be_written_leaves_nothing(loaded: list[object], sample: Path, capsys: Capture) -> None:
    for format in ("table", "jsonl", "json"):
        assert main(["suggest", str(sample), "--format", format, "--output", str(sample / "x")]) == 2
        assert "cannot write" in capsys.readouterr().err
        if Path("/dev/full").exists():
            assert main(["suggest", str(sample), "--format", format, "--output", "/dev/full"]) == 2
            assert "No space left" in capsys.readouterr().err
    assert len(loaded) > 2
    assert [path.name for path in sample.parent.iterdir()] == [sample.name]


def test_an_interrupted_run_leaves_no_file(
    loaded: list[object], tmp_path: Path, engine: DictionaryModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    (tmp_path / "a.txt").write_text(ASTHMA)
    monkeypatch.setattr(type(engine), "suggest", stop)
    made = tmp_path / "out.jsonl"
    assert main(["suggest", str(tmp_path / "a.txt"), "--format", "jsonl", "-o", str(made)]) == 130
    assert len(loaded) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


class TestPolicy:
    NOTE = "Past medical history: Hypertension.\nMedications: Metformin.\nAssessment: Type 2 diabetes mellitus.\n"

    def _codes(self, capsys: Capture, *more: str) -> set[str]:
        assert main(["suggest", "visit.txt", "--system", "icd10cm", "--format", "jsonl", *more]) == 0
        (answer,) = lines(capsys.readouterr().out)
        return {one["code"] for one in answer["suggestions"] if one["confidence"] >= answer["threshold"]}

    def test_typed_and_configured(self, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "own"))
        Path("visit.txt").write_text(self.NOTE)
        assert self._codes(capsys) == {"E11.9", "I10", "Z79.84"}
        assert self._codes(capsys, "--policy", "assessed") == {"E11.9"}
        assert main(["config", "set", "policy", "assessed"]) == 0
        capsys.readouterr()
        assert self._codes(capsys) == {"E11.9"}
        assert main(["config", "set", "policy", "nobodys"]) == 2
        assert "unknown policy 'nobodys'" in capsys.readouterr().err
        assert main(["suggest", "visit.txt", "--policy", "missing.toml"]) == 2
        assert "Allowed: assessed." in capsys.readouterr().err
