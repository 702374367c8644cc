"""A coder's codes against the note, and the questions to the provider."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from leadterm.cli import main
from leadterm.codes import load_system
from leadterm.dictionary.dictionary_model import DictionaryModel
from leadterm.errors import LeadtermError
from leadterm.rules.book import make_finding
from leadterm.rules.findings import Coded
from leadterm.rules.queries import ALWAYS, ask, read_query_rules
from leadterm.rules.review import review_codes
from leadterm.schema import Encounter, EvidenceSpan, Finding, Mention, Note, Suggestion, SuggestionSet
from leadterm.storage.tsv import parse_table

SYSTEM = load_system("icd10cm")
TEXT = "Type 2 diabetes with chronic kidney disease, stage 3a. Hypertension. Metformin goes on."
NOTE = Note("n1", TEXT)
VISIT = Encounter("e1", (NOTE,))
ASKED = parse_table((Path(__file__).parent / "query_cases.tsv").read_text(encoding="utf-8"), "query_cases.tsv")


def mention(words: str, text: str = TEXT, assertion: str = "present") -> Mention:
    at = text.index(words)
    return Mention("n1", (EvidenceSpan("n1", at, at + len(words), words),), assertion)  # type: ignore[arg-type]


def suggestion(code: str, confidence: float, words: str, *findings: Finding) -> Suggestion:
    return Suggestion(1, "icd10cm", code, SYSTEM.title(code), confidence, (mention(words),), findings)


COMBINES = make_finding("combines", "icd10cm", ["E11.22"], parts="E11.9 and N18.31")
PART = make_finding("combination-part", "icd10cm", ["E11.9", "E11.22"])
SUGGESTED = SuggestionSet("e1", "default", suggestions=(
    suggestion("E11.22", 0.9, "Type 2 diabetes", COMBINES), suggestion("N18.31", 0.8, "stage 3a"),
    suggestion("Z79.84", 0.7, "Metformin"),
    suggestion("E11.9", 0.1, "Type 2 diabetes", replace(PART, effect="left out")),
    suggestion("I10", 0.2, "Hypertension"),
))  # fmt: skip


def reviewed(*codes: str) -> dict[str, tuple[str, ...]]:
    found = review_codes(VISIT, [Coded("icd10cm", code) for code in codes], SUGGESTED)
    return {one.rule: one.codes for one in found.findings}


def test_what_is_missing_unsupported_and_better_said() -> None:
    found = reviewed("E11.9", "J45.909")
    assert found["other-code"] == ("E11.9", "E11.22")
    assert found["not-supported"] == ("J45.909",)
    assert found["not-coded"] in (("N18.31",), ("Z79.84",))
    assert reviewed("E11.22", "N18.31", "Z79.84").keys() == set()


def test_a_doubtful_code_is_explained_by_the_hint_of_its_suggestion() -> None:
    only = replace(SUGGESTED, suggestions=SUGGESTED.suggestions[3:])
    found = review_codes(VISIT, [Coded("icd10cm", "E11.9")], only).findings
    assert [one.rule for one in found] == ["doubtful"]
    assert found[0].message == "E11.9: is already said by E11.22 (confidence 10%)."
    assert (found[0].source, found[0].section, found[0].sentence) == (PART.source, "I.B.9", PART.sentence)
    assert found[0].evidence


def test_a_missing_code_that_a_rule_asks_for_is_told_once() -> None:
    found = review_codes(VISIT, [Coded("icd10cm", "E11.22"), Coded("icd10cm", "N18.31")], SUGGESTED).findings
    (one,) = found
    assert (one.rule, one.codes, one.section) == ("not-coded", ("Z79.84",), "I.C.4.a.3")


def test_severities_decide_what_blocks() -> None:
    review = review_codes(VISIT, [Coded("icd10cm", "E11.9"), Coded("icd10cm", "E10.9")], SUGGESTED)
    assert review.errors == 1
    assert review.to_json()["findings"][0]["rule"] == "excludes1"


@pytest.mark.parametrize("row", ASKED, ids=lambda row: f"{row['query']} {row['text'][:40]}")
def test_every_question_is_asked_and_not_asked(row: dict[str, str]) -> None:
    note = Note("n1", row["text"])
    items = []
    for cell in row["codes"].split(";") if row["codes"] != "-" else ():
        code, *marks = cell.split("/")
        mentions = tuple(mention(mark.split("=")[-1], row["text"], mark.split("=")[0]) for mark in marks)
        items.append(Coded("icd10cm", code, evidence=mentions))
    found = {one.rule: one for one in ask([note], items, SYSTEM)}
    assert (row["query"] in found) == (row["asks"] == "yes"), list(found)
    for query in found.values():
        assert query.choices[-2:] == ALWAYS
        assert len(query.choices) > 3
        assert all(note.text[q.start : q.end] == q.text for q in query.quotes)


def test_every_question_has_cases_of_both_kinds() -> None:
    for kind in ("yes", "no"):
        assert {rule.name for rule in read_query_rules()} == {row["query"] for row in ASKED if row["asks"] == kind}


def test_questions_do_not_lead_and_do_not_speak_of_money() -> None:
    for rule in read_query_rules():
        words = f"{rule.question} {' '.join(rule.choices)}".lower()
        assert not any(
            word in words for word in ("pay", "reimburse", "drg", "severity of illness", "would you agree", "yes")
        )


def test_a_site_may_ask_its_own_questions(tmp_path: Path) -> None:
    head = "query\tkind\twords\tlimit\tcodes\tsection\tquestion\tchoices\n"
    own = tmp_path / "own.tsv"
    own.write_text(
        head + "falls\tindicator\t\\bfell\\b\t-\tW0 W1\t-\tWhere did the fall happen?\tAt home | Elsewhere\n"
    )
    rules = read_query_rules(own)
    assert [one.rule for one in ask([Note("n1", "She fell.")], [], SYSTEM, rules=rules)] == ["falls"]
    wrong = [
        ("a\tindicater\t-\t-\t-\t-\tq\tc", "indicator"),
        ("a\tindicator\t(\t-\t-\t-\tq\tc", "regular expression"),
        ("a\tindicator\tx\t~3\t-\t-\tq\tc", "limit"),
    ]
    for row, said in wrong:
        own.write_text(head + row + "\n")
        read_query_rules.cache_clear()
        with pytest.raises(LeadtermError, match=said):
            read_query_rules(own)


@pytest.mark.parametrize(
    ("text", "code", "rule"),
    [
        ("Cough since Monday. No pneumonia on the film.", "J18.9", "not-of-the-patient"),
        ("Her mother had breast cancer.", "C50.919", "not-of-the-patient"),
        ("Painful toe. Possible gout.", "M10.9", "uncertain-outpatient"),
        ("Painful toe. Rule out pulmonary embolism.", "I26.99", "uncertain-outpatient"),
        ("Seen for a sprained wrist.", "N20.0", "not-supported"),
    ],
)
def test_why_a_code_is_none_of_the_note(engine: DictionaryModel, text: str, code: str, rule: str) -> None:
    visit = Encounter("e1", (Note("n1", text),))
    review = review_codes(visit, [Coded("icd10cm", code)], engine.suggest(visit), said_of=engine.said_of)
    assert rule in {one.rule for one in review.findings if one.codes[0] == code}


@pytest.mark.usefixtures("loaded")
def test_the_command(sample: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(sample), "--codes", "E11.22,N18.31,I12.9,M17.11,Z79.84", "--date", "2026-05-01"]) == 0
    capsys.readouterr()
    assert main(["check", str(sample), "--codes", "E11.9;e109", "--format", "json"]) == 1
    (found,) = json.loads(capsys.readouterr().out)
    assert [one["code"] for one in found["codes"]] == ["E11.9", "E10.9"]
    assert "excludes1" in {one["rule"] for one in found["findings"]}
    page = tmp_path / "review.html"
    assert (
        main(["check", str(sample), "--codes", "R05", "--date", "2026-05-01", "--format", "html", "-o", str(page)]) == 1
    )
    text = page.read_text(encoding="utf-8")
    assert "R05 ended on 2021-09-30" in text
    assert "<script" not in text


@pytest.mark.usefixtures("loaded")
def test_rules_of_the_site_in_the_command(sample: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    site = tmp_path / "site.toml"
    site.write_text('[levels]\nnot-coded = "critical"\n')
    assert main(["check", str(sample), "--codes", "E11.22", "--rules", str(site)]) == 1
    assert "critical" in capsys.readouterr().out
    site.write_text('[levels]\nnot-codd = "critical"\n')
    assert main(["check", str(sample), "--codes", "E11.22", "--rules", str(site)]) == 2
    assert "not-coded" in capsys.readouterr().err


@pytest.mark.usefixtures("loaded")
def test_a_table_with_codes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "visits.csv"
    table.write_text("id,text,codes\n1,Seen for gout.,M10.9\n2,Seen for gout.,E11\n", encoding="utf-8")
    assert main(["check", str(table)]) == 1
    out = capsys.readouterr().out
    assert "E11 is not complete" in out
    assert "M10.9" in out


def test_a_spanish_note_is_read_as_spanish(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    note = tmp_path / "nota.txt"
    note.write_text("Paciente de 68 años que acude por fiebre. Diagnóstico principal: neumonía por neumococo.")
    assert main(["check", str(note), "--codes", "J13"]) == 0
    assert "nothing in the note leads to it" not in capsys.readouterr().out


def test_each_code_that_is_typed_tells_its_system(sample: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["check", str(sample), "--codes", "E11.9 i10 0DTJ4ZZ J0696 G0439 HELLO", "--format", "json"])
    [review] = json.loads(capsys.readouterr().out)
    assert [(one["system"], one["code"]) for one in review["codes"]] == [
        ("icd10cm", "E11.9"), ("icd10cm", "I10"), ("icd10pcs", "0DTJ4ZZ"), ("hcpcs", "J0696"), ("hcpcs", "G0439"),
        ("icd10cm", "HELLO"),
    ]  # fmt: skip


def test_a_bad_row_names_no_option_of_another_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "v.csv").write_text("id,text,codes\nA1,Gout flare.,M10.9\nA2,,I10\n")
    assert main(["check", str(tmp_path / "v.csv")]) == 2
    said = capsys.readouterr().err
    assert "line 3" in said
    assert "--skip-bad" not in said


def test_what_is_missing_on_the_command_line_is_told(sample: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check"]) == 2
    assert main(["check", str(sample), "--codes", " , "]) == 2
    assert main(["check", str(sample), "--codes", "I10", "--sex", "female"]) == 2
    assert "Allowed: F, M" in capsys.readouterr().err
    assert main(["check", "--list-rules"]) == 0
    assert "| `excludes1` | error |" in capsys.readouterr().out
