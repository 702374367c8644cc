"""A learner codes a note and is told what was right, nearly right, missed and too much, with reasons that hold."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from io import StringIO
from pathlib import Path

import pytest

from leadterm.cli import main
from leadterm.corpus.format import encode
from leadterm.errors import LeadtermError
from leadterm.paths import progress_file
from leadterm.practise.attempt_text import attempt_text, exercise_text
from leadterm.practise.exercises import choose, exercises
from leadterm.practise.progress import append, most_missed, read_progress
from leadterm.practise.scoring import score_attempt
from leadterm.schema import Encounter, EvidenceSpan, Mention, Note, ReferenceCode

Capture = pytest.CaptureFixture[str]
TEXT = "Qvordwik note. Assessment: Heart failure with hypertension. Denies gout. Possible pneumonia. Cough since May."
CODES = (
    ("I11.0", "first-listed", "hypertension"),
    ("I50.9", "secondary", "Heart failure"),
    ("R05.9", "secondary", "Cough"),
)


def said(words: str) -> tuple[Mention, ...]:
    at = TEXT.index(words)
    return (Mention.of(EvidenceSpan("n1", at, at + len(words), words)),)


def encounter(name: str = "e1", codes: Sequence[tuple[str, str, str]] = CODES) -> Encounter:
    reference = tuple(ReferenceCode("icd10cm", code, role, said(words)) for code, role, words in codes)
    return Encounter(name, (Note("n1", TEXT),), reference, date_of_service="2026-03-02")


@pytest.fixture
def corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A corpus of two notes; progress goes into the folder of the test."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    folder = tmp_path / "corpus"
    folder.mkdir()
    card = 'name = "two"\nlanguages = ["en"]\n[systems]\nicd10cm = "2026"\n'
    (folder / "corpus.toml").write_text(card)
    lines = [json.dumps(encode(encounter(name))) for name in ("e1", "e2")]
    (folder / "train.jsonl").write_text("\n".join(lines) + "\n")
    return str(folder)


def test_every_code_is_judged_once() -> None:
    found = score_attempt(encounter(), ["i110", "I50.22", "I10", "E11.9"])
    assert [(one.kind, one.code) for one in found.verdicts] == [
        ("right", "I11.0"), ("near", "I50.22"), ("over", "I10"), ("over", "E11.9"), ("missed", "R05.9"),
    ]  # fmt: skip
    assert found.of("near")[0].instead == "I50.9"
    assert found.of("missed")[0].evidence[0].text == "Cough"
    assert (found.precision, round(found.recall, 3), found.first, found.exact) == (0.25, 0.333, True, False)


def test_reasons_name_the_rule_and_its_section(engine: object) -> None:
    found = score_attempt(encounter(), ["I10", "M10.9", "J18.9"], engine.suggest)  # type: ignore[attr-defined]
    why = {one.code: one.why for one in found.of("over")}
    assert "(I.C.9.a)" in why["I10"]
    assert why["M10.9"] == "the note does not say it, or denies it"
    assert why["J18.9"] == "J18.9 is documented only as uncertain (IV.H)"
    assert "I11.0" in [one.code for one in found.of("missed")]


def test_all_right_is_said_and_an_optional_code_costs_nothing() -> None:
    one = encounter()
    optional = ReferenceCode("icd10cm", "Z87.891", need="may")
    found = score_attempt(Encounter("e1", one.notes, (*one.codes, optional)), ["I11.0", "I50.9", "R05.9", "Z87.891"])
    assert found.exact
    assert [one.kind for one in found.verdicts] == ["right", "right", "right", "optional"]
    assert "All right." in attempt_text(found)


def test_what_is_no_code_is_told_by_the_rules() -> None:
    found = score_attempt(encounter(), ["I11.0", "XYZ"])
    assert "XYZ is no code of ICD-10-CM" in attempt_text(found)


def test_nothing_is_wider_than_a_terminal() -> None:
    (one,) = exercises([encounter()])
    shown = exercise_text(one) + attempt_text(score_attempt(one.encounter, ["I10", "I50.22"]))
    assert max(map(len, shown.splitlines())) <= 80
    assert "I11.0" not in exercise_text(one)


def test_a_note_not_yet_done_comes_first_then_the_one_that_went_worst() -> None:
    found = exercises([encounter("e1"), encounter("e2"), encounter("e3", CODES[2:])])
    assert [one.level for one in found] == [2, 2, 1]
    assert choose(found, {"e1": 0.1}).encounter.encounter_id == "e2"
    assert choose(found, {"e1": 0.9, "e2": 0.3, "e3": 1.0}).encounter.encounter_id == "e2"
    assert choose(found, {}, area="symptoms", level=1).encounter.encounter_id == "e3"
    with pytest.raises(LeadtermError, match="no note of this area and level"):
        choose(found, {}, area="skin")
    with pytest.raises(LeadtermError, match="unknown area 'hart'; did you mean 'heart'"):
        choose(found, {}, area="hart")
    with pytest.raises(LeadtermError, match="unknown encounter of the corpus 'e9'"):
        choose(found, {}, name="e9")


def test_progress_holds_no_word_and_no_name(tmp_path: Path) -> None:
    (one,) = exercises([encounter("Qvordwik-7")])
    path = tmp_path / "state" / "p.jsonl"
    for typed in (["I10"], ["I11.0", "I50.9", "R05.9"]):
        append(path, one, score_attempt(one.encounter, typed))
    done = read_progress(path)
    assert [round(each.f1, 2) for each in done] == [0.0, 1.0]
    assert most_missed(done, 1) == [("I11", 1)]
    text = path.read_text()
    assert "Qvordwik" not in text
    assert "Cough" not in text
    path.write_text("broken\n")
    with pytest.raises(LeadtermError, match="cannot be read"):
        read_progress(path)


def test_the_command_takes_answers_from_an_option_or_a_pipe(
    corpus: str, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["practise", corpus, "--no-why", "--codes", "I11.0 I50.9"]) == 0
    assert "recall 67%" in capsys.readouterr().out
    monkeypatch.setattr(sys, "stdin", StringIO("I11.0, I50.9, R05.9\n\n"))
    assert main(["practise", corpus, "--no-why", "--count", "2"]) == 0
    shown = capsys.readouterr().out
    assert "e2 · heart and vessels · level 2" in shown
    assert "All right." in shown
    assert [round(one.f1, 1) for one in read_progress(progress_file())] == [0.8, 1.0]
    assert main(["practise", "--progress"]) == 0
    assert "heart and vessels                       2      1" in capsys.readouterr().out
    assert main(["practise", corpus, "--areas"]) == 0
    assert "Levels: 1 one or two codes" in capsys.readouterr().out


def test_the_command_tells_what_is_wrong(corpus: str, tmp_path: Path, capsys: Capture) -> None:
    assert main(["practise", corpus, "--codes", " ; "]) == 2
    assert "no code was given" in capsys.readouterr().err
    assert main(["practise", str(tmp_path / "none")]) == 2
    assert "does not exist" in capsys.readouterr().err
    assert main(["practise", "--progress"]) == 0
    assert "Nothing done yet" in capsys.readouterr().out
